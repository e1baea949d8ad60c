"""Getting in and looking after one's own account, in a real browser on the real app."""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pyotp
import pytest

from tests.serving import PASSWORD, Server, until
from tests.web.conftest import sign_in
from tests.web.test_journeys import AXE, axe

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

GOOGLES_SCRIPT = "https://accounts.google.com/gsi/client"


@pytest.fixture
def window(house: Server, browser: "Browser") -> Iterator["Page"]:
    """A window of somebody else."""
    context = browser.new_context(base_url=str(house.client.base_url), locale="zh-CN", reduced_motion="reduce")
    context.set_default_timeout(30_000)
    yield context.new_page()
    context.close()


def person(house: Server, name: str, role: str = "user") -> str:
    made = house.client.post("/api/admin/users", json={"username": name, "password": PASSWORD, "role": role})
    return str(made.raise_for_status().json()["id"])


def note_what_is_forbidden(page: "Page") -> None:
    """Whatever the page's policy does not let it do is a complaint like any other."""
    page.add_init_script("addEventListener('securitypolicyviolation', (one) => console.error(one.violatedDirective))")


def fill_sign_in(page: "Page", name: str, password: str = PASSWORD) -> None:
    page.goto("/sign-in")
    page.get_by_label("用户名").fill(name)
    page.get_by_label("密码").fill(password)
    page.get_by_role("button", name="登录", exact=True).click()


def test_who_registers_waits_and_comes_in_when_an_admin_says_yes(page: "Page", window: "Page") -> None:
    window.goto("/sign-in")
    window.get_by_role("link", name="还没有账号？注册一个").click()
    # Until that is there, the page for signing in is, with fields of the same names.
    window.get_by_label("再输一次密码").wait_for()
    window.get_by_label("用户名").fill("韩梅梅")
    window.get_by_label("密码", exact=True).fill(PASSWORD)
    window.get_by_label("再输一次密码").fill("something else")
    window.get_by_role("button", name="注册").click()
    window.get_by_text("两次输入的密码不一样。").wait_for()
    window.get_by_label("再输一次密码").fill(PASSWORD)
    window.get_by_label("再输一次密码").press("Enter")
    window.get_by_text("申请已收到").wait_for()
    fill_sign_in(window, "韩梅梅")
    window.get_by_role("status").get_by_text("账号在等管理员批准").wait_for()

    sign_in(page)
    page.get_by_role("link", name="管理").click()
    page.get_by_role("button", name="查看").click()
    page.get_by_role("button", name="批准韩梅梅").click()
    page.get_by_text("已批准，现在可以登录了。").wait_for()

    window.get_by_role("button", name="登录", exact=True).click()
    window.get_by_role("heading", name="录音库").wait_for()


def test_who_guesses_is_told_how_long_to_wait(page: "Page") -> None:
    page.goto("/sign-in")
    page.get_by_label("用户名").fill("somebody who guesses")
    page.get_by_label("密码").fill("a guess")

    def guess() -> bool:
        page.get_by_role("button", name="登录", exact=True).click()
        return page.get_by_text(re.compile(r"尝试次数太多，请等 \d+ 秒再试。")).is_visible()

    assert until(guess)


def test_two_factor_sign_in_is_set_up_and_then_asked_for(page: "Page", house: Server) -> None:
    person(house, "两步")
    sign_in(page, "两步")
    page.goto("/account/security")
    page.get_by_role("button", name="开启两步验证").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("现在的密码").fill("a guess")
    dialog.get_by_role("button", name="下一步").click()
    dialog.get_by_role("alert").get_by_text("现在的密码不对。").wait_for()
    dialog.get_by_label("现在的密码").fill(PASSWORD)
    dialog.get_by_role("button", name="下一步").click()
    dialog.get_by_role("img", name="验证器应用的二维码").wait_for()
    totp = pyotp.TOTP(dialog.locator(".secret").inner_text().strip())
    # The code before the present one is still good, and leaves the present one for signing in.
    dialog.get_by_label("应用里显示的六位数字").fill(totp.at(_now() - timedelta(seconds=30)))
    dialog.get_by_role("button", name="开启").click()
    shown = dialog.get_by_role("list", name="恢复码").get_by_role("listitem")
    shown.nth(9).wait_for()
    codes = shown.all_inner_texts()
    with page.expect_download() as taken:
        dialog.get_by_role("button", name="下载").click()
    assert len(codes) == 10
    assert Path(taken.value.path()).read_text().split() == codes
    dialog.get_by_role("button", name="我已保存好").click()
    page.get_by_text("还有 10 个恢复码可用。").wait_for()

    _sign_out(page)
    fill_sign_in(page, "两步")
    page.get_by_label("验证码").fill("000000")
    page.get_by_role("button", name="登录", exact=True).click()
    page.get_by_role("alert").get_by_text("验证码不对，或已经用过。").wait_for()
    page.get_by_label("验证码").fill(totp.at(_now()))
    page.get_by_role("button", name="登录", exact=True).click()
    page.get_by_role("heading", name="录音库").wait_for()

    _sign_out(page)
    fill_sign_in(page, "两步")
    page.get_by_label("验证码").fill(codes[3])
    page.get_by_role("button", name="登录", exact=True).click()
    page.get_by_role("heading", name="录音库").wait_for()
    page.goto("/account/security")
    page.get_by_text("还有 9 个恢复码可用。").wait_for()

    page.get_by_role("button", name="关闭两步验证").click()
    page.get_by_role("dialog").get_by_label("验证码").fill(codes[4])
    page.get_by_role("dialog").get_by_role("button", name="关闭两步验证").click()
    page.get_by_role("button", name="开启两步验证").wait_for()


def test_a_key_is_shown_once_and_opens_what_it_may(page: "Page", house: Server) -> None:
    person(house, "密钥")
    sign_in(page, "密钥")
    page.goto("/account/keys")
    page.get_by_text("还没有 API 密钥。").wait_for()
    page.get_by_role("button", name="新建密钥").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("名称").fill("录音机 <b>")
    dialog.get_by_role("button", name="新建密钥").click()
    key = dialog.get_by_label("密钥", exact=True).inner_text()
    dialog.get_by_role("button", name="我已保存好").click()

    assert _ask(house, "/api/recordings", key) == 200
    assert _ask(house, "/api/auth/keys", key) == 403
    row = page.get_by_role("list", name="API 密钥").get_by_role("listitem").filter(has_text="录音机 <b>")
    assert key.startswith(row.locator(".secret").inner_text().removesuffix("…"))
    assert key not in page.content()

    row.get_by_role("button", name="撤销").click()
    page.get_by_role("tooltip").get_by_role("button", name="撤销").click()
    page.get_by_text("还没有 API 密钥。").wait_for()
    assert _ask(house, "/api/recordings", key) == 401


def test_ending_a_login_throws_that_window_out(page: "Page", window: "Page", house: Server) -> None:
    person(house, "两个窗口")
    sign_in(window, "两个窗口")
    sign_in(page, "两个窗口")
    page.goto("/account/logins")
    logins = page.get_by_role("list", name="登录").get_by_role("listitem")
    logins.nth(1).wait_for()

    logins.filter(has_not=page.get_by_text("这一个", exact=True)).get_by_role("button").click()

    window.get_by_role("dialog", name="登录已过期").wait_for()
    logins.nth(1).wait_for(state="detached")
    page.get_by_text("这一个", exact=True).wait_for()
    page.reload()
    page.get_by_text("这一个", exact=True).wait_for()


def test_another_password_ends_every_other_login(page: "Page", window: "Page", house: Server) -> None:
    person(house, "新密码")
    sign_in(window, "新密码")
    sign_in(page, "新密码")
    page.goto("/account/security")
    page.get_by_label("现在的密码").fill(PASSWORD)
    page.get_by_label("新密码", exact=True).fill("12345678")
    page.get_by_label("再输一次新密码").fill("12345678")
    page.get_by_role("button", name="修改密码").click()
    page.get_by_role("alert").get_by_text("这个密码不够安全").wait_for()
    page.get_by_label("新密码", exact=True).fill("另一个很长的密码 43")
    page.get_by_label("再输一次新密码").fill("另一个很长的密码 43")
    page.get_by_label("再输一次新密码").press("Enter")

    page.get_by_text("密码已修改，其他登录都已结束。").wait_for()
    window.get_by_role("dialog", name="登录已过期").wait_for()
    page.reload()
    page.get_by_role("heading", name="我的账号").wait_for()


def test_every_login_ends_at_once(page: "Page", window: "Page", house: Server) -> None:
    person(house, "全部退出")
    sign_in(window, "全部退出")
    sign_in(page, "全部退出")
    page.goto("/account/logins")
    page.get_by_role("button", name="退出全部登录").click()
    page.get_by_role("tooltip").get_by_role("button", name="退出全部登录").click()

    page.get_by_role("button", name="登录", exact=True).wait_for()
    window.get_by_role("dialog", name="登录已过期").wait_for()


def test_a_quota_is_shown_with_what_is_used_of_it(page: "Page", house: Server) -> None:
    quotas = {"minutes_a_month": 600, "stored_bytes": 2 * 1024**3, "queued_jobs": None}
    house.client.patch(f"/api/admin/users/{person(house, '配额')}/quotas", json=quotas).raise_for_status()
    sign_in(page, "配额")
    page.goto("/account")

    page.get_by_text("0 分钟 / 600 分钟").wait_for()
    page.get_by_text("0 B / 2 GB").wait_for()
    page.get_by_text("0（不限）").wait_for()
    page.get_by_role("progressbar", name="存储空间").wait_for()


def test_language_and_looks_are_chosen(page: "Page", house: Server) -> None:
    person(house, "外观")
    sign_in(page, "外观")
    page.goto("/account")
    page.get_by_text("深色", exact=True).click()
    page.wait_for_function("document.documentElement.dataset.theme === 'dark'")
    page.get_by_text("跟随系统", exact=True).click()
    page.wait_for_function("document.documentElement.dataset.theme === 'light'")
    page.get_by_role("radiogroup", name="语言").get_by_text("English").click()

    page.get_by_role("heading", name="My account").wait_for()
    assert page.evaluate("document.documentElement.lang") == "en"


def test_without_a_client_of_googles_nothing_is_asked_of_google(page: "Page") -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    sign_in(page)
    page.goto("/account/security")
    page.get_by_text("未开启").wait_for()

    assert [url for url in asked if "google.com" in url] == []


def test_googles_button_brings_what_google_said_to_the_server(browser: "Browser", tmp_path: Path) -> None:
    house = Server(tmp_path, GOOGLE_CLIENT_ID="the-client.apps.googleusercontent.com")
    house.start()
    try:
        page = browser.new_page(base_url=str(house.client.base_url), locale="zh-CN")
        refused: list[str] = []
        page.on("console", lambda said: refused.append(said.text) if "Content Security Policy" in said.text else None)
        page.route(GOOGLES_SCRIPT, lambda route: route.fulfill(content_type="text/javascript", body=_GOOGLE))
        with page.expect_request("**/api/auth/google") as sent:
            page.goto("/sign-in")
            page.get_by_role("button", name="Google of the tests").click()
        # It was not Google who spoke; where the network is closed, nobody can be asked whether it was.
        page.get_by_role("alert").get_by_text(re.compile("Google 没有确认这次登录|服务器连不上 Google")).wait_for()

        client, nonce = sent.value.post_data_json["credential"].split(" ")
        assert client == "the-client.apps.googleusercontent.com"
        assert len(nonce) > 20
        again = page.get_by_role("button", name="Google of the tests")
        until(lambda: again.get_attribute("title") not in (None, nonce))  # what was said with it, was said
        assert refused == []
        page.close()
    finally:
        house.close()


@pytest.mark.parametrize(("theme", "width"), [("light", 1360), ("dark", 390)])
def test_axe_finds_nothing_serious_on_any_page_of_the_account(
    page: "Page", house: Server, theme: str, width: int
) -> None:
    if not AXE.exists():
        pytest.skip("axe-core is not installed: run npm ci in frontend/")
    note_what_is_forbidden(page)
    page.emulate_media(color_scheme="dark" if theme == "dark" else "light", reduced_motion="reduce")
    page.set_viewport_size({"width": width, "height": 860})
    page.goto("/register")
    page.get_by_role("button", name="注册").wait_for()
    found = axe(page)
    person(house, f"axe {theme}")
    sign_in(page, f"axe {theme}")
    for path, there in _PAGES.items():
        page.goto(path)
        page.get_by_text(there).first.wait_for()
        found += axe(page)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{path} scrolls sideways"
    page.get_by_role("button", name="新建密钥").first.click()
    page.get_by_label("名称").wait_for()
    found += axe(page)

    assert not found, "\n".join(found)


_PAGES = {
    "/account": "0（不限）",
    "/account/security": "未开启",
    "/account/logins": "这一个",
    "/account/keys": "还没有 API 密钥。",
}

#: What stands at Google's address here: a button that says at once that somebody has agreed.
_GOOGLE = """
let asked;
window.google = { accounts: { id: {
  initialize(given) { asked = given; },
  renderButton(place) {
    const button = document.createElement("button");
    Object.assign(button, { type: "button", textContent: "Google of the tests", title: asked.nonce });
    button.onclick = () => asked.callback({ credential: `${asked.client_id} ${asked.nonce}` });
    place.append(button);
  },
} } };
"""


def _sign_out(page: "Page") -> None:
    page.get_by_role("button", name="账号菜单").click()
    page.get_by_role("menuitem", name="退出登录").click()
    page.get_by_role("button", name="登录", exact=True).wait_for()


def _ask(house: Server, path: str, key: str) -> int:
    answer = httpx.get(f"{house.client.base_url}{path}", headers={"Authorization": f"Bearer {key}"})
    return answer.status_code


def _now() -> datetime:
    return datetime.now(timezone.utc)
