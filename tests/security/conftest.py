"""The demo server of the jobs' tests, this time with a language model, and the same recording; one for each module."""

from collections.abc import Iterator

import pytest

from tests.jobs.api.conftest import recording, stranger  # noqa: F401  (fixtures)
from tests.language_server import KEY, MODEL, serve_language
from tests.minutes.models import obliging
from tests.recordings.conftest import make  # noqa: F401  (a fixture)
from tests.security.world import world  # noqa: F401
from tests.serving import Server


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serve_language(obliging) as language:
        settings = {"OPENAI_BASE_URL": language.url, "OPENAI_API_KEY": KEY, "OPENAI_MODEL_NAME": MODEL}
        server = Server(tmp_path_factory.mktemp("house"), **settings, OPENAI_ALLOW_PRIVATE="true")
        server.start()
        yield server
        server.close()
