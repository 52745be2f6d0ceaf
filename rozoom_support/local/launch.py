"""One start: services, database, sample data, processes, and what the person at the terminal reads."""

import http.client
import os
import socket
import sys
import time
import urllib.request
from collections.abc import Mapping
from contextlib import ExitStack

from rozoom_support.local import services
from rozoom_support.local.bootstrap import (
    APP,
    DATABASE,
    MIGRATE,
    Addresses,
    addresses_from,
    connected,
    make_database,
    make_roles,
)
from rozoom_support.local.environment import application_environment, publish, without_owner
from rozoom_support.local.ports import listen, port_of
from rozoom_support.local.postgres import SUPERUSER, Postgres
from rozoom_support.local.prepare import SAMPLE_SOURCES, SCHEMA_SOURCES, STATIC_SOURCES, Done, database_stamp, digest
from rozoom_support.local.processes import clean_environment, end_leftovers, tail
from rozoom_support.local.redis import Redis, answers_redis, consumers
from rozoom_support.local.state import LocalError, State, read_json, write_json
from rozoom_support.local.supervisor import Step, Supervisor, say

READY_SECONDS = 90


def prepare_own_cluster(postgres: Postgres, *, for_tests: bool = False) -> Addresses:
    url = postgres.url(SUPERUSER, "postgres")
    with connected(url) as connection:
        make_roles(connection, for_tests=for_tests)
        make_database(connection, url, DATABASE)
    return Addresses(app=postgres.url(APP, DATABASE), owner=postgres.url(MIGRATE, DATABASE))


def start_postgres(supervisor: Supervisor) -> Addresses:
    """Ours, or the one DATABASE_URL names."""
    if os.environ.get("DATABASE_URL"):
        return addresses_of_given_server(supervisor.state)
    postgres = Postgres(supervisor.state)
    postgres.initialise()
    supervisor.start(postgres.program())
    if not supervisor.wait_for(postgres.ready, seconds=30):
        raise LocalError(f"PostgreSQL did not start:\n{tail(postgres.log)}")
    return prepare_own_cluster(postgres)


def addresses_of_given_server(state: State, *, for_tests: bool = False) -> Addresses:
    file = state.path("database.json")
    kept = read_json(file) or {}
    addresses = addresses_from(os.environ, kept, for_tests=for_tests)
    if kept:
        write_json(file, kept)
    return addresses


def start_redis(supervisor: Supervisor) -> str:
    """Ours, or the one REDIS_URL names."""
    if given := os.environ.get("REDIS_URL"):
        if not answers_redis(given):
            say("Redis at REDIS_URL does not answer; promises and mail go on without it, a few seconds later.")
        return given
    redis = Redis(supervisor.state)
    supervisor.start(redis.program())
    if not supervisor.wait_for(redis.ready, seconds=20):
        raise LocalError(f"Redis did not start:\n{tail(supervisor.state.log('redis'))}")
    return redis.url


def what_is_started() -> str:
    own = {"PostgreSQL": "DATABASE_URL", "Redis": "REDIS_URL"}
    named = [name for name, variable in own.items() if not os.environ.get(variable)]
    return " and ".join(named) or "with the servers in DATABASE_URL and REDIS_URL"


class Launch:
    """`make demo`, and `make run`, which is the same without sample data."""

    def __init__(self, supervisor: Supervisor, *, sample_data: bool) -> None:
        self.supervisor = supervisor
        self.state = supervisor.state
        self.sample_data = sample_data
        self.began = time.monotonic()
        self.done = Done(self.state)
        self.environment: dict[str, str] = {}
        self.demo_file = self.state.path("demo.json")

    def run(self) -> None:
        for stale in (self.demo_file, self.state.environment_file):
            stale.unlink(missing_ok=True)
        end_leftovers(self.state)
        with ExitStack() as sockets:
            say(f"Starting {what_is_started()}")
            addresses = start_postgres(self.supervisor)
            redis_url = start_redis(self.supervisor)
            web = sockets.enter_context(listen(_wanted_port()))
            base_url = services.address(web)
            extra = {"DEMO": "1", "BASE_URL": base_url, "ALLOWED_HOSTS": "127.0.0.1,localhost"}
            if self.sample_data:
                extra["SAMPLE_DATA"] = "1"
            # Sample data must never mail to real addresses.
            if self.sample_data or not os.environ.get("EMAIL_URL"):
                extra |= self.catch_mail(sockets)
            own = application_environment(self.state, addresses, redis_url, extra)
            self.environment = {**clean_environment(), **own}
            publish(self.state, own)
            self.prepare(addresses)
            mail_in = sockets.enter_context(listen(2525))
            self.serve(web, mail_in, base_url, redis_url)
            self.announce(base_url, extra.get("MAIL_CATCHER_URL"), f"smtp://127.0.0.1:{port_of(mail_in)}")
            self.supervisor.run_forever()

    def catch_mail(self, sockets: ExitStack) -> dict[str, str]:
        """Starts the catcher and returns the settings that lead there."""
        smtp, http = sockets.enter_context(listen(1025)), sockets.enter_context(listen(8025))
        self.supervisor.start(services.mail(clean_environment(), self.state, smtp, http))
        return {"EMAIL_URL": f"smtp://127.0.0.1:{port_of(smtp)}", "MAIL_CATCHER_URL": services.address(http)}

    def prepare(self, addresses: Addresses) -> None:
        """Migrations, static files and sample data, each only when something about them changed."""
        schema, static = digest(SCHEMA_SOURCES), digest(STATIC_SOURCES)
        steps = []
        if not self.done.holds("migrate", schema, database_stamp(addresses.app)):
            steps.append(self._command("migrate", "--no-input"))
        manifest = self.state.path("static", "staticfiles.json")
        if not (manifest.exists() and self.done.holds("static", static)):
            steps.append(self._command("collectstatic", "--no-input", "--clear", "--verbosity", "0"))
        if steps:
            say("Preparing the database" if steps[0].name == "migrate" else "Collecting static files")
            self.supervisor.run_steps(steps)
        stamp = database_stamp(addresses.app)
        self.done.note("migrate", schema, stamp)
        self.done.note("static", static)
        sample, source = self.state.path("sample.json"), digest(SAMPLE_SOURCES)
        if self.sample_data and not (sample.exists() and self.done.holds("sample", source, stamp)):
            say("Adding sample data")
            self.supervisor.run_steps([self._command("sample_data", "--output", str(sample))])
            self.done.note("sample", source, stamp)

    def serve(self, web: socket.socket, mail_in: socket.socket, base_url: str, redis_url: str) -> None:
        say("Starting web, worker, beat, watch and the door for mail")
        serving = without_owner(self.environment)
        for program in (
            services.web(serving, web),
            services.worker(serving),
            services.beat(serving),
            services.watch(serving),
            services.mail_in(serving, mail_in),
        ):
            self.supervisor.start(program)
        if not self.supervisor.wait_for(lambda: answers(f"{base_url}/readyz"), seconds=READY_SECONDS):
            raise LocalError(f"The web process was not ready within {READY_SECONDS} s:\n{tail(self.state.log('web'))}")
        self.supervisor.wait_for(lambda: consumers(redis_url) != 0, seconds=20)

    def announce(self, base_url: str, mail_url: str | None, mail_in_url: str) -> None:
        sample = (read_json(self.state.path("sample.json")) or {}) if self.sample_data else {}
        people, tokens = sample.get("people", []), sample.get("tokens", [])
        shown = {
            "base_url": base_url,
            "mail_url": mail_url,
            "mail_in_url": mail_in_url,
            "people": people,
            "tokens": tokens,
        }
        write_json(self.demo_file, shown)
        say(f"\nroZoom Support is ready after {time.monotonic() - self.began:.0f} s.\n")
        say(f"  Portal    {base_url}/")
        say(f"  API       {base_url}/api/docs/")
        if mail_url:
            say(f"  Mail      {mail_url}/  (every mail the system sends)")
        say(f"  Mail in   {mail_in_url}  (mail to the support address becomes a ticket)")
        if people:
            say("\n" + people_table(people))
            say(f"\nAPI tokens are in {self.demo_file}.")
        else:
            say("\nThe first person: .venv/bin/python manage.py create_operator EMAIL [NAME]")
        say(f"\nLogs are in {self.state.path('log')}. Stop with Ctrl-C.")

    def _command(self, name: str, *arguments: str) -> Step:
        return Step(name, [sys.executable, "manage.py", name, *arguments], self.environment)


def _wanted_port() -> int:
    given = os.environ.get("PORT", "8000")
    if not given.isdigit() or not 0 < int(given) < 65536:
        raise LocalError(f"PORT must be a number between 1 and 65535, not {given}.")
    return int(given)


def answers(url: str) -> bool:
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # whatever http_proxy says
    try:
        with direct.open(url, timeout=2) as reply:
            return int(reply.status) == 200
    except (OSError, http.client.HTTPException):
        return False


def people_table(people: list[Mapping[str, str]]) -> str:
    columns = {"email": "Sign in as", "password": "Password", "role": "Role", "organisation": "Organisation"}
    rows = [columns, *people]
    widths = {key: max(len(str(row.get(key, ""))) for row in rows) for key in columns}
    lines = ("  ".join(str(row.get(key, "")).ljust(widths[key]) for key in columns) for row in rows)
    return "\n".join(f"  {line}".rstrip() for line in lines)


def launch(state: State, *, sample_data: bool) -> None:
    with Supervisor(state) as supervisor:
        try:
            Launch(supervisor, sample_data=sample_data).run()
        finally:
            say("\nStopping")
            for gone in ("demo.json", "local.env.json"):
                state.path(gone).unlink(missing_ok=True)


def launch_services(state: State) -> None:
    """PostgreSQL and Redis alone, with the address kept for manage.py."""
    with Supervisor(state) as supervisor:
        end_leftovers(state)
        addresses = start_postgres(supervisor)
        redis_url = start_redis(supervisor)
        extra = {"DEMO": "1", "BASE_URL": f"http://127.0.0.1:{_wanted_port()}"}
        publish(state, application_environment(state, addresses, redis_url, extra))
        say('PostgreSQL and Redis run; "manage.py" of this checkout finds them. Stop with Ctrl-C.')
        try:
            supervisor.run_forever()
        finally:
            state.environment_file.unlink(missing_ok=True)
