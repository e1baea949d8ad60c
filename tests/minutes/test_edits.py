from datetime import date

from backend.minutes.edits import join, mark_edits
from backend.minutes.schema import Action, Meeting, MinutesContent, Statement, Topic
from tests.minutes.test_markdown import MINUTES

APPROVED, BUDGET = Statement(text="预算通过", evidence=["p0"]), Statement(text="下周开复盘会", evidence=["p1"])
BASE = MINUTES.model_copy(update={"decisions": [APPROVED, BUDGET]})


def edited(**changes: object) -> MinutesContent:
    return mark_edits(BASE, BASE.model_copy(update=changes))


def texts(statements: list[Statement]) -> list[tuple[str, bool]]:
    return [(one.text, one.edited) for one in statements]


def test_only_statements_that_a_person_changed_are_marked() -> None:
    changed = APPROVED.model_copy(update={"text": "预算三百万通过", "doubtful": True})

    minutes = edited(decisions=[changed, BUDGET])

    assert texts(minutes.decisions) == [("预算三百万通过", True), ("下周开复盘会", False)]
    assert not minutes.decisions[0].doubtful
    assert [one.text for one in minutes.removed["decisions"]] == ["预算通过"]
    assert mark_edits(minutes, minutes) == minutes


def test_a_rewrite_keeps_what_a_person_wrote_ticked_and_entered() -> None:
    mine = Statement(text="采购由李四负责", evidence=[])
    done = BASE.actions[0].model_copy(update={"done": True, "due": date(2026, 12, 4)})
    current = edited(
        title="十一月周会", decisions=[APPROVED, mine, BUDGET], actions=[done], meeting=Meeting(place="二楼")
    )
    proposed = MINUTES.model_copy(
        update={
            "title": "周会纪要",
            "decisions": [APPROVED, Statement(text="招两个人", evidence=["p1"])],
            "actions": [Action(text="发方案", evidence=["p1"], who="张三", when="周五")],
        }
    )

    joined = join(current, proposed)

    assert (joined.title, joined.meeting.place) == ("十一月周会", "二楼")
    assert texts(joined.decisions) == [("预算通过", False), ("采购由李四负责", True), ("招两个人", False)]
    assert [(one.text, one.done, one.due) for one in joined.actions] == [("发方案", True, date(2026, 12, 4))]


def test_what_a_person_deleted_or_corrected_does_not_come_back() -> None:
    current = edited(decisions=[APPROVED.model_copy(update={"text": "预算没有通过，延期一周再议"})])

    joined = join(current, BASE)

    assert texts(joined.decisions) == [("预算没有通过，延期一周再议", True)]
    assert texts(join(joined, BASE).decisions) == texts(joined.decisions)


def test_a_topic_is_marked_with_the_point_that_was_changed() -> None:
    topic = BASE.topics[0].model_copy(update={"points": [*BASE.topics[0].points, APPROVED]})

    minutes = edited(topics=[topic])

    assert minutes.topics[0].edited
    assert texts(minutes.topics[0].points) == [("预算*三百万*", False), ("预算通过", True)]
    other = MINUTES.model_copy(update={"topics": [Topic(title="预算", start=1.0, end=2.0, evidence=["p0"])]})
    assert join(minutes, other).topics == minutes.topics
