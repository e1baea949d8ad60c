"""What minutes, polish and repair cost: calls, tokens and time per hour of audio, against a fake server."""

import asyncio
import time
from collections.abc import Awaitable, Callable

from rich.console import Console
from rich.table import Table

from backend.engines.language_model_client import LanguageModelClient
from backend.engines.language_model_protocol import estimate_tokens
from backend.engines.model_endpoint import Endpoint
from backend.minutes.cached_model import CachedModel
from backend.minutes.polish import polish
from backend.minutes.repair import propose
from backend.minutes.summarize import summarize
from backend.minutes.templates import BUILT_IN
from backend.transcripts.document import Document
from benchmarks.machine import describe
from tests.language_server import KEY, MODEL, ModelRequest, Reply, serve_language
from tests.minutes.conftest import long_talk
from tests.minutes.models import good, is_section, is_whole, lines_of

#: Limit of prompt tokens, as a multiple of the transcript's tokens.
TOKEN_LIMIT = 1.4

Work = Callable[[Document, CachedModel], Awaitable[str]]


def run(hours: float, latency: float) -> int:
    """Print the figures; returns 1 if a limit is exceeded or a section was left out."""
    console = Console()
    console.print(describe(), highlight=False)
    document = long_talk(hours)
    own = estimate_tokens("\n".join(segment.text for segment in document.segments))
    console.print(
        f"{hours:g} h, {len(document.segments)} segments, {own} tokens; {latency:g} s an answer", highlight=False
    )
    table = Table(
        "", "context", "open at once", "calls/h", "prompt tokens/h", "of its own", "answer tokens/h", "s/h", "read"
    )
    passed = True
    for name, work in (("minutes", _minutes), ("polish", _polish), ("repair", _repair)):
        for context, concurrent in ((8192, 1), (8192, 4), (32768, 4)):
            cached_model, seconds, read = asyncio.run(_measure(document, work, context, concurrent, latency))
            ratio = cached_model.usage.prompt_tokens / own
            passed = passed and ratio <= TOKEN_LIMIT and read == "all"
            usage = cached_model.usage
            per_hour = (usage.calls / hours, usage.prompt_tokens / hours, usage.completion_tokens / hours)
            calls, prompt, answer = (f"{value:.0f}" for value in per_hour)
            row = (name, str(context), str(concurrent), calls, prompt, f"{ratio:.2f}", answer, f"{seconds / hours:.2f}")
            table.add_row(*row, read)
    console.print(table)
    console.print(f"limit of prompt tokens: {TOKEN_LIMIT} of the transcript's own", highlight=False)
    return 0 if passed else 1


async def _measure(
    document: Document, work: Work, context: int, concurrent: int, latency: float
) -> tuple[CachedModel, float, str]:
    with serve_language(_answer, context=context, latency=latency) as server:
        endpoint = Endpoint(server.url, KEY, MODEL, context_tokens=context, concurrent=concurrent, allow_private=True)
        model = LanguageModelClient(endpoint)
        cached_model = CachedModel(model)
        started = time.perf_counter()
        try:
            read = await work(document, cached_model)
        finally:
            await model.close()
        seconds, count = time.perf_counter() - started, len(document.segments)
        shown = {number for request in server.requests for number, _, _ in lines_of(request)}
        return cached_model, seconds, read if len(shown) == count else f"{len(shown)} of {count} shown"


async def _minutes(document: Document, cached_model: CachedModel) -> str:
    made = await summarize(document, BUILT_IN["bluf"], "zh", cached_model, lambda done, total: None)
    coverage = made.minutes.coverage
    return "all" if coverage.covered == coverage.segments else f"{coverage.covered} of {coverage.segments}"


async def _polish(document: Document, cached_model: CachedModel) -> str:
    made = await polish(document, [], cached_model, lambda done, total: None)
    changed = len(made.changes)
    return "all" if changed == len(document.segments) else f"{changed} of {len(document.segments)}"


async def _repair(document: Document, cached_model: CachedModel) -> str:
    made = await propose(document, cached_model, lambda done, total: None)
    return "all" if not made.warnings else made.warnings[0]["detail"]


def _answer(request: ModelRequest) -> Reply:
    if is_section(request) or is_whole(request):
        return good(request)
    if "切错" in request.system:
        return Reply({"repairs": []})
    return Reply({"lines": [{"n": number, "t": text + "！"} for number, _, text in lines_of(request)]})
