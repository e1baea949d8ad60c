"""Real database servers for tests: PostgreSQL and MariaDB, each in a temporary folder.

TEST_DATABASES=all runs the tests on both too; without it they run on SQLite only."""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

SQLITE, POSTGRESQL, MARIADB = "sqlite", "postgresql", "mariadb"


def kinds_to_test() -> list[str]:
    """The kinds of databases to test on."""
    selected = os.environ.get("TEST_DATABASES", "")
    others = [POSTGRESQL, MARIADB]
    return [SQLITE, *(others if selected == "all" else [kind for kind in others if kind in selected.split(",")])]


def kinds_for_several_servers() -> list[str]:
    """The kinds to test several server processes on: SQLite serves one."""
    return [kind for kind in kinds_to_test() if kind != SQLITE]


class DatabaseServer:
    """A database server; `create` makes an empty database and answers its URL."""

    def __init__(self, address: str, ask: list[str], home: str) -> None:
        self._address, self._ask, self._home = address, ask, home
        self._made = 0

    def create(self, options: str = "") -> str:
        self._made += 1
        name = f"test{self._made}"
        self.run(f"CREATE DATABASE {name} {options}")
        return f"{self._address}/{name}"

    def run(self, statements: str, url: str | None = None) -> None:
        """Run SQL in the database at `url`, with the server's command line client."""
        name = url.rpartition("/")[2] if url else self._home
        subprocess.run([*self._ask, name], input=statements.encode(), check=True, capture_output=True)


@contextmanager
def serve(kind: str) -> Iterator[DatabaseServer]:
    """A server of this kind on a free port, with durability turned off for speed."""
    # Not in pytest's folder: the server's user must have access, and the path of a socket must be short.
    folder = Path(tempfile.mkdtemp(prefix=f"{kind}-"))
    try:
        with (_postgresql if kind == POSTGRESQL else _mariadb)(folder) as server:
            yield server
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _postgresql(folder: Path) -> Iterator[DatabaseServer]:
    programs = _postgresql_programs()
    user = _unprivileged_user()
    if user is not None:
        os.chown(folder, user, -1)
    log, cluster, port = folder / "log", folder / "cluster", _free_port()
    make: list[str | Path] = [
        programs / "initdb",
        "-D",
        cluster,
        "-A",
        "trust",
        "-U",
        "meeting",
        "-E",
        "UTF8",
        "--locale=C.UTF-8",
    ]
    subprocess.run([*make, "--no-sync"], check=True, user=user, cwd=folder, stdout=subprocess.DEVNULL)
    quick = ["-c", "fsync=off", "-c", "full_page_writes=off", "-c", "max_connections=200"]
    where: list[str | Path] = ["-p", str(port), "-c", "listen_addresses=127.0.0.1", "-k", folder]
    ask = ["psql", "-qX", "-v", "ON_ERROR_STOP=1", "-h", "127.0.0.1", "-p", str(port), "-U", "meeting", "-d"]
    server = DatabaseServer(f"postgresql://meeting@127.0.0.1:{port}", ask, "postgres")
    with _running([programs / "postgres", "-D", cluster, *quick, *where], log, server, user):
        yield server


@contextmanager
def _mariadb(folder: Path) -> Iterator[DatabaseServer]:
    log, tables, port = folder / "log", folder / "tables", _free_port()
    make = ["mariadb-install-db", "--no-defaults", f"--datadir={tables}", "--auth-root-authentication-method=normal"]
    root = ["--user=root"] if os.geteuid() == 0 else []
    subprocess.run([*make, *root, "--skip-test-db"], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    quick = ["--innodb-flush-log-at-trx-commit=0", "--innodb-flush-method=nosync", "--skip-log-bin"]
    where = [f"--datadir={tables}", f"--socket={folder}/socket", f"--port={port}", "--bind-address=127.0.0.1"]
    ask = ["mariadb", "--no-defaults", "--default-character-set=utf8mb4", f"--socket={folder}/socket", "-uroot"]
    server = DatabaseServer(f"mysql://meeting:asr@127.0.0.1:{port}", ask, "mysql")
    command = [shutil.which("mariadbd") or "/usr/sbin/mariadbd", "--no-defaults", *root, *quick, *where]
    with _running(command, log, server):
        server.run("CREATE USER meeting@127.0.0.1 IDENTIFIED BY 'asr'; GRANT ALL ON *.* TO meeting@127.0.0.1")
        yield server


@contextmanager
def _running(
    command: Sequence[str | Path], log: Path, server: DatabaseServer, user: int | None = None
) -> Iterator[None]:
    with log.open("wb") as file:
        process = subprocess.Popen(command, stdout=file, stderr=file, user=user, cwd=log.parent)
    try:
        deadline = time.monotonic() + 60
        while True:
            with suppress(subprocess.CalledProcessError):
                server.run("SELECT 1")
                break
            assert process.poll() is None and time.monotonic() < deadline, log.read_text()[-2000:]  # noqa: PT018
            time.sleep(0.05)
        yield
    finally:
        process.kill()
        process.wait(30)


def _postgresql_programs() -> Path:
    """Debian installs them by version, outside of the PATH."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda path: int(path.parts[4]))
    if on_path := shutil.which("postgres"):
        return Path(on_path).resolve().parent
    assert found, "TEST_DATABASES needs a PostgreSQL server: apt install postgresql"
    return found[-1].parent


def _unprivileged_user() -> int | None:
    """The user id to run PostgreSQL with, which does not run as root."""
    return pwd.getpwnam("nobody").pw_uid if os.geteuid() == 0 else None


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
