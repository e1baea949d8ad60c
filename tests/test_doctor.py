"""Every check of the doctor: what is wrong and the command that fixes it."""

import io
import socket
from pathlib import Path

import httpx
import pytest
from pydantic import SecretStr
from rich.console import Console

from backend import doctor
from backend.settings import Settings
from backend.transcripts.fonts import INSTALLED
from backend.weights.catalogue import MODELS, SETS
from backend.weights.store import adopt


def test_an_empty_installation_fails_with_the_commands_that_fix_it(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET_KEY", "changeme")
    paper = Console(file=io.StringIO(), width=200)

    assert doctor.run_doctor(settings, paper) == 1

    assert isinstance(paper.file, io.StringIO)
    printed = paper.file.getvalue()
    assert "python -m backend models fetch" in printed
    assert "SECRET_KEY" in printed


def test_an_example_key_is_a_failure_and_a_long_one_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_KEY", "replace-with-a-long-random-string")
    result = doctor.secret_key()
    assert (result.state, "token_urlsafe" in result.mend) == ("fail", True)

    monkeypatch.setenv("SECRET_KEY", "vJ4y-2Tq8mXo0LrZ7cWd5HsEb1NfKgUp")
    assert doctor.secret_key().state == "ok"


def test_an_old_python_is_a_failure() -> None:
    assert doctor.python((3, 9, 1)).state == "fail"
    assert doctor.python((3, 10, 0)).state == "ok"


def test_an_env_that_others_can_read_is_a_warning(tmp_path: Path) -> None:
    env = tmp_path / ".env"
    assert doctor.secret_file(env).state == "warn"

    env.write_text("SECRET_KEY=x")
    env.chmod(0o644)
    assert doctor.secret_file(env).mend == f"chmod 600 {env}"

    env.chmod(0o600)
    assert doctor.secret_file(env).state == "ok"


def test_ffmpeg_is_found_and_works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert doctor.ffmpeg().state == "ok"

    (tmp_path / "ffmpeg").write_text(
        "#!/bin/sh\necho 'ffmpeg: error while loading shared libraries: libavdevice.so.59' >&2; exit 127\n"
    )
    (tmp_path / "ffmpeg").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    result = doctor.ffmpeg()
    assert (result.state, result.code) == ("fail", "decoder_broken")
    assert "apt install ffmpeg" in result.mend
    assert "libavdevice.so.59 (exit status 127)" in result.found


def test_missing_models_are_one_failure_with_its_command(tmp_path: Path) -> None:
    (result,) = doctor.models(tmp_path)

    assert (result.state, result.mend) == ("fail", "python -m backend models fetch")


@pytest.mark.shared
def test_models_show_their_hash_and_licence_and_damage_is_reported(shared: Path, tmp_path: Path) -> None:
    for name in SETS["tiny"]:
        adopt(shared / "models", tmp_path, name)

    results = {result.name: result for result in doctor.models(tmp_path)}
    assert {result.state for result in results.values()} == {"ok"}
    assert "sha256 b3be75be477f" in results["fsmn-vad"].found
    assert MODELS["fsmn-vad"].licence in results["fsmn-vad"].found
    assert results["Models"].mend == "python -m backend models fetch --set small"

    (tmp_path / "fsmn-vad" / "am.mvn").write_bytes(b"x" * 8040)
    results = {result.name: result for result in doctor.models(tmp_path)}
    assert results["fsmn-vad"].state == "fail"
    assert results["fsmn-vad"].mend == "python -m backend models fetch --set small"
    assert results["Models"].state == "fail"


def test_each_folder_of_whisper_models_is_checked(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()

    gone, empty = doctor.whisper_models({"gone": tmp_path / "gone", "empty": tmp_path / "empty"})

    assert ("whisper-gone", "fail", "whisper_missing") == (gone.name, gone.state, gone.code)
    assert "WHISPER_MODELS" in gone.mend
    assert f"model.bin is missing in {tmp_path / 'empty'}" == empty.found
    assert "ct2-transformers-converter" in empty.mend


def test_the_font_for_pdf_is_found(tmp_path: Path, font: Path) -> None:
    (tmp_path / INSTALLED).parent.mkdir()
    (tmp_path / INSTALLED).symlink_to(font)

    result = doctor.font(tmp_path)

    assert (result.state, "PDF" in result.found) == ("ok", True)


def test_a_nearly_full_disk_is_a_failure(tmp_path: Path) -> None:
    assert doctor.disk(tmp_path / "uploads", 10**18).state == "fail"
    assert doctor.disk(tmp_path / "uploads", 0).state in ("ok", "warn")


def test_little_memory_is_a_warning(tmp_path: Path) -> None:
    assert doctor.memory(10**9, tmp_path).state == "warn"
    assert doctor.memory(10**11, tmp_path).state == "ok"


async def test_a_missing_sqlite_file_is_fine_and_not_created(tmp_path: Path) -> None:
    result = await doctor.database(f"sqlite:///{tmp_path}/server.db")

    assert (result.state, "SQLite" in result.found) == ("ok", True)
    assert not (tmp_path / "server.db").exists()


async def test_a_database_that_cannot_be_opened_is_a_failure(tmp_path: Path) -> None:
    assert (await doctor.database(f"sqlite:///{tmp_path}/no/such/folder/server.db")).state == "fail"

    (tmp_path / "server.db").write_bytes(b"this is not a database, though it is long enough to look like one" * 20)
    result = await doctor.database(f"sqlite:///{tmp_path}/server.db")
    assert (result.state, result.mend) == ("fail", "check DATABASE_URL in .env")


def test_the_language_model_is_optional_and_never_a_failure(settings: Settings) -> None:
    assert doctor.language_model(settings).state == "ok"

    with_model = settings.model_copy(
        update={"openai_api_key": SecretStr("sk-x"), "openai_base_url": "https://llm.example/v1"}
    )

    def answers(status: int) -> httpx.MockTransport:
        return httpx.MockTransport(lambda _request: httpx.Response(status))

    def breaks(_request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("no route")

    assert doctor.language_model(with_model, answers(200)).state == "ok"
    assert "OPENAI_API_KEY" in doctor.language_model(with_model, answers(401)).mend
    assert "OPENAI_BASE_URL" in doctor.language_model(with_model, answers(502)).mend
    assert "no route" in doctor.language_model(with_model, httpx.MockTransport(breaks)).found


def test_a_port_in_use_is_a_warning_with_another_port() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        number = taken.getsockname()[1]

        result = doctor.port(number)

    assert (result.state, result.mend) == ("warn", f"PORT={number + 1} ./start_backend.sh")
    assert doctor.port(number).state == "ok"


def test_a_proxy_that_is_not_trusted_is_a_warning_with_the_line_that_trusts_it() -> None:
    result = doctor.proxies(["172.18.0.1", "10.0.0.2"], "127.0.0.1,::1")

    assert (result.state, result.mend) == ("warn", "TRUSTED_PROXIES=127.0.0.1,::1,172.18.0.1,10.0.0.2")
    assert "172.18.0.1, 10.0.0.2" in result.found
    assert doctor.proxies([], "127.0.0.1").state == "ok"
