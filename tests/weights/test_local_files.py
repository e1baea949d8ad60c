"""Models that are on this machine already are used wherever they lie, and only if their content is right."""

from dataclasses import replace
from pathlib import Path

import pytest

from backend.weights.fetch import Sources, fetch
from backend.weights.local_files import LocalFiles
from backend.weights.model import Model
from backend.weights.store import verify
from tests.weights.conftest import CONFIG, WEIGHTS, Site

PLACES = [
    "funasr/toy",  # as other servers of this kind have one make it
    "hub/models--we--toy/snapshots/0123",
    "hub/models/we/toy",
    "a/b/c",
]


def laid_out(folder: Path, weights: bytes = WEIGHTS) -> Path:
    (folder / "sub").mkdir(parents=True)
    (folder / "config.yaml").write_bytes(CONFIG)
    (folder / "sub" / "weights.bin").write_bytes(weights)
    return folder


def offline(sources: Sources, root: Path) -> Sources:
    local = LocalFiles([root / "modelscope", root / "no such folder"])
    return replace(sources, reached=frozenset(), hubs=replace(sources.hubs, local=local))


@pytest.mark.parametrize("place", PLACES)
def test_a_model_on_this_machine_is_installed_without_a_network(
    place: str, toy: Model, sources: Sources, site: Site, tmp_path: Path
) -> None:
    laid_out(tmp_path / "modelscope" / place)

    source = fetch(tmp_path / "models", toy.name, offline(sources, tmp_path), lambda *_: None)

    assert source == toy.origins[0].name
    assert verify(tmp_path / "models", toy.name).revision == "v1"
    assert site.requests == []


def test_links_of_a_cache_are_followed_to_their_files(toy: Model, sources: Sources, tmp_path: Path) -> None:
    blobs = laid_out(tmp_path / "blobs")
    (tmp_path / "modelscope" / "snapshots").mkdir(parents=True)
    for name in ("config.yaml", "sub/weights.bin"):
        (tmp_path / "modelscope" / "snapshots" / Path(name).name).symlink_to(blobs / name)

    assert fetch(tmp_path / "models", toy.name, offline(sources, tmp_path), lambda *_: None) == toy.origins[0].name


def test_a_file_of_another_content_is_left_alone(toy: Model, tmp_path: Path) -> None:
    laid_out(tmp_path / "other", WEIGHTS[:-1])
    local = LocalFiles([tmp_path])

    assert not local.has_all_of(toy.origins[0])
    assert not local.has_model(toy.name)
    laid_out(tmp_path / "right")
    assert LocalFiles([tmp_path]).has_model(toy.name)


def test_an_origin_that_is_no_hub_is_never_taken_from_folders(toy: Model, tmp_path: Path) -> None:
    laid_out(tmp_path / "right")

    assert not LocalFiles([tmp_path]).has_all_of(toy.origins[1])
