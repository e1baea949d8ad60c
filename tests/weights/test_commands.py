"""`python -m backend models`: what it does, says and answers."""

import io
from pathlib import Path

import pytest
from pydantic import SecretStr
from rich.console import Console

from backend.settings import Settings
from backend.weights.commands import models_table, run_fetch, run_verify
from backend.weights.store import installed, mend
from tests.weights.conftest import Site, serve_hub, serve_index

pytestmark = pytest.mark.usefixtures("toy")


@pytest.fixture
def paper() -> Console:
    return Console(file=io.StringIO(), width=200)


@pytest.fixture
def given(settings: Settings, site: Site, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Settings:
    """Settings whose hubs are both the test's site."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("MODELSCOPE_ENDPOINT", site.address)
    caches = {"hf_home": tmp_path / "hf", "modelscope_cache": tmp_path / "ms"}
    return settings.model_copy(update={"hf_endpoint": site.address, "hf_token": SecretStr("hf_x"), **caches})


def test_auto_takes_the_full_set_where_the_hubs_answer(given: Settings, site: Site, paper: Console) -> None:
    serve_hub(site)

    assert run_fetch(given, "auto", None, paper) == 0
    assert installed(given.models_dir, "toy")
    assert "The full set of models is installed" in text(paper)
    assert [path for path, _, _ in site.asked if path.startswith("/api/")]


def test_auto_takes_the_small_set_where_no_hub_answers(
    given: Settings, site: Site, paper: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    serve_index(site)
    monkeypatch.setenv("MODELSCOPE_ENDPOINT", "http://127.0.0.1:1")
    given = given.model_copy(update={"hf_endpoint": "http://127.0.0.1:1"})

    assert run_fetch(given, "auto", None, paper) == 0
    assert "The small set of models is installed" in text(paper)
    assert "python -m backend models fetch --set full" in text(paper)


def test_auto_asks_nobody_once_a_set_is_there(given: Settings, site: Site, paper: Console, toy_folder: Path) -> None:
    run_fetch(given, "small", toy_folder, paper)

    assert run_fetch(given, "auto", None, paper) == 0
    assert site.asked == []


def test_a_model_that_cannot_be_had_is_one_sentence_and_a_code(given: Settings, paper: Console) -> None:
    assert run_fetch(given, "full", None, paper) == 1
    assert "toy: https://modelscope.cn/models/we/toy does not have" in text(paper)
    assert not installed(given.models_dir, "toy")


def test_a_folder_that_is_wrong_is_one_sentence_and_a_code(given: Settings, paper: Console, tmp_path: Path) -> None:
    assert run_fetch(given, "small", tmp_path, paper) == 1
    assert "does not hold the model toy" in text(paper)


def test_verify_finds_the_changed_byte_and_names_the_command(given: Settings, paper: Console, toy_folder: Path) -> None:
    run_fetch(given, "small", toy_folder, paper)
    assert run_verify(given.models_dir, paper) == 0

    (given.models_dir / "toy" / "config.yaml").write_bytes(b"model: bad\n")

    assert run_verify(given.models_dir, paper) == 1
    assert "config.yaml of the model toy has changed on disk. Mend it with: python -m backend models" in text(paper)


def test_verify_without_a_model_says_how_to_get_one(given: Settings, paper: Console) -> None:
    assert run_verify(given.models_dir, paper) == 1
    assert "python -m backend models fetch" in text(paper)


def test_the_list_says_what_is_there_and_whose_it_is(given: Settings, paper: Console, toy_folder: Path) -> None:
    paper.print(models_table(given.models_dir))
    assert "missing" in text(paper)

    run_fetch(given, "small", toy_folder, paper)
    paper.print(models_table(given.models_dir))
    assert "installed" in text(paper)
    assert "Toy by us" in text(paper)


def text(paper: Console) -> str:
    assert isinstance(paper.file, io.StringIO)
    return paper.file.getvalue()


def test_the_font_is_a_set_of_its_own_that_asks_no_hub(given: Settings, site: Site, paper: Console) -> None:
    assert run_fetch(given, "print", None, paper) == 1
    assert "noto-sans-sc" in text(paper)
    assert not [path for path, _, _ in site.asked if path.startswith("/api/")]
    assert mend("noto-sans-sc").endswith("--set print")
