from typing import Any

import pytest

from backend.accounts.tables import User
from backend.database import Database
from backend.minutes import template_store
from backend.minutes.template_store import TemplateChanged

BODY: dict[str, Any] = {"name": "周报", "guidance": "", "parts": ["overview"]}


@pytest.mark.parametrize("shared", [False, True])
async def test_a_version_saved_in_between_is_not_replaced(database: Database, shared: bool) -> None:
    async with database.write() as session:
        user = User(username="ada", username_key="ada")
        session.add(user)
        await session.flush()
        owner = None if shared else user.id
        key = (await template_store.save(session, owner_id=owner, key=None, **BODY)).key
        mine = {**BODY, "owner_id": owner, "key": key, "based_on": 1}

        await template_store.save(session, **mine | {"guidance": "只看预算。"})
        with pytest.raises(TemplateChanged) as refused:
            await template_store.save(session, **mine | {"guidance": "只看风险。"})
        saved = await template_store.save(session, **mine | {"guidance": "只看风险。", "based_on": 2})

    assert BODY | {"guidance": "只看预算。", "version": 2} == refused.value.facts["template"]
    assert (3, "只看风险。") == (saved.version, saved.guidance)
