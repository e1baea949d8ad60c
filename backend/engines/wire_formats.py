"""What is sent to an endpoint and what comes back, in the three protocols: pure functions of values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Protocol

from pydantic import BaseModel

from backend.engines.endpoint_traits import AnswerFormat, EndpointTraits
from backend.engines.language_model_protocol import estimate_tokens
from backend.engines.model_endpoint import Endpoint, WireProtocol

_TEMPERATURE = 0.2
_LENGTH = {"length", "max_tokens", "model_length", "max_output_tokens", "model_context_window_exceeded"}
_REFUSAL = {
    *("content_filter", "content-filter", "safety", "sensitive", "refusal", "prohibited_content", "blocklist"),
    *("recitation", "spii"),
}
_BROKEN = {"error", "abort", "network_error", "insufficient_system_resource", "cancelled", "timeout"}


class Finish(str, Enum):
    """Why an answer ends."""

    STOP = "stop"
    LENGTH = "length"
    REFUSED = "refused"
    BROKEN = "broken"  #: the endpoint gave up; a later attempt may succeed


@dataclass(frozen=True, slots=True)
class ModelQuestion:
    """`schema` is that of the JSON to answer with; None: any text."""

    system: str
    prompt: str
    max_tokens: int
    schema: type[BaseModel] | None = None
    tokens: int = field(init=False)  #: an upper estimate of those of the prompt

    def __post_init__(self) -> None:
        object.__setattr__(self, "tokens", estimate_tokens(self.system + self.prompt))


@dataclass(frozen=True, slots=True)
class AnswerPiece:
    """A piece of an answer, or the whole one. Counts are None where the endpoint does not say them."""

    text: str = ""
    thoughts: bool = False  #: it contains thoughts, which are left out
    finish: Finish | None = None
    prompt_tokens: int | None = None
    completion_tokens: int | None = None


class WireFormat(Protocol):
    """One protocol."""

    lines: bool  #: a stream is a JSON object a line, without server-sent events

    def body(
        self, endpoint: Endpoint, traits: EndpointTraits, question: ModelQuestion, *, stream: bool
    ) -> dict[str, Any]: ...

    def is_refusal(self, event: Mapping[str, Any]) -> bool:
        """Whether the event says an error, although its status is 200."""
        ...

    def piece(self, event: Mapping[str, Any]) -> AnswerPiece: ...


class OwnWireFormat(WireFormat, Protocol):
    """A protocol that we send ourselves."""

    def url(self, endpoint: Endpoint) -> str: ...

    def headers(self, endpoint: Endpoint) -> dict[str, str]: ...


class ChatCompletions:
    """OpenAI's chat completions, with what others have made of them. openai's SDK sends them."""

    lines = False

    def body(
        self, endpoint: Endpoint, traits: EndpointTraits, question: ModelQuestion, *, stream: bool
    ) -> dict[str, Any]:
        body: dict[str, Any] = {
            "model": endpoint.model,
            "messages": _messages(traits, question),
            "temperature": _temperature(endpoint),
            traits.length_parameter: answer_room(endpoint, traits, question),
        }
        if stream:
            body |= {"stream": True, "stream_options": {"include_usage": True}}
        if question.schema is not None and traits.answer_format is AnswerFormat.JSON_OBJECT:
            body["response_format"] = {"type": "json_object"}
        if question.schema is not None and traits.answer_format is AnswerFormat.JSON_SCHEMA:
            schema = {"name": question.schema.__name__, "schema": question.schema.model_json_schema()}
            body["response_format"] = {"type": "json_schema", "json_schema": schema}
        return _complete(body, endpoint, traits)

    def is_refusal(self, event: Mapping[str, Any]) -> bool:
        choices = event.get("choices")
        if event.get("error") or (isinstance(choices, list) and choices and _member(choices[0], "error")):
            return True
        reasons = ("message", "msg", "detail", "code", "base_resp", "errors", "error_msg")
        return not choices and any(event.get(name) for name in reasons)

    def piece(self, event: Mapping[str, Any]) -> AnswerPiece:
        usage = event.get("usage")
        prompt, completion = _count(usage, "prompt_tokens"), _count(usage, "completion_tokens")
        thought = bool(_count(_member(usage, "completion_tokens_details"), "reasoning_tokens"))
        choices = event.get("choices")
        choice = choices[0] if isinstance(choices, list) and choices else None
        message = _member(choice, "message") or _member(choice, "delta")
        text, thoughts = _text_and_thoughts(_member(message, "content"))
        if not text and isinstance(_member(choice, "text"), str):
            text = str(_member(choice, "text"))
        thought |= bool(thoughts or _member(message, "reasoning_content") or _member(message, "reasoning"))
        finish = _finish(_member(choice, "finish_reason"))
        if _member(message, "refusal"):
            finish = Finish.REFUSED
        return AnswerPiece(text, thought, finish, prompt, completion)


class AnthropicMessages:
    """Anthropic's messages. There is no parameter for JSON; the prompt asks for it."""

    lines = False

    def url(self, endpoint: Endpoint) -> str:
        return f"{endpoint.url.rstrip('/')}/messages"

    def headers(self, endpoint: Endpoint) -> dict[str, str]:
        return {"x-api-key": endpoint.key, "anthropic-version": "2023-06-01"}

    def body(
        self, endpoint: Endpoint, traits: EndpointTraits, question: ModelQuestion, *, stream: bool
    ) -> dict[str, Any]:
        body: dict[str, Any] = {
            "model": endpoint.model,
            "system": question.system,
            "messages": [{"role": "user", "content": question.prompt}],
            "temperature": _temperature(endpoint),
            "max_tokens": answer_room(endpoint, traits, question),
        }
        return _complete(body | ({"stream": True} if stream else {}), endpoint, traits)

    def is_refusal(self, event: Mapping[str, Any]) -> bool:
        return event.get("type") == "error" or bool(event.get("error")) or "detail" in event

    def piece(self, event: Mapping[str, Any]) -> AnswerPiece:
        delta = event.get("delta")
        content = event.get("content") or ([delta] if isinstance(delta, dict) else event.get("content_block"))
        text, thoughts = _text_and_thoughts(content)
        usage = event.get("usage") or _member(event.get("message"), "usage")
        parts = [_count(usage, name) for name in ("input_tokens", "cache_creation_input_tokens")]
        parts.append(_count(usage, "cache_read_input_tokens"))
        counted = sum(part or 0 for part in parts) or None
        finish = _finish(event.get("stop_reason") or _member(delta, "stop_reason"))
        return AnswerPiece(text, thoughts, finish, counted, _count(usage, "output_tokens"))


class OllamaChat:
    """Ollama's own chat, where the context length is a part of the request."""

    lines = True

    def url(self, endpoint: Endpoint) -> str:
        return f"{endpoint.url.rstrip('/').removesuffix('/v1').removesuffix('/api')}/api/chat"

    def headers(self, endpoint: Endpoint) -> dict[str, str]:
        return {"Authorization": f"Bearer {endpoint.key}"}  # for a proxy before it

    def body(
        self, endpoint: Endpoint, traits: EndpointTraits, question: ModelQuestion, *, stream: bool
    ) -> dict[str, Any]:
        room = answer_room(endpoint, traits, question)
        options: dict[str, Any] = {
            "num_ctx": (traits.context_tokens or endpoint.context_tokens) + traits.thinking_tokens,
            "num_predict": room,
        }
        if "temperature" not in traits.unsupported:
            options["temperature"] = _temperature(endpoint)
        body: dict[str, Any] = {"model": endpoint.model, "messages": _messages(traits, question), "options": options}
        body["stream"] = stream
        if question.schema is not None:
            body["format"] = "json"
        extra = {**endpoint.parameters, **traits.parameters}
        options |= extra.pop("options", None) or {}
        return {name: one for name, one in (body | extra).items() if name not in traits.unsupported}

    def is_refusal(self, event: Mapping[str, Any]) -> bool:
        return bool(event.get("error"))

    def piece(self, event: Mapping[str, Any]) -> AnswerPiece:
        message = event.get("message")
        text, thoughts = _text_and_thoughts(_member(message, "content"))
        finish = _finish(event.get("done_reason")) or (Finish.STOP if event.get("done") is True else None)
        counts = (_count(event, "prompt_eval_count"), _count(event, "eval_count"))
        return AnswerPiece(text, thoughts or bool(_member(message, "thinking")), finish, *counts)


WIRE_FORMATS: Mapping[WireProtocol, ChatCompletions | OwnWireFormat] = {
    WireProtocol.OPENAI: ChatCompletions(),
    WireProtocol.ANTHROPIC: AnthropicMessages(),
    WireProtocol.OLLAMA: OllamaChat(),
}


def answer_room(endpoint: Endpoint, traits: EndpointTraits, question: ModelQuestion) -> int:
    """The tokens an answer may have, with the thoughts before it."""
    room = question.max_tokens + traits.thinking_tokens
    if traits.thinking_in_context:
        context = traits.context_tokens or endpoint.context_tokens
        room = max(min(room, context - question.tokens), question.max_tokens)
    return min(room, traits.max_answer_tokens or room)


def _complete(body: dict[str, Any], endpoint: Endpoint, traits: EndpointTraits) -> dict[str, Any]:
    """The body with the parameters of the endpoint, without those it has refused."""
    # What a person has set counts more than what was learned.
    body = {**body, **traits.parameters, **endpoint.parameters}
    return {name: one for name, one in body.items() if name not in traits.unsupported}


def _temperature(endpoint: Endpoint) -> float:
    return _TEMPERATURE if endpoint.temperature is None else endpoint.temperature


def _messages(traits: EndpointTraits, question: ModelQuestion) -> list[dict[str, str]]:
    if not traits.system_role:
        return [{"role": "user", "content": f"{question.system}\n\n{question.prompt}"}]
    return [{"role": "system", "content": question.system}, {"role": "user", "content": question.prompt}]


def _text_and_thoughts(content: object) -> tuple[str, bool]:
    """The text of a content in any of its forms: a text, a part, or a list of parts; and whether there are thoughts."""
    if isinstance(content, str):
        return content, False
    if isinstance(content, list):
        parts = [_text_and_thoughts(one) for one in content]
        return "".join(text for text, _ in parts), any(thoughts for _, thoughts in parts)
    if not isinstance(content, dict):
        return "", False
    kind = str(content.get("type", "text"))
    if "think" in kind or "reason" in kind or "signature" in kind:
        return "", True
    return _text_and_thoughts(content.get("text") or content.get("content"))


def _finish(value: object) -> Finish | None:
    if not isinstance(value, str) or not value:
        return None
    word = value.lower()
    if word in _LENGTH:
        return Finish.LENGTH
    if word in _REFUSAL:
        return Finish.REFUSED
    return Finish.BROKEN if word in _BROKEN else Finish.STOP


def _member(value: object, name: str) -> Any:
    return value.get(name) if isinstance(value, dict) else None


def _count(value: object, name: str) -> int | None:
    found = _member(value, name)
    return found if isinstance(found, int) and not isinstance(found, bool) and found > 0 else None
