"""Minutes as a Word document: headings and lists in its own styles, each statement with the times of its evidence."""

import io
from collections.abc import Iterable

from backend.minutes.outline import Entry, Kind
from backend.transcripts.file_properties import FileProperties

_STYLES = {
    Kind.TITLE: "Title",
    Kind.NOTE: "Intense Quote",
    Kind.HEADING: "Heading 1",
    Kind.ITEM: "List Bullet",
    Kind.POINT: "List Bullet 2",
    Kind.TASK: "List Bullet",
}


def docx(entries: Iterable[Entry], title: str, language: str, properties: FileProperties) -> bytes:
    """The whole file. It contains text only and no external references. `language` is a tag: zh-CN."""
    from backend.transcripts.word_file import add_run, new_word  # the import takes half a second

    word = new_word(title, language, properties)
    for entry in entries:
        paragraph = word.add_paragraph(style=_STYLES.get(entry.kind, "Normal"))
        if entry.kind is Kind.TASK:
            add_run(paragraph, "☑ " if entry.done else "☐ ")
        if entry.lead:
            add_run(paragraph, f"{entry.lead}{'：' if entry.kind is Kind.FACT else ' '}", bold=True)
        add_run(paragraph, entry.text)
        if entry.url:
            add_run(paragraph, f" {entry.url}", muted=True)
        if entry.doubt:
            add_run(paragraph, f" ⟨{entry.doubt}⟩")
        if entry.times:
            add_run(paragraph, f" {', '.join(entry.times)}", muted=True)
    file = io.BytesIO()
    word.save(file)
    return file.getvalue()
