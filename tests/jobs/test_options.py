import pytest

from backend.jobs.options import InvalidOptions, check_options, read_options


@pytest.mark.parametrize(
    ("text", "bounds"), [("3", (3, 3)), ("2-5", (2, 5)), ("2-", (2, None)), ("-5", (None, 5)), ("", (None, None))]
)
def test_speakers_are_a_number_or_a_range(text: str, bounds: tuple[int | None, int | None]) -> None:
    options = read_options(speakers=text)

    assert (options.min_speakers, options.max_speakers) == bounds


@pytest.mark.parametrize("text", ["0", "5-2", "many", "-", "1-2-3", "51"])
def test_other_speaker_counts_are_refused_with_a_code(text: str) -> None:
    with pytest.raises(InvalidOptions) as refusal:
        read_options(speakers=text)

    assert refusal.value.code == "invalid_options"


def test_hotwords_are_separated_by_commas_and_line_ends() -> None:
    options = read_options(hotwords="张三，李四, SeACo\n火山 引擎、张三")

    assert options.hotwords == ("张三", "李四", "SeACo", "火山 引擎")


@pytest.mark.parametrize("word", ["http://evil.example/words.txt", "/etc/passwd", "a.txt", "字" * 33, "<b>"])
def test_a_hotword_that_an_engine_could_take_for_a_file_is_refused(word: str) -> None:
    with pytest.raises(InvalidOptions):
        read_options(hotwords=[word])


def test_at_most_fifty_hotwords_are_accepted() -> None:
    assert len(read_options(hotwords=[f"词{number}" for number in range(50)]).hotwords) == 50
    with pytest.raises(InvalidOptions):
        read_options(hotwords=[f"词{number}" for number in range(51)])


def test_unknown_options_are_refused() -> None:
    with pytest.raises(InvalidOptions):
        check_options({"speakres": 3})


def test_the_language_is_auto_or_one_that_some_engine_knows() -> None:
    assert "auto" == read_options().language
    assert "ja" == read_options(language="ja").transcribe_options.language
    with pytest.raises(InvalidOptions, match="language"):
        read_options(language="klingon")
