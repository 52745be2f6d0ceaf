"""Check your answers: every answer in words, each with the way to change it."""

from collections.abc import Sequence
from typing import Any

from tickets.models import ServiceKind
from tickets.portal import forms as shapes
from tickets.portal.writing import Writing
from tickets.shown import File


def summary_of(begun: Writing, files: Sequence[File]) -> list[dict[str, Any]]:
    """Rows for components/definitions.html. Only when no step is open."""
    report = begun.report("")
    component, site = report.component, report.site
    rows = [("Customer", begun.customer.name, "")] if begun.actor.party != "customer" else []
    rows += [
        (
            "Component",
            f"{component.product.name}, serial {component.serial}" if component else "I do not know",
            "component",
        ),
        ("Where", lines(site.name if site else "I do not know", report.site_contact, report.access_hours), "site"),
        ("Impact", lines(*impact_words(begun)), "impact"),
        ("In one line", report.subject, "problem"),
        ("What happened", report.description, "problem"),
        ("Error code", report.error_code or "None", "problem"),
        ("What you need", kind_words(report.service_kind), "problem"),
        ("Files", ", ".join(file.name for file in files) or "None", "problem"),
    ]
    return [
        {"term": term, "value": value, "url": f"{begun.url(step)}?from=check" if step else "", "about": term.lower()}
        for term, value, step in rows
    ]


def lines(*parts: str) -> str:
    return "\n".join(part for part in parts if part)


def impact_words(begun: Writing) -> list[str]:
    """The four questions with the answers as they stood on the page."""
    form = begun.valid["impact"]
    return [
        f"{field.label} {dict(field.choices)[form.cleaned_data[name]]}"  # type: ignore[attr-defined]
        for name, field in shapes.ImpactForm.base_fields.items()
    ]


def kind_words(kind: str) -> str:
    return str(dict(shapes.KIND_CHOICES).get(ServiceKind(kind), kind))
