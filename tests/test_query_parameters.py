"""No number and no date of a request is too large for a database."""

from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from backend.app import create_app
from backend.query_parameters import Moment
from backend.settings import Settings


def unbounded(schema: Any, path: str) -> Iterator[str]:
    if isinstance(schema, dict):
        if schema.get("type") == "integer" and not {"maximum", "exclusiveMaximum"} & set(schema):
            yield path
        for name, part in schema.items():
            yield from unbounded(part, f"{path} {name}")
    elif isinstance(schema, list):
        for part in schema:
            yield from unbounded(part, path)


def test_every_number_of_a_path_or_query_has_a_largest_value(settings: Settings) -> None:
    found = [
        place
        for path, methods in create_app(settings).openapi()["paths"].items()
        for method, operation in methods.items()
        for parameter in operation.get("parameters", [])
        for place in unbounded(parameter["schema"], f"{method} {path} {parameter['name']}")
    ]

    assert found == []


@pytest.mark.parametrize("text", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00"])
def test_a_time_past_the_edge_of_the_calendar_is_refused(text: str) -> None:
    with pytest.raises(ValidationError, match="between the years 1 and 9999"):
        TypeAdapter(Moment).validate_python(text)


@pytest.mark.parametrize("text", ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59+00:00", "2026-03-01T08:00:00+08:00"])
def test_every_other_time_is_accepted(text: str) -> None:
    assert TypeAdapter(Moment).validate_python(text).utcoffset().total_seconds() == 0  # type: ignore[union-attr]
