"""The libraries that the pipeline is built on, used as documented: recognise the file, then diarize it."""

import os
from pathlib import Path

from backend.speech.types import Diarization
from benchmarks import diarize, transcribe
from benchmarks.comparison import EngineCall

#: As in FunASR's examples for long audio.
_BATCH_SECONDS = 300


def both_libraries(transcriber: str, models: Path) -> EngineCall[tuple[str, Diarization]]:
    """Runs both libraries on a WAV file: returns the text and the speaker turns."""
    recognise = transcribe.vosk_library(models) if transcriber == "vosk" else _funasr(models)
    stock = diarize.build(None, models)
    return lambda wav: (recognise(wav), stock(wav))


def _funasr(models: Path) -> EngineCall[str]:
    """Recogniser, VAD and punctuation in one AutoModel, with as many threads as there are cores."""
    from backend.engines.torchaudio_compat import ensure_torchaudio

    ensure_torchaudio()
    from funasr import AutoModel

    model = AutoModel(
        model=str(models / "seaco-paraformer"),
        vad_model=str((models / "fsmn-vad").resolve()),
        punc_model=str(models / "ct-punc"),
        device="cpu",
        ncpu=os.cpu_count(),
        disable_update=True,
        disable_pbar=True,
        log_level="ERROR",
    )
    return lambda wav: str(model.generate(input=str(wav), batch_size_s=_BATCH_SECONDS)[0]["text"])
