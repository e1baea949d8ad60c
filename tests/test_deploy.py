"""The files in deploy/: nginx passes uploads and WebSockets, the image copies existing files, settings exist."""

import http.client
import json
import re
import shutil
import socket
import ssl
import subprocess
import wave
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from websockets.sync.client import connect
from websockets.typing import Origin

from backend.__main__ import serve
from backend.settings import Settings
from tests.serving import ROOT, Server, until

DEPLOY = ROOT / "deploy"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server(tmp_path_factory.mktemp("server"))
    server.start()
    yield server
    server.close()


@pytest.fixture(scope="module")
def tone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ten megabytes of silence, with a Chinese file name."""
    path = tmp_path_factory.mktemp("audio") / "周会.wav"
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16000)
        file.writeframes(b"\0" * 10 * 1024**2)
    return path


@pytest.fixture(scope="module")
def site(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """A client of the server behind nginx with our configuration, with other names and ports and a test certificate."""
    nginx = shutil.which("nginx") or "/usr/sbin/nginx"
    if not Path(nginx).exists() or not shutil.which("openssl"):
        pytest.skip("no nginx or no openssl on this machine: apt install nginx-light openssl")
    folder = tmp_path_factory.mktemp("nginx")
    make = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=localhost"]
    pair = ["-keyout", str(folder / "key.pem"), "-out", str(folder / "cert.pem")]
    subprocess.run([*make, *pair], check=True, capture_output=True)
    plain, secure = free_port(), free_port()
    text = (DEPLOY / "nginx.conf").read_text(encoding="utf-8")
    for ours, here in (
        ("server 127.0.0.1:8000;", f"server 127.0.0.1:{server.port};"),
        ("listen 80;", f"listen 127.0.0.1:{plain};"),
        ("listen 443 ssl http2;", f"listen 127.0.0.1:{secure} ssl http2;"),
        ("    listen [::]:80;\n", ""),
        ("    listen [::]:443 ssl http2;\n", ""),
        ("/etc/ssl/certs/asr.example.org.pem", f"{folder}/cert.pem"),
        ("/etc/ssl/private/asr.example.org.key", f"{folder}/key.pem"),
        ("asr.example.org", "localhost"),
    ):
        assert ours in text
        text = text.replace(ours, here)
    (folder / "site.conf").write_text(text, encoding="utf-8")
    kept = "\n".join(
        f"{kind}_temp_path {folder}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    whole = f"daemon off; pid {folder}/pid; error_log {folder}/error.log; events {{}}\n"
    whole += f"http {{ access_log off; {kept} include {folder}/site.conf; }}"
    (folder / "nginx.conf").write_text(whole, encoding="utf-8")
    command = [nginx, "-e", str(folder / "error.log"), "-c", str(folder / "nginx.conf")]
    tested = subprocess.run([*command, "-t"], capture_output=True, text=True, check=False)
    assert tested.returncode == 0, tested.stderr
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    headers = {"Authorization": server.client.headers["Authorization"]}
    # The certificate is self-signed.
    client = httpx.Client(base_url=f"https://127.0.0.1:{secure}", verify=False, headers=headers, timeout=30)  # noqa: S501

    def answers() -> bool:
        try:
            return client.get("/health").status_code == 200
        except httpx.TransportError:
            return False

    until(answers)
    yield client
    client.close()
    process.terminate()
    process.wait(10)


def test_an_upload_through_nginx_becomes_a_transcript(site: httpx.Client, server: Server, tone: Path) -> None:
    with tone.open("rb") as file:
        answer = site.post("/api/recordings", files={"file": (tone.name, file)})

    assert answer.status_code == 201, answer.text
    assert server.ended(answer.json()["job"]["id"])["status"] == "done"
    assert answer.headers["Strict-Transport-Security"]


def test_the_server_keeps_idle_connections_longer_than_nginx(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    options: dict[str, Any] = {}
    monkeypatch.setattr("uvicorn.run", lambda app, **given: options.update(given))
    monkeypatch.setenv("SECRET_KEY", "a key for tests, and long enough for them")
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path}/server.db")
    monkeypatch.setenv("UPLOADS_DIR", str(tmp_path))
    monkeypatch.setattr("signal.signal", lambda *_: None)

    serve(demo=True)

    assert options["timeout_keep_alive"] > 60  # nginx's keepalive_timeout for upstreams


def test_an_upload_without_a_login_is_refused_before_the_body_is_sent(site: httpx.Client) -> None:
    address = httpx.URL(site.base_url)
    assert address.port is not None
    connection = http.client.HTTPSConnection(address.host, address.port, context=_unverified(), timeout=20)
    connection.putrequest("POST", "/api/recordings")
    connection.putheader("Content-Type", "multipart/form-data; boundary=x")
    connection.putheader("Content-Length", str(4 * 1024**3))
    connection.endheaders()
    connection.send(b"\0" * 65536)  # and no more: a proxy that buffers bodies would never answer

    assert connection.getresponse().status == 401
    connection.close()


def test_the_websocket_works_through_nginx(site: httpx.Client) -> None:
    ticket = site.post("/api/auth/tickets", json={}).json()["ticket"]
    ours = str(site.base_url).rstrip("/")

    with connect(f"{ours.replace('https', 'wss')}/api/events", ssl=_unverified(), origin=Origin(ours)) as events:
        events.send(json.dumps({"ticket": ticket}))
        first = json.loads(events.recv(10))

    assert first["type"] == "snapshot"


def _unverified() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


def test_the_client_address_is_known_behind_nginx(site: httpx.Client) -> None:
    login = site.post(
        "/api/auth/login",
        data={"username": "chief", "password": "wrong"},
        headers={"X-Forwarded-For": "203.0.113.9"},
    )
    assert login.status_code == 401
    entries = site.get("/api/admin/audit", params={"action": "sign_in_refused"}).json()["entries"]

    assert entries[0]["address"] == "127.0.0.1"
    assert site.get("/metrics").status_code == 404


def test_the_image_copies_only_existing_files() -> None:
    text = (DEPLOY / "Dockerfile").read_text(encoding="utf-8")
    copied = re.findall(r"^COPY (?!--from)(.+) \S+$", text, re.MULTILINE)

    sources = [source for line in copied for source in line.split()]
    assert len(sources) >= 8
    assert [source for source in sources if not (ROOT / source).exists()] == []
    kept = (DEPLOY / "Dockerfile.dockerignore").read_text(encoding="utf-8").splitlines()
    let_in = [line[1:] for line in kept if line.startswith("!")]
    assert [source for source in sources if not any((ROOT / source).is_relative_to(ROOT / one) for one in let_in)] == []
    assert re.search(r"^USER meeting-asr$", text, re.MULTILINE)


def test_compose_and_the_unit_use_existing_settings_only() -> None:
    known = {name.upper() for name in Settings.model_fields} | {"HOST", "PORT", "HOME", "PYTHONUNBUFFERED"}
    compose: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))
    unit = (DEPLOY / "meeting-asr.service").read_text(encoding="utf-8")
    image = (DEPLOY / "Dockerfile").read_text(encoding="utf-8").partition("COPY create_super_admin.py")[2]

    set_by_unit = re.findall(r"(?:^Environment=| )([A-Z_]+)=", "\n".join(re.findall(r"^Environment=.*", unit, re.M)))
    set_by_image = re.findall(r"([A-Z_]+)=", image.partition("ENV ")[2].partition("VOLUME")[0])

    assert set(compose["services"]["server"]["environment"]) <= known
    assert set(set_by_unit) <= known
    assert set(set_by_image) - {"PATH"} <= known


def test_the_unit_passes_systemd_analyze() -> None:
    if not shutil.which("systemd-analyze"):
        pytest.skip("no systemd on this machine")
    verified = subprocess.run(
        ["systemd-analyze", "verify", str(DEPLOY / "meeting-asr.service")], capture_output=True, text=True, check=False
    )
    # The program has another path here.
    wrong = [line for line in verified.stderr.splitlines() if "meeting-asr" in line and "is not executable" not in line]
    assert wrong == []
