"""Fetching: the ways are tried in turn, and what is there afterwards is whole or absent."""

from dataclasses import replace
from pathlib import Path

import pytest

from backend.weights.downloads import FetchFailed
from backend.weights.fetch import Ways, complete, fetch, fetch_from_folder
from backend.weights.store import ModelDamaged, installed, read_manifest, verify
from tests.weights.conftest import WEIGHTS, Site, digest, serve_hub, serve_index

pytestmark = pytest.mark.usefixtures("toy")


def test_the_hub_comes_first(site: Site, ways: Ways, tmp_path: Path) -> None:
    serve_hub(site)
    serve_index(site)

    source = fetch(tmp_path, "toy", ways, _nobody)

    assert source == "https://modelscope.cn/models/we/toy@v1"
    assert verify(tmp_path, "toy").source == source
    assert complete(tmp_path, "small")


def test_the_index_comes_first_for_the_small_set(site: Site, ways: Ways, tmp_path: Path) -> None:
    serve_hub(site)
    serve_index(site)

    fetch(tmp_path, "toy", replace(ways, hubs_first=False), _nobody)

    manifest = read_manifest(tmp_path / "toy")
    assert manifest is not None
    assert manifest.revision == "toy_carrier-1.0-py3-none-any.whl"


def test_the_index_steps_in_where_the_hub_fails(site: Site, ways: Ways, tmp_path: Path) -> None:
    serve_index(site)

    fetch(tmp_path, "toy", ways, _nobody)

    assert installed(tmp_path, "toy")


def test_a_hub_that_did_not_answer_is_not_asked(site: Site, ways: Ways, tmp_path: Path) -> None:
    serve_hub(site)
    serve_index(site)

    fetch(tmp_path, "toy", replace(ways, reached=frozenset()), _nobody)

    assert not [path for path, _, _ in site.asked if path.startswith("/api/")]


def test_where_nothing_works_every_way_has_its_sentence(ways: Ways, tmp_path: Path) -> None:
    with pytest.raises(FetchFailed, match=r"modelscope\.cn/models/we/toy .*package index"):
        fetch(tmp_path, "toy", ways, _nobody)
    assert not (tmp_path / "toy").exists()


def test_a_whole_model_is_left_alone(site: Site, ways: Ways, tmp_path: Path) -> None:
    serve_hub(site)
    fetch(tmp_path, "toy", ways, _nobody)
    site.asked.clear()

    assert fetch(tmp_path, "toy", ways, _nobody) is None
    assert site.asked == []


def test_a_damaged_model_is_fetched_again(site: Site, ways: Ways, tmp_path: Path) -> None:
    serve_hub(site)
    fetch(tmp_path, "toy", ways, _nobody)
    (tmp_path / "toy" / "sub" / "weights.bin").write_bytes(WEIGHTS[::-1])

    fetch(tmp_path, "toy", ways, _nobody)

    verify(tmp_path, "toy")


def test_what_a_killed_fetch_left_is_continued_and_swept(site: Site, ways: Ways, tmp_path: Path) -> None:
    """A kill leaves a half-made folder and half a download: the first goes, the second is of use."""
    serve_hub(site)
    half = tmp_path / ".incoming" / "toy-half"
    half.mkdir(parents=True)
    kept = tmp_path / ".incoming" / "downloads"
    kept.mkdir()
    (kept / f"{digest(WEIGHTS)}.part").write_bytes(WEIGHTS[:5000])

    fetch(tmp_path, "toy", ways, _nobody)

    assert "bytes=5000-" in [asked for _, asked, _ in site.asked]
    assert not half.exists()
    assert list(kept.iterdir()) == []
    verify(tmp_path, "toy")


def test_a_fetch_that_dies_in_the_middle_leaves_nothing_that_looks_installed(
    site: Site, ways: Ways, tmp_path: Path
) -> None:
    serve_hub(site)

    def dies(name: str, _done: int, _total: int | None) -> None:
        if name == "toy/sub/weights.bin":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fetch(tmp_path, "toy", ways, dies)
    assert not (tmp_path / "toy").exists()
    assert not installed(tmp_path, "toy")


def test_a_folder_serves_where_there_is_no_network(toy_folder: Path, tmp_path: Path) -> None:
    assert fetch_from_folder(tmp_path / "models", "toy", toy_folder) == str(toy_folder)
    assert fetch_from_folder(tmp_path / "models", "toy", toy_folder) is None


def test_a_folder_is_checked_like_a_download(toy_folder: Path, tmp_path: Path) -> None:
    (toy_folder / "toy" / "sub" / "weights.bin").write_bytes(WEIGHTS[::-1])

    with pytest.raises(ModelDamaged):
        fetch_from_folder(tmp_path / "models", "toy", toy_folder)


def _nobody(_name: str, _done: int, _total: int | None) -> None:
    pass
