"""Removes a model's thoughts from its answer, in all the marks that models put around them."""

import re

#: What opens thoughts, and what closes them.
_MARKS = (
    ("<think>", "</think>"),  # DeepSeek, Qwen, GLM, Hunyuan, MiniMax, ERNIE and most others
    ("<thinking>", "</thinking>"),
    ("<thought>", "</thought>"),  # EXAONE
    ("<thoughts>", "</thoughts>"),
    ("<reasoning>", "</reasoning>"),
    ("<reflection>", "</reflection>"),
    ("<antthinking>", "</antthinking>"),
    ("<seed:think>", "</seed:think>"),  # Seed-OSS
    ("<mm:think>", "</mm:think>"),
    ("[think]", "[/think]"),  # Magistral
    ("◁think▷", "◁/think▷"),  # Kimi-VL
    ("<|begin_of_thought|>", "<|end_of_thought|>"),  # OpenThinker, Sky-T1
    ("<|start_thinking|>", "<|end_thinking|>"),  # Command A
    ("<|inner_prefix|>", "<|inner_suffix|>"),  # Apertus
    ("<|channel|>analysis<|message|>", "<|end|>"),  # gpt-oss
    ("<|channel|>commentary<|message|>", "<|end|>"),
    ("<|channel>thought", "<channel|>"),  # Gemma
    ("<unused94>", "<unused95>"),  # MedGemma
)
#: Marks around the answer itself, which are left out.
_AROUND_ANSWER = (
    *("<answer>", "</answer>", "<response>", "</response>", "<|begin_of_solution|>", "<|end_of_solution|>"),
    *("<|start_response|>", "<|end_response|>", "<|start|>assistant<|channel|>final<|message|>"),
    *("<|channel|>final<|message|>", "<|start|>assistant", "<|return|>"),
)


def _pattern(marks: tuple[str, ...] | list[str]) -> re.Pattern[str]:
    longest_first = sorted(marks, key=len, reverse=True)
    return re.compile("|".join(map(re.escape, longest_first)), re.IGNORECASE)


_CLOSING_OF = {opening: closing for opening, closing in _MARKS}
_OPENING = _pattern(list(_CLOSING_OF))
_CLOSING = _pattern([closing for closing in _CLOSING_OF.values() if closing != "<|end|>"])
_ANY = _pattern([*_CLOSING_OF, *_CLOSING_OF.values(), *_AROUND_ANSWER])
_ALL_MARKS = tuple(dict.fromkeys((*_CLOSING_OF, *_CLOSING_OF.values(), *_AROUND_ANSWER)))
_MAX_MARK = max(map(len, _ALL_MARKS))


class ReasoningFilter:
    """Removes the thoughts from a streamed answer. Text that may be the start of a mark is held back until it is known.

    With `begins_in_thoughts` everything before the first closing mark is thoughts: some models write only that one."""

    def __init__(self, *, begins_in_thoughts: bool = False) -> None:
        self.thoughts = False  #: there were thoughts
        self.unmarked = False  #: thoughts were closed that had not been opened: what came before them was no answer
        self._buffer = ""
        self._undecided = begins_in_thoughts  #: the buffer is the answer where no mark comes
        self._closing: re.Pattern[str] | None = _CLOSING if begins_in_thoughts else None

    def feed(self, piece: str) -> str:
        """Add a piece of the stream; returns the new text of the answer."""
        self._buffer += piece
        text = ""
        while mark := (self._closing or _ANY).search(self._buffer):
            before, self._buffer = self._buffer[: mark.start()], self._buffer[mark.end() :]
            if self._closing is not None:
                self._closing, self._undecided = None, False
                continue
            text += before
            name = mark[0].lower()
            if name in _CLOSING_OF:
                self.thoughts = True
                self._closing = re.compile(re.escape(_CLOSING_OF[name]), re.IGNORECASE)
            elif _CLOSING.fullmatch(name):
                self.thoughts = self.unmarked = True
                text = ""
        held = _partial_mark(self._buffer)
        if self._undecided:
            return text
        if self._closing is not None:
            self._buffer = self._buffer[len(self._buffer) - held :]
            return text
        end = len(self._buffer) - held
        text, self._buffer = text + self._buffer[:end], self._buffer[end:]
        return text

    def end(self) -> str:
        """The text that was held back and is not a mark after all."""
        return "" if self._closing is not None and not self._undecided else self._buffer


def strip_reasoning(text: str) -> str:
    """A whole answer without the thoughts before it."""
    reasoning_filter = ReasoningFilter()
    return (reasoning_filter.feed(text) + reasoning_filter.end()).strip()


def _partial_mark(text: str) -> int:
    """How many characters at the end of the text may be the beginning of a mark."""
    tail = text[-_MAX_MARK:].lower()
    return next(
        (len(tail) - at for at in range(len(tail)) if any(mark.startswith(tail[at:]) for mark in _ALL_MARKS)), 0
    )
