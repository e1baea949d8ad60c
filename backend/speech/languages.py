"""The languages that a recording can be in, by the codes of Whisper's tokenizer (ISO 639-1 where there is one)."""

from collections.abc import Iterable, Sequence

from backend.speech.types import Sentence

#: The engine finds out.
AUTO = "auto"

_CODES = (
    "zh en ja ko de fr es ru pt it nl pl tr vi th id ms ar hi fa he uk cs sk sl hr sr bs bg ro hu el sv "
    "no nn da fi is et lv lt be ka hy az kk uz tk tg mn bo my km lo ne bn ta te kn ml mr gu pa si ur sd "
    "ps as sa lb af sq mk mt cy br fo eu ca gl oc la mi haw ln ha yo sn so am mg sw tl jw su ht yi tt "
    "ba "
)
LANGUAGES = tuple(_CODES.split())
MANDARIN = ("zh",)
#: Written with Chinese characters as well, by rules of their own: numbers and script stay as they are.
NOT_CHINESE = ("ja", "ko")


def spoken_language(sentences: Iterable[Sentence], known: Sequence[str], chosen: str = AUTO) -> str:
    """The language of a transcript: the one that most of its seconds were recognised in.

    Where the engine does not say, the one that was `chosen` if it is among the `known` ones of the engine; else the
    first of these.
    """
    seconds: dict[str, float] = {}
    for sentence in sentences:
        if sentence.language is not None:
            seconds[sentence.language] = seconds.get(sentence.language, 0.0) + sentence.end - sentence.start
    if seconds:
        return max(seconds, key=lambda language: seconds[language])
    return chosen if chosen in known else known[0]
