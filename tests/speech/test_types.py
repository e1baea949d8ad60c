from backend.speech.types import (
    Diarization,
    Sentence,
    Turn,
    Word,
    diarization_from_json,
    diarization_to_json,
    sentence_from_json,
    sentence_to_json,
)


def test_sentences_survive_json() -> None:
    sentences = [
        Sentence(0.5, 1.25, "你好。", (Word("你", 0.5, 0.75), Word("好", 0.75, 1.25))),
        Sentence(2.0, 3.0, "", error="engine_failed"),
        Sentence(3.0, 4.0, "Hi.", (Word("Hi", 3.0, 4.0),), unsure=True, language="en"),
    ]

    assert [sentence_from_json(sentence_to_json(sentence)) for sentence in sentences] == sentences


def test_sentences_of_earlier_jobs_have_no_language() -> None:
    stored = {"start": 0.0, "end": 1.0, "text": "好。", "words": [["好", 0.0, 1.0]], "error": None}

    assert sentence_from_json(stored).language is None
    assert sentence_to_json(sentence_from_json(stored)) == stored


def test_turns_survive_json() -> None:
    diarization = Diarization((Turn("A", 0.0, 2.5), Turn("B", 2.0, 3.0)), (Turn("A", 0.0, 2.0), Turn("B", 2.0, 3.0)))

    assert diarization_from_json(diarization_to_json(diarization)) == diarization
