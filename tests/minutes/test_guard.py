import pytest

from backend.minutes.guard import refusal_reason


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("嗯那个我们今天就是讨论一下预算", "我们今天讨论一下预算。"),
        ("预算是三百万然后分三期", "预算是300万，分3期。"),
        ("二零二六年三月五号涨了百分之三十", "2026年3月5号涨了30%。"),
        ("嗯涨了百分之十二点五", "涨了百分之十二点五。"),
        ("大概有七八个人来", "大概有七八个人来。"),
        ("我我我觉得可以", "我觉得可以。"),
        ("不不不是这样的", "不是这样的。"),
        ("张总说下周五之前发", "张总说下周五之前发。"),
        ("我们用那个Python三点一一", "我们用Python 3.11。"),
        ("我是那个王明嗯负责研发", "我是王明，负责研发。"),
        ("我叫王明负责研发", "我叫王明，负责研发。"),
        ("这个事情在见的时候要确认", "这个事情再见的时候要确认。"),
    ],
)
def test_a_change_that_keeps_the_meaning_is_allowed(before: str, after: str) -> None:
    assert refusal_reason(before, after) is None


@pytest.mark.parametrize(
    ("before", "after", "reason"),
    [
        ("预算是三百万", "预算是三千万。", "numbers"),
        ("预算是三百万", "预算是一百万。", "numbers"),
        ("下周五十五个人", "下周五五十个人。", "numbers"),
        ("增长3.5%", "增长35%", "numbers"),
        ("大概有七八个人来", "大概有78个人来。", "numbers"),
        ("这次增长百分之三十左右", "这次增长三十左右。", "numbers"),
        ("气温降到负二十度左右", "气温降到20度左右。", "numbers"),
        ("二零二六年三月见", "2027年3月见。", "numbers"),
        ("这个方案不行", "这个方案行。", "negation"),
        ("这个方案可以", "这个方案不可以。", "negation"),
        ("我没有同意", "我不有同意。", "negation"),
        ("this is not done 今天", "this is done 今天", "negation"),
        ("张总负责这件事情", "王总负责这件事情。", "names"),
        ("老李去跟客户谈", "老黎去跟客户谈。", "names"),
        ("我们用Kafka来做", "我们用RabbitMQ来做。", "names"),
        ("我是王小明负责研发", "我是王晓明，负责研发。", "names"),
        ("我是王小明负责研发", "我是李小明，负责研发。", "names"),
        ("这个让王小明去做", "这个让李小明去做。", "names"),
        ("有请周华来讲", "有请周画来讲。", "names"),
        ("欧阳小明去跟客户谈", "欧阳晓明去跟客户谈。", "names"),
        ("火山引擎的报价", "火山擎的报价。", "hotwords"),
        ("我们讨论预算", "", "empty"),
        ("我们讨论预算", "。。。", "empty"),
        ("我们讨论预算", "我们讨论预算。" * 3, "length"),
        ("我们今天要好好讨论一下明年的预算怎么安排", "讨论预算。", "length"),
        ("我们讨论预算", "我们讨论<b>预算</b>", "markup"),
        ("我们讨论预算", "我们讨论预算 http://a.io/x", "markup"),
        ("我们讨论预算", "我们讨论\n预算", None),
        ("我们今天讨论预算安排", "大家明日聊聊费用计划。", "rewritten"),
    ],
)
def test_a_change_that_may_change_the_meaning_is_refused(before: str, after: str, reason: str | None) -> None:
    assert refusal_reason(before, after, ["火山引擎"], ["欧阳小明"]) == reason
