from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

import httpx
import pytest
from fastapi import FastAPI

from backend.accounts import tokens
from backend.accounts.tables import User
from backend.coordination.clock import ServerClock
from backend.database import Database, new_id, utc_now
from backend.errors import install_handlers
from backend.recordings import service
from backend.recordings.api.recordings import content_disposition, router
from backend.recordings.files import Storage
from backend.recordings.multipart import ReceivedFile
from backend.settings import Settings

SOUND = bytes(range(256)) * 40


@dataclass
class Api:
    client: httpx.AsyncClient
    settings: Settings
    database: Database
    storage: Storage
    ada: User
    eve: User

    def as_(self, user: User) -> dict[str, str]:
        token = tokens.issue(self.settings, tokens.Login(user.id, user.token_epoch), utc_now())
        return {"Authorization": f"Bearer {token}"}

    async def upload(self, name: str, extension: str = "wav") -> str:
        """A recording of Ada with all files that the stage prepare writes."""
        id = new_id()
        path = self.storage.original_named(id, extension)
        await self.storage.write_durably(path, b"original")
        await self.storage.write_durably(self.storage.listening_copy(id), SOUND)
        await self.storage.write_durably(self.storage.peaks(id), b'{"duration":1,"peaks":[0]}')
        async with self.database.write() as session:
            received = ReceivedFile(name, path, extension, 8, "0" * 64, {})
            await service.create(session, owner_id=self.ada.id, recording_id=id, received=received)
        return id


@pytest.fixture
async def api(settings: Settings, database: Database) -> AsyncIterator[Api]:
    app = FastAPI()
    app.state.settings, app.state.database = settings, database
    app.state.clock = ServerClock()
    install_handlers(app)
    app.include_router(router)
    ada, eve = User(username="ada", username_key="ada"), User(username="eve", username_key="eve")
    async with database.write() as session:
        session.add_all([ada, eve])
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://server") as client:
        yield Api(client, settings, database, Storage(settings.uploads_dir), ada, eve)


ROUTES = ["", "/audio", "/original", "/peaks"]


@pytest.mark.parametrize("route", ROUTES)
async def test_recordings_of_others_are_not_found(api: Api, route: str) -> None:
    id = await api.upload("a.wav")

    assert 200 == (await api.client.get(f"/api/recordings/{id}{route}", headers=api.as_(api.ada))).status_code
    for requested in (id, new_id(), "..%2F..%2Fetc", "x" * 300):
        answer = await api.client.get(f"/api/recordings/{requested}{route}", headers=api.as_(api.eve))
        assert 404 == answer.status_code
    assert 401 == (await api.client.get(f"/api/recordings/{id}{route}")).status_code


async def test_only_the_owner_may_rename_a_recording_and_only_its_name_changes(api: Api) -> None:
    id = await api.upload("a.wav")
    address = f"/api/recordings/{id}"

    renamed = await api.client.patch(address, json={"name": "董事会"}, headers=api.as_(api.ada))
    foreign = await api.client.patch(address, json={"name": "x"}, headers=api.as_(api.eve))
    more = await api.client.patch(address, json={"name": "x", "owner_id": "y"}, headers=api.as_(api.ada))
    blank = await api.client.patch(address, json={"name": " "}, headers=api.as_(api.ada))
    late = await api.client.patch(address, json={"name": "x", "expected_name": "a.wav"}, headers=api.as_(api.ada))

    assert (200, "董事会") == (renamed.status_code, renamed.json()["name"])
    assert [404, 422, 422] == [foreign.status_code, more.status_code, blank.status_code]
    assert (409, "name_changed", "董事会") == (late.status_code, late.json()["code"], late.json()["name"])
    assert "董事会" == (await api.client.get(address, headers=api.as_(api.ada))).json()["name"]


async def test_range_requests_return_the_requested_bytes(api: Api) -> None:
    id = await api.upload("a.wav")

    async def ask(range: str) -> httpx.Response:
        headers = {**api.as_(api.ada), "Range": range}
        return await api.client.get(f"/api/recordings/{id}/audio", headers=headers)

    part, end, beyond = await ask("bytes=10-19"), await ask("bytes=-5"), await ask("bytes=999999-")
    assert (206, SOUND[10:20]) == (part.status_code, part.content)
    assert f"bytes 10-19/{len(SOUND)}" == part.headers["content-range"]
    assert ("audio/mp4", "nosniff") == (part.headers["content-type"], part.headers["x-content-type-options"])
    assert (206, SOUND[-5:]) == (end.status_code, end.content)
    assert 416 == beyond.status_code


async def test_a_request_for_a_thousand_ranges_gets_the_whole_file(api: Api) -> None:
    id = await api.upload("a.wav")
    ranges = ",".join(f"{at}-{at + 1}" for at in range(0, 4000, 4))

    answer = await api.client.get(
        f"/api/recordings/{id}/audio", headers={**api.as_(api.ada), "Range": f"bytes={ranges}"}
    )

    assert answer.status_code == 200
    assert answer.content == SOUND, "so many ranges are ignored: none is sorted, merged or sent"


async def test_a_file_that_a_recording_does_not_have_is_not_found(api: Api) -> None:
    id = await api.upload("a.wav")

    answer = await api.client.get(f"/api/recordings/{id}/original?part=99", headers=api.as_(api.ada))

    assert (answer.status_code, answer.json()["code"]) == (404, "part_not_found")
    assert answer.json()["detail"] == "The number of files of this recording is 1."


async def test_audio_and_peaks_are_not_found_before_they_are_prepared(api: Api) -> None:
    id = await api.upload("a.wav")
    api.storage.listening_copy(id).unlink()
    api.storage.peaks(id).unlink()
    api.storage.original_named(id, "wav").unlink()

    codes = []
    for route in ("audio", "peaks", "original"):
        answer = await api.client.get(f"/api/recordings/{id}/{route}", headers=api.as_(api.ada))
        assert 404 == answer.status_code
        codes.append(answer.json()["code"])
    assert ["audio_not_ready", "audio_not_ready", "input_missing"] == codes


@pytest.mark.parametrize(
    ("name", "saved_as"),
    [
        ("周会.m4a", "周会.m4a"),
        ("周会", "周会.m4a"),
        ("周会.第一次", "周会.第一次.m4a"),
        ('a"; filename="b.exe', 'a"; filename="b.exe.m4a'),
        ("<img src=x onerror=alert(1)>.m4a", "<img src=x onerror=alert(1)>.m4a"),
    ],
)
async def test_the_original_is_downloaded_under_its_name(api: Api, name: str, saved_as: str) -> None:
    id = await api.upload(name, "m4a")

    answer = await api.client.get(f"/api/recordings/{id}/original", headers=api.as_(api.ada))

    assert b"original" == answer.content
    assert ("application/octet-stream", "nosniff") == (
        answer.headers["content-type"],
        answer.headers["x-content-type-options"],
    )
    kind, ascii_name, utf8_name = answer.headers["content-disposition"].split("; ")
    assert ("attachment", saved_as) == (kind, unquote(utf8_name.removeprefix("filename*=UTF-8''")))
    assert ascii_name.startswith('filename="')
    assert ascii_name.count('"') == 2


def test_every_content_disposition_contains_an_ascii_name() -> None:
    assert content_disposition("inline", "周会.m4a").startswith('inline; filename="recording.m4a"; filename*=UTF-8')
    assert content_disposition("inline", "Café 1.mp3").startswith('inline; filename="Cafe 1.mp3";')
    assert content_disposition("attachment", "../x\r\nSet-Cookie: a=b").isprintable()


async def test_responses_contain_no_paths_of_the_server(api: Api, tmp_path: Path) -> None:
    id = await api.upload("a.wav")

    for route in ROUTES:
        answer = await api.client.get(f"/api/recordings/{id}{route}", headers=api.as_(api.ada))
        assert str(tmp_path) not in answer.text + str(answer.headers)
