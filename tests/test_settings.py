from base64 import b64encode, urlsafe_b64encode
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from backend.settings import ROOT, Settings, load_settings

KEY = "vJ4y-2Tq8mXo0LrZ7cWd5HsEb1NfKgUp"


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.setitem(Settings.model_config, "env_file", tmp_path / "none.env")


@pytest.mark.parametrize(
    "key",
    [
        *("", "short", "replace-with-a-long-random-string", "YOUR_SECRET_KEY", "k" * 48, "ab" * 24, "test-key-" * 5),
        *("0123456789abcdef" * 3, "abcdefghijklmnopqrstuvwxyz0123456789", "qwertyuiopasdfghjklzxcvbnm1234567890"),
        *("password" * 5, "会议" * 24, "Change-Me!Change-Me!Change-Me!Change-Me!"),
        *("replace-with-a-long-random-string-0123", "your-secret-key-change-in-production", "very-very-secret-" * 3),
    ],
)
def test_a_weak_key_is_refused(monkeypatch: pytest.MonkeyPatch, key: str) -> None:
    monkeypatch.setenv("SECRET_KEY", key)

    with pytest.raises(ValidationError):
        Settings()


@settings(max_examples=30, deadline=None)
@given(st.binary(min_size=32, max_size=32))
def test_every_way_to_make_a_random_key_is_accepted(random: bytes) -> None:
    assume(len(set(random)) > 24)  # bytes as good as random

    for key in (random.hex(), random[:16].hex(), urlsafe_b64encode(random).decode(), b64encode(random[:24]).decode()):
        assert Settings(_env_file=None, secret_key=key)


@pytest.mark.parametrize(
    ("name", "value", "why"),
    [
        *[("CORS_ORIGINS", value, "origin") for value in ("*", "null", "https://a.example, null", "a.example")],
        *[("CORS_ORIGINS", value, "origin") for value in ("https://*.example", "https://a.example/page", "file://")],
        *[
            ("TRUSTED_PROXIES", value, "claim any")
            for value in ("*", "127.0.0.1,*", "0.0.0.0/0", "::/0", "proxy.example")
        ],
        *[("TRUSTED_PROXIES", value, "claim any") for value in ("0.0.0.0/1", "128.0.0.0/1", "::/1", "10.0.0.0/40")],
        *[("HEARTBEAT_SECONDS", value, "finite") for value in ("inf", "nan")],
        *[("UPLOAD_HOURS", value, "") for value in ("inf", "1e12", "0")],
        *[("LOG_LEVEL", value, "one of DEBUG, INFO, WARNING, ERROR") for value in ("LOUD", "10", "TRACE", "NOTSET")],
    ],
)
def test_a_dangerous_or_wrong_value_ends_the_program_with_a_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], name: str, value: str, why: str
) -> None:
    monkeypatch.setenv("SECRET_KEY", KEY)
    monkeypatch.setenv(name, value)

    with pytest.raises(SystemExit) as end:
        load_settings()

    assert end.value.code == 2
    said = capsys.readouterr().err
    assert said.startswith(f"{name}: ")
    assert why in said


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CORS_ORIGINS", "http://localhost:3030, https://[::1]:8443/, HTTPS://Meet.Example"),
        ("TRUSTED_PROXIES", "127.0.0.1, ::1, 172.16.0.0/12, 10.0.0.0/8, fd00::/8, fc00::/7, 203.0.113.7"),
        ("LOG_LEVEL", "debug"),
    ],
)
def test_good_values_are_accepted(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv("SECRET_KEY", KEY)
    monkeypatch.setenv(name, value)

    assert load_settings()


def test_a_missing_key_ends_the_program_with_a_message(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        load_settings()

    assert end.value.code == 2
    assert capsys.readouterr().err.startswith("SECRET_KEY: ")


@pytest.mark.parametrize(("mode", "good"), [(0o600, True), (0o640, True), (0o644, False), (0o602, False)])
def test_a_world_readable_env_file_ends_the_program(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str], mode: int, good: bool
) -> None:
    env = tmp_path / "test.env"
    env.write_text(f"SECRET_KEY={KEY}\n")
    env.chmod(mode)
    monkeypatch.setitem(Settings.model_config, "env_file", env)

    if good:
        assert load_settings().secret_key.get_secret_value() == KEY
        return
    with pytest.raises(SystemExit) as end:
        load_settings()
    assert end.value.code == 2
    assert f"chmod 600 {env}" in capsys.readouterr().err


def test_whisper_models_are_folders_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WHISPER_MODELS", "medium=/models/medium, belle-v3 = weights/belle")

    folders = Settings(secret_key=KEY).whisper_models

    assert {"medium": Path("/models/medium"), "belle-v3": ROOT / "weights" / "belle"} == folders


@pytest.mark.parametrize("value", ["/models/medium", "medium=", "Médium=/a", "large=/a", "one=/a,one=/b"])
def test_whisper_models_without_a_name_of_their_own_are_refused(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], value: str
) -> None:
    monkeypatch.setenv("SECRET_KEY", KEY)
    monkeypatch.setenv("WHISPER_MODELS", value)

    with pytest.raises(SystemExit):
        load_settings()

    assert capsys.readouterr().err.startswith("WHISPER_MODELS: ")


def test_commands_that_sign_no_token_need_no_key() -> None:
    assert len(load_settings(needs_key=False).secret_key.get_secret_value()) >= 32


def test_the_environment_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_KEY", KEY)
    monkeypatch.setenv("JOB_QUEUE_MAX_SIZE", "7")
    monkeypatch.setenv("CORS_ORIGINS", "https://a.example, https://b.example/")

    settings = Settings()

    assert settings.job_queue_max_size == 7
    assert settings.cors_origins == ("https://a.example", "https://b.example")


def test_a_wildcard_origin_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_KEY", KEY)
    monkeypatch.setenv("CORS_ORIGINS", "*")

    with pytest.raises(ValidationError):
        Settings()


def test_relative_folders_are_relative_to_the_project() -> None:
    assert Settings(secret_key=KEY, models_dir=Path("models")).models_dir == ROOT / "models"


def test_an_empty_value_counts_as_unset(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_KEY", KEY)
    monkeypatch.setenv("OPENAI_BASE_URL", "")

    assert Settings().openai_base_url is None


def test_the_key_is_not_shown() -> None:
    assert KEY not in repr(Settings(secret_key=KEY))


def test_every_setting_is_explained_in_the_example() -> None:
    example = (ROOT / ".env.example").read_text(encoding="utf-8")

    missing = [name for name in Settings.model_fields if f"{name.upper()}=" not in example]

    assert missing == []


def test_the_address_to_listen_on_is_read_from_the_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    env = tmp_path / "test.env"
    env.write_text(f"SECRET_KEY={KEY}\nHOST=::\nPORT=9000\n")
    monkeypatch.setitem(Settings.model_config, "env_file", env)

    assert (Settings().host, Settings().port) == ("::", 9000)
    assert load_settings_of(env, port=9001) == ("::", 9001)


def load_settings_of(env: Path, **given: int) -> tuple[str, int]:
    env.chmod(0o600)
    settings = load_settings(**given)
    return settings.host, settings.port


@pytest.mark.parametrize(
    ("url", "prefix", "origin"),
    [
        ("https://asr.example", "", "https://asr.example"),
        ("https://Example.org/asr/", "/asr", "https://example.org"),
        ("http://example.org:8080/tools/asr", "/tools/asr", "http://example.org:8080"),
    ],
)
def test_the_public_url_names_the_path_and_the_origin_of_the_page(url: str, prefix: str, origin: str) -> None:
    settings = Settings(secret_key=KEY, public_url=url)

    assert settings.path_prefix == prefix
    assert origin in settings.own_origins
    assert origin not in settings.cors_origins  # cookies of other origins are never sent


@pytest.mark.parametrize(
    "url",
    [
        *("example.org/asr", "/asr/", "ftp://example.org/", "https:///asr", "https://example.org/asr?x=1"),
        *(
            "https://user@example.org/",
            "https://example.org/api/",
            "https://example.org/a b/",
            "https://example.org//x",
        ),
    ],
)
def test_a_public_url_that_cannot_be_used_is_refused(url: str) -> None:
    with pytest.raises(ValidationError):
        Settings(secret_key=KEY, public_url=url)
