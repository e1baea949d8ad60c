"""The full-text index: a passage for each segment of the newest version of a transcript, a text for each name and each
statement of minutes. No backup has it: it is made again from the recordings after a restore."""

from sqlalchemy import DDL, ForeignKey, Index, String, Table, UniqueConstraint, event
from sqlalchemy.orm import Mapped, mapped_column

from backend.database import NOT_BACKED_UP, Base, BigInt, LongText
from backend.search import full_text


class Passage(Base):
    """Each database keeps the terms of its passages in its own way: see `backend.search.full_text`."""

    __tablename__ = "passages"
    __table_args__ = (
        Index(None, "recording_id", "position"),
        Index(None, "owner_id", "speaker"),
        {"sqlite_autoincrement": True, **NOT_BACKED_UP},  # an id that was used once is never another passage
    )

    id: Mapped[int] = mapped_column(BigInt, primary_key=True)
    recording_id: Mapped[str] = mapped_column(ForeignKey("recordings.id", ondelete="CASCADE"))
    owner_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    segment_id: Mapped[str] = mapped_column(String(64))
    position: Mapped[int]  #: of the segment in the document, from 0
    start: Mapped[float]  #: seconds from the start of the recording
    end: Mapped[float]
    speaker: Mapped[str | None] = mapped_column(String(255))  #: the name that a person gave; None without one
    text: Mapped[str] = mapped_column(LongText)
    #: When words begin: pairs of an offset in `text` and hundredths of a second after `start`, as JSON.
    times: Mapped[str] = mapped_column(LongText)


class SearchText(Base):
    """A text of a recording that nobody said: see `backend.search.texts`."""

    __tablename__ = "search_texts"
    __table_args__ = (
        UniqueConstraint("recording_id", "kind", "part"),
        Index(None, "owner_id", "kind"),
        {"sqlite_autoincrement": True, **NOT_BACKED_UP},
    )

    id: Mapped[int] = mapped_column(BigInt, primary_key=True)
    recording_id: Mapped[str] = mapped_column(ForeignKey("recordings.id", ondelete="CASCADE"))
    owner_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    kind: Mapped[str] = mapped_column(String(16))  #: a `backend.search.texts.Kind`
    part: Mapped[str] = mapped_column(String(64))  #: which of its kind, in its recording
    position: Mapped[int]  #: among those of its kind, from 0
    text: Mapped[str] = mapped_column(LongText)


class PassageState(Base):
    """Which versions the index of a recording is of. Without a row it is not indexed yet."""

    __tablename__ = "passage_states"
    __table_args__ = NOT_BACKED_UP

    recording_id: Mapped[str] = mapped_column(ForeignKey("recordings.id", ondelete="CASCADE"), primary_key=True)
    version: Mapped[int]  #: of the transcript; 0 without one
    minutes: Mapped[int] = mapped_column(default=0, server_default="0")  #: version of the minutes; 0 without
    rules: Mapped[int] = mapped_column(index=True)  #: the number of the rules of terms: see `backend.search.terms`


def _make_full_text(table: Table) -> None:
    """With the table, where it is made without migrations."""
    for dialect in ("sqlite", "postgresql", "mysql", "mariadb"):
        for statement in full_text.statements(dialect, table.name).values():
            made: DDL = DDL(statement)  # type: ignore[no-untyped-call]
            event.listen(table, "after_create", made.execute_if(dialect=dialect))


for _name in full_text.TABLES:
    _make_full_text(Base.metadata.tables[_name])
