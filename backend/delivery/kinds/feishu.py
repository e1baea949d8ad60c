"""Custom robots of 飞书 and Lark: https://open.feishu.cn/document/client-docs/bot-v3/add-custom-bot"""

import base64
import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from backend.delivery.kinds import texts
from backend.delivery.kinds.protocol import Answer, Destination, Message, Outcome, OutgoingRequest
from backend.delivery.kinds.robot import Refusal, check_robot, refusal_outcome, to_json, within
from backend.delivery.problems import Problem
from backend.delivery.tables import Content

HOSTS = ("open.feishu.cn", "open.larksuite.com")

#: Of the whole request.
_MAX_BODY = 20 * 1024
_REFUSALS = {
    9499: Refusal(Problem.ROBOT_MESSAGE, final=True),
    11232: Refusal(Problem.ROBOT_LIMIT, pause=60),
    19001: Refusal(Problem.ROBOT_ADDRESS, stop=True),
    19021: Refusal(Problem.ROBOT_SIGNATURE),
    19022: Refusal(Problem.ROBOT_IP),
    19024: Refusal(Problem.ROBOT_KEYWORD, final=True),
}


@dataclass(frozen=True, slots=True)
class Feishu:
    interval: float = 0.7  #: 100 messages a minute
    default_content: Content = Content.LINK
    own_secret: bool = False
    reads_body: bool = True

    def check(self, address: str, secret: str | None) -> None:
        check_robot(address, HOSTS, "/bot/v2/hook/")

    def request(self, message: Message, destination: Destination, now: datetime) -> OutgoingRequest:
        content: dict[str, Any] = {"msg_type": "interactive"}
        if destination.secrets:
            timestamp = str(int(now.timestamp()))
            content |= {"timestamp": timestamp, "sign": signature(destination.secrets[0], timestamp)}
        body = within(_MAX_BODY, lambda limit: to_json({**content, "card": _card(message, limit)}))
        return OutgoingRequest(destination.address, body, {"content-type": "application/json; charset=utf-8"})

    def outcome(self, answer: Answer, now: datetime) -> Outcome:
        return refusal_outcome(answer, now, "code", _REFUSALS, Refusal(Problem.ROBOT_REFUSED))


def signature(secret: str, timestamp: str) -> str:
    """The secret is in the key, and the message is empty."""
    return base64.b64encode(hmac.digest(f"{timestamp}\n{secret}".encode(), b"", hashlib.sha256)).decode()


def _card(message: Message, limit: int) -> dict[str, Any]:
    elements: list[dict[str, Any]] = []
    if text := texts.body_text(message):
        elements.append({"tag": "markdown", "content": texts.fitted(text, limit, message)})
    if message.link:
        button = {"tag": "plain_text", "content": texts.link_text(message)}
        elements.append(
            {"tag": "action", "actions": [{"tag": "button", "text": button, "type": "primary", "url": message.link}]}
        )
    if not elements:
        elements.append({"tag": "markdown", "content": message.happened_at.strftime("%Y-%m-%d %H:%M UTC")})
    return {
        "header": {"title": {"tag": "plain_text", "content": texts.fitted(texts.headline(message), 500, message)}},
        "elements": elements,
    }
