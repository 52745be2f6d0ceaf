"""Template tags of the design system (docs/design-system.md). They draw what they are given and never query."""

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from django import template
from django.core.paginator import Page
from django.forms import BaseForm, BoundField
from django.template.defaulttags import CsrfTokenNode
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString

from rozoom_support.lib.ui import clock as clocks
from rozoom_support.lib.ui import markdown as markdowns
from rozoom_support.lib.ui import times

register = template.Library()

SEVERITY_WORDS = {1: "complete loss", 2: "severe loss", 3: "minor or no loss"}
STATES = {  # state: (words, shape, look)
    "NEW": ("New", "i-dot", "info"),
    "OPEN": ("Open", "i-dot", "accent"),
    "WAITING": ("Waiting", "i-pause", "warn"),
    "RESOLVED": ("Resolved", "i-tick", "ok"),
    "CLOSED": ("Closed", "i-tick", ""),
    "MERGED": ("Merged", "i-dash", ""),
    "WITHDRAWN": ("Withdrawn", "i-dash", ""),
}


class FormMarks(CsrfTokenNode):
    """{% csrf_token %} of every form of ours: that it comes from our page, and for which membership the page was made."""

    def render(self, context: template.Context) -> SafeString:
        marks = SafeString(super().render(context))
        membership = getattr(context.get("request"), "membership", None)
        if membership is None:
            return marks
        return marks + format_html('<input type="hidden" name="acting" value="{}">', membership.pk)


@register.tag("csrf_token")
def form_marks(parser: template.base.Parser, token: template.base.Token) -> FormMarks:
    return FormMarks()


@register.simple_tag
def icon(name: str, label: str = "") -> SafeString:
    """An icon of the sprite in components/sprite.html. Without a label it is decoration and hidden from screen readers."""
    look = "s" if name in ("s1", "s2") else "i"
    if label:
        return format_html('<svg class="{}" role="img" aria-label="{}"><use href="#{}"/></svg>', look, label, name)
    return format_html('<svg class="{}" aria-hidden="true"><use href="#{}"/></svg>', look, name)


@register.simple_tag
def severity(value: int | str | None, full: bool = False, note: str = "") -> SafeString:
    """Always word + shape + colour. `full` adds what the number means; `note` such as "provisional"."""
    return _severity(int(value), full, conditional_escape(note)) if value else SafeString("")


@lru_cache(maxsize=64)
def _severity(value: int, full: bool, note: str) -> SafeString:
    context = {"value": value, "meaning": SEVERITY_WORDS[value] if full else "", "note": note, "shape": f"s{value}"}
    return SafeString(render_to_string("components/severity.html", context).strip())


@register.simple_tag
def state(value: str, words: str = "") -> SafeString:
    """`words` says it for the reader: "With roZoom", "Waiting for you"."""
    return _state(str(value), conditional_escape(words))


@lru_cache(maxsize=256)
def _state(value: str, words: str) -> SafeString:
    default, shape, look = STATES.get(value, (value.capitalize(), "i-dot", ""))
    context = {"words": words or default, "shape": shape, "look": look}
    return SafeString(render_to_string("components/state.html", context).strip())


def _preference(context: template.Context, name: str, default: str) -> str:
    return str((context.get("prefs") or {}).get(name) or default)


def _zone(context: template.Context) -> str:
    return _preference(context, "time_zone", "UTC")


def _now_ms(context: template.Context) -> int:
    return int(context.get("server_now_ms") or clocks.milliseconds(timezone.now()))


@register.inclusion_tag("components/clock.html", takes_context=True)
def clock(
    context: template.Context,
    segment: Any = None,
    *,
    started_at: datetime | None = None,
    due_at: datetime | None = None,
    stopped_at: datetime | None = None,
    outcome: str = "RUNNING",
    answered: bool = True,
    waiting_for: str = "",
    reason: str = "No promise runs",
    promise: str = "",
    big: bool = False,
    announce: str = "",
) -> dict[str, Any]:
    """Give a clock segment, or its fields. `waiting_for` draws it as paused; `announce` (a ticket's reference, desk only)
    makes the page say politely when 15 and 5 minutes are left and when the due time passes."""
    if segment is not None:
        started_at, due_at = segment.started_at, segment.due_at
        stopped_at, outcome, answered = segment.stopped_at, str(segment.outcome), segment.answered
    zone, now_ms = _zone(context), _now_ms(context)
    each_second = _preference(context, "clock_updates", "second") == "second"
    if waiting_for:
        face = clocks.paused_face(due_at=due_at, waiting_for=waiting_for)
    elif started_at is None or due_at is None or outcome in ("SUPERSEDED", "CANCELLED"):
        face = clocks.no_face(reason)
    elif stopped_at is not None:
        face = clocks.stopped_face(
            started_at=started_at,
            due_at=due_at,
            stopped_at=stopped_at,
            now_ms=now_ms,
            zone=zone,
            answered=answered,
        )
    else:
        face = clocks.running_face(
            started_at=started_at, due_at=due_at, now_ms=now_ms, zone=zone, each_second=each_second
        )
    due_iso = times.iso(face.due_at) if face.due_at else ""
    return {"face": face, "due_iso": due_iso, "promise": promise, "big": big, "announce": announce}


@register.simple_tag(takes_context=True)
def when(context: template.Context, instant: datetime | None, link: str = "") -> SafeString:
    """Under 24 h relative with the full time in the title; older in full. With `link` it is a link to itself."""
    if instant is None:
        return SafeString("")
    zone, now = _zone(context), datetime.fromtimestamp(_now_ms(context) / 1000, UTC)
    full = times.absolute(instant, zone)
    time = format_html(
        '<time datetime="{}" title="{}">{}</time>', times.iso(instant), full, times.relative(instant, now, zone)
    )
    if not link:
        return time
    return format_html('<a class="when" href="{}">{}<span class="when-full">{}</span></a>', link, time, full)


@register.simple_tag(takes_context=True)
def date_time(context: template.Context, instant: datetime | None) -> SafeString:
    """12 Nov 2026, 14:05 CET"""
    if instant is None:
        return SafeString("")
    return format_html('<time datetime="{}">{}</time>', times.iso(instant), times.absolute(instant, _zone(context)))


@register.simple_tag(takes_context=True)
def deadline(context: template.Context, instant: datetime | None) -> SafeString:
    """Mon 23 Nov, 14:05 CET: for anything someone must do before a time."""
    if instant is None:
        return SafeString("")
    words = times.deadline(instant, _zone(context), _now_ms(context))
    return format_html('<time datetime="{}">{}</time>', times.iso(instant), words)


@register.simple_tag(takes_context=True)
def now_time(context: template.Context, full: bool = False) -> str:
    """14:05, the server's time of this page in the reader's zone; `full` adds the day and the zone."""
    now, zone = datetime.fromtimestamp(_now_ms(context) / 1000, UTC), _zone(context)
    return times.absolute(now, zone) if full else times.clock_time(now, zone)


@register.filter
def markdown(text: str | None) -> SafeString:
    return markdowns.render(text or "")


NUMBER = re.compile(r"\b[A-Z0-9]{1,12}(?:-[A-Z0-9]{1,12}){1,2}\b")


@register.filter
def whole(text: object) -> SafeString:
    """Lines as they were written; a number such as AG-ACME-1 is not torn at its dash. Its look is that of mail/letter.html."""
    lines = conditional_escape(str(text)).replace("\n", "<br>")
    return SafeString(NUMBER.sub(r'<span class="whole">\g<0></span>', lines))


@register.filter
def size(number: int | None) -> str:
    """310 MB, counted in steps of 1,024 like the upload limit."""
    amount = float(number or 0)
    for unit in ("bytes", "kB", "MB"):
        if amount < 1024:
            return f"{amount:.0f} {unit}" if unit == "bytes" or amount >= 10 else f"{amount:.1f} {unit}"
        amount /= 1024
    return f"{amount:.1f} GB"


@register.filter
def initials(name: object) -> str:
    words = [word for word in str(name or "").split() if word[0].isalnum()]
    return "".join(word[0].upper() for word in (words[:1] + words[1:][-1:]))


@register.inclusion_tag("components/error_summary.html")
def error_summary(*forms: object) -> dict[str, Any]:
    """All errors of the forms, each with a link to its field: put it before the form, once per page."""
    return {"errors": [error for form in forms if isinstance(form, BaseForm) for error in _errors(form)]}


def _errors(form: BaseForm) -> Iterable[dict[str, str]]:
    for message in form.non_field_errors():
        yield {"message": str(message), "target": ""}
    for field in form:
        for message in field.errors:
            yield {"message": str(message), "target": "" if field.is_hidden else first_id(field)}


@register.filter
def first_id(field: BoundField) -> str:
    """The id of the first control: for a group of radios that is the first radio."""
    if field.id_for_label:
        return field.id_for_label
    return f"{field.auto_id}_0" if field.auto_id else ""


@register.filter
def calm(field: BoundField) -> SafeString:
    """A field of a form we did not write (allauth): its label in our words, no placeholder that repeats the label."""
    asks_for_address = getattr(field.field.widget, "input_type", "") == "email"
    field.label = "E-mail address" if asks_for_address else str(field.label or "").capitalize()
    field.field.widget.attrs.pop("placeholder", None)
    return field.as_field_group()


@register.simple_tag
def error_word(*forms: object) -> str:
    """Begins the title of a page that shows errors: {% block title %}{% error_word form %}Report a problem{% endblock %}."""
    return "Error: " if any(isinstance(form, BaseForm) and form.errors for form in forms) else ""


@register.inclusion_tag("components/pager.html", takes_context=True)
def pagination(context: template.Context, page: Page[Any], label: str = "Pages") -> dict[str, Any]:
    numbers = page.paginator.get_elided_page_range(page.number, on_each_side=1, on_ends=1)
    return {"page": page, "numbers": numbers, "label": label, "gap": "…"}
