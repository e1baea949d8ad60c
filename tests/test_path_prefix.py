"""The paths under which a server can be served."""

import pytest

from backend.path_prefix import is_prefix, path_without_prefix, prefix_of


@pytest.mark.parametrize("text", ["/asr", "/tools/asr", "/a_b-c.d~e", "/~team/asr", "/apiary", "/assets2"])
def test_paths_that_need_no_quoting_are_prefixes(text: str) -> None:
    assert is_prefix(text)


@pytest.mark.parametrize(
    "text",
    [
        *("", "/", "asr", "/asr/", "//evil.example", "/asr//x", "/..", "/asr/..", "/.hidden", "/会议", "/a b"),
        *('/"><script>', "/asr;x", "/asr?x", "/asr#x", "/%61", "/asr\n", "/" + "a" * 200),
    ],
)
def test_paths_that_could_mean_something_else_are_no_prefixes(text: str) -> None:
    assert not is_prefix(text)


@pytest.mark.parametrize("text", ["/api", "/api/asr", "/docs", "/upload", "/s", "/assets", "/health"])
def test_a_prefix_cannot_be_told_from_a_path_of_the_server_if_it_begins_like_one(text: str) -> None:
    assert not is_prefix(text)


def test_the_path_without_the_prefix_is_the_one_routes_name() -> None:
    assert path_without_prefix({"path": "/asr/api/jobs", "root_path": "/asr"}) == "/api/jobs"
    assert path_without_prefix({"path": "/api/jobs", "root_path": ""}) == "/api/jobs"


def test_a_mount_inside_the_app_does_not_change_the_prefix() -> None:
    assert prefix_of({"path": "/asr/files/x", "root_path": "/asr/files", "app_root_path": "/asr"}) == "/asr"
