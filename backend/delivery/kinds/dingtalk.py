"""Custom robots of 钉钉: https://open.dingtalk.com/document/robots/custom-robot-access"""

import base64
import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote_plus, urlsplit

from backend.delivery.errors import InvalidChannelAddress, InvalidChannelSecret
from backend.delivery.kinds import texts
from backend.delivery.kinds.protocol import Answer, Destination, Message, Outcome, OutgoingRequest
from backend.delivery.kinds.robot import Refusal, check_robot, refusal_outcome, to_json, within
from backend.delivery.problems import Problem
from backend.delivery.tables import Content

HOSTS = ("oapi.dingtalk.com", "api.dingtalk.com")

_MAX_BODY = 20_000
_MAX_TITLE = 200
#: 310000 stands for keyword, IP and signature; only its text, which is not kept, tells them apart.
_REFUSALS = {
    130101: Refusal(Problem.ROBOT_LIMIT, pause=600),  # 20 a minute, then ten minutes of silence
    300001: Refusal(Problem.ROBOT_ADDRESS, stop=True),
    300005: Refusal(Problem.ROBOT_ADDRESS, stop=True),
    310000: Refusal(Problem.ROBOT_SECURITY),
    410100: Refusal(Problem.ROBOT_LIMIT, pause=600),
    400101: Refusal(Problem.ROBOT_ADDRESS, stop=True),
    400102: Refusal(Problem.ROBOT_ADDRESS, stop=True),
    460101: Refusal(Problem.ROBOT_MESSAGE, final=True),  # too long
}


@dataclass(frozen=True, slots=True)
class DingTalk:
    interval: float = 3.2  #: 20 messages a minute
    default_content: Content = Content.LINK
    own_secret: bool = False
    reads_body: bool = True

    def check(self, address: str, secret: str | None) -> None:
        check_robot(address, HOSTS, "/robot/send")
        if "access_token=" not in urlsplit(address).query:
            raise InvalidChannelAddress
        if secret and not secret.startswith("SEC"):
            raise InvalidChannelSecret

    def request(self, message: Message, destination: Destination, now: datetime) -> OutgoingRequest:
        url = destination.address
        if destination.secrets:
            timestamp = str(int(now.timestamp() * 1000))
            signed = quote_plus(signature(destination.secrets[0], timestamp))  # encoded once: twice is refused
            url = f"{url}&timestamp={timestamp}&sign={signed}"
        title = texts.fitted(texts.headline(message), _MAX_TITLE, message)
        link = f"[{texts.link_text(message)}]({message.link})" if message.link else ""

        def body(limit: int) -> bytes:
            text = texts.fitted(texts.body_text(message), limit, message)
            parts = [f"### {title}", text, link]  # the title is shown in notifications only
            markdown = {"title": title, "text": "\n\n".join(filter(None, parts))}
            return to_json({"msgtype": "markdown", "markdown": markdown})

        return OutgoingRequest(url, within(_MAX_BODY, body), {"content-type": "application/json; charset=utf-8"})

    def outcome(self, answer: Answer, now: datetime) -> Outcome:
        return refusal_outcome(answer, now, "errcode", _REFUSALS, Refusal(Problem.ROBOT_REFUSED))


def signature(secret: str, timestamp: str) -> str:
    digest = hmac.digest(secret.encode(), f"{timestamp}\n{secret}".encode(), hashlib.sha256)
    return base64.b64encode(digest).decode()
