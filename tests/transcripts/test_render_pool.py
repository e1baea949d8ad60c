import asyncio
import io
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from docx import Document as open_document
from starlette.exceptions import HTTPException
from starlette.requests import Request

from backend.disconnects import end_with_client
from backend.transcripts.document import Document, document_to_json
from backend.transcripts.export import FORMATS, export
from backend.transcripts.export_style import ExportStyle
from backend.transcripts.render_pool import ExportTooLarge, RenderPool, TooManyExports
from backend.transcripts.script import Script
from tests.transcripts.rendered import die, process_id, use_memory, wait_for_a_file

LOOK = ExportStyle(times=False, script=Script.TRADITIONAL)


@pytest.fixture
async def render_pool(tmp_path: Path) -> AsyncIterator[RenderPool]:
    render_pool = RenderPool(tmp_path)
    yield render_pool
    await render_pool.close()


async def until_exists(*paths: Path) -> None:
    while not all(path.exists() and path.read_text() for path in paths):
        await asyncio.sleep(0.01)


def is_running(process: Path) -> bool:
    return psutil.pid_exists(int(process.read_text()))


@pytest.mark.parametrize("format", [format for format in FORMATS if format not in ("docx", "pdf")])
async def test_the_pool_returns_the_export(render_pool: RenderPool, document: Document, format: str) -> None:
    rendered = await render_pool.render(document_to_json(document), format, "周会", LOOK, user_id="ada")

    assert rendered == export(document, format, "周会", LOOK)


async def test_a_word_document_is_the_same_from_the_pool(render_pool: RenderPool, document: Document) -> None:
    def texts(file: bytes) -> list[str]:
        return [one.text for one in open_document(io.BytesIO(file)).paragraphs]

    made = await render_pool.render(document_to_json(document), "docx", "周会", LOOK, user_id="ada")

    assert texts(made) == texts(export(document, "docx", "周会", LOOK))


async def test_concurrent_requests_all_get_their_file(render_pool: RenderPool, document: Document) -> None:
    wanted = document_to_json(document)

    made = await asyncio.gather(
        *[render_pool.render(wanted, "md", f"会 {number}", LOOK, user_id=f"user {number % 3}") for number in range(6)]
    )

    assert [file.decode().splitlines()[0] for file in made] == [f"# 会 {number}" for number in range(6)]


async def test_a_failed_child_reports_only_the_type_of_its_error(render_pool: RenderPool) -> None:
    with pytest.raises(RuntimeError, match="failed: KeyError") as failed:
        await render_pool.render({"what was said": "a secret"}, "docx", "x", LOOK, user_id="ada")

    assert "secret" not in str(failed.value)


async def test_no_format_is_rendered_in_the_server(render_pool: RenderPool) -> None:
    assert int(await render_pool.run(process_id, user_id="ada")) != os.getpid()


async def test_a_child_is_used_again_until_the_pool_closes(render_pool: RenderPool) -> None:
    first = await render_pool.run(process_id, user_id="ada")
    second = await render_pool.run(process_id, user_id="bo")

    await render_pool.close()

    assert first == second
    assert not psutil.pid_exists(int(first))


async def test_a_child_that_died_while_it_was_idle_is_replaced(render_pool: RenderPool) -> None:
    first = psutil.Process(int(await render_pool.run(process_id, user_id="ada")))
    first.kill()

    assert int(await render_pool.run(process_id, user_id="ada")) != first.pid


async def test_one_user_has_one_of_two_seats(render_pool: RenderPool, tmp_path: Path) -> None:
    started, until = [tmp_path / name for name in "abc"], tmp_path / "until"
    ada = [asyncio.create_task(render_pool.run(wait_for_a_file, one, until, user_id="ada")) for one in started[:2]]
    await until_exists(started[0])

    bo = asyncio.create_task(render_pool.run(wait_for_a_file, started[2], until, user_id="bo"))
    await until_exists(started[2])

    assert not started[1].exists()
    until.touch()
    assert await asyncio.gather(*ada, bo) == [b"done"] * 3


async def test_a_user_cannot_have_any_number_of_exports_wait(render_pool: RenderPool, tmp_path: Path) -> None:
    started, until = tmp_path / "started", tmp_path / "until"
    waiting = [asyncio.create_task(render_pool.run(wait_for_a_file, started, until, user_id="ada")) for _ in range(20)]
    await until_exists(started)

    with pytest.raises(TooManyExports):
        await render_pool.run(process_id, user_id="ada")
    until.touch()

    assert await asyncio.gather(*waiting) == [b"done"] * 20
    assert await render_pool.run(process_id, user_id="ada")


async def test_an_export_past_its_deadline_is_ended_and_its_seat_is_free(tmp_path: Path) -> None:
    pool = RenderPool(tmp_path, max_concurrent=1, seconds=5)
    child = int(await pool.run(process_id, user_id="ada"))

    with pytest.raises(ExportTooLarge):
        await pool.run(wait_for_a_file, tmp_path / "started", tmp_path / "never", user_id="ada")

    assert not psutil.pid_exists(child)
    assert await pool.run(process_id, user_id="bo")
    await pool.close()


async def test_an_export_that_takes_too_much_memory_is_refused(tmp_path: Path) -> None:
    pool = RenderPool(tmp_path, memory_bytes=1024**3)

    with pytest.raises(ExportTooLarge):
        await pool.run(use_memory, 2 * 1024**3, user_id="ada")

    assert await pool.run(process_id, user_id="ada")
    await pool.close()


async def test_a_child_that_ends_early_is_an_error_and_frees_its_seat(tmp_path: Path) -> None:
    pool = RenderPool(tmp_path, max_concurrent=1)

    with pytest.raises(RuntimeError, match="the process ended"):
        await pool.run(die, user_id="ada")

    assert await pool.run(process_id, user_id="ada")
    await pool.close()


async def test_an_export_ends_when_its_client_disconnects(render_pool: RenderPool, tmp_path: Path) -> None:
    started, never = tmp_path / "started", tmp_path / "never"

    async def receive() -> dict[str, Any]:
        await until_exists(started)
        return {"type": "http.disconnect"}

    request = Request({"type": "http", "method": "GET", "path": "/", "headers": []}, receive)
    with pytest.raises(HTTPException, match="disconnected"):
        await end_with_client(request, render_pool.run(wait_for_a_file, started, never, user_id="ada"))

    assert not is_running(started)
    assert await render_pool.run(process_id, user_id="ada")
