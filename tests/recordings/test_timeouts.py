import asyncio

import pytest

from backend.recordings.timeouts import with_timeout


async def test_a_result_in_time_is_returned() -> None:
    assert await with_timeout(5, asyncio.sleep(0, "answer")) == "answer"


async def test_after_the_timeout_the_awaited_task_is_cancelled() -> None:
    never: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    with pytest.raises(asyncio.TimeoutError):
        await with_timeout(0.01, never)

    assert never.cancelled()


async def test_a_cancellation_that_arrives_with_the_result_is_not_lost() -> None:
    answer: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    waiting = asyncio.create_task(with_timeout(5, answer))
    await asyncio.sleep(0)

    answer.set_result("answer")
    waiting.cancel()

    with pytest.raises(asyncio.CancelledError):
        await waiting
