"""Windows of a document, read by a language model side by side; those that came to nothing are named."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Sequence
from typing import Any, TypeVar

from backend.engines.language import LanguageModelError
from backend.minutes.asking import nothing_at_all
from backend.minutes.sections import Section, segment_at
from backend.transcripts.document import Document

#: Told how many seconds of the audio are done, of how many.
Progress = Callable[[float, float], None]
Result = TypeVar("Result")


async def read_windows(
    windows: Sequence[Section],
    document: Document,
    read: Callable[[Section], Awaitable[None]],
    progress: Progress,
    *,
    patient: bool,
) -> list[str]:
    """Codes of the windows that came to nothing. Raises LanguageModelError where all did; and, where `patient`, for the
    first window that may succeed later."""
    done = 0.0
    codes: list[str] = []

    async def of_one(window: Section) -> None:
        nonlocal done
        try:
            await read(window)
        except LanguageModelError as error:
            if error.retry and patient:
                raise
            codes.append(error.code)
        own = window.own
        done += segment_at(document, own[-1].number).end - segment_at(document, own[0].number).start
        progress(min(done, document.duration), document.duration)

    await side_by_side(of_one(window) for window in windows)
    if windows and len(codes) == len(windows):
        raise nothing_at_all(codes[0])
    return codes


async def side_by_side(work: Iterable[Coroutine[Any, Any, Result]]) -> list[Result]:
    """What came of each, in order. Where one fails the others are not waited for."""
    tasks = [asyncio.create_task(one) for one in work]
    try:
        return list(await asyncio.gather(*tasks))
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
