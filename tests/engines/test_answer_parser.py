"""The parser of answers names what is wrong with them."""

import json

import pytest

from backend.engines.answer_parser import InvalidAnswer, parse_answer
from tests.engines.test_language_model_client import Weather


def test_the_parser_names_the_invalid_field() -> None:
    with pytest.raises(InvalidAnswer, match="degrees"):
        parse_answer(Weather, json.dumps({"sky": "blue"}))
