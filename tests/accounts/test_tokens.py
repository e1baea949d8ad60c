"""Which tokens are valid and which are refused."""

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


def test_a_token_contains_user_and_epoch(settings: Settings) -> None:
    token = tokens.issue(settings, LOGIN, utc_now())

    assert tokens.read(settings, token) == LOGIN


def test_two_tokens_of_one_login_differ(settings: Settings) -> None:
    now = utc_now()

    assert tokens.issue(settings, LOGIN, now) != tokens.issue(settings, LOGIN, now)


def test_a_token_expires_after_the_minutes_in_the_settings(settings: Settings) -> None:
    settings = settings.model_copy(update={"access_token_expire_minutes": 5})

    tokens.read(settings, tokens.issue(settings, LOGIN, utc_now() - timedelta(minutes=4, seconds=50)))
    with pytest.raises(BadToken):
        tokens.read(settings, tokens.issue(settings, LOGIN, utc_now() - timedelta(minutes=5, seconds=1)))


def test_only_the_algorithm_in_the_settings_is_accepted(settings: Settings) -> None:
    other = settings.model_copy(update={"algorithm": "HS384"})
    token = tokens.issue(settings, LOGIN, utc_now())

    assert jwt.get_unverified_header(token)["alg"] == "HS256"
    with pytest.raises(BadToken):
        tokens.read(other, token)


def test_a_token_signed_with_another_key_is_refused(settings: Settings) -> None:
    token = _sign(_claims(settings), key="some other key, and long enough for them too")

    with pytest.raises(BadToken):
        tokens.read(settings, token)


@pytest.mark.parametrize("algorithm", ["none", "None", "NONE", "nOnE", ""])
@pytest.mark.parametrize("signature", ["", "AAAA"])
def test_an_unsigned_token_is_refused(settings: Settings, algorithm: str, signature: str) -> None:
    token = f"{_part({'alg': algorithm, 'typ': 'JWT'})}.{_part(_claims(settings))}.{signature}"

    with pytest.raises(BadToken):
        tokens.read(settings, token)


@pytest.mark.parametrize("algorithm", ["RS256", "ES256", "EdDSA", "HS512"])
def test_the_header_does_not_choose_the_algorithm(settings: Settings, algorithm: str) -> None:
    """Algorithm confusion: signed as HS256 with our key, with another algorithm in the header."""
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
def test_trailing_characters_are_refused(settings: Settings, tail: str) -> None:
    token = tokens.issue(settings, LOGIN, utc_now())

    with pytest.raises(BadToken):
        tokens.read(settings, token + tail)


@pytest.mark.parametrize(
    "junk", ["", ".", "..", "a.b", "a.b.c", "null", "\ud800.\ud800.\ud800", "张.三.李", "A" * 100_000]
)
def test_malformed_tokens_are_refused(settings: Settings, junk: str) -> None:
    with pytest.raises(BadToken):
        tokens.read(settings, junk)


Edit = Callable[[dict[str, Any]], object]


@pytest.mark.parametrize(
    "edit",
    [
        pytest.param(lambda claims: claims.update(exp=claims["exp"] - 7200), id="expired"),
        pytest.param(lambda claims: claims.update(nbf=claims["iat"] + 600), id="not yet valid"),
        pytest.param(lambda claims: claims.update(iat=claims["iat"] + 600), id="made in the future"),
        pytest.param(lambda claims: claims.update(aud="somebody-else"), id="another audience"),
        pytest.param(lambda claims: claims.update(aud=[tokens.AUDIENCE, "somebody-else"]), id="several audiences"),
        pytest.param(lambda claims: claims.update(iss="somebody-else"), id="another issuer"),
        pytest.param(lambda claims: claims.update(typ="refresh"), id="another kind"),
        pytest.param(lambda claims: claims.update(typ=None), id="no kind"),
        pytest.param(lambda claims: claims.update(sub=7), id="a number as subject"),
        pytest.param(lambda claims: claims.update(epoch="3"), id="an epoch as text"),
        pytest.param(lambda claims: claims.update(epoch=True), id="a boolean epoch"),
        pytest.param(lambda claims: claims.update(exp="soon"), id="an expiry as text"),
    ],
)
def test_a_token_with_a_wrong_claim_is_refused(settings: Settings, edit: Edit) -> None:
    claims = _claims(settings)
    edit(claims)

    with pytest.raises(BadToken):
        tokens.read(settings, _sign(claims, key=settings.secret_key.get_secret_value()))


@pytest.mark.parametrize("claim", ["exp", "iat", "sub", "jti", "aud", "iss", "typ", "epoch"])
def test_a_token_with_a_missing_claim_is_refused(settings: Settings, claim: str) -> None:
    claims = _claims(settings)
    del claims[claim]

    with pytest.raises(BadToken):
        tokens.read(settings, _sign(claims, key=settings.secret_key.get_secret_value()))


def test_the_unchanged_token_of_these_tests_is_valid(settings: Settings) -> None:
    """So the tests above fail only because of the changed part."""
    token = _sign(_claims(settings), key=settings.secret_key.get_secret_value())

    assert tokens.read(settings, token) == LOGIN


def _claims(settings: Settings) -> dict[str, Any]:
    token = tokens.issue(settings, LOGIN, utc_now())
    claims: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    return claims


def _sign(claims: dict[str, Any], *, key: str, headers: dict[str, Any] | None = None) -> str:
    """Sign also what a JWT library would refuse to sign."""
    signed = f"{_part({'alg': 'HS256', 'typ': 'JWT', **(headers or {})})}.{_part(claims)}"
    return f"{signed}.{_base64(hmac.digest(key.encode(), signed.encode(), hashlib.sha256))}"


def _part(content: dict[str, Any]) -> str:
    return _base64(json.dumps(content).encode())


def _base64(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()
