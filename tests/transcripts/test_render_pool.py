import asyncio
import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from docx import Document as open_document

from backend.transcripts.document import Document, document_to_json
from backend.transcripts.export import FORMATS, export
from backend.transcripts.export_style import ExportStyle, Script
from backend.transcripts.render_pool import RenderPool

LOOK = ExportStyle(times=False, script=Script.TRADITIONAL)


@pytest.fixture
def render_pool(tmp_path: Path) -> Iterator[RenderPool]:
    render_pool = RenderPool(tmp_path)
    yield render_pool
    render_pool.close()


@pytest.mark.parametrize("format", [format for format in FORMATS if format not in ("docx", "pdf")])
async def test_the_pool_returns_the_export(render_pool: RenderPool, document: Document, format: str) -> None:
    assert await render_pool.render(document_to_json(document), format, "周会", LOOK) == export(
        document, format, "周会", LOOK
    )


async def test_a_child_renders_the_same_document(render_pool: RenderPool, document: Document) -> None:
    def texts(file: bytes) -> list[str]:
        return [one.text for one in open_document(io.BytesIO(file)).paragraphs]

    made = await render_pool.render(document_to_json(document), "docx", "周会", LOOK)

    assert texts(made) == texts(export(document, "docx", "周会", LOOK))


async def test_concurrent_requests_all_get_their_file(render_pool: RenderPool, document: Document) -> None:
    wanted = document_to_json(document)

    made = await asyncio.gather(*[render_pool.render(wanted, "docx", f"会 {number}", LOOK) for number in range(4)])

    assert [open_document(io.BytesIO(file)).core_properties.title for file in made] == [f"会 {n}" for n in range(4)]


async def test_a_failed_child_reports_only_the_type_of_its_error(render_pool: RenderPool) -> None:
    with pytest.raises(RuntimeError, match="docx was not rendered: KeyError") as failed:
        await render_pool.render({"what was said": "a secret"}, "docx", "x", LOOK)

    assert "secret" not in str(failed.value)
