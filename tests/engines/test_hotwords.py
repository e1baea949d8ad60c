"""Hotwords that a model cannot use are left out with a reason."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.engines import hotwords as module
from backend.engines.hotwords import PARAFORMER_PARTS, WHISPER_TOKENS, HotwordChoice, choose_hotwords, whisper_line
from backend.engines.protocols import EngineError
from backend.engines.registry import ENGINES
from backend.weights.model import Model
from tests.engines.installed_models import plant
from tests.engines.planted_whisper import byte_tokenizer

DICTIONARY = "".join(f"{one} {one}\n" for one in [*"火山引擎王芳天下大家二号楼语音第一课35", "ok", "hello"])


@pytest.fixture
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Small vocabularies in place of the published ones, whose hashes the catalogue pins."""
    for name in ("seaco-paraformer", "whisper-small"):
        monkeypatch.setitem(module.store.MODELS, name, Model(name, "", "", "", ()))
    plant(tmp_path, "seaco-paraformer", {"seg_dict": DICTIONARY.encode()})
    plant(tmp_path, "whisper-small", {"tokenizer.json": byte_tokenizer().to_str().encode()})
    return tmp_path


def left_out(choice: HotwordChoice) -> dict[str, tuple[str, ...]]:
    return {one.code: one.hotwords for one in choice.left_out}


def test_an_engine_without_hotwords_leaves_all_of_them_out(tmp_path: Path) -> None:
    choice = choose_hotwords(ENGINES["vosk"], tmp_path, ("火山引擎", "王芳"))

    assert ((), {"hotwords_unsupported": ("火山引擎", "王芳")}) == (choice.usable, left_out(choice))


@pytest.mark.parametrize("engine", ["vosk", "whisper", "funasr", "scripted"])
def test_without_hotwords_there_is_nothing_to_say(engine: str, tmp_path: Path) -> None:
    assert HotwordChoice() == choose_hotwords(ENGINES[engine], tmp_path, ())


@pytest.mark.parametrize("engine", ["funasr", "funasr-int8"])
@pytest.mark.parametrize(
    ("hotword", "usable"),
    [
        ("火山引擎", True),
        ("Hello", True),
        ("OK 大家", True),
        ("35号楼", True),
        ("犇犇", False),  # not in the dictionary
        ("火山犇", False),
        ("㐀", False),  # outside the block that the model looks characters up in
        ("Kubernetes", False),
        ("火山Kubernetes", False),  # half of a hotword would be another one
        ("カタカナ", False),  # nothing of it is passed to the model
        ("é", False),
    ],
)
def test_paraformer_takes_what_its_dictionary_can_spell(models: Path, engine: str, hotword: str, usable: bool) -> None:
    choice = choose_hotwords(ENGINES[engine], models, (hotword,))

    assert ((hotword,) if usable else ()) == choice.usable
    assert ({} if usable else {"hotwords_unspellable": (hotword,)}) == left_out(choice)


def test_paraformer_takes_as_many_words_as_it_looks_at(models: Path) -> None:
    many = tuple(f"{one}{other}" for one in "火山引擎王芳天下" for other in "大家二号楼语音")
    many = tuple(dict.fromkeys(many))[: PARAFORMER_PARTS + 2]

    choice = choose_hotwords(ENGINES["funasr"], models, (*many[:-1], "OK 大家"))

    assert many[:PARAFORMER_PARTS] == choice.usable[:PARAFORMER_PARTS]
    assert {"hotwords_no_room": (many[PARAFORMER_PARTS], "OK 大家")} == left_out(choice)


def test_whisper_takes_whole_hotwords_as_long_as_its_prompt_has_room(models: Path) -> None:
    long, short = "火" * 21, "王芳"  # three tokens a character here

    choice = choose_hotwords(ENGINES["whisper"], models, (short, long, "天下", "大" * 17, "语音"))

    assert (short, "天下", "语音") == choice.usable
    assert {"hotwords_no_room": (long, "大" * 17)} == left_out(choice)


@pytest.fixture(scope="module")
def vocabulary(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("whisper") / "tokenizer.json"
    byte_tokenizer().save(str(path))
    return path


@given(words=st.lists(st.text(alphabet="火山引擎王芳 abcGPT4é", min_size=1, max_size=32), max_size=50, unique=True))
def test_what_whisper_is_given_is_never_cut(vocabulary: Path, words: list[str]) -> None:
    choice = module.choose_for_whisper(vocabulary, words)

    assert len(byte_tokenizer().encode(whisper_line(choice.usable), add_special_tokens=False).ids) <= WHISPER_TOKENS
    assert set(words) == {*choice.usable, *(word for one in choice.left_out for word in one.hotwords)}


def test_a_damaged_vocabulary_is_said(models: Path) -> None:
    (models / "seaco-paraformer" / "seg_dict").write_text(DICTIONARY.replace("火", "水"))

    with pytest.raises(EngineError, match="seg_dict of the model seaco-paraformer has changed") as raised:
        choose_hotwords(ENGINES["funasr"], models, ("火山",))
    assert "model_damaged" == raised.value.code
