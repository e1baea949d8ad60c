"""Sign-in, registration and the account pages, in a real browser."""

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

GOOGLE_SCRIPT = "https://accounts.google.com/gsi/client"


@pytest.fixture
def window(server: Server, browser: "Browser") -> Iterator["Page"]:
    """A window of another user."""
    context = browser.new_context(base_url=str(server.client.base_url), locale="zh-CN", reduced_motion="reduce")
    context.set_default_timeout(30_000)
    yield context.new_page()
    context.close()


def create_user(server: Server, name: str, role: str = "user") -> str:
    made = server.client.post("/api/admin/users", json={"username": name, "password": PASSWORD, "role": role})
    return str(made.raise_for_status().json()["id"])


def fill_sign_in(page: "Page", name: str, password: str = PASSWORD) -> None:
    page.goto("/sign-in")
    page.get_by_label("用户名").fill(name)
    page.get_by_label("密码").fill(password)
    page.get_by_role("button", name="登录", exact=True).click()


def test_a_registered_user_can_sign_in_once_an_admin_approves(page: "Page", window: "Page") -> None:
    window.goto("/sign-in")
    window.get_by_role("link", name="还没有账号？注册一个").click()
    # Wait for the registration page: the sign-in page has fields with the same names.
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


def test_a_locked_out_user_sees_how_long_to_wait(page: "Page") -> None:
    page.goto("/sign-in")
    page.get_by_label("用户名").fill("somebody who guesses")
    page.get_by_label("密码").fill("a guess")

    def guess() -> bool:
        page.get_by_role("button", name="登录", exact=True).click()
        return page.get_by_text(re.compile(r"尝试次数太多，请等 \d+ 秒再试。")).is_visible()

    assert until(guess)


def test_two_factor_authentication_is_set_up_and_then_required(page: "Page", server: Server) -> None:
    create_user(server, "两步")
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
    # The previous code is still valid, so the current one stays unused for signing in.
    dialog.get_by_label("应用里显示的六位数字").fill(totp.at(_now() - timedelta(seconds=30)))
    dialog.get_by_role("button", name="开启").click()
    shown = dialog.get_by_role("list", name="恢复码").get_by_role("listitem")
    shown.nth(9).wait_for()
    codes = shown.all_inner_texts()
    with page.expect_download() as downloaded:
        dialog.get_by_role("button", name="下载").click()
    assert len(codes) == 10
    assert Path(downloaded.value.path()).read_text().split() == codes
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


def test_recovery_codes_are_renewed_without_turning_two_factor_off(page: "Page", server: Server) -> None:
    create_user(server, "新码")
    mine = {"Authorization": f"Bearer {_token(server, '新码')}"}
    with httpx.Client(base_url=server.client.base_url, headers=mine, timeout=30) as theirs:
        secret = theirs.post("/api/auth/two-factor", json={"password": PASSWORD}).json()["secret"]
        first = {"code": pyotp.TOTP(secret).at(_now())}
        before = theirs.post("/api/auth/two-factor/confirm", json=first).json()["recovery_codes"]
    fill_sign_in(page, "新码")
    page.get_by_label("验证码").fill(before[0])
    page.get_by_role("button", name="登录", exact=True).click()
    page.get_by_role("heading", name="录音库").wait_for()
    page.goto("/account/security")
    page.get_by_text("还有 9 个恢复码可用。").wait_for()

    page.get_by_role("button", name="更换恢复码").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("验证码").fill("000000")
    dialog.get_by_role("button", name="更换恢复码").click()
    dialog.get_by_role("alert").get_by_text("验证码不对，或已经用过。").wait_for()
    dialog.get_by_label("验证码").fill(before[1])
    dialog.get_by_role("button", name="更换恢复码").click()
    dialog.get_by_text("原来的已作废").wait_for()
    after = dialog.get_by_role("list", name="恢复码").get_by_role("listitem").all_inner_texts()
    dialog.get_by_role("button", name="我已保存好").click()

    page.get_by_text("还有 10 个恢复码可用。").wait_for()
    assert len(set(after)) == 10
    assert not set(after) & set(before)
    assert [_signs_in(server, "新码", code) for code in (before[2], after[0])] == [False, True]


def test_users_change_their_own_username(page: "Page", server: Server) -> None:
    create_user(server, "旧名字")
    create_user(server, "别人的名字")
    sign_in(page, "旧名字")
    page.goto("/account")
    page.get_by_role("button", name="改用户名").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("用户名").fill("别人的名字")
    dialog.get_by_label("现在的密码").fill("a guess")
    dialog.get_by_role("button", name="改用户名").click()
    dialog.get_by_role("alert").get_by_text("现在的密码不对。").wait_for()
    dialog.get_by_label("现在的密码").fill(PASSWORD)
    dialog.get_by_role("button", name="改用户名").click()
    dialog.get_by_role("alert").get_by_text("这个用户名已经有人用了。").wait_for()
    dialog.get_by_label("用户名").fill("新名字 <b>")
    dialog.get_by_role("button", name="改用户名").click()
    page.get_by_text("用户名已改。").wait_for()

    page.get_by_role("button", name="新名字 <b> 账号菜单").wait_for()
    page.get_by_role("table").get_by_text("新名字 <b>").wait_for()
    assert [_signs_in(server, name) for name in ("旧名字", "新名字 <b>")] == [False, True]


def test_an_api_key_is_shown_once_and_is_limited_to_its_scopes(page: "Page", server: Server) -> None:
    create_user(server, "密钥")
    sign_in(page, "密钥")
    page.goto("/account/keys")
    page.get_by_text("还没有 API 密钥。").wait_for()
    page.get_by_role("button", name="新建密钥").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("名称").fill("录音机 <b>")
    dialog.get_by_role("button", name="新建密钥").click()
    key = dialog.get_by_label("密钥", exact=True).inner_text()
    dialog.get_by_role("button", name="我已保存好").click()

    assert _ask(server, "/api/recordings", key) == 200
    assert _ask(server, "/api/auth/keys", key) == 403
    row = page.get_by_role("list", name="API 密钥").get_by_role("listitem").filter(has_text="录音机 <b>")
    assert key.startswith(row.locator(".secret").inner_text().removesuffix("…"))
    assert key not in page.content()

    row.get_by_role("button", name="撤销").click()
    page.get_by_role("tooltip").get_by_role("button", name="撤销").click()
    page.get_by_text("还没有 API 密钥。").wait_for()
    assert _ask(server, "/api/recordings", key) == 401


def test_ending_a_session_signs_that_window_out(page: "Page", window: "Page", server: Server) -> None:
    create_user(server, "两个窗口")
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


def test_changing_the_password_ends_every_other_session(page: "Page", window: "Page", server: Server) -> None:
    create_user(server, "新密码")
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


def test_all_sessions_can_be_ended_at_once(page: "Page", window: "Page", server: Server) -> None:
    create_user(server, "全部退出")
    sign_in(window, "全部退出")
    sign_in(page, "全部退出")
    page.goto("/account/logins")
    page.get_by_role("button", name="退出全部登录").click()
    page.get_by_role("tooltip").get_by_role("button", name="退出全部登录").click()

    page.get_by_role("button", name="登录", exact=True).wait_for()
    window.get_by_role("dialog", name="登录已过期").wait_for()


def test_quotas_are_shown_with_their_usage(page: "Page", server: Server) -> None:
    quotas = {"minutes_a_month": 600, "stored_bytes": 2 * 10**9, "queued_jobs": None}
    server.client.patch(f"/api/admin/users/{create_user(server, '配额')}/quotas", json=quotas).raise_for_status()
    sign_in(page, "配额")
    page.goto("/account")

    page.get_by_text("0 分钟 / 600 分钟").wait_for()
    page.get_by_text("0 B / 2 GB").wait_for()
    page.get_by_text("0（不限）").wait_for()
    page.get_by_role("progressbar", name="存储空间").wait_for()


def test_language_and_theme_are_chosen(page: "Page", server: Server) -> None:
    create_user(server, "外观")
    sign_in(page, "外观")
    page.goto("/account")
    page.get_by_text("深色", exact=True).click()
    page.wait_for_function("document.documentElement.dataset.theme === 'dark'")
    page.get_by_text("跟随系统", exact=True).click()
    page.wait_for_function("document.documentElement.dataset.theme === 'light'")
    page.get_by_role("radiogroup", name="语言").get_by_text("English").click()

    page.get_by_role("heading", name="My account").wait_for()
    assert page.evaluate("document.documentElement.lang") == "en"


def test_without_a_google_client_id_nothing_is_requested_from_google(page: "Page") -> None:
    urls: list[str] = []
    page.on("request", lambda request: urls.append(request.url))
    sign_in(page)
    page.goto("/account/security")
    page.get_by_text("未开启").wait_for()

    assert [url for url in urls if "google.com" in url] == []


def test_the_google_credential_is_sent_to_the_server(browser: "Browser", tmp_path: Path) -> None:
    server = Server(tmp_path, GOOGLE_CLIENT_ID="the-client.apps.googleusercontent.com")
    server.start()
    try:
        page = browser.new_page(base_url=str(server.client.base_url), locale="zh-CN")
        refused: list[str] = []
        page.on(
            "console",
            lambda message: refused.append(message.text) if "Content Security Policy" in message.text else None,
        )
        page.route(GOOGLE_SCRIPT, lambda route: route.fulfill(content_type="text/javascript", body=_GOOGLE))
        with page.expect_request("**/api/auth/google") as sent:
            page.goto("/sign-in")
            page.get_by_role("button", name="Google of the tests").click()
        # The credential is fake: Google rejects it, or cannot be reached without a network.
        page.get_by_role("alert").get_by_text(re.compile("Google 没有确认这次登录|服务器连不上 Google")).wait_for()

        client, nonce = sent.value.post_data_json["credential"].split(" ")
        assert client == "the-client.apps.googleusercontent.com"
        assert len(nonce) > 20
        again = page.get_by_role("button", name="Google of the tests")
        until(lambda: again.get_attribute("title") not in (None, nonce))  # a nonce is used once
        assert refused == []
        page.close()
    finally:
        server.close()


@pytest.mark.parametrize(("theme", "width"), [("light", 1360), ("dark", 390)])
def test_axe_finds_nothing_serious_on_the_account_pages(page: "Page", server: Server, theme: str, width: int) -> None:
    if not AXE.exists():
        pytest.skip("axe-core is not installed: run npm ci in frontend/")
    page.emulate_media(color_scheme="dark" if theme == "dark" else "light", reduced_motion="reduce")
    page.set_viewport_size({"width": width, "height": 860})
    page.goto("/register")
    page.get_by_role("button", name="注册").wait_for()
    found = axe(page)
    create_user(server, f"axe {theme}")
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
    "/account/language-model": "可以选系统提供的模型。",
    "/account/channels": "还没有渠道。",
    "/nowhere": "这里什么也没有。",
    "/account/keys": "还没有 API 密钥。",
}

#: A fake of Google's script: its button returns a credential at once.
_GOOGLE = """
let options;
window.google = { accounts: { id: {
  initialize(given) { options = given; },
  renderButton(place) {
    const button = document.createElement("button");
    Object.assign(button, { type: "button", textContent: "Google of the tests", title: options.nonce });
    button.onclick = () => options.callback({ credential: `${options.client_id} ${options.nonce}` });
    place.append(button);
  },
} } };
"""


def _sign_out(page: "Page") -> None:
    page.get_by_role("button", name="账号菜单").click()
    page.get_by_role("menuitem", name="退出登录").click()
    page.get_by_role("button", name="登录", exact=True).wait_for()


def _ask(server: Server, path: str, key: str) -> int:
    answer = httpx.get(f"{server.client.base_url}{path}", headers={"Authorization": f"Bearer {key}"})
    return answer.status_code


def _token(server: Server, name: str) -> str:
    login = {"username": name, "password": PASSWORD}
    answer = httpx.post(f"{server.client.base_url}/api/auth/login", data=login)
    return str(answer.raise_for_status().json()["access_token"])


def _signs_in(server: Server, name: str, code: str = "") -> bool:
    login = {"username": name, "password": PASSWORD, "code": code}
    return httpx.post(f"{server.client.base_url}/api/auth/login", data=login).status_code == 200


def _now() -> datetime:
    return datetime.now(timezone.utc)
