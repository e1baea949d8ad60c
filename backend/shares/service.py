"""Creating, finding and revoking share links. Revoking, expiry, trashing and deletion take effect at once."""

import secrets
import unicodedata
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from backend.accounts.audit import Action, note
from backend.accounts.tables import User
from backend.errors import AppError, Conflict, NotFound
from backend.events.log import record
from backend.events.tables import EventKind
from backend.recordings import service as recordings
from backend.recordings.tables import Recording
from backend.shares.tables import Share

#: The longest lifetime of a link.
MAX_DAYS = 365
#: Open links of one recording.
MAX_PER_RECORDING = 50

#: Without characters that look alike. Eight are 39 bits, far more than the throttle lets anybody try.
_ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"


class ShareNotFound(NotFound):
    code = "share_not_found"
    detail = "There is no such share link, or it is not yours."


class TooManyShares(Conflict):
    code = "too_many_shares"
    detail = "This recording has the maximum number of share links. Revoke one first."


class ShareGone(NotFound):
    """Also for ids that never existed, so that trying ids reveals nothing."""

    code = "share_gone"
    detail = "This link is no longer valid. Ask the person who sent it for a new one."


class WrongAccessCode(AppError):
    status = 403
    code = "wrong_access_code"
    detail = "The access code is wrong."


def new_code() -> str:
    """A random access code as it is displayed, such as K7QM-2PXD."""
    letters = "".join(secrets.choice(_ALPHABET) for _ in range(8))
    return f"{letters[:4]}-{letters[4:]}"


def normalize_code(typed: str) -> str:
    """A typed code without differences in case, width, spaces and dashes."""
    return "".join(letter for letter in unicodedata.normalize("NFKC", typed).upper() if letter.isalnum())


async def create(
    session: AsyncSession,
    *,
    owner_id: str,
    recording_id: str,
    code_hash: str,
    audio: bool,
    transcript: bool,
    minutes: bool,
    days: int,
    now: datetime,
) -> Share:
    await recordings.find(session, owner_id=owner_id, recording_id=recording_id)
    is_active = (Share.recording_id == recording_id) & Share.revoked_at.is_(None) & (Share.expires_at > now)
    if (await session.scalar(select(func.count()).select_from(Share).where(is_active)) or 0) >= MAX_PER_RECORDING:
        raise TooManyShares
    share = Share(
        id=secrets.token_hex(16),
        recording_id=recording_id,
        owner_id=owner_id,
        code_hash=code_hash,
        audio=audio,
        transcript=transcript,
        minutes=minutes,
        created_at=now,
        expires_at=now + timedelta(days=days),
    )
    session.add(share)
    await session.flush()
    shows = [name for name, shown in (("audio", audio), ("transcript", transcript), ("minutes", minutes)) if shown]
    note(session, Action.SHARE_CREATED, subject=recording_id, share=share.id, days=days, shows=shows)
    record(session, EventKind.SHARE_CREATED, owner_id=owner_id, recording_id=recording_id, share=share.id)
    return share


async def list_shares(session: AsyncSession, *, owner_id: str, recording_id: str) -> Sequence[Share]:
    """All shares of a recording, also ended ones, newest first."""
    await recordings.find(session, owner_id=owner_id, recording_id=recording_id)
    query = select(Share).where(Share.recording_id == recording_id, Share.owner_id == owner_id)
    return (await session.scalars(query.order_by(Share.created_at.desc(), Share.id))).all()


async def revoke(session: AsyncSession, *, owner_id: str, recording_id: str, share_id: str, now: datetime) -> None:
    """Revoke a share. Revoking it twice is no error."""
    await recordings.find(session, owner_id=owner_id, recording_id=recording_id)
    share = await session.get(Share, share_id)
    if share is None or share.owner_id != owner_id or share.recording_id != recording_id:
        raise ShareNotFound
    if share.revoked_at is None:
        share.revoked_at = now
        note(session, Action.SHARE_REVOKED, subject=recording_id, share=share_id)
        record(session, EventKind.SHARE_REVOKED, owner_id=owner_id, recording_id=recording_id, share=share_id)


async def find_open(session: AsyncSession, share_id: str, now: datetime) -> tuple[Share, Recording, User]:
    """The share, its recording and the owner. Raises `ShareGone` if it is revoked, expired or otherwise unavailable."""
    share = await session.get(Share, share_id)
    if share is None or share.revoked_at is not None or share.expires_at <= now:
        raise ShareGone
    owner = await session.get(User, share.owner_id)
    if owner is None or not owner.active:
        raise ShareGone
    try:
        recording = await recordings.find(session, owner_id=owner.id, recording_id=share.recording_id)
    except recordings.RecordingNotFound:
        raise ShareGone from None
    return share, recording, owner


async def count_opening(session: AsyncSession, share: Share, now: datetime) -> None:
    statement = update(Share).where(Share.id == share.id).values(opened=Share.opened + 1, opened_at=now)
    await session.execute(statement.execution_options(synchronize_session=False))
    note(session, Action.SHARE_OPENED, subject=share.recording_id, share=share.id)
