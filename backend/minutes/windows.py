"""Windows of a document, read by a language model in parallel; failed windows are reported."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Sequence
from typing import Any, TypeVar

from backend.engines.language_model_protocol import LanguageModelError
from backend.minutes.cached_model import TOO_LONG, no_usable_answer
from backend.minutes.sections import Section, segment_at
from backend.transcripts.document import Document

#: Called with the seconds of audio that are done, and all seconds.
Progress = Callable[[float, float], None]
Result = TypeVar("Result")
#: How often a window that is too long is split in half and read again.
_HALVINGS = 2


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
    errors: list[LanguageModelError] = []

    async def read_one(window: Section) -> None:
        nonlocal done
        found = await _read(window, read, fail_on_retryable, _HALVINGS)
        errors.extend(found[:1])
        own = window.own
        done += segment_at(document, own[-1].number).end - segment_at(document, own[0].number).start
        progress(min(done, document.duration), document.duration)

    await gather_or_cancel(read_one(window) for window in windows)
    if windows and len(errors) == len(windows):
        raise no_usable_answer(errors[0])
    return [error.code for error in errors]


async def _read(
    window: Section, read: Callable[[Section], Awaitable[None]], fail_on_retryable: bool, halvings: int
) -> list[LanguageModelError]:
    """The errors of the window, or of its halves where it was too long."""
    try:
        await read(window)
    except LanguageModelError as error:
        if error.code in TOO_LONG and halvings and len(window.own) > 1:
            halves = [await _read(half, read, fail_on_retryable, halvings - 1) for half in window.split_in_half()]
            return [one for errors in halves for one in errors]
        if error.retry and fail_on_retryable:
            raise
        return [error]
    return []


async def gather_or_cancel(work: Iterable[Coroutine[Any, Any, Result]]) -> list[Result]:
    """The results in order. When one fails, the others are cancelled."""
    tasks = [asyncio.create_task(one) for one in work]
    try:
        return list(await asyncio.gather(*tasks))
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
