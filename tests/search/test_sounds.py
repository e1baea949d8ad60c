"""What sounds like a word is found, whatever characters it was written with, and never among the words themselves."""

from typing import Any

import pytest

from backend.search.folding import fold
from backend.search.sounds import readings, sounds
from backend.transcripts.document import Speaker
from tests.search.conftest import Library, document


async def heard(library: Library, q: str, **filters: Any) -> list[tuple[str, str]]:
    """Recordings with the first hit of each place."""
    answer = await ask(library, q, **filters)
    return [
        (group["recording"]["id"], place["text"][slice(*place["hits"][0])])
        for group in answer["groups"]
        for place in group["places"]
    ]


async def ask(library: Library, q: str, **filters: Any) -> dict[str, Any]:
    headers = library.headers[filters.pop("user", library.ada).id]
    answer = await library.client.get("/api/search/sounds", params={"q": q, **filters}, headers=headers)
    found: dict[str, Any] = answer.raise_for_status().json()
    return found


@pytest.mark.parametrize("q", ["lilv", "lilü", "LiLv", "li lv", "li'lv", "ll", "lil", "力率", "力率 很", "利 lilv"])
async def test_pinyin_initials_and_other_characters_find_a_word(library: Library, q: str) -> None:
    recording = await library.add(document("今年的利率很高", "没有意见"))

    (found,) = {one for one in await heard(library, q) if "利率" in one[1] or q == "利 lilv"}

    assert recording == found[0]


@pytest.mark.parametrize("q", ["li", "l", "利", "力", "lilvx", "docker", "lvli", "lizi", "12"])
async def test_what_has_no_such_sound_is_not_found(library: Library, q: str) -> None:
    await library.add(document("今年的利率很高"))

    assert [] == await heard(library, q)


async def test_what_has_the_word_itself_is_left_out(library: Library) -> None:
    await library.add(document("章晓明来了"))
    other = await library.add(document("张小明来了", "章晓明来了"))

    assert [(other, "张小明")] == await heard(library, "章晓明")


async def test_a_name_with_other_characters_is_found_by_its_sound(library: Library) -> None:
    recording = await library.add(document("没有意见", speakers=[Speaker("S1", "章晓明")]), name="预算.m4a")

    assert ["章晓明"] == [one["text"] for one in (await ask(library, "张小明"))["texts"]]
    assert [(recording, "name")] == [
        (one["recording"]["id"], one["kind"]) for one in (await ask(library, "ys"))["texts"]
    ]


async def test_filters_and_words_to_leave_out_count_and_nobody_hears_what_others_said(library: Library) -> None:
    recording = await library.add(document("利率一", "利率二", speakers=[Speaker("S1", "李雷")]))

    assert [(recording, "利率")] == await heard(library, "lilv -二")
    assert [] == await heard(library, "lilv", speaker="韩梅")
    assert [] == await heard(library, "lilv", longest=99)
    assert [] == await heard(library, "lilv", user=library.eve)


async def test_a_word_without_a_sound_must_be_there_as_it_is(library: Library) -> None:
    recording = await library.add(document("利率是3.82", "利率是4"))

    assert [(recording, "利率")] == await heard(library, "力率 3.82")


def test_letters_are_read_as_syllables_in_every_way() -> None:
    assert {("xi", "an")} <= {tuple(one for (one,) in sound.syllables) for sound in sounds("xian")}
    assert [] == sounds("xyz9") == sounds("")
    assert [] == sounds("a" * 200)


def test_a_character_has_its_readings_without_tones_and_what_is_none_has_no_reading() -> None:
    assert {"chang", "zhang"} == set(readings("长"))
    assert () == readings("か") == readings("a") == readings("\U00030000")
    assert [(1, 3)] == sounds("力率")[0].places(fold("高利率").text)
