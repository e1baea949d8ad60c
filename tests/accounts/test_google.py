"""Google sign-in, with real RS256 tokens whose certificates are on a local server."""

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

from backend.accounts.google import GoogleSignIn
from backend.accounts.tables import Identity, User
from backend.database import Database
from backend.settings import Registration, Settings
from tests.accounts.people import Api, make_app, nonces_of, open_api

CLIENT, SECOND_CLIENT = "ours.apps.googleusercontent.com", "ours-too.apps.googleusercontent.com"
GOOGLE = "/api/auth/google"


@dataclass
class KeyServer:
    """Stands in for Google: signing keys, and a URL with their certificates."""

    url: str = ""
    requests: int = 0
    healthy: bool = True
    keys: dict[str, rsa.RSAPrivateKey] = field(default_factory=dict)

    def certificates(self) -> bytes:
        return json.dumps({name: _certificate(key) for name, key in self.keys.items()}).encode()


@pytest.fixture(scope="module")
def real_keys() -> dict[str, rsa.RSAPrivateKey]:
    return {name: rsa.generate_private_key(65537, 2048) for name in ("google", "attacker")}


@pytest.fixture
def keys(real_keys: dict[str, rsa.RSAPrivateKey]) -> Iterator[KeyServer]:
    key_server = KeyServer(keys={"google": real_keys["google"]})
    body = key_server.certificates()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            key_server.requests += 1
            self.send_response(200 if key_server.healthy else 503)
            self.send_header("Cache-Control", "public, max-age=3600")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    key_server.url = f"http://127.0.0.1:{server.server_port}/certs"
    yield key_server
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
async def api(
    settings: Settings, database: Database, keys: KeyServer, request: pytest.FixtureRequest
) -> AsyncIterator[Api]:
    update = {
        "google_client_id": CLIENT,
        "google_client_ids": SECOND_CLIENT,
        "registration": getattr(request, "param", Registration.OPEN),
    }
    app = make_app(settings.model_copy(update=update), database)
    nonces = nonces_of(settings, database)
    app.state.google = GoogleSignIn(app.state.settings.google_clients, nonces, certs_url=keys.url)
    async with open_api(app) as api:
        yield api


async def test_a_valid_token_signs_in_to_the_same_account_each_time(api: Api, keys: KeyServer) -> None:
    answer = await _sign_in(api, keys, email="li.wei@example.com")

    me = await _me(api, answer)
    assert (me["username"], me["role"], me["active"]) == ("li.wei", "user", True)
    again = await _sign_in(api, keys, email="renamed@example.com")
    assert (await _me(api, again))["id"] == me["id"]


@pytest.mark.parametrize("audience", [CLIENT, SECOND_CLIENT])
@pytest.mark.parametrize("issuer", ["accounts.google.com", "https://accounts.google.com"])
async def test_all_client_ids_and_both_issuers_are_accepted(
    api: Api, keys: KeyServer, audience: str, issuer: str
) -> None:
    assert (await _sign_in(api, keys, aud=audience, iss=issuer)).status_code == 200


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
async def test_a_token_with_a_wrong_claim_is_refused(api: Api, keys: KeyServer, wrong: dict[str, Any]) -> None:
    answer = await _sign_in(api, keys, **wrong)

    assert (answer.status_code, answer.json()["code"]) == (401, "google_refused")
    assert await _identities(api) == []


async def test_a_token_is_accepted_once(api: Api, keys: KeyServer) -> None:
    token = _token(keys, await _nonce(api))

    assert (await api.client.post(GOOGLE, json={"credential": token})).status_code == 200
    assert (await api.client.post(GOOGLE, json={"credential": token})).status_code == 401


@pytest.mark.parametrize("how", ["other key", "other name", "hs256", "none", "cut", "junk"])
async def test_a_token_not_signed_by_google_is_refused(
    api: Api, keys: KeyServer, real_keys: dict[str, rsa.RSAPrivateKey], how: str
) -> None:
    nonce = await _nonce(api)
    good = _token(keys, nonce)
    claims = jwt.decode(good, options={"verify_signature": False})
    certificate = _certificate(keys.keys["google"])
    forged = {
        "other key": jwt.encode(claims, real_keys["attacker"], "RS256", headers={"kid": "google"}),
        "other name": jwt.encode(claims, real_keys["attacker"], "RS256", headers={"kid": "attacker"}),
        # the certificate is public: it must not be accepted as an HMAC secret
        "hs256": _hs256(claims, certificate),
        "none": jwt.encode(claims, None, "none", headers={"kid": "google"}),
        "cut": good.rpartition(".")[0] + ".",
        "junk": "张.三.李",
    }[how]

    answer = await api.client.post(GOOGLE, json={"credential": forged})

    assert (answer.status_code, answer.json()["code"]) == (401, "google_refused")
    assert (await api.client.post(GOOGLE, json={"credential": good})).status_code == 200


async def test_a_matching_email_address_links_no_existing_account(api: Api, keys: KeyServer) -> None:
    answer = await _sign_in(api, keys, email="ada@example.com")

    me = await _me(api, answer)
    assert me["id"] != api.people["ada"].id
    assert me["username"].startswith("ada-")
    assert (await api.login("ada")).status_code == 200


async def test_two_subjects_with_one_email_address_are_two_accounts(api: Api, keys: KeyServer) -> None:
    first = await _me(api, await _sign_in(api, keys, sub="1", email="li@example.com"))
    second = await _me(api, await _sign_in(api, keys, sub="2", email="li@example.com"))

    assert first["id"] != second["id"]


async def test_registering_another_persons_email_address_gives_no_access_to_the_account(
    api: Api, keys: KeyServer
) -> None:
    registration = {"username": "victim@example.com", "password": "明天早上九点半在一楼"}
    await api.client.post("/api/auth/register", json=registration)

    victim = await _me(api, await _sign_in(api, keys, email="victim@example.com"))

    attacker = await _me(api, await api.login(*registration.values()))
    assert attacker["id"] != victim["id"]


async def test_a_signed_in_user_links_and_unlinks_the_account(api: Api, keys: KeyServer) -> None:
    ada, grace = api.bearer("ada"), api.bearer("grace")

    linked = await api.client.post(GOOGLE + "/link", headers=ada, json=await _credential(api, keys))
    conflict = await api.client.post(GOOGLE + "/link", headers=grace, json=await _credential(api, keys))

    assert (linked.status_code, conflict.status_code) == (204, 409)
    assert (await _me(api, await _sign_in(api, keys)))["username"] == "ada"
    assert (await api.client.get(GOOGLE + "/link", headers=ada)).json() == {"emails": ["li@example.com"]}
    assert (await api.client.delete(GOOGLE + "/link", headers=ada)).status_code == 204
    assert (await api.client.delete(GOOGLE + "/link", headers=ada)).status_code == 404
    assert (await _me(api, await _sign_in(api, keys)))["username"] == "li"


async def test_the_only_sign_in_method_cannot_be_unlinked(api: Api, keys: KeyServer) -> None:
    token = (await _sign_in(api, keys)).json()["access_token"]

    answer = await api.client.delete(GOOGLE + "/link", headers={"Authorization": f"Bearer {token}"})

    assert (answer.status_code, answer.json()["code"]) == (409, "last_way_in")


async def test_a_disabled_user_cannot_sign_in_with_google(api: Api, keys: KeyServer) -> None:
    me = await _me(api, await _sign_in(api, keys))
    await api.client.patch(f"/api/admin/users/{me['id']}", headers=api.bearer("root"), json={"active": False})

    assert (await _sign_in(api, keys)).status_code == 401


@pytest.mark.parametrize("api", [Registration.APPROVAL], indirect=True)
async def test_a_new_user_waits_for_approval(api: Api, keys: KeyServer) -> None:
    first, second = await _sign_in(api, keys), await _sign_in(api, keys)

    assert [(one.status_code, one.json()["code"]) for one in (first, second)] == [(403, "waits_for_approval")] * 2
    async with api.database.read() as session:
        (waiting,) = (await session.scalars(select(User).where(User.pending))).all()
    await api.client.post(f"/api/admin/users/{waiting.id}/approve", headers=api.bearer("grace"))
    assert (await _sign_in(api, keys)).status_code == 200


@pytest.mark.parametrize("api", [Registration.OFF], indirect=True)
async def test_google_creates_no_account_while_registration_is_off(api: Api, keys: KeyServer) -> None:
    answer = await _sign_in(api, keys)

    assert (answer.status_code, answer.json()["code"]) == (403, "registration_off")
    assert await _identities(api) == []


async def test_the_certificates_are_fetched_once(api: Api, keys: KeyServer) -> None:
    for _ in range(3):
        assert (await _sign_in(api, keys)).status_code == 200

    assert keys.requests == 1


async def test_an_unreachable_google_is_reported(api: Api, keys: KeyServer) -> None:
    keys.healthy = False
    answer = await _sign_in(api, keys)

    assert (answer.status_code, answer.json()["code"]) == (503, "google_unreachable")
    keys.healthy = True
    assert (await _sign_in(api, keys)).status_code == 200


async def test_google_sign_in_is_off_without_a_client_id(settings: Settings, database: Database) -> None:
    async with open_api(make_app(settings, database)) as api:
        for path, body in ((GOOGLE, {"credential": "a.b.c"}), (GOOGLE + "/nonce", None)):
            answer = await api.client.post(path, json=body)
            assert (answer.status_code, answer.json()["code"]) == (404, "google_off")
        assert (await api.client.get("/api/auth/options")).json()["google_client_id"] is None


async def _nonce(api: Api) -> str:
    return str((await api.client.post(GOOGLE + "/nonce")).json()["nonce"])


async def _credential(api: Api, keys: KeyServer, **claims: Any) -> dict[str, str]:
    return {"credential": _token(keys, await _nonce(api), **claims)}


async def _sign_in(api: Api, keys: KeyServer, **claims: Any) -> httpx.Response:
    return await api.client.post(GOOGLE, json=await _credential(api, keys, **claims))


async def _me(api: Api, answer: httpx.Response) -> dict[str, Any]:
    assert answer.status_code == 200, answer.text
    token = answer.json()["access_token"]
    me: dict[str, Any] = (await api.client.get("/api/auth/me", headers={"Authorization": f"Bearer {token}"})).json()
    return me


async def _identities(api: Api) -> list[Identity]:
    async with api.database.read() as session:
        return list((await session.scalars(select(Identity))).all())


def _token(keys: KeyServer, issued_nonce: str, *, exp: int = 3600, iat: int = 0, **changed: Any) -> str:
    now = int(time.time())
    claims = {"iss": "https://accounts.google.com", "aud": CLIENT, "sub": "108", "email": "li@example.com"}
    claims |= {"email_verified": True, "nonce": issued_nonce, "iat": now + min(iat, exp), "exp": now + exp, **changed}
    if iat:
        claims["iat"] = now + iat
    # PyJWS signs any claims; PyJWT would refuse a subject that is not a string.
    claims = {name: value for name, value in claims.items() if value is not None}
    return _rs256(claims, keys.keys["google"], "google")


def _rs256(claims: dict[str, Any], key: rsa.RSAPrivateKey, name: str) -> str:
    body = json.dumps(claims).encode()
    return jwt.PyJWS().encode(body, key, "RS256", headers={"kid": name, "typ": "JWT"})


def _hs256(claims: dict[str, Any], certificate: str) -> str:
    import base64
    import hmac

    def part(content: bytes) -> str:
        return base64.urlsafe_b64encode(content).rstrip(b"=").decode()

    signed = f"{part(json.dumps({'alg': 'HS256', 'kid': 'google'}).encode())}.{part(json.dumps(claims).encode())}"
    return f"{signed}.{part(hmac.digest(certificate.encode(), signed.encode(), 'sha256'))}"


def _certificate(key: rsa.RSAPrivateKey) -> str:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "keys of the tests")])
    begin = datetime.datetime(2020, 1, 1, tzinfo=datetime.timezone.utc)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(begin)
        .not_valid_after(begin + datetime.timedelta(days=36500))
        .sign(key, hashes.SHA256())
    )
    return certificate.public_bytes(serialization.Encoding.PEM).decode()
