"""Reasons are found wherever they stand, and hold no secrets."""

import json

import pytest

from backend.engines.endpoint_reason import error_of, reason_of, shown_reason

WHY = "the model is asleep"


@pytest.mark.parametrize(
    "body",
    [
        {"error": {"message": WHY, "code": "x"}},
        {"error": WHY},
        {"message": WHY, "object": "error"},
        {"detail": WHY},
        {"detail": [{"loc": ["body"], "msg": WHY, "input": "what was said"}]},
        {"error": {"error": {"message": WHY}}},
        {"errors": [{"message": WHY}]},
        {"code": 1, "msg": WHY},
        {"base_resp": {"status_code": 1004, "status_msg": WHY}},
        [{"error": {"message": WHY}}],
    ],
)
def test_the_sentence_is_found_in_any_body(body: object) -> None:
    reason = reason_of(json.dumps(body).encode())

    assert reason.sentence == WHY
    assert "what was said" not in reason.words


def test_a_web_page_is_told_by_its_title() -> None:
    reason = reason_of(b"\n<!DOCTYPE html><html><head><title>New  API</title></head>")

    assert (reason.page, reason.sentence) == (True, "New API")


def test_a_reason_is_short_and_one_line() -> None:
    assert len(reason_of(b"x\n\x1b[31m" * 1000).sentence) == 300


def test_keys_and_what_was_said_are_not_shown() -> None:
    assert shown_reason("bad key abcdefgh", "abcdefgh", "") == "bad key …"
    assert shown_reason("Incorrect API key provided: sk-proj-12345678", "other", "") == "Incorrect API key provided: …"
    assert (
        shown_reason(
            "cannot read: 我们下周要把全部的产品下架，先不要说", "k", "1@1: 我们下周要把全部的产品下架，先不要说"
        )
        == ""
    )


@pytest.mark.parametrize(
    ("status", "message", "code", "retry"),
    [
        (402, "", "balance", False),
        (429, "insufficient_quota", "balance", False),
        (400, "Access denied, please make sure your account is in good standing. Arrearage", "balance", False),
        (429, "slow down", "busy", True),
        (503, "The engine is currently overloaded", "busy", True),
        (200, "当前分组上游负载已饱和，请稍后再试", "busy", True),
        (500, "context deadline exceeded", "failed", True),
        (500, "maximum context length is 10", "context", False),
        (403, "no access", "key", False),
        (307, "", "address", False),
        (418, "teapot", "failed", False),
    ],
)
def test_errors_have_codes(status: int, message: str, code: str, retry: bool) -> None:
    error = error_of(status, reason_of(json.dumps({"error": {"message": message}}).encode()))

    assert (error.code, error.retry) == (f"language_model_{code}", retry)
