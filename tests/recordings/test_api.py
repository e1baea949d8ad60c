from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

import httpx
import pytest
from fastapi import FastAPI

from backend.accounts import tokens
from backend.accounts.tables import User
from backend.database import Database, new_id, utc_now
from backend.errors import install_handlers
from backend.recordings import service
from backend.recordings.api import content_disposition, router
from backend.recordings.files import Storage
from backend.recordings.intake import Received
from backend.settings import Settings

SOUND = bytes(range(256)) * 40


@dataclass
class House:
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
        """A recording of Ada's, with everything that prepare makes."""
        id = new_id()
        path = self.storage.original_named(id, extension)
        await self.storage.write_durably(path, b"original")
        await self.storage.write_durably(self.storage.listening_copy(id), SOUND)
        await self.storage.write_durably(self.storage.peaks(id), b'{"duration":1,"peaks":[0]}')
        async with self.database.write() as session:
            received = Received(name, path, extension, 8, "0" * 64, {})
            await service.create(session, owner_id=self.ada.id, recording_id=id, received=received)
        return id


@pytest.fixture
async def house(settings: Settings, database: Database) -> AsyncIterator[House]:
    app = FastAPI()
    app.state.settings, app.state.database = settings, database
    install_handlers(app)
    app.include_router(router)
    ada, eve = User(username="ada", username_key="ada"), User(username="eve", username_key="eve")
    async with database.write() as session:
        session.add_all([ada, eve])
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://house") as client:
        yield House(client, settings, database, Storage(settings.uploads_dir), ada, eve)


ROUTES = ["", "/audio", "/original", "/peaks"]


@pytest.mark.parametrize("route", ROUTES)
async def test_what_is_not_yours_is_not_there(house: House, route: str) -> None:
    id = await house.upload("a.wav")

    assert 200 == (await house.client.get(f"/api/recordings/{id}{route}", headers=house.as_(house.ada))).status_code
    for asked in (id, new_id(), "..%2F..%2Fetc", "x" * 300):
        answer = await house.client.get(f"/api/recordings/{asked}{route}", headers=house.as_(house.eve))
        assert 404 == answer.status_code
    assert 401 == (await house.client.get(f"/api/recordings/{id}{route}")).status_code


async def test_a_recording_is_renamed_by_its_owner_and_nothing_else_of_it_is_changed(house: House) -> None:
    id = await house.upload("a.wav")
    address = f"/api/recordings/{id}"

    renamed = await house.client.patch(address, json={"name": "董事会"}, headers=house.as_(house.ada))
    foreign = await house.client.patch(address, json={"name": "x"}, headers=house.as_(house.eve))
    more = await house.client.patch(address, json={"name": "x", "owner_id": "y"}, headers=house.as_(house.ada))
    blank = await house.client.patch(address, json={"name": " "}, headers=house.as_(house.ada))

    assert (200, "董事会") == (renamed.status_code, renamed.json()["name"])
    assert [404, 422, 422] == [foreign.status_code, more.status_code, blank.status_code]
    assert "董事会" == (await house.client.get(address, headers=house.as_(house.ada))).json()["name"]


async def test_a_player_gets_the_stretch_it_asks_for(house: House) -> None:
    id = await house.upload("a.wav")

    async def ask(range: str) -> httpx.Response:
        headers = {**house.as_(house.ada), "Range": range}
        return await house.client.get(f"/api/recordings/{id}/audio", headers=headers)

    part, end, beyond = await ask("bytes=10-19"), await ask("bytes=-5"), await ask("bytes=999999-")
    assert (206, SOUND[10:20]) == (part.status_code, part.content)
    assert f"bytes 10-19/{len(SOUND)}" == part.headers["content-range"]
    assert ("audio/mp4", "nosniff") == (part.headers["content-type"], part.headers["x-content-type-options"])
    assert (206, SOUND[-5:]) == (end.status_code, end.content)
    assert 416 == beyond.status_code


async def test_a_thousand_ranges_are_answered_with_the_whole(house: House) -> None:
    id = await house.upload("a.wav")
    ranges = ",".join(f"{at}-{at + 1}" for at in range(0, 4000, 4))

    answer = await house.client.get(
        f"/api/recordings/{id}/audio", headers={**house.as_(house.ada), "Range": f"bytes={ranges}"}
    )

    assert answer.status_code == 200
    assert answer.content == SOUND, "so many are not even looked at: none is sorted, joined or sent"


async def test_before_it_is_prepared_there_is_nothing_to_hear(house: House) -> None:
    id = await house.upload("a.wav")
    house.storage.listening_copy(id).unlink()
    house.storage.peaks(id).unlink()
    house.storage.original_named(id, "wav").unlink()

    codes = []
    for route in ("audio", "peaks", "original"):
        answer = await house.client.get(f"/api/recordings/{id}/{route}", headers=house.as_(house.ada))
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
async def test_the_original_comes_home_under_its_name(house: House, name: str, saved_as: str) -> None:
    id = await house.upload(name, "m4a")

    answer = await house.client.get(f"/api/recordings/{id}/original", headers=house.as_(house.ada))

    assert b"original" == answer.content
    assert ("application/octet-stream", "nosniff") == (
        answer.headers["content-type"],
        answer.headers["x-content-type-options"],
    )
    kind, plain, true = answer.headers["content-disposition"].split("; ")
    assert ("attachment", saved_as) == (kind, unquote(true.removeprefix("filename*=UTF-8''")))
    assert plain.startswith('filename="')
    assert plain.count('"') == 2


def test_every_name_has_one_in_ascii_too() -> None:
    assert content_disposition("inline", "周会.m4a").startswith('inline; filename="recording.m4a"; filename*=UTF-8')
    assert content_disposition("inline", "Café 1.mp3").startswith('inline; filename="Cafe 1.mp3";')
    assert content_disposition("attachment", "../x\r\nSet-Cookie: a=b").isprintable()


async def test_nothing_of_the_disk_is_told(house: House, tmp_path: Path) -> None:
    id = await house.upload("a.wav")

    for route in ROUTES:
        answer = await house.client.get(f"/api/recordings/{id}{route}", headers=house.as_(house.ada))
        assert str(tmp_path) not in answer.text + str(answer.headers)
