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
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
import yaml
from websockets.sync.client import connect
from websockets.typing import Origin

from backend.__main__ import serve
from backend.settings import Settings
from tests.proxies import free_port, nginx
from tests.serving import ROOT, Server

DEPLOY = ROOT / "deploy"


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
    if not shutil.which("openssl"):
        pytest.skip("no openssl on this machine: apt install openssl")
    text = (DEPLOY / "nginx.conf").read_text(encoding="utf-8")
    text = _replace(text, ("server 127.0.0.1:8000;", f"server 127.0.0.1:{server.port};"))
    with _site(server, text, tmp_path_factory.mktemp("nginx")) as client:
        yield client


def _replace(text: str, *replacements: tuple[str, str]) -> str:
    for ours, here in replacements:
        assert ours in text
        text = text.replace(ours, here)
    return text


@contextmanager
def _site(server: Server, text: str, folder: Path) -> Iterator[httpx.Client]:
    make = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=localhost"]
    pair = ["-keyout", str(folder / "key.pem"), "-out", str(folder / "cert.pem")]
    subprocess.run([*make, *pair], check=True, capture_output=True)
    plain, secure = free_port(), free_port()
    text = _replace(
        text,
        ("listen 80;", f"listen 127.0.0.1:{plain};"),
        ("listen 443 ssl http2;", f"listen 127.0.0.1:{secure} ssl http2;"),
        ("    listen [::]:80;\n", ""),
        ("    listen [::]:443 ssl http2;\n", ""),
        ("/etc/ssl/certs/asr.example.org.pem", f"{folder}/cert.pem"),
        ("/etc/ssl/private/asr.example.org.key", f"{folder}/key.pem"),
        ("asr.example.org", "localhost"),
    )
    headers = {"Authorization": server.client.headers["Authorization"]}
    # The certificate is self-signed.
    client = httpx.Client(base_url=f"https://127.0.0.1:{secure}", verify=False, headers=headers, timeout=30)  # noqa: S501
    with nginx(folder, secure, text), client:
        yield client


def test_an_upload_through_nginx_becomes_a_transcript(site: httpx.Client, server: Server, tone: Path) -> None:
    with tone.open("rb") as file:
        answer = site.post("/api/recordings", data={"allow_duplicate": "true"}, files={"file": (tone.name, file)})

    assert answer.status_code == 201, answer.text
    assert server.ended(answer.json()["job"]["id"])["status"] == "done"


def test_several_servers_behind_nginx_answer_while_one_is_down(server: Server, tmp_path: Path) -> None:
    upstream = (DEPLOY / "nginx-several.conf").read_text(encoding="utf-8")
    with socket.socket() as down:  # it holds a port that nobody listens on
        down.bind(("127.0.0.1", 0))
        ports = (server.port, down.getsockname()[1], server.port)
        for number, port in zip((11, 12, 13), ports, strict=True):
            upstream = _replace(upstream, (f"server 10.0.0.{number}:8000", f"server 127.0.0.1:{port}"))
        text = (DEPLOY / "nginx.conf").read_text(encoding="utf-8")
        text = re.sub(r"upstream meeting_asr \{.*?\n\}\n", lambda _: upstream, text, count=1, flags=re.DOTALL)
        with _site(server, text, tmp_path) as site:
            answers = [site.post("/api/auth/tickets", json={}).status_code for _ in range(6)]

    assert answers == [201] * 6


def test_strict_transport_security_is_sent_once_also_by_nginx_itself(site: httpx.Client) -> None:
    for path in ("/health", "/metrics"):  # the second is answered by nginx
        assert site.get(path).headers.get_list("Strict-Transport-Security") == ["max-age=31536000"]


def test_the_server_keeps_idle_connections_longer_than_nginx(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    servers: list[uvicorn.Server] = []
    monkeypatch.setattr("uvicorn.Server.run", lambda server, sockets: servers.append(server) or sockets[0].close())
    monkeypatch.setenv("SECRET_KEY", "a key for tests, and long enough for them")
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path}/server.db")
    monkeypatch.setenv("UPLOADS_DIR", str(tmp_path))
    monkeypatch.setattr("signal.signal", lambda *_: None)

    serve(port=0, demo=True)

    assert servers[0].config.timeout_keep_alive > 60  # nginx's keepalive_timeout for upstreams


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
    known = {name.upper() for name in Settings.model_fields} | {"HOME", "PYTHONUNBUFFERED"}
    unit = (DEPLOY / "meeting-asr.service").read_text(encoding="utf-8")
    image = (DEPLOY / "Dockerfile").read_text(encoding="utf-8").partition("COPY create_super_admin.py")[2]

    set_by_unit = re.findall(r"(?:^Environment=| )([A-Z_]+)=", "\n".join(re.findall(r"^Environment=.*", unit, re.M)))
    set_by_image = re.findall(r"([A-Z_]+)=", image.partition("ENV ")[2].partition("VOLUME")[0])

    assert set(compose("compose.yaml")["services"]["server"]["environment"]) <= known
    assert set(set_by_unit) <= known
    assert set(set_by_image) - {"PATH"} <= known


def compose(name: str) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((DEPLOY / name).read_text(encoding="utf-8"))
    return found


def test_compose_passes_every_setting_of_its_env_file_but_the_folders_and_addresses_of_the_container() -> None:
    server = compose("compose.yaml")["services"]["server"]

    assert server["env_file"] == [{"path": ".env", "required": False}]
    fixed = {name for name, value in server["environment"].items() if "${" not in value}
    assert fixed == {"HOST", "PORT", "UPLOADS_DIR", "MODELS_DIR"}
    assert server["ports"] == [f"${{PUBLISH:-127.0.0.1:8000}}:{server['environment']['PORT']}"]


def test_the_defaults_of_compose_are_settings_that_work() -> None:
    given = {
        name.lower(): re.sub(r"\$\{\w+:-(.*)\}", r"\1", value)
        for name, value in compose("compose.yaml")["services"]["server"]["environment"].items()
        if name != "SECRET_KEY"
    }

    settings = Settings(_env_file=None, secret_key="a key for tests, and long enough for them", **given)

    assert (settings.host, settings.port) == ("::", 8000)
    assert "gateway" in settings.trusted_proxies.split(",")  # nginx on the host is believed


def test_what_compose_starts_beside_the_server_is_asked_for_by_a_profile() -> None:
    services = compose("compose.yaml")["services"]
    described = (DEPLOY / "compose.yaml").read_text(encoding="utf-8").partition("name:")[0]

    assert {name: service.get("profiles") for name, service in services.items()} == {
        "server": None,
        "postgresql": ["postgresql"],
        "ollama": ["ollama"],
    }
    assert services["server"]["extra_hosts"] == ["host.docker.internal:host-gateway"]
    for service, url in (("postgresql", "@postgresql/"), ("ollama", "http://ollama:11434/v1")):
        assert f"COMPOSE_PROFILES={service}" in described
        assert url in described
    assert {name.lower() for name in re.findall(r"\b(?:OPENAI|DATABASE)_[A-Z_]+(?==)", described)} <= set(
        Settings.model_fields
    )


def test_the_file_for_gpus_changes_services_of_compose_and_builds_torch_for_cuda() -> None:
    base, gpu = compose("compose.yaml")["services"], compose("compose.gpu.yaml")["services"]

    assert set(gpu) <= set(base)
    [argument] = gpu["server"]["build"]["args"]
    assert f"ARG {argument}=cpu\n" in (DEPLOY / "Dockerfile").read_text(encoding="utf-8")
    assert f"${{{argument}:-cpu}}" in (DEPLOY / "setup.sh").read_text(encoding="utf-8")
    for service in gpu.values():
        [device] = service["deploy"]["resources"]["reservations"]["devices"]
        assert device == {"driver": "nvidia", "count": "all", "capabilities": ["gpu"]}


def test_the_unit_passes_systemd_analyze() -> None:
    if not shutil.which("systemd-analyze"):
        pytest.skip("no systemd on this machine")
    verified = subprocess.run(
        ["systemd-analyze", "verify", str(DEPLOY / "meeting-asr.service")], capture_output=True, text=True, check=False
    )
    # The program has another path here.
    wrong = [line for line in verified.stderr.splitlines() if "meeting-asr" in line and "is not executable" not in line]
    assert wrong == []
