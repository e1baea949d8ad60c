"""Minutes templates in a real browser: own, shared and built-in ones, and minutes written with them."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from tests.language_server import LanguageServer, serve_language
from tests.minutes.models import good
from tests.serving import PASSWORD, Server
from tests.web.conftest import server_with_language_model, sign_in
from tests.web.panels import HOSTILE, open_tab
from tests.web.test_accounts import create_user
from tests.web.test_journeys import AXE, axe, open_editor

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

ALL = ["headline", "overview", "decisions", "actions", "questions", "topics", "speakers", "keywords"]


@pytest.fixture(scope="module")
def language() -> Iterator[LanguageServer]:
    with serve_language(good) as server:
        yield server


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, language: LanguageServer) -> Iterator[Server]:
    with server_with_language_model(tmp_path_factory.mktemp("templates"), language) as server:
        yield server


@pytest.fixture(autouse=True)
def no_templates(server: Server) -> None:
    """Delete all own and shared templates."""
    for one in templates(server).values():
        if not one["built_in"]:
            way = "admin/templates" if one["shared"] else "templates"
            server.client.delete(f"/api/{way}/{one['key']}").raise_for_status()


def templates(server: Server) -> dict[str, dict[str, Any]]:
    return {one["name"]: one for one in server.client.get("/api/templates").raise_for_status().json()}


def make(server: Server, name: str, parts: list[str], way: str = "templates") -> str:
    body = {"name": name, "guidance": "看钱。", "parts": parts}
    return str(server.client.post(f"/api/{way}", json=body).raise_for_status().json()["key"])


def open_templates(page: "Page", path: str = "/account/templates") -> None:
    page.goto(path)
    page.get_by_role("list", name="内置模板").wait_for()


def listed(page: "Page", name: str) -> "Locator":
    """The rows of the list with this name."""
    return page.get_by_role("list", name=name, exact=True).locator("> li")


def press(page: "Page", act: str, name: str) -> "Locator":
    """Click a button of a row; return the dialog it opens."""
    page.get_by_role("button", name=f"{act} {name}", exact=True).click()
    dialog = page.get_by_role("dialog")
    dialog.wait_for()
    return dialog


def test_a_template_is_created_edited_copied_and_deleted(page: "Page", server: Server) -> None:
    sign_in(page)
    open_templates(page)
    page.get_by_text("还没有自己的模板。").wait_for()
    page.get_by_role("button", name="新建模板").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="保存").click()
    dialog.get_by_text("请起个名字。").wait_for()
    dialog.get_by_label("名称").fill(HOSTILE)
    dialog.get_by_label("关注点").fill(f"只看预算。{HOSTILE}")
    for part in ("概要", "决议", "待定问题", "议题", "发言要点"):
        dialog.get_by_role("checkbox", name=part).uncheck()
    dialog.get_by_role("button", name="下移一句话结论").press("Enter")
    # The pressed arrow keeps the focus after its row has moved.
    page.keyboard.press("Enter")
    assert dialog.get_by_role("button", name="下移一句话结论").is_disabled()
    dialog.get_by_role("status").get_by_text("一句话结论：第 3 项，共 3 项").wait_for()
    dialog.get_by_role("button", name="保存").click()

    page.get_by_text("已保存为第 1 版。").wait_for()
    dialog.wait_for(state="detached")
    assert templates(server)[HOSTILE]["parts"] == ["actions", "keywords", "headline"]
    row = listed(page, "我的模板")
    row.get_by_text("第 1 版").wait_for()
    assert row.get_by_role("list", name="内容与顺序").get_by_role("listitem").all_inner_texts() == [
        "待办事项",
        "关键词",
        "一句话结论",
    ]
    assert page.locator("img[src=x]").count() == 0

    dialog = press(page, "修改", HOSTILE)
    assert dialog.get_by_label("关注点").input_value() == f"只看预算。{HOSTILE}"
    for part in ("待办事项", "关键词", "一句话结论"):
        dialog.get_by_role("checkbox", name=part).uncheck()
    dialog.get_by_role("button", name="保存").click()
    dialog.get_by_text("请至少选一项。").wait_for()
    dialog.get_by_role("checkbox", name="决议").check()
    dialog.get_by_label("名称").fill("预算会")
    dialog.get_by_role("button", name="保存").click()
    page.get_by_text("已保存为第 2 版。").wait_for()
    row.get_by_text("第 2 版").wait_for()
    assert templates(server)["预算会"]["parts"] == ["decisions"]

    dialog = press(page, "复制", "预算会")
    dialog.get_by_role("button", name="保存").click()
    row.nth(1).wait_for()
    page.get_by_role("button", name="删除 预算会", exact=True).click()
    page.get_by_role("tooltip").get_by_role("button", name="删除").click()
    row.nth(1).wait_for(state="detached")
    assert [name for name, one in templates(server).items() if not one["built_in"]] == ["预算会 副本"]


def test_built_in_templates_can_be_copied_but_not_edited(page: "Page", server: Server) -> None:
    sign_in(page)
    open_templates(page)
    assert listed(page, "内置模板").count() == 6
    assert listed(page, "内置模板").get_by_role("button", name=re.compile("修改|删除")).count() == 0

    dialog = press(page, "复制", "周会")
    dialog.get_by_role("button", name="上移发言要点").click()
    dialog.get_by_role("button", name="保存").click()

    listed(page, "我的模板").get_by_text("周会 副本").wait_for()
    original, copy = templates(server)["周会"], templates(server)["周会 副本"]
    assert copy["guidance"] == original["guidance"]
    assert copy["parts"] == ["speakers", "overview", *original["parts"][2:]]
    assert (original["version"], copy["version"]) == (1, 1)


def test_sections_are_reordered_by_dragging(page: "Page", server: Server) -> None:
    make(server, "拖动", ["headline", "overview", "decisions"])
    sign_in(page)
    open_templates(page)
    dialog = press(page, "修改", "拖动")
    dialog.locator("li[data-part=decisions]").drag_to(dialog.locator("li[data-part=headline]"))
    dialog.get_by_role("button", name="保存").click()
    page.get_by_text("已保存为第 2 版。").wait_for()

    assert templates(server)["拖动"]["parts"] == ["decisions", "headline", "overview"]


def test_admins_manage_shared_templates(page: "Page", server: Server) -> None:
    create_user(server, "用模板的人")
    sign_in(page)
    open_templates(page, "/admin/templates")
    page.get_by_role("button", name="新建公共模板").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("名称").fill("全公司例会")
    dialog.get_by_role("button", name="保存").click()
    listed(page, "公共模板").get_by_text("全公司例会").wait_for()
    dialog = press(page, "修改", "全公司例会")
    dialog.get_by_label("关注点").fill("看进度。")
    dialog.get_by_role("button", name="保存").click()
    listed(page, "公共模板").get_by_text("第 2 版").wait_for()
    acts = server.client.get("/api/admin/audit", params={"action": "template_saved"}).json()["entries"]
    assert [entry["actor_name"] for entry in acts] == ["chief", "chief"]

    theirs = page.context.browser.new_context(  # type: ignore[union-attr]
        base_url=str(server.client.base_url), locale="zh-CN", reduced_motion="reduce"
    )
    window = theirs.new_page()
    sign_in(window, "用模板的人")
    open_templates(window)
    row = listed(window, "公共模板")
    row.get_by_text("看进度。").wait_for()
    assert row.get_by_role("button").all_inner_texts() == ["复制"]
    theirs.close()

    page.get_by_role("button", name="删除 全公司例会", exact=True).click()
    page.get_by_role("tooltip").get_by_role("button", name="删除").click()
    page.get_by_text("还没有公共模板。").wait_for()
    assert "全公司例会" not in templates(server)


def test_editing_a_template_deleted_elsewhere_shows_an_error(page: "Page", server: Server) -> None:
    key = make(server, "就要没了", ALL)
    sign_in(page)
    open_templates(page)
    dialog = press(page, "修改", "就要没了")
    server.client.delete(f"/api/templates/{key}").raise_for_status()
    dialog.get_by_role("button", name="保存").click()

    dialog.get_by_role("alert").get_by_text("没有这个模板，或者不属于你。").wait_for()
    assert dialog.get_by_label("名称").input_value() == "就要没了"


def test_a_template_and_a_name_changed_elsewhere_are_shown_before_anything_is_replaced(
    page: "Page", server: Server, sound: Path
) -> None:
    key = make(server, "两扇窗", ALL)
    sign_in(page)
    open_templates(page)
    dialog = press(page, "修改", "两扇窗")
    dialog.get_by_label("关注点").fill("我的关注点。")
    body = {"name": "别处的名字", "guidance": "别处的关注点。", "parts": ["overview"]}
    server.client.put(f"/api/templates/{key}", json=body).raise_for_status()

    dialog.get_by_role("button", name="保存").click()
    alert = dialog.get_by_role("alert")
    alert.get_by_text("别处的关注点。").wait_for()
    assert dialog.get_by_label("关注点").input_value() == "我的关注点。"
    assert templates(server)["别处的名字"]["guidance"] == "别处的关注点。"
    alert.get_by_role("button", name="用我的").click()
    dialog.get_by_role("button", name="保存").click()
    page.get_by_text("已保存为第 3 版。").wait_for()
    assert templates(server)["两扇窗"]["guidance"] == "我的关注点。"

    recording, _ = server.upload(sound)
    page.goto("/")
    page.get_by_role("button", name=f"“{sound.stem}”的操作").click()
    page.get_by_role("menuitem", name="重命名").click()
    server.client.patch(f"/api/recordings/{recording}", json={"name": "别处起的"}).raise_for_status()
    page.get_by_label("新名称").fill("我起的")
    page.keyboard.press("Enter")
    page.get_by_role("dialog").filter(has_text="别处起的").get_by_role("button", name="用我的").click()
    page.get_by_role("link", name="我起的").wait_for()


def test_minutes_are_rewritten_with_another_template(page: "Page", server: Server, sound: Path) -> None:
    own = make(server, "行动优先", ["actions", "overview"])
    make(server, "公共周报", ["decisions"], "admin/templates")
    recording, job = server.upload(sound)
    assert server.ended(job)["status"] == "done"
    open_editor(page, recording)
    open_tab(page, "纪要")
    panel = page.get_by_role("region", name="纪要", exact=True)
    panel.get_by_role("combobox", name="模板").click()
    for group in ("我的模板", "公共模板", "内置模板"):
        page.locator(".ant-select-item-group").get_by_text(group, exact=True).wait_for()
    page.get_by_title("行动优先", exact=True).click()
    panel.get_by_text("依次写：待办事项、概要。").wait_for()
    panel.get_by_role("button", name="写纪要").click()
    panel.get_by_role("heading", name="待办事项").wait_for()
    assert panel.get_by_role("heading", level=3).all_inner_texts() == ["待办事项", "概要"]

    panel.get_by_role("combobox", name="模板").click()
    page.get_by_title("公共周报", exact=True).click()
    panel.get_by_role("button", name="用“公共周报”重写").click()
    panel.get_by_title("第 2 份 · 公共周报").wait_for()
    panel.get_by_role("heading", name="待办事项").wait_for(state="detached")
    assert panel.get_by_role("heading", level=3).all_inner_texts() == ["决议"]
    made = server.client.get(f"/api/recordings/{recording}/minutes/versions").json()
    assert [one["template"]["name"] for one in made] == ["公共周报", "行动优先"]

    body = {"name": "行动优先", "guidance": "", "parts": ["actions"]}
    server.client.put(f"/api/templates/{own}", json=body).raise_for_status()
    page.reload()
    page.get_by_role("list", name="文稿").wait_for()
    open_tab(page, "纪要")
    panel.get_by_role("combobox", name="纪要版本").click()
    page.get_by_title("第 1 份 · 行动优先", exact=True).click()
    panel.get_by_text("这份是按模板第 1 版写的，模板现在是第 2 版。").wait_for()
    assert panel.get_by_role("heading", level=3).all_inner_texts() == ["待办事项", "概要"]

    server.client.delete(f"/api/templates/{own}").raise_for_status()
    panel.get_by_role("button", name="重写纪要").click()
    page.get_by_text("没有这个模板，或者不属于你。").wait_for()
    panel.get_by_text("写这份纪要的模板已经删除，纪要仍在。").wait_for()
    panel.get_by_role("link", name="管理模板").click()
    page.get_by_text("还没有自己的模板。").wait_for()


def test_templates_of_other_users_are_not_visible(page: "Page", server: Server) -> None:
    create_user(server, "另一个人")
    with httpx.Client(base_url=server.client.base_url) as other:
        login = other.post("/api/auth/login", data={"username": "另一个人", "password": PASSWORD}).json()
        bearer = {"Authorization": f"Bearer {login['access_token']}"}
        body = {"name": "别人的模板", "parts": ["overview"]}
        other.post("/api/templates", json=body, headers=bearer).raise_for_status()
    sign_in(page)
    open_templates(page)

    page.get_by_text("还没有自己的模板。").wait_for()
    assert page.get_by_text("别人的模板").count() == 0


@pytest.mark.parametrize(("theme", "width"), [("light", 1360), ("dark", 390)])
def test_axe_finds_nothing_serious_on_the_template_pages(page: "Page", server: Server, theme: str, width: int) -> None:
    if not AXE.exists():
        pytest.skip("axe-core is not installed: run npm ci in frontend/")
    make(server, HOSTILE, ALL)
    make(server, "公共的", ALL, "admin/templates")
    page.emulate_media(color_scheme="dark" if theme == "dark" else "light", reduced_motion="reduce")
    page.set_viewport_size({"width": width, "height": 860})
    sign_in(page)
    found = []
    for path, name in (("/account/templates", HOSTILE), ("/admin/templates", "公共的")):
        open_templates(page, path)
        found += axe(page)
        dialog = press(page, "修改", name)
        found += axe(page)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{path} scrolls sideways"
        dialog.get_by_role("button", name=re.compile("取 ?消")).click()
        dialog.wait_for(state="detached")

    assert not found, "\n".join(found)
    assert page.locator("img[src=x]").count() == 0
