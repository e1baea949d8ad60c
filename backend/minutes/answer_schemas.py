"""Schemas of a language model's answers. Parsing is lenient, and nothing here has been checked yet."""

import re
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict

#: Further items of one kind are dropped.
_MAX_ITEMS = 40


def _to_text(value: object) -> object:
    if value is None:
        return ""
    return str(value) if isinstance(value, int | float) else value


def _to_line_numbers(value: object) -> list[int]:
    """Line numbers in any form a model writes: 3, "3", "[3]", "3-5", ["3", 4]."""
    found: list[int] = []
    for part in value if isinstance(value, list) else [value]:
        if isinstance(part, int | float) and not isinstance(part, bool):
            found.append(int(part) if part == part and abs(part) < 10**6 else 0)
        elif isinstance(part, str):
            text = part[:200]
            span = re.fullmatch(r"\D*(\d{1,6})\s*[-–~—至到]\s*@?(\d{1,6})\D*", text)
            if span and 0 <= int(span[2]) - int(span[1]) <= 20:
                found += range(int(span[1]), int(span[2]) + 1)
            else:
                found += [int(number) for number in re.findall(r"(?<![\d@.])\d{1,6}(?![\d.])", text)]
    return list(dict.fromkeys(found))[:20]


def _to_list(value: object) -> object:
    if value is None:
        return []
    return value[:_MAX_ITEMS] if isinstance(value, list) else [value]


def _to_statement(value: object) -> object:
    return {"t": value} if isinstance(value, str) else value


Text = Annotated[str, BeforeValidator(_to_text)]
LineNumbers = Annotated[list[int], BeforeValidator(_to_line_numbers)]


class _Draft(BaseModel):
    model_config = ConfigDict(extra="ignore")


class DraftStatement(_Draft):
    t: Text = ""
    n: LineNumbers = []


class DraftAction(DraftStatement):
    who: Text = ""
    when: Text = ""


class DraftTopic(DraftStatement):
    points: Annotated[list[Annotated[DraftStatement, BeforeValidator(_to_statement)]], BeforeValidator(_to_list)] = []


class DraftSpeakerNote(DraftStatement):
    s: Text = ""


_Statements = Annotated[list[Annotated[DraftStatement, BeforeValidator(_to_statement)]], BeforeValidator(_to_list)]


def _to_keywords(value: object) -> list[Any]:
    parts = re.split(r"[,，、;；]", value) if isinstance(value, str) else value
    return [part for part in parts if isinstance(part, str)][:_MAX_ITEMS] if isinstance(parts, list) else []


class SectionDraft(_Draft):
    """The notes of one section. `summary` is required, so that an empty object is not a valid answer."""

    summary: _Statements
    topics: Annotated[list[Annotated[DraftTopic, BeforeValidator(_to_statement)]], BeforeValidator(_to_list)] = []
    decisions: _Statements = []
    actions: Annotated[list[Annotated[DraftAction, BeforeValidator(_to_statement)]], BeforeValidator(_to_list)] = []
    questions: _Statements = []
    speakers: Annotated[
        list[Annotated[DraftSpeakerNote, BeforeValidator(_to_statement)]], BeforeValidator(_to_list)
    ] = []
    keywords: Annotated[list[str], BeforeValidator(_to_keywords)] = []


class WholeDraft(_Draft):
    """The notes of the whole meeting."""

    title: Text = ""
    headline: Annotated[DraftStatement, BeforeValidator(_to_statement)]
    overview: _Statements
    speakers: Annotated[
        list[Annotated[DraftSpeakerNote, BeforeValidator(_to_statement)]], BeforeValidator(_to_list)
    ] = []
    keywords: Annotated[list[str], BeforeValidator(_to_keywords)] = []
