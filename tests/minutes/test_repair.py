from dataclasses import replace
from typing import Any

import pytest

from backend.engines.language import tokens_of
from backend.minutes.repair import Change, Item, applied, propose, repaired
from backend.speech.types import Word
from backend.transcripts.document import Document
from tests.language_server import Asked, Reply
from tests.minutes.conftest import MakeAsking, long_talk, talk
from tests.minutes.models import lines_of

TORN = talk("我们下周把预算", "定下来。好的，我同意。", "那供应商呢？", "还没定。")


def worded(document: Document) -> Document:
    """A word a character, evenly."""

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


def said(*repairs: dict[str, Any]) -> Reply:
    return Reply({"repairs": list(repairs)})


async def items_of(document: Document, asking: MakeAsking, *repairs: dict[str, Any]) -> list[Item]:
    async with asking(lambda _asked: said(*repairs)) as (asked, _):
        return (await propose(document, asked, lambda done, total: None)).items


async def test_a_torn_sentence_is_given_back_with_its_words_and_times(asking: MakeAsking) -> None:
    document = worded(TORN)

    (item,) = await items_of(document, asking, {"do": "move", "n": 1, "t": "定下来。"})

    after = applied(document, item)
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
    asking: MakeAsking, repair: dict[str, Any], texts: list[str], speakers: list[str]
) -> None:
    (item,) = await items_of(TORN, asking, repair)

    assert [one.text for one in item.after] == texts
    assert [one.speaker for one in item.after] == speakers
    after = applied(TORN, item)
    assert text_of(after) == text_of(TORN)
    starts = [one.start for one in after.segments]
    assert starts == sorted(starts)
    assert len({one.id for one in after.segments}) == len(after.segments)


@pytest.mark.parametrize(
    "repair",
    [
        {"do": "move", "n": 1, "t": "别的话"},
        {"do": "move", "n": 99, "t": "定下来。"},
        {"do": "move", "n": 1, "t": "我们下周把预算"},  # nothing would be left of it
        {"do": "split", "n": 2, "t": "", "s": "@1"},
        {"do": "split", "n": 2, "t": "好的", "s": "@7"},
        {"do": "merge", "n": 4, "s": "@1"},
        {"do": "merge", "n": 1, "s": "@9", "t": "x"},
        {"do": "assign", "n": 2, "s": "@2"},
        {"do": "delete", "n": 2},
        {"do": "rewrite", "n": 2, "t": "我不同意"},
    ],
)
async def test_what_is_no_repair_is_not_proposed(asking: MakeAsking, repair: dict[str, Any]) -> None:
    found = await items_of(TORN, asking, repair)

    assert all(applied(TORN, item) and text_of(applied(TORN, item)) == text_of(TORN) for item in found)
    assert [item for item in found if repair["do"] != "merge"] == []


async def test_only_a_neighbour_may_be_named(asking: MakeAsking) -> None:
    three = talk("一。", "二二。", "三三。", names=("甲", "乙", "丙"))

    assert await items_of(three, asking, {"do": "assign", "n": 1, "s": "@3"}) == []


async def test_no_segment_is_in_two_proposals(asking: MakeAsking) -> None:
    repairs = (
        {"do": "merge", "n": 1, "s": "@1"},
        {"do": "merge", "n": 2, "s": "@1"},
        {"do": "merge", "n": 3, "s": "@1"},
    )

    items = await items_of(TORN, asking, *repairs)

    assert [item.change.segments for item in items] == [("p0", "p1"), ("p2", "p3")]


async def test_a_word_is_not_cut() -> None:
    document = talk("we met yesterday", "ok")
    segment = replace(
        document.segments[0], words=(Word("we", 0.0, 1.0), Word("met", 1.0, 2.0), Word("yesterday", 2.0, 4.0))
    )
    document = replace(document, segments=(segment, *document.segments[1:]))

    assert repaired(document, Change("split", ("p0",), "S2", at=10)) is None
    assert repaired(document, Change("split", ("p0",), "S2", at=7)) is not None


async def test_every_window_of_a_long_meeting_is_looked_at(asking: MakeAsking) -> None:
    document = long_talk(1.0)

    def script(asked: Asked) -> Reply:
        return said({"do": "merge", "n": lines_of(asked)[-2][0], "s": f"@{lines_of(asked)[-2][1]}"})

    async with asking(script) as (asked, server):
        proposed = await propose(document, asked, lambda done, total: None)

    shown = {number for one in server.asked for number, _, _ in lines_of(one)}
    assert shown == set(range(1, len(document.segments) + 1))
    assert len(proposed.items) == len(server.asked) > 1


async def test_six_hours_cost_little_more_than_their_own_tokens_and_no_line_is_left_out(asking: MakeAsking) -> None:
    document = long_talk(6)
    own = tokens_of("\n".join(segment.text for segment in document.segments))

    async with asking(lambda _: said()) as (asked, server):
        proposed = await propose(document, asked, lambda done, total: None)

    shown = {number for one in server.asked for number, _, _ in lines_of(one)}
    assert shown == set(range(1, len(document.segments) + 1))
    assert (proposed.items, proposed.warnings) == ([], [])
    assert asked.tally.prompt_tokens <= 1.4 * own
