"""What a language model is asked to answer, read with patience: nothing here is believed yet."""

import re
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict

#: More of one kind in one answer is noise.
_MOST = 40


def _text(value: object) -> object:
    if value is None:
        return ""
    return str(value) if isinstance(value, int | float) else value


def _numbers(value: object) -> list[int]:
    """Numbers of lines in whatever way a model writes them: 3, "3", "[3]", "3-5", ["3", 4]."""
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


def _list(value: object) -> object:
    if value is None:
        return []
    return value[:_MOST] if isinstance(value, list) else [value]


def _wrapped(value: object) -> object:
    return {"t": value} if isinstance(value, str) else value


Text = Annotated[str, BeforeValidator(_text)]
Numbers = Annotated[list[int], BeforeValidator(_numbers)]


class _Draft(BaseModel):
    model_config = ConfigDict(extra="ignore")


class Said(_Draft):
    t: Text = ""
    n: Numbers = []


class Task(Said):
    who: Text = ""
    when: Text = ""


class Part(Said):
    points: Annotated[list[Annotated[Said, BeforeValidator(_wrapped)]], BeforeValidator(_list)] = []


class Voice(Said):
    s: Text = ""


_Saids = Annotated[list[Annotated[Said, BeforeValidator(_wrapped)]], BeforeValidator(_list)]


def _words(value: object) -> list[Any]:
    parts = re.split(r"[,，、;；]", value) if isinstance(value, str) else value
    return [part for part in parts if isinstance(part, str)][:_MOST] if isinstance(parts, list) else []


class SectionDraft(_Draft):
    """Of one section. At least a summary or a topic must be there: an empty object is no answer."""

    summary: _Saids
    topics: Annotated[list[Annotated[Part, BeforeValidator(_wrapped)]], BeforeValidator(_list)] = []
    decisions: _Saids = []
    actions: Annotated[list[Annotated[Task, BeforeValidator(_wrapped)]], BeforeValidator(_list)] = []
    questions: _Saids = []
    speakers: Annotated[list[Annotated[Voice, BeforeValidator(_wrapped)]], BeforeValidator(_list)] = []
    keywords: Annotated[list[str], BeforeValidator(_words)] = []


class WholeDraft(_Draft):
    """Of all sections together."""

    title: Text = ""
    headline: Annotated[Said, BeforeValidator(_wrapped)]
    overview: _Saids
    speakers: Annotated[list[Annotated[Voice, BeforeValidator(_wrapped)]], BeforeValidator(_list)] = []
    keywords: Annotated[list[str], BeforeValidator(_words)] = []
