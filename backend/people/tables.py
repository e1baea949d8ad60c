"""The tables of people and of the samples of their voices."""

from datetime import datetime

from sqlalchemy import JSON, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from backend.database import Base, LongText, UtcDateTime, new_id, utc_now


class Person(Base):
    """Somebody who speaks in the owner's recordings. Samples exist only of people with a consent."""

    __tablename__ = "people"
    __table_args__ = (Index(None, "owner_id", "name"),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    owner_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(64))
    note: Mapped[str] = mapped_column(Text, default="")
    consent_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  #: when the person consented; None: they have not
    consent_how: Mapped[str] = mapped_column(String(200), default="")  #: how, in the owner's words
    consent_by: Mapped[str] = mapped_column(String(64), default="")  #: the name of the user who noted it
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)


class Sample(Base):
    """How a person sounds in one recording, as its speaker `speaker`. Rows are added and deleted, never changed, and a
    profile is computed from them each time: without a sample it is exactly what it was before."""

    __tablename__ = "samples"
    __table_args__ = (UniqueConstraint("recording_id", "speaker"), Index(None, "person_id"), Index(None, "owner_id"))

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    owner_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    person_id: Mapped[str] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"))
    recording_id: Mapped[str] = mapped_column(ForeignKey("recordings.id", ondelete="CASCADE"))
    speaker: Mapped[str] = mapped_column(String(64))  #: its id in the transcript
    name: Mapped[str] = mapped_column(String(64))  #: what the speaker was called; with another name it is no sample
    model: Mapped[str] = mapped_column(String(64))  #: the diarizer whose vector it is
    vector: Mapped[str] = mapped_column(LongText)  #: encrypted; see `backend.people.samples`
    seconds: Mapped[float]  #: of speech in which nobody else spoke
    clips: Mapped[list[list[float]]] = mapped_column(JSON)  #: [[start, end], …] in the recording, to listen to
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)


class Refusal(Base):
    """Somebody has said that this speaker of a recording is not this person: it is not suggested again."""

    __tablename__ = "refusals"

    recording_id: Mapped[str] = mapped_column(ForeignKey("recordings.id", ondelete="CASCADE"), primary_key=True)
    speaker: Mapped[str] = mapped_column(String(64), primary_key=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"), primary_key=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
