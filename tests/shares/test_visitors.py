from datetime import timedelta

import httpx
import jwt
import pytest
from sqlalchemy import select, update

from backend.accounts import tokens
from backend.accounts.tables import AuditEntry
from backend.database import utc_now
from backend.recordings import service as recordings
from backend.shares import passes
from backend.shares.tables import Share
from backend.transcripts import service as transcripts
from tests.shares.conftest import SOUND, House

PARTS = ("audio", "transcript", "minutes")


def answered(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


async def test_the_right_code_opens_what_the_link_shows(house: House) -> None:
    share, code = await house.share()
    visitor = house.stranger()

    answer = await visitor.post(f"/api/shares/{share}/open", json={"access_code": code.lower().replace("-", " ")})

    assert answer.status_code == 200
    assert {name: answer.json()[name] for name in ("name", "duration", *PARTS)} == {
        "name": "周会.m4a", "duration": 20.0, "audio": True, "transcript": True, "minutes": True,
    }  # fmt: skip
    assert (await visitor.get(f"/api/shares/{share}")).json() == answer.json()


async def test_the_cookie_is_for_this_share_and_for_no_script(house: House) -> None:
    share, code = await house.share()

    answer = await house.stranger().post(f"/api/shares/{share}/open", json={"access_code": code})

    cookie = answer.headers["Set-Cookie"].lower()
    assert f"path=/api/shares/{share};" in cookie
    assert all(word in cookie for word in ("httponly", "samesite=strict", "max-age=14400"))


async def test_without_the_code_nothing_is_shown(house: House) -> None:
    share, _ = await house.share()
    visitor = house.stranger()

    for path in ("", *(f"/{part}" for part in PARTS)):
        assert answered(await visitor.get(f"/api/shares/{share}{path}")) == (401, "code_wanted")


async def test_a_wrong_code_is_refused_noted_and_gets_slower(house: House) -> None:
    share, code = await house.share()
    visitor = house.stranger()

    refused = [await visitor.post(f"/api/shares/{share}/open", json={"access_code": "AAAA-AAAA"}) for _ in range(6)]

    assert {answered(one) for one in refused[:5]} == {(403, "wrong_access_code")}
    assert answered(refused[5]) == (429, "too_many_attempts")
    assert int(refused[5].headers["Retry-After"]) >= 1
    assert (await visitor.post(f"/api/shares/{share}/open", json={"access_code": code})).status_code == 429
    assert await actions(house) == ["share_created", *["share_refused"] * 5]


@pytest.mark.parametrize("shown", PARTS)
async def test_what_is_not_permitted_is_not_there(house: House, shown: str) -> None:
    visitor = await house.visitor(*(ids := await house.share(**{shown: True})))

    for part in PARTS:
        answer = await visitor.get(f"/api/shares/{ids[0]}/{part}")
        if part == shown:
            assert answer.status_code == 200
        else:
            assert answered(answer) == (404, "not_shared")


async def test_the_transcript_is_the_newest_with_the_names_of_now(house: House) -> None:
    share, code = await house.share(transcript=True)
    visitor = await house.visitor(share, code)
    async with house.database.write() as session:
        whose = {"owner_id": house.home.ada.id, "recording_id": house.home.recording_id}
        await transcripts.rename(session, **whose, author_id=house.home.ada.id, speaker="S1", name="王小明")

    shown = (await visitor.get(f"/api/shares/{share}/transcript")).json()

    assert shown["number"] == 2
    assert shown["speakers"] == [{"id": "S1", "name": "王小明"}, {"id": "S2", "name": "发言人 2"}]
    assert shown["segments"][0] == {
        "id": house.document.segments[0].id, "speaker": "S1", "start": 1.0, "end": 4.5,
        "text": "我们今天讨论预算，大家有意见吗？",
    }  # fmt: skip


async def test_minutes_have_the_names_of_now_and_nothing_of_how_they_were_made(house: House) -> None:
    share, code = await house.share(minutes=True)
    async with house.database.write() as session:
        whose = {"owner_id": house.home.ada.id, "recording_id": house.home.recording_id}
        await transcripts.rename(session, **whose, author_id=house.home.ada.id, speaker="S1", name="王小明")

    shown = (await (await house.visitor(share, code)).get(f"/api/shares/{share}/minutes")).json()

    assert shown["stale"] is True
    assert shown["speakers"][0]["name"] == "王小明"
    assert shown["decisions"][0]["text"] == "预算定了。"
    assert shown.keys().isdisjoint({"used", "coverage", "dropped", "model"})


async def test_sound_is_given_in_ranges(house: House) -> None:
    share, code = await house.share(audio=True)
    visitor = await house.visitor(share, code)

    part = await visitor.get(f"/api/shares/{share}/audio", headers={"Range": "bytes=10-19"})

    assert (part.status_code, part.content) == (206, SOUND[10:20])
    assert (await visitor.get(f"/api/shares/{share}/audio")).content == SOUND


async def gone(house: House, visitor: httpx.AsyncClient, share: str, code: str) -> bool:
    """For somebody who is in, for one who has the code, and for one who has nothing."""
    new = house.stranger()
    answers = [
        *[await visitor.get(f"/api/shares/{share}{path}") for path in ("", *(f"/{part}" for part in PARTS))],
        await new.post(f"/api/shares/{share}/open", json={"access_code": code}),
        await new.get(f"/api/shares/{share}"),
    ]
    return {answered(one) for one in answers} == {(404, "share_gone")}


async def test_revoking_is_felt_at_once(house: House) -> None:
    share, code = await house.share()
    visitor = await house.visitor(share, code)

    assert (await house.ada.delete(f"{house.shares}/{share}")).status_code == 204

    assert await gone(house, visitor, share, code)


async def test_a_link_ends_when_its_time_is_over(house: House) -> None:
    share, code = await house.share()
    visitor = await house.visitor(share, code)
    async with house.database.write() as session:
        await session.execute(update(Share).values(expires_at=utc_now()))

    assert await gone(house, visitor, share, code)


async def test_a_link_goes_with_its_recording(house: House) -> None:
    share, code = await house.share()
    visitor = await house.visitor(share, code)
    async with house.database.write() as session:
        assert await recordings.delete(session, house.home.recording_id)

    assert await gone(house, visitor, share, code)
    async with house.database.read() as session:
        assert (await session.scalars(select(Share))).all() == []


async def test_a_link_is_gone_while_its_owner_is_disabled(house: House) -> None:
    share, code = await house.share()
    visitor = await house.visitor(share, code)

    await house.change(house.home.ada, active=False)
    assert await gone(house, visitor, share, code)

    await house.change(house.home.ada, active=True)
    assert (await visitor.get(f"/api/shares/{share}")).status_code == 200


async def test_a_cookie_opens_no_other_share_and_no_other_token_opens_any(house: House) -> None:
    first, code = await house.share()
    second, _ = await house.share()
    visitor = await house.visitor(first, code)
    settings = house.app.state.settings
    token = visitor.cookies[passes.COOKIE]
    key, login = settings.secret_key.get_secret_value(), tokens.Login(house.home.ada.id, 0)
    claims = jwt.decode(token, options={"verify_signature": False})
    forged = [
        token,
        tokens.issue(settings, login, utc_now(), tokens.MEDIA),
        jwt.encode({**claims, "sub": second}, "another key, and long enough for a signature", "HS256"),
        jwt.encode({**claims, "sub": second}, None, "none"),
        jwt.encode({**claims, "sub": second, "exp": utc_now() - timedelta(seconds=1)}, key, "HS256"),
        "a.b.c",
    ]

    for one in forged:
        cookie = {"Cookie": f"{passes.COOKIE}={one}"}
        assert answered(await house.stranger().get(f"/api/shares/{second}", headers=cookie)) == (401, "code_wanted")
    with pytest.raises(tokens.BadToken):
        tokens.read(settings, token)


async def test_ids_that_never_were_are_gone_too_and_trying_them_gets_slower(house: House) -> None:
    client = house.stranger()

    answers = [answered(await client.get(f"/api/shares/{number:032x}")) for number in range(40)]

    assert answers[0] == (404, "share_gone")
    assert answers[-1] == (429, "too_many_attempts")


async def test_openings_are_counted_and_noted(house: House) -> None:
    share, code = await house.share()
    for _ in range(2):
        await house.visitor(share, code)

    (listed,) = (await house.ada.get(house.shares)).json()

    assert listed["opened"] == 2
    assert listed["opened_at"] is not None
    assert await actions(house) == ["share_created", "share_opened", "share_opened"]


async def actions(house: House) -> list[str]:
    async with house.database.read() as session:
        found = await session.scalars(select(AuditEntry).order_by(AuditEntry.number))
        return [entry.action for entry in found if entry.subject_id == house.home.recording_id]
