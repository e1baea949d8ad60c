"""What was learned about an endpoint from its refusals and its answers: what it takes, and how much."""

import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

logger = logging.getLogger(__name__)

#: Parameters without which a request means the same. They are left out after an endpoint has refused them.
OPTIONAL_PARAMETERS = ("stream_options", "temperature", "format", "think")
#: Names of the limit of an answer, in the order in which they are tried.
LENGTH_PARAMETERS = ("max_tokens", "max_completion_tokens", "max_output_tokens", "max_new_tokens")
#: The room for a model's thoughts, in tokens, that is tried one after another.
THINKING_STEPS = (4096, 16_384, 32_768)
#: Counts of prompt tokens below this prove nothing: no model has so small a context, but some endpoints count only what
#: was not in their cache.
_LEAST_WINDOW = 1000
#: Tokenizers need at least this share of `estimate_tokens`; measured ones need 0.5 to 0.9.
_LEAST_SHARE = 0.4

_STREAM_ONLY = re.compile(
    r"(only|must|requires?|need)\b.{0,40}\bstream|\bstream\b.{0,40}\b(must|required|true)\b|non-?stream\w*.{0,40}not",
    re.I,
)
_NO_SYSTEM = re.compile(
    r"\b(system|developer)\b.{0,40}(not|un)\s*-?(support|allow|enabl|accept|valid|permit|expect)"
    r"|(not support|unsupported|invalid|unexpected|unknown)\b.{0,60}\b(system|developer)\b"
    r"|(system|developer) (role|instruction|message|prompt).{0,40}(not|unsupported|invalid)"
    r"|roles?\b.{0,60}(must alternate|only.{0,20}\buser\b.{0,20}\bassistant\b)"
    r"|only.{0,20}\buser\b.{0,20}\bassistant\b"
    r"|不支持.{0,12}system|system.{0,12}不(支持|允许)",
    re.I,
)
_FORMAT = re.compile(r"response_?format|json_object|json_schema|json mode|structured output", re.I)
#: How refusals name the context length, the surest first.
_WINDOWS = (
    re.compile(r"\bn_ctx\D{0,5}(\d{3,8})"),
    re.compile(r"input length\D{0,20}\[?\d+\s*,\s*(\d{3,8})"),
    re.compile(
        r"(?:context[ _](?:length|size|window)|maximum (?:context|input|prompt)|max_model_len)\D{0,60}(\d{3,8})"
    ),
)
_UNKNOWN = re.compile(r"(un|not )(support|permit|recogni|known|expect)|unknown|instead|extra|deprecated|不支持", re.I)
_NUMBER = re.compile(r"\d{1,9}")


class AnswerFormat(str, Enum):
    """How an endpoint is told to answer with JSON."""

    JSON_OBJECT = "json_object"
    JSON_SCHEMA = "json_schema"
    PROMPT = "prompt"  #: only by the prompt


class CutPrompt(Enum):
    """Whether an endpoint has read only a part of a prompt, by its own count."""

    NO = 0
    PERHAPS = 1
    CERTAIN = 2


@dataclass(slots=True)
class EndpointTraits:
    """Starts with what most endpoints take. Shared by all requests to one endpoint."""

    unsupported: set[str] = field(default_factory=set)
    length_parameter: str = LENGTH_PARAMETERS[0]
    max_answer_tokens: int | None = None  #: the endpoint allows no longer answers
    answer_format: AnswerFormat = AnswerFormat.JSON_OBJECT
    system_role: bool = True  #: False: the instructions are the beginning of the user's message
    stream_only: bool = False
    parameters: dict[str, Any] = field(default_factory=dict)
    thinking_tokens: int = 0  #: room for thoughts, in addition to the answer
    thinking_in_context: bool = False  #: the room for thoughts must fit the context, too
    room_helps: bool = True  #: False: answers stayed empty with any room for thoughts
    thoughts_unmarked: bool = False  #: answers begin with thoughts, and only their end is marked
    context_tokens: int | None = None  #: found to be smaller than what was set
    _counts: dict[int, int] = field(default_factory=dict)  #: prompt tokens as counted by the endpoint: our estimate

    def learn(self, words: str, body: Mapping[str, Any]) -> None:
        """Note what the endpoint's refusal of `body` says about it."""
        lower = words.lower()
        if window := _window(lower):
            self.narrow_context(window)
        if "enable_thinking" in lower:
            self._learn_thinking(body)
        elif _STREAM_ONLY.search(lower) and "stream_options" not in lower and not body.get("stream"):
            self.stream_only = True
        if _NO_SYSTEM.search(lower):
            self.system_role = False
        self._learn_format(lower, body)
        self._learn_length(lower, body)
        self.unsupported |= {name for name in OPTIONAL_PARAMETERS if name in body and _names(name, lower)}
        if "options" in body and "temperature" in lower:
            self.unsupported.add("temperature")

    def adapted(self, context_tokens: int) -> tuple[str, ...]:
        """Codes of what the endpoint wants otherwise than most; `context_tokens` are those that were set."""
        facts = {
            "thinking_off": self.parameters.get("enable_thinking") is False
            and "enable_thinking" not in self.unsupported,
            "thinking_room": self.thinking_tokens > 0,
            "stream_only": self.stream_only,
            "no_system_role": not self.system_role,
            "json_schema": self.answer_format is AnswerFormat.JSON_SCHEMA,
            "no_json_format": self.answer_format is AnswerFormat.PROMPT,
            "length_parameter": self.length_parameter != LENGTH_PARAMETERS[0],
            "answer_limit": self.max_answer_tokens is not None,
            "no_temperature": "temperature" in self.unsupported,
            "small_context": (self.context_tokens or context_tokens) < context_tokens,
        }
        return tuple(code for code, true in facts.items() if true)

    def narrow_context(self, tokens: int) -> None:
        """Use no more than these tokens for prompt and answer together."""
        tokens = max(tokens, 2048)
        self.context_tokens = min(tokens, self.context_tokens or tokens)

    def give_more_room(self, given: int) -> bool:
        """Make the room for thoughts larger than `given`; False where there is no more. Requests that run at the same
        time may all ask for it."""
        more = next((step for step in THINKING_STEPS if step > given), 0)
        if not more or self.thinking_in_context or not self.room_helps:
            return False
        self.thinking_tokens = max(self.thinking_tokens, more)
        return True

    def fit_thoughts_into(self, context_tokens: int) -> None:
        """The endpoint counts the room for thoughts as a part of its context."""
        self.thinking_in_context = True
        self.thinking_tokens = min(self.thinking_tokens, context_tokens // 2)

    def take_room_back(self) -> None:
        """More room did not help: there are no thoughts that need it."""
        self.room_helps = self.thinking_in_context = False
        self.thinking_tokens = 0

    def examine_count(self, estimate: int, counted: int | None) -> CutPrompt:
        """Whether a prompt of `estimate` tokens was cut, where the endpoint has counted `counted` of them. `estimate`
        is an upper one, so a prompt that is cut has a count that a context length may have, or one that other prompts
        have as well, or one that no tokenizer reaches."""
        if counted is None or counted < _LEAST_WINDOW or counted >= estimate:
            return CutPrompt.NO
        other = self._counts.setdefault(counted, estimate)
        power = counted & (counted - 1) == 0 or counted & (counted + 1) == 0
        if power or abs(other - estimate) > max(64, estimate // 20) or counted < _LEAST_SHARE * estimate:
            return CutPrompt.CERTAIN
        return CutPrompt.PERHAPS if counted % 1000 == 0 or counted % 1024 == 0 else CutPrompt.NO

    def _learn_thinking(self, body: Mapping[str, Any]) -> None:
        if "enable_thinking" not in body:
            self.parameters["enable_thinking"] = False
            return
        self.stream_only = True  # with thoughts, which some models always have, only streams are allowed
        if body["enable_thinking"] is False:
            self.unsupported.add("enable_thinking")

    def _learn_format(self, lower: str, body: Mapping[str, Any]) -> None:
        asked = body.get("response_format")
        if not asked or not _FORMAT.search(lower):
            return
        if asked["type"] == AnswerFormat.JSON_OBJECT.value and "json_schema" in lower:
            self.answer_format = AnswerFormat.JSON_SCHEMA
        else:
            self.answer_format = AnswerFormat.PROMPT

    def _learn_length(self, lower: str, body: Mapping[str, Any]) -> None:
        used = next((name for name in LENGTH_PARAMETERS if name in body), None)
        if used is None or "context" in lower:
            return
        limits = [int(number) for number in _NUMBER.findall(lower) if 16 <= int(number) < int(body[used])]
        others = [name for name in LENGTH_PARAMETERS if name != used and _names(name, lower)]
        if others and (_UNKNOWN.search(lower) or not limits):
            self.length_parameter = others[0]
        elif limits and _names(used, lower):
            self.max_answer_tokens = min(max(limits), self.max_answer_tokens or max(limits))
        elif _names(used, lower):
            self.unsupported.add(used)


def _names(name: str, lower: str) -> bool:
    """Whether the words name this parameter, and not another one that contains its name."""
    return re.search(rf"(?<![a-z_]){re.escape(name)}(?![a-z_])", lower) is not None


def _window(lower: str) -> int | None:
    """The context length that a refusal names."""
    return next((int(found[1]) for pattern in _WINDOWS if (found := pattern.search(lower))), None)
