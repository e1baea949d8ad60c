"""What is believed of a token, and what is not."""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import jwt
import pytest

from backend.accounts import tokens
from backend.accounts.tokens import BadToken, Login
from backend.database import utc_now
from backend.settings import Settings

LOGIN = Login("a" * 32, 3)


def test_a_token_says_whose_it_is_and_when_it_was_made(settings: Settings) -> None:
    token = tokens.issue(settings, LOGIN, utc_now())

    assert tokens.read(settings, token) == LOGIN


def test_two_tokens_of_one_login_differ(settings: Settings) -> None:
    now = utc_now()

    assert tokens.issue(settings, LOGIN, now) != tokens.issue(settings, LOGIN, now)


def test_a_token_lives_for_the_minutes_that_are_set(settings: Settings) -> None:
    settings = settings.model_copy(update={"access_token_expire_minutes": 5})

    tokens.read(settings, tokens.issue(settings, LOGIN, utc_now() - timedelta(minutes=4, seconds=50)))
    with pytest.raises(BadToken):
        tokens.read(settings, tokens.issue(settings, LOGIN, utc_now() - timedelta(minutes=5, seconds=1)))


def test_the_algorithm_is_the_one_that_is_set(settings: Settings) -> None:
    other = settings.model_copy(update={"algorithm": "HS384"})
    token = tokens.issue(settings, LOGIN, utc_now())

    assert jwt.get_unverified_header(token)["alg"] == "HS256"
    with pytest.raises(BadToken):
        tokens.read(other, token)


def test_a_token_of_another_key_is_not_believed(settings: Settings) -> None:
    stranger = _sign(_claims(settings), key="some other key, and long enough for them too")

    with pytest.raises(BadToken):
        tokens.read(settings, stranger)


@pytest.mark.parametrize("algorithm", ["none", "None", "NONE", "nOnE", ""])
@pytest.mark.parametrize("signature", ["", "AAAA"])
def test_an_unsigned_token_is_not_believed(settings: Settings, algorithm: str, signature: str) -> None:
    token = f"{_part({'alg': algorithm, 'typ': 'JWT'})}.{_part(_claims(settings))}.{signature}"

    with pytest.raises(BadToken):
        tokens.read(settings, token)


@pytest.mark.parametrize("algorithm", ["RS256", "ES256", "EdDSA", "HS512"])
def test_the_header_does_not_choose_how_it_is_checked(settings: Settings, algorithm: str) -> None:
    """Confusion of algorithms: signed with our key as HS256, and said to be something else."""
    signed = f"{_part({'alg': algorithm, 'typ': 'JWT'})}.{_part(_claims(settings))}"
    signature = hmac.digest(settings.secret_key.get_secret_value().encode(), signed.encode(), hashlib.sha256)

    with pytest.raises(BadToken):
        tokens.read(settings, f"{signed}.{_base64(signature)}")


@pytest.mark.parametrize(
    "header",
    [
        {"kid": "../../../../dev/null"},
        {"kid": "' UNION SELECT 'mine"},
        {"jku": "http://127.0.0.1/keys.json"},
        {"x5u": "http://127.0.0.1/key.pem"},
        {"jwk": {"kty": "oct", "k": base64.urlsafe_b64encode(b"mine, and long enough for a key!").decode()}},
        {"crit": ["exp"]},
    ],
)
def test_a_key_named_in_the_header_is_not_used(settings: Settings, header: dict[str, Any]) -> None:
    token = _sign(_claims(settings), key="mine, and long enough for a key!", headers=header)

    with pytest.raises(BadToken):
        tokens.read(settings, token)


@pytest.mark.parametrize("tail", ["=", "!", "\n", " ", ".", ".AAAA", "A", "AAAA", "\x00", "é"])
def test_nothing_may_follow_a_token(settings: Settings, tail: str) -> None:
    token = tokens.issue(settings, LOGIN, utc_now())

    with pytest.raises(BadToken):
        tokens.read(settings, token + tail)


@pytest.mark.parametrize(
    "junk", ["", ".", "..", "a.b", "a.b.c", "null", "\ud800.\ud800.\ud800", "张.三.李", "A" * 100_000]
)
def test_junk_is_not_believed(settings: Settings, junk: str) -> None:
    with pytest.raises(BadToken):
        tokens.read(settings, junk)


Edit = Callable[[dict[str, Any]], object]


@pytest.mark.parametrize(
    "edit",
    [
        pytest.param(lambda claims: claims.update(exp=claims["exp"] - 7200), id="expired"),
        pytest.param(lambda claims: claims.update(nbf=claims["iat"] + 600), id="not yet valid"),
        pytest.param(lambda claims: claims.update(iat=claims["iat"] + 600), id="made in the future"),
        pytest.param(lambda claims: claims.update(aud="somebody-else"), id="for somebody else"),
        pytest.param(lambda claims: claims.update(aud=[tokens.AUDIENCE, "somebody-else"]), id="for many"),
        pytest.param(lambda claims: claims.update(iss="somebody-else"), id="made by somebody else"),
        pytest.param(lambda claims: claims.update(typ="refresh"), id="for another door"),
        pytest.param(lambda claims: claims.update(typ=None), id="for no door"),
        pytest.param(lambda claims: claims.update(sub=7), id="of a number"),
        pytest.param(lambda claims: claims.update(epoch="3"), id="an epoch in words"),
        pytest.param(lambda claims: claims.update(epoch=True), id="an epoch that is a truth"),
        pytest.param(lambda claims: claims.update(exp="soon"), id="an end in words"),
    ],
)
def test_a_claim_that_is_wrong_spoils_the_token(settings: Settings, edit: Edit) -> None:
    claims = _claims(settings)
    edit(claims)

    with pytest.raises(BadToken):
        tokens.read(settings, _sign(claims, key=settings.secret_key.get_secret_value()))


@pytest.mark.parametrize("claim", ["exp", "iat", "sub", "jti", "aud", "iss", "typ", "epoch"])
def test_no_claim_may_be_missing(settings: Settings, claim: str) -> None:
    claims = _claims(settings)
    del claims[claim]

    with pytest.raises(BadToken):
        tokens.read(settings, _sign(claims, key=settings.secret_key.get_secret_value()))


def test_the_tests_above_fail_for_their_own_reason(settings: Settings) -> None:
    """The same token, with nothing wrong in it, is believed."""
    token = _sign(_claims(settings), key=settings.secret_key.get_secret_value())

    assert tokens.read(settings, token) == LOGIN


def _claims(settings: Settings) -> dict[str, Any]:
    token = tokens.issue(settings, LOGIN, utc_now())
    claims: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    return claims


def _sign(claims: dict[str, Any], *, key: str, headers: dict[str, Any] | None = None) -> str:
    """Sign what a careful library would refuse to sign, too."""
    signed = f"{_part({'alg': 'HS256', 'typ': 'JWT', **(headers or {})})}.{_part(claims)}"
    return f"{signed}.{_base64(hmac.digest(key.encode(), signed.encode(), hashlib.sha256))}"


def _part(content: dict[str, Any]) -> str:
    return _base64(json.dumps(content).encode())


def _base64(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()
