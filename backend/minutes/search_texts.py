"""The statements of minutes for the search in all recordings."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from backend.minutes.tables import Minutes
from backend.search import index, texts

_LISTS = ("overview", "decisions", "actions", "questions", "speakers")


async def index_minutes(session: AsyncSession, minutes: Minutes) -> None:
    """From this commit on, what these minutes state is found and what those before stated is not. They must be the
    newest ones, and no proposal."""
    await texts.replace(
        session,
        owner_id=minutes.owner_id,
        recording_id=minutes.recording_id,
        kind=texts.Kind.MINUTES,
        texts=statements(minutes.content),
    )
    (await index.current_state(session, minutes.recording_id)).minutes = minutes.number


def statements(content: Mapping[str, Any]) -> dict[str, str]:
    """Title, headline, topics and statements, by where they stand, such as `topics/1/points/0`."""
    headline = content.get("headline")
    found = {"title": content.get("title"), "headline": headline.get("text") if isinstance(headline, dict) else None}
    for name in _LISTS:
        found |= _texts_of(name, content.get(name))
    for number, topic in enumerate(_dicts(content.get("topics"))):
        found[f"topics/{number}"] = topic.get("title")
        found |= _texts_of(f"topics/{number}/points", topic.get("points"))
    return {part: text for part, text in found.items() if isinstance(text, str) and text.strip()}


def _texts_of(name: str, statements: object) -> dict[str, object]:
    return {f"{name}/{number}": one.get("text") for number, one in enumerate(_dicts(statements))}


def _dicts(found: object) -> Sequence[dict[str, Any]]:
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []
