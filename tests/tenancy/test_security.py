"""Headers, cookies and the settings behind them, as a reviewer would ask for them."""

import json
import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from io import StringIO
from typing import Any

import pytest
from django.conf import settings
from django.db import OperationalError
from django.test import Client, RequestFactory
from django.utils.module_loading import import_string

from rozoom_support.lib.http import database_away
from tests.tenancy.doorstep import sign_in
from tests.world import World

POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data:",
    "font-src": "'self'",
    "connect-src": "'self'",
    "form-action": "'self'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
    "object-src": "'none'",
}
PAGES = ["/accounts/login/", "/accounts/password/reset/", "/invitations/x/", "/nothing/here/"]
PRIVATE = ["/settings/", "/people/", "/tokens/new/", "/accounts/password/change/", "/accounts/2fa/"]
KEEP = ("PATH", "DATABASE_URL", "REDIS_URL", "PYTHONPATH", "LD_LIBRARY_PATH", "HOME")
PRODUCTION = {
    "SECRET_KEY": "p" * 60,
    "BASE_URL": "https://support.example.com",
    "EMAIL_URL": "smtp://mail.example.com:587?tls=1",
    "REDIS_URL": "redis://127.0.0.1:1/0",
    "MAIL_FROM": "Support <support@example.com>",
    "SUPPORT_EMAIL": "help@example.com",
    "SECRET_KEY_FALLBACKS": "of-last-year,of-the-year-before",
    "SAMPLE_DATA": "1",  # says nothing outside a demo
    "DJANGO_SETTINGS_MODULE": "rozoom_support.settings",
}
LOOK = """
import json, django
django.setup()
from django.conf import settings
from django.test import Client
def look(host, **headers):
    answer = Client(headers={"host": host, **headers}).get("/healthz")
    return {"status": answer.status_code, **answer.headers}
https = {"x-forwarded-proto": "https"}
LOOKED_AT = ("SESSION_COOKIE", "CSRF_COOKIE", "DEBUG", "ALLOWED_HOSTS", "SUPPORT_CONTACT", "SECRET_KEY_FALL", "SAMPLE", "ALLAUTH")
names = [name for name in dir(settings) if name.startswith(LOOKED_AT)]
print(json.dumps({
    "plain": look("support.example.com"),
    "https": look("support.example.com", **https),
    "settings": {name: getattr(settings, name) for name in names},
}, default=str))
"""


def policy_of(answer: Any) -> dict[str, str]:
    parts = [part.strip().partition(" ") for part in answer.headers["Content-Security-Policy"].split(";")]
    return {name: value for name, _, value in parts}


@pytest.mark.parametrize("path", PAGES + PRIVATE)
def test_every_page_has_the_strict_policy_and_its_company(world: World, path: str) -> None:
    client = world.client("ana") if path in PRIVATE else Client()
    answer = client.get(path)
    assert policy_of(answer) == POLICY
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["X-Frame-Options"] == "DENY"
    assert answer.headers["Referrer-Policy"] == "same-origin"
    assert answer.headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert answer.headers["X-Request-ID"]


@pytest.mark.parametrize("path", PRIVATE)
def test_private_pages_are_kept_by_no_cache(world: World, path: str) -> None:
    control = world.client("ana").get(path).headers["Cache-Control"]
    assert "no-store" in control
    assert "private" in control


@pytest.mark.parametrize("path", PAGES + PRIVATE)
def test_pages_carry_no_inline_script_style_or_foreign_address(world: World, path: str) -> None:
    client = world.client("ana") if path in PRIVATE else Client()
    text = client.get(path).content.decode()
    assert "<script>" not in text
    assert " style=" not in text
    assert " onclick=" not in text
    for place in text.split('src="')[1:] + text.split("<link ")[1:]:
        assert not place.startswith(("http", "//")), place[:80]


def test_the_session_cookie_is_out_of_reach_of_scripts_and_other_sites(world: World) -> None:
    client = Client()
    answer = sign_in(client, "ilse@test.example")
    cookie = answer.cookies[settings.SESSION_COOKIE_NAME]
    assert cookie["httponly"]
    assert (cookie["samesite"], cookie["path"], cookie["domain"]) == ("Lax", "/", "")
    assert int(cookie["max-age"]) == 14 * 24 * 3600


def test_a_name_that_is_not_ours_is_refused(world: World) -> None:
    assert Client(headers={"host": "evil.example"}).get("/accounts/login/").status_code == 400


def test_a_form_of_another_site_does_nothing(world: World) -> None:
    client = world.client("ana", enforce_csrf_checks=True)
    answer = client.post("/people/invite/", {"email": "x@y.example", "role": "member"})
    assert answer.status_code == 403
    assert client.post("/accounts/logout/").status_code == 403
    assert client.get("/settings/").status_code == 200


@pytest.fixture(scope="module")
def production() -> dict[str, Any]:
    """The product as it starts in production, in a process of its own."""
    environment = {name: os.environ[name] for name in KEEP if name in os.environ}
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", LOOK],
        env={**environment, **PRODUCTION, "STATIC_ROOT": "/nonexistent", "LOG_LEVEL": "CRITICAL"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        cwd=settings.BASE_DIR,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout.splitlines()[-1])


def test_production_speaks_https_only(production: dict[str, Any]) -> None:
    plain, https = production["plain"], production["https"]
    assert (plain["status"], plain["Location"]) == (301, "https://support.example.com/healthz")
    assert https["status"] == 200
    assert https["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains"


def test_production_answers_to_its_own_name_only(production: dict[str, Any]) -> None:
    assert production["settings"]["ALLOWED_HOSTS"] == ["support.example.com"]


def test_cookies_of_production_belong_to_this_host_alone(production: dict[str, Any]) -> None:
    """The prefix __Host- makes browsers refuse them without Secure, with a Domain, or with another path."""
    found = production["settings"]
    assert (found["SESSION_COOKIE_NAME"], found["CSRF_COOKIE_NAME"]) == ("__Host-session", "__Host-csrf")
    for kind in ("SESSION", "CSRF"):
        assert found[f"{kind}_COOKIE_SECURE"]
        assert found[f"{kind}_COOKIE_HTTPONLY"]
        assert found[f"{kind}_COOKIE_SAMESITE"] == "Lax"
        assert found[f"{kind}_COOKIE_DOMAIN"] is None
        assert found[f"{kind}_COOKIE_PATH"] == "/"
    assert not found["DEBUG"]


def test_production_names_nobody_it_was_not_told_of(production: dict[str, Any]) -> None:
    found = production["settings"]
    assert found["SUPPORT_CONTACT"] == {"name": "roZoom Support", "phone": "", "email": "help@example.com"}
    assert found["SAMPLE_DATA"] is False


def test_keys_of_before_and_the_proxies_come_from_the_environment(production: dict[str, Any]) -> None:
    found = production["settings"]
    assert found["SECRET_KEY_FALLBACKS"] == ["of-last-year", "of-the-year-before"]
    assert found["ALLAUTH_TRUSTED_PROXY_COUNT"] == 1


@pytest.mark.parametrize(
    "change, words",
    [
        ({"SECRET_KEY": ""}, "SECRET_KEY is not set"),
        ({"SECRET_KEY": "short"}, "at least 50 characters"),
        ({"SECRET_KEY": None}, "SECRET_KEY is not set"),
        ({"BASE_URL": None}, "BASE_URL is not set"),
        ({"BASE_URL": "http://support.example.com"}, "must use https://"),
        ({"BASE_URL": "support.example.com"}, "must be the full address"),
        ({"EMAIL_URL": None}, "EMAIL_URL is not set"),
        ({"REDIS_URL": None}, "REDIS_URL is not set"),
        ({"MAIL_FROM": None}, "MAIL_FROM is not set"),
        ({"SUPPORT_EMAIL": None}, "SUPPORT_EMAIL is not set"),
        ({"SUPPORT_EMAIL": ""}, "SUPPORT_EMAIL is not set"),
        ({"DATABASE_URL": "mysql://root@/x"}, "must start with postgresql://"),
    ],
)
def test_an_unsafe_or_missing_setting_stops_the_start(change: dict[str, Any], words: str) -> None:
    environment = {name: os.environ[name] for name in KEEP if name in os.environ}
    asked = {**environment, **PRODUCTION, **change}
    done = subprocess.run(
        [sys.executable, "-c", "from django.conf import settings; settings.DEBUG"],
        env={name: value for name, value in asked.items() if value is not None},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        cwd=settings.BASE_DIR,
    )
    assert done.returncode != 0
    assert words in done.stderr


@pytest.fixture
def log_lines() -> Iterator[StringIO]:
    """What the product's own handler would write."""
    assert settings.LOGGING["handlers"]["console"]["filters"] == ["request_id"]
    lines = StringIO()
    handler = logging.StreamHandler(lines)
    handler.addFilter(import_string(settings.LOGGING["filters"]["request_id"]["()"])())
    root = logging.getLogger()
    root.addHandler(handler)
    yield lines
    root.removeHandler(handler)


@pytest.mark.parametrize("path", ["/invitations/{}/", "/accounts/password/reset/key/{}/"])
def test_no_secret_of_an_address_reaches_the_log(world: World, log_lines: StringIO, path: str) -> None:
    secret = "1f-q7Zs0m3-secret"
    address = path.format(secret)
    Client(enforce_csrf_checks=True).post(address)
    Client().put(address)
    database_away(RequestFactory().get(address), OperationalError("gone"))
    written = log_lines.getvalue()
    assert "CSRF: POST" in written
    assert f"database away: GET {path.format('...')}" in written
    assert secret not in written
