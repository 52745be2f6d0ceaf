"""Roles, their passwords and the database, made with a login that may create roles. Safe to run at every start."""

import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, unquote, urlsplit, urlunsplit

import psycopg2
from psycopg2 import sql
from psycopg2.extensions import connection as PgConnection  # noqa: N812
from psycopg2.extensions import encrypt_password

from rozoom_support.local.state import ROOT, LocalError

APP = "rozoom_app"
MIGRATE = "rozoom_migrate"
OWNER = "rozoom_owner"
DATABASE = "rozoom"
ROLES_SQL = ROOT / "tenancy" / "roles.sql"
# In an URL these mean the server, not a database for us.
NOT_OURS = {"", "postgres", "template0", "template1"}

PLAIN_LOGIN = (
    "The login {login} in DATABASE_URL may not create roles, so DATABASE_OWNER_URL is needed too: give the login "
    "rozoom_app in DATABASE_URL and rozoom_migrate in DATABASE_OWNER_URL (docs/operations.md says how to make them), "
    "or give a superuser in DATABASE_URL and both are made for you."
)
OTHER_TABLES = "The database {name} already holds tables of something else. Name a database of its own in DATABASE_URL."


@dataclass(frozen=True)
class Addresses:
    """The two logins of one database: what the application uses, and what may become the owner."""

    app: str
    owner: str


def with_login(url: str, login: str, password: str | None, database: str) -> str:
    """The same server, sockets and TLS settings with another login and database."""
    parts = urlsplit(url)
    credentials = quote(login, safe="") + (f":{quote(password, safe='')}" if password else "")
    netloc = f"{credentials}@{parts.netloc.rpartition('@')[2]}"
    return urlunsplit((parts.scheme, netloc, f"/{quote(database, safe='')}", parts.query, ""))


def with_database(url: str, database: str) -> str:
    return urlunsplit(urlsplit(url)._replace(path=f"/{quote(database, safe='')}"))


def login_of(url: str) -> str:
    return unquote(urlsplit(url).username or "")


def password_of(url: str) -> str | None:
    password = urlsplit(url).password
    return None if password is None else unquote(password)


def database_of(url: str) -> str:
    named = unquote(urlsplit(url).path.lstrip("/"))
    return DATABASE if named in NOT_OURS else named


@contextmanager
def connected(url: str) -> Iterator[PgConnection]:
    connection = psycopg2.connect(url, connect_timeout=10)
    connection.autocommit = True
    try:
        yield connection
    finally:
        connection.close()


@contextmanager
def connected_to_server(url: str) -> Iterator[PgConnection]:
    """The database in the URL may not be there yet; then the one that always is."""
    try:
        psycopg2.connect(url, connect_timeout=10).close()
    except psycopg2.OperationalError as problem:
        url = with_database(url, "postgres")
        if not lets_in(url):
            raise LocalError(f"PostgreSQL at DATABASE_URL cannot be used: {str(problem).strip()}") from None
    with connected(url) as connection:
        yield connection


def lets_in(url: str) -> bool:
    try:
        psycopg2.connect(url, connect_timeout=10).close()
    except psycopg2.OperationalError:
        return False
    return True


def one(connection: PgConnection, query: str, *values: Any) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(query, values)
        row = cursor.fetchone()
    return row[0] if row else None


def run(connection: PgConnection, statement: sql.Composable) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


def may_create_roles(connection: PgConnection) -> bool:
    rule = "SELECT rolsuper OR (rolcreaterole AND rolcreatedb) FROM pg_roles WHERE rolname = current_user"
    return bool(one(connection, rule))


def make_roles(connection: PgConnection, *, for_tests: bool = False) -> None:
    run(connection, sql.SQL(ROLES_SQL.read_text(encoding="utf-8")))
    if for_tests:  # the tests create databases of their own
        run(connection, sql.SQL("ALTER ROLE {} CREATEDB").format(sql.Identifier(OWNER)))


def make_database(connection: PgConnection, url: str, name: str) -> None:
    """Owned by the owner role, closed to everybody but the two logins."""
    database, owner = sql.Identifier(name), sql.Identifier(OWNER)
    if not one(connection, "SELECT rolsuper FROM pg_roles WHERE rolname = current_user"):
        run(connection, sql.SQL("GRANT {} TO CURRENT_USER").format(owner))
    found = one(connection, "SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = %s", name)
    if found is None:
        run(
            connection,
            sql.SQL("CREATE DATABASE {} OWNER {} ENCODING 'UTF8' TEMPLATE template0").format(database, owner),
        )
    elif found != OWNER:
        refuse_other_tables(with_database(url, name), name)
        run(connection, sql.SQL("ALTER DATABASE {} OWNER TO {}").format(database, owner))
    run(connection, sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(database))
    logins = sql.SQL(", ").join([sql.Identifier(APP), sql.Identifier(MIGRATE)])
    run(connection, sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(database, logins))


def refuse_other_tables(url: str, name: str) -> None:
    with connected(url) as connection:
        if one(connection, "SELECT EXISTS (SELECT FROM pg_tables WHERE schemaname = 'public')"):
            raise LocalError(OTHER_TABLES.format(name=name))


def set_password(connection: PgConnection, login: str, password: str) -> None:
    """Hashed here, so that it does not reach the server's log."""
    hashed = encrypt_password(password, login, scope=connection, algorithm="scram-sha-256")
    run(connection, sql.SQL("ALTER ROLE {} PASSWORD {}").format(sql.Identifier(login), sql.Literal(hashed)))


def addresses_from(environment: Mapping[str, str], kept: dict[str, str], *, for_tests: bool = False) -> Addresses:
    """Where DATABASE_URL, and DATABASE_OWNER_URL if needed, lead to.

    `kept` holds the passwords made for the two logins at an earlier start; new ones are added to it.
    """
    url = environment["DATABASE_URL"]
    with connected_to_server(url) as connection:
        if may_create_roles(connection):
            name = database_of(url)
            make_roles(connection, for_tests=for_tests)
            make_database(connection, url, name)
            made = {login: _login_url(connection, url, login, name, kept) for login in (APP, MIGRATE)}
            return Addresses(app=made[APP], owner=made[MIGRATE])
    if not environment.get("DATABASE_OWNER_URL"):
        raise LocalError(PLAIN_LOGIN.format(login=login_of(url)))
    return Addresses(app=url, owner=environment["DATABASE_OWNER_URL"])


def _login_url(connection: PgConnection, url: str, login: str, database: str, kept: dict[str, str]) -> str:
    known = with_login(url, login, kept.get(login), database)
    if lets_in(known):
        return known
    kept[login] = secrets.token_urlsafe(32)
    set_password(connection, login, kept[login])
    made = with_login(url, login, kept[login], database)
    if not lets_in(made):
        raise LocalError(f"PostgreSQL made the login {login} but does not let it in. Allow it in pg_hba.conf.")
    return made


def prepare_production(environment: Mapping[str, str]) -> None:
    """Deployment step 0: roles and database by DATABASE_ADMIN_URL, passwords as the two other addresses have them."""
    for name in ("DATABASE_ADMIN_URL", "DATABASE_URL", "DATABASE_OWNER_URL"):
        if not environment.get(name):
            raise LocalError(f"{name} is not set. docs/operations.md says what to put there.")
    admin = environment["DATABASE_ADMIN_URL"]
    logins = {"DATABASE_URL": APP, "DATABASE_OWNER_URL": MIGRATE}
    for name, login in logins.items():
        if login_of(environment[name]) != login:
            raise LocalError(f"{name} must use the login {login}.")
    with connected_to_server(admin) as connection:
        if not may_create_roles(connection):
            raise LocalError("The login in DATABASE_ADMIN_URL may not create roles and databases.")
        make_roles(connection)
        make_database(connection, admin, database_of(environment["DATABASE_URL"]))
        for name, login in logins.items():
            if password := password_of(environment[name]):
                set_password(connection, login, password)
