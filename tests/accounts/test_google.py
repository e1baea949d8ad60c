"""Google sign-in, with real RS256 tokens whose certificates lie on a server of our own."""

import datetime
import json
import threading
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import jwt
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID
from sqlalchemy import select

from backend.accounts.google import Google
from backend.accounts.tables import Identity, User
from backend.database import Database
from backend.settings import Registration, Settings
from tests.accounts.people import House, make_app, open_house

CLIENT, SECOND_CLIENT = "ours.apps.googleusercontent.com", "ours-too.apps.googleusercontent.com"
GOOGLE = "/api/auth/google"


@dataclass
class KeyServer:
    """What Google is to us: keys, and a place where their certificates are."""

    url: str = ""
    asked: int = 0
    well: bool = True
    keys: dict[str, rsa.RSAPrivateKey] = field(default_factory=dict)

    def certificates(self) -> bytes:
        return json.dumps({name: _certificate(key) for name, key in self.keys.items()}).encode()


@pytest.fixture(scope="module")
def real_keys() -> dict[str, rsa.RSAPrivateKey]:
    return {name: rsa.generate_private_key(65537, 2048) for name in ("theirs", "mine")}


@pytest.fixture
def keys(real_keys: dict[str, rsa.RSAPrivateKey]) -> Iterator[KeyServer]:
    told = KeyServer(keys={"theirs": real_keys["theirs"]})
    body = told.certificates()

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            told.asked += 1
            self.send_response(200 if told.well else 503)
            self.send_header("Cache-Control", "public, max-age=3600")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    told.url = f"http://127.0.0.1:{server.server_port}/certs"
    yield told
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
async def house(
    settings: Settings, database: Database, keys: KeyServer, request: pytest.FixtureRequest
) -> AsyncIterator[House]:
    given = {
        "google_client_id": CLIENT,
        "google_client_ids": SECOND_CLIENT,
        "registration": getattr(request, "param", Registration.OPEN),
    }
    app = make_app(settings.model_copy(update=given), database)
    app.state.google = Google(app.state.settings.google_clients, certs_url=keys.url)
    async with open_house(app) as house:
        yield house


async def test_who_comes_with_a_good_token_is_in(house: House, keys: KeyServer) -> None:
    answer = await _sign_in(house, keys, email="li.wei@example.com")

    me = await _me(house, answer)
    assert (me["username"], me["role"], me["active"]) == ("li.wei", "user", True)
    again = await _sign_in(house, keys, email="renamed@example.com")
    assert (await _me(house, again))["id"] == me["id"]


@pytest.mark.parametrize("audience", [CLIENT, SECOND_CLIENT])
@pytest.mark.parametrize("issuer", ["accounts.google.com", "https://accounts.google.com"])
async def test_every_client_of_ours_and_both_spellings_of_google(
    house: House, keys: KeyServer, audience: str, issuer: str
) -> None:
    assert (await _sign_in(house, keys, aud=audience, iss=issuer)).status_code == 200


@pytest.mark.parametrize(
    "wrong",
    [
        {"aud": "somebody-elses.apps.googleusercontent.com"},
        {"aud": ""},
        {"iss": "https://accounts.google.com.evil.example"},
        {"iss": None},
        {"exp": -3600},
        {"iat": 3600},
        {"email_verified": False},
        {"email_verified": "true"},
        {"email_verified": None},
        {"email": None},
        {"nonce": "guessed"},
        {"nonce": None},
        {"nonce": 7},
        {"sub": ""},
        {"sub": None},
        {"sub": 7},
    ],
)
async def test_a_token_with_a_wrong_claim_opens_nothing(house: House, keys: KeyServer, wrong: dict[str, Any]) -> None:
    answer = await _sign_in(house, keys, **wrong)

    assert (answer.status_code, answer.json()["code"]) == (401, "google_refused")
    assert await _identities(house) == []


async def test_a_token_is_good_once(house: House, keys: KeyServer) -> None:
    token = _token(keys, await _nonce(house))

    assert (await house.client.post(GOOGLE, json={"credential": token})).status_code == 200
    assert (await house.client.post(GOOGLE, json={"credential": token})).status_code == 401


@pytest.mark.parametrize("how", ["other key", "other name", "hs256", "none", "cut", "junk"])
async def test_a_token_that_google_did_not_sign_opens_nothing(
    house: House, keys: KeyServer, real_keys: dict[str, rsa.RSAPrivateKey], how: str
) -> None:
    nonce = await _nonce(house)
    good = _token(keys, nonce)
    claims = jwt.decode(good, options={"verify_signature": False})
    certificate = _certificate(keys.keys["theirs"])
    forged = {
        "other key": jwt.encode(claims, real_keys["mine"], "RS256", headers={"kid": "theirs"}),
        "other name": jwt.encode(claims, real_keys["mine"], "RS256", headers={"kid": "mine"}),
        # the certificate is public: it must not do as the secret of another algorithm
        "hs256": _hs256(claims, certificate),
        "none": jwt.encode(claims, None, "none", headers={"kid": "theirs"}),
        "cut": good.rpartition(".")[0] + ".",
        "junk": "张.三.李",
    }[how]

    answer = await house.client.post(GOOGLE, json={"credential": forged})

    assert (answer.status_code, answer.json()["code"]) == (401, "google_refused")
    assert (await house.client.post(GOOGLE, json={"credential": good})).status_code == 200


async def test_an_address_that_somebody_here_has_opens_no_account(house: House, keys: KeyServer) -> None:
    answer = await _sign_in(house, keys, email="ada@example.com")

    me = await _me(house, answer)
    assert me["id"] != house.people["ada"].id
    assert me["username"].startswith("ada-")
    assert (await house.login("ada")).status_code == 200


async def test_the_same_address_of_another_person_is_another_account(house: House, keys: KeyServer) -> None:
    first = await _me(house, await _sign_in(house, keys, sub="1", email="li@example.com"))
    second = await _me(house, await _sign_in(house, keys, sub="2", email="li@example.com"))

    assert first["id"] != second["id"]


async def test_who_was_registered_before_with_a_persons_address_does_not_get_into_the_account(
    house: House, keys: KeyServer
) -> None:
    trap = {"username": "victim@example.com", "password": "明天早上九点半在一楼"}
    await house.client.post("/api/auth/register", json=trap)

    victim = await _me(house, await _sign_in(house, keys, email="victim@example.com"))

    attacker = await _me(house, await house.login(*trap.values()))
    assert attacker["id"] != victim["id"]


async def test_who_is_signed_in_links_the_own_account(house: House, keys: KeyServer) -> None:
    ada, grace = house.bearer("ada"), house.bearer("grace")

    linked = await house.client.post(GOOGLE + "/link", headers=ada, json=await _credential(house, keys))
    taken = await house.client.post(GOOGLE + "/link", headers=grace, json=await _credential(house, keys))

    assert (linked.status_code, taken.status_code) == (204, 409)
    assert (await _me(house, await _sign_in(house, keys)))["username"] == "ada"
    assert (await house.client.get(GOOGLE + "/link", headers=ada)).json() == {"emails": ["li@example.com"]}
    assert (await house.client.delete(GOOGLE + "/link", headers=ada)).status_code == 204
    assert (await house.client.delete(GOOGLE + "/link", headers=ada)).status_code == 404
    assert (await _me(house, await _sign_in(house, keys)))["username"] == "li"


async def test_nobody_cuts_off_the_only_way_in(house: House, keys: KeyServer) -> None:
    token = (await _sign_in(house, keys)).json()["access_token"]

    answer = await house.client.delete(GOOGLE + "/link", headers={"Authorization": f"Bearer {token}"})

    assert (answer.status_code, answer.json()["code"]) == (409, "last_way_in")


async def test_a_disabled_user_does_not_come_in_by_google(house: House, keys: KeyServer) -> None:
    me = await _me(house, await _sign_in(house, keys))
    await house.client.patch(f"/api/admin/users/{me['id']}", headers=house.bearer("root"), json={"active": False})

    assert (await _sign_in(house, keys)).status_code == 401


@pytest.mark.parametrize("house", [Registration.APPROVAL], indirect=True)
async def test_who_is_new_waits_for_approval(house: House, keys: KeyServer) -> None:
    first, second = await _sign_in(house, keys), await _sign_in(house, keys)

    assert [(one.status_code, one.json()["code"]) for one in (first, second)] == [(403, "waits_for_approval")] * 2
    async with house.database.read() as session:
        (waiting,) = (await session.scalars(select(User).where(User.pending))).all()
    await house.client.post(f"/api/admin/users/{waiting.id}/approve", headers=house.bearer("grace"))
    assert (await _sign_in(house, keys)).status_code == 200


@pytest.mark.parametrize("house", [Registration.OFF], indirect=True)
async def test_where_registration_is_off_google_makes_no_account(house: House, keys: KeyServer) -> None:
    answer = await _sign_in(house, keys)

    assert (answer.status_code, answer.json()["code"]) == (403, "registration_off")
    assert await _identities(house) == []


async def test_the_certificates_are_asked_for_once(house: House, keys: KeyServer) -> None:
    for _ in range(3):
        assert (await _sign_in(house, keys)).status_code == 200

    assert keys.asked == 1


async def test_when_google_cannot_be_reached_that_is_said(house: House, keys: KeyServer) -> None:
    keys.well = False
    answer = await _sign_in(house, keys)

    assert (answer.status_code, answer.json()["code"]) == (503, "google_unreachable")
    keys.well = True
    assert (await _sign_in(house, keys)).status_code == 200


async def test_without_a_client_id_there_is_no_google(settings: Settings, database: Database) -> None:
    async with open_house(make_app(settings, database)) as house:
        for path, body in ((GOOGLE, {"credential": "a.b.c"}), (GOOGLE + "/nonce", None)):
            answer = await house.client.post(path, json=body)
            assert (answer.status_code, answer.json()["code"]) == (404, "google_off")
        assert (await house.client.get("/api/auth/options")).json()["google_client_id"] is None


async def _nonce(house: House) -> str:
    return str((await house.client.post(GOOGLE + "/nonce")).json()["nonce"])


async def _credential(house: House, keys: KeyServer, **claims: Any) -> dict[str, str]:
    return {"credential": _token(keys, await _nonce(house), **claims)}


async def _sign_in(house: House, keys: KeyServer, **claims: Any) -> httpx.Response:
    return await house.client.post(GOOGLE, json=await _credential(house, keys, **claims))


async def _me(house: House, answer: httpx.Response) -> dict[str, Any]:
    assert answer.status_code == 200, answer.text
    token = answer.json()["access_token"]
    me: dict[str, Any] = (await house.client.get("/api/auth/me", headers={"Authorization": f"Bearer {token}"})).json()
    return me


async def _identities(house: House) -> list[Identity]:
    async with house.database.read() as session:
        return list((await session.scalars(select(Identity))).all())


def _token(keys: KeyServer, handed: str, *, exp: int = 3600, iat: int = 0, **changed: Any) -> str:
    now = int(time.time())
    claims = {"iss": "https://accounts.google.com", "aud": CLIENT, "sub": "108", "email": "li@example.com"}
    claims |= {"email_verified": True, "nonce": handed, "iat": now + min(iat, exp), "exp": now + exp, **changed}
    if iat:
        claims["iat"] = now + iat
    # PyJWT would not sign a subject that is no text; Google's own tokens are not the point here.
    claims = {name: value for name, value in claims.items() if value is not None}
    return _rs256(claims, keys.keys["theirs"], "theirs")


def _rs256(claims: dict[str, Any], key: rsa.RSAPrivateKey, name: str) -> str:
    body = json.dumps(claims).encode()
    return jwt.PyJWS().encode(body, key, "RS256", headers={"kid": name, "typ": "JWT"})


def _hs256(claims: dict[str, Any], certificate: str) -> str:
    import base64
    import hmac

    def part(content: bytes) -> str:
        return base64.urlsafe_b64encode(content).rstrip(b"=").decode()

    signed = f"{part(json.dumps({'alg': 'HS256', 'kid': 'theirs'}).encode())}.{part(json.dumps(claims).encode())}"
    return f"{signed}.{part(hmac.digest(certificate.encode(), signed.encode(), 'sha256'))}"


def _certificate(key: rsa.RSAPrivateKey) -> str:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "keys of the tests")])
    begin = datetime.datetime(2020, 1, 1, tzinfo=datetime.timezone.utc)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(begin)
        .not_valid_after(begin + datetime.timedelta(days=36500))
        .sign(key, hashes.SHA256())
    )
    return made.public_bytes(serialization.Encoding.PEM).decode()
