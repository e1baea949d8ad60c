from pathlib import Path

import pytest
from pydantic import ValidationError

from backend.settings import ROOT, Settings, load_settings

KEY = "k" * 40


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.setitem(Settings.model_config, "env_file", tmp_path / "none.env")


@pytest.mark.parametrize("key", ["", "short", "replace-with-a-long-random-string", "YOUR_SECRET_KEY"])
def test_an_example_or_short_key_is_refused(monkeypatch: pytest.MonkeyPatch, key: str) -> None:
    monkeypatch.setenv("SECRET_KEY", key)

    with pytest.raises(ValidationError):
        Settings()


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
