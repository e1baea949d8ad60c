"""Download one file: continued where it was broken off, and there only if its sha256 is right."""

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
    """A file could not be had. `status` is the answer of the other side; None where there was no answer."""

    def __init__(self, detail: str, status: int | None = None) -> None:
        super().__init__(detail)
        self.status = status


class Told(Protocol):
    """Hears how many bytes of which file are there, and of how many, where that is known."""

    def __call__(self, name: str, done: int, total: int | None, /) -> None: ...


#: The same, of one file.
ToldOfOne = Callable[[int, int | None], None]


def client() -> httpx.Client:
    """Trusts what the machine trusts and what certifi trusts; proxies are taken from the environment."""
    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    return httpx.Client(verify=context, timeout=_TIMEOUT, follow_redirects=True)


def download(
    web: httpx.Client,
    url: str,
    target: Path,
    expected: str | None,
    told: ToldOfOne,
    headers: Mapping[str, str] | None = None,
) -> None:
    """Bring `url` to `target`. What a killed download has left in `target.part` is continued.

    A file whose hash is not `expected` is removed and never appears as `target`. Raises FetchFailed.
    """
    if target.exists() and (expected is None or sha256(target) == expected):
        return
    part = target.with_name(target.name + ".part")
    part.parent.mkdir(parents=True, exist_ok=True)
    continued = part.exists()
    _bring(web, url, part, told, dict(headers or {}))
    if expected is not None and sha256(part) != expected:
        part.unlink()
        if not continued:
            raise FetchFailed(f"{url} is not the file we know: its sha256 is another. It was removed.")
        # Perhaps only the old beginning was wrong: the file may have changed since.
        download(web, url, target, expected, told, headers)
        return
    part.replace(target)


def _bring(web: httpx.Client, url: str, part: Path, told: ToldOfOne, headers: dict[str, str]) -> None:
    failure = ""
    for _ in range(_TRIES):
        size = part.stat().st_size if part.exists() else 0
        try:
            if _stream(web, url, part, told, headers):
                return
        except httpx.TransportError as error:
            failure = str(error) or type(error).__name__
            # A connection that broke while it brought something is worth another; one that never came is not.
            if not part.exists() or part.stat().st_size == size:
                break
    raise FetchFailed(f"{httpx.URL(url).host} cannot be reached ({failure or 'it keeps breaking off'}).")


def _stream(web: httpx.Client, url: str, part: Path, told: ToldOfOne, headers: dict[str, str]) -> bool:
    """Append what is missing; False where it has to be tried again."""
    done = part.stat().st_size if part.exists() else 0
    asked = {**headers, "Accept-Encoding": "identity", **({"Range": f"bytes={done}-"} if done else {})}
    with web.stream("GET", url, headers=asked) as answer:
        if answer.status_code == 416:
            # Nothing lies beyond what we have: either it is whole, or it is not this file. The hash will tell.
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
                told(done, total)
    return total is None or done == total
