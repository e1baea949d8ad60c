from backend.jobs.advance import wait_for_engines
from backend.jobs.progress_collector import ProgressCollector
from backend.jobs.tables import Stage


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def prepared(clock: Clock) -> ProgressCollector:
    """A job whose recording of 60 s has been prepared."""
    collector = ProgressCollector(clock)
    collector.note(Stage.PREPARE, 60, 60)
    return collector


def test_a_job_that_waits_says_how_many_come_before_it_and_how_long_it_has_waited() -> None:
    clock = Clock()
    collector = prepared(clock)
    collector.note_wait(Stage.TRANSCRIBE, 60, 2)
    clock.now = 1200.0
    collector.note_wait(Stage.TRANSCRIBE, 60, 1)

    progress = collector.changed_values()["progress"]

    assert [0.0, 60.0, 1.0] == progress["transcribe"]
    assert 1200.0 == wait_for_engines(progress)


def test_time_in_which_any_stage_works_is_not_waited() -> None:
    clock = Clock()
    collector = prepared(clock)
    collector.note_wait(Stage.TRANSCRIBE, 60, 1)
    collector.note_wait(Stage.DIARIZE, 60, None)
    clock.now = 100.0
    collector.note(Stage.DIARIZE, 60, 60)
    clock.now = 130.0
    collector.note_wait(Stage.TRANSCRIBE, 60, None)
    clock.now = 150.0
    collector.note(Stage.TRANSCRIBE, 20, 60)
    collector.note_wait(Stage.TRANSCRIBE, 60, 1)
    clock.now = 155.0

    assert 35.0 == collector.waited


def test_no_end_is_estimated_by_the_other_stage_while_one_waits() -> None:
    clock = Clock()
    collector = prepared(clock)
    for second in range(1, 40):
        clock.now = float(second)
        collector.note(Stage.DIARIZE, second, 60)
    assert collector.changed_values()["eta_seconds"] is not None
    collector.note_wait(Stage.TRANSCRIBE, 60, 1)

    assert collector.changed_values()["eta_seconds"] is None


def test_a_wait_alone_is_not_written_again_and_again() -> None:
    clock = Clock()
    collector = prepared(clock)
    collector.note_wait(Stage.TRANSCRIBE, 60, 1)
    assert collector.changed_values()
    clock.now = 10.0

    assert {} == collector.changed_values()


def test_a_stage_that_has_its_turn_waits_no_longer() -> None:
    collector = prepared(Clock())
    collector.note_wait(Stage.TRANSCRIBE, 60, 1)
    collector.note_wait(Stage.TRANSCRIBE, 60, None)
    collector.note(Stage.TRANSCRIBE, 15, 60)

    assert [15.0, 60.0] == collector.changed_values()["progress"]["transcribe"]
