"""Fetching tries the origins in turn, and a model is then installed completely or not at all."""

from dataclasses import replace
from pathlib import Path

import pytest

from backend.weights.downloads import FetchFailed
from backend.weights.fetch import Sources, fetch, fetch_from_folder, is_set_installed
from backend.weights.store import ModelDamaged, installed, read_manifest, verify
from tests.weights.conftest import WEIGHTS, Site, digest, serve_hub, serve_index

pytestmark = pytest.mark.usefixtures("toy")


def test_the_hub_is_tried_first(site: Site, sources: Sources, tmp_path: Path) -> None:
    serve_hub(site)
    serve_index(site)

    source = fetch(tmp_path, "toy", sources, _ignore)

    assert source == "https://modelscope.cn/models/we/toy@v1"
    assert verify(tmp_path, "toy").source == source
    assert is_set_installed(tmp_path, "small")


def test_the_package_index_is_tried_first_for_the_small_set(site: Site, sources: Sources, tmp_path: Path) -> None:
    serve_hub(site)
    serve_index(site)

    fetch(tmp_path, "toy", replace(sources, hubs_first=False), _ignore)

    manifest = read_manifest(tmp_path / "toy")
    assert manifest is not None
    assert manifest.revision == "toy_carrier-1.0-py3-none-any.whl"


def test_the_package_index_is_used_if_the_hub_fails(site: Site, sources: Sources, tmp_path: Path) -> None:
    serve_index(site)

    fetch(tmp_path, "toy", sources, _ignore)

    assert installed(tmp_path, "toy")


def test_a_hub_that_did_not_answer_gets_no_request(site: Site, sources: Sources, tmp_path: Path) -> None:
    serve_hub(site)
    serve_index(site)

    fetch(tmp_path, "toy", replace(sources, reached=frozenset()), _ignore)

    assert not [path for path, _, _ in site.requests if path.startswith("/api/")]


def test_if_every_origin_fails_each_has_its_sentence(sources: Sources, tmp_path: Path) -> None:
    with pytest.raises(FetchFailed, match=r"modelscope\.cn/models/we/toy .*package index"):
        fetch(tmp_path, "toy", sources, _ignore)
    assert not (tmp_path / "toy").exists()


def test_an_intact_model_is_not_fetched_again(site: Site, sources: Sources, tmp_path: Path) -> None:
    serve_hub(site)
    fetch(tmp_path, "toy", sources, _ignore)
    site.requests.clear()

    assert fetch(tmp_path, "toy", sources, _ignore) is None
    assert site.requests == []


def test_a_damaged_model_is_fetched_again(site: Site, sources: Sources, tmp_path: Path) -> None:
    serve_hub(site)
    fetch(tmp_path, "toy", sources, _ignore)
    (tmp_path / "toy" / "sub" / "weights.bin").write_bytes(WEIGHTS[::-1])

    fetch(tmp_path, "toy", sources, _ignore)

    verify(tmp_path, "toy")


def test_downloads_of_a_killed_fetch_are_resumed_and_the_rest_is_removed(
    site: Site, sources: Sources, tmp_path: Path
) -> None:
    """A kill leaves an incomplete folder, which is removed, and a partial download, which is resumed."""
    serve_hub(site)
    half = tmp_path / ".incoming" / "toy-half"
    half.mkdir(parents=True)
    downloads = tmp_path / ".incoming" / "downloads"
    downloads.mkdir()
    (downloads / f"{digest(WEIGHTS)}.part").write_bytes(WEIGHTS[:5000])

    fetch(tmp_path, "toy", sources, _ignore)

    assert "bytes=5000-" in [range_header for _, range_header, _ in site.requests]
    assert not half.exists()
    assert list(downloads.iterdir()) == []
    verify(tmp_path, "toy")


def test_an_interrupted_fetch_leaves_nothing_that_looks_installed(site: Site, sources: Sources, tmp_path: Path) -> None:
    serve_hub(site)

    def dies(name: str, _done: int, _total: int | None) -> None:
        if name == "toy/sub/weights.bin":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fetch(tmp_path, "toy", sources, dies)
    assert not (tmp_path / "toy").exists()
    assert not installed(tmp_path, "toy")


def test_a_model_is_installed_from_a_folder_without_a_network(toy_folder: Path, tmp_path: Path) -> None:
    assert fetch_from_folder(tmp_path / "models", "toy", toy_folder) == str(toy_folder)
    assert fetch_from_folder(tmp_path / "models", "toy", toy_folder) is None


def test_a_folder_is_checked_like_a_download(toy_folder: Path, tmp_path: Path) -> None:
    (toy_folder / "toy" / "sub" / "weights.bin").write_bytes(WEIGHTS[::-1])

    with pytest.raises(ModelDamaged):
        fetch_from_folder(tmp_path / "models", "toy", toy_folder)


def _ignore(_name: str, _done: int, _total: int | None) -> None:
    pass
