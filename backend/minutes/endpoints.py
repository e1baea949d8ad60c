"""Endpoints of language models: the house's, which everybody may use, and people's own where an admin allows them.

A key is stored sealed and never given back."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from backend.engines.addresses import check_address
from backend.engines.language import LanguageModelError
from backend.engines.language_model import BUILT_IN, Endpoint
from backend.errors import AppError, Conflict, InvalidInput, NotFound
from backend.minutes.tables import LanguageChoice, LanguageEndpoint
from backend.sealing import Unreadable, seal, unseal
from backend.settings import Settings

#: Endpoints of one owner.
MOST = 20
_HOUSE = "house"
_PURPOSE = "key of a language model"


class EndpointNotFound(NotFound):
    code = "endpoint_not_found"
    detail = "There is no such endpoint, or it is not yours."


class OwnEndpointsOff(AppError):
    status = 403
    code = "own_endpoints_off"
    detail = "This server's admins do not allow endpoints of people's own."


class UselessAddress(InvalidInput):
    code = "language_model_address"


class TooManyEndpoints(Conflict):
    code = "too_many_endpoints"
    detail = f"There are {MOST} endpoints. Delete one you do not need."


@dataclass(frozen=True, slots=True)
class Given:
    """What somebody says of an endpoint. Without `key` it keeps the one it has."""

    name: str
    url: str
    model: str
    context_tokens: int
    key: str | None = None
    allow_private: bool = False


async def of(session: AsyncSession, *, owner_id: str | None) -> Sequence[LanguageEndpoint]:
    """Those of one owner, or of the house where that is none, by name."""
    mine = select(LanguageEndpoint).where(LanguageEndpoint.owner_id == owner_id)
    return (await session.scalars(mine.order_by(LanguageEndpoint.name, LanguageEndpoint.id))).all()


async def find(session: AsyncSession, *, owner_id: str, id: str) -> LanguageEndpoint:
    """One that this user may ask: an own one, where those are allowed, or one of the house."""
    usable: ColumnElement[bool] = LanguageEndpoint.owner_id.is_(None)
    if (await house(session)).own_endpoints:
        usable = or_(usable, LanguageEndpoint.owner_id == owner_id)
    found = await session.scalar(select(LanguageEndpoint).where(LanguageEndpoint.id == id, usable))
    if found is None:
        raise EndpointNotFound
    return found


async def save(
    session: AsyncSession, settings: Settings, *, owner_id: str | None, id: str | None, given: Given
) -> LanguageEndpoint:
    """A new one, or the one of `id` changed. Raises UselessAddress for an address that cannot be one."""
    await _check_own(session, owner_id)
    try:
        check_address(given.url)
    except LanguageModelError as error:
        raise UselessAddress(error.detail) from None
    if id is None:
        count = select(func.count()).where(LanguageEndpoint.owner_id == owner_id)
        if (await session.scalar(count) or 0) >= MOST:
            raise TooManyEndpoints
        row = LanguageEndpoint(owner_id=owner_id, secret="")
        session.add(row)
    else:
        row = await _own(session, owner_id, id)
        if row.url != given.url and given.key is None:
            row.secret = ""  # a key goes nowhere it was not given for
    row.name, row.url, row.model = given.name.strip(), given.url, given.model.strip()
    row.context_tokens = given.context_tokens
    row.allow_private = given.allow_private and owner_id is None
    if given.key is not None:
        secret_key = settings.secret_key.get_secret_value()
        row.secret = seal(secret_key, _PURPOSE, given.key) if given.key else ""
    await session.flush()
    return row


async def delete(session: AsyncSession, *, owner_id: str | None, id: str) -> None:
    """Who had chosen it is back with what the house says."""
    await session.delete(await _own(session, owner_id, id))


async def house(session: AsyncSession) -> LanguageChoice:
    """What holds for everybody."""
    return await session.get(LanguageChoice, _HOUSE) or LanguageChoice(whose=_HOUSE, endpoint=None, own_endpoints=False)


async def choose(session: AsyncSession, *, owner_id: str, endpoint: str | None) -> None:
    """Which endpoint is asked for this user; none: as the house says."""
    if endpoint is not None and endpoint != BUILT_IN:
        await find(session, owner_id=owner_id, id=endpoint)
    row = LanguageChoice(whose=owner_id, user_id=owner_id, endpoint=endpoint, own_endpoints=False)
    await session.merge(row)


async def choose_for_all(session: AsyncSession, *, endpoint: str | None, own_endpoints: bool) -> None:
    if endpoint is not None and endpoint != BUILT_IN:
        await _own(session, None, endpoint)
    await session.merge(LanguageChoice(whose=_HOUSE, endpoint=endpoint, own_endpoints=own_endpoints))


async def chosen(session: AsyncSession, *, owner_id: str) -> LanguageEndpoint | None:
    """The endpoint that is asked for this user; none is that of the settings."""
    mine = await session.get(LanguageChoice, owner_id)
    for choice in (mine, await house(session)):
        if choice is None or choice.endpoint is None:
            continue
        if choice.endpoint == BUILT_IN:
            return None
        try:
            return await find(session, owner_id=owner_id, id=choice.endpoint)
        except EndpointNotFound:
            continue  # deleted, or own ones are not allowed any more
    return None


def opened(row: LanguageEndpoint, settings: Settings) -> Endpoint:
    """The endpoint with its key. Raises LanguageModelError where that was sealed with another SECRET_KEY."""
    try:
        key = unseal(settings.secret_key.get_secret_value(), _PURPOSE, row.secret) if row.secret else "none"
    except Unreadable:
        told = "The key of this endpoint cannot be read: SECRET_KEY was changed since. Set the endpoint's key again."
        raise LanguageModelError("language_model_secret", told) from None
    return Endpoint(
        url=row.url,
        key=key,
        model=row.model,
        context_tokens=row.context_tokens,
        timeout=settings.openai_timeout_seconds,
        allow_private=row.allow_private,
        id=row.id,
    )


def readable(row: LanguageEndpoint, settings: Settings) -> bool:
    try:
        opened(row, settings)
    except LanguageModelError:
        return False
    return True


async def _own(session: AsyncSession, owner_id: str | None, id: str) -> LanguageEndpoint:
    mine = (LanguageEndpoint.id == id) & (LanguageEndpoint.owner_id == owner_id)
    found = await session.scalar(select(LanguageEndpoint).where(mine))
    if found is None:
        raise EndpointNotFound
    return found


async def _check_own(session: AsyncSession, owner_id: str | None) -> None:
    if owner_id is not None and not (await house(session)).own_endpoints:
        raise OwnEndpointsOff
