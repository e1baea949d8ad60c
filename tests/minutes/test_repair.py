from dataclasses import replace
from typing import Any

import pytest

from backend.engines.language_model_protocol import estimate_tokens
from backend.minutes.repair import Change, Item, apply_change, apply_item, propose
from backend.speech.types import Word
from backend.transcripts.document import Document
from tests.language_server import ModelRequest, Reply
from tests.minutes.conftest import MakeModel, long_talk, talk
from tests.minutes.models import lines_of

TORN = talk("我们下周把预算", "定下来。好的，我同意。", "那供应商呢？", "还没定。")


def worded(document: Document) -> Document:
    """The document with one word for each character, evenly timed."""

    def one(segment: Any) -> Any:
        heard = [character for character in segment.text if character not in "，。？"]
        step = (segment.end - segment.start) / len(heard)
        words = tuple(
            Word(character, segment.start + place * step, segment.start + (place + 1) * step)
            for place, character in enumerate(heard)
        )
        return replace(segment, words=words)

    return replace(document, segments=tuple(map(one, document.segments)))


def text_of(document: Document) -> str:
    return "".join(segment.text for segment in document.segments)


def repairs_reply(*repairs: dict[str, Any]) -> Reply:
    return Reply({"repairs": list(repairs)})


async def items_of(document: Document, make_model: MakeModel, *repairs: dict[str, Any]) -> list[Item]:
    async with make_model(lambda _request: repairs_reply(*repairs)) as (cached_model, _):
        return (await propose(document, cached_model, lambda done, total: None)).items


async def test_a_split_sentence_is_joined_with_its_words_and_times(make_model: MakeModel) -> None:
    document = worded(TORN)

    (item,) = await items_of(document, make_model, {"do": "move", "n": 1, "t": "定下来。"})

    after = apply_item(document, item)
    one, other = after.segments[:2]
    assert (one.text, other.text) == ("我们下周把预算定下来。", "好的，我同意。")
    assert "".join(word.text for word in one.words) == "我们下周把预算定下来"
    assert one.end == one.words[-1].end == pytest.approx(other.start)
    assert (one.speaker, other.speaker) == ("S1", "S2")
    assert text_of(after) == text_of(document)
    assert after.segments[2:] == document.segments[2:]


@pytest.mark.parametrize(
    ("repair", "texts", "speakers"),
    [
        ({"do": "merge", "n": 3, "s": "@1"}, ["那供应商呢？还没定。"], ["S1"]),
        ({"do": "split", "n": 2, "t": "好的", "s": "@1"}, ["定下来。", "好的，我同意。"], ["S2", "S1"]),
        ({"do": "assign", "n": 2, "s": "@1"}, ["定下来。好的，我同意。"], ["S1"]),
        ({"do": "move", "n": 3, "t": "呢？"}, ["那供应商", "呢？还没定。"], ["S1", "S2"]),
    ],
)
async def test_every_kind_of_repair_keeps_every_character(
    make_model: MakeModel, repair: dict[str, Any], texts: list[str], speakers: list[str]
) -> None:
    (item,) = await items_of(TORN, make_model, repair)

    assert [one.text for one in item.after] == texts
    assert [one.speaker for one in item.after] == speakers
    after = apply_item(TORN, item)
    assert text_of(after) == text_of(TORN)
    starts = [one.start for one in after.segments]
    assert starts == sorted(starts)
    assert len({one.id for one in after.segments}) == len(after.segments)


@pytest.mark.parametrize(
    "repair",
    [
        {"do": "move", "n": 1, "t": "别的话"},
        {"do": "move", "n": 99, "t": "定下来。"},
        {"do": "move", "n": 1, "t": "我们下周把预算"},  # the first segment would be empty
        {"do": "split", "n": 2, "t": "", "s": "@1"},
        {"do": "split", "n": 2, "t": "好的", "s": "@7"},
        {"do": "merge", "n": 4, "s": "@1"},
        {"do": "merge", "n": 1, "s": "@9", "t": "x"},
        {"do": "assign", "n": 2, "s": "@2"},
        {"do": "delete", "n": 2},
        {"do": "rewrite", "n": 2, "t": "我不同意"},
    ],
)
async def test_an_invalid_repair_is_not_proposed(make_model: MakeModel, repair: dict[str, Any]) -> None:
    found = await items_of(TORN, make_model, repair)

    assert all(apply_item(TORN, item) and text_of(apply_item(TORN, item)) == text_of(TORN) for item in found)
    assert [item for item in found if repair["do"] != "merge"] == []


async def test_only_a_neighbouring_speaker_can_be_assigned(make_model: MakeModel) -> None:
    three = talk("一。", "二二。", "三三。", names=("甲", "乙", "丙"))

    assert await items_of(three, make_model, {"do": "assign", "n": 1, "s": "@3"}) == []


async def test_no_segment_is_in_two_proposals(make_model: MakeModel) -> None:
    repairs = (
        {"do": "merge", "n": 1, "s": "@1"},
        {"do": "merge", "n": 2, "s": "@1"},
        {"do": "merge", "n": 3, "s": "@1"},
    )

    items = await items_of(TORN, make_model, *repairs)

    assert [item.change.segments for item in items] == [("p0", "p1"), ("p2", "p3")]


async def test_a_word_is_not_cut() -> None:
    document = talk("we met yesterday", "ok")
    segment = replace(
        document.segments[0], words=(Word("we", 0.0, 1.0), Word("met", 1.0, 2.0), Word("yesterday", 2.0, 4.0))
    )
    document = replace(document, segments=(segment, *document.segments[1:]))

    assert apply_change(document, Change("split", ("p0",), "S2", at=10)) is None
    assert apply_change(document, Change("split", ("p0",), "S2", at=7)) is not None


async def test_every_window_of_a_long_meeting_is_checked(make_model: MakeModel) -> None:
    document = long_talk(1.0)

    def script(request: ModelRequest) -> Reply:
        return repairs_reply({"do": "merge", "n": lines_of(request)[-2][0], "s": f"@{lines_of(request)[-2][1]}"})

    async with make_model(script) as (cached_model, server):
        proposed = await propose(document, cached_model, lambda done, total: None)

    shown = {number for one in server.requests for number, _, _ in lines_of(one)}
    assert shown == set(range(1, len(document.segments) + 1))
    assert len(proposed.items) == len(server.requests) > 1


async def test_six_hours_cost_at_most_1_4_times_their_tokens_and_no_line_is_left_out(make_model: MakeModel) -> None:
    document = long_talk(6)
    own = estimate_tokens("\n".join(segment.text for segment in document.segments))

    async with make_model(lambda _: repairs_reply()) as (cached_model, server):
        proposed = await propose(document, cached_model, lambda done, total: None)

    shown = {number for one in server.requests for number, _, _ in lines_of(one)}
    assert shown == set(range(1, len(document.segments) + 1))
    assert (proposed.items, proposed.warnings) == ([], [])
    assert cached_model.usage.prompt_tokens <= 1.4 * own
