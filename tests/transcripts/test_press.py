import asyncio
import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from docx import Document as open_document

from backend.transcripts.document import Document, document_to_json
from backend.transcripts.export import FORMATS, export
from backend.transcripts.look import Look, Script
from backend.transcripts.press import Press

LOOK = Look(times=False, script=Script.TRADITIONAL)


@pytest.fixture
def press(tmp_path: Path) -> Iterator[Press]:
    press = Press(tmp_path)
    yield press
    press.close()


@pytest.mark.parametrize("format", [format for format in FORMATS if format not in ("docx", "pdf")])
async def test_what_comes_out_is_the_export(press: Press, document: Document, format: str) -> None:
    assert await press.make(document_to_json(document), format, "周会", LOOK) == export(document, format, "周会", LOOK)


async def test_a_child_makes_the_same_document(press: Press, document: Document) -> None:
    def texts(file: bytes) -> list[str]:
        return [one.text for one in open_document(io.BytesIO(file)).paragraphs]

    made = await press.make(document_to_json(document), "docx", "周会", LOOK)

    assert texts(made) == texts(export(document, "docx", "周会", LOOK))


async def test_many_at_once_all_get_theirs(press: Press, document: Document) -> None:
    wanted = document_to_json(document)

    made = await asyncio.gather(*[press.make(wanted, "docx", f"会 {number}", LOOK) for number in range(4)])

    assert [open_document(io.BytesIO(file)).core_properties.title for file in made] == [f"会 {n}" for n in range(4)]


async def test_a_child_that_fails_says_only_how(press: Press) -> None:
    with pytest.raises(RuntimeError, match="no docx was made: KeyError") as failed:
        await press.make({"what was said": "a secret"}, "docx", "x", LOOK)

    assert "secret" not in str(failed.value)
