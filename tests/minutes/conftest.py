"""Documents to summarize, and a model behind a real server."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import pytest

from backend.engines.language_model_client import LanguageModelClient
from backend.engines.model_endpoint import Endpoint
from backend.minutes.cached_model import AnswerCache, CachedModel
from backend.speech.types import Segment
from backend.transcripts.document import Document, Speaker
from tests.language_server import KEY, MODEL, LanguageServer, Script, serve_language

#: Opens a model: (the cached model, its server)
MakeModel = Callable[..., AbstractAsyncContextManager[tuple[CachedModel, LanguageServer]]]


def talk(*texts: str, names: tuple[str | None, ...] = ("张三", None)) -> Document:
    """Speakers in turn, five seconds for each segment."""
    speakers = tuple(Speaker(f"S{place}", name) for place, name in enumerate(names, 1))
    segments = tuple(
        Segment(f"p{place}", place * 5.0, place * 5.0 + 4.0, text, speaker=speakers[place % len(speakers)].id)
        for place, text in enumerate(texts)
    )
    return Document(duration=len(texts) * 5.0, speakers=speakers, segments=segments)


def long_talk(hours: float) -> Document:
    """A segment every ten seconds, none like another."""
    count = int(hours * 360)
    tail = "我们把这一块的进展同步一下，下周继续跟进，有问题随时在群里说"
    speakers = tuple(Speaker(f"S{place}") for place in range(1, 6))
    segments = tuple(
        Segment(f"p{n}", n * 10.0, n * 10.0 + 9.0, f"第{n}项工作目前是正常的，{tail}。", speaker=speakers[n % 5].id)
        for n in range(count)
    )
    return Document(duration=count * 10.0, speakers=speakers, segments=segments)


@pytest.fixture
def make_model() -> MakeModel:
    @asynccontextmanager
    async def open_model(
        script: Script, *, context: int = 8192, cache: AnswerCache | None = None, timeout: float = 10.0
    ) -> AsyncIterator[tuple[CachedModel, LanguageServer]]:
        with serve_language(script, context=context) as server:
            endpoint = Endpoint(
                server.url, KEY, MODEL, context_tokens=context, concurrent=4, timeout=timeout, allow_private=True
            )
            model = LanguageModelClient(endpoint, _no_pause)
            try:
                yield CachedModel(model, cache), server
            finally:
                await model.close()

    return open_model


async def _no_pause(_seconds: float) -> None:
    pass
