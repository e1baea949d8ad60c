"""The admin console, in a real browser."""

import csv
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest

from backend.weights.catalogue import MODELS
from tests.language_server import KEY, MODEL, Reply, fault, serve_language
from tests.serving import PASSWORD, Server, until
from tests.web.conftest import sign_in
from tests.web.test_accounts import create_user
from tests.web.test_journeys import AXE, axe

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page


@pytest.fixture
def recording(server: Server, sound: Path) -> str:
    recording, job = server.upload(sound)
    assert server.ended(job)["status"] == "done"
    return recording


def row(page: "Page", text: str) -> "Locator":
    return page.get_by_role("row").filter(has_text=text)


def choose(page: "Page", what: str, option: str) -> None:
    page.get_by_role("combobox", name=what, exact=True).click()
    page.locator(".ant-select-item-option").get_by_text(option, exact=True).click()


def act(page: "Page", name: str, item: str) -> None:
    page.get_by_role("button", name=f"“{name}”的操作").click()
    page.get_by_role("menuitem", name=item).click()


def may_sign_in(server: Server, name: str, password: str = PASSWORD) -> bool:
    answer = httpx.post(f"{server.client.base_url}/api/auth/login", data={"username": name, "password": password})
    return answer.status_code == 200


def test_users_without_a_role_cannot_open_the_console(page: "Page", server: Server) -> None:
    create_user(server, "没有权限")
    sign_in(page, "没有权限")
    assert page.get_by_role("link", name="管理").count() == 0

    page.goto("/admin/system")

    page.get_by_role("heading", name="录音库").wait_for()


def test_users_are_found_by_name_role_and_state(page: "Page", server: Server) -> None:
    create_user(server, "查找甲")
    create_user(server, "查找乙", "admin")
    sign_in(page)
    page.goto("/admin")
    page.get_by_role("searchbox", name="按用户名搜索").fill("查找")
    page.keyboard.press("Enter")
    row(page, "chief").wait_for(state="detached")
    for found in ("查找甲", "查找乙"):
        row(page, found).wait_for()
    assert page.get_by_role("row").count() == 3  # with the head

    choose(page, "角色", "管理员")
    row(page, "查找甲").wait_for(state="detached")
    row(page, "查找乙").wait_for()
    choose(page, "状态", "停用")
    page.get_by_text("没有符合条件的用户。").wait_for()


def test_an_admin_changes_role_quota_name_and_password(page: "Page", server: Server) -> None:
    id = create_user(server, "改来改去")
    sign_in(page)
    page.goto("/admin")
    choose(page, "改来改去的角色", "管理员")
    page.get_by_text("已保存。").wait_for()

    act(page, "改来改去", "名称与配额")
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("本月转写时长").fill("90")
    dialog.get_by_label("存储空间").fill("1.5")
    dialog.get_by_role("button", name="保存").click()
    dialog.wait_for(state="detached")
    quotas = server.client.get(f"/api/admin/users/{id}/quotas").json()["own"]
    assert quotas == {"minutes_a_month": 90, "stored_bytes": 1.5 * 10**9, "queued_jobs": None}

    act(page, "改来改去", "名称与配额")
    dialog.get_by_label("用户名").fill("Chief")
    dialog.get_by_role("button", name="保存").click()
    dialog.get_by_role("alert").get_by_text("这个用户名已经有人用了。").wait_for()
    dialog.get_by_label("用户名").fill("改了名字")
    dialog.get_by_role("button", name="保存").click()
    row(page, "改了名字").wait_for()

    act(page, "改了名字", "重置密码")
    dialog.get_by_label("新密码").fill("换过的很长的密码 44")
    dialog.get_by_role("button", name="保存").click()
    page.get_by_text("密码已重置。").wait_for()
    assert may_sign_in(server, "改了名字", "换过的很长的密码 44")
    assert server.client.get("/api/admin/users", params={"text": "改了名字", "role": "admin"}).json()["total"] == 1


def test_an_admin_ends_all_sessions_of_a_user(page: "Page", server: Server) -> None:
    create_user(server, "被请出去")
    theirs = httpx.Client(base_url=server.client.base_url)
    token = theirs.post("/api/auth/login", data={"username": "被请出去", "password": PASSWORD}).json()["access_token"]
    sign_in(page)
    page.goto("/admin")
    act(page, "被请出去", "结束全部登录")
    page.get_by_role("dialog").get_by_role("button", name=re.compile("确 ?定")).click()
    page.get_by_text("已结束全部登录。").wait_for()

    assert theirs.get("/api/auth/me", headers={"Authorization": f"Bearer {token}"}).status_code == 401
    theirs.close()


def test_recordings_of_a_deleted_user_are_transferred(page: "Page", server: Server, sound: Path) -> None:
    create_user(server, "要走的人")
    new_owner = create_user(server, "接手的人")
    theirs = {"username": "要走的人", "password": PASSWORD}
    with httpx.Client(base_url=server.client.base_url, timeout=30) as leaving, sound.open("rb") as file:
        token = leaving.post("/api/auth/login", data=theirs).json()["access_token"]
        bearer = {"Authorization": f"Bearer {token}"}
        job = leaving.post(
            "/api/recordings", data={"allow_duplicate": "true"}, files={"file": (sound.name, file)}, headers=bearer
        ).json()["job"]["id"]
        until(lambda: leaving.get(f"/api/jobs/{job}", headers=bearer).json()["status"] == "done")
    sign_in(page)
    page.goto("/admin")
    act(page, "要走的人", "删除用户")
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="删除用户").click()
    dialog.get_by_text("请选择怎样处理录音。").wait_for()
    dialog.get_by_label("交给另一个用户").check()
    dialog.get_by_role("combobox", name="接收人").fill("接手")
    page.locator(".ant-select-item-option").get_by_text("接手的人").click()
    dialog.get_by_role("button", name="删除用户").click()
    page.get_by_text("已删除。").wait_for()

    row(page, "要走的人").wait_for(state="detached")
    assert not may_sign_in(server, "要走的人")
    assert server.client.get(f"/api/admin/users/{new_owner}/quotas").json()["used_stored_bytes"] > 0


def test_jobs_are_filtered_by_state_and_retried(page: "Page", server: Server, recording: str) -> None:
    sign_in(page)
    page.goto("/admin/jobs")
    jobs = page.get_by_role("table")
    jobs.get_by_text("已完成").first.wait_for()
    assert "录音" not in jobs.inner_text()  # recording names are private
    choose(page, "状态", "失败")
    page.get_by_text("没有符合条件的任务。").wait_for()
    choose(page, "状态", "已完成")
    jobs.get_by_role("button", name="chief的任务（已完成）的操作").first.click()
    page.get_by_role("menuitem", name="重试").click()

    page.get_by_text("已重新排队。").wait_for()
    retried = server.client.get("/api/admin/audit", params={"action": "job_retried"}).json()["entries"]
    assert [entry["actor_name"] for entry in retried][:1] == ["chief"]


def test_a_queued_job_is_moved_to_the_front(browser: "Browser", sound: Path, tmp_path: Path) -> None:
    (tmp_path / "script.json").write_text(json.dumps({"transcribe": {"steps": {"2": {"hang": True}}}}))
    server = Server(tmp_path, SCRIPT=str(tmp_path / "script.json"), JOB_QUEUE_MAX_CONCURRENT="1")
    server.start()
    try:
        jobs = [server.upload(sound)[1] for _ in range(3)]
        until(lambda: server.job(jobs[0])["status"] == "running")
        page = browser.new_page(base_url=str(server.client.base_url), locale="zh-CN", reduced_motion="reduce")
        sign_in(page)
        page.goto("/admin/jobs")
        last = page.get_by_role("row").filter(has_text="第 2 位")
        last.get_by_role("button").click()
        page.get_by_role("menuitem", name="移到最前").click()
        page.get_by_text("已移到最前。").wait_for()
        assert [server.job(job)["position"] for job in jobs[1:]] == [2, 1]

        page.get_by_role("row").filter(has_text="识别文字").get_by_role("button").click()
        page.get_by_role("menuitem", name="取消任务").click()
        page.get_by_role("dialog").get_by_role("button", name="取消任务").click()
        until(lambda: server.job(jobs[0])["status"] == "cancelled")
        until(lambda: server.job(jobs[2])["status"] == "running")
        page.close()
    finally:
        server.close()


def test_queue_limits_apply_at_once(page: "Page", server: Server) -> None:
    sign_in(page)
    page.goto("/admin/jobs")
    page.get_by_label("最多排队").fill("7")
    page.get_by_role("button", name="保存").click()
    page.get_by_text("已生效，不影响正在运行的任务。").wait_for()
    assert server.client.get("/api/queue").json()["max_size"] == 7

    page.get_by_role("button", name="恢复设置值").click()
    page.get_by_role("button", name="恢复设置值").wait_for(state="detached")
    assert server.client.get("/api/queue").json()["max_size"] == 50


def test_an_engine_is_restarted_and_unloaded(page: "Page", server: Server, recording: str) -> None:
    sign_in(page)
    page.goto("/admin/engines")
    engine = (
        page.get_by_role("list", name="引擎", exact=True).get_by_role("listitem").filter(has_text="scripted-diarizer")
    )
    engine.get_by_text("空闲").wait_for()
    before = _engine(server)["pid"]
    engine.get_by_role("button", name="重启").click()
    page.get_by_role("tooltip").get_by_role("button", name="重启").click()
    page.get_by_text("已重启。").wait_for()
    assert _engine(server)["pid"] not in (before, None)

    engine.get_by_role("button", name="卸载").click()
    page.get_by_role("tooltip").get_by_role("button", name="卸载").click()
    engine.get_by_text("未加载").wait_for()
    assert _engine(server)["alive"] is False


def test_every_model_is_listed_with_its_licence(page: "Page") -> None:
    sign_in(page)
    page.goto("/admin/engines")
    models = page.get_by_role("list", name="模型与许可").get_by_role("listitem")
    models.first.wait_for()

    assert models.count() == len(MODELS)
    assert all("许可：" in text for text in models.all_inner_texts())
    assert models.filter(has_text="pyannote-community-1").get_by_text("CC-BY-4.0").count() > 0


def test_the_language_model_is_tested_from_the_console(page: "Page", browser: "Browser", tmp_path: Path) -> None:
    sign_in(page)
    page.goto("/admin/language-model")
    page.get_by_text("没有设置语言模型").wait_for()

    with serve_language(lambda _asked: Reply({"ok": True})) as language:
        settings = {"OPENAI_BASE_URL": language.url, "OPENAI_API_KEY": KEY, "OPENAI_MODEL_NAME": MODEL}
        server = Server(tmp_path, **settings, OPENAI_ALLOW_PRIVATE="true")
        server.start()
        try:
            page = browser.new_page(base_url=str(server.client.base_url), locale="zh-CN", reduced_motion="reduce")
            sign_in(page)
            page.goto("/admin/language-model")
            page.get_by_role("button", name="测试").click()
            page.get_by_role("status").get_by_text("语言模型应答正常。").wait_for()
            language.script = lambda _asked: fault(401)
            page.get_by_role("button", name="测试").click()
            page.get_by_role("alert").get_by_text("语言模型不接受服务器的密钥").wait_for()
            assert KEY not in page.content()
            page.close()
        finally:
            server.close()


def test_disk_usage_is_shown_and_cleaned_up(page: "Page", server: Server, sound: Path) -> None:
    recording, job = server.upload(sound)
    server.ended(job)
    server.client.delete(f"/api/recordings/{recording}").raise_for_status()
    sign_in(page)
    page.goto("/admin/storage")
    page.get_by_role("list", name="按类型").get_by_text("回收站").wait_for()
    row(page, "chief").wait_for()
    page.get_by_role("button", name="预览可清理的内容").click()
    page.get_by_role("checkbox", name="所有人的回收站").check()
    page.get_by_role("button", name="清理所选").click()
    page.get_by_role("tooltip").get_by_role("button", name="删除").click()

    page.get_by_role("status").get_by_text("清理完成，腾出").wait_for()
    assert server.client.get("/api/trash").json()["total"] == 0
    until(lambda: server.nothing_left_of(recording))


def test_a_retention_rule_is_previewed_before_it_is_saved(page: "Page", server: Server, recording: str) -> None:
    sign_in(page)
    page.goto("/admin/storage")
    page.get_by_label("中间文件：多少天后清理").fill("3000")
    page.get_by_role("button", name="预览：中间文件").click()
    page.get_by_role("status").get_by_text("现在没有会被清理的。").wait_for()
    page.get_by_role("button", name="保存：中间文件").click()
    page.get_by_role("tooltip").get_by_role("button", name="保存").click()
    page.get_by_text("规则已保存。").wait_for()

    saved = {rule["kind"]: rule["days"] for rule in server.client.get("/api/admin/retention").json()["rules"]}
    assert saved["artifacts"] == 3000
    server.client.put("/api/admin/retention/artifacts", json={"days": None, "since": "uploaded"}).raise_for_status()


def test_statistics_are_shown_in_charts_and_in_a_table(page: "Page", recording: str) -> None:
    sign_in(page)
    page.goto("/admin/figures")
    for chart in ("排队和等待引擎", "失败率", "转写分钟数"):
        page.get_by_role("img", name=chart).locator("svg path").first.wait_for(state="attached")
    today = page.get_by_role("table").get_by_role("row").nth(1)
    today.get_by_role("cell").nth(5).wait_for()
    cells = today.get_by_role("cell").all_inner_texts()

    assert float(cells[1]) > 0
    assert int(cells[2]) > 0
    page.get_by_text("90 天", exact=True).click()
    page.get_by_role("listitem", name="9", exact=True).wait_for()  # ten days a page


def test_the_audit_log_is_filtered_paged_and_exported(page: "Page", server: Server) -> None:
    for number in range(60):
        made = server.client.post("/api/auth/keys", json={"name": f"key {number}", "scopes": ["read"]})
        server.client.delete(f"/api/auth/keys/{made.raise_for_status().json()['id']}").raise_for_status()
    sign_in(page)
    page.goto("/admin/audit")
    choose(page, "操作", "新建 API 密钥")
    page.get_by_text("名称：key 10 · 权限：读取").wait_for()  # the last of fifty filtered entries
    assert page.get_by_text("名称：key 3 ·").count() == 0
    page.get_by_role("button", name="更早的").click()
    page.get_by_text("名称：key 3 ·").wait_for()

    with page.expect_download() as downloaded:
        page.get_by_role("button", name="导出 CSV").click()
    with Path(downloaded.value.path()).open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert {entry["action"] for entry in rows} == {"key_created"}
    assert len(rows) >= 60

    page.get_by_label("到", exact=True).click()
    page.get_by_role("columnheader", name="一", exact=True).wait_for()  # the calendar is in Chinese
    page.get_by_label("到", exact=True).fill("2020-01-02")
    page.get_by_label("到", exact=True).press("Enter")
    page.get_by_text("没有符合条件的记录。").wait_for()
    page.get_by_label("从", exact=True).fill("2020-01-03")  # days after the end date are disabled
    page.get_by_label("从", exact=True).press("Enter")
    page.keyboard.press("Escape")
    assert page.get_by_label("从", exact=True).input_value() == ""


def test_the_system_check_is_shown_in_chinese_and_repeated(page: "Page") -> None:
    sign_in(page)
    page.goto("/admin/system")
    lines = page.get_by_role("list", name="系统").get_by_role("listitem")
    lines.filter(has_text="数据库").get_by_role("img", name="正常").wait_for()
    lines.filter(has_text="FFmpeg").wait_for()
    # No English sentence of the server is shown, only names and numbers.
    assert [text for text in lines.all_inner_texts() if re.search(r"\b(is|the|of|are|it|not|there)\b", text)] == []
    assert "应答正常" in lines.filter(has_text="数据库").inner_text()
    with page.expect_response("**/api/admin/system"):
        page.get_by_role("button", name="重新检查").click()


@pytest.mark.parametrize(("theme", "width"), [("light", 1360), ("dark", 390)])
def test_axe_finds_nothing_serious_on_the_console_pages(
    page: "Page", server: Server, recording: str, theme: str, width: int
) -> None:
    if not AXE.exists():
        pytest.skip("axe-core is not installed: run npm ci in frontend/")
    found = []
    page.emulate_media(color_scheme="dark" if theme == "dark" else "light", reduced_motion="reduce")
    page.set_viewport_size({"width": width, "height": 860})
    sign_in(page)
    for path, there in _PAGES.items():
        page.goto(path)
        page.get_by_text(there).first.wait_for()
        found += axe(page)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{path} scrolls sideways"

    assert not found, "\n".join(found)


#: A text on each page that appears once everything is loaded.
_PAGES = {
    "/admin": "超级管理员",
    "/admin/jobs": "已完成",
    "/admin/engines": "pyannote-community-1",
    "/admin/language-model": "没有设置语言模型",
    "/admin/storage": "按用户",
    "/admin/figures": "每天的数字",
    "/admin/audit": "方式：密码",
    "/admin/system": "FFmpeg",
}


def _engine(server: Server) -> dict[str, object]:
    engines: list[dict[str, object]] = server.client.get("/api/admin/engines").json()
    return next(engine for engine in engines if engine["name"] == "scripted-diarizer")
