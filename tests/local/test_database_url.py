"""What DATABASE_URL may be: a superuser, a login that may create roles, or the two plain logins of a prepared server."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import psycopg2
import pytest

from rozoom_support.local.bootstrap import addresses_from, connected, lets_in, one, prepare_production, with_login
from rozoom_support.local.postgres import SUPERUSER, TEST_OPTIONS, Postgres
from rozoom_support.local.state import LocalError, State
from tests.local.conftest import forget_sockets, running

pytestmark = pytest.mark.processes


@contextmanager
def a_server(folder: Path) -> Iterator[Postgres]:
    """As servers are: the logins need a password."""
    postgres = Postgres(State.at(folder / "var"), options=TEST_OPTIONS)
    postgres.initialise()
    (postgres.data / "pg_hba.conf").write_text(f"local all {SUPERUSER} trust\nlocal all all scram-sha-256\n")
    with running(postgres):
        yield postgres
    forget_sockets(postgres.state)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postgres]:
    with a_server(tmp_path_factory.mktemp("server")) as postgres:
        yield postgres


def by_superuser(server: Postgres, database: str) -> str:
    return server.url(SUPERUSER, database)


def run(url: str, statement: str) -> None:
    with connected(url) as connection, connection.cursor() as cursor:
        cursor.execute(statement)


def assert_walled(made_app: str) -> None:
    """The application's login has no rights of its own and no way to the owner's."""
    with connected(made_app) as connection:
        with pytest.raises(psycopg2.errors.InsufficientPrivilege):
            one(connection, "CREATE TABLE mine (id int)")
        with pytest.raises(psycopg2.errors.InsufficientPrivilege):
            one(connection, "SET ROLE rozoom_owner")
        rights = (
            "SELECT rolsuper OR rolbypassrls OR rolinherit OR rolcreaterole FROM pg_roles WHERE rolname = current_user"
        )
        assert one(connection, rights) is False
        assert one(connection, "SELECT pg_has_role('rozoom_staff', 'MEMBER')") is True


def test_a_superuser_gets_roles_and_database_made_and_plain_logins_to_use(server: Postgres):
    kept: dict[str, str] = {}
    made = addresses_from({"DATABASE_URL": by_superuser(server, "one")}, kept)
    assert urlsplit(made.app).username == "rozoom_app"
    assert urlsplit(made.app).path == "/one"
    assert_walled(made.app)
    run(made.owner, "SET ROLE rozoom_owner; CREATE TABLE ours (id int); CREATE EXTENSION pg_trgm")
    assert set(kept) == {"rozoom_app", "rozoom_migrate"}


def test_a_second_start_keeps_the_passwords_and_the_tables(server: Postgres):
    environment, kept = {"DATABASE_URL": by_superuser(server, "two")}, {}
    first = addresses_from(environment, kept)
    run(first.owner, "SET ROLE rozoom_owner; CREATE TABLE ours (id int)")
    assert addresses_from(environment, kept) == first
    with connected(first.owner) as connection:
        assert one(connection, "SELECT to_regclass('ours')::text") == "ours"


def test_a_url_that_names_no_database_gets_one_of_our_name(server: Postgres):
    made = addresses_from({"DATABASE_URL": by_superuser(server, "postgres")}, {})
    assert urlsplit(made.app).path == "/rozoom"


def test_a_login_that_may_create_roles_and_databases_is_enough(tmp_path: Path):
    with a_server(tmp_path) as server:
        run(by_superuser(server, "postgres"), "CREATE ROLE landlord LOGIN CREATEROLE CREATEDB PASSWORD 'x'")
        environment = {"DATABASE_URL": with_login(by_superuser(server, "postgres"), "landlord", "x", "three")}
        kept: dict[str, str] = {}
        made = addresses_from(environment, kept)
        assert_walled(made.app)
        run(made.owner, "SET ROLE rozoom_owner; CREATE TABLE ours (id int)")
        assert addresses_from(environment, kept) == made


def test_a_plain_login_alone_is_refused_with_what_to_do(server: Postgres):
    made = addresses_from({"DATABASE_URL": by_superuser(server, "plain")}, {})
    with pytest.raises(LocalError, match="rozoom_app in DATABASE_URL may not create roles, so DATABASE_OWNER_URL is"):
        addresses_from({"DATABASE_URL": made.app}, {})


def test_a_plain_login_with_the_owners_is_used_as_given(server: Postgres):
    made = addresses_from({"DATABASE_URL": by_superuser(server, "plain")}, {})
    assert addresses_from({"DATABASE_URL": made.app, "DATABASE_OWNER_URL": made.owner}, {}) == made


def test_a_wrong_password_is_said_without_a_traceback(server: Postgres):
    with pytest.raises(LocalError, match="DATABASE_URL cannot be used"):
        addresses_from({"DATABASE_URL": with_login(by_superuser(server, "x"), "nobody_known", "wrong", "x")}, {})


def test_a_database_with_tables_of_something_else_is_left_alone(server: Postgres):
    run(by_superuser(server, "postgres"), "CREATE DATABASE shop")
    run(by_superuser(server, "shop"), "CREATE TABLE orders (id int)")
    with pytest.raises(LocalError, match="The database shop already holds tables of something else"):
        addresses_from({"DATABASE_URL": by_superuser(server, "shop")}, {})
    with connected(by_superuser(server, "shop")) as connection:
        owner = "SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = 'shop'"
        assert one(connection, owner) == SUPERUSER


def test_an_empty_database_made_by_somebody_else_becomes_ours_and_is_closed_to_others(server: Postgres):
    run(by_superuser(server, "postgres"), "CREATE DATABASE prepared")
    run(by_superuser(server, "postgres"), "CREATE ROLE stranger LOGIN PASSWORD 'x'")
    stranger = with_login(by_superuser(server, "prepared"), "stranger", "x", "prepared")
    assert lets_in(stranger)
    made = addresses_from({"DATABASE_URL": by_superuser(server, "prepared")}, {})
    run(made.owner, "SET ROLE rozoom_owner; CREATE TABLE ours (id int)")
    assert not lets_in(stranger)


def test_rights_somebody_gave_the_logins_are_taken_away_again(server: Postgres):
    environment, kept = {"DATABASE_URL": by_superuser(server, "four")}, {}
    addresses_from(environment, kept)
    run(by_superuser(server, "postgres"), "ALTER ROLE rozoom_app SUPERUSER INHERIT; GRANT rozoom_owner TO rozoom_app")
    assert_walled(addresses_from(environment, kept).app)


def test_before_a_deployment_the_logins_get_the_passwords_the_addresses_carry(server: Postgres):
    admin = by_superuser(server, "postgres")
    environment = {
        "DATABASE_ADMIN_URL": admin,
        "DATABASE_URL": with_login(admin, "rozoom_app", "p@ss/1", "live"),
        "DATABASE_OWNER_URL": with_login(admin, "rozoom_migrate", "other", "live"),
    }
    prepare_production(environment)
    prepare_production(environment)
    assert_walled(environment["DATABASE_URL"])
    run(environment["DATABASE_OWNER_URL"], "SET ROLE rozoom_owner; CREATE TABLE ours (id int)")
    with connected(admin) as connection:
        assert one(connection, "SELECT rolcreatedb FROM pg_roles WHERE rolname = 'rozoom_owner'") is False


def test_a_deployment_without_the_plain_login_is_refused(server: Postgres):
    admin = by_superuser(server, "postgres")
    with pytest.raises(LocalError, match="DATABASE_URL must use the login rozoom_app"):
        prepare_production({"DATABASE_ADMIN_URL": admin, "DATABASE_URL": admin, "DATABASE_OWNER_URL": admin})
