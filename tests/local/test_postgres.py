import os
import shutil
import signal
import stat
import tempfile
from pathlib import Path

import psycopg2
import pytest

from rozoom_support.local.bootstrap import connected, one
from rozoom_support.local.postgres import SUPERUSER, TEST_OPTIONS, Postgres
from rozoom_support.local.processes import fingerprint, wait_until
from rozoom_support.local.state import LocalError, State
from tests.local.conftest import forget_sockets, running

pytestmark = pytest.mark.processes
ROWS = "SELECT count(*) FROM kept"


def url(postgres: Postgres) -> str:
    return postgres.url(SUPERUSER, "postgres")


def keep_a_row(postgres: Postgres) -> None:
    with connected(url(postgres)) as connection, connection.cursor() as cursor:
        cursor.execute("CREATE TABLE IF NOT EXISTS kept (id int); INSERT INTO kept VALUES (1)")


def rows(postgres: Postgres) -> int:
    with connected(url(postgres)) as connection:
        return int(one(connection, ROWS))


def test_it_starts_again_after_kill_9_with_its_rows(postgres: Postgres):
    with running(postgres) as process:
        keep_a_row(postgres)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        assert (postgres.data / "postmaster.pid").exists()
    with running(postgres):
        assert rows(postgres) == 1


def test_it_starts_although_the_pid_it_left_is_now_somebody_elses(postgres: Postgres):
    with running(postgres):
        keep_a_row(postgres)
    (postgres.data / "postmaster.pid").write_text(f"{os.getpid()}\n{postgres.data}\n0\n5432\n")
    with running(postgres):
        assert rows(postgres) == 1


def test_a_server_a_killed_launcher_left_running_is_stopped_first(postgres: Postgres):
    with running(postgres) as leftover:
        keep_a_row(postgres)
        with running(Postgres(postgres.state)) as next_one:
            assert wait_until(lambda: leftover.poll() is not None, seconds=5)
            assert fingerprint(next_one.pid)
            assert rows(postgres) == 1


def test_a_cluster_half_made_is_made_again(postgres: Postgres, state: State):
    (state.subfolder("postgres.new") / "PG_VERSION").write_text("18\n")
    with running(postgres):
        keep_a_row(postgres)
        assert rows(postgres) == 1


def test_it_speaks_no_network_and_only_the_owner_reaches_its_socket(postgres: Postgres):
    with running(postgres):
        with connected(url(postgres)) as connection:
            assert one(connection, "SHOW listen_addresses") == ""
        [socket] = postgres.sockets.glob(".s.PGSQL.5432")
        assert stat.S_IMODE(socket.stat().st_mode) == 0o700
        assert stat.S_IMODE(postgres.sockets.stat().st_mode) == 0o700


def test_data_of_another_version_is_refused_in_words(postgres: Postgres):
    postgres.initialise()
    (postgres.data / "PG_VERSION").write_text("17\n")
    with pytest.raises(LocalError, match=r"made by PostgreSQL 17.*Move the folder away"):
        postgres.initialise()


@pytest.mark.parametrize("name", ["a" * 120, "with space", "ü%20"])
def test_a_path_that_no_socket_can_have_gets_its_sockets_in_tmp(tmp_path: Path, name: str):
    postgres = Postgres(State.at(tmp_path / name), options=TEST_OPTIONS)
    try:
        assert not postgres.sockets.is_relative_to(tmp_path)
        assert postgres.sockets != Postgres(State.at(tmp_path / f"{name}2")).sockets
        with running(postgres):
            keep_a_row(postgres)
            assert rows(postgres) == 1
    finally:
        forget_sockets(postgres.state)
        forget_sockets(State(tmp_path / f"{name}2"))


def test_a_socket_folder_in_tmp_that_others_may_write_to_is_refused(tmp_path: Path):
    state = State.at(tmp_path / ("a" * 120))
    folder = state.socket_folder()
    try:
        folder.chmod(0o777)
        with pytest.raises(LocalError, match="open to others"):
            state.socket_folder()
    finally:
        folder.rmdir()


@pytest.mark.skipif(os.getuid() != 0, reason="only root may become nobody")
def test_where_root_gets_no_user_namespace_the_account_nobody_serves():
    folder = Path(tempfile.mkdtemp(dir="/tmp"))
    folder.chmod(0o755)
    try:
        postgres = Postgres(State.at(folder / "var"), options=TEST_OPTIONS, run_as="nobody")
        with running(postgres):
            keep_a_row(postgres)
            assert postgres.data.stat().st_uid == 65534
        with running(Postgres(postgres.state, options=TEST_OPTIONS, run_as="namespace")):
            assert rows(postgres) == 1
            assert postgres.data.stat().st_uid == 0
    finally:
        shutil.rmtree(folder)


@pytest.mark.skipif(os.getuid() != 0, reason="only root may become nobody")
def test_nobody_in_a_closed_folder_is_refused_in_words(tmp_path: Path, state: State):
    tmp_path.chmod(0o700)
    with pytest.raises(LocalError, match=r"cannot reach .*Start as an ordinary user"):
        Postgres(state, run_as="nobody").initialise()


def test_a_connection_is_refused_while_nothing_runs(postgres: Postgres):
    postgres.initialise()
    assert not postgres.ready()
    with pytest.raises(psycopg2.OperationalError):
        psycopg2.connect(url(postgres))
