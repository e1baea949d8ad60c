"""Every header is either parsed or refused with an AppError."""

import base64
from contextlib import suppress
from datetime import datetime, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.errors import AppError
from backend.recordings.tus import (
    Checksum,
    InvalidUpload,
    NotAChunk,
    UnknownChecksum,
    UnsupportedVersion,
    check_chunk,
    check_version,
    format_metadata,
    http_date,
    read_checksum,
    read_metadata,
    read_number,
)


@pytest.mark.parametrize("text", [None, "", "-1", "+1", "1.0", "1e3", " 1", "1_000", "٣", "9" * 19])
def test_anything_but_a_whole_number_is_refused(text: str | None) -> None:
    with pytest.raises(InvalidUpload, match="Upload-Offset"):
        read_number("Upload-Offset", text)


def test_the_largest_sizes_can_be_parsed() -> None:
    assert 6 * 1024**3 == read_number("Upload-Length", "6442450944")
    assert 0 == read_number("Upload-Offset", "0")


def test_metadata_is_parsed_into_keys_and_values() -> None:
    name = base64.b64encode("三月 周会.wav".encode()).decode()

    assert {"filename": "三月 周会.wav", "is_confidential": ""} == read_metadata(f"filename {name},is_confidential")
    assert {"a": "", "b": ""} == read_metadata("a , b")
    assert {} == read_metadata(None) == read_metadata("")


@pytest.mark.parametrize(
    "text", [",", "a,", "a b c", "filename ###", "a YQ==,a Yg==", "名 YQ==", "filename YQ=", "a\tYQ=="]
)
def test_invalid_metadata_is_refused(text: str) -> None:
    with pytest.raises(InvalidUpload):
        read_metadata(text)


@given(st.text(max_size=100).map(lambda text: text.encode("utf-8", "ignore").decode()))
def test_a_formatted_name_is_parsed_back_unchanged(name: str) -> None:
    assert {"filename": name} == read_metadata(format_metadata(name))


def test_a_checksum_names_its_algorithm() -> None:
    assert Checksum("sha1", bytes(20)) == read_checksum("sha1 " + base64.b64encode(bytes(20)).decode())
    assert Checksum("sha256", bytes(32)) == read_checksum("sha256 " + base64.b64encode(bytes(32)).decode())
    assert read_checksum(None) is None


@pytest.mark.parametrize(
    "text", ["", "sha1", "md5 " + "A" * 24, "sha256 " + base64.b64encode(bytes(20)).decode(), "sha1 ##"]
)
def test_invalid_checksums_are_refused(text: str) -> None:
    with pytest.raises(UnknownChecksum):
        read_checksum(text)


@given(
    st.one_of(
        st.text(), st.text(alphabet="aA=, +/0123456789shm\x00é"), st.binary().map(lambda raw: raw.decode("latin-1"))
    )
)
def test_any_header_gives_a_value_or_an_app_error(text: str) -> None:
    for read in (
        read_metadata,
        read_checksum,
        lambda text: read_number("Upload-Length", text),
        check_version,
        check_chunk,
    ):
        with suppress(AppError):
            read(text)


def test_another_version_or_type_is_refused() -> None:
    check_version("1.0.0")
    check_chunk("application/offset+octet-stream")
    with pytest.raises(UnsupportedVersion) as raised:
        check_version(None)
    assert raised.value.headers == {"Tus-Version": "1.0.0"}
    with pytest.raises(NotAChunk):
        check_chunk("application/octet-stream")


def test_an_expiry_is_formatted_as_an_http_date() -> None:
    assert "Wed, 25 Jun 2025 16:00:00 GMT" == http_date(datetime(2025, 6, 25, 16, tzinfo=timezone.utc))
