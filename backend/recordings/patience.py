"""Waiting no longer than a person would, and as long as it takes where something must not be left half done."""

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

Answer = TypeVar("Answer")


async def within(seconds: float | None, awaited: Awaitable[Answer]) -> Answer:
    """The answer, or asyncio.TimeoutError after so many seconds.

    Unlike `asyncio.wait_for` before Python 3.12 this never swallows a cancellation that comes together with the answer.
    """
    task = asyncio.ensure_future(awaited)
    try:
        done, _ = await asyncio.wait({task}, timeout=seconds)
    except asyncio.CancelledError:
        await _dropped(task)
        raise
    if not done:
        await _dropped(task)
        raise asyncio.TimeoutError
    return task.result()


async def to_its_end(work: Awaitable[Answer]) -> Answer:
    """The answer. Who is cancelled still waits for the end: nobody cleans up under somebody who is writing."""
    running = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        await asyncio.gather(running, return_exceptions=True)
        raise


async def _dropped(task: "asyncio.Future[Answer]") -> None:
    task.cancel()
    await asyncio.wait({task})
    if not task.cancelled():
        task.exception()  # seen, and no longer of interest
