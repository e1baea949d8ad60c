"""Group robots of 企业微信: https://developer.work.weixin.qq.com/document/path/99110"""

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from backend.delivery.errors import InvalidChannelAddress, InvalidChannelSecret
from backend.delivery.kinds import texts
from backend.delivery.kinds.protocol import Answer, Destination, Message, Outcome, OutgoingRequest
from backend.delivery.kinds.robot import Refusal, check_robot, refusal_outcome, to_json
from backend.delivery.problems import Problem
from backend.delivery.tables import Content

HOSTS = ("qyapi.weixin.qq.com",)

#: The limit of Markdown, in bytes.
MAX_MARKDOWN = 4096
_MAX_TITLE = 300
_REFUSALS = {
    40058: Refusal(Problem.ROBOT_MESSAGE, final=True),
    45009: Refusal(Problem.ROBOT_LIMIT, pause=60),
    93000: Refusal(Problem.ROBOT_ADDRESS, stop=True),
    93008: Refusal(Problem.ROBOT_ADDRESS, stop=True),
    93017: Refusal(Problem.ROBOT_IP),
}


@dataclass(frozen=True, slots=True)
class WeCom:
    interval: float = 3.2  #: 20 messages a minute
    default_content: Content = Content.LINK
    own_secret: bool = False
    reads_body: bool = True

    def check(self, address: str, secret: str | None) -> None:
        check_robot(address, HOSTS, "/webhook/send")
        if "key=" not in urlsplit(address).query:
            raise InvalidChannelAddress
        if secret:  # the key in the address is the secret; nothing is signed
            raise InvalidChannelSecret

    def request(self, message: Message, destination: Destination, now: datetime) -> OutgoingRequest:
        head = f"### {texts.fitted(texts.headline(message), _MAX_TITLE, message)}"
        foot = f"[{texts.link_text(message)}]({message.link})" if message.link else ""
        room = MAX_MARKDOWN - len("\n\n".join([head, "", foot]).encode())
        text = texts.fitted(texts.body_text(message), room, message)
        content = {"msgtype": "markdown", "markdown": {"content": "\n\n".join(filter(None, [head, text, foot]))}}
        return OutgoingRequest(destination.address, to_json(content), {"content-type": "application/json"})

    def outcome(self, answer: Answer, now: datetime) -> Outcome:
        return refusal_outcome(answer, now, "errcode", _REFUSALS, Refusal(Problem.ROBOT_REFUSED))
