"""Language models that can be relied on: they answer from what they were shown, as the prompts ask."""

import re
from typing import Any

from tests.language_server import Asked, Reply

_LINE = re.compile(r"^(\d+)@(\d+): (.*)$", re.MULTILINE)
_NOTE = re.compile(r"^\[([\d ]+)\] (.*)$", re.MULTILINE)


def lines_of(asked: Asked) -> list[tuple[int, int, str]]:
    """Number, speaker and text of every line of the transcript in the prompt."""
    return [(int(number), int(speaker), text) for number, speaker, text in _LINE.findall(asked.prompt)]


def is_section(asked: Asked) -> bool:
    return "一节" in asked.system


def is_whole(asked: Asked) -> bool:
    return "各节的笔记" in asked.system


def notes(asked: Asked) -> dict[str, Any]:
    """What a good model says of one section: the first and the last line are worth a note."""
    lines = lines_of(asked)
    (first, voice, text), (last, _, end) = lines[0], lines[-1]
    said = {"t": text[:60], "n": [first]}
    return {
        "summary": [said, {"t": end[:60], "n": [last]}],
        "topics": [{"t": text[:20], "n": [first, last], "points": [said]}],
        "decisions": [{"t": f"决定：{text[:30]}", "n": [first]}],
        "actions": [{"t": f"跟进{end[:30]}", "who": f"@{voice}", "when": "周五", "n": [last]}],
        "questions": [{"t": f"{end[:30]}？", "n": [last]}],
        "speakers": [{"s": f"@{voice}", "t": text[:40], "n": [first]}],
        "keywords": [text[:4]],
    }


def whole(asked: Asked) -> dict[str, Any]:
    found = [([int(number) for number in numbers.split()], text) for numbers, text in _NOTE.findall(asked.prompt)]
    (numbers, text), voices = found[0], [one for one in found if one[1].startswith("@")]
    return {
        "title": "周会纪要",
        "headline": {"t": text[:60], "n": numbers},
        "overview": [{"t": text[:60], "n": numbers} for numbers, text in found[:8] if not text.startswith("@")],
        "speakers": [{"s": text.split()[0], "t": text.split(" ", 1)[1], "n": numbers} for numbers, text in voices[:4]],
        "keywords": ["预算"],
    }


def good(asked: Asked) -> Reply:
    """A model that does what it is asked."""
    return Reply(notes(asked) if is_section(asked) else whole(asked))


def obliging(asked: Asked) -> Reply:
    """A model that does what it is asked, whatever that is."""
    lines = lines_of(asked)
    if asked.body.get("stream"):
        return Reply(f"{lines[0][2][:20]}[{lines[0][0]}]。")
    if is_section(asked) or is_whole(asked):
        return good(asked)
    written = [{"n": number, "t": f"{text.rstrip('。')}！"} for number, _, text in lines]
    return Reply({"ok": True, "speakers": [], "lines": written, "repairs": []})
