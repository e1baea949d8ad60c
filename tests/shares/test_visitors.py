from datetime import timedelta

import httpx
import jwt
import pytest
from sqlalchemy import select, update

from backend.accounts import tokens
from backend.accounts.tables import AuditEntry
from backend.database import utc_now
from backend.forwarded_headers import PathPrefix
from backend.recordings import service as recordings
from backend.shares import access_cookie
from backend.shares.tables import Share
from backend.transcripts import service as transcripts
from tests.shares.conftest import AUDIO, Api

PARTS = ("audio", "transcript", "minutes")


def status_and_code(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


async def test_the_right_code_opens_what_the_link_shows(api: Api) -> None:
    share, code = await api.share()
    visitor = api.anonymous()

    answer = await visitor.post(f"/api/shares/{share}/open", json={"access_code": code.lower().replace("-", " ")})

    assert answer.status_code == 200
    assert {name: answer.json()[name] for name in ("name", "duration", *PARTS)} == {
        "name": "周会", "duration": 20.0, "audio": True, "transcript": True, "minutes": True,
    }  # fmt: skip
    assert (await visitor.get(f"/api/shares/{share}")).json() == answer.json()


async def test_the_cookie_is_httponly_and_limited_to_its_share(api: Api) -> None:
    share, code = await api.share()

    answer = await api.anonymous().post(f"/api/shares/{share}/open", json={"access_code": code})

    cookie = answer.headers["Set-Cookie"].lower()
    assert f"path=/api/shares/{share};" in cookie
    assert all(word in cookie for word in ("httponly", "samesite=strict", "max-age=14400"))


async def test_the_cookie_has_the_path_under_which_the_server_is(api: Api) -> None:
    share, code = await api.share()
    transport = httpx.ASGITransport(PathPrefix(api.app, "/asr"))

    async with httpx.AsyncClient(transport=transport, base_url="http://server") as visitor:
        answer = await visitor.post(f"/asr/api/shares/{share}/open", json={"access_code": code})

    assert f"path=/asr/api/shares/{share};" in answer.headers["Set-Cookie"].lower()


async def test_nothing_is_shown_without_the_access_code(api: Api) -> None:
    share, _ = await api.share()
    visitor = api.anonymous()

    for path in ("", *(f"/{part}" for part in PARTS)):
        assert status_and_code(await visitor.get(f"/api/shares/{share}{path}")) == (401, "code_wanted")


async def test_a_wrong_code_is_refused_logged_and_throttled(api: Api) -> None:
    share, code = await api.share()
    visitor = api.anonymous()

    refused = [await visitor.post(f"/api/shares/{share}/open", json={"access_code": "AAAA-AAAA"}) for _ in range(6)]

    assert {status_and_code(one) for one in refused[:5]} == {(403, "wrong_access_code")}
    assert status_and_code(refused[5]) == (429, "too_many_attempts")
    assert int(refused[5].headers["Retry-After"]) >= 1
    assert (await visitor.post(f"/api/shares/{share}/open", json={"access_code": code})).status_code == 429
    assert await actions(api) == ["share_created", *["share_refused"] * 5]


@pytest.mark.parametrize("shown", PARTS)
async def test_parts_that_are_not_shared_are_not_found(api: Api, shown: str) -> None:
    visitor = await api.visitor(*(ids := await api.share(**{shown: True})))

    for part in PARTS:
        answer = await visitor.get(f"/api/shares/{ids[0]}/{part}")
        if part == shown:
            assert answer.status_code == 200
        else:
            assert status_and_code(answer) == (404, "not_shared")


async def test_the_newest_transcript_is_shown_with_current_names(api: Api) -> None:
    share, code = await api.share(transcript=True)
    visitor = await api.visitor(share, code)
    async with api.database.write() as session:
        scope = {"owner_id": api.scenario.ada.id, "recording_id": api.scenario.recording_id}
        await transcripts.rename(session, **scope, author_id=api.scenario.ada.id, speaker="S1", name="王小明")

    shown = (await visitor.get(f"/api/shares/{share}/transcript")).json()

    assert shown["number"] == 2
    assert shown["speakers"] == [{"id": "S1", "name": "王小明"}, {"id": "S2", "name": "发言人 2"}]
    assert shown["segments"][0] == {
        "id": api.document.segments[0].id, "speaker": "S1", "start": 1.0, "end": 4.5,
        "text": "我们今天讨论预算，大家有意见吗？",
    }  # fmt: skip


async def test_minutes_are_shown_with_current_names_and_without_technical_details(api: Api) -> None:
    share, code = await api.share(minutes=True)
    async with api.database.write() as session:
        scope = {"owner_id": api.scenario.ada.id, "recording_id": api.scenario.recording_id}
        await transcripts.rename(session, **scope, author_id=api.scenario.ada.id, speaker="S1", name="王小明")

    shown = (await (await api.visitor(share, code)).get(f"/api/shares/{share}/minutes")).json()

    assert shown["stale"] is True
    assert shown["speakers"][0]["name"] == "王小明"
    assert shown["decisions"][0]["text"] == "预算定了。"
    assert shown.keys().isdisjoint({"used", "coverage", "dropped", "model"})


async def test_audio_supports_range_requests(api: Api) -> None:
    share, code = await api.share(audio=True)
    visitor = await api.visitor(share, code)

    part = await visitor.get(f"/api/shares/{share}/audio", headers={"Range": "bytes=10-19"})

    assert (part.status_code, part.content) == (206, AUDIO[10:20])
    assert (await visitor.get(f"/api/shares/{share}/audio")).content == AUDIO


async def is_unavailable(api: Api, visitor: httpx.AsyncClient, share: str, code: str) -> bool:
    """For a visitor with the cookie, for one with the code, and for one without either."""
    new = api.anonymous()
    answers = [
        *[await visitor.get(f"/api/shares/{share}{path}") for path in ("", *(f"/{part}" for part in PARTS))],
        await new.post(f"/api/shares/{share}/open", json={"access_code": code}),
        await new.get(f"/api/shares/{share}"),
    ]
    return {status_and_code(one) for one in answers} == {(404, "share_gone")}


async def test_revoking_takes_effect_at_once(api: Api) -> None:
    share, code = await api.share()
    visitor = await api.visitor(share, code)

    assert (await api.ada.delete(f"{api.shares}/{share}")).status_code == 204

    assert await is_unavailable(api, visitor, share, code)


async def test_a_link_expires(api: Api) -> None:
    share, code = await api.share()
    visitor = await api.visitor(share, code)
    async with api.database.write() as session:
        await session.execute(update(Share).values(expires_at=utc_now()))

    assert await is_unavailable(api, visitor, share, code)


async def test_deleting_a_recording_deletes_its_links(api: Api) -> None:
    share, code = await api.share()
    visitor = await api.visitor(share, code)
    async with api.database.write() as session:
        assert await recordings.delete(session, api.scenario.recording_id)

    assert await is_unavailable(api, visitor, share, code)
    async with api.database.read() as session:
        assert (await session.scalars(select(Share))).all() == []


async def test_a_link_is_unavailable_while_its_owner_is_disabled(api: Api) -> None:
    share, code = await api.share()
    visitor = await api.visitor(share, code)

    await api.change(api.scenario.ada, active=False)
    assert await is_unavailable(api, visitor, share, code)

    await api.change(api.scenario.ada, active=True)
    assert (await visitor.get(f"/api/shares/{share}")).status_code == 200


async def test_only_the_cookie_of_this_share_is_accepted(api: Api) -> None:
    first, code = await api.share()
    second, _ = await api.share()
    visitor = await api.visitor(first, code)
    settings = api.app.state.settings
    token = visitor.cookies[access_cookie.COOKIE]
    key, login = settings.secret_key.get_secret_value(), tokens.Login(api.scenario.ada.id, 0)
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
        cookie = {"Cookie": f"{access_cookie.COOKIE}={one}"}
        assert status_and_code(await api.anonymous().get(f"/api/shares/{second}", headers=cookie)) == (
            401,
            "code_wanted",
        )
    with pytest.raises(tokens.BadToken):
        tokens.read(settings, token)


async def test_unknown_ids_look_like_expired_ones_and_are_throttled(api: Api) -> None:
    client = api.anonymous()

    answers = [status_and_code(await client.get(f"/api/shares/{number:032x}")) for number in range(40)]

    assert answers[0] == (404, "share_gone")
    assert answers[-1] == (429, "too_many_attempts")


async def test_openings_are_counted_and_logged(api: Api) -> None:
    share, code = await api.share()
    for _ in range(2):
        await api.visitor(share, code)

    (listed,) = (await api.ada.get(api.shares)).json()

    assert listed["opened"] == 2
    assert listed["opened_at"] is not None
    assert await actions(api) == ["share_created", "share_opened", "share_opened"]


async def actions(api: Api) -> list[str]:
    async with api.database.read() as session:
        found = await session.scalars(select(AuditEntry).order_by(AuditEntry.number))
        return [entry.action for entry in found if entry.subject_id == api.scenario.recording_id]
