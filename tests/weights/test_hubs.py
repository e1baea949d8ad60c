"""The hubs: addresses, caches, and one sentence for each refusal."""

from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from backend.weights import hubs
from backend.weights.catalogue import MODELS
from backend.weights.downloads import FetchFailed
from backend.weights.hubs import Hubs
from backend.weights.local_files import LocalFiles
from backend.weights.model import Hub, PinnedFile
from tests.weights.conftest import CONFIG, Site, digest

GATED = Hub("huggingface", "we/gated", "abc", (PinnedFile("config.yaml", "config.yaml", digest(CONFIG)),), gated=True)
PATH = "/we/gated/resolve/abc/config.yaml"


@pytest.fixture
def hub_addresses(site: Site) -> Hubs:
    return Hubs(huggingface=site.address, modelscope=site.address, token="hf_mine")


def test_a_download_sends_the_access_token(site: Site, web: httpx.Client, hub_addresses: Hubs, tmp_path: Path) -> None:
    site.files[PATH] = CONFIG

    hubs.fetch_files(web, hub_addresses, GATED, tmp_path / "downloads", tmp_path / "model", _ignore)

    assert (tmp_path / "model" / "config.yaml").read_bytes() == CONFIG
    assert site.requests == [(PATH, None, "Bearer hf_mine")]


@pytest.mark.parametrize("status", [401, 403])
def test_a_gated_model_names_its_page_and_what_to_do(
    status: int, site: Site, web: httpx.Client, hub_addresses: Hubs, tmp_path: Path
) -> None:
    site.statuses[PATH] = status

    with pytest.raises(FetchFailed, match=r"accept the conditions at https://huggingface\.co/we/gated "):
        hubs.fetch_files(web, hub_addresses, GATED, tmp_path / "downloads", tmp_path / "model", _ignore)
    with pytest.raises(FetchFailed, match=r"https://huggingface\.co/we/gated .* HF_TOKEN"):
        hubs.fetch_files(
            web, replace(hub_addresses, token=None), GATED, tmp_path / "downloads", tmp_path / "model", _ignore
        )


def test_a_token_is_not_sent_to_modelscope(site: Site, web: httpx.Client, hub_addresses: Hubs, tmp_path: Path) -> None:
    hub = Hub("modelscope", "we/open", "v1", (PinnedFile("a b.txt", "a.txt", digest(CONFIG)),))
    site.files["/api/v1/models/we/open/repo?Revision=v1&FilePath=a+b.txt"] = CONFIG

    hubs.fetch_files(web, hub_addresses, hub, tmp_path / "downloads", tmp_path / "model", _ignore)

    assert [authorization for _, _, authorization in site.requests] == [None]


def test_a_missing_revision_is_reported(web: httpx.Client, hub_addresses: Hubs, tmp_path: Path) -> None:
    with pytest.raises(FetchFailed, match=r"at revision abc \(404\)"):
        hubs.fetch_files(web, hub_addresses, GATED, tmp_path / "downloads", tmp_path / "model", _ignore)


@pytest.mark.parametrize(
    ("hub", "path"),
    [
        (GATED, "hub/models--we--gated/snapshots/abc/config.yaml"),
        (replace(GATED, site="modelscope", repository="we/v1.0"), "models/we/v1___0/config.yaml"),
        (replace(GATED, site="modelscope", repository="we/v1.0"), "hub/models/we/v1___0/config.yaml"),
    ],
)
def test_a_cached_file_is_not_downloaded(
    hub: Hub, path: str, site: Site, web: httpx.Client, hub_addresses: Hubs, tmp_path: Path
) -> None:
    cached = tmp_path / "cache" / path
    cached.parent.mkdir(parents=True)
    cached.write_bytes(CONFIG)
    hub_addresses = replace(hub_addresses, local=LocalFiles([tmp_path / "cache"]))

    hubs.fetch_files(web, hub_addresses, hub, tmp_path / "downloads", tmp_path / "model", _ignore)

    assert (tmp_path / "model" / "config.yaml").read_bytes() == CONFIG
    assert site.requests == []


def test_a_cached_file_with_another_hash_is_downloaded(
    site: Site, web: httpx.Client, hub_addresses: Hubs, tmp_path: Path
) -> None:
    cached = tmp_path / "cache" / "hub/models--we--gated/snapshots/abc/config.yaml"
    cached.parent.mkdir(parents=True)
    cached.write_bytes(b"something else")
    site.files[PATH] = CONFIG

    hubs.fetch_files(
        web,
        replace(hub_addresses, local=LocalFiles([tmp_path / "cache"])),
        GATED,
        tmp_path / "k",
        tmp_path / "model",
        _ignore,
    )

    assert (tmp_path / "model" / "config.yaml").read_bytes() == CONFIG


def test_only_hubs_that_answer_are_reachable(site: Site, web: httpx.Client) -> None:
    assert hubs.reachable_hubs(web, Hubs(site.address, "http://127.0.0.1:1")) == {"huggingface"}


def test_every_hash_of_the_catalogue_is_a_sha256_and_every_revision_is_fixed() -> None:
    for model in MODELS.values():
        for part in (part for origin in model.origins for part in origin.parts):
            assert all(len(bytes.fromhex(pin.sha256)) == 32 for pin in part.files)
            assert not isinstance(part, Hub) or part.revision not in ("main", "master")
        assert model.licence
        assert model.attribution


def _ignore(_name: str, _done: int, _total: int | None) -> None:
    pass
