"""The libraries the pipeline is made of, used as their documentation has it: recognise the file, then diarize it."""

import os
from pathlib import Path

from backend.speech.types import Diarization
from benchmarks import diarize, transcribe
from benchmarks.sides import Hear

#: Of FunASR's own examples for long audio.
_BATCH_SECONDS = 300


def one_after_the_other(transcriber: str, models: Path) -> Hear[tuple[str, Diarization]]:
    """Hears a wav by both libraries: what was said, and by whom."""
    recognise = transcribe.whole(models) if transcriber == "vosk" else _funasr(models)
    stock = diarize.build(None, models)
    return lambda wav: (recognise(wav), stock(wav))


def _funasr(models: Path) -> Hear[str]:
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
