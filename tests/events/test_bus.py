from backend.events.bus import Bus, Change, Happening, Listener, MissedEvents


def change(job: str, status: str, owner: str = "ann") -> Change:
    return Change(owner, job, {"id": job, "status": status})


async def changes_of(listener: Listener, count: int) -> list[Change]:
    changes = []
    async for change in listener:
        changes.append(change)
        if len(changes) == count:
            return changes
    raise AssertionError("a listener never ends by itself")


async def test_a_slow_listener_gets_the_newest_change_of_each_job() -> None:
    bus = Bus()
    with bus.listen("ann") as listener:
        bus.publish(change("1", "queued"))
        bus.publish(change("2", "queued"))
        bus.publish(change("1", "running"))

        changes = await changes_of(listener, 2)

    assert [(one.job_id, one.state["status"]) for one in changes] == [("2", "queued"), ("1", "running")]


async def test_a_listener_gets_only_the_changes_of_its_owner() -> None:
    bus = Bus()
    with bus.listen("ann") as ann, bus.listen(None) as console:
        bus.publish(change("1", "queued", owner="bob"))
        bus.publish(change("2", "queued"))

        assert [one.job_id for one in await changes_of(ann, 1)] == ["2"]
        assert [one.job_id for one in await changes_of(console, 2)] == ["1", "2"]


async def test_a_closed_listener_gets_no_changes() -> None:
    bus = Bus()
    with bus.listen("ann") as listener:
        pass

    bus.publish(change("1", "queued"))

    assert not listener._newest


def happening(position: int) -> Happening:
    return Happening("ann", position, {"id": position})


async def test_a_listener_gets_no_event_that_is_in_its_snapshot() -> None:
    bus = Bus()
    with bus.listen("ann") as listener:
        for position in (1, 2, 3):
            bus.publish(happening(position))
        listener.after = 2

        assert await anext(aiter(listener)) == happening(3)


async def test_a_listener_that_is_too_slow_is_told_that_it_has_missed_events() -> None:
    bus = Bus()
    with bus.listen("ann") as listener:
        bus.publish(change("1", "queued"))
        for position in range(1, 1002):
            bus.publish(happening(position))
        bus.publish(happening(1002))
        told = aiter(listener)

        assert isinstance(await anext(told), MissedEvents)
        assert await anext(told) == happening(1002)
