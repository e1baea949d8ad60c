"""`python -m backend engines measure`: each engine it can measure is stored, and what it cannot is said."""

import pytest

from backend.engines import measurement
from backend.engines.registry import ENGINES
from backend.measure_engines import measure_command
from backend.settings import Settings


def test_an_engine_is_measured_with_the_built_in_sample(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    assert 0 == measure_command(settings, None, ["scripted"])

    found = measurement.stored(settings.models_dir, ENGINES["scripted"])
    assert found is not None
    assert 30.0 == pytest.approx(found.audio_seconds, abs=0.1)
    assert "scripted" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("names", "sentence"),
    [
        (["kaldi"], "There is no engine 'kaldi'"),
        (["vosk"], "python -m backend models fetch --set tiny"),
        (None, "python -m backend models fetch"),
    ],
)
def test_an_engine_that_is_not_there_is_named_and_nothing_is_stored(
    settings: Settings, capsys: pytest.CaptureFixture[str], names: list[str] | None, sentence: str
) -> None:
    settings = settings.model_copy(update={"demo": False})

    assert 1 == measure_command(settings, None, names)
    assert sentence in " ".join(capsys.readouterr().out.split())
    assert not (settings.models_dir / measurement.FILE).exists()
