import asyncio
import socket
import threading
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select

from backend.accounts.tables import User
from backend.coordination.leases import Leases
from backend.database import Database
from backend.engines.endpoint_traits import AnswerFormat
from backend.engines.language_model_client import LanguageModelClient
from backend.engines.language_model_protocol import LanguageModelError, LanguageModelNotConfigured, TokenUsage
from backend.engines.model_endpoint import BUILT_IN, Endpoint
from backend.minutes import budget, endpoints
from backend.minutes.endpoints import (
    EndpointNotFound,
    EndpointValues,
    InvalidEndpointAddress,
    InvalidHeaders,
    InvalidParameters,
    OwnEndpointsOff,
)
from backend.minutes.models import Models
from backend.minutes.tables import LanguageEndpoint
from backend.settings import Settings
from tests.language_server import KEY, MODEL, ModelRequest, Reply, fault, serve_language
from tests.odd_endpoints import serve_odd_endpoints

GIVEN = EndpointValues("本地", "http://127.0.0.1:1/v1", MODEL, 8192, KEY, allow_private=True)


@pytest.fixture
async def models(database: Database, settings: Settings) -> AsyncIterator[Models]:
    async with database.write() as session:
        session.add_all(User(id=name, username=name, username_key=name) for name in ("ann", "bob"))
    models = Models(database, settings, Leases(database))
    yield models
    await models.close()


async def save_endpoint(
    models: Models, owner: str | None, values: EndpointValues = GIVEN, id: str | None = None
) -> str:
    async with models.database.write() as session:
        return (await endpoints.save(session, models.settings, owner_id=owner, id=id, values=values)).id


async def set_system_wide(models: Models, endpoint: str | None, own: bool = False) -> None:
    async with models.database.write() as session:
        await endpoints.choose_for_all(session, endpoint=endpoint, own_endpoints=own)


async def source(models: Models, owner: str) -> str | None:
    try:
        return (await models.get_model(owner)).source
    except LanguageModelNotConfigured:
        return None


async def test_own_endpoints_precede_system_wide_ones_and_those_the_settings(models: Models) -> None:
    shared = await save_endpoint(models, None)
    assert await source(models, "ann") is None

    await set_system_wide(models, shared, own=True)
    mine = await save_endpoint(models, "ann")
    async with models.database.write() as session:
        await endpoints.choose(session, owner_id="ann", endpoint=mine)

    assert (await source(models, "ann"), await source(models, "bob")) == (mine, shared)
    await set_system_wide(models, shared, own=False)
    assert await source(models, "ann") == shared
    async with models.database.write() as session:
        await endpoints.delete(session, owner_id=None, id=shared)
    assert await source(models, "ann") is None


async def test_endpoints_of_others_cannot_be_used_changed_or_deleted(models: Models) -> None:
    await set_system_wide(models, None, own=True)
    mine = await save_endpoint(models, "ann")

    for other in ("bob", None):
        with pytest.raises(EndpointNotFound):
            await save_endpoint(models, other, id=mine)
    async with models.database.write() as session:
        for refused in (
            endpoints.choose(session, owner_id="bob", endpoint=mine),
            endpoints.find(session, owner_id="bob", id=mine),
            endpoints.delete(session, owner_id="bob", id=mine),
        ):
            with pytest.raises(EndpointNotFound):
                await refused


async def test_own_endpoints_need_permission_and_never_reach_private_networks(models: Models) -> None:
    with pytest.raises(OwnEndpointsOff):
        await save_endpoint(models, "ann")
    await set_system_wide(models, None, own=True)

    ids = [await save_endpoint(models, owner) for owner in ("ann", None)]

    async with models.database.read() as session:
        rows = [await session.get_one(LanguageEndpoint, id) for id in ids]
    assert [row.allow_private for row in rows] == [False, True]


async def test_a_key_is_encrypted_kept_when_omitted_and_bound_to_its_address(models: Models) -> None:
    id = await save_endpoint(models, None)
    async with models.database.read() as session:
        assert KEY not in str((await session.execute(select(LanguageEndpoint.__table__))).all())

    async def key(**changed: Any) -> str:
        await save_endpoint(models, None, replace(GIVEN, key=None, **changed), id)
        async with models.database.read() as session:
            return endpoints.to_endpoint(await session.get_one(LanguageEndpoint, id), models.settings).key

    assert await key(name="另一个") == KEY
    assert await key(url="http://127.0.0.2:1/v1") == "none"


async def stored(models: Models, id: str) -> Endpoint:
    async with models.database.read() as session:
        return endpoints.to_endpoint(await session.get_one(LanguageEndpoint, id), models.settings)


async def test_headers_are_encrypted_kept_by_name_and_bound_to_their_address(models: Models) -> None:
    id = await save_endpoint(models, None, replace(GIVEN, headers={"X-Team": "a-secret", "X-Other": "b"}))
    async with models.database.read() as session:
        assert "a-secret" not in str((await session.execute(select(LanguageEndpoint.__table__))).all())

    await save_endpoint(models, None, replace(GIVEN, key=None, headers={"X-Team": None, "X-New": "c"}), id)
    assert (await stored(models, id)).headers == {"X-Team": "a-secret", "X-New": "c"}
    with pytest.raises(InvalidHeaders):  # the stored value does not go to another address
        await save_endpoint(models, None, replace(GIVEN, url="http://127.0.0.2:1/v1", headers={"X-Team": None}), id)


@pytest.mark.parametrize(
    "headers",
    [
        *({"Host": "a"}, {"Content-Length": "1"}, {"X Y": "a"}, {"X": "a\r\nY: b"}, {"X": "中"}, {"X": None}),
        *({"X": ""}, {"X": "a", "x": "b"}, {f"X-{number}": "a" for number in range(21)}),
    ],
)
async def test_invalid_headers_are_not_stored(models: Models, headers: dict[str, str | None]) -> None:
    with pytest.raises(InvalidHeaders):
        await save_endpoint(models, None, replace(GIVEN, headers=headers))


@pytest.mark.parametrize("parameters", [{"messages": []}, {"stream": True}, {"x": "y" * 4000}])
async def test_invalid_parameters_are_not_stored(models: Models, parameters: dict[str, Any]) -> None:
    with pytest.raises(InvalidParameters):
        await save_endpoint(models, None, replace(GIVEN, parameters=parameters))


async def test_what_a_test_learns_is_kept_until_the_endpoint_is_changed(models: Models) -> None:
    def no_json_format(request: ModelRequest) -> Reply:
        asked = "response_format" in request.body
        return fault(400, "response_format is not supported") if asked else Reply({"ok": True})

    with serve_language(no_json_format) as server:
        id = await save_endpoint(models, None, replace(GIVEN, url=server.url))
        await set_system_wide(models, id)
        tested = await models.test_endpoint(await models.endpoint("ann"))
        first = await models.get_model("ann")
        await save_endpoint(models, None, replace(GIVEN, url=server.url, model="another"), id)
        second = await models.get_model("ann")

    assert (tested.ok, tested.adapted) == (True, ("no_json_format",))
    assert isinstance(first, LanguageModelClient)
    assert isinstance(second, LanguageModelClient)
    formats = [one.traits.answer_format for one in (first, second)]
    assert formats == [AnswerFormat.PROMPT, AnswerFormat.JSON_OBJECT]


async def test_only_admins_and_owners_see_an_endpoint_s_reason(models: Models) -> None:
    def error() -> LanguageModelError:
        found = LanguageModelError("language_model_failed", "It failed.")
        found.reason = "the model is asleep"
        return found

    async with models.database.write() as session:
        session.add(User(id="root", username="root", username_key="root", role="admin"))
    await set_system_wide(models, await save_endpoint(models, None), own=True)
    mine = await save_endpoint(models, "ann", replace(GIVEN, url="https://host/v1"))
    async with models.database.write() as session:
        await endpoints.choose(session, owner_id="ann", endpoint=mine)

    seen = {user: (await models.explain(error(), user)).facts for user in ("ann", "bob", "root")}

    reason = {"endpoint_reason": "the model is asleep"}
    assert seen == {"ann": reason, "bob": {}, "root": reason}


@pytest.mark.parametrize("url", ["0", "file:///etc/passwd", "http://name:password@house/v1", "http://house/v1?key=x"])
async def test_an_invalid_address_is_not_stored(models: Models, url: str) -> None:
    with pytest.raises(InvalidEndpointAddress) as raised:
        await save_endpoint(models, None, replace(GIVEN, url=url))

    assert (raised.value.status, raised.value.code) == (422, "language_model_address")


async def test_a_changed_secret_key_has_its_own_error_code(models: Models) -> None:
    await set_system_wide(models, await save_endpoint(models, None))
    other = models.settings.model_copy(update={"secret_key": type(models.settings.secret_key)("b" * 40)})

    with pytest.raises(LanguageModelError) as raised:
        await Models(models.database, other, models.leases).get_model("ann")

    assert raised.value.code == "language_model_secret"


async def test_testing_an_endpoint_calls_it_and_returns_the_result(models: Models) -> None:
    with serve_language(lambda _request: Reply({"ok": True})) as server:
        endpoint = Endpoint(server.url, KEY, MODEL, allow_private=True)
        well = await models.test_endpoint(endpoint)
        refused = await models.test_endpoint(replace(endpoint, key="wrong"))
        inside = await models.test_endpoint(replace(endpoint, allow_private=False))
    gone = await models.test_endpoint(endpoint)

    assert (well.ok, well.code, well.usage.calls, len(server.requests)) == (True, None, 2, 3)
    assert [one.code for one in (refused, inside, gone)] == [
        "language_model_key",
        "language_model_address",
        "language_model_unreachable",
    ]


async def test_a_test_finds_a_context_that_is_cut_silently(models: Models) -> None:
    with serve_odd_endpoints(lambda _request: Reply({"ok": True})) as server:
        cutting, whole = [
            Endpoint(server.url(name), KEY, MODEL, allow_private=True) for name in ("cuts-prompts", "plain")
        ]
        found = await models.test_endpoint(cutting)
        plain = await models.test_endpoint(whole)

    assert (found.ok, found.adapted) == (True, ("small_context",))
    assert (plain.ok, plain.adapted) == (True, ())


async def test_a_test_asks_no_more_than_the_context_that_was_set(models: Models) -> None:
    with serve_language(lambda _request: Reply({"ok": True})) as server:
        await models.test_endpoint(Endpoint(server.url, KEY, MODEL, allow_private=True, context_tokens=2048))

    small, long = server.requests
    assert small.tokens < 100 < 1200 < long.tokens < 2048


async def test_the_concurrency_limit_covers_all_endpoints_together(models: Models) -> None:
    gate, one = threading.Event(), models.settings.model_copy(update={"openai_max_concurrent": 1})
    fail_on_retryable = Models(models.database, one, models.leases)
    held_back, quick = Reply({"ok": True}, until=gate), Reply({"ok": True})
    with serve_language(lambda _request: held_back) as first, serve_language(lambda _request: quick) as second:
        urls = (first.url, second.url)
        places = [Endpoint(url, KEY, MODEL, allow_private=True, timeout=30.0) for url in urls]
        held = asyncio.create_task(fail_on_retryable.test_endpoint(places[0]))
        while not first.requests:
            await asyncio.sleep(0.01)
        waiting = asyncio.create_task(fail_on_retryable.test_endpoint(places[1]))
        await asyncio.wait({waiting}, timeout=0.3)
        before = len(second.requests)
        gate.set()
        tried = [await held, await waiting]

    assert (before, len(second.requests)) == (0, 2)
    assert [one.ok for one in tried] == [True, True]


async def test_tokens_are_counted_for_each_endpoint(models: Models) -> None:
    for owner, endpoint in (("ann", BUILT_IN), ("ann", "e1"), ("bob", "e1")):
        usage = TokenUsage(1, 10, 5)
        await budget.record_usage(
            models.database, owner_id=owner, purpose="test", model="m", endpoint=endpoint, usage=usage
        )

    async with models.database.read() as session:
        assert await budget.by_endpoint(session, owner_id="ann") == {BUILT_IN: 15, "e1": 15}
        assert await budget.by_endpoint(session, owner_id=None) == {BUILT_IN: 15, "e1": 30}
        assert await budget.tokens_used(session, owner_id="ann") == 30


async def test_a_name_is_resolved_once_and_the_checked_address_is_used() -> None:
    """A second lookup of the name would return another address, so there must be none."""
    with serve_language(lambda _request: Reply({"ok": True})) as server:
        port = server.http.server_address[1]
        hosts: list[str] = []
        real = socket.getaddrinfo

        def resolve(host: Any, *rest: Any, **named: Any) -> Any:
            hosts.append(str(host))
            return real("127.0.0.1" if len(hosts) == 1 else "192.0.2.1", *rest, **named)

        model = LanguageModelClient(
            Endpoint(f"http://localhost:{port}/v1", KEY, MODEL, allow_private=True, timeout=10.0), max_attempts=1
        )
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(socket, "getaddrinfo", resolve)  # the system's, not ours
            said = [text async for text in model.stream_text("s", "p", max_tokens=100, usage=TokenUsage())]
        await model.close()

    assert "".join(said)
    assert hosts[0] == "localhost"
    assert "localhost" not in hosts[1:]
