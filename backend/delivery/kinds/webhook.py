"""Webhooks by Standard Webhooks 1.0: https://github.com/standard-webhooks/standard-webhooks (spec)."""

import base64
import hashlib
import hmac
import json
import secrets
from dataclasses import dataclass
from datetime import datetime

from backend.delivery.addresses import check_receiver, retry_after
from backend.delivery.kinds.protocol import Answer, Destination, Message, Outcome, OutgoingRequest
from backend.delivery.problems import Problem
from backend.delivery.tables import Content

PREFIX = "whsec_"  #: of a secret
_SECRET_BYTES = 32  # the specification allows 24 to 64

#: A larger body goes out without the minutes and the transcript, and says so.
MAX_BODY = 4 * 1024**2

_SLOW_DOWN = (429, 502, 503, 504)


@dataclass(frozen=True, slots=True)
class Webhook:
    interval: float = 0.0
    default_content: Content = Content.IDS
    own_secret: bool = True
    reads_body: bool = False

    def check(self, address: str, secret: str | None) -> None:
        check_receiver(address)

    def request(self, message: Message, destination: Destination, now: datetime) -> OutgoingRequest:
        body = _body(message)
        if len(body) > MAX_BODY:
            body = _body(message, too_large=True)
        timestamp = str(int(now.timestamp()))
        headers = {
            "content-type": "application/json",
            "webhook-id": message.id,
            "webhook-timestamp": timestamp,
            "webhook-signature": " ".join(
                signature(secret, message.id, timestamp, body) for secret in destination.secrets
            ),
        }
        return OutgoingRequest(destination.address, body, headers)

    def outcome(self, answer: Answer, now: datetime) -> Outcome:
        status = answer.status
        if 200 <= status < 300:
            return Outcome(status=status)
        if status == 410:
            return Outcome(Problem.RECEIVER_GONE, status, give_up=True, stop=True)
        if 300 <= status < 400:
            return Outcome(Problem.REDIRECTED, status)
        if status in _SLOW_DOWN:
            return Outcome(Problem.RECEIVER_BUSY, status, retry_after=retry_after(answer, now))
        return Outcome(Problem.HTTP_STATUS, status)


def new_secret() -> str:
    return PREFIX + base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()


def signature(secret: str, id: str, timestamp: str, body: bytes) -> str:
    key = base64.b64decode(secret.removeprefix(PREFIX))
    signed = b".".join((id.encode(), timestamp.encode(), body))
    return "v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()


def _body(message: Message, *, too_large: bool = False) -> bytes:
    data = dict(message.data)
    parts = {"recording_name": message.recording_name, "link": message.link}
    if too_large:
        data["truncated"] = True
    else:
        parts |= {"minutes": message.minutes, "transcript": message.transcript}
    data |= {name: value for name, value in parts.items() if value is not None}
    content = {"type": message.kind, "timestamp": message.happened_at.isoformat(), "data": data}
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()
