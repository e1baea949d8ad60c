"""A demo server with a scripted language model, and a transcribed recording."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.jobs.api.conftest import other_user, recording  # noqa: F401  (fixtures)
from tests.language_server import KEY, MODEL, LanguageServer, serve_language
from tests.minutes.api.client import ScriptedModel
from tests.minutes.models import good
from tests.serving import Server


@pytest.fixture(scope="module")
def scripted_model() -> ScriptedModel:
    return ScriptedModel()


@pytest.fixture(scope="module")
def language(scripted_model: ScriptedModel) -> Iterator[LanguageServer]:
    with serve_language(scripted_model) as server:
        yield server


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, language: LanguageServer) -> Iterator[Server]:
    """A demo server with a language model."""
    settings = {"OPENAI_BASE_URL": language.url, "OPENAI_API_KEY": KEY, "OPENAI_MODEL_NAME": MODEL}
    server = Server(tmp_path_factory.mktemp("server"), **settings, OPENAI_ALLOW_PRIVATE="true")
    server.start()
    yield server
    server.close()


@pytest.fixture(scope="module")
def transcribed(server: Server, recording: Path) -> str:  # noqa: F811
    """A recording with a transcript."""
    recording_id, job = server.upload(recording)
    assert server.ended(job)["status"] == "done"
    return recording_id


@pytest.fixture(autouse=True)
def reset_script(scripted_model: ScriptedModel) -> None:
    scripted_model.script = good
