"""Password rules, hashes, and the bounded pool that computes them."""

import asyncio
from itertools import count
from time import perf_counter

import argon2
import pytest
from zxcvbn.frequency_lists import FREQUENCY_LISTS  # type: ignore[import-untyped]

from backend.accounts.passwords import _DUMMY_HASH, Passwords, WeakPassword, check
from backend.errors import TooManyRequests

PASSWORD = "kx7#mQ9z & 茶"


@pytest.mark.parametrize(
    "password",
    [
        "kx7#mQ9z",
        "会议室里的大白熊",
        "correct horse battery staple",
        "  spaces at both ends  ",
        "Ünïcödé zählt auch",
        "今天下午三点在二楼开会" * 9 + "喝",  # 100 Chinese characters: 300 bytes
        ("会议纪要写得真好请大家看一看吧嘿") * 8,  # 128
        "🦉🐻‍❄️🦔 in the wood",
    ],
)
async def test_long_and_non_ascii_passwords_are_accepted(passwords: Passwords, password: str) -> None:
    hash = await passwords.hash(password, username="ada")

    assert await passwords.verify(hash, password)
    assert not await passwords.verify(hash, password[:-1])


@pytest.mark.parametrize(
    ("password", "reason"),
    [
        ("", "too_short"),
        ("kx7#mQ9", "too_short"),
        ("今天下午三点开", "too_short"),
        ("kx7#mQ9z" * 16 + "!", "too_long"),
        ("password", "common"),
        ("P@ssw0rd!", "common"),
        ("12345678", "common"),
        ("1qaz2wsx", "common"),
        ("qwertyuiop", "common"),
        ("19900101", "common"),
        ("13812345678", "common"),
        ("woaini1314", "common"),
        ("5201314520", "common"),
        ("wang123456", "common"),
        ("a" * 128, "common"),
        ("abcabcabcabcabcabc", "common"),
        ("我爱你我爱你我爱你", "common"),
        ("１２３４５６７８", "common"),  # full-width digits are digits
        ("Grace.Hopper", "name"),
        ("grace.hopper1", "name"),
        ("GRACE.HOPPER", "name"),
    ],
)
async def test_a_weak_password_is_refused(passwords: Passwords, password: str, reason: str) -> None:
    with pytest.raises(WeakPassword) as error:
        await passwords.hash(password, username="Grace.Hopper")

    assert reason == error.value.facts["reason"]


def test_the_most_common_passwords_are_refused() -> None:
    common = [password for password in FREQUENCY_LISTS["passwords"] if len(password) >= 8][:3000]

    assert len(common) == 3000
    for password in common:
        with pytest.raises(WeakPassword):
            check(password, "ada")


async def test_a_password_is_not_truncated(passwords: Passwords) -> None:
    long = "今天下午三点在二楼开会" * 11
    hash = await passwords.hash(long + "甲", username="ada")

    assert not await passwords.verify(hash, long + "乙")


async def test_full_width_letters_equal_half_width_letters(passwords: Passwords) -> None:
    hash = await passwords.hash("ｋx7#mQ9z", username="ada")

    assert await passwords.verify(hash, "kx7#mQ9z")


async def test_a_lone_surrogate_is_a_wrong_password(passwords: Passwords) -> None:
    hash = await passwords.hash(PASSWORD, username="ada")

    assert not await passwords.verify(hash, "\ud83d" * 9)


async def test_hashes_are_at_least_as_strong_as_owasp_recommends(passwords: Passwords) -> None:
    hash = await passwords.hash(PASSWORD, username="ada")

    parameters = argon2.extract_parameters(hash)
    assert parameters.type == argon2.Type.ID
    assert parameters.memory_cost >= 19 * 1024
    assert parameters.time_cost >= 2
    assert parameters.salt_len >= 16
    assert parameters.hash_len >= 32


async def test_two_hashes_of_the_same_password_differ(passwords: Passwords) -> None:
    assert await passwords.hash(PASSWORD, username="ada") != await passwords.hash(PASSWORD, username="ada")


async def test_an_outdated_hash_is_renewed_and_a_current_one_is_not(passwords: Passwords) -> None:
    old = argon2.PasswordHasher(time_cost=1, memory_cost=8 * 1024, parallelism=1).hash(PASSWORD)

    renewed = await passwords.renew(old, PASSWORD)

    assert renewed is not None
    assert await passwords.verify(renewed, PASSWORD)
    assert await passwords.renew(renewed, PASSWORD) is None


async def test_verifying_without_a_hash_fails_and_takes_as_long(passwords: Passwords) -> None:
    hash = await passwords.hash(PASSWORD, username="ada")

    async def shortest(hash: str | None) -> float:
        times = []
        for _ in range(5):
            started = perf_counter()
            assert not await passwords.verify(hash, "wrong")
            times.append(perf_counter() - started)
        return min(times)

    # Without computing a hash it would take a two-hundredth of the time, more than a busy machine can hide.
    assert await shortest(None) > await shortest(hash) / 20
    assert argon2.extract_parameters(hash) == argon2.extract_parameters(_DUMMY_HASH)


async def test_a_damaged_hash_matches_no_password(passwords: Passwords) -> None:
    for hash in ("", "!", "$argon2id$v=19$m=19456", "plain text"):
        assert not await passwords.verify(hash, "plain text")


async def test_the_event_loop_runs_while_passwords_are_verified(passwords: Passwords) -> None:
    hash = await passwords.hash(PASSWORD, username="ada")
    ticks = count()

    async def tick() -> None:
        while True:
            next(ticks)
            await asyncio.sleep(0)

    ticker = asyncio.create_task(tick())
    answers = await asyncio.gather(*(passwords.verify(hash, PASSWORD) for _ in range(5)))
    ticker.cancel()

    assert all(answers)
    assert next(ticks) > 100  # about 5 if the loop is blocked


async def test_calls_beyond_the_limit_are_refused() -> None:
    passwords = Passwords(threads=1, max_pending=2)
    hash = await passwords.hash(PASSWORD, username="ada")
    two = [asyncio.create_task(passwords.verify(hash, PASSWORD)) for _ in range(2)]
    await asyncio.sleep(0)

    with pytest.raises(TooManyRequests) as error:
        await passwords.verify(hash, PASSWORD)
    assert await asyncio.gather(*two) == [True, True]
    assert await passwords.verify(hash, PASSWORD)
    assert int((error.value.headers or {})["Retry-After"]) >= 1
    passwords.close()
