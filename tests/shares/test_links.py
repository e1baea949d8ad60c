import re

import pytest
from sqlalchemy import select

from backend.shares import service
from backend.shares.tables import Share
from tests.shares.conftest import EVERYTHING, House


async def test_a_link_is_made_with_a_code_that_is_seen_once(house: House) -> None:
    made = (await house.ada.post(house.shares, json={**EVERYTHING, "days": 7})).json()

    (listed,) = (await house.ada.get(house.shares)).json()
    assert re.fullmatch("[2-9A-HJKMNP-Z]{4}-[2-9A-HJKMNP-Z]{4}", made["access_code"])
    assert re.fullmatch("[0-9a-f]{32}", made["id"])
    assert listed == {name: value for name, value in made.items() if name != "access_code"}
    assert (listed["opened"], listed["opened_at"], listed["revoked_at"]) == (0, None, None)


async def test_the_code_itself_is_nowhere(house: House) -> None:
    _, code = await house.share()

    async with house.database.read() as session:
        (share,) = (await session.scalars(select(Share))).all()
    assert share.code_hash.startswith("$argon2id$")
    assert service.plain_code(code) not in str(vars(share))


@pytest.mark.parametrize(
    "wanted",
    [
        {},
        {"audio": False, "transcript": False, "minutes": False},
        {**EVERYTHING, "days": 0},
        {**EVERYTHING, "days": 366},
        {**EVERYTHING, "owner_id": "me"},
        {**EVERYTHING, "access_code": "12345678"},
    ],
)
async def test_what_makes_no_sense_is_refused(house: House, wanted: dict[str, object]) -> None:
    assert (await house.ada.post(house.shares, json=wanted)).status_code == 422


async def test_nobody_else_can_make_see_or_revoke_links(house: House) -> None:
    share, _ = await house.share()

    answers = [
        await house.eve.post(house.shares, json=EVERYTHING),
        await house.eve.get(house.shares),
        await house.eve.delete(f"{house.shares}/{share}"),
    ]

    assert {answer.json()["code"] for answer in answers} == {"recording_not_found"}


async def test_a_link_is_revoked_once_and_stays_in_the_list(house: House) -> None:
    share, _ = await house.share()

    for _ in range(2):
        assert (await house.ada.delete(f"{house.shares}/{share}")).status_code == 204
    assert (await house.ada.delete(f"{house.shares}/{'0' * 32}")).json()["code"] == "share_not_found"

    (listed,) = (await house.ada.get(house.shares)).json()
    assert listed["revoked_at"] is not None


async def test_a_recording_has_only_so_many_open_links(house: House) -> None:
    first, _ = await house.share()
    async with house.database.write() as session:
        (made,) = (await session.scalars(select(Share))).all()
        shared = {column.name: getattr(made, column.name) for column in Share.__table__.columns}
        session.add_all(Share(**{**shared, "id": f"{number:032x}"}) for number in range(1, service.MOST))

    refused = await house.ada.post(house.shares, json=EVERYTHING)
    await house.ada.delete(f"{house.shares}/{first}")

    assert (refused.status_code, refused.json()["code"]) == (409, "too_many_shares")
    assert (await house.ada.post(house.shares, json=EVERYTHING)).status_code == 201


@pytest.mark.parametrize("typed", ["k7qm-2pxd", " K7QM 2PXD ", "Ｋ７ＱＭ２ＰＸＤ", "K7QM–2PXD"])
def test_a_code_is_the_same_however_it_is_typed(typed: str) -> None:
    assert service.plain_code(typed) == "K7QM2PXD"
