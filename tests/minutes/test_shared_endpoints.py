"""Every path of the server that people's reports describe (`cases/odd_endpoints.py` of the shared recordings)."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from backend.engines.language_model_client import LanguageModelClient
from backend.engines.language_model_protocol import LanguageModelError
from backend.engines.model_endpoint import Endpoint
from backend.minutes.answering import Answer, answer
from backend.minutes.cached_model import CachedModel
from backend.minutes.summarize import summarize
from backend.minutes.templates import BUILT_IN
from tests.minutes.conftest import talk
from tests.proxies import free_port
from tests.serving import until

SENTENCES = [f"第{n}项接口联调已经完成，我们把进展同步一下，有问题随时在群里说。" for n in range(1, 161)]
MEETING = talk(*SENTENCES)
#: It answers after three seconds, so it is asked less.
SLOW, SHORT_MEETING = "slowthink", talk(*SENTENCES[:5])

#: The paths with which no minutes can come, and the error that says why. All others work.
CODES = {
    "quota": "balance",
    "balance": "balance",
    "err200": "busy",
    "html200": "web_page",
    "emptychoices": "bad_answer",
    "nullchoices": "bad_answer",
    "vllmctx": "context",  # it refuses whatever is longer than our instructions alone
}


@pytest.fixture(scope="module")
def origin(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    script = shared / "cases" / "odd_endpoints.py"
    if not script.exists():
        pytest.skip("these shared recordings are without cases/")
    port = free_port()
    source = script.read_text(encoding="utf-8").replace("8610", str(port))
    server = subprocess.Popen([sys.executable, "-c", source], cwd=tmp_path_factory.mktemp("odd"), env=os.environ)
    origin = f"http://127.0.0.1:{port}"
    until(lambda: _answers(origin), 60)
    yield origin
    server.kill()
    server.wait()


def _answers(origin: str) -> bool:
    try:
        return httpx.get(origin, timeout=5).status_code == 200
    except httpx.HTTPError:
        return False


def paths(shared: Path) -> list[str]:
    source = (shared / "cases" / "odd_endpoints.py").read_text(encoding="utf-8")
    return ["plain", *dict.fromkeys(re.findall(r"case=='(\w+)'", source))]


async def test_every_path_gives_minutes_and_answers_or_says_why_not(origin: str, shared: Path) -> None:
    async def no_pause(_seconds: float) -> None:
        pass

    outcomes = {}
    for path in paths(shared):
        meeting = SHORT_MEETING if path == SLOW else MEETING
        model = LanguageModelClient(Endpoint(f"{origin}/{path}/v1", "a-key", "m", allow_private=True), no_pause)
        try:
            summary = await summarize(meeting, BUILT_IN["bluf"], "zh", CachedModel(model), lambda _done, _total: None)
            found = Answer()
            _ = [text async for text in answer(meeting, "接口联调怎么样", [], model, found)]
            coverage = summary.minutes.coverage
            outcomes[path] = f"{coverage.covered} of {coverage.segments}, {len(found.citations)} citations"
        except LanguageModelError as error:
            outcomes[path] = error.code.removeprefix("language_model_")
        finally:
            await model.close()

    expected = {path: CODES.get(path, "160 of 160, 1 citations") for path in outcomes}
    expected[SLOW] = "5 of 5, 1 citations"
    assert outcomes == expected
