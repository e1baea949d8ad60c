import pytest

from backend.speech.number_values import mask_numbers, number_values
from tests.speech.test_numbers import CASES


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("预算三百万", ["3000000"]),
        ("预算300万", ["3000000"]),
        ("3,000,000元", ["3000000"]),
        ("二零二六年三月十二号", ["2026", "3", "12"]),
        ("两百五和一万二", ["250", "12000"]),
        ("三千零五十", ["3050"]),
        ("十五个人，二十三个", ["15", "23"]),
        ("三点五个亿", ["3.5", "亿"]),
        ("三点五亿", ["350000000"]),
        ("3.50", ["3.5"]),
        ("一下、一些、统一", []),
        ("百分之三十", ["30%"]),
        ("30％的人", ["30%"]),
        ("千分之五", ["5‰"]),
        ("负二十度", ["-20"]),
        ("-20度", ["-20"]),
        ("3-5个", ["3", "5"]),
        ("七八个", ["七八"]),
        ("78个", ["78"]),
        ("三四十万", ["三四十万"]),
        ("三分之一", ["1", "3"]),
        ("他们俩", ["2"]),
        ("幺三八零零", ["13800"]),
        ("半小时", ["0.5"]),
        ("一百零五", ["105"]),
        ("没有数字", []),
        ("十万", ["100000"]),
        ("一亿两千万", ["120000000"]),
    ],
)
def test_numbers_are_known_by_their_value(text: str, values: list[str]) -> None:
    assert values == number_values(text)


@pytest.mark.parametrize(("heard", "written"), CASES)
def test_a_number_has_one_value_in_both_forms(heard: str, written: str) -> None:
    assert number_values(heard) == number_values(written)
    assert mask_numbers(heard) == mask_numbers(written)


def test_every_number_is_masked() -> None:
    assert "在0年用0，0次" == mask_numbers("在二零二六年用三百二十万，3次")
