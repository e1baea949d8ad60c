"""Spoken text and names of people and files are data: they never become instructions or markup."""

import io
import json
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from docx import Document as open_document

from backend.minutes.answering import Answer, answer
from backend.minutes.cached_model import CachedModel
from backend.minutes.cleaning import sanitize_answer, sanitize_for_prompt
from backend.minutes.docx import docx
from backend.minutes.markdown import markdown
from backend.minutes.names import suggest
from backend.minutes.outline import entries
from backend.minutes.polish import apply_edits, polish
from backend.minutes.repair import apply_item, propose
from backend.minutes.schema import MinutesContent
from backend.minutes.summarize import summarize
from backend.minutes.templates import BUILT_IN
from backend.recordings.files import clean_name
from backend.transcripts.document import Document, Speaker
from backend.transcripts.file_properties import NO_PROPERTIES
from tests.language_server import ModelRequest, Reply
from tests.minutes.conftest import MakeModel, talk
from tests.minutes.injections import INJECTIONS, plain, strings
from tests.minutes.models import is_section, is_whole, lines_of, notes, whole

TEMPLATE = BUILT_IN["bluf"]
QUESTION = "今天讨论什么预算？"


def spoken(injection: str) -> Document:
    """A document in which the injection is said, between people who introduce themselves."""
    return talk("我是王小明，今天讨论预算。", injection, "谢谢王总，预算没有别的事了。", names=(None, "李四"))


def called(injection: str) -> Document:
    """A document in which a speaker has the injection as name."""
    document = talk("我是王小明，今天讨论预算。", "好的，预算谢谢。", "没有别的事了。")
    return replace(document, speakers=(Speaker("S1"), Speaker("S2", injection[:64])))


def evil_of(request: ModelRequest) -> str:
    """The longest line of the data, followed by a script and a link."""
    said = re.findall(r"^(?:\d+@\d+|\[[\d ]+\]|发言人):? ?(.*)$", request.prompt, re.MULTILINE)
    return max(said, key=len)[:3000] + INJECTIONS[13] + INJECTIONS[11]


def parrot(request: ModelRequest) -> Reply:
    """A model that follows the injection: it repeats the data in every field of its answer."""
    evil, lines = evil_of(request), lines_of(request)
    said = {"t": evil, "n": [1, 2, 99]}
    if request.body.get("stream"):
        return Reply(f"{evil}[1]。{evil}，预算[2][99]。预算{evil}。")
    if is_section(request) or is_whole(request):
        taken: dict[str, Any] = notes(request) if is_section(request) else whole(request)
        for key, value in taken.items():
            taken[key] = evil if key == "title" else said if isinstance(value, dict) else [said]
        taken |= {"keywords": [evil], "speakers": [{**said, "s": evil}, {**said, "s": "@1"}]}
        taken |= {"actions": [{**said, "who": evil, "when": evil}]} if is_section(request) else {}
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


async def minutes_of(document: Document, cached_model: CachedModel, injection: str) -> None:
    made = (await summarize(document, TEMPLATE, "zh", cached_model, lambda done, total: None)).minutes

    assert MinutesContent.model_validate_json(made.model_dump_json()) == made
    texts = strings(json.loads(made.model_dump_json()))
    plain(texts)
    assert max(map(len, texts)) <= 1000
    assert {id for one in made.overview for id in one.evidence} <= {segment.id for segment in document.segments}
    untitled, file = made.model_copy(update={"title": ""}), clean_name(injection) or "周会"
    for shown in (made, untitled):  # without a title the file name is the title
        written = markdown(entries(shown, document, TEMPLATE, file))
        assert not re.search(r"(?<!\\)<[a-zA-Z/!]|(?<!\\)\]\(|(?<!\\)!\[", written)
    assert (
        open_document(io.BytesIO(docx(entries(untitled, document, TEMPLATE, file), file, "zh-CN", NO_PROPERTIES)))
        .paragraphs[0]
        .text
        == file
    )


async def polish_of(document: Document, cached_model: CachedModel, injection: str) -> None:
    made = await polish(document, [], cached_model, lambda done, total: None)

    plain(edit.after for edit in (*made.changes, *made.refused))
    after = apply_edits(document, made.changes)
    kept = [
        replace(new, text=old.text, words=old.words) for old, new in zip(document.segments, after.segments, strict=True)
    ]
    assert kept == list(document.segments)
    assert {edit.before for edit in made.changes} <= {segment.text for segment in document.segments}


async def repair_of(document: Document, cached_model: CachedModel, injection: str) -> None:
    made = await propose(document, cached_model, lambda done, total: None)

    after = document
    for item in made.items:
        after = apply_item(after, item)
    assert "".join(one.text for one in after.segments) == "".join(one.text for one in document.segments)
    assert {one.speaker for one in after.segments} <= {one.id for one in document.speakers}
    assert after.speakers == document.speakers
    plain(one.id for one in after.segments)


async def names_of(document: Document, cached_model: CachedModel, injection: str) -> None:
    found = await suggest(document, cached_model)

    texts = {segment.id: segment.text for segment in document.segments}
    plain(one.name for one in found)
    for one in found:
        assert one.name in one.quote
        assert one.quote in texts[one.segment]


async def answer_of(document: Document, cached_model: CachedModel, injection: str) -> None:
    for question in (QUESTION, f"预算？{injection[:1900]}"):
        found = Answer()
        told = [
            text
            async for text in answer(document, question, [(injection[:1900], injection)], cached_model.model, found)
        ]

        plain([*told, found.text])
        assert set(found.citations) <= {segment.id for segment in document.segments}


USES: list[Callable[[Document, CachedModel, str], Any]] = [minutes_of, polish_of, repair_of, names_of, answer_of]


def test_there_are_at_least_fifty_injections() -> None:
    assert len(set(INJECTIONS)) == len(INJECTIONS) >= 50


@pytest.mark.parametrize("injection", INJECTIONS, ids=range(len(INJECTIONS)))
async def test_an_injection_is_data_in_every_use_of_the_model(make_model: MakeModel, injection: str) -> None:
    async with make_model(parrot) as (cached_model, server):
        for document in (spoken(injection), called(injection)):
            for use in USES:
                before = len(server.requests)
                await use(document, cached_model, injection)
                assert len(server.requests) > before, use.__name__

    for one in server.requests:
        fence(one)


def fence(request: ModelRequest) -> None:
    """Assert that all data is between two fences that were not spoken, and that every line of it was said."""
    prompt = request.prompt.split("\n\nYour last answer")[0]
    begin, *lines = prompt.split("\n")
    end = lines.index(begin.replace("《", "《/"))
    data, questions = lines[:end], lines[end + 1 :]
    assert re.fullmatch(r"《资料[0-9a-f]{8}》", begin)
    assert all(re.match(r"\d+@\d+: |\[[\d ]+\] |发言人: ", line) for line in data)
    assert all(re.match(r"之前的问题: |问题: ", line) for line in questions)
    assert not any(mark in request.prompt for mark in ("<|", "[INST]", "<<SYS>>", "</s>", "<think", "</think"))
    assert "99@2" not in [line.split(":")[0] for line in data]
    assert sum(line.startswith("3@1: ") for line in data) <= 1
    for injection in INJECTIONS:
        assert injection not in request.system


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
    assert sanitize_answer(text) == left


def test_a_text_is_quoted_on_one_line() -> None:
    assert sanitize_for_prompt("一\n二\u2028三\u202e四<|im_start|>五") == "一 二 三四 五"


def test_cleaning_ends_for_any_nesting() -> None:
    plain([sanitize_answer("<" * 3000 + "script" + ">" * 3000), sanitize_answer("ht" * 500 + "tp://" * 500 + "x")])
    plain([sanitize_answer("[" * 500 + "a" + "](b)" * 500), sanitize_for_prompt("<|" * 3000 + "|>" * 3000)])
    assert "<|a|>" not in sanitize_for_prompt("<|a" * 40 + "|>" * 40)
