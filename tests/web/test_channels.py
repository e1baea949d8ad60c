"""Channels on the account page, in a real browser."""

from typing import TYPE_CHECKING

from tests.delivery.receiver import serve_receiver
from tests.web.conftest import sign_in
from tests.web.test_journeys import axe

if TYPE_CHECKING:
    from playwright.sync_api import Page


def test_a_channel_is_added_tested_and_tells_why_it_cannot_be_reached(page: "Page") -> None:
    sign_in(page)
    page.get_by_role("button", name="账号菜单").wait_for()
    page.goto("/account/channels")
    with serve_receiver() as receiver:
        page.get_by_role("button", name="添加渠道").click()
        page.get_by_label("类型").click()
        page.get_by_title("Webhook").click()
        page.get_by_label("名称").fill("内网程序")
        page.get_by_label("地址").fill(receiver.url)
        page.get_by_role("button", name="保存").click()
        secret = page.get_by_label("密钥").inner_text()
        page.get_by_role("button", name="已复制").click()

        page.get_by_role("button", name="测试内网程序").click()
        page.get_by_role("status").filter(has_text="这个地址在内网").wait_for()
        page.get_by_role("button", name="内网程序的投递记录").click()
        story = page.get_by_role("list", name="投递记录")
        story.get_by_text("失败").wait_for()
        found = axe(page)

    assert secret.startswith("whsec_")
    assert secret not in page.content()
    assert receiver.received == []
    assert not found, "\n".join(found)
