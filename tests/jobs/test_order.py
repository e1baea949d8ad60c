from collections import Counter
from datetime import datetime, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st

from backend.jobs.order import QueueSnapshot, WaitingJob, fair_order

LONG_AGO = datetime(2026, 1, 1, tzinfo=timezone.utc)

waiting_jobs = st.lists(
    st.tuples(st.sampled_from("abcde"), st.integers(0, 1000)), max_size=30, unique_by=lambda job: job[1]
)


@given(waiting_jobs, st.dictionaries(st.sampled_from("abcde"), st.integers(0, 2)))
def test_the_order_has_every_job_once_and_the_jobs_of_an_owner_by_age(
    jobs: list[tuple[str, int]], running: dict[str, int]
) -> None:
    waiting = [WaitingJob(str(age), owner, 0, LONG_AGO + timedelta(seconds=age)) for owner, age in jobs]

    order = fair_order(QueueSnapshot(waiting, {}, running), 2)

    assert sorted(job.id for job in order) == sorted(job.id for job in waiting)
    for owner in "abcde":
        ages = [job.created_at for job in order if job.owner_id == owner]
        assert ages == sorted(ages)


@given(waiting_jobs)
def test_a_new_owner_waits_for_at_most_one_job_of_each_other_owner(jobs: list[tuple[str, int]]) -> None:
    waiting = [WaitingJob(str(age), owner, 0, LONG_AGO + timedelta(seconds=age)) for owner, age in jobs]
    newcomer = WaitingJob("new", "z", 0, LONG_AGO + timedelta(seconds=2000))

    order = fair_order(QueueSnapshot([*waiting, newcomer], {}, {}), 2)

    before = Counter(job.owner_id for job in order[: order.index(newcomer)])
    assert all(count <= 1 for count in before.values())
