"""Uploads are judged by their content, and user input never becomes a path or a command line option."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.recordings.conftest import wav, wav_of
from tests.security.test_sql import CORPUS
from tests.serving import ROOT, Server

NAMES = [
    ("../../x.wav", "x.wav"),
    ("/etc/passwd", "passwd"),
    ("..\\..\\x.wav", "x.wav"),
    ("CON", "CON"),
    ("a\u202egpj.wav", "agpj.wav"),
    ("x" * 3_000 + ".wav", "x" * 251 + ".wav"),
    ("-i", "-i"),
    ("--help.wav", "--help.wav"),
    ("concat:a|b.wav", "concat:a|b.wav"),
    ("$(touch x)`touch x`;touch x.wav", "$(touch x)`touch x`;touch x.wav"),
    ("%d%n%s.wav", "%d%n%s.wav"),
    ("<script>alert(1)</script>.wav", "script>.wav"),
]


@pytest.mark.parametrize(("sent", "shown"), NAMES)
def test_a_file_name_is_never_used_as_a_path_or_option(server: Server, sent: str, shown: str) -> None:
    before = set(server.folder.rglob("*"))

    answer = server.client.post(
        "/api/recordings", files={"file": (sent, wav(1))}, data={"hotwords": "-i", "allow_duplicate": "true"}
    )

    uploaded = answer.json()["recording"]
    assert (answer.status_code, uploaded["name"]) == (201, shown)
    assert server.ended(answer.json()["job"]["id"])["status"] == "done"
    (original,) = (server.folder / "uploads" / uploaded["id"]).glob("original.*")
    assert original.name in ("original.wav", "original.bin")
    created = {path for path in set(server.folder.rglob("*")) - before if "uploads" not in path.parts}
    assert {path.name for path in created} <= {"server.db-wal", "server.db-shm"}
    download = server.client.get(f"/api/recordings/{uploaded['id']}/original")
    assert download.headers["Content-Disposition"].startswith("attachment; ")
    assert download.headers["Content-Type"] == "application/octet-stream"
    assert "\n" not in download.headers["Content-Disposition"]


def test_a_file_name_of_ten_thousand_letters_is_refused(server: Server) -> None:
    answer = server.client.post(
        "/api/recordings", data={"allow_duplicate": "true"}, files={"file": ("x" * 10_000 + ".wav", wav(1))}
    )

    assert (answer.status_code, answer.json()["code"]) == (400, "broken_form")


@pytest.mark.parametrize("text", [*CORPUS, "-i", "--help", "-f", "file:///etc/passwd", "\u202e", "a\r\nb"])
def test_hostile_options_are_refused_or_treated_as_text(server: Server, text: str) -> None:
    """An invalid option is refused with a code; text that is valid is treated as text."""
    form = {"hotwords": text, "speakers": text, "transcriber": text, "diarizer": text}
    for name, value in form.items():
        answer = server.client.post(
            "/api/recordings", files={"file": ("a.wav", wav(1))}, data={name: value, "allow_duplicate": "true"}
        )

        assert answer.status_code in (201, 422), answer.text
        if answer.status_code == 201 and name == "hotwords":
            assert server.ended(answer.json()["job"]["id"])["status"] == "done"


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("text.mp4", b"Dear all, please find the minutes below.\n" * 99),
        ("page.wav", b"<!doctype html><script>alert(1)</script>" * 99),
        ("page.wav", b"<html>" + wav(1)),  # HTML followed by audio
        ("program.mp3", b"\x7fELF" + bytes(4096)),
        ("program.wav", b"MZ" + bytes(4096)),
        ("archive.m4a", b"PK\x03\x04" + bytes(4096)),
        ("document.wav", b"%PDF-1.7\n" + bytes(4096)),
        ("picture.mp3", b"\x89PNG\r\n\x1a\n" + bytes(4096)),
        ("zeros.wav", bytes(65536)),
        ("nothing.wav", b""),
    ],
)
def test_a_file_without_audio_is_refused_whatever_its_name(server: Server, name: str, content: bytes) -> None:
    folders = os.listdir(server.folder / "uploads")

    answer = server.client.post(
        "/api/recordings", data={"allow_duplicate": "true"}, files={"file": (name, content, "audio/wav")}
    )

    assert answer.status_code in (415, 422)
    assert os.listdir(server.folder / "uploads") == folders


def test_a_polyglot_file_is_served_as_a_download_only(server: Server) -> None:
    both = wav(1) + b"<html><script>alert(1)</script></html>"

    uploaded = server.client.post(
        "/api/recordings", data={"allow_duplicate": "true"}, files={"file": ("a.html", both)}
    ).json()["recording"]

    download = server.client.get(f"/api/recordings/{uploaded['id']}/original")
    assert download.content == both
    assert download.headers["Content-Type"] == "application/octet-stream"
    assert download.headers["X-Content-Type-Options"] == "nosniff"
    assert download.headers["Content-Disposition"].startswith("attachment")


def test_no_uploaded_file_is_served_directly(server: Server) -> None:
    uploaded = server.client.post(
        "/api/recordings", data={"allow_duplicate": "true"}, files={"file": ("a.wav", wav(1))}
    ).json()
    assert server.ended(uploaded["job"]["id"])["status"] == "done"
    uploads = server.folder / "uploads"
    files = [path for path in (uploads / uploaded["recording"]["id"]).rglob("*") if path.is_file()]
    assert files

    for path in files:
        for address in (f"/uploads/{path.relative_to(uploads)}", f"/{path.relative_to(uploads)}", str(path)):
            for escape in ("", "/..", "/assets/..%2f..", "//"):
                assert server.client.get(f"{escape}{address}").content != path.read_bytes()


#: Probes a file and prints the result with the CPU time and memory that it took.
PROBE = """
import asyncio, json, resource, sys
from pathlib import Path
from backend.errors import AppError
from backend.recordings.probe import probe
try:
    asyncio.run(probe(Path(sys.argv[1]), max_seconds=12 * 3600))
    code = "accepted"
except AppError as error:
    code = error.code
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(json.dumps([code, used.ru_utime + used.ru_stime, used.ru_maxrss * 1024]))
"""
TONE = ("-f", "lavfi", "-i", "sine=frequency=440:duration=1")


def hundred_hours(folder: Path, make: Callable[..., Path]) -> bytes:
    bomb = bytearray(make(folder / "a.flac", "-f", "lavfi", "-i", "anullsrc=r=16000:cl=mono:d=60").read_bytes())
    samples = 100 * 3600 * 16_000
    bomb[21] = (bomb[21] & 0xF0) | samples >> 32
    bomb[22:26] = (samples & 0xFFFFFFFF).to_bytes(4, "big")
    return bytes(bomb)


BOMBS: dict[str, Callable[[Path, Callable[..., Path]], bytes]] = {
    "100 hours": hundred_hours,
    "1000 streams": lambda folder, make: make(folder / "a.mkv", *TONE, *["-map", "0:a"] * 1000).read_bytes(),
    "10^9 Hz": lambda _folder, _make: wav_of(b"\1\2" * 160_000, rate=10**9, channels=1),
    "255 channels": lambda _folder, _make: wav_of(b"\1\2" * 160_000, rate=16_000, channels=255),
}


@pytest.mark.skipif(sys.platform != "linux", reason="ru_maxrss is counted in other units elsewhere")
@pytest.mark.parametrize("bomb", BOMBS)
def test_a_decompression_bomb_is_refused_cheaply(tmp_path: Path, make: Callable[..., Path], bomb: str) -> None:
    path = tmp_path / "bomb"
    path.write_bytes(BOMBS[bomb](tmp_path, make))

    command = [sys.executable, "-c", PROBE, str(path)]
    output = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout

    code, cpu_seconds, memory = json.loads(output)
    assert code in ("too_long", "unsupported_audio", "not_media")
    assert cpu_seconds < 5
    assert memory < 200e6
