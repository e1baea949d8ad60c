"""What every kind of channel has in common."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from backend.delivery.problems import Problem
from backend.delivery.tables import Content


@dataclass(frozen=True, slots=True)
class Message:
    """An event for one channel. `recording_name` to `transcript` are None unless the channel wants them."""

    id: str  #: of the delivery: the same on every attempt
    kind: str  #: of the event
    happened_at: datetime
    data: Mapping[str, Any]  #: ids, numbers and codes
    language: str = "zh"
    recording_name: str | None = None
    link: str | None = None
    minutes: str | None = None  #: Markdown
    transcript: str | None = None  #: plain text


@dataclass(frozen=True, slots=True)
class Destination:
    """The decrypted address and secrets of a channel, the newest secret first."""

    address: str
    secrets: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class OutgoingRequest:
    """A POST."""

    url: str
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: Mapping[str, str]  #: names in small letters
    body: bytes  #: its beginning; empty for kinds that do not read it


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an attempt. `code` is None after a success."""

    code: Problem | None = None
    status: int | None = None  #: of HTTP
    reason: str = ""  #: the receiver's own code, such as 19024; never its text
    retry_after: float | None = None  #: seconds that the receiver asks for
    give_up: bool = False  #: the same message would be refused again
    stop: bool = False  #: the channel cannot be used until its owner changes something

    @property
    def ok(self) -> bool:
        return self.code is None


class ChannelKind(Protocol):
    @property
    def interval(self) -> float:
        """Seconds from the end of one message to the next, so that the receiver's limit a minute is kept."""

    @property
    def default_content(self) -> Content: ...

    @property
    def own_secret(self) -> bool:
        """Whether the secret is made here, and shown once; otherwise people enter that of the receiver, or none."""

    @property
    def reads_body(self) -> bool: ...

    def check(self, address: str, secret: str | None) -> None:
        """Raise InvalidChannelAddress or InvalidChannelSecret."""

    def request(self, message: Message, destination: Destination, now: datetime) -> OutgoingRequest: ...

    def outcome(self, answer: Answer, now: datetime) -> Outcome: ...
