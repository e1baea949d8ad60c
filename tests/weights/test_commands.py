"""`python -m backend models`: effects, messages and exit codes."""

import io
from dataclasses import replace
from pathlib import Path

import pytest
from pydantic import SecretStr
from rich.console import Console

from backend.settings import Settings
from backend.weights.catalogue import MODELS, OPTIONAL
from backend.weights.commands import models_table, run_fetch, run_verify
from backend.weights.model import Model
from backend.weights.store import install_command, installed
from tests.weights.conftest import Site, serve_hub, serve_index
from tests.weights.test_local_files import laid_out

pytestmark = pytest.mark.usefixtures("toy")


@pytest.fixture
def console() -> Console:
    return Console(file=io.StringIO(), width=200)


@pytest.fixture
def hub_settings(settings: Settings, site: Site, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Settings:
    """Settings with the test's site as both hubs."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("MODELSCOPE_ENDPOINT", site.address)
    caches = {"hf_home": tmp_path / "hf", "modelscope_cache": tmp_path / "ms"}
    return settings.model_copy(update={"hf_endpoint": site.address, "hf_token": SecretStr("hf_x"), **caches})


def test_auto_chooses_the_full_set_if_the_hubs_answer(hub_settings: Settings, site: Site, console: Console) -> None:
    serve_hub(site)

    assert run_fetch(hub_settings, "auto", None, console) == 0
    assert installed(hub_settings.models_dir, "toy")
    assert "The full set of models is installed" in text(console)
    assert [path for path, _, _ in site.requests if path.startswith("/api/")]


@pytest.mark.parametrize(
    "place", ["models/modelscope/funasr/toy", "models/huggingface/pyannote/toy", "hf/hub/toy", "ms/models/we/toy"]
)
def test_models_in_the_folders_and_caches_of_others_are_used(
    place: str, hub_settings: Settings, site: Site, console: Console, tmp_path: Path
) -> None:
    laid_out(tmp_path / place)

    assert run_fetch(hub_settings.model_copy(update={"models_dir": tmp_path / "models"}), "full", None, console) == 0
    assert installed(tmp_path / "models", "toy")
    assert [path for path, _, _ in site.requests if "toy" in path] == []


def test_a_model_that_is_optional_is_fetched_with_its_set(
    hub_settings: Settings, site: Site, console: Console, monkeypatch: pytest.MonkeyPatch, toy: Model
) -> None:
    serve_hub(site)
    monkeypatch.setitem(MODELS, "more", replace(toy, name="more"))
    monkeypatch.setitem(OPTIONAL, "full", ("more",))

    assert run_fetch(hub_settings, "full", None, console) == 0
    assert installed(hub_settings.models_dir, "more")


def test_a_set_is_complete_without_an_optional_model(
    hub_settings: Settings, site: Site, console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    serve_hub(site)
    monkeypatch.setitem(OPTIONAL, "full", ("whisper-large",))

    assert run_fetch(hub_settings, "full", None, console) == 0
    assert "whisper-large:" in text(console)
    assert "The full set of models is installed" in text(console)


def test_auto_chooses_the_small_set_if_no_hub_answers(
    hub_settings: Settings, site: Site, console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    serve_index(site)
    monkeypatch.setenv("MODELSCOPE_ENDPOINT", "http://127.0.0.1:1")
    hub_settings = hub_settings.model_copy(update={"hf_endpoint": "http://127.0.0.1:1"})

    assert run_fetch(hub_settings, "auto", None, console) == 0
    assert "The small set of models is installed" in text(console)
    assert "python -m backend models fetch --set full" in text(console)


def test_auto_makes_no_request_once_a_set_is_installed(
    hub_settings: Settings, site: Site, console: Console, toy_folder: Path
) -> None:
    run_fetch(hub_settings, "small", toy_folder, console)

    assert run_fetch(hub_settings, "auto", None, console) == 0
    assert site.requests == []


def test_an_unavailable_model_gives_one_sentence_and_an_exit_code(hub_settings: Settings, console: Console) -> None:
    assert run_fetch(hub_settings, "full", None, console) == 1
    assert "toy: https://modelscope.cn/models/we/toy does not have" in text(console)
    assert not installed(hub_settings.models_dir, "toy")


def test_a_wrong_folder_gives_one_sentence_and_an_exit_code(
    hub_settings: Settings, console: Console, tmp_path: Path
) -> None:
    assert run_fetch(hub_settings, "small", tmp_path, console) == 1
    assert "does not contain the model toy" in text(console)


def test_verify_finds_a_changed_byte_and_names_the_command(
    hub_settings: Settings, console: Console, toy_folder: Path
) -> None:
    run_fetch(hub_settings, "small", toy_folder, console)
    assert run_verify(hub_settings.models_dir, console) == 0

    (hub_settings.models_dir / "toy" / "config.yaml").write_bytes(b"model: bad\n")

    assert run_verify(hub_settings.models_dir, console) == 1
    assert "config.yaml of the model toy has changed on disk. Fix it with: python -m backend models" in text(console)


def test_verify_without_a_model_says_how_to_get_one(hub_settings: Settings, console: Console) -> None:
    assert run_verify(hub_settings.models_dir, console) == 1
    assert "python -m backend models fetch" in text(console)


def test_the_list_shows_state_and_attribution(hub_settings: Settings, console: Console, toy_folder: Path) -> None:
    console.print(models_table(hub_settings.models_dir))
    assert "missing" in text(console)

    run_fetch(hub_settings, "small", toy_folder, console)
    console.print(models_table(hub_settings.models_dir))
    assert "installed" in text(console)
    assert "Toy by us" in text(console)


def text(console: Console) -> str:
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_the_font_is_a_set_of_its_own_that_uses_no_hub(hub_settings: Settings, site: Site, console: Console) -> None:
    assert run_fetch(hub_settings, "print", None, console) == 1
    assert "noto-sans-sc" in text(console)
    assert not [path for path, _, _ in site.requests if path.startswith("/api/")]
    assert install_command("noto-sans-sc").endswith("--set print")
