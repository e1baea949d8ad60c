"""A refused field is told with the kind of its problem and the limit, so that a page can say it in its own words."""

from typing import Annotated, Any

import pytest
from pydantic import AfterValidator, Field, TypeAdapter, ValidationError

from backend.errors import invalid_field


def _refuse(_value: str) -> str:
    raise ValueError("It is not a word.")


@pytest.mark.parametrize(
    ("wanted", "value", "kind", "limit"),
    [
        (Annotated[tuple[str, ...], Field(max_length=2)], ["a", "b", "c"], "too_many", 2),
        (Annotated[tuple[str, ...], Field(min_length=1)], [], "too_few", 1),
        (Annotated[str, Field(max_length=2)], "abc", "too_long", 2),
        (Annotated[str, Field(min_length=1)], "", "too_short", 1),
        (Annotated[int, Field(le=10)], 11, "too_large", 10),
        (Annotated[float, Field(lt=1.5)], 1.5, "too_large", 1.5),
        (Annotated[int, Field(ge=0)], -1, "too_small", 0),
        (int, "many", "wrong_form", None),
    ],
)
def test_a_refused_value_has_a_kind_and_a_limit(wanted: Any, value: Any, kind: str, limit: float | None) -> None:
    with pytest.raises(ValidationError) as refused:
        TypeAdapter(dict[str, wanted]).validate_python({"field": value})

    told = invalid_field(refused.value.errors()[0])

    assert (told["field"], told["kind"], told["limit"]) == ("field", kind, limit)


def test_the_sentence_of_a_check_of_ours_stands_alone() -> None:
    with pytest.raises(ValidationError) as refused:
        TypeAdapter(Annotated[str, AfterValidator(_refuse)]).validate_python("")

    told = invalid_field(refused.value.errors()[0])

    assert told == {"field": "", "problem": "It is not a word.", "kind": "wrong_form", "limit": None}
