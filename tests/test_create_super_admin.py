"""The script that creates the first super admin, run as a process."""

import os
import pty
import select
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from backend.accounts import service
from backend.accounts.passwords import Passwords
from backend.accounts.tables import User
from backend.database import connect

SCRIPT = Path(__file__).resolve().parent.parent / "create_super_admin.py"
PASSWORD = "会议室里的大白熊"

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """The environment of an empty installation."""
    return {
        **os.environ,
        "SECRET_KEY": "a key for tests, and long enough for them",
        "DATABASE_URL": f"sqlite:///{tmp_path}/server.db",
        "PYTHONIOENCODING": "utf-8",
    }


@pytest.fixture
def run(environment: dict[str, str], tmp_path: Path) -> Run:
    def run(*arguments: str, stdin: str = "", **overrides: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, str(SCRIPT), *arguments],
            input=stdin,
            env={**environment, **overrides},
            cwd=tmp_path,
            capture_output=True,
            encoding="utf-8",
            timeout=60,
        )

    return run


async def test_name_as_an_argument_and_password_by_stdin_create_a_super_admin(
    run: Run, environment: dict[str, str]
) -> None:
    done = run("--username", "管理员", "--password-stdin", stdin=PASSWORD + "\n")

    assert (done.returncode, done.stderr) == (0, "")
    assert PASSWORD not in done.stdout
    assert (await _sign_in(environment, "管理员", PASSWORD)).role == "super_admin"


async def test_a_second_call_with_the_same_name_changes_nothing(run: Run, environment: dict[str, str]) -> None:
    run("--username", "Root", "--password-stdin", stdin=PASSWORD)

    again = run("--username", "ROOT", "--password-stdin", stdin="another password 7")

    assert again.returncode == 1
    assert "already" in again.stderr
    assert "Traceback" not in again.stderr
    assert (await _sign_in(environment, "root", PASSWORD)).role == "super_admin"
    assert await _number(environment) == 1


async def test_more_than_one_super_admin_may_be_made(run: Run, environment: dict[str, str]) -> None:
    for name in ("root", "toor"):
        assert run("--username", name, "--password-stdin", stdin=PASSWORD).returncode == 0

    assert await _number(environment) == 2


@pytest.mark.parametrize("password", ["", "password1"])
async def test_a_weak_password_is_refused(run: Run, environment: dict[str, str], password: str) -> None:
    done = run("--username", "root-root", "--password-stdin", stdin=password + "\n")

    assert done.returncode == 1
    assert "password" in done.stderr
    assert "Traceback" not in done.stderr
    assert await _number(environment) == 0


@pytest.mark.parametrize(
    ("database_url", "sentence"),
    [
        ("postgresql://nobody:secret@127.0.0.1:1/none", "database"),
        ("sqlite:////nowhere/at/all.db", "The database cannot be used"),
        ("not an address", "DATABASE_URL"),
    ],
)
def test_an_unusable_database_gives_a_message_and_no_traceback(run: Run, database_url: str, sentence: str) -> None:
    done = run("--username", "root", "--password-stdin", stdin=PASSWORD, DATABASE_URL=database_url)

    assert done.returncode == 1
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr
    assert "secret" not in done.stderr


@pytest.mark.parametrize("key", ["replace-with-a-long-random-string"])
def test_a_weak_secret_key_gives_a_message_and_no_traceback(run: Run, key: str) -> None:
    done = run("--username", "root", "--password-stdin", stdin=PASSWORD, SECRET_KEY=key)

    assert done.returncode == 2
    assert "SECRET_KEY" in done.stderr
    assert "Traceback" not in done.stderr
    assert key not in done.stderr


@pytest.mark.parametrize("arguments", [["--password-stdin"], [], ["--username", "root"], ["--role", "user"]])
def test_wrong_arguments_print_the_usage(run: Run, arguments: list[str]) -> None:
    done = run(*arguments)

    assert done.returncode == 2
    assert "usage" in done.stderr


async def test_at_a_terminal_it_asks_and_shows_no_password(environment: dict[str, str]) -> None:
    code, shown = _at_terminal(environment, [("User name", "root"), ("Password", PASSWORD), ("again", PASSWORD)])

    assert code == 0
    assert PASSWORD not in shown
    assert (await _sign_in(environment, "root", PASSWORD)).role == "super_admin"


async def test_at_a_terminal_two_different_passwords_are_refused(environment: dict[str, str]) -> None:
    code, shown = _at_terminal(environment, [("User name", "root"), ("Password", PASSWORD), ("again", PASSWORD + "!")])

    assert code == 1
    assert "differ" in shown
    assert await _number(environment) == 0


def test_the_system_python_is_replaced_by_the_one_of_the_project(tmp_path: Path) -> None:
    shutil.copy(SCRIPT, tmp_path)
    own = tmp_path / ".venv" / "bin" / "python"
    own.parent.mkdir(parents=True)
    own.write_text('#!/bin/sh\necho "own python:" "$@"\n')
    own.chmod(0o755)
    base = Path(sys.base_prefix) / "bin" / f"python{sys.version_info.major}.{sys.version_info.minor}"

    done = subprocess.run(
        [str(base), str(tmp_path / SCRIPT.name), "--username", "root"], capture_output=True, text=True, timeout=60
    )

    assert done.stdout == f"own python: {tmp_path / SCRIPT.name} --username root\n"


def _at_terminal(environment: dict[str, str], answers: list[tuple[str, str]]) -> tuple[int, str]:
    """Run the script at a terminal and answer its questions; its exit code and what the terminal showed."""
    ours, its = pty.openpty()
    script = subprocess.Popen(
        [sys.executable, str(SCRIPT)], stdin=its, stdout=its, stderr=its, env=environment, start_new_session=True
    )
    os.close(its)
    shown = b""
    for question, answer in [*answers, ("", "")]:
        while not question or question.encode() not in shown.rpartition(b"\n")[2]:
            assert select.select([ours], [], [], 60)[0], f"no {question!r} after {shown!r}"
            try:
                shown += os.read(ours, 1024)
            except OSError:  # the script has ended and closed the terminal
                break
        if question:
            os.write(ours, f"{answer}\n".encode())
            shown += b"\n"
    os.close(ours)
    return script.wait(60), shown.decode()


async def _sign_in(environment: dict[str, str], name: str, password: str) -> User:
    database, passwords = connect(environment["DATABASE_URL"]), Passwords()
    try:
        return await service.sign_in(database, passwords, name, password)
    finally:
        passwords.close()
        await database.close()


async def _number(environment: dict[str, str]) -> int:
    database = connect(environment["DATABASE_URL"])
    try:
        async with database.read() as session:
            return (await service.search(session))[1]
    finally:
        await database.close()
