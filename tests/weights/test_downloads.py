"""Downloads are resumed and checked, and a partial file never gets the final name."""

from pathlib import Path

import httpx
import pytest

from backend.weights.downloads import FetchFailed, download
from tests.weights.conftest import WEIGHTS, Site, digest

GOOD = digest(WEIGHTS)


def test_a_file_arrives_and_progress_only_grows(site: Site, web: httpx.Client, tmp_path: Path) -> None:
    site.files["/weights"] = WEIGHTS
    reports: list[tuple[int, int | None]] = []

    download(
        web,
        f"{site.address}/weights",
        tmp_path / "weights",
        GOOD,
        lambda *report_progress: reports.append(report_progress),
    )

    assert (tmp_path / "weights").read_bytes() == WEIGHTS
    assert reports[-1] == (len(WEIGHTS), len(WEIGHTS))
    assert reports == sorted(reports)


def test_a_broken_connection_is_resumed_where_it_broke(site: Site, web: httpx.Client, tmp_path: Path) -> None:
    site.files["/weights"] = WEIGHTS
    site.breaks["/weights"] = 300_000

    download(web, f"{site.address}/weights", tmp_path / "weights", GOOD, _ignore)

    assert (tmp_path / "weights").read_bytes() == WEIGHTS
    first, second = site.ranges("/weights")
    assert first is None
    assert second is not None
    assert second.startswith("bytes=")
    assert second != "bytes=0-"


def test_a_partial_file_of_a_killed_download_is_resumed(site: Site, web: httpx.Client, tmp_path: Path) -> None:
    site.files["/weights"] = WEIGHTS
    (tmp_path / "weights.part").write_bytes(WEIGHTS[:1000])

    download(web, f"{site.address}/weights", tmp_path / "weights", GOOD, _ignore)

    assert (tmp_path / "weights").read_bytes() == WEIGHTS
    assert site.ranges("/weights") == ["bytes=1000-"]


def test_a_complete_partial_file_is_not_downloaded_again(site: Site, web: httpx.Client, tmp_path: Path) -> None:
    site.files["/weights"] = WEIGHTS
    (tmp_path / "weights.part").write_bytes(WEIGHTS)

    download(web, f"{site.address}/weights", tmp_path / "weights", GOOD, _ignore)

    assert (tmp_path / "weights").read_bytes() == WEIGHTS


def test_a_partial_file_of_another_file_is_discarded(site: Site, web: httpx.Client, tmp_path: Path) -> None:
    site.files["/weights"] = WEIGHTS
    (tmp_path / "weights.part").write_bytes(b"x" * 1000)

    download(web, f"{site.address}/weights", tmp_path / "weights", GOOD, _ignore)

    assert (tmp_path / "weights").read_bytes() == WEIGHTS
    assert site.ranges("/weights") == ["bytes=1000-", None]


def test_a_wrong_hash_is_refused_and_the_file_removed(site: Site, web: httpx.Client, tmp_path: Path) -> None:
    site.files["/weights"] = WEIGHTS + b"!"

    with pytest.raises(FetchFailed, match="sha256"):
        download(web, f"{site.address}/weights", tmp_path / "weights", GOOD, _ignore)
    assert list(tmp_path.iterdir()) == []


def test_an_existing_file_is_not_downloaded(site: Site, web: httpx.Client, tmp_path: Path) -> None:
    (tmp_path / "weights").write_bytes(WEIGHTS)

    download(web, f"{site.address}/weights", tmp_path / "weights", GOOD, _ignore)

    assert site.requests == []


def test_an_unreachable_server_gives_one_sentence(web: httpx.Client, tmp_path: Path, site: Site) -> None:
    with pytest.raises(FetchFailed, match=r"127\.0\.0\.1 cannot be reached") as caught:
        download(web, "http://127.0.0.1:1/weights", tmp_path / "weights", GOOD, _ignore)
    assert caught.value.status is None


def test_the_http_status_of_an_error_is_kept(site: Site, web: httpx.Client, tmp_path: Path) -> None:
    with pytest.raises(FetchFailed) as caught:
        download(web, f"{site.address}/nothing", tmp_path / "weights", GOOD, _ignore)
    assert caught.value.status == 404


def _ignore(_done: int, _total: int | None) -> None:
    pass
