"""What Whisper invents is found here: each guard looks at what one window gave, and says what is wrong with it.

Whisper writes something even where nothing was said. Its own thresholds do not hold: text it invents over music has an
average log probability of -0.06. What these limits were measured on is in docs/decisions.md.
"""

import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from backend.speech.text import spoken_characters

_LEAST_PROBABILITY = 0.3  #: echoes of a prompt had at most 0.10, real speech at least 0.53
_NO_SPEECH = 0.9
_COMPRESSION = 2.4  #: loops have 5 to 11, speech at most 1.4 but for one clip with 3.5
_LEAST_REPEATS = 4
_FASTEST, _SLOWEST = 12.0, 0.7  #: characters a second
_SLOW_FROM = 5.0  #: seconds of speech from which too few characters are suspicious
_OMITTED_FROM = 1.5  #: seconds of a chunk from which too few characters are too few words

#: What subtitles end with, in the recordings Whisper was trained on.
_CREDITS = re.compile(
    "|".join(
        (
            "字幕(?:由|by|製作|制作|志愿者|志願者|組|组|提供|校对|校對)|^(?:中文|英文)?字幕[：:]|amara\\.?org",
            "请不吝点赞|請不吝點贊|打赏支持|打賞支持|明镜与点点|明鏡與點點|优优独播剧场|優優獨播劇場|yoyo television",
            "^(?:作词|作詞|作曲|编曲|編曲|演唱)[：:]?[^，。]{0,6}$",
            "(?:谢谢|謝謝|感谢|感謝)(?:大家|您的)?(?:观看|觀看|收看|收听|收聽)",
            r"^by\s?(?:\w*\d\w*|[\u4e00-\u9fff]+)$",
            "thanks? (?:you )?for watching|subtitles? by|ご視聴ありがとうございました",
        )
    ),
    re.IGNORECASE,
)
_CLAUSE = re.compile(r"[^，。！？；,!?;\s]+(?: [A-Za-z][^，。！？；,!?;]*)?")


class Hallucination(StrEnum):
    IMPROBABLE = "improbable"  #: the model itself was not sure of its tokens, or heard no speech
    REPETITION = "repetition"  #: the same words over and over
    ECHO = "echo"  #: the hotwords it was given, or the credits of subtitles
    PACE = "pace"  #: more or fewer characters than anybody says in that time


@dataclass(frozen=True, slots=True)
class DecodedWindow:
    """What one pass over one window gave. `probabilities` are those of its tokens."""

    text: str
    probabilities: Sequence[float]
    no_speech: float
    seconds: float  #: of speech in the window

    @property
    def probability(self) -> float:
        """0 where there is no token."""
        return sum(self.probabilities) / len(self.probabilities) if self.probabilities else 0.0


def find_hallucinations(decoded: DecodedWindow, hotwords: Sequence[str] = ()) -> set[Hallucination]:
    """Every sign that the model invented this text. An empty text has none."""
    text = spoken_characters(decoded.text)
    if not text:
        return set()
    found = set()
    if decoded.probability < _LEAST_PROBABILITY or decoded.no_speech >= _NO_SPEECH:
        found.add(Hallucination.IMPROBABLE)
    if is_loop(decoded.text):
        found.add(Hallucination.REPETITION)
    if is_echo(decoded.text, hotwords):
        found.add(Hallucination.ECHO)
    pace = len(text) / max(decoded.seconds, 0.1)
    if pace > _FASTEST * (1 if _wide(text) else 2.5) or (decoded.seconds > _SLOW_FROM and pace < _SLOWEST):
        found.add(Hallucination.PACE)
    return found


def is_without_speech(decoded: DecodedWindow) -> bool:
    """Whether two signs agree that nobody spoke: Whisper found no speech, and its text is a credit, a loop or one it is
    not sure of itself. Speech had a `no_speech` of at most 0.79."""
    invented = is_echo(decoded.text, ()) or is_loop(decoded.text) or decoded.probability < _LEAST_PROBABILITY
    return decoded.no_speech >= _NO_SPEECH and invented


def is_omitted(text: str, seconds: float) -> bool:
    """Whether this is too little text for a chunk of so many seconds of speech. From noise and far away Whisper may
    leave out all of one chunk in a window, and be sure of the rest."""
    return seconds >= _OMITTED_FROM and len(spoken_characters(text)) < _SLOWEST * seconds


def is_loop(text: str) -> bool:
    """Whether it is a loop: it compresses as no speech does, or one run of characters fills more than half of it."""
    spoken = spoken_characters(text)
    data = text.encode()
    if len(data) >= 48 and len(data) / len(zlib.compress(data)) > _COMPRESSION:
        return True
    for size in range(1, len(spoken) // _LEAST_REPEATS + 1):
        run = 1
        for start in range(size, len(spoken) - size + 1, 1):
            run = run + 1 if spoken[start : start + size] == spoken[start - size : start] else 1
            # `run` counts overlapping windows: size characters further it is one repeat more
            if (run - 1) // size + 1 >= _LEAST_REPEATS and (run - 1 + size) * 2 > len(spoken) and len(spoken) >= 6:
                return True
    return False


def is_echo(text: str, hotwords: Sequence[str]) -> bool:
    """Whether more than half of it is the hotwords it was prompted with, in a row, or a known subtitle credit."""
    spoken = spoken_characters(text)
    credits = [clause for clause in _CLAUSE.findall(text) if _CREDITS.search(clause)]
    if credits and len(spoken_characters("".join(credits))) * 2 > len(spoken):
        return True
    rest = spoken
    said = 0
    for word in sorted(map(spoken_characters, hotwords), key=len, reverse=True):
        if word and word in rest:
            said += 1
            rest = rest.replace(word, "")
    return said > 1 and len(rest) * 2 < len(spoken)


def _wide(text: str) -> bool:
    return sum("\u2e80" <= character for character in text) * 2 >= len(text)
