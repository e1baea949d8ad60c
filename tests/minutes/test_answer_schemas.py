from typing import Any

import pytest

from backend.minutes.answer_schemas import DraftStatement, SectionDraft


@pytest.mark.parametrize(
    ("given", "numbers"),
    [
        (3, [3]),
        ("3", [3]),
        ("[3]", [3]),
        ("3-5", [3, 4, 5]),
        ("3至5行", [3, 4, 5]),
        (["3", 4, "[5, 6]", 4], [3, 4, 5, 6]),
        ("1-100000", [1, 100000]),
        ([True, None, {"a": 1}, [1]], []),
        (float("nan"), [0]),
        (None, []),
        (list(range(100)), list(range(20))),
    ],
)
def test_line_numbers_are_parsed_in_every_form(given: Any, numbers: list[int]) -> None:
    assert DraftStatement(t="x", n=given).n == numbers


def test_a_draft_is_parsed_leniently() -> None:
    draft = SectionDraft.model_validate(
        {
            "summary": "只有一句",
            "topics": None,
            "actions": [{"t": "发方案", "who": None, "when": 5}],
            "keywords": "甲，乙",
        }
    )

    assert [one.t for one in draft.summary] == ["只有一句"]
    assert (draft.topics, draft.keywords) == ([], ["甲", "乙"])
    assert (draft.actions[0].who, draft.actions[0].when) == ("", "5")
