"""SQLite serves one server process, and is free again when that ends."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from backend.__main__ import app
from backend.coordination.single_process import SecondProcess, only_process


def test_a_second_server_on_one_sqlite_file_is_refused_until_the_first_ends(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/server.db"

    with only_process(url):
        with pytest.raises(SecondProcess, match=r"PostgreSQL or MariaDB"), only_process(url):
            pass
        with only_process(f"sqlite:///{tmp_path}/other.db"):
            pass
    with only_process(url):
        pass


@pytest.mark.parametrize("url", ["postgresql://host/name", "mysql://host/name", "sqlite://"])
def test_other_databases_serve_as_many_processes_as_there_are(url: str) -> None:
    with only_process(url), only_process(url):
        pass


def test_several_workers_on_sqlite_are_refused_with_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_KEY", "a key for tests, and long enough for them")
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path}/server.db")

    result = CliRunner().invoke(app, ["serve", "--workers", "2", "--port", "0"])

    assert result.exit_code == 2
    assert "SQLite serves one process" in result.output
    assert list(tmp_path.iterdir()) == []


def test_a_second_serve_on_one_sqlite_file_ends_with_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = f"sqlite:///{tmp_path}/server.db"
    monkeypatch.setenv("SECRET_KEY", "a key for tests, and long enough for them")
    monkeypatch.setenv("DATABASE_URL", url)

    with only_process(url):
        result = CliRunner().invoke(app, ["serve", "--port", "0"])

    assert result.exit_code == 2
    assert "Another server uses" in result.output
