"""Language model endpoints in the console, in a real browser: add, test, choose; the key is never shown again."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from tests.language_server import KEY, MODEL, LanguageServer, Reply, serve_language
from tests.serving import Server, until
from tests.web.conftest import sign_in
from tests.web.test_accounts import create_user
from tests.web.test_journeys import AXE, axe

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

HOSTILE = "<img src=x onerror=alert(1)>"
ENDPOINTS = "/api/admin/language-model/endpoints"


@pytest.fixture(scope="module")
def language() -> Iterator[LanguageServer]:
    with serve_language(lambda _asked: Reply({"ok": True})) as server:
        yield server


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server without a language model."""
    server = Server(tmp_path_factory.mktemp("no_language_model"))
    server.start()
    yield server
    server.close()


@pytest.fixture(autouse=True)
def no_endpoints(server: Server) -> None:
    """Remove all endpoints."""
    for one in server.client.get(ENDPOINTS).raise_for_status().json():
        server.client.delete(f"{ENDPOINTS}/{one['id']}").raise_for_status()
    choice = {"default": None, "own_endpoints": False}
    server.client.put("/api/admin/language-model", json=choice).raise_for_status()


def open_console(page: "Page") -> "Locator":
    sign_in(page)
    page.goto("/admin/language-model")
    page.get_by_role("heading", name="可用的语言模型").wait_for()
    page.get_by_text("没有设置语言模型").wait_for()
    return page.get_by_role("list", name="可用的语言模型").get_by_role("listitem")


def choose_preset(page: "Page", name: str, address: str) -> None:
    """Choose it in the open dialog and wait until its address is filled in."""
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("选择服务商").click()
    page.locator(".ant-select-item-option").get_by_text(name, exact=True).click()
    until(lambda: dialog.get_by_label("地址", exact=True).input_value() == address)


def test_an_admin_adds_tests_and_chooses_a_model_and_its_key_is_never_shown_again(
    page: "Page", server: Server, language: LanguageServer
) -> None:
    rows = open_console(page)
    page.get_by_role("button", name="添加语言模型").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="保存").click()
    dialog.get_by_text("请填写。").nth(2).wait_for()
    dialog.get_by_label("名称").fill(HOSTILE)
    dialog.get_by_label("地址", exact=True).fill(language.url)
    dialog.get_by_label("模型", exact=True).fill(MODEL)
    dialog.get_by_label("密钥").fill("sk-a-wrong-key-of-somebody")
    dialog.get_by_role("button", name="保存").click()
    row = rows.filter(has_text=HOSTILE)
    row.wait_for()
    dialog.wait_for(state="detached")
    assert page.locator("img[src=x]").count() == 0

    test = row.get_by_role("button", name=f"测试 {HOSTILE}", exact=True)
    test.click()
    row.get_by_role("status").get_by_text("语言模型的地址不能使用").wait_for()
    row.get_by_role("button", name=f"修改 {HOSTILE}", exact=True).click()
    assert dialog.get_by_label("密钥").input_value() == ""
    dialog.get_by_text("留空则保留原来的密钥。").wait_for()
    dialog.get_by_label("名称").fill("内网的模型")
    dialog.get_by_role("checkbox", name="允许内网地址").check()
    dialog.get_by_role("button", name="保存").click()
    dialog.wait_for(state="detached")
    row = rows.filter(has_text="内网的模型")
    row.get_by_role("button", name="测试 内网的模型").click()
    row.get_by_role("status").get_by_text("语言模型不接受服务器的密钥").wait_for()

    row.get_by_role("button", name="修改 内网的模型").click()
    dialog.get_by_label("密钥").fill(KEY)
    dialog.get_by_role("button", name="保存").click()
    dialog.wait_for(state="detached")
    row.get_by_role("button", name="测试 内网的模型").click()
    row.get_by_role("status").get_by_text("应答正常").wait_for()
    row.get_by_role("button", name="使用 内网的模型").click()
    row.get_by_text("使用中").wait_for()
    page.get_by_text("没有设置语言模型").wait_for(state="detached")
    assert server.client.get("/api/language-model").json()["configured"] is True

    page.reload()
    row.get_by_text("使用中").wait_for()
    row.get_by_role("button", name="修改 内网的模型").click()
    assert dialog.get_by_label("密钥").input_value() == ""
    inputs = page.evaluate("[...document.querySelectorAll('input')].map((one) => one.value)")
    for key in (KEY, "sk-a-wrong-key-of-somebody"):
        assert key not in page.content()
        assert key not in inputs
        assert key not in server.client.get(ENDPOINTS).text
        assert key not in server.client.get("/api/admin/audit").text


def test_deleting_the_default_model_leaves_no_model_configured(
    page: "Page", server: Server, language: LanguageServer
) -> None:
    body = {"name": "临时的", "url": language.url, "key": KEY, "model": MODEL, "allow_private": True}
    made = server.client.post(ENDPOINTS, json=body).raise_for_status().json()["id"]
    rows = open_console(page)
    rows.filter(has_text="临时的").get_by_role("button", name="使用 临时的").click()
    until(lambda: server.client.get("/api/language-model").json()["endpoint"] == made)
    page.get_by_text("没有设置语言模型").wait_for(state="detached")
    page.get_by_role("button", name="删除 临时的").click()
    page.get_by_role("tooltip").get_by_role("button", name="删除").click()

    page.get_by_text("没有设置语言模型").wait_for()
    assert server.client.get("/api/language-model").json()["configured"] is False


def test_users_add_their_own_endpoint_if_allowed(page: "Page", server: Server, language: LanguageServer) -> None:
    create_user(server, "自带的人")
    open_console(page)
    page.get_by_role("switch", name="允许用户添加自己的语言模型").click()
    until(lambda: server.client.get("/api/admin/language-model").json()["own_endpoints"])
    theirs = page.context.browser.new_context(  # type: ignore[union-attr]
        base_url=str(server.client.base_url), locale="zh-CN", reduced_motion="reduce"
    )
    window = theirs.new_page()
    sign_in(window, "自带的人")
    window.goto("/account/language-model")
    window.get_by_role("button", name="添加语言模型").click()
    dialog = window.get_by_role("dialog")
    choose_preset(window, "Claude", "https://api.anthropic.com/v1")
    choose_preset(window, "DeepSeek", "https://api.deepseek.com/v1")
    dialog.get_by_label("名称").fill("我自己的")
    dialog.get_by_label("地址", exact=True).fill(language.url)
    dialog.get_by_label("模型", exact=True).fill(MODEL)
    dialog.get_by_label("密钥").fill(KEY)
    assert dialog.get_by_text("允许内网地址").count() == 0
    dialog.get_by_role("button", name="保存").click()
    dialog.wait_for(state="detached")

    row = window.get_by_role("list", name="可用的语言模型").get_by_role("listitem").filter(has_text="我自己的")
    row.get_by_role("button", name="测试 我自己的").click()
    row.get_by_role("status").get_by_text("语言模型的地址不能使用").wait_for()
    assert KEY not in window.content()
    theirs.close()
    assert "我自己的" not in server.client.get(ENDPOINTS).text


@pytest.mark.parametrize(("theme", "width"), [("light", 1360), ("dark", 390)])
def test_axe_finds_nothing_serious_in_the_list_and_its_dialog(
    page: "Page", server: Server, language: LanguageServer, theme: str, width: int
) -> None:
    if not AXE.exists():
        pytest.skip("axe-core is not installed: run npm ci in frontend/")
    body = {"name": HOSTILE, "url": language.url, "key": KEY, "model": MODEL, "allow_private": True}
    server.client.post(ENDPOINTS, json=body).raise_for_status()
    page.emulate_media(color_scheme="dark" if theme == "dark" else "light", reduced_motion="reduce")
    page.set_viewport_size({"width": width, "height": 860})
    rows = open_console(page)
    rows.filter(has_text=HOSTILE).wait_for()
    found = axe(page)
    page.get_by_role("button", name=f"修改 {HOSTILE}", exact=True).click()
    page.get_by_role("dialog").get_by_label("密钥").wait_for()
    found += axe(page)

    assert not found, "\n".join(found)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
