"""Minutes as PDF: its outline lists the parts, each statement has the times of its evidence."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from backend.minutes.outline import Entry, Kind
from backend.transcripts.file_properties import FileProperties


def pdf(
    entries: Iterable[Entry], title: str, language: str, fonts: Sequence[Path], properties: FileProperties
) -> bytes:
    """The whole file. `fonts` are those of `backend.transcripts.fonts.fonts_of`, `language` is a tag: zh-CN."""
    from backend.transcripts.pdf_layout import ACCENT, MUTED, TEXT, Block, write_pdf

    def blocks() -> Iterator[Block]:
        for entry in entries:
            colon = "：" if entry.kind is Kind.FACT else " "
            doubt = f" 〈{entry.doubt}〉" if entry.doubt else ""
            behind = f"{doubt}  {' '.join(entry.times)}".rstrip()
            lead = (f"{entry.lead}{colon}" if entry.lead else "", ACCENT)
            pieces = (lead, (entry.text, TEXT), (f" {entry.url}" if entry.url else "", MUTED), (behind, MUTED))
            match entry.kind:
                case Kind.TITLE:
                    yield Block("H1", pieces, 18, 28)
                case Kind.HEADING:
                    yield Block("H2", ((entry.text, ACCENT),), 13, 22, space=10, keep_with_next=True, outline=True)
                case Kind.NOTE:
                    yield Block("P", ((entry.text, MUTED),), 9.5, 16, space=4)
                case Kind.POINT:
                    yield Block("LI", pieces, 10, 16, indent=32, mark="– ")
                case Kind.TASK:
                    yield Block("LI", pieces, indent=16, mark="✓ " if entry.done else "□ ", space=2)
                case Kind.ITEM:
                    yield Block("LI", pieces, indent=16, mark="• ", space=2)
                case _:
                    yield Block("P", pieces)

    return write_pdf(title, blocks(), fonts, language, properties)
