"""The full-text index: one passage for each segment of the newest version of a transcript. No backup has it: it is made
again from the transcripts after a restore."""

from sqlalchemy import DDL, ForeignKey, Index, String, event
from sqlalchemy.orm import Mapped, mapped_column

from backend.database import NOT_BACKED_UP, Base, BigInt, LongText

#: Of the passages, on the other databases; no column for SQLAlchemy.
FULL_TEXT_COLUMN = "terms"

#: SQLite's, and how the names of the tables begin that it keeps for it.
FULL_TEXT_TABLE = "passages_fts"


class Passage(Base):
    """Each database keeps the terms of its passages in its own way: see `backend.search.index`."""

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


class PassageState(Base):
    """Which version of a transcript the passages of a recording are of. Without a row it is not indexed yet."""

    __tablename__ = "passage_states"
    __table_args__ = NOT_BACKED_UP

    recording_id: Mapped[str] = mapped_column(ForeignKey("recordings.id", ondelete="CASCADE"), primary_key=True)
    version: Mapped[int]
    rules: Mapped[int]  #: the number of the rules of terms: see `backend.search.terms`


#: What each kind of database has for the terms of passages; no part of the table for SQLAlchemy.
_FULL_TEXT = {
    "sqlite": (
        "CREATE VIRTUAL TABLE passages_fts USING fts5"
        "(terms, content='', detail='none', columnsize=0, tokenize='ascii', prefix='5')",
    ),
    "postgresql": (
        "ALTER TABLE passages ADD COLUMN terms tsvector",
        "CREATE INDEX ix_passages_terms ON passages USING gin (terms)",
    ),
    "mysql": (
        "ALTER TABLE passages ADD COLUMN terms LONGTEXT CHARACTER SET ascii",
        "CREATE FULLTEXT INDEX ix_passages_terms ON passages (terms)",
    ),
}
for _dialect, _statements in (*_FULL_TEXT.items(), ("mariadb", _FULL_TEXT["mysql"])):
    for _statement in _statements:
        _made: DDL = DDL(_statement)  # type: ignore[no-untyped-call]
        event.listen(Passage.__table__, "after_create", _made.execute_if(dialect=_dialect))
