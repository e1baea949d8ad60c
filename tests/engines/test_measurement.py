"""What an engine costs is measured with its real process, and forgotten when its weights change."""

import json
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path

from backend.engines import measurement
from backend.engines.hosts import Engines
from backend.engines.measurement import Measurement
from backend.engines.registry import ENGINES
from tests.engines.host_requests import SENTENCES, Script

NOW = datetime(2026, 11, 30, 9, tzinfo=timezone.utc)


def measured(models: list[str]) -> Measurement:
    return Measurement(21.5, 0.4, 700_000_000, 30.0, NOW.isoformat(), models)


async def test_the_cost_is_that_of_the_process_for_each_minute_of_audio(
    script: Script, audio: Path, tmp_path: Path
) -> None:
    engines = Engines(tmp_path, script=script(sentences=SENTENCES, seconds=0.0), demo=True)
    try:
        found = await measurement.measure(
            engines, ENGINES["scripted"], tmp_path, audio, 10.0, tmp_path / "sentences.json", NOW
        )
        state = engines.state()[0]
    finally:
        await engines.close()

    assert 2 == state["served"], "the first request loads the models and is not counted"
    assert 0 <= found.cpu_seconds_a_minute < 60
    assert found.real_time_factor > 0
    assert found.peak_bytes > 10_000_000
    assert (10.0, NOW.isoformat(), []) == (found.audio_seconds, found.measured_at, found.models)


def test_a_measurement_is_kept_for_the_weights_it_was_made_with(tmp_path: Path) -> None:
    vosk = ENGINES["vosk"]
    for name in vosk.models:
        (tmp_path / name).mkdir()
        (tmp_path / name / "manifest.json").write_text(name)
    fingerprints = [measurement.model_fingerprint(tmp_path / name) for name in vosk.models]

    measurement.store(tmp_path, {"vosk": measured(fingerprints)})
    kept = measurement.stored(tmp_path, vosk)
    (tmp_path / vosk.models[0] / "manifest.json").write_text("newer weights")

    assert measured(fingerprints) == kept
    assert measurement.stored(tmp_path, vosk) is None


def test_measuring_one_engine_keeps_the_others(tmp_path: Path) -> None:
    scripted, other = ENGINES["scripted"], replace(ENGINES["scripted"], name="other")

    measurement.store(tmp_path, {"scripted": measured([])})
    measurement.store(tmp_path, {"other": replace(measured([]), real_time_factor=0.5)})

    assert measured([]) == measurement.stored(tmp_path, scripted)
    assert replace(measured([]), real_time_factor=0.5) == measurement.stored(tmp_path, other)


def test_a_file_that_cannot_be_read_is_no_measurement(tmp_path: Path) -> None:
    assert measurement.stored(tmp_path, ENGINES["scripted"]) is None
    for text in ("{", "[]", "null", json.dumps({"scripted": {"of": "another version"}}), json.dumps({"scripted": 3})):
        (tmp_path / measurement.FILE).write_text(text)

        assert measurement.stored(tmp_path, ENGINES["scripted"]) is None


def test_measuring_again_replaces_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / measurement.FILE).write_text("{")

    measurement.store(tmp_path, {"scripted": measured([])})

    assert measured([]) == measurement.stored(tmp_path, ENGINES["scripted"])
