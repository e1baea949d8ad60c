"""Downloads files from ModelScope and Hugging Face at a fixed revision, from the address that each hub documents.

Every file is pinned by its sha256, so the hubs' own libraries (revisions, snapshots, caches) are not needed. Files that
are on this machine already, in the caches of these libraries or elsewhere, are copied from there.
"""

import shutil
import urllib.parse
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import httpx

from backend.weights.catalogue import FETCH
from backend.weights.downloads import FetchFailed, ProgressCallback, download
from backend.weights.local_files import LocalFiles
from backend.weights.model import Hub, PinnedFile

HUGGING_FACE = "https://huggingface.co"
MODELSCOPE = "https://modelscope.cn"

_PROBE_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Hubs:
    """The addresses of the hubs, the access token, and the files that need no download."""

    huggingface: str = HUGGING_FACE
    modelscope: str = MODELSCOPE
    token: str | None = None
    local: LocalFiles = field(default_factory=LocalFiles)

    def address(self, hub: Hub, pinned_file: PinnedFile) -> str:
        path = urllib.parse.quote(pinned_file.source_path)
        if hub.site == "huggingface":
            return f"{self.huggingface.rstrip('/')}/{hub.repository}/resolve/{hub.revision}/{path}"
        query = urllib.parse.urlencode({"Revision": hub.revision, "FilePath": pinned_file.source_path})
        return f"{self.modelscope.rstrip('/')}/api/v1/models/{hub.repository}/repo?{query}"


def fetch_files(
    web: httpx.Client, hubs: Hubs, hub: Hub, downloads: Path, folder: Path, report_progress: ProgressCallback
) -> None:
    """Put the hub's pinned files into `folder`. Raises FetchFailed with a sentence that says what to do."""
    headers = {"Authorization": f"Bearer {hubs.token}"} if hub.site == "huggingface" and hubs.token else {}
    for pinned_file in hub.files:
        target = folder / pinned_file.path
        target.parent.mkdir(parents=True, exist_ok=True)
        if there := hubs.local.find(pinned_file):
            shutil.copyfile(there, target)
            continue
        download_path = downloads / pinned_file.sha256
        try:
            report_file = partial(report_progress, f"{hub.repository.split('/')[-1]}/{pinned_file.source_path}")
            download(web, hubs.address(hub, pinned_file), download_path, pinned_file.sha256, report_file, headers)
        except FetchFailed as error:
            raise FetchFailed(_sentence(hub, error, bool(hubs.token)), error.status) from None
        download_path.replace(target)


def reachable_hubs(web: httpx.Client, hubs: Hubs) -> frozenset[str]:
    """The hubs that answer within a few seconds. All are asked at the same time."""
    places = {"huggingface": hubs.huggingface, "modelscope": hubs.modelscope}

    def answers(url: str) -> bool:
        try:
            return web.head(url, timeout=_PROBE_SECONDS).status_code < 500
        except (httpx.HTTPError, httpx.InvalidURL):
            return False

    with ThreadPoolExecutor(len(places)) as pool:
        found = dict(zip(places, pool.map(answers, places.values()), strict=True))
    return frozenset(site for site, good in found.items() if good)


def _sentence(hub: Hub, error: FetchFailed, with_token: bool) -> str:
    again = f"{FETCH} --set full"
    if error.status in (401, 403) and hub.gated:
        if not with_token:
            return (
                f"{hub.repository} is available only after accepting its conditions: sign in and accept them at "
                f"{hub.page} , put an access token into .env as HF_TOKEN, then run: {again}"
            )
        return (
            f"The owner of HF_TOKEN has no access to {hub.repository}: accept the conditions at "
            f"{hub.page} , then run: {again}"
        )
    if error.status in (401, 403):
        return f"{hub.page} refused the download ({error.status}). Check HF_TOKEN in .env, then run: {again}"
    if error.status is not None:
        return f"{hub.page} does not have the expected file at revision {hub.revision} ({error.status})."
    return error.detail
