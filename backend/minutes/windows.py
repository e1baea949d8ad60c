"""Windows of a document, read by a language model in parallel; failed windows are reported."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Sequence
from typing import Any, TypeVar

from backend.engines.language_model_protocol import LanguageModelError
from backend.minutes.cached_model import no_usable_answer
from backend.minutes.sections import Section, segment_at
from backend.transcripts.document import Document

#: Called with the seconds of audio that are done, and all seconds.
Progress = Callable[[float, float], None]
Result = TypeVar("Result")


async def read_windows(
    windows: Sequence[Section],
    document: Document,
    read: Callable[[Section], Awaitable[None]],
    progress: Progress,
    *,
    fail_on_retryable: bool,
) -> list[str]:
    """The codes of the failed windows. Raises LanguageModelError where all failed; with `fail_on_retryable`, also for
    the first window that may succeed later."""
    done = 0.0
    codes: list[str] = []

    async def read_one(window: Section) -> None:
        nonlocal done
        try:
            await read(window)
        except LanguageModelError as error:
            if error.retry and fail_on_retryable:
                raise
            codes.append(error.code)
        own = window.own
        done += segment_at(document, own[-1].number).end - segment_at(document, own[0].number).start
        progress(min(done, document.duration), document.duration)

    await gather_or_cancel(read_one(window) for window in windows)
    if windows and len(codes) == len(windows):
        raise no_usable_answer(codes[0])
    return codes


async def gather_or_cancel(work: Iterable[Coroutine[Any, Any, Result]]) -> list[Result]:
    """The results in order. When one fails, the others are cancelled."""
    tasks = [asyncio.create_task(one) for one in work]
    try:
        return list(await asyncio.gather(*tasks))
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
