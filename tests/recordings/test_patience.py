import asyncio

import pytest

from backend.recordings.patience import within


async def test_an_answer_in_time_is_given() -> None:
    assert await within(5, asyncio.sleep(0, "answer")) == "answer"


async def test_an_answer_that_never_comes_is_given_up_and_stopped() -> None:
    never: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    with pytest.raises(asyncio.TimeoutError):
        await within(0.01, never)

    assert never.cancelled()


async def test_a_cancellation_that_comes_with_the_answer_is_not_lost() -> None:
    answer: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    waiting = asyncio.create_task(within(5, answer))
    await asyncio.sleep(0)

    answer.set_result("answer")
    waiting.cancel()

    with pytest.raises(asyncio.CancelledError):
        await waiting
