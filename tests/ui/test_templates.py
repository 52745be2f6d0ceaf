"""Rules every template keeps, whoever wrote it."""

import base64
import hashlib
import re
from pathlib import Path

import pytest

from rozoom_support.lib.ui import views

ROOT = Path(__file__).parents[2]
TEMPLATES = sorted(path for path in (ROOT / "templates").rglob("*") if path.suffix in (".html", ".txt"))
PAGES = [path for path in TEMPLATES if path.suffix == ".html"]
BANNED = re.compile(r"\b(please|sorry|invalid|successfully|oops|submit)\b", re.IGNORECASE)


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


def words_of(source: str) -> str:
    """What a person reads: no tags of Django, no elements with their attributes."""
    without_django = re.sub(
        r"\{#.*?#\}|\{% comment %\}.*?\{% endcomment %\}|\{%.*?%\}|\{\{.*?\}\}", " ", source, flags=re.S
    )
    return re.sub(r"<[^>]*>", " ", without_django)


@pytest.mark.parametrize("path", PAGES, ids=named)
def test_nothing_the_policy_refuses(path):
    source = path.read_text()
    assert not re.search(r"\sstyle\s*=", source), "inline style"
    assert not re.search(r"<script(?![^>]*\bsrc=)(?![^>]*application/json)", source), "inline script"
    assert not re.search(r"\son[a-z]+\s*=\s*[\"']", source), "inline handler"
    assert not re.search(r"(?:src|srcset)=[\"'](?:https?:)?//", source), "another origin"


@pytest.mark.parametrize("path", TEMPLATES, ids=named)
def test_plain_friendly_words(path):
    assert BANNED.findall(words_of(path.read_text())) == []


@pytest.mark.parametrize("path", PAGES, ids=named)
def test_short_enough_to_read(path):
    assert len(path.read_text().splitlines()) <= 120


def test_the_error_page_allows_its_own_rules_and_nothing_else():
    page = views.error_page(500, reference="a1b2c3").content.decode()
    style = re.search(r"<style>(.*?)</style>", page).group(1)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = views.error_page(500)["Content-Security-Policy"]
    assert f"style-src 'sha256-{digest}'" in policy
    assert "script-src" not in policy
    assert policy.startswith("default-src 'none'")


def test_sent_again_in_a_moment_has_its_own_page():
    response = views.error_page(503)
    assert response.status_code == 503
    assert "Back in a moment" in response.content.decode()
