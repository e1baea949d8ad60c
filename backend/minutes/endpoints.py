"""Endpoints of language models: system-wide ones for all users, and users' own where an admin allows them.

Keys are stored encrypted and never returned."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from backend.encryption import DecryptionError, decrypt, encrypt
from backend.engines.language_model_protocol import LanguageModelError
from backend.engines.model_endpoint import BUILT_IN, Endpoint, WireProtocol, check_endpoint_address
from backend.errors import AppError, Conflict, InvalidInput, NotFound
from backend.minutes.tables import LanguageChoice, LanguageEndpoint
from backend.settings import Settings

#: The most endpoints one owner may have.
MAX_PER_OWNER = 20
_SYSTEM_WIDE = "house"
_PURPOSE = "key of a language model"
_HEADERS_PURPOSE = "headers of a language model"
_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,64}")
_HEADER_VALUE = re.compile(r"[\x20-\x7e]{1,2000}")
#: Headers that frame a request; the transport sets them.
_RESERVED_HEADERS = frozenset(("host", "content-length", "content-type", "transfer-encoding", "connection", "upgrade"))
#: Members of a body that hold what is asked and how the answer is read.
_RESERVED_PARAMETERS = frozenset(("messages", "stream", "stream_options", "system", "tools", "functions", "n"))
_MAX_HEADERS = 20
_MAX_PARAMETER_CHARACTERS = 4000


class EndpointNotFound(NotFound):
    code = "endpoint_not_found"
    detail = "There is no such endpoint, or it is not yours."


class OwnEndpointsOff(AppError):
    status = 403
    code = "own_endpoints_off"
    detail = "The admins of this server do not allow users' own endpoints."


class InvalidEndpointAddress(InvalidInput):
    code = "language_model_address"


class InvalidHeaders(InvalidInput):
    code = "endpoint_headers"
    detail = (
        f"At most {_MAX_HEADERS} headers, in Latin letters, and none that frames a request, such as Host or "
        "Content-Length. A new header needs a value."
    )


class InvalidParameters(InvalidInput):
    code = "endpoint_parameters"
    detail = (
        f"The extra parameters must be a JSON object of at most {_MAX_PARAMETER_CHARACTERS} characters, without "
        f"{', '.join(sorted(_RESERVED_PARAMETERS))}."
    )


class TooManyEndpoints(Conflict):
    code = "too_many_endpoints"
    detail = f"There are {MAX_PER_OWNER} endpoints. Delete one you do not need."


@dataclass(frozen=True, slots=True)
class EndpointValues:
    """The editable values of an endpoint. Without `key` it keeps the stored one, and a header without a value keeps the
    stored value; headers that are not named are deleted."""

    name: str
    url: str
    model: str
    context_tokens: int
    key: str | None = None
    allow_private: bool = False
    protocol: WireProtocol = WireProtocol.OPENAI
    temperature: float | None = None
    headers: Mapping[str, str | None] = field(default_factory=dict)
    parameters: Mapping[str, Any] = field(default_factory=dict)


async def list_endpoints(session: AsyncSession, *, owner_id: str | None) -> Sequence[LanguageEndpoint]:
    """The endpoints of one owner, or the system-wide ones where the owner is None, by name."""
    own = select(LanguageEndpoint).where(LanguageEndpoint.owner_id == owner_id)
    return (await session.scalars(own.order_by(LanguageEndpoint.name, LanguageEndpoint.id))).all()


async def find(session: AsyncSession, *, owner_id: str, id: str) -> LanguageEndpoint:
    """An endpoint this user may use: a system-wide one or, where allowed, an own one."""
    usable: ColumnElement[bool] = LanguageEndpoint.owner_id.is_(None)
    if (await system_wide_choice(session)).own_endpoints:
        usable = or_(usable, LanguageEndpoint.owner_id == owner_id)
    found = await session.scalar(select(LanguageEndpoint).where(LanguageEndpoint.id == id, usable))
    if found is None:
        raise EndpointNotFound
    return found


async def save(
    session: AsyncSession, settings: Settings, *, owner_id: str | None, id: str | None, values: EndpointValues
) -> LanguageEndpoint:
    """Add an endpoint, or change the one with `id`. Raises InvalidEndpointAddress, InvalidHeaders or
    InvalidParameters."""
    await _check_own_allowed(session, owner_id)
    try:
        check_endpoint_address(values.url)
    except LanguageModelError as error:
        raise InvalidEndpointAddress(error.detail) from None
    _check_parameters(values.parameters)
    if id is None:
        count = select(func.count()).where(LanguageEndpoint.owner_id == owner_id)
        if (await session.scalar(count) or 0) >= MAX_PER_OWNER:
            raise TooManyEndpoints
        row = LanguageEndpoint(owner_id=owner_id, secret="")
        session.add(row)
    else:
        row = await _find_own(session, owner_id, id)
        if row.url != values.url and values.key is None:
            row.secret = ""  # a key is never sent to another address
        if row.url != values.url:
            row.sealed_headers = None  # nor are headers
    row.name, row.url, row.model = values.name.strip(), values.url, values.model.strip()
    row.context_tokens = values.context_tokens
    row.allow_private = values.allow_private and owner_id is None
    row.protocol, row.temperature = values.protocol.value, values.temperature
    row.parameters = dict(values.parameters) or None
    secret_key = settings.secret_key.get_secret_value()
    headers = _merged_headers(row, values.headers, settings)
    row.sealed_headers = encrypt(secret_key, _HEADERS_PURPOSE, json.dumps(headers)) if headers else None
    if values.key is not None:
        row.secret = encrypt(secret_key, _PURPOSE, values.key) if values.key else ""
    await session.flush()
    return row


async def delete(session: AsyncSession, *, owner_id: str | None, id: str) -> None:
    """Users who had chosen it use the system-wide choice again."""
    await session.delete(await _find_own(session, owner_id, id))


async def system_wide_choice(session: AsyncSession) -> LanguageChoice:
    """The choice for all users."""
    return await session.get(LanguageChoice, _SYSTEM_WIDE) or LanguageChoice(
        whose=_SYSTEM_WIDE, endpoint=None, own_endpoints=False
    )


async def choose(session: AsyncSession, *, owner_id: str, endpoint: str | None) -> None:
    """Choose the endpoint of this user; None is the system-wide choice."""
    if endpoint is not None and endpoint != BUILT_IN:
        await find(session, owner_id=owner_id, id=endpoint)
    row = LanguageChoice(whose=owner_id, user_id=owner_id, endpoint=endpoint, own_endpoints=False)
    await session.merge(row)


async def choose_for_all(session: AsyncSession, *, endpoint: str | None, own_endpoints: bool) -> None:
    if endpoint is not None and endpoint != BUILT_IN:
        await _find_own(session, None, endpoint)
    await session.merge(LanguageChoice(whose=_SYSTEM_WIDE, endpoint=endpoint, own_endpoints=own_endpoints))


async def endpoint_for(session: AsyncSession, *, owner_id: str) -> LanguageEndpoint | None:
    """The endpoint used for this user; None is that of the settings."""
    own = await session.get(LanguageChoice, owner_id)
    for choice in (own, await system_wide_choice(session)):
        if choice is None or choice.endpoint is None:
            continue
        if choice.endpoint == BUILT_IN:
            return None
        try:
            return await find(session, owner_id=owner_id, id=choice.endpoint)
        except EndpointNotFound:
            continue  # deleted, or own endpoints are no longer allowed
    return None


def to_endpoint(row: LanguageEndpoint, settings: Settings) -> Endpoint:
    """The endpoint with its decrypted key. Raises LanguageModelError where SECRET_KEY was changed since."""
    try:
        key = decrypt(settings.secret_key.get_secret_value(), _PURPOSE, row.secret) if row.secret else "none"
        headers = _headers(row, settings)
    except DecryptionError:
        message = "The key of this endpoint cannot be read: SECRET_KEY was changed since. Set the endpoint's key again."
        raise LanguageModelError("language_model_secret", message) from None
    return Endpoint(
        url=row.url,
        key=key,
        model=row.model,
        context_tokens=row.context_tokens,
        timeout=settings.openai_timeout_seconds,
        allow_private=row.allow_private,
        id=row.id,
        protocol=WireProtocol(row.protocol),
        temperature=row.temperature,
        headers=headers,
        parameters=row.parameters or {},
        owner_id=row.owner_id,
    )


def key_is_readable(row: LanguageEndpoint, settings: Settings) -> bool:
    try:
        to_endpoint(row, settings)
    except LanguageModelError:
        return False
    return True


def header_names(row: LanguageEndpoint, settings: Settings) -> list[str]:
    """The names of its headers; empty where SECRET_KEY was changed since."""
    try:
        return sorted(_headers(row, settings))
    except DecryptionError:
        return []


def _headers(row: LanguageEndpoint, settings: Settings) -> dict[str, str]:
    """Raises DecryptionError."""
    if not row.sealed_headers:
        return {}
    secret_key = settings.secret_key.get_secret_value()
    found: dict[str, str] = json.loads(decrypt(secret_key, _HEADERS_PURPOSE, row.sealed_headers))
    return found


def _merged_headers(row: LanguageEndpoint, values: Mapping[str, str | None], settings: Settings) -> dict[str, str]:
    """The headers with these names, with the stored values for those that have none. Raises InvalidHeaders."""
    try:
        stored = _headers(row, settings)
    except DecryptionError:
        stored = {}
    merged = {name: stored.get(name, "") if value is None else value.strip() for name, value in values.items()}
    for name, value in merged.items():
        if name.lower() in _RESERVED_HEADERS or not _HEADER_NAME.fullmatch(name) or not _HEADER_VALUE.fullmatch(value):
            raise InvalidHeaders
    if len(merged) > _MAX_HEADERS or len({name.lower() for name in merged}) < len(merged):
        raise InvalidHeaders
    return merged


def _check_parameters(parameters: Mapping[str, Any]) -> None:
    if _RESERVED_PARAMETERS & set(parameters) or len(json.dumps(dict(parameters))) > _MAX_PARAMETER_CHARACTERS:
        raise InvalidParameters


async def _find_own(session: AsyncSession, owner_id: str | None, id: str) -> LanguageEndpoint:
    own = (LanguageEndpoint.id == id) & (LanguageEndpoint.owner_id == owner_id)
    found = await session.scalar(select(LanguageEndpoint).where(own))
    if found is None:
        raise EndpointNotFound
    return found


async def _check_own_allowed(session: AsyncSession, owner_id: str | None) -> None:
    if owner_id is not None and not (await system_wide_choice(session)).own_endpoints:
        raise OwnEndpointsOff
