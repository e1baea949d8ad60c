"""What a language model made of a recording's transcripts, and how it was asked. Every row has its owner."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from backend.database import Base, UtcDateTime, new_id, utc_now


class Minutes(Base):
    """One version of the minutes of a recording. Rows are added, never changed."""

    __tablename__ = "minutes"
    __table_args__ = (UniqueConstraint("recording_id", "number"),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    recording_id: Mapped[str] = mapped_column(ForeignKey("recordings.id", ondelete="CASCADE"))
    owner_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    job_id: Mapped[str | None] = mapped_column(String(32))
    number: Mapped[int]  #: from 1
    transcript: Mapped[int]  #: number of the transcript's version they rest on; stale once there is a newer one
    template: Mapped[dict[str, Any]] = mapped_column(JSON)  #: as it was then: key, name, guidance, parts, version
    model: Mapped[str] = mapped_column(String(128))
    content: Mapped[dict[str, Any]] = mapped_column(JSON)  #: see `backend.minutes.form`
    mirrored: Mapped[bool] = mapped_column(default=False, index=True)  #: they lie under uploads/transcripts/ too
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)


class _ForReview:
    """What a language model made of one version of a transcript; a person says which of it stands."""

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


class Polish(_ForReview, Base):
    """What a polish did: which version it made, and what it was not allowed to change."""

    __tablename__ = "polishes"
    __table_args__ = (Index(None, "recording_id", "created_at"),)

    number: Mapped[int | None]  #: of the version that came of it; none where nothing was changed
    changes: Mapped[list[dict[str, str]]] = mapped_column(JSON)  #: [{"segment", "before", "after"}]
    refused: Mapped[list[dict[str, str]]] = mapped_column(JSON)  #: [{"segment", "before", "after", "reason"}]


class Repair(_ForReview, Base):
    """What would be repaired of a transcript's segments. Nothing of it is done before somebody says so."""

    __tablename__ = "repairs"
    __table_args__ = (Index(None, "recording_id", "created_at"),)

    items: Mapped[list[dict[str, Any]]] = mapped_column(JSON)  #: [{"change", "before", "after", "said"}]


class _AnyTemplateVersion:
    """One version of a template. The newest counts; a deleted one ends in a version that says so."""

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    key: Mapped[str] = mapped_column(String(32))
    version: Mapped[int]  #: from 1
    name: Mapped[str] = mapped_column(String(64))
    guidance: Mapped[str] = mapped_column(Text)  #: said to the model
    parts: Mapped[list[str]] = mapped_column(JSON)  #: shown in this order
    deleted: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)


class TemplateVersion(_AnyTemplateVersion, Base):
    """Of somebody's own template."""

    __tablename__ = "minutes_templates"
    __table_args__ = (UniqueConstraint("owner_id", "key", "version"),)

    owner_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))


class SharedTemplateVersion(_AnyTemplateVersion, Base):
    """Of a template that an admin shares with everybody. It outlives the admin."""

    __tablename__ = "shared_templates"
    __table_args__ = (UniqueConstraint("key", "version"),)


class Exchange(Base):
    """A question about a recording and its answer, with the segments it cites."""

    __tablename__ = "exchanges"
    __table_args__ = (Index(None, "recording_id", "created_at"),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    recording_id: Mapped[str] = mapped_column(ForeignKey("recordings.id", ondelete="CASCADE"))
    owner_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    transcript: Mapped[int]  #: number of the transcript's version that was asked
    question: Mapped[str] = mapped_column(Text)
    answer: Mapped[str] = mapped_column(Text)  #: empty where the transcript says nothing of it
    citations: Mapped[list[str]] = mapped_column(JSON)  #: ids of segments, in the order of their marks
    prompt_tokens: Mapped[int] = mapped_column(default=0)
    completion_tokens: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)


class LanguageUse(Base):
    """One errand at the language model, successful or not: for budgets."""

    __tablename__ = "language_uses"
    __table_args__ = (Index(None, "owner_id", "created_at"),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    owner_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    purpose: Mapped[str] = mapped_column(String(16))  #: minutes, polish, repair, question, names or test
    endpoint: Mapped[str] = mapped_column(String(32), default="built-in", server_default="built-in", index=True)
    model: Mapped[str] = mapped_column(String(128))
    calls: Mapped[int]
    prompt_tokens: Mapped[int]
    completion_tokens: Mapped[int]
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)


class LanguageEndpoint(Base):
    """Where a language model can be asked, beside the endpoint of the settings."""

    __tablename__ = "language_endpoints"
    __table_args__ = (Index(None, "owner_id", "name"),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    owner_id: Mapped[str | None] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))  #: none: everybody's
    name: Mapped[str] = mapped_column(String(64))
    url: Mapped[str] = mapped_column(String(500))
    secret: Mapped[str] = mapped_column(Text)  #: the key, sealed; empty where it needs none
    model: Mapped[str] = mapped_column(String(128))
    context_tokens: Mapped[int] = mapped_column(default=8192)
    allow_private: Mapped[bool] = mapped_column(default=False)  #: set by admins only
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)


class LanguageChoice(Base):
    """Which endpoint is asked: for everybody (`whose` is house), or for one user instead."""

    __tablename__ = "language_choices"

    whose: Mapped[str] = mapped_column(String(32), primary_key=True)  #: house, or the user's id
    user_id: Mapped[str | None] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    endpoint: Mapped[str | None] = mapped_column(String(32))  #: none: as the house says; there: that of the settings
    own_endpoints: Mapped[bool] = mapped_column(default=False)  #: of the house: people may have their own
