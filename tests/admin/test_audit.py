"""The routes of the audit log, and safe CSV cells."""

import csv
import io
from typing import Any

import pytest

from backend.accounts import audit
from backend.accounts.audit import Action
from backend.csv_safety import escape_cell
from tests.accounts.people import PASSWORD, ROLES, Api

AUDIT = "/api/admin/audit"


async def test_admins_read_the_log_page_by_page(api: Api) -> None:
    first = await _list(api, limit=4)
    second = await _list(api, limit=4, before=first["next_before"])

    assert [entry["action"] for entry in first["entries"]] == ["user_created"] * 4
    numbers = [entry["number"] for entry in first["entries"] + second["entries"]]
    assert numbers == sorted(numbers, reverse=True)
    assert len(set(numbers)) == len(ROLES)
    assert second["next_before"] is None


async def test_entries_are_found_by_actor_action_and_time(api: Api) -> None:
    ada = api.people["ada"].id
    await api.login("ada")
    await api.login("ada", "wrong guess")

    assert [entry["action"] for entry in (await _list(api, actor_id=ada))["entries"]] == ["signed_in"]
    refused = (await _list(api, action="sign_in_refused"))["entries"]
    assert [entry["subject_id"] for entry in refused] == [ada]
    assert (await _list(api, since="2999-01-01T00:00:00Z"))["entries"] == []
    assert len((await _list(api, until="2999-01-01T00:00:00+08:00"))["entries"]) == len(ROLES) + 2


@pytest.mark.parametrize("wrong", [{"action": "x"}, {"since": "2026-01-01T00:00:00"}, {"before": 0}, {"limit": 999}])
async def test_invalid_filters_are_refused(api: Api, wrong: dict[str, Any]) -> None:
    answer = await api.client.get(AUDIT, headers=api.bearer("grace"), params=wrong)

    assert answer.status_code == 422


async def test_the_log_is_exported_as_csv_and_the_export_is_logged(api: Api) -> None:
    async with api.database.write() as session:
        audit.note(session, Action.EXPORTED, subject='=HYPERLINK("http://evil")', note='a "quoted", 会议\n line')

    answer = await api.client.get(AUDIT + "/export", headers=api.bearer("grace"))

    rows = list(csv.reader(io.StringIO(answer.text.removeprefix("\ufeff"), newline="")))
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="audit.csv"'
    assert rows[0][:3] == ["number", "at", "action"]
    assert len(rows) == len(ROLES) + 3
    assert rows[-2][5] == '\'=HYPERLINK("http://evil")'
    assert "会议" in rows[-2][7]
    assert rows[-1][2:5] == ["audit_exported", api.people["grace"].id, "grace"]


@pytest.mark.parametrize("text", ["=1", "+1", "-1", "@a", "\t=1", "\r=1", "\n=1", "  =1", "＝1", "\0=1"])
def test_no_cell_is_a_formula(text: str) -> None:
    assert escape_cell(text).startswith("'")


@pytest.mark.parametrize("text", ["", "ada", "1-2", "2026-01-01", "会议=1"])
def test_harmless_text_stays_unchanged(text: str) -> None:
    assert escape_cell(text) == text


async def test_only_admins_can_read_the_log(api: Api) -> None:
    for path in (AUDIT, AUDIT + "/export"):
        assert (await api.client.get(path, headers=api.bearer("ada"))).status_code == 403
        assert (await api.client.get(path)).status_code == 401
    assert PASSWORD not in str(await _list(api))


async def _list(api: Api, **params: Any) -> Any:
    answer = await api.client.get(AUDIT, headers=api.bearer("grace"), params=params)
    assert answer.status_code == 200, answer.text
    return answer.json()
