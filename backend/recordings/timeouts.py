"""Timeouts and cancellation for asyncio."""

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

Result = TypeVar("Result")


async def with_timeout(seconds: float | None, awaited: Awaitable[Result]) -> Result:
    """The result, or asyncio.TimeoutError after so many seconds.

    Unlike `asyncio.wait_for` before Python 3.12 this does not swallow a cancellation that arrives with the result.
    """
    task = asyncio.ensure_future(awaited)
    try:
        done, _ = await asyncio.wait({task}, timeout=seconds)
    except asyncio.CancelledError:
        await _cancel(task)
        raise
    if not done:
        await _cancel(task)
        raise asyncio.TimeoutError
    return task.result()


async def run_to_completion(work: Awaitable[Result]) -> Result:
    """The result. A caller that is cancelled still waits for the end, so that no cleanup runs during the work."""
    task = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.gather(task, return_exceptions=True)
        raise


async def _cancel(task: "asyncio.Future[Result]") -> None:
    task.cancel()
    await asyncio.wait({task})
    if not task.cancelled():
        task.exception()  # retrieved, or asyncio would warn about it
