"""Guessing gets slower, per account and per address, and nobody stays outside for good."""

from dataclasses import dataclass

import pytest

from backend.accounts.throttle import Throttle, TooManyAttempts
from tests.accounts.people import PASSWORD, House


@dataclass
class Clock:
    now: float = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def throttle(clock: Clock) -> Throttle:
    return Throttle(clock)


def test_the_wait_doubles_and_has_an_end(throttle: Throttle, clock: Clock) -> None:
    waits = []
    for guess in range(20):
        wait = _guess(throttle, "ada", f"address {guess}")
        if wait:
            clock.now += wait
            waits.append(wait)
            _guess(throttle, "ada", f"address {guess}")

    assert waits[:4] == [1, 2, 4, 8]
    assert max(waits) == 300
    clock.now += 301
    assert _guess(throttle, "ada", "new") == 0


def test_one_address_that_tries_many_accounts_is_slowed_down(throttle: Throttle) -> None:
    waits = [_guess(throttle, f"account {guess}", "here") for guess in range(30)]

    assert waits[:20] == [0] * 20
    assert all(waits[20:])
    assert _guess(throttle, "account 1", "elsewhere") == 0


def test_a_thousand_guesses_at_once_are_a_thousand(throttle: Throttle) -> None:
    attempts = [throttle.attempt("ada", f"address {number}") for number in range(1000)]

    entered = 0
    for attempt in attempts:
        try:
            attempt.__enter__()  # none of them has ended
            entered += 1
        except TooManyAttempts:
            pass

    assert entered == 5


def test_the_right_password_wipes_the_slate_of_the_account_not_that_of_the_address(throttle: Throttle) -> None:
    for number in range(19):
        _guess(throttle, f"victim {number}", "here")
    for _ in range(30):
        assert _guess(throttle, "mine", "here", right=True) == 0

    _guess(throttle, "victim 20", "here")
    assert _guess(throttle, "victim 21", "here") > 0


def test_a_stranger_does_not_keep_out_who_was_in_before(throttle: Throttle) -> None:
    _guess(throttle, "ada", "home", right=True)
    for number in range(50):
        _guess(throttle, "ada", f"bot {number}")

    assert _guess(throttle, "ada", "bot 51") > 0
    assert _guess(throttle, "ada", "home", right=True) == 0


def test_after_an_hour_nothing_is_held_against_anybody(throttle: Throttle, clock: Clock) -> None:
    for _ in range(9):
        _guess(throttle, "ada", "here")

    clock.now += 3601

    assert [_guess(throttle, "ada", "here") for _ in range(5)] == [0] * 5


async def test_guesses_at_a_name_are_answered_alike_whether_it_exists(house: House) -> None:
    known = [await house.login("ada", "a wrong guess") for _ in range(7)]
    unknown = [await house.login("no such name", "a wrong guess") for _ in range(7)]

    assert [answer.status_code for answer in known] == [401] * 5 + [429] * 2
    assert [answer.status_code for answer in unknown] == [401] * 5 + [429] * 2
    assert known[5].json() == unknown[5].json()
    assert int(known[5].headers["Retry-After"]) >= 1
    assert (await house.login("ada")).status_code == 429  # also for the right password
    assert (await house.login("grace")).status_code == 200


async def test_spelling_a_name_differently_gives_no_more_guesses(house: House) -> None:
    for name in ("ada", "ADA", " ada ", "ＡＤＡ", "Ada"):
        await house.login(name, "a wrong guess")

    assert (await house.login("ada")).status_code == 429


async def test_the_old_password_cannot_be_guessed_faster(house: House) -> None:
    body = {"current_password": "a wrong guess", "new_password": "明天早上九点半在一楼"}

    answers = [await house.client.post("/api/auth/password", headers=house.bearer("ada"), json=body) for _ in range(6)]

    assert [answer.status_code for answer in answers] == [403] * 5 + [429]
    assert PASSWORD not in answers[-1].text


def _guess(throttle: Throttle, account: str, address: str, *, right: bool = False) -> int:
    """How long this guess had to wait."""
    try:
        with throttle.attempt(account, address) as attempt:
            attempt.right = right
    except TooManyAttempts as error:
        return int((error.headers or {})["Retry-After"])
    return 0
