"""Downloads one file: resumes an interrupted download, and creates the file only if its sha256 is right."""

import ssl
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Protocol

import certifi
import httpx

from backend.checksums import sha256
from backend.weights.store import WeightsError

_TIMEOUT = httpx.Timeout(30.0, connect=10.0)
_TRIES = 5
_BLOCK = 256 * 1024


class FetchFailed(WeightsError):
    """A file could not be downloaded. `status` is the HTTP status; None where there was no answer."""

    def __init__(self, detail: str, status: int | None = None) -> None:
        super().__init__(detail)
        self.status = status


class ProgressCallback(Protocol):
    """Called with the name of a file, the bytes downloaded so far, and the total, if it is known."""

    def __call__(self, name: str, done: int, total: int | None, /) -> None: ...


#: The same for one file.
FileProgressCallback = Callable[[int, int | None], None]


def client() -> httpx.Client:
    """Trusts the certificates of the machine and of certifi. Proxies are read from the environment.

    Raises FetchFailed for a proxy that cannot be used.
    """
    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    try:
        return httpx.Client(verify=context, timeout=_TIMEOUT, follow_redirects=True)
    except (ImportError, ValueError, httpx.InvalidURL) as error:  # ImportError: SOCKS needs another package
        raise FetchFailed(
            f"The proxy in HTTPS_PROXY, HTTP_PROXY or ALL_PROXY cannot be used ({error}). Set an address such as "
            "http://host:port, or unset it."
        ) from None


def download(
    web: httpx.Client,
    url: str,
    target: Path,
    expected: str | None,
    report_progress: FileProgressCallback,
    headers: Mapping[str, str] | None = None,
) -> None:
    """Download `url` to `target`. A partial download in `target.part` is resumed.

    A file whose hash is not `expected` is removed and never becomes `target`. Raises FetchFailed.
    """
    if target.exists() and (expected is None or sha256(target) == expected):
        return
    part = target.with_name(target.name + ".part")
    part.parent.mkdir(parents=True, exist_ok=True)
    resumed = part.exists()
    _download_with_retries(web, url, part, report_progress, dict(headers or {}))
    if expected is not None and sha256(part) != expected:
        part.unlink()
        if not resumed:
            raise FetchFailed(
                f"{url} is not the expected file: its sha256 differs. It was removed. "
                "Perhaps a proxy or a sign-in page answered in its place."
            )
        # Perhaps only the resumed part was wrong, because the file has changed since.
        download(web, url, target, expected, report_progress, headers)
        return
    part.replace(target)


def _download_with_retries(
    web: httpx.Client, url: str, part: Path, report_progress: FileProgressCallback, headers: dict[str, str]
) -> None:
    failure = ""
    for _ in range(_TRIES):
        size = part.stat().st_size if part.exists() else 0
        try:
            if _stream(web, url, part, report_progress, headers):
                return
        except (httpx.RequestError, httpx.InvalidURL) as error:
            failure = str(error) or type(error).__name__
            # Try again only if this connection delivered some data.
            if not part.exists() or part.stat().st_size == size:
                break
    raise FetchFailed(f"{httpx.URL(url).host} cannot be reached ({failure or 'the connection keeps breaking'}).")


def _stream(
    web: httpx.Client, url: str, part: Path, report_progress: FileProgressCallback, headers: dict[str, str]
) -> bool:
    """Append the missing bytes. False if it has to be tried again."""
    done = part.stat().st_size if part.exists() else 0
    request_headers = {**headers, "Accept-Encoding": "identity", **({"Range": f"bytes={done}-"} if done else {})}
    with web.stream("GET", url, headers=request_headers) as answer:
        if answer.status_code == 416:
            # There is no data beyond ours: the file is complete, or it is another file. The hash decides.
            return True
        if answer.status_code >= 400:
            raise FetchFailed(f"{httpx.URL(url).host} answered {answer.status_code} for {url}", answer.status_code)
        if answer.status_code != 206:
            done = 0
        length = answer.headers.get("Content-Length")
        total = done + int(length) if length else None
        with part.open("r+b" if done else "wb") as file:
            file.seek(done)
            for block in answer.iter_raw(_BLOCK):
                file.write(block)
                done += len(block)
                report_progress(done, total)
    return total is None or done == total
