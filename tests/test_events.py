from backend.events import Bus, Change, Listener


def change(job: str, status: str, owner: str = "ann") -> Change:
    return Change(owner, job, {"id": job, "status": status})


async def heard(listener: Listener, count: int) -> list[Change]:
    changes = []
    async for told in listener:
        changes.append(told)
        if len(changes) == count:
            return changes
    raise AssertionError("a listener never ends by itself")


async def test_a_slow_listener_hears_the_newest_change_of_each_job() -> None:
    bus = Bus()
    with bus.listen("ann") as listener:
        bus.publish(change("1", "queued"))
        bus.publish(change("2", "queued"))
        bus.publish(change("1", "running"))

        told = await heard(listener, 2)

    assert [(one.job_id, one.state["status"]) for one in told] == [("2", "queued"), ("1", "running")]


async def test_nobody_hears_of_the_jobs_of_others() -> None:
    bus = Bus()
    with bus.listen("ann") as ann, bus.listen(None) as console:
        bus.publish(change("1", "queued", owner="bob"))
        bus.publish(change("2", "queued"))

        assert [one.job_id for one in await heard(ann, 1)] == ["2"]
        assert [one.job_id for one in await heard(console, 2)] == ["1", "2"]


async def test_who_has_left_is_not_told_any_more() -> None:
    bus = Bus()
    with bus.listen("ann") as listener:
        pass

    bus.publish(change("1", "queued"))

    assert not listener._newest
