from typing import Any

import pytest
from pydantic import ValidationError

from backend.errors import InvalidInput
from backend.transcripts.document import Document, document_to_json
from backend.transcripts.schema import DocumentSchema, read_document


def document_json(document: Document, **changes: Any) -> dict[str, Any]:
    """The document as a browser sends it, with the first segment changed."""
    value = document_to_json(document)
    value["segments"][0] |= changes
    return value


def parse(value: dict[str, Any], base: Document) -> Document:
    return read_document(DocumentSchema.model_validate(value), base)


def test_an_unchanged_document_is_equal(document: Document) -> None:
    assert parse(document_to_json(document), document) == document


def test_text_speakers_and_segments_may_change(document: Document) -> None:
    value = document_json(document, text="改过的。", source="edited", speaker="S2", words=[])
    value["speakers"].append({"id": "S3", "name": " 赵\u202e六 "})
    del value["segments"][1]

    found = parse(value, document)

    assert (found.segments[0].text, found.segments[0].source, found.segments[0].speaker) == ("改过的。", "edited", "S2")
    assert found.speakers[-1].name == "赵六"
    assert len(found.segments) == 3


def test_fields_of_the_server_are_ignored(document: Document) -> None:
    value = document_to_json(document) | {"duration": 1e6, "language": "xx", "engines": {"transcribe": "me"}}

    assert parse(value, document) == document


@pytest.mark.parametrize(
    "changes",
    [
        {"id": "p2"},
        {"speaker": "S9"},
        {"second_speaker": "S9"},
        {"start": 4.9, "end": 4.8},
        {"start": 9.0, "end": 9.5},
        {"end": 22.0},
        {"words": [["好", 2.0, 1.0]]},
        {"words": [["好", 2.0, 99.0]]},
    ],
)
def test_an_inconsistent_document_is_refused(document: Document, changes: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput):
        parse(document_json(document, **changes), document)


@pytest.mark.parametrize(
    "changes",
    [
        {"text": "一\n二"},
        {"text": "一\x00二"},
        {"text": "一\ud800二"},
        {"text": "字" * 20_001},
        {"start": -1.0},
        {"end": float("nan")},
        {"end": float("inf")},
        {"id": "<b>"},
        {"id": ""},
        {"confidence": 2},
        {"source": "god"},
        {"words": [["好", 1.0]]},
        {"owner_id": "somebody"},
    ],
)
def test_fields_with_impossible_values_are_refused(document: Document, changes: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        DocumentSchema.model_validate(document_json(document, **changes))


def test_two_speakers_cannot_share_an_id(document: Document) -> None:
    value = document_to_json(document)
    value["speakers"].append({"id": "S1", "name": None})

    with pytest.raises(InvalidInput):
        parse(value, document)


def test_too_much_text_is_refused(document: Document) -> None:
    value = document_to_json(document)
    row = value["segments"][0] | {"text": "字" * 20_000, "words": []}
    value["segments"] = [row | {"id": f"p{number}"} for number in range(101)]

    with pytest.raises(InvalidInput):
        parse(value, document)


def test_a_word_slightly_past_the_end_is_accepted(document: Document) -> None:
    value = document_json(document)
    value["segments"][-1]["end"] = 20.9

    longer = parse(value, document)

    assert parse(document_to_json(longer), longer) == longer
