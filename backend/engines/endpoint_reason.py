"""The reason of a failed request in the endpoint's own words, and the error that it means.

Endpoints put their reasons anywhere: OpenAI's error object, a text, a list of problems, a web page, with any status."""

import json
import re
from dataclasses import dataclass
from typing import Any

from backend.engines.language_model_protocol import LanguageModelError

#: Members that repeat the request. What they say is ours, and may be what people said in a meeting.
_ECHOES = ("input", "messages", "prompt", "request", "ctx")
_SENTENCES = ("message", "msg", "error", "detail", "error_msg", "errmsg", "status_msg", "reason", "errors", "base_resp")
_KEY = re.compile(r"\b(?:(?:sk|ak|pk|key)[-_]|Bearer )[^\s\"',;]{4,}", re.IGNORECASE)
_PAGE = re.compile(r"\s*<(?:!doctype|html|head|body|!--|\?xml)", re.IGNORECASE)
_TITLE = re.compile(r"<title[^>]*>(.*?)</title>", re.IGNORECASE | re.DOTALL)
_MAX_CHARACTERS = 300
#: A reason that repeats as many characters of the prompt is not shown.
_QUOTE = 16

_BALANCE = re.compile(
    r"insufficient[_ ](balance|quota|funds|credits?)|credit balance is too low|arrear|out of credits?|payment required"
    r"|余额不足|余额已用|欠费|额度不足|额度已用尽|请充值|billing_hard_limit|account.{0,40}good standing",
    re.IGNORECASE,
)
_BUSY = re.compile(
    r"overload|饱和|繁忙|稍后|rate.?limit|too many requests|at capacity|try again|负载|engine is currently",
    re.IGNORECASE,
)
_CONTEXT = re.compile(
    r"context.{0,30}(length|size|window|limit|token|长度)|prompt is too long"
    r"|(prompt|input|message)s?\b.{0,30}(too long|exceed)|exceed.{0,40}(input|prompt|token)"
    r"|range of input length|max_model_len|(prompt|输入|上下文|文本).{0,12}(超长|过长|超过|超出)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class EndpointReason:
    """`words` are all words of the endpoint, to learn from; `sentence` is what a person may read."""

    words: str = ""
    sentence: str = ""
    status: int | None = None  #: the status inside the body, where there is one
    page: bool = False  #: the answer is a web page
    plain: bool = False  #: the answer is neither JSON nor a web page


class EndpointRefusal(Exception):
    """The endpoint refused a request, with any status, or with an error in an answer of status 200."""

    def __init__(self, status: int, reason: EndpointReason, retry_after: float = 0.0) -> None:
        super().__init__(f"status {status}")
        self.status = status
        self.reason = reason
        self.retry_after = retry_after


def reason_of(content: bytes | object) -> EndpointReason:
    """The reason in a body, or in an event of a stream that was parsed already."""
    value = content
    if isinstance(content, bytes):
        text = content[:65_536].decode("utf-8-sig", errors="replace")
        try:
            value = json.loads(text)
        except ValueError:
            page = _PAGE.match(text) is not None
            title = _TITLE.search(text)
            words = (title[1] if title else "") if page else text
            return EndpointReason(words[:5000], _shortened(words), page=page, plain=not page)
    words = " ".join(_words(value))
    return EndpointReason(words[:20_000], _shortened(_sentence(value) or words), _status(value))


def shown_reason(sentence: str, key: str, prompt: str) -> str:
    """The sentence without keys; empty where it repeats a part of the prompt."""
    if any(sentence[at : at + _QUOTE] in prompt for at in range(len(sentence) - _QUOTE + 1)):
        return ""
    if len(key) > 3:
        sentence = sentence.replace(key, "…")
    return _KEY.sub("…", sentence)


def error_of(status: int, reason: EndpointReason) -> LanguageModelError:
    """The error in our own words: the endpoint's may contain a key or a whole prompt."""
    if status == 200 and reason.status is not None:
        status = reason.status
    if 300 <= status < 400:
        detail = "The endpoint sends requests on to another address. Set the address that it names."
        return LanguageModelError("language_model_address", detail)
    if status == 402 or _BALANCE.search(reason.words):
        detail = "The account of the language model is empty. Add credit at its provider, or choose another endpoint."
        return LanguageModelError("language_model_balance", detail)
    if status in (401, 403):
        return LanguageModelError("language_model_key", "The language model does not accept the key. Check the key.")
    if reason.page and status < 500:
        detail = "The address answers with a web page. The address of the API usually ends in /v1: add it."
        return LanguageModelError("language_model_web_page", detail)
    if status == 404:
        detail = "The endpoint does not know this model. Check its address and the model's name."
        return LanguageModelError("language_model_unknown", detail)
    if status == 429 or (status in (200, 503, 529) and _BUSY.search(reason.words)):
        detail = "The language model is overloaded, or its quota is used up. Try again later."
        return LanguageModelError("language_model_busy", detail, retry=True)
    about_context = status in (400, 413, 422) and "context" in reason.words.lower()
    if about_context or (status in (200, 400, 413, 422, 500) and _CONTEXT.search(reason.words)):
        return context_exceeded()
    if status == 200 and reason.plain:
        return unreadable()
    retry = status in (408, 409, 425) or status >= 500
    said = "an error" if status == 200 else f"status {status}"
    return LanguageModelError("language_model_failed", f"The language model answered with {said}.", retry)


def unreadable() -> LanguageModelError:
    detail = "The language model cannot be reached, or its answer cannot be read. Check its address."
    return LanguageModelError("language_model_unreachable", detail, retry=True)


def context_exceeded() -> LanguageModelError:
    detail = "The prompt is too long for the language model. Set its context tokens to the model's limit."
    return LanguageModelError("language_model_context", detail)


def _words(value: object, depth: int = 0) -> list[str]:
    """All texts and numbers, with the names of the members that hold numbers."""
    if depth > 8:
        return []
    if isinstance(value, dict):
        found: list[str] = []
        for name, one in value.items():
            if str(name) in _ECHOES:
                continue
            if isinstance(one, int | float) and not isinstance(one, bool):
                found.append(f"{name} {one}")
            else:
                found += _words(one, depth + 1)
        return found
    if isinstance(value, list):
        return [word for one in value[:50] for word in _words(one, depth + 1)]
    return [value] if isinstance(value, str) else []


def _sentence(value: object, depth: int = 0) -> str:
    if isinstance(value, str):
        return value
    if depth > 6:
        return ""
    if isinstance(value, dict):
        return next((text for name in _SENTENCES if (text := _sentence(value.get(name), depth + 1))), "")
    if isinstance(value, list):
        return "; ".join(text for one in value[:5] if (text := _sentence(one, depth + 1)))
    return ""


def _status(value: Any) -> int | None:
    """The HTTP status that an error inside a body names."""
    error = value.get("error") if isinstance(value, dict) else None
    for holder in (error, value):
        for name in ("code", "status", "status_code"):
            number = holder.get(name) if isinstance(holder, dict) else None
            text = str(number) if isinstance(number, int | str) and not isinstance(number, bool) else ""
            if text.isascii() and text.isdigit() and 400 <= int(text[:9]) < 600:
                return int(text)
    return None


def _shortened(text: str) -> str:
    plain = " ".join("".join(one if one.isprintable() else " " for one in text).split())
    return plain if len(plain) <= _MAX_CHARACTERS else plain[: _MAX_CHARACTERS - 1] + "…"
