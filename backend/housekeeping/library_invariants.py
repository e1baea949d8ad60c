"""The check of tags and folders: what the foreign keys of the database do not say."""

from collections.abc import AsyncIterator

from sqlalchemy import select

from backend.housekeeping.report import CheckContext, Problem, Report
from backend.library.tables import MAX_LEVELS, Folder, RecordingFolder, RecordingTag, Tag
from backend.recordings.tables import Recording


async def check_library(context: CheckContext, report: Report) -> AsyncIterator[Problem]:
    async with context.housekeeping.database.read() as session:
        tagged = select(Tag.id, RecordingTag.recording_id, Tag.owner_id, Recording.owner_id)
        tagged = tagged.join(RecordingTag, RecordingTag.tag_id == Tag.id)
        tags = (await session.execute(tagged.join(Recording, Recording.id == RecordingTag.recording_id))).all()
        filed = select(Folder.id, RecordingFolder.recording_id, Folder.owner_id, Recording.owner_id)
        filed = filed.join(RecordingFolder, RecordingFolder.folder_id == Folder.id)
        files = (await session.execute(filed.join(Recording, Recording.id == RecordingFolder.recording_id))).all()
        folders = {one.id: one for one in await session.scalars(select(Folder).order_by(Folder.id))}
    report.checked["I10"] = len(tags) + len(files) + len(folders)
    for kind, rows in (("tag", tags), ("folder", files)):
        for id, recording, owner, owner_of_recording in rows:
            if owner != owner_of_recording:
                mend = f"Take the recording out of the {kind}, or delete the {kind}."
                yield Problem("I10", recording, f"its {kind} {id} is somebody else's", mend)
    for id, folder in folders.items():
        levels, above = 1, folder.parent_id
        while above in folders and levels <= MAX_LEVELS:
            if folders[above].owner_id != folder.owner_id:
                yield Problem("I10", id, "the folder above it is somebody else's", "Delete the folder.")
            levels, above = levels + 1, folders[above].parent_id
        if levels > MAX_LEVELS:
            yield Problem("I10", id, "it lies too deep, or in itself", "Delete the folder; its recordings stay.")
