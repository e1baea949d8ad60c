"""Results of language models for a recording's transcripts, and the models' settings. Every row has an owner."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from backend.database import Base, UtcDateTime, new_id, utc_now


class Minutes(Base):
    """One version of the minutes of a recording. Rows are added; only the state of a proposal changes."""

    __tablename__ = "minutes"
    __table_args__ = (UniqueConstraint("recording_id", "number"),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    recording_id: Mapped[str] = mapped_column(ForeignKey("recordings.id", ondelete="CASCADE"))
    owner_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    job_id: Mapped[str | None] = mapped_column(String(32))
    number: Mapped[int]  #: from 1
    transcript: Mapped[int]  #: number of the transcript version they were made from
    author_id: Mapped[str | None] = mapped_column(String(32))  #: the person who saved this version, where one did
    proposal: Mapped[str | None] = mapped_column(String(8))  #: open or closed: by a model, beside edited minutes
    template: Mapped[dict[str, Any]] = mapped_column(JSON)  #: a copy: key, name, guidance, parts, version
    model: Mapped[str] = mapped_column(String(128))
    content: Mapped[dict[str, Any]] = mapped_column(JSON)  #: see `backend.minutes.schema`
    mirrored: Mapped[bool] = mapped_column(
        default=False, index=True
    )  #: their files are written under uploads/transcripts/
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)


class ReviewRow:
    """The result of a language model for one version of a transcript."""

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    recording_id: Mapped[str] = mapped_column(ForeignKey("recordings.id", ondelete="CASCADE"))
    owner_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    job_id: Mapped[str | None] = mapped_column(String(32))
    base: Mapped[int]  #: number of the transcript's version that was read
    model: Mapped[str] = mapped_column(String(128))
    calls: Mapped[int] = mapped_column(default=0)
    prompt_tokens: Mapped[int] = mapped_column(default=0)
    completion_tokens: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)


class Polish(ReviewRow, Base):
    """The changes of a polish, the version with them, and the refused changes."""

    __tablename__ = "polishes"
    __table_args__ = (Index(None, "recording_id", "created_at"),)

    number: Mapped[int | None]  #: of the version with the changes; none where nothing was changed
    changes: Mapped[list[dict[str, str]]] = mapped_column(JSON)  #: [{"segment", "before", "after"}]
    refused: Mapped[list[dict[str, str]]] = mapped_column(JSON)  #: [{"segment", "before", "after", "reason"}]


class Repair(ReviewRow, Base):
    """Proposed repairs of a transcript's segments. Each is applied only when a person accepts it."""

    __tablename__ = "repairs"
    __table_args__ = (Index(None, "recording_id", "created_at"),)

    items: Mapped[list[dict[str, Any]]] = mapped_column(JSON)  #: [{"change", "before", "after", "said"}]


class Translation(ReviewRow, Base):
    """The translation of a transcript into one language, line by line. Translating again changes the row."""

    __tablename__ = "translations"
    __table_args__ = (UniqueConstraint("recording_id", "language"),)

    language: Mapped[str] = mapped_column(String(8))  #: a key of `backend.minutes.translate.TARGETS`
    lines: Mapped[list[dict[str, Any]]] = mapped_column(JSON)  #: see `backend.minutes.translate.TranslatedLine`


class _AnyTemplateVersion:
    """One version of a template. The newest counts; a deleted template ends in a version with `deleted`."""

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    key: Mapped[str] = mapped_column(String(32))
    version: Mapped[int]  #: from 1
    name: Mapped[str] = mapped_column(String(64))
    guidance: Mapped[str] = mapped_column(Text)  #: part of the system prompt
    parts: Mapped[list[str]] = mapped_column(JSON)  #: shown in this order
    deleted: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)


class TemplateVersion(_AnyTemplateVersion, Base):
    """A version of a user's own template."""

    __tablename__ = "minutes_templates"
    __table_args__ = (UniqueConstraint("owner_id", "key", "version"),)

    owner_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))


class SharedTemplateVersion(_AnyTemplateVersion, Base):
    """A version of a template shared with all users. It stays when the admin who made it is deleted."""

    __tablename__ = "shared_templates"
    __table_args__ = (UniqueConstraint("key", "version"),)


class Exchange(Base):
    """A question about a recording and its answer, with the segments it cites."""

    __tablename__ = "exchanges"
    __table_args__ = (Index(None, "recording_id", "created_at"),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    recording_id: Mapped[str] = mapped_column(ForeignKey("recordings.id", ondelete="CASCADE"))
    owner_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    transcript: Mapped[int]  #: number of the transcript version the answer is from
    question: Mapped[str] = mapped_column(Text)
    answer: Mapped[str] = mapped_column(Text)  #: empty where the transcript does not answer it
    citations: Mapped[list[str]] = mapped_column(JSON)  #: ids of segments, in the order of their numbers
    prompt_tokens: Mapped[int] = mapped_column(default=0)
    completion_tokens: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)


class LanguageUse(Base):
    """One use of the language model, successful or not: for budgets."""

    __tablename__ = "language_uses"
    __table_args__ = (Index(None, "owner_id", "created_at"),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    owner_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    purpose: Mapped[str] = mapped_column(String(16))  #: minutes, polish, repair, translation, question, names or test
    endpoint: Mapped[str] = mapped_column(String(32), default="built-in", server_default="built-in", index=True)
    model: Mapped[str] = mapped_column(String(128))
    calls: Mapped[int]
    prompt_tokens: Mapped[int]
    completion_tokens: Mapped[int]
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)


class LanguageEndpoint(Base):
    """An endpoint of a language model, in addition to that of the settings."""

    __tablename__ = "language_endpoints"
    __table_args__ = (Index(None, "owner_id", "name"),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    owner_id: Mapped[str | None] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))  #: none: system-wide
    name: Mapped[str] = mapped_column(String(64))
    url: Mapped[str] = mapped_column(String(500))
    secret: Mapped[str] = mapped_column(Text)  #: the key, encrypted; empty where none is needed
    model: Mapped[str] = mapped_column(String(128))
    context_tokens: Mapped[int] = mapped_column(default=8192)
    allow_private: Mapped[bool] = mapped_column(default=False)  #: set by admins only
    protocol: Mapped[str] = mapped_column(String(16), default="openai", server_default="openai")
    temperature: Mapped[float | None]  #: none: the default
    sealed_headers: Mapped[str | None] = mapped_column(Text)  #: a JSON object of headers, encrypted
    parameters: Mapped[dict[str, Any] | None] = mapped_column(JSON)  #: further members of the requests' bodies
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)


class LanguageChoice(Base):
    """Which endpoint is used: system-wide (`whose` is the stored word "house"), or for one user."""

    __tablename__ = "language_choices"

    whose: Mapped[str] = mapped_column(String(32), primary_key=True)  #: the stored word house, or the user's id
    user_id: Mapped[str | None] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    endpoint: Mapped[str | None] = mapped_column(String(32))  #: none: the default
    own_endpoints: Mapped[bool] = mapped_column(default=False)  #: system-wide: users may have their own
