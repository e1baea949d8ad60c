"""What the robots of group chats have in common: they refuse inside a 200, with a number of their own."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from backend.delivery.addresses import check_receiver, retry_after
from backend.delivery.errors import InvalidChannelAddress
from backend.delivery.kinds.protocol import Answer, Outcome
from backend.delivery.problems import Problem


@dataclass(frozen=True, slots=True)
class Refusal:
    """What a number means. `pause` are the seconds until the next message; `final`: the same message is refused
    again; `stop`: every message is."""

    problem: Problem
    pause: float | None = None
    final: bool = False
    stop: bool = False


def check_robot(address: str, hosts: tuple[str, ...], path: str) -> None:
    """Raise InvalidChannelAddress unless this may be the address of such a robot: at one of its `hosts` over HTTPS, or
    at another host, such as a relay of the company, with the same path."""
    check_receiver(address)
    parts = urlsplit(address)
    if path not in parts.path or (parts.hostname in hosts and parts.scheme != "https"):
        raise InvalidChannelAddress


def refusal_outcome(
    answer: Answer, now: datetime, member: str, refusals: Mapping[int, Refusal], other: Refusal
) -> Outcome:
    """The outcome of an answer whose `member` is 0 after a success."""
    status = answer.status
    if status == 429 or status >= 500:
        return Outcome(Problem.RECEIVER_BUSY, status, retry_after=retry_after(answer, now))
    if status != 200:
        return Outcome(Problem.REDIRECTED if 300 <= status < 400 else Problem.HTTP_STATUS, status)
    number = _number(answer.body, member)
    if number is None:
        return Outcome(Problem.BROKEN_ANSWER, status)
    if number == 0:
        return Outcome(status=status)
    found = refusals.get(number, other)
    return Outcome(
        found.problem, status, str(number), retry_after=found.pause, give_up=found.final or found.stop, stop=found.stop
    )


def to_json(content: Mapping[str, Any]) -> bytes:
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()


def within(limit: int, body: Callable[[int], bytes]) -> bytes:
    """The body with as much text as fits into `limit` bytes; `body` makes one with text of at most so many bytes. JSON
    writes some characters in more bytes than the text has."""
    room = limit
    while len(made := body(room)) > limit and room:
        room = room * 3 // 4
    return made


def _number(body: bytes, member: str) -> int | None:
    try:
        value = json.loads(body)[member]
    except (ValueError, KeyError, TypeError):
        return None
    return value if isinstance(value, int) and not isinstance(value, bool) else None
