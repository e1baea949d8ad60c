"""A file that names other files must not make FFmpeg open them: neither another upload nor a connection."""

import asyncio
import os
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from backend.errors import AppError
from backend.recordings import child
from backend.recordings.media import normalize
from backend.recordings.sandbox import Sandbox, sandboxed
from tests.recordings.conftest import wav


class Canary:
    """A web server that serves the recording of another user and counts its requests."""

    def __init__(self, secret: bytes) -> None:
        self.secret = secret
        self.requests = 0
        self.port = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.requests += 1
        writer.write(b"HTTP/1.0 200 OK\r\nContent-Type: audio/wav\r\n\r\n" + self.secret)
        await writer.drain()
        writer.close()


@pytest.fixture
async def canary() -> AsyncIterator[Canary]:
    canary = Canary(wav(2))
    server = await asyncio.start_server(canary.serve, "127.0.0.1", 0)
    canary.port = server.sockets[0].getsockname()[1]
    yield canary
    server.close()
    await server.wait_closed()


SCRIPTS = {
    "ffconcat": "ffconcat version 1.0\nfile '{target}'\n",
    "concat without a version": "file '{target}'\nfile '{target}'\n",
    "hls": "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:2\n#EXTINF:2.0,\n{target}\n#EXT-X-ENDLIST\n",
    "hls key": '#EXTM3U\n#EXT-X-MEDIA-SEQUENCE:0\n#EXT-X-KEY:METHOD=AES-128,URI="{target}"\n#EXTINF:2.0,\n{target}\n',
    "hls master": "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\n{target}\n",
    "dash": '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" '
    'mediaPresentationDuration="PT2S"><Period><AdaptationSet mimeType="audio/wav"><Representation id="1" '
    'bandwidth="1"><BaseURL>{target}</BaseURL></Representation></AdaptationSet></Period></MPD>',
    "smil": '<smil><body><audio src="{target}"/></body></smil>',
    "sdp": "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=audio {port} RTP/AVP 0\n",
    "real text": "<window><time begin=0/>{target}</window>",
    "pls": "[playlist]\nNumberOfEntries=1\nFile1={target}\n",
    "asx": '<ASX version="3.0"><Entry><Ref href="{target}"/></Entry></ASX>',
    "asf redirect": "[Reference]\nRef1={target}\n",
    "tedcaptions": '{{"captions":[{{"startTime":0,"duration":1,"content":"{target}"}}]}}',
    "vobsub": "# VobSub index file, v7\nid: en, index: 0\n",
    "avisynth": 'WavSource("{target}")\n',
}


@pytest.mark.parametrize("kind", SCRIPTS)
async def test_a_disguised_playlist_opens_no_other_file(ffmpeg: str, tmp_path: Path, canary: Canary, kind: str) -> None:
    victim = tmp_path / "victim" / "original.wav"
    victim.parent.mkdir()
    victim.write_bytes(wav(2))
    address = f"http://127.0.0.1:{canary.port}/a.wav"
    relative = "../victim/original.wav"

    async def code_of(target: str, suffix: str) -> str:
        folder = Path(tempfile.mkdtemp(dir=tmp_path))
        source = folder / f"original.{suffix}"
        source.write_text(SCRIPTS[kind].format(target=target, port=canary.port))
        with pytest.raises(AppError) as raised:
            await normalize(source, wav=folder / "a", listening_copy=folder / "b", max_seconds=60, ffmpeg=ffmpeg)
        assert os.listdir(folder) == [source.name]
        return raised.value.code

    attempts = [(str(victim), "wav"), (address, "wav"), (relative, "mp3"), (address, "mp3"), (f"file:{victim}", "mp4")]
    codes = await asyncio.gather(*(code_of(*attempt) for attempt in attempts))

    assert set(codes) == {"not_media"}
    assert canary.requests == 0


async def test_an_image_sequence_is_not_a_recording(ffmpeg: str, tmp_path: Path) -> None:
    pixel = b"P6\n1 1\n255\n\0\0\0"
    for number in range(3):
        (tmp_path / f"a{number}.wav").write_bytes(pixel)
    source = tmp_path / "a%d.wav"
    source.write_bytes(pixel)

    with pytest.raises(AppError) as raised:
        await normalize(source, wav=tmp_path / "o.wav", listening_copy=tmp_path / "o.m4a", max_seconds=9, ffmpeg=ffmpeg)
    assert "not_media" == raised.value.code


async def run_in_sandbox(program: str, tmp_path: Path, *arguments: str) -> child.Outcome:
    """FFmpeg without our whitelists, so that only the sandbox restricts it."""
    sandbox = Sandbox(10, 10**8, 2 * 1024**3, read=(str(tmp_path / "mine.wav"),), write=(str(tmp_path / "private"),))
    (tmp_path / "private").mkdir(exist_ok=True)
    return await child.run(sandboxed(sandbox, [program, "-nostdin", *arguments]), seconds=20, quiet_seconds=20)


async def test_a_sandboxed_child_cannot_open_a_socket(ffmpeg: str, tmp_path: Path, canary: Canary) -> None:
    address = f"http://127.0.0.1:{canary.port}/a.wav"

    outcome = await run_in_sandbox(ffmpeg, tmp_path, "-i", address, "-f", "null", "-")

    assert outcome.code != 0
    assert 0 == canary.requests


async def test_a_sandboxed_child_reads_and_writes_only_the_named_paths(ffmpeg: str, tmp_path: Path) -> None:
    readable, foreign = tmp_path / "mine.wav", tmp_path / "foreign.wav"
    readable.write_bytes(wav(1))
    foreign.write_bytes(wav(1))
    if (await run_in_sandbox(ffmpeg, tmp_path, "-i", str(foreign), "-f", "null", "-")).code == 0:
        pytest.skip("this kernel has no Landlock")

    inside = await run_in_sandbox(ffmpeg, tmp_path, "-i", str(readable), str(tmp_path / "private" / "a.wav"))
    outside = await run_in_sandbox(ffmpeg, tmp_path, "-i", str(readable), str(tmp_path / "b.wav"))

    assert 0 == inside.code
    assert outside.code != 0
    assert not (tmp_path / "b.wav").exists()
