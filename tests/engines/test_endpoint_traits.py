"""What is learned from refusals in real servers' words, and from their counts of tokens."""

from typing import Any

import pytest

from backend.engines.endpoint_traits import AnswerFormat, CutPrompt, EndpointTraits

BODY: dict[str, Any] = {
    "max_tokens": 6000,
    "temperature": 0.2,
    "response_format": {"type": "json_object"},
    "stream_options": {},
}


def learned(words: str, **changed: Any) -> EndpointTraits:
    traits = EndpointTraits()
    traits.learn(words, {**BODY, **changed})
    return traits


@pytest.mark.parametrize(
    ("words", "limit"),
    [
        ("Invalid max_tokens value, the valid range of max_tokens is [1, 4096]", 4096),
        ("max_tokens is too large: 6000. This model supports at most 4096 completion tokens", 4096),
        ("max_tokens: 6000 > 4096, which is the maximum allowed number of output tokens", 4096),
        ("Range of max_tokens should be [1, 2000]", 2000),
    ],
)
def test_the_limit_of_answers_is_learned(words: str, limit: int) -> None:
    assert learned(words).max_answer_tokens == limit


@pytest.mark.parametrize(
    ("words", "window"),
    [
        ("This model's maximum context length is 8192 tokens. However, you requested 9000 tokens", 8192),
        ("the request exceeds the available context size n_prompt_tokens 9000 n_ctx 4096", 4096),
        ("Range of input length should be [1, 30720]", 30_720),
    ],
)
def test_the_context_length_is_learned(words: str, window: int) -> None:
    traits = learned(words)

    assert (traits.context_tokens, traits.max_answer_tokens) == (window, None)


@pytest.mark.parametrize(
    "words",
    [
        "System role not supported",
        "Developer instruction is not enabled for models/gemma-3-27b-it",
        "Conversation roles must alternate user/assistant/user/assistant/...",
        "Only user and assistant roles are supported!",
        "unexpected role 'system'",
    ],
)
def test_a_missing_system_role_is_learned(words: str) -> None:
    assert not learned(words).system_role


@pytest.mark.parametrize(
    "words", ["The file system is full", "internal error of the system", "upstream connect error", "no"]
)
def test_nothing_is_learned_from_other_errors(words: str) -> None:
    assert learned(words) == EndpointTraits()


def test_the_format_falls_back_step_by_step() -> None:
    schema = {"type": "json_schema"}

    assert learned("'response_format.type' must be 'json_schema' or 'text'").answer_format is AnswerFormat.JSON_SCHEMA
    assert learned("json mode is not supported").answer_format is AnswerFormat.PROMPT
    assert learned("json_schema is not supported", response_format=schema).answer_format is AnswerFormat.PROMPT


def test_the_name_of_the_length_is_learned() -> None:
    assert learned("max_tokens is deprecated, use max_completion_tokens").length_parameter == "max_completion_tokens"
    assert learned("max_tokens 参数非法").unsupported == {"max_tokens"}


def test_thinking_is_switched_off_or_else_streamed() -> None:
    refusal = "parameter.enable_thinking must be set to false for non-streaming calls"

    assert learned(refusal).parameters == {"enable_thinking": False}
    assert learned(refusal, enable_thinking=True).stream_only
    always = learned("The value of the enable_thinking parameter is restricted to True.", enable_thinking=False)
    assert (always.stream_only, always.unsupported) == (True, {"enable_thinking"})


@pytest.mark.parametrize(
    ("estimate", "counted", "found"),
    [
        (9000, 4096, CutPrompt.CERTAIN),
        (9000, 2047, CutPrompt.CERTAIN),
        (9000, 6000, CutPrompt.PERHAPS),
        (9000, 2500, CutPrompt.CERTAIN),  # fewer than any tokenizer needs
        (9000, 5817, CutPrompt.NO),
        (4000, 4096, CutPrompt.NO),
        (9000, 500, CutPrompt.NO),  # what was not in a cache
        (9000, None, CutPrompt.NO),
    ],
)
def test_a_cut_prompt_is_told_by_its_count(estimate: int, counted: int | None, found: CutPrompt) -> None:
    assert EndpointTraits().examine_count(estimate, counted) is found


def test_two_prompts_with_one_count_were_cut() -> None:
    traits = EndpointTraits()

    assert traits.examine_count(9000, 5817) is CutPrompt.NO
    assert traits.examine_count(9010, 5817) is CutPrompt.NO
    assert traits.examine_count(8000, 5817) is CutPrompt.CERTAIN


def test_room_for_thoughts_grows_to_a_limit_and_goes_where_it_does_not_help() -> None:
    traits, rooms = EndpointTraits(), []
    while traits.give_more_room(traits.thinking_tokens):
        rooms.append(traits.thinking_tokens)
    traits.take_room_back()

    assert rooms == [4096, 16_384, 32_768]
    assert (traits.thinking_tokens, traits.give_more_room(0)) == (0, False)
