"""What is spoken, and what people and files are called, is data: nothing of it becomes an instruction or markup."""

import io
import json
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from docx import Document as opened

from backend.minutes.asked import Answer, answer
from backend.minutes.asking import Asking
from backend.minutes.cleaning import cleaned, quoted
from backend.minutes.docx import docx
from backend.minutes.form import MinutesForm
from backend.minutes.markdown import markdown
from backend.minutes.names import suggest
from backend.minutes.polish import applied, polish
from backend.minutes.repair import applied as mended
from backend.minutes.repair import propose
from backend.minutes.summarize import summarize
from backend.minutes.templates import BUILT_IN
from backend.recordings.files import clean_name
from backend.transcripts.document import Document, Speaker
from tests.language_server import Asked, Reply
from tests.minutes.conftest import MakeAsking, talk
from tests.minutes.injections import INJECTIONS, plain, strings
from tests.minutes.models import is_section, is_whole, lines_of, notes, whole

TEMPLATE = BUILT_IN["bluf"]
QUESTION = "今天讨论什么预算？"


def spoken(injection: str) -> Document:
    """Somebody says it, between people who say what they are called."""
    return talk("我是王小明，今天讨论预算。", injection, "谢谢王总，预算没有别的事了。", names=(None, "李四"))


def called(injection: str) -> Document:
    """Somebody is called it."""
    document = talk("我是王小明，今天讨论预算。", "好的，预算谢谢。", "没有别的事了。")
    return replace(document, speakers=(Speaker("S1"), Speaker("S2", injection[:64])))


def evil_of(asked: Asked) -> str:
    """The longest thing that stands in the data, with a script and a link behind it."""
    said = re.findall(r"^(?:\d+@\d+|\[[\d ]+\]|发言人):? ?(.*)$", asked.prompt, re.MULTILINE)
    return max(said, key=len)[:3000] + INJECTIONS[13] + INJECTIONS[11]


def parrot(asked: Asked) -> Reply:
    """A model that has been taken over: whatever stands in the data stands in its answer, everywhere."""
    evil, lines = evil_of(asked), lines_of(asked)
    said = {"t": evil, "n": [1, 2, 99]}
    if asked.body.get("stream"):
        return Reply(f"{evil}[1]。{evil}，预算[2][99]。预算{evil}。")
    if is_section(asked) or is_whole(asked):
        taken: dict[str, Any] = notes(asked) if is_section(asked) else whole(asked)
        for key, value in taken.items():
            taken[key] = evil if key == "title" else said if isinstance(value, dict) else [said]
        taken |= {"keywords": [evil], "speakers": [{**said, "s": evil}, {**said, "s": "@1"}]}
        taken |= {"actions": [{**said, "who": evil, "when": evil}]} if is_section(asked) else {}
    else:
        torn = [
            {"do": do, "n": n, "s": s, "t": evil}
            for do in ("merge", "assign", evil)
            for n in (1, 2)
            for s in ("@1", evil)
        ]
        torn += [{"do": do, "n": n, "s": "@1", "t": text[:5]} for do in ("split", "move") for n, _, text in lines]
        taken = {
            "lines": [{"n": n, "t": (evil, f"{text}！", f"{text}{INJECTIONS[13]}")[n % 3]} for n, _, text in lines],
            "speakers": [{"s": "@1", "name": name, "n": [1, 2, 3]} for name in (evil, lines[-1][2][:30], "王小明")],
            "repairs": torn,
        }
    return Reply(taken | {"html": "<b>", "tool_calls": [{"function": {"name": "delete"}}]})


async def minutes_of(document: Document, asking: Asking, injection: str) -> None:
    made = (await summarize(document, TEMPLATE, "zh", asking, lambda done, total: None)).minutes

    assert MinutesForm.model_validate_json(made.model_dump_json()) == made
    texts = strings(json.loads(made.model_dump_json()))
    plain(texts)
    assert max(map(len, texts)) <= 1000
    assert {id for one in made.overview for id in one.evidence} <= {segment.id for segment in document.segments}
    untitled, file = made.model_copy(update={"title": ""}), clean_name(injection) or "周会"
    for shown in (made, untitled):  # without a title they are called as the file is
        written = markdown(shown, document, TEMPLATE, file)
        assert not re.search(r"(?<!\\)<[a-zA-Z/!]|(?<!\\)\]\(|(?<!\\)!\[", written)
    assert opened(io.BytesIO(docx(untitled, document, TEMPLATE, file))).paragraphs[0].text == file


async def polish_of(document: Document, asking: Asking, injection: str) -> None:
    made = await polish(document, [], asking, lambda done, total: None)

    plain(edit.after for edit in (*made.changes, *made.refused))
    after = applied(document, made.changes)
    kept = [
        replace(new, text=old.text, words=old.words) for old, new in zip(document.segments, after.segments, strict=True)
    ]
    assert kept == list(document.segments)
    assert {edit.before for edit in made.changes} <= {segment.text for segment in document.segments}


async def repair_of(document: Document, asking: Asking, injection: str) -> None:
    made = await propose(document, asking, lambda done, total: None)

    after = document
    for item in made.items:
        after = mended(after, item)
    assert "".join(one.text for one in after.segments) == "".join(one.text for one in document.segments)
    assert {one.speaker for one in after.segments} <= {one.id for one in document.speakers}
    assert after.speakers == document.speakers
    plain(one.id for one in after.segments)


async def names_of(document: Document, asking: Asking, injection: str) -> None:
    found = await suggest(document, asking)

    texts = {segment.id: segment.text for segment in document.segments}
    plain(one.name for one in found)
    for one in found:
        assert one.name in one.quote
        assert one.quote in texts[one.segment]


async def answer_of(document: Document, asking: Asking, injection: str) -> None:
    for question in (QUESTION, f"预算？{injection[:1900]}"):
        found = Answer()
        told = [text async for text in answer(document, question, [(injection[:1900], injection)], asking.model, found)]

        plain([*told, found.text])
        assert set(found.citations) <= {segment.id for segment in document.segments}


USES: list[Callable[[Document, Asking, str], Any]] = [minutes_of, polish_of, repair_of, names_of, answer_of]


def test_there_are_fifty_and_more() -> None:
    assert len(set(INJECTIONS)) == len(INJECTIONS) >= 50


@pytest.mark.parametrize("injection", INJECTIONS, ids=range(len(INJECTIONS)))
async def test_an_injection_is_data_whatever_the_model_is_used_for(asking: MakeAsking, injection: str) -> None:
    async with asking(parrot) as (asked, server):
        for document in (spoken(injection), called(injection)):
            for use in USES:
                before = len(server.asked)
                await use(document, asked, injection)
                assert len(server.asked) > before, use.__name__

    for one in server.asked:
        fenced(one)


def fenced(asked: Asked) -> None:
    """All data stands between two fences that nobody spoke; no line of it is there that was not said."""
    prompt = asked.prompt.split("\n\nYour last answer")[0]
    begin, *lines = prompt.split("\n")
    end = lines.index(begin.replace("《", "《/"))
    data, questions = lines[:end], lines[end + 1 :]
    assert re.fullmatch(r"《资料[0-9a-f]{8}》", begin)
    assert all(re.match(r"\d+@\d+: |\[[\d ]+\] |发言人: ", line) for line in data)
    assert all(re.match(r"之前的问题: |问题: ", line) for line in questions)
    assert not any(mark in asked.prompt for mark in ("<|", "[INST]", "<<SYS>>", "</s>", "<think", "</think"))
    assert "99@2" not in [line.split(":")[0] for line in data]
    assert sum(line.startswith("3@1: ") for line in data) <= 1
    for injection in INJECTIONS:
        assert injection not in asked.system


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("预算三百万，同比增长5%。", "预算三百万，同比增长5%。"),
        ("用 Python 3.11 和 Node.js", "用 Python 3.11 和 Node.js"),
        ("a < b 而且 c > d", "a ＜ b 而且 c ＞ d"),
        ("和/或，三月/四月，9:30开始", "和/或，三月/四月，9:30开始"),
        ("研发&市场 R&D", "研发&市场 R&D"),
        ("数据：一切正常", "数据：一切正常"),
    ],
)
def test_plain_text_stays_as_it_is(text: str, left: str) -> None:
    assert cleaned(text) == left


def test_a_text_is_quoted_on_one_line() -> None:
    assert quoted("一\n二\u2028三\u202e四<|im_start|>五") == "一 二 三四 五"


def test_cleaning_ends_whatever_is_nested() -> None:
    plain([cleaned("<" * 3000 + "script" + ">" * 3000), cleaned("ht" * 500 + "tp://" * 500 + "x")])
    plain([cleaned("[" * 500 + "a" + "](b)" * 500), quoted("<|" * 3000 + "|>" * 3000)])
    assert "<|a|>" not in quoted("<|a" * 40 + "|>" * 40)
