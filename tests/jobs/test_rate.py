from backend.jobs.rate import Rate


def test_there_is_no_estimate_before_enough_was_measured() -> None:
    rate = Rate()
    rate.note(0.0, 0.0, 600.0)
    rate.note(2.0, 100.0, 600.0)

    assert rate.seconds_left(2.0) is None


def test_the_measured_rate_gives_the_time_left() -> None:
    rate = Rate()
    rate.note(0.0, 0.0, 600.0)
    rate.note(10.0, 100.0, 600.0)

    assert rate.seconds_left(10.0) == 50.0
    assert rate.seconds_left(15.0) == 45.0


def test_work_done_before_a_restart_does_not_count_for_the_rate() -> None:
    rate = Rate()
    rate.note(0.0, 500.0, 600.0)
    rate.note(10.0, 550.0, 600.0)

    assert rate.seconds_left(10.0) == 10.0


def test_a_finished_stage_takes_no_more_time() -> None:
    rate = Rate()
    rate.note(0.0, 0.0, 600.0)
    rate.note(1.0, 600.0, 600.0)

    assert rate.seconds_left(1.0) == 0.0
