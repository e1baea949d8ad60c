from backend.jobs.pace import Pace


def test_nothing_is_said_before_enough_was_measured() -> None:
    pace = Pace()
    pace.note(0.0, 0.0, 600.0)
    pace.note(2.0, 100.0, 600.0)

    assert pace.seconds_left(2.0) is None


def test_the_pace_measured_gives_the_time_left() -> None:
    pace = Pace()
    pace.note(0.0, 0.0, 600.0)
    pace.note(10.0, 100.0, 600.0)

    assert pace.seconds_left(10.0) == 50.0
    assert pace.seconds_left(15.0) == 45.0


def test_what_was_done_before_a_restart_is_not_taken_for_speed() -> None:
    pace = Pace()
    pace.note(0.0, 500.0, 600.0)
    pace.note(10.0, 550.0, 600.0)

    assert pace.seconds_left(10.0) == 10.0


def test_a_finished_stage_takes_no_more_time() -> None:
    pace = Pace()
    pace.note(0.0, 0.0, 600.0)
    pace.note(1.0, 600.0, 600.0)

    assert pace.seconds_left(1.0) == 0.0
