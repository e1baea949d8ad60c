import re

import pytest
from sqlalchemy import select

from backend.shares import service
from backend.shares.tables import Share
from tests.shares.conftest import EVERYTHING, Api


async def test_the_access_code_is_shown_only_when_a_link_is_created(api: Api) -> None:
    created = (await api.ada.post(api.shares, json={**EVERYTHING, "days": 7})).json()

    (listed,) = (await api.ada.get(api.shares)).json()
    assert re.fullmatch("[2-9A-HJKMNP-Z]{4}-[2-9A-HJKMNP-Z]{4}", created["access_code"])
    assert re.fullmatch("[0-9a-f]{32}", created["id"])
    assert listed == {name: value for name, value in created.items() if name != "access_code"}
    assert (listed["opened"], listed["opened_at"], listed["revoked_at"]) == (0, None, None)


async def test_the_access_code_is_stored_as_a_hash(api: Api) -> None:
    _, code = await api.share()

    async with api.database.read() as session:
        (share,) = (await session.scalars(select(Share))).all()
    assert share.code_hash.startswith("$argon2id$")
    assert service.normalize_code(code) not in str(vars(share))


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"audio": False, "transcript": False, "minutes": False},
        {**EVERYTHING, "days": 0},
        {**EVERYTHING, "days": 366},
        {**EVERYTHING, "owner_id": "me"},
        {**EVERYTHING, "access_code": "12345678"},
    ],
)
async def test_an_invalid_link_request_is_refused(api: Api, body: dict[str, object]) -> None:
    assert (await api.ada.post(api.shares, json=body)).status_code == 422


async def test_only_the_owner_can_create_list_or_revoke_links(api: Api) -> None:
    share, _ = await api.share()

    answers = [
        await api.eve.post(api.shares, json=EVERYTHING),
        await api.eve.get(api.shares),
        await api.eve.delete(f"{api.shares}/{share}"),
    ]

    assert {answer.json()["code"] for answer in answers} == {"recording_not_found"}


async def test_a_revoked_link_stays_in_the_list(api: Api) -> None:
    share, _ = await api.share()

    for _ in range(2):
        assert (await api.ada.delete(f"{api.shares}/{share}")).status_code == 204
    assert (await api.ada.delete(f"{api.shares}/{'0' * 32}")).json()["code"] == "share_not_found"

    (listed,) = (await api.ada.get(api.shares)).json()
    assert listed["revoked_at"] is not None


async def test_the_number_of_open_links_per_recording_is_limited(api: Api) -> None:
    first, _ = await api.share()
    async with api.database.write() as session:
        (share,) = (await session.scalars(select(Share))).all()
        values = {column.name: getattr(share, column.name) for column in Share.__table__.columns}
        session.add_all(Share(**{**values, "id": f"{number:032x}"}) for number in range(1, service.MAX_PER_RECORDING))

    refused = await api.ada.post(api.shares, json=EVERYTHING)
    await api.ada.delete(f"{api.shares}/{first}")

    assert (refused.status_code, refused.json()["code"]) == (409, "too_many_shares")
    assert (await api.ada.post(api.shares, json=EVERYTHING)).status_code == 201


@pytest.mark.parametrize("typed", ["k7qm-2pxd", " K7QM 2PXD ", "Ｋ７ＱＭ２ＰＸＤ", "K7QM–2PXD"])
def test_case_width_spaces_and_dashes_of_a_code_do_not_matter(typed: str) -> None:
    assert service.normalize_code(typed) == "K7QM2PXD"
