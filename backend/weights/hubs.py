"""Files from ModelScope and Hugging Face, at a fixed revision, by the address that each hub documents for a file.

Every file of ours is pinned by its sha256, so what the hubs' own libraries add (revisions, snapshots, caches) is not
needed; what a person has in their caches already is taken from there.
"""

import shutil
import urllib.parse
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import httpx

from backend.checksums import sha256
from backend.weights.catalogue import FETCH
from backend.weights.downloads import FetchFailed, Told, download
from backend.weights.model import Hub, Pin

HUGGING_FACE = "https://huggingface.co"
MODELSCOPE = "https://modelscope.cn"

_PROBE_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Hubs:
    """Where the hubs are, who asks, and which caches may hold files already."""

    huggingface: str = HUGGING_FACE
    modelscope: str = MODELSCOPE
    token: str | None = None
    huggingface_cache: Path | None = None
    modelscope_cache: Path | None = None

    def address(self, hub: Hub, pin: Pin) -> str:
        path = urllib.parse.quote(pin.there)
        if hub.site == "huggingface":
            return f"{self.huggingface.rstrip('/')}/{hub.repository}/resolve/{hub.revision}/{path}"
        query = urllib.parse.urlencode({"Revision": hub.revision, "FilePath": pin.there})
        return f"{self.modelscope.rstrip('/')}/api/v1/models/{hub.repository}/repo?{query}"


def bring(web: httpx.Client, hubs: Hubs, hub: Hub, kept: Path, folder: Path, told: Told) -> None:
    """Put the hub's pinned files into `folder`. Raises FetchFailed with one sentence that says what to do."""
    headers = {"Authorization": f"Bearer {hubs.token}"} if hub.site == "huggingface" and hubs.token else {}
    for pin in hub.files:
        target = folder / pin.here
        target.parent.mkdir(parents=True, exist_ok=True)
        if cached := _cached(hubs, hub, pin):
            shutil.copyfile(cached, target)
            continue
        waiting = kept / pin.sha256
        try:
            named = partial(told, f"{hub.repository.split('/')[-1]}/{pin.there}")
            download(web, hubs.address(hub, pin), waiting, pin.sha256, named, headers)
        except FetchFailed as error:
            raise FetchFailed(_sentence(hub, error, bool(hubs.token)), error.status) from None
        waiting.replace(target)


def answering(web: httpx.Client, hubs: Hubs) -> frozenset[str]:
    """Which hubs answer within a few seconds; asked side by side."""
    places = {"huggingface": hubs.huggingface, "modelscope": hubs.modelscope}

    def answers(url: str) -> bool:
        try:
            return web.head(url, timeout=_PROBE_SECONDS).status_code < 500
        except httpx.HTTPError:
            return False

    with ThreadPoolExecutor(len(places)) as pool:
        found = dict(zip(places, pool.map(answers, places.values()), strict=True))
    return frozenset(site for site, good in found.items() if good)


def _sentence(hub: Hub, error: FetchFailed, with_token: bool) -> str:
    again = f"{FETCH} --set full"
    if error.status in (401, 403) and hub.gated:
        if not with_token:
            return (
                f"{hub.repository} is given only to those who accept its conditions: sign in and accept them at "
                f"{hub.page} , write an access token into .env as HF_TOKEN, then run: {again}"
            )
        return (
            f"Hugging Face does not give {hub.repository} to the owner of HF_TOKEN: accept the conditions at "
            f"{hub.page} , then run: {again}"
        )
    if error.status in (401, 403):
        return f"{hub.page} refused the download ({error.status}). Check HF_TOKEN in .env, then run: {again}"
    if error.status is not None:
        return f"{hub.page} does not have what we know at revision {hub.revision} ({error.status})."
    return error.detail


def _cached(hubs: Hubs, hub: Hub, pin: Pin) -> Path | None:
    """The file in a cache of the hub's own library, if it is there and is the right one."""
    if hub.site == "huggingface":
        cache = hubs.huggingface_cache
        folders = [f"hub/models--{hub.repository.replace('/', '--')}/snapshots/{hub.revision}"]
    else:
        cache = hubs.modelscope_cache
        owner, name = hub.repository.split("/")
        spelled = f"{owner}/{name.replace('.', '___')}"
        folders = [f"{middle}{spelled}" for middle in ("models/", "hub/models/", "hub/", "")]
    if cache is None:
        return None
    for folder in folders:
        found = cache / folder / pin.there
        if found.is_file() and sha256(found) == pin.sha256:
            return found
    return None
