"""Scripts of reliable language models: they answer from the prompt, as it asks."""

import re
from typing import Any

from tests.language_server import ModelRequest, Reply

_LINE = re.compile(r"^(\d+)@(\d+): (.*)$", re.MULTILINE)
_NOTE = re.compile(r"^\[([\d ]+)\] (.*)$", re.MULTILINE)


def lines_of(request: ModelRequest) -> list[tuple[int, int, str]]:
    """Number, speaker and text of every line of the transcript in the prompt."""
    return [(int(number), int(speaker), text) for number, speaker, text in _LINE.findall(request.prompt)]


def is_section(request: ModelRequest) -> bool:
    return "一节" in request.system


def is_whole(request: ModelRequest) -> bool:
    return "各节的笔记" in request.system


def notes(request: ModelRequest) -> dict[str, Any]:
    """A good model's notes of one section: one about the first line and one about the last."""
    lines = lines_of(request)
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


def whole(request: ModelRequest) -> dict[str, Any]:
    found = [([int(number) for number in numbers.split()], text) for numbers, text in _NOTE.findall(request.prompt)]
    (numbers, text), voices = found[0], [one for one in found if one[1].startswith("@")]
    return {
        "title": "周会纪要",
        "headline": {"t": text[:60], "n": numbers},
        "overview": [{"t": text[:60], "n": numbers} for numbers, text in found[:8] if not text.startswith("@")],
        "speakers": [{"s": text.split()[0], "t": text.split(" ", 1)[1], "n": numbers} for numbers, text in voices[:4]],
        "keywords": ["预算"],
    }


def good(request: ModelRequest) -> Reply:
    """A model that writes minutes as asked."""
    return Reply(notes(request) if is_section(request) else whole(request))


def obliging(request: ModelRequest) -> Reply:
    """A model that does every task as asked."""
    lines = lines_of(request)
    if request.body.get("stream"):
        return Reply(f"{lines[0][2][:20]}[{lines[0][0]}]。")
    if is_section(request) or is_whole(request):
        return good(request)
    written = [{"n": number, "t": f"{text.rstrip('。')}！"} for number, _, text in lines]
    return Reply({"ok": True, "speakers": [], "lines": written, "repairs": []})
