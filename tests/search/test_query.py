import pytest

from backend.search.query import MAX_CHARACTERS, NothingToFind, Query, QueryTooLong, parse


@pytest.mark.parametrize(
    ("typed", "query"),
    [
        ("预算 三月", Query(("预算", "三月"))),
        ('"red hat" 預算', Query(("red hat", "预算"))),
        ("“红 帽”", Query(("红帽",))),
        ("预算 -三月", Query(("预算",), ("三月",))),
        ('预算 -"三月 五日"', Query(("预算",), ("三月五日",))),
        ('"没有结束', Query(("没有结束",))),
        ("预算 预算 ，", Query(("预算",))),
        ("C++ 3.82", Query(("c++", "3.82"))),
        ("wi-fi", Query(("wi-fi",))),
    ],
)
def test_what_is_typed_is_read_as_words_phrases_and_words_to_leave_out(typed: str, query: Query) -> None:
    assert query == parse(typed)


@pytest.mark.parametrize("typed", ["", "  ", "，。", '""', "-预算", '"', "*", "-", "\u200f", "\x00"])
def test_nothing_to_find_is_said(typed: str) -> None:
    with pytest.raises(NothingToFind):
        parse(typed)


@pytest.mark.parametrize("typed", ["预" * (MAX_CHARACTERS + 1), " ".join(map(str, range(21)))])
def test_a_long_query_is_refused(typed: str) -> None:
    with pytest.raises(QueryTooLong):
        parse(typed)


def test_hits_are_ranges_of_the_text_as_it_is_written() -> None:
    text = "我們的 預算 是３．５萬，预算"

    assert [(4, 6), (13, 15)] == parse("预算").hits(text)
    assert [(4, 6), (8, 11), (13, 15)] == parse("预算 3.5").hits(text)
    assert [] == parse("预算 三月").hits(text)
    assert [] == parse("预算 -3.5").hits(text)


def test_hits_of_words_that_overlap_are_one() -> None:
    assert [(0, 3)] == parse("预算 算表").hits("预算表")
