"""What the template tags write."""

from datetime import UTC, datetime, timedelta

import pytest
from django import forms
from django.core.paginator import Paginator
from django.template import Context, RequestContext, Template
from django.test import RequestFactory

from rozoom_support.lib.ui import times
from rozoom_support.lib.ui.forms import Labelled

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
PREFS = {"time_zone": "Europe/Brussels", "clock_updates": "second"}


def draw(source: str, **context) -> str:
    page = {"prefs": PREFS, "server_now_ms": int(NOW.timestamp() * 1000), **context}
    return Template("{% load ui %}" + source).render(Context(page)).strip()


@pytest.mark.parametrize("value, words", [(1, "complete loss"), (2, "severe loss"), ("3", "minor or no loss")])
def test_severity_is_shape_word_and_colour(value, words):
    short, full = draw("{% severity v %}", v=value), draw("{% severity v full=True %}", v=value)
    assert f"sev-{value}" in short
    assert f'<use href="#s{value}"/>' in short
    assert f"<span>Severity {value}</span>" in short
    assert f"Severity {value} — {words}" in full


def test_words_that_come_from_people_are_escaped():
    assert "&lt;b&gt;" in draw("{% state 'OPEN' words %}", words="<b>")
    assert "&lt;b&gt;" in draw("{% severity 1 note=words %}", words="<b>")


def test_a_ticket_without_severity_shows_none():
    assert draw("{% severity v %}", v=None) == ""


def test_a_state_says_it_for_its_reader():
    tag = draw('{% state "WAITING" "Waiting for you" %}')
    assert "</svg>Waiting for you</span>" in tag
    assert "#i-pause" in tag


def clock(source: str = "", **context) -> str:
    given = {"started": NOW - timedelta(hours=1), "due": NOW + timedelta(hours=3)} | context
    return draw("{% clock started_at=started due_at=due " + source + " %}", **given)


def test_a_running_clock_has_words_time_and_numbers_for_the_script():
    html = clock('promise="First answer" announce="ACME-42"')
    assert 'data-state="ok"' in html
    assert 'role="timer"' in html
    assert f'data-due="{int((NOW + timedelta(hours=3)).timestamp() * 1000)}"' in html
    assert "<b>3 h</b><span> left</span>" in html
    assert '<time datetime="2026-11-23T15:00:00Z">due Mon 23 Nov, 16:00 CET</time>' in html
    assert "First answer" in html
    assert 'data-announce="ACME-42"' in html


@pytest.mark.parametrize(
    "source, state",
    [
        ("stopped_at=started", "met"),
        ('waiting_for="you"', "paused"),
        ('outcome="CANCELLED"', "none"),
        ('outcome="SUPERSEDED"', "none"),
    ],
)
def test_a_clock_that_does_not_run_is_left_alone_by_the_script(source, state):
    html = clock(source)
    assert f'data-state="{state}"' in html
    assert "data-due" not in html
    assert "timer" not in html


def test_no_promise_says_why():
    assert "No promise: not covered" in draw('{% clock started_at=None due_at=None reason="No promise: not covered" %}')


@pytest.mark.parametrize(
    "age, words",
    [
        (timedelta(seconds=20), "just now"),
        (timedelta(minutes=12), "12 min ago"),
        (timedelta(hours=23), "23 h ago"),
        (timedelta(hours=24), "22 Nov 2026, 13:00 CET"),
        (timedelta(days=-2), "25 Nov 2026, 13:00 CET"),
    ],
)
def test_when_is_near_in_words_and_far_in_full(age, words):
    html = draw("{% when at %}", at=NOW - age)
    assert f">{words}</time>" in html
    assert 'title="' in html


@pytest.mark.parametrize(
    "zone, words",
    [
        ("Europe/Brussels", "Mon 23 Nov, 13:00 CET"),
        ("America/Sao_Paulo", "Mon 23 Nov, 09:00 UTC-3"),
        ("Asia/Kathmandu", "Mon 23 Nov, 17:45 UTC+5:45"),
        ("UTC", "Mon 23 Nov, 12:00 UTC"),
        ("No/Such_Zone", "Mon 23 Nov, 12:00 UTC"),
    ],
)
def test_a_deadline_always_names_its_zone(zone, words):
    assert times.deadline(NOW, zone, int(NOW.timestamp() * 1000)) == words


def test_a_deadline_of_another_year_says_the_year():
    assert draw("{% deadline at %}", at=datetime(2027, 3, 3, 12, 0, tzinfo=UTC)).endswith(
        ">3 Mar 2027, 13:00 CET</time>"
    )


@pytest.mark.parametrize(
    "text, html",
    [
        ("**bold** `code`", "<p><strong>bold</strong> <code>code</code></p>"),
        ("one\ntwo", "<p>one<br>\ntwo</p>"),
        ("# no heading", "<p># no heading</p>"),
        ("<script>alert(1)</script>", "<p>&lt;script&gt;alert(1)&lt;/script&gt;</p>"),
        ("<img src=x onerror=alert(1)>", "<p>&lt;img src=x onerror=alert(1)&gt;</p>"),
        ("[x](javascript:alert(1))", "<p>[x](javascript:alert(1))</p>"),
        ("`https://a.example`", "<p><code>https://a.example</code></p>"),
    ],
)
def test_message_text_becomes_harmless_html(text, html):
    assert draw("{{ text|markdown }}", text=text) == html


@pytest.mark.parametrize(
    "text, address",
    [
        ("see https://a.example/x?a=1, then", "https://a.example/x?a=1"),
        ("(https://a.example/x)", "https://a.example/x"),
        ("[named](https://a.example/y)", "https://a.example/y"),
        ("<https://a.example/z>", "https://a.example/z"),
    ],
)
def test_addresses_become_links_that_tell_nobody_where_from(text, address):
    html = draw("{{ text|markdown }}", text=text)
    assert f'<a href="{address}" rel="noopener noreferrer nofollow">' in html
    assert html.count("<a ") == 1


@pytest.mark.parametrize("number, words", [(0, "0 bytes"), (999, "999 bytes"), (1536, "1.5 kB"), (26_214_400, "25 MB")])
def test_sizes(number, words):
    assert draw("{{ n|size }}", n=number) == words


@pytest.mark.parametrize("name, letters", [("Ana Ruiz", "AR"), ("Ana Maria van Ruiz", "AR"), ("Ana", "A"), ("", "")])
def test_initials(name, letters):
    assert draw("{{ name|initials }}", name=name) == letters


class Report(forms.Form):
    component = forms.ChoiceField(
        label="Which component?",
        widget=forms.RadioSelect,
        choices=[("dc-7", Labelled("Drive controller", "Serial <7>")), ("unknown", "I do not know")],
        error_messages={"required": "Choose which component is failing"},
    )
    note = forms.CharField(label="Note", help_text="Anything else", required=False, max_length=3)

    def clean(self) -> None:
        raise forms.ValidationError("Nothing was sent")


def test_the_error_summary_leads_to_the_first_control_of_each_field():
    html = draw("{% error_summary form %}", form=Report({"note": "long"}))
    assert 'role="alert"' in html
    assert '<a href="#id_component_0">Choose which component is failing</a>' in html
    assert '<a href="#id_note">' in html
    assert "<li>Nothing was sent</li>" in html


def test_no_errors_no_summary():
    assert draw("{% error_summary form %}", form=Report()) == ""
    assert draw("{% error_summary nothing %}") == ""


def test_the_title_says_error_first():
    assert draw("{% error_word form %}X", form=Report({})) == "Error: X"
    assert draw("{% error_word form %}X", form=Report()) == "X"


def test_a_group_of_radios_is_a_fieldset_with_nothing_chosen():
    html = Report()["component"].as_field_group()
    assert "<legend>Which component?</legend>" in html
    assert html.count('class="choice"') == 2
    assert '<span class="choice-hint">Serial &lt;7&gt;</span>' in html
    assert "checked" not in html


def test_a_field_with_an_error_says_so_where_it_is():
    html = Report({"note": "long"})["note"].as_field_group()
    assert 'aria-invalid="true"' in html
    assert 'aria-describedby="id_note_helptext id_note_error"' in html
    assert 'id="id_note_error"' in html
    assert 'id="id_note_helptext"' in html
    assert "(optional)" in html


def test_pages_keep_the_filters():
    request = RequestFactory().get("/desk/?severity=1&page=2")
    page = Paginator(range(340), 50).page(2)
    html = Template("{% load ui %}{% pagination page %}").render(RequestContext(request, {"page": page}))
    assert "51 to 100 of 340" in html
    assert 'href="?severity=1&amp;page=3"' in html
    assert html.count('aria-current="page"') == 1


def test_one_page_needs_no_pager():
    assert draw("{% pagination page %}", page=Paginator(range(3), 50).page(1)) == ""


def test_a_number_is_not_torn_at_its_dash_and_lines_stay() -> None:
    drawn = draw("{{ words|whole }}", words="Renew AG-ACME-1 & <b>\nsay X-ray, e-mail")
    assert drawn == 'Renew <span class="whole">AG-ACME-1</span> &amp; &lt;b&gt;<br>say X-ray, e-mail'
