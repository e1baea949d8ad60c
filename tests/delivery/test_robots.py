"""Robots of group chats: real HTTP with the answers of each house."""

import base64
import hashlib
import hmac
import json
from dataclasses import replace
from datetime import datetime, timezone
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from backend.delivery.errors import InvalidChannelAddress, InvalidChannelSecret
from backend.delivery.kinds import texts
from backend.delivery.kinds.protocol import Destination, Message
from backend.delivery.kinds.table import KINDS
from backend.delivery.kinds.wecom import MAX_MARKDOWN
from backend.delivery.queue import TEST
from backend.delivery.tables import ChannelState
from backend.events.tables import EventKind
from tests.delivery.conftest import Scene
from tests.delivery.receiver import Received, Reply

PATHS = {
    "feishu": "/open-apis/bot/v2/hook/abc",
    "dingtalk": "/robot/send?access_token=abc",
    "wecom": "/cgi-bin/webhook/send?key=abc",
}
SECRETS = {"feishu": "a secret", "dingtalk": "SEC0123", "wecom": None}
FULL_OF_TEXT = Message(
    "0" * 32,
    "minutes.written",
    datetime(2026, 11, 30, 1, 2, 3, tzinfo=timezone.utc),
    {},
    recording_name="周会.m4a",
    link="https://asr.example.org/recordings/1",
    minutes='预算"定了"。\n' * 5000,
)
NOW = datetime(2026, 11, 30, 1, 2, 4, tzinfo=timezone.utc)


def robot_url(scene: Scene, kind: str) -> str:
    return scene.receiver.url.removesuffix("/hook") + PATHS[kind]


def accepted(_: Received) -> Reply:
    return Reply.of({"code": 0, "errcode": 0, "msg": "success", "errmsg": "ok"})


async def sent(scene: Scene, kind: str) -> Received:
    scene.receiver.script = accepted
    await scene.add(kind, address=robot_url(scene, kind), secret=SECRETS[kind])
    await scene.happen()
    await scene.work()
    assert await scene.statuses() == [("delivered", None)]
    [received] = scene.receiver.received
    return received


async def test_feishu_is_signed_in_the_body_and_gets_a_card(scene: Scene) -> None:
    received = await sent(scene, "feishu")

    body = received.json
    key = f"{body['timestamp']}\n{SECRETS['feishu']}".encode()
    assert body["sign"] == base64.b64encode(hmac.new(key, digestmod=hashlib.sha256).digest()).decode()
    assert abs(int(body["timestamp"]) - datetime.now(timezone.utc).timestamp()) < 3600
    assert body["msg_type"] == "interactive"
    assert body["card"]["header"]["title"]["content"] == "录音已改名：周会.m4a"


async def test_dingtalk_is_signed_in_the_query_and_encoded_once(scene: Scene) -> None:
    received = await sent(scene, "dingtalk")

    query = dict(parse_qsl(urlsplit(received.path).query))
    signed = f"{query['timestamp']}\n{SECRETS['dingtalk']}".encode()
    expected = base64.b64encode(hmac.new(b"SEC0123", signed, hashlib.sha256).digest()).decode()
    assert query["sign"] == expected
    assert query["access_token"] == "abc"
    assert "%25" not in received.path
    assert len(query["timestamp"]) == 13  # milliseconds
    assert received.json["msgtype"] == "markdown"


async def test_wecom_gets_markdown_and_no_signature(scene: Scene) -> None:
    received = await sent(scene, "wecom")

    assert received.path == PATHS["wecom"]
    assert received.json == {"msgtype": "markdown", "markdown": {"content": "### 录音已改名：周会.m4a"}}


@pytest.mark.parametrize(
    ("kind", "answer", "problem", "status"),
    [
        ("feishu", {"code": 19024, "msg": "Key Words Not Found"}, "robot_keyword", "failed"),
        ("feishu", {"code": 19021, "msg": "sign match fail"}, "robot_signature", "waiting"),
        ("feishu", {"code": 19022, "msg": "Ip Not Allowed"}, "robot_ip", "waiting"),
        ("feishu", {"code": 9499, "msg": "Bad Request"}, "robot_message", "failed"),
        ("feishu", {"code": 11232, "msg": "frequency limited"}, "robot_limit", "waiting"),
        ("dingtalk", {"errcode": 310000, "errmsg": "sign not match"}, "robot_security", "waiting"),
        ("dingtalk", {"errcode": 130101, "errmsg": "send too fast"}, "robot_limit", "waiting"),
        ("wecom", {"errcode": 45009, "errmsg": "api freq out of limit"}, "robot_limit", "waiting"),
        ("wecom", {"errcode": 40058, "errmsg": "exceed max length"}, "robot_message", "failed"),
        ("wecom", {"errcode": 77777, "errmsg": "a new one"}, "robot_refused", "waiting"),
        ("wecom", {"something": "else"}, "broken_answer", "waiting"),
        ("feishu", ["no", "object"], "broken_answer", "waiting"),
    ],
)
async def test_a_refusal_inside_a_200_is_one(scene: Scene, kind: str, answer: Any, problem: str, status: str) -> None:
    scene.receiver.script = lambda _: Reply.of(answer)
    await scene.add(kind, address=robot_url(scene, kind), secret=SECRETS[kind])
    await scene.happen()
    await scene.work()

    assert await scene.statuses() == [(status, problem)]
    [delivery] = await scene.deliveries()
    number = answer.get("code", answer.get("errcode")) if isinstance(answer, dict) else None
    assert delivery.history[0]["reason"] == (str(number) if number else None)


async def test_a_robot_that_was_removed_stops_its_channel(scene: Scene) -> None:
    scene.receiver.script = lambda _: Reply.of({"errcode": 93000, "errmsg": "invalid webhook url"})
    channel, _ = await scene.add("wecom", address=robot_url(scene, "wecom"))
    await scene.happen()
    await scene.work()

    assert await scene.statuses() == [("failed", "robot_address")]
    assert (await scene.channel(channel.id)).state == ChannelState.STOPPED.value


async def test_messages_keep_the_distance_that_the_provider_demands(scene: Scene) -> None:
    scene.receiver.script = accepted
    channel, _ = await scene.add("wecom", address=robot_url(scene, "wecom"))
    await scene.happen()
    await scene.happen()
    await scene.sender.look()
    [task] = scene.sender._running.values()
    await task

    [first, second] = await scene.deliveries()
    assert [first.status, second.status] == ["delivered", "waiting"]
    assert first.ended_at is not None
    distance = (await scene.channel(channel.id)).free_at - first.ended_at
    assert distance.total_seconds() * 20 >= 60  # 20 a minute


@pytest.mark.parametrize("kind", ["feishu", "dingtalk", "wecom"])
def test_a_long_text_is_cut_to_the_limit_behind_a_sentence(kind: str) -> None:
    destination = Destination("https://host" + PATHS[kind], ("SECx",) if SECRETS[kind] else ())

    request = KINDS[kind].request(FULL_OF_TEXT, destination, NOW)

    text = json.dumps(json.loads(request.body), ensure_ascii=False)
    assert "其余内容请打开录音查看" in text
    assert "https://asr.example.org/recordings/1" in text
    if kind == "wecom":
        assert len(json.loads(request.body)["markdown"]["content"].encode()) <= MAX_MARKDOWN
    else:
        assert len(request.body) <= 20 * 1024


@pytest.mark.parametrize("limit", range(60, 200, 7))
def test_text_is_never_cut_inside_a_character(limit: int) -> None:
    cut = texts.fitted("预算定了。" * 100, limit, FULL_OF_TEXT)

    assert len(cut.encode()) <= limit
    assert "�" not in cut


@pytest.mark.parametrize("kind", ["feishu", "dingtalk", "wecom"])
def test_what_was_said_mentions_nobody_in_the_group(kind: str) -> None:
    said = replace(FULL_OF_TEXT, minutes="<at id=all></at> <@all> <at user_id='all'>", recording_name="<@all>")

    body = KINDS[kind].request(said, Destination("https://host" + PATHS[kind]), NOW).body.decode()

    assert "<at" not in body
    assert "<@" not in body


@pytest.mark.parametrize(
    ("kind", "address", "secret"),
    [
        ("feishu", "https://open.feishu.cn/elsewhere", None),
        ("feishu", "http://open.feishu.cn/open-apis/bot/v2/hook/abc", None),
        ("dingtalk", "https://oapi.dingtalk.com/robot/send", None),
        ("dingtalk", "https://oapi.dingtalk.com/robot/send?access_token=x", "not a secret"),
        ("wecom", "https://qyapi.weixin.qq.com/cgi-bin/webhook/send", None),
        ("wecom", "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=x", "a secret"),
    ],
)
def test_an_address_of_something_else_is_refused(kind: str, address: str, secret: str | None) -> None:
    with pytest.raises((InvalidChannelAddress, InvalidChannelSecret)):
        KINDS[kind].check(address, secret)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_kind_of_event_has_a_sentence(language: str) -> None:
    kinds = [TEST, *(kind.value for kind in EventKind)]
    said = {kind: texts.headline(replace(FULL_OF_TEXT, kind=kind, language=language)) for kind in kinds}
    missing = [kind for kind, sentence in said.items() if sentence.startswith(kind)]

    assert missing == []
