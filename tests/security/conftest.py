"""A demo server with a language model, one per test module, and the recording of the tests of jobs."""

from collections.abc import Iterator

import pytest

from tests.jobs.api.conftest import other_user, recording  # noqa: F401  (fixtures)
from tests.language_server import KEY, MODEL, serve_language
from tests.minutes.models import obliging
from tests.recordings.conftest import make  # noqa: F401  (a fixture)
from tests.security.scenario import scenario  # noqa: F401
from tests.serving import Server


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serve_language(obliging) as language:
        settings = {"OPENAI_BASE_URL": language.url, "OPENAI_API_KEY": KEY, "OPENAI_MODEL_NAME": MODEL}
        server = Server(tmp_path_factory.mktemp("server"), **settings, OPENAI_ALLOW_PRIVATE="true")
        server.start(LOG_LEVEL="DEBUG", VOICES="own")  # secrets must not be logged at any level
        yield server
        server.close()
