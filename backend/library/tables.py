"""The tables of tags and folders, and the conditions for recordings that have them.

A recording has any number of tags and lies in one folder at most. Both belong to the owner of the recording."""

from typing import Any

from sqlalchemy import ColumnElement, ForeignKey, Index, String, UniqueConstraint, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Mapped, mapped_column

from backend.database import Base, new_id

#: A folder in a folder in a folder.
MAX_LEVELS = 3


class Tag(Base):
    __tablename__ = "tags"
    __table_args__ = (UniqueConstraint("owner_id", "folded"),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    owner_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(64))
    folded: Mapped[str] = mapped_column(String(128))  #: see `library.names.fold`


class RecordingTag(Base):
    __tablename__ = "recording_tags"

    recording_id: Mapped[str] = mapped_column(ForeignKey("recordings.id", ondelete="CASCADE"), primary_key=True)
    tag_id: Mapped[str] = mapped_column(ForeignKey("tags.id", ondelete="CASCADE"), primary_key=True, index=True)


class Folder(Base):
    """Names are unique among the folders with one parent; whoever changes a folder locks the owner's row first."""

    __tablename__ = "folders"
    __table_args__ = (Index(None, "owner_id"),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    owner_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    parent_id: Mapped[str | None] = mapped_column(ForeignKey("folders.id", ondelete="CASCADE"), index=True)
    name: Mapped[str] = mapped_column(String(64))
    folded: Mapped[str] = mapped_column(String(128))


class RecordingFolder(Base):
    """The folder in which a recording lies. Without a row it lies in none."""

    __tablename__ = "recording_folders"

    recording_id: Mapped[str] = mapped_column(ForeignKey("recordings.id", ondelete="CASCADE"), primary_key=True)
    folder_id: Mapped[str] = mapped_column(ForeignKey("folders.id", ondelete="CASCADE"), index=True)


def has_tag(recording_id: "InstrumentedAttribute[str]", tag_id: str) -> ColumnElement[bool]:
    """A condition for tables that refer to recordings: their recording has this tag."""
    query: Any = select(RecordingTag.tag_id).where(
        RecordingTag.recording_id == recording_id, RecordingTag.tag_id == tag_id
    )
    exists: ColumnElement[bool] = query.correlate_except(RecordingTag).exists()
    return exists


def in_folder(recording_id: "InstrumentedAttribute[str]", folder_id: str | None) -> ColumnElement[bool]:
    """A condition like `has_tag`: in this folder or in a folder inside it; for None, in no folder at all."""
    query: Any = select(RecordingFolder.recording_id).where(RecordingFolder.recording_id == recording_id)
    if folder_id is not None:
        children = select(Folder.id).where(Folder.parent_id == folder_id)
        grandchildren = select(Folder.id).where(Folder.parent_id.in_(children))
        query = query.where(
            or_(
                RecordingFolder.folder_id == folder_id,
                RecordingFolder.folder_id.in_(children),
                RecordingFolder.folder_id.in_(grandchildren),
            )
        )
    exists: ColumnElement[bool] = query.correlate_except(RecordingFolder).exists()
    return exists if folder_id is not None else ~exists
