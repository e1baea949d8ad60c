"""Downloads are continued, checked, and never there by half."""

from pathlib import Path

import httpx
import pytest

from backend.weights.downloads import FetchFailed, download
from tests.weights.conftest import WEIGHTS, Site, digest

GOOD = digest(WEIGHTS)


def test_a_file_arrives_and_progress_only_grows(site: Site, web: httpx.Client, tmp_path: Path) -> None:
    site.files["/weights"] = WEIGHTS
    heard: list[tuple[int, int | None]] = []

    download(web, f"{site.address}/weights", tmp_path / "weights", GOOD, lambda *told: heard.append(told))

    assert (tmp_path / "weights").read_bytes() == WEIGHTS
    assert heard[-1] == (len(WEIGHTS), len(WEIGHTS))
    assert heard == sorted(heard)


def test_a_connection_that_breaks_is_continued_where_it_broke(site: Site, web: httpx.Client, tmp_path: Path) -> None:
    site.files["/weights"] = WEIGHTS
    site.breaks["/weights"] = 300_000

    download(web, f"{site.address}/weights", tmp_path / "weights", GOOD, _nobody)

    assert (tmp_path / "weights").read_bytes() == WEIGHTS
    first, second = site.ranges("/weights")
    assert first is None
    assert second is not None
    assert second.startswith("bytes=")
    assert second != "bytes=0-"


def test_what_a_killed_download_left_is_continued(site: Site, web: httpx.Client, tmp_path: Path) -> None:
    site.files["/weights"] = WEIGHTS
    (tmp_path / "weights.part").write_bytes(WEIGHTS[:1000])

    download(web, f"{site.address}/weights", tmp_path / "weights", GOOD, _nobody)

    assert (tmp_path / "weights").read_bytes() == WEIGHTS
    assert site.ranges("/weights") == ["bytes=1000-"]


def test_a_whole_part_is_not_asked_for_again(site: Site, web: httpx.Client, tmp_path: Path) -> None:
    site.files["/weights"] = WEIGHTS
    (tmp_path / "weights.part").write_bytes(WEIGHTS)

    download(web, f"{site.address}/weights", tmp_path / "weights", GOOD, _nobody)

    assert (tmp_path / "weights").read_bytes() == WEIGHTS


def test_a_beginning_of_another_file_is_thrown_away(site: Site, web: httpx.Client, tmp_path: Path) -> None:
    site.files["/weights"] = WEIGHTS
    (tmp_path / "weights.part").write_bytes(b"x" * 1000)

    download(web, f"{site.address}/weights", tmp_path / "weights", GOOD, _nobody)

    assert (tmp_path / "weights").read_bytes() == WEIGHTS
    assert site.ranges("/weights") == ["bytes=1000-", None]


def test_a_wrong_hash_is_refused_and_the_file_removed(site: Site, web: httpx.Client, tmp_path: Path) -> None:
    site.files["/weights"] = WEIGHTS + b"!"

    with pytest.raises(FetchFailed, match="sha256"):
        download(web, f"{site.address}/weights", tmp_path / "weights", GOOD, _nobody)
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_there_is_not_downloaded(site: Site, web: httpx.Client, tmp_path: Path) -> None:
    (tmp_path / "weights").write_bytes(WEIGHTS)

    download(web, f"{site.address}/weights", tmp_path / "weights", GOOD, _nobody)

    assert site.asked == []


def test_a_server_that_is_not_there_is_one_sentence(web: httpx.Client, tmp_path: Path, site: Site) -> None:
    with pytest.raises(FetchFailed, match=r"127\.0\.0\.1 cannot be reached") as caught:
        download(web, "http://127.0.0.1:1/weights", tmp_path / "weights", GOOD, _nobody)
    assert caught.value.status is None


def test_an_error_of_the_server_keeps_its_status(site: Site, web: httpx.Client, tmp_path: Path) -> None:
    with pytest.raises(FetchFailed) as caught:
        download(web, f"{site.address}/nothing", tmp_path / "weights", GOOD, _nobody)
    assert caught.value.status == 404


def _nobody(_done: int, _total: int | None) -> None:
    pass
