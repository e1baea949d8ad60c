"""Which hotwords an engine can use. The others are left out, and the person is told why."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from backend.engines.protocols import EngineError
from backend.engines.registry import Engine
from backend.weights import store

#: Whisper's prompt has room for 224 tokens; more than this only invites echoes.
WHISPER_TOKENS = 60
#: SeACo Paraformer keeps the hotwords that suit a batch of audio best once there are more.
PARAFORMER_PARTS = 50

#: One word of a hotword, in the characters Paraformer accepts.
_WORD = re.compile(r"[A-Za-z]+|[0-9\u3400-\u4dbf\u4e00-\u9fff]+")
#: What Paraformer spells character by character where its dictionary does not have the whole word.
_SPELLED = re.compile(r"[\u4e00-\u9fa50-9]+")


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Hotwords that have no effect, with the code and the sentence of the reason."""

    code: str
    reason: str
    hotwords: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class HotwordChoice:
    """The hotwords an engine uses, and those it leaves out."""

    usable: tuple[str, ...] = ()
    left_out: tuple[LeftOut, ...] = ()


def choose_hotwords(engine: Engine, models_dir: Path, hotwords: Sequence[str]) -> HotwordChoice:
    """Reads the vocabulary of the engine's model, so call it from a thread.

    Raises EngineError `model_damaged`.
    """
    if not hotwords or engine.hotwords == "any":
        return HotwordChoice(tuple(hotwords))
    if engine.hotwords is None:
        reason = "This engine has no hotwords, so these had no effect"
        return HotwordChoice((), (LeftOut(code="hotwords_unsupported", reason=reason, hotwords=tuple(hotwords)),))
    vocabulary, choose = {
        "paraformer": ("seg_dict", choose_for_paraformer),
        "whisper": ("tokenizer.json", choose_for_whisper),
    }[engine.hotwords]
    if engine.folder is not None:
        return choose(engine.folder / vocabulary, hotwords)
    try:
        return choose(store.verify_file(models_dir, engine.models[0], vocabulary), hotwords)
    except store.WeightsError as error:
        raise EngineError("model_damaged", error.detail) from error


def parts(hotword: str) -> list[str]:
    """The words that Paraformer is given for a hotword, Latin and Chinese parts apart.

    Parts of one letter or digit that arise from cutting are left out: GPT-4o gives GPT and nothing else.
    """
    found: list[str] = _WORD.findall(hotword)
    return [part for part in found if len(part) > 1 or len(found) == 1 or not part.isascii()]


def choose_for_paraformer(dictionary: Path, hotwords: Sequence[str]) -> HotwordChoice:
    """Without those that the model would take for `<unk>`, by the rule of FunASR's `seg_tokenize`."""
    known = {line.split()[0] for line in dictionary.read_text(encoding="utf-8").splitlines() if line.strip()}

    def spelled(part: str) -> bool:
        return part.lower() in known or (_SPELLED.fullmatch(part) is not None and known.issuperset(part))

    able = [hotword for hotword in hotwords if (own := parts(hotword)) and all(map(spelled, own))]
    used: set[str] = set()

    def fits(hotword: str) -> bool:
        return len(used | set(parts(hotword))) <= PARAFORMER_PARTS

    return _choice(hotwords, able, fits, lambda hotword: used.update(parts(hotword)))


def choose_for_whisper(vocabulary: Path, hotwords: Sequence[str]) -> HotwordChoice:
    """As many as the prompt has room for, each of them whole."""
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(vocabulary))
    used: list[str] = []

    def fits(hotword: str) -> bool:
        line = whisper_line([*used, hotword])
        return len(tokenizer.encode(line, add_special_tokens=False).ids) <= WHISPER_TOKENS

    return _choice(hotwords, hotwords, fits, used.append)


def whisper_line(hotwords: Sequence[str]) -> str:
    """What Whisper is prompted with."""
    return " " + " ".join(hotwords)


def _choice(
    hotwords: Sequence[str], able: Sequence[str], fits: Callable[[str], bool], use: Callable[[str], None]
) -> HotwordChoice:
    """In the order in which they were given, those that the model can spell while there is room."""
    usable: list[str] = []
    for hotword in able:
        if fits(hotword):
            use(hotword)
            usable.append(hotword)
    unspellable = LeftOut(
        code="hotwords_unspellable",
        reason="The engine's vocabulary cannot spell these hotwords, so they were left out",
        hotwords=tuple(hotword for hotword in hotwords if hotword not in able),
    )
    no_room = LeftOut(
        code="hotwords_no_room",
        reason="The engine has no room for so many or so long hotwords, so these were left out",
        hotwords=tuple(hotword for hotword in able if hotword not in usable),
    )
    return HotwordChoice(tuple(usable), tuple(one for one in (unspellable, no_room) if one.hotwords))
