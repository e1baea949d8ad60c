"""What a person is asked about API keys where logins end, and the choice of a time zone, in a real browser."""

from typing import TYPE_CHECKING

import httpx

from tests.serving import PASSWORD, Server, until
from tests.web.conftest import sign_in
from tests.web.test_accounts import create_user

if TYPE_CHECKING:
    from playwright.sync_api import Page

NEW_PASSWORD = "另一个很长的密码 43"


def test_keys_outlive_a_new_password_unless_they_are_revoked(page: "Page", server: Server) -> None:
    create_user(server, "有密钥")
    key = _key(server, "有密钥")
    sign_in(page, "有密钥")
    page.goto("/account")
    page.get_by_label("时区").click()
    page.get_by_label("时区").fill("Lima")
    page.get_by_label("时区").press("Enter")
    until(lambda: _status(server, "/api/recordings", key) == 200)
    until(lambda: server.rows("SELECT time_zone FROM users WHERE username = '有密钥'") == [("America/Lima",)])
    page.goto("/account/security")
    page.get_by_role("checkbox", name="同时撤销我的 1 个 API 密钥").wait_for()
    page.get_by_label("现在的密码").fill(PASSWORD)
    page.get_by_label("新密码", exact=True).fill(NEW_PASSWORD)
    page.get_by_label("再输一次新密码").fill(NEW_PASSWORD)
    page.get_by_role("button", name="修改密码").click()

    page.get_by_text("还有 1 个 API 密钥有效。").wait_for()
    assert _status(server, "/api/recordings", key) == 200

    page.goto("/account/logins")
    page.get_by_role("button", name="退出全部登录").click()
    question = page.get_by_role("tooltip")
    question.get_by_role("checkbox", name="同时撤销我的 1 个 API 密钥").check()
    question.get_by_role("button", name="退出全部登录").click()

    page.get_by_role("button", name="登录", exact=True).wait_for()
    assert _status(server, "/api/recordings", key) == 401


def _key(server: Server, name: str) -> str:
    """An API key of this user."""
    with httpx.Client(base_url=server.client.base_url) as client:
        entered = {"username": name, "password": PASSWORD}
        token = client.post("/api/auth/login", data=entered).raise_for_status().json()["access_token"]
        body = {"name": "录音笔", "scopes": ["read"]}
        made = client.post("/api/auth/keys", json=body, headers={"Authorization": f"Bearer {token}"})
        return str(made.raise_for_status().json()["key"])


def _status(server: Server, path: str, key: str) -> int:
    return httpx.get(f"{server.client.base_url}{path}", headers={"X-API-Key": key}).status_code
