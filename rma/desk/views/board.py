"""The board: every open return by its step, and each step as a list."""

from typing import Any

from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from rma.desk import listing as lists
from rma.desk.listing import ALL, OVER, Asked
from rma.desk.steps import STEPS
from rma.states import RmaKind
from tenancy.pages import page
from tickets.desk.listing import count_words

ROZOOM = "pool:read"  # roZoom's people, and nobody else's


@require_safe
@page(ROZOOM)
def board(request: Any) -> HttpResponse:
    asked = Asked.of(request.GET)
    context = {
        "section": "returns",
        "asked": asked,
        "kinds": RmaKind.choices,
        "severities": [(one, one in asked.severity) for one in ("1", "2", "3")],
        "may_manage": request.actor.can("rma:manage"),
        "may_report": request.actor.can("carrier:report"),
    }
    if asked.shows_board:
        columns = lists.board(request.actor, request.unit.now)
        busy = next((one.name for one in columns if one.count), "approve")
        counts = {one.name: one.count for one in columns}
        context |= {"columns": columns, "first": busy, "steps": _steps(asked, counts), "title": "Returns"}
        return render(request, "rma/desk/board.html", context)
    found = lists.listing(request.actor, asked, request.unit.now)
    if asked.q and len(found.rows) == 1 and found.rows[0].rma.reference == asked.q.upper():
        return HttpResponseRedirect(found.rows[0].url)
    chips = asked.chips()
    context |= {
        "listing": found,
        "rows": found.rows,
        "title": found.title,
        "steps": _steps(asked, found.counts),
        "chips": chips,
        "chip_words": [chip["label"] for chip in chips],
        "clear_url": Asked(step=asked.step).url(),
        "previous_url": asked.url(page=asked.page - 1) if asked.page > 1 else "",
        "next_url": asked.url(page=asked.page + 1) if found.has_next else "",
        "first_url": asked.url(page=1),
    }
    return render(request, "rma/desk/list.html", context)


def _steps(asked: Asked, counts: dict[str, int]) -> list[dict[str, Any]]:
    """The strip above board and lists: each step with how many stand in it."""
    steps = [
        {
            "name": name,
            "label": step.title,
            "url": Asked(step=name).url(),
            "count": count_words(counts[name]),
            "look": step.look if counts[name] else "",
            "current": asked.step == name,
        }
        for name, step in STEPS.items()
    ]
    more = [("", "Board", reverse("returns_desk:board")), (ALL, "All open", Asked(step=ALL).url())]
    more.append((OVER, "Ended", Asked(step=OVER).url()))
    board_first = [
        {"name": name or "board", "label": label, "url": url, "count": "", "look": "", "current": asked.step == name}
        for name, label, url in more
    ]
    return [board_first[0], *steps, *board_first[1:]]
