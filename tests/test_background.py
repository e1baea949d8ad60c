import asyncio

from backend.background import BackgroundTasks


async def test_finish_waits_for_all_tasks_even_if_one_fails() -> None:
    tasks = BackgroundTasks()
    done: list[str] = []

    async def succeed() -> None:
        await asyncio.sleep(0)
        done.append("succeeded")

    async def fail() -> None:
        raise ValueError("a failure of one task")

    tasks.start(fail())
    tasks.start(succeed())
    await tasks.finish()

    assert ["succeeded"] == done
