import asyncio
import socket
import threading
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select

from backend.accounts.tables import User
from backend.database import Database
from backend.engines.language import LanguageModelError, LanguageModelMissing, Tally
from backend.engines.language_model import BUILT_IN, Endpoint, OpenAI
from backend.minutes import budget, endpoints
from backend.minutes.endpoints import EndpointNotFound, Given, OwnEndpointsOff, UselessAddress
from backend.minutes.models import Models
from backend.minutes.tables import LanguageEndpoint
from backend.settings import Settings
from tests.language_server import KEY, MODEL, Reply, serve_language

GIVEN = Given("本地", "http://127.0.0.1:1/v1", MODEL, 8192, KEY, allow_private=True)


@pytest.fixture
async def models(database: Database, settings: Settings) -> AsyncIterator[Models]:
    async with database.write() as session:
        session.add_all(User(id=name, username=name, username_key=name) for name in ("ann", "bob"))
    models = Models(database, settings)
    yield models
    await models.close()


async def saved(models: Models, owner: str | None, given: Given = GIVEN, id: str | None = None) -> str:
    async with models.database.write() as session:
        return (await endpoints.save(session, models.settings, owner_id=owner, id=id, given=given)).id


async def house(models: Models, endpoint: str | None, own: bool = False) -> None:
    async with models.database.write() as session:
        await endpoints.choose_for_all(session, endpoint=endpoint, own_endpoints=own)


async def source(models: Models, owner: str) -> str | None:
    try:
        return (await models.of(owner)).source
    except LanguageModelMissing:
        return None


async def test_mine_goes_before_the_houses_and_that_before_the_settings(models: Models) -> None:
    shared = await saved(models, None)
    assert await source(models, "ann") is None

    await house(models, shared, own=True)
    mine = await saved(models, "ann")
    async with models.database.write() as session:
        await endpoints.choose(session, owner_id="ann", endpoint=mine)

    assert (await source(models, "ann"), await source(models, "bob")) == (mine, shared)
    await house(models, shared, own=False)
    assert await source(models, "ann") == shared
    async with models.database.write() as session:
        await endpoints.delete(session, owner_id=None, id=shared)
    assert await source(models, "ann") is None


async def test_what_is_not_mine_cannot_be_asked_changed_or_deleted(models: Models) -> None:
    await house(models, None, own=True)
    mine = await saved(models, "ann")

    for other in ("bob", None):
        with pytest.raises(EndpointNotFound):
            await saved(models, other, id=mine)
    async with models.database.write() as session:
        for refused in (
            endpoints.choose(session, owner_id="bob", endpoint=mine),
            endpoints.find(session, owner_id="bob", id=mine),
            endpoints.delete(session, owner_id="bob", id=mine),
        ):
            with pytest.raises(EndpointNotFound):
                await refused


async def test_only_admins_reach_inside_and_only_where_allowed_have_people_their_own(models: Models) -> None:
    with pytest.raises(OwnEndpointsOff):
        await saved(models, "ann")
    await house(models, None, own=True)

    ids = [await saved(models, owner) for owner in ("ann", None)]

    async with models.database.read() as session:
        rows = [await session.get_one(LanguageEndpoint, id) for id in ids]
    assert [row.allow_private for row in rows] == [False, True]


async def test_a_key_is_sealed_stays_when_left_out_and_goes_to_no_other_address(models: Models) -> None:
    id = await saved(models, None)
    async with models.database.read() as session:
        assert KEY not in str((await session.execute(select(LanguageEndpoint.__table__))).all())

    async def key(**changed: Any) -> str:
        await saved(models, None, replace(GIVEN, key=None, **changed), id)
        async with models.database.read() as session:
            return endpoints.opened(await session.get_one(LanguageEndpoint, id), models.settings).key

    assert await key(name="另一个") == KEY
    assert await key(url="http://127.0.0.2:1/v1") == "none"


@pytest.mark.parametrize("url", ["0", "file:///etc/passwd", "http://name:password@house/v1", "http://house/v1?key=x"])
async def test_an_address_that_cannot_be_one_is_not_kept(models: Models, url: str) -> None:
    with pytest.raises(UselessAddress) as raised:
        await saved(models, None, replace(GIVEN, url=url))

    assert (raised.value.status, raised.value.code) == (422, "language_model_address")


async def test_another_secret_key_is_a_clear_error(models: Models) -> None:
    await house(models, await saved(models, None))
    other = models.settings.model_copy(update={"secret_key": type(models.settings.secret_key)("b" * 40)})

    with pytest.raises(LanguageModelError) as raised:
        await Models(models.database, other).of("ann")

    assert raised.value.code == "language_model_secret"


async def test_a_test_really_asks_and_says_what_happened(models: Models) -> None:
    with serve_language(lambda _asked: Reply({"ok": True})) as server:
        endpoint = Endpoint(server.url, KEY, MODEL, allow_private=True)
        well = await models.try_out(endpoint)
        refused = await models.try_out(replace(endpoint, key="wrong"))
        inside = await models.try_out(replace(endpoint, allow_private=False))
    gone = await models.try_out(endpoint)

    assert (well.ok, well.code, well.tally.calls, len(server.asked)) == (True, None, 1, 2)
    assert [one.code for one in (refused, inside, gone)] == [
        "language_model_key",
        "language_model_address",
        "language_model_unreachable",
    ]


async def test_all_endpoints_together_are_asked_no_more_at_once_than_the_settings_allow(models: Models) -> None:
    gate, one = threading.Event(), models.settings.model_copy(update={"openai_max_concurrent": 1})
    patient = Models(models.database, one)
    held_back, quick = Reply({"ok": True}, until=gate), Reply({"ok": True})
    with serve_language(lambda _asked: held_back) as first, serve_language(lambda _asked: quick) as second:
        urls = (first.url, second.url)
        places = [Endpoint(url, KEY, MODEL, allow_private=True, timeout=30.0) for url in urls]
        held = asyncio.create_task(patient.try_out(places[0]))
        while not first.asked:
            await asyncio.sleep(0.01)
        waiting = asyncio.create_task(patient.try_out(places[1]))
        await asyncio.wait({waiting}, timeout=0.3)
        before = len(second.asked)
        gate.set()
        tried = [await held, await waiting]

    assert (before, len(second.asked)) == (0, 1)
    assert [one.ok for one in tried] == [True, True]


async def test_tokens_are_counted_for_each_endpoint(models: Models) -> None:
    for owner, endpoint in (("ann", BUILT_IN), ("ann", "e1"), ("bob", "e1")):
        tally = Tally(1, 10, 5)
        await budget.note(models.database, owner_id=owner, purpose="test", model="m", endpoint=endpoint, tally=tally)

    async with models.database.read() as session:
        assert await budget.by_endpoint(session, owner_id="ann") == {BUILT_IN: 15, "e1": 15}
        assert await budget.by_endpoint(session, owner_id=None) == {BUILT_IN: 15, "e1": 30}
        assert await budget.used(session, owner_id="ann") == 30


async def test_a_name_is_resolved_once_and_the_question_goes_to_what_was_checked() -> None:
    """The second answer to the same name would lead elsewhere: it is never asked for."""
    with serve_language(lambda _asked: Reply({"ok": True})) as server:
        port = server.http.server_address[1]
        asked: list[str] = []
        real = socket.getaddrinfo

        def resolve(host: Any, *rest: Any, **named: Any) -> Any:
            asked.append(str(host))
            return real("127.0.0.1" if len(asked) == 1 else "192.0.2.1", *rest, **named)

        model = OpenAI(Endpoint(f"http://localhost:{port}/v1", KEY, MODEL, allow_private=True, timeout=10.0), tries=1)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(socket, "getaddrinfo", resolve)  # the system's, not ours
            said = [text async for text in model.say("s", "p", most_tokens=100, tally=Tally())]
        await model.close()

    assert "".join(said)
    assert asked[0] == "localhost"
    assert "localhost" not in asked[1:]
