"""The audit log over HTTP."""

import csv
import io
from typing import Any

import pytest

from backend.accounts import audit
from backend.accounts.audit import Action
from backend.cells import safe_cell
from tests.accounts.people import PASSWORD, ROLES, House

AUDIT = "/api/admin/audit"


async def test_admins_look_at_it_page_by_page(house: House) -> None:
    first = await _look(house, limit=4)
    second = await _look(house, limit=4, before=first["next_before"])

    assert [entry["action"] for entry in first["entries"]] == ["user_created"] * 4
    numbers = [entry["number"] for entry in first["entries"] + second["entries"]]
    assert numbers == sorted(numbers, reverse=True)
    assert len(set(numbers)) == len(ROLES)
    assert second["next_before"] is None


async def test_entries_are_found_by_who_what_and_when(house: House) -> None:
    ada = house.people["ada"].id
    await house.login("ada")
    await house.login("ada", "wrong guess")

    assert [entry["action"] for entry in (await _look(house, actor_id=ada))["entries"]] == ["signed_in"]
    refused = (await _look(house, action="sign_in_refused"))["entries"]
    assert [entry["subject_id"] for entry in refused] == [ada]
    assert (await _look(house, since="2999-01-01T00:00:00Z"))["entries"] == []
    assert len((await _look(house, until="2999-01-01T00:00:00+08:00"))["entries"]) == len(ROLES) + 2


@pytest.mark.parametrize("wrong", [{"action": "x"}, {"since": "2026-01-01T00:00:00"}, {"before": 0}, {"limit": 999}])
async def test_what_cannot_be_looked_for_is_refused(house: House, wrong: dict[str, Any]) -> None:
    answer = await house.client.get(AUDIT, headers=house.bearer("grace"), params=wrong)

    assert answer.status_code == 422


async def test_it_is_taken_away_as_csv_and_that_is_noted(house: House) -> None:
    async with house.database.write() as session:
        audit.note(session, Action.EXPORTED, subject='=HYPERLINK("http://evil")', note='a "quoted", 会议\n line')

    answer = await house.client.get(AUDIT + "/export", headers=house.bearer("grace"))

    rows = list(csv.reader(io.StringIO(answer.text.removeprefix("\ufeff"), newline="")))
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="audit.csv"'
    assert rows[0][:3] == ["number", "at", "action"]
    assert len(rows) == len(ROLES) + 3
    assert rows[-2][5] == '\'=HYPERLINK("http://evil")'
    assert "会议" in rows[-2][7]
    assert rows[-1][2:5] == ["audit_exported", house.people["grace"].id, "grace"]


@pytest.mark.parametrize("text", ["=1", "+1", "-1", "@a", "\t=1", "\r=1", "\n=1", "  =1", "＝1", "\0=1"])
def test_no_cell_is_a_formula(text: str) -> None:
    assert safe_cell(text).startswith("'")


@pytest.mark.parametrize("text", ["", "ada", "1-2", "2026-01-01", "会议=1"])
def test_what_is_none_stays_as_it_is(text: str) -> None:
    assert safe_cell(text) == text


async def test_nobody_else_sees_it(house: House) -> None:
    for path in (AUDIT, AUDIT + "/export"):
        assert (await house.client.get(path, headers=house.bearer("ada"))).status_code == 403
        assert (await house.client.get(path)).status_code == 401
    assert PASSWORD not in str(await _look(house))


async def _look(house: House, **wanted: Any) -> Any:
    answer = await house.client.get(AUDIT, headers=house.bearer("grace"), params=wanted)
    assert answer.status_code == 200, answer.text
    return answer.json()
