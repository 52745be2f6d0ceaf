"""Walking through a report as a browser without JavaScript does: read the form, fill it in, send it, follow."""

import re
from html import unescape
from html.parser import HTMLParser
from typing import Any

from django.test import Client

from tenancy.context import Context, work_unit
from tickets.models import Ticket, TicketDraft

WORKER = Context("worker")


class Fields(HTMLParser):
    """What the browser would send of the last POST form: hidden inputs, texts, and what is ticked."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[dict[str, Any]] = []
        self._area = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        at = dict(attrs)
        if tag == "form":
            self.forms.append({"method": at.get("method", "get"), "action": at.get("action", ""), "fields": {}})
        if not self.forms or "name" not in at:
            return
        name, fields = str(at["name"]), self.forms[-1]["fields"]
        if tag == "textarea":
            self._area = name
            fields[name] = ""
        elif tag == "input" and at.get("type") not in ("submit", "file"):
            ticks = at.get("type") in ("radio", "checkbox")
            if not ticks or "checked" in at:
                fields[name] = at.get("value") or ""

    def handle_data(self, data: str) -> None:
        if self._area:
            self.forms[-1]["fields"][self._area] += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea":
            self._area = ""


def form_on(response: Any, having: str = "") -> dict[str, Any]:
    """The POST form of the page's own content that has this field, with what it would send unchanged."""
    html = response.content.decode()
    parser = Fields()
    parser.feed(html[html.index("<main") : html.index("</main>")])
    posts = [form for form in parser.forms if form["method"] == "post" and (not having or having in form["fields"])]
    assert posts, f"no form with {having!r} on the page"
    return posts[-1]


def send(client: Client, response: Any, having: str = "", **answers: Any) -> Any:
    """Fill in and send the form of this page. The answer is not followed."""
    form = form_on(response, having)
    action = form["action"] or response.request["PATH_INFO"] + (
        f"?{response.request['QUERY_STRING']}" if response.request["QUERY_STRING"] else ""
    )
    return client.post(action, {**form["fields"], **answers})


def follow(client: Client, response: Any) -> Any:
    assert response.status_code == 302, response.content.decode()[:2000]
    return client.get(response["Location"].partition("#")[0])


def text_of(response: Any) -> str:
    """What a person reads on the page, on one line."""
    html = response.content.decode()
    main = html[html.index("<main") : html.index("</main>")] if "<main" in html else html
    words = " ".join(unescape(re.sub(r"<[^>]+>", " ", main)).split())
    return re.sub(r" ([,.:?!”])(?=\s|$)", r"\1", words)


def title_of(response: Any) -> str:
    found = re.search(r"<title>(.*?)</title>", response.content.decode(), re.DOTALL)
    return " ".join(unescape(found[1]).split()) if found else ""


def the_ticket() -> Ticket:
    with work_unit(WORKER):
        return Ticket.objects.get()


def drafts() -> list[TicketDraft]:
    with work_unit(WORKER):
        return list(TicketDraft.objects.order_by("pk"))


IMPACT_1 = {"service": "complete", "workaround": "no", "business": "stopped", "mission_critical": "yes"}
PROBLEM = {
    "subject": "Lift 2 stands still",
    "description": "It stopped between floors at 02:40.",
    "error_code": "E-41",
    "service_kind": "hardware",
}


def walk_to_check(client: Client, component: Any) -> Any:
    """From the first page to Check your answers."""
    page = follow(client, send(client, client.get("/tickets/new/"), component=str(component.pk)))
    for answers in ({}, IMPACT_1, PROBLEM):
        page = follow(client, send(client, page, **answers))
    return page


def begun(client: Client, component: Any = None) -> str:
    """A report whose first step is answered. Returns the address all its steps begin with."""
    answer = client.post("/tickets/new/", {"component": str(component.pk) if component else "unknown"})
    assert answer.status_code == 302, text_of(answer)
    return answer["Location"].removesuffix("site/")


def answered(client: Client, component: Any = None, **changed: Any) -> str:
    """A report with every step answered: only the check is left."""
    at = begun(client, component)
    steps = {
        "site": {"site": str(component.site_id) if component else "unknown", "site_contact": "", "access_hours": ""},
        "impact": IMPACT_1,
        "problem": PROBLEM,
    }
    for step, answers in steps.items():
        given = {name: changed.get(name, value) for name, value in answers.items()}
        if step == "problem":
            given |= {"files": changed.get("files", [])}
        reply = client.post(f"{at}{step}/", given)
        assert reply.status_code == 302, text_of(reply)
    return at
