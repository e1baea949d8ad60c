"""Takes screenshots for docs/screens: `python -m tests.web.screens [name ...]`. Build the page first."""

import io
import json
import re
import shutil
import sqlite3
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any
from uuid import uuid4

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from tests.language_server import KEY, MODEL, ModelRequest, Reply, serve_language
from tests.minutes.models import is_section, lines_of
from tests.serving import PASSWORD, ROOT, Server
from tests.web.sounds import talk

FOLDER = ROOT / "docs" / "screens"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")

#: Recordings longer than two minutes never finish, so that running jobs are visible.
_HANG = {"40": {"hang": True}}

WIDE = {"width": 1280, "height": 800}
PHONE = {"width": 390, "height": 844}


Steps = Callable[[Page, dict[str, str]], None]


@dataclass(frozen=True, slots=True)
class Screen:
    """`address` may contain {recording}, {broken} and {share}; `steps` prepare what is shown."""

    address: str
    steps: Steps = lambda page, known: None
    size: dict[str, int] | None = None
    dark: bool = False
    signed_in: bool = True


def _tab(name: str) -> Steps:
    def steps(page: Page, _known: dict[str, str]) -> None:
        page.get_by_role("radiogroup", name="侧栏").get_by_text(name, exact=True).click()

    return steps


def _press(name: str) -> Steps:
    def steps(page: Page, _known: dict[str, str]) -> None:
        page.get_by_role("button", name=name).first.click()
        page.get_by_role("dialog").last.wait_for()

    return steps


def _repair(page: Page, known: dict[str, str]) -> None:
    _tab("校对")(page, known)
    page.get_by_role("radiogroup", name="校对").get_by_text("断句", exact=True).click()
    page.get_by_role("list", name="修复建议").get_by_role("button", name="不采用").last.wait_for()


def _choose_files(page: Page, known: dict[str, str]) -> None:
    _press("上传录音")(page, known)
    dialog = page.get_by_role("dialog").last
    files = [Path(known["folder"]) / name for name in ("产品规划会.wav", "招聘面试 后端.wav")]
    dialog.locator("input[type=file]").first.set_input_files(files)
    dialog.get_by_text("合成一场会议").click()


def _compare(page: Page, _known: dict[str, str]) -> None:
    page.get_by_role("button", name="版本", exact=True).click()
    page.get_by_role("dialog").get_by_role("button", name="查看修改").first.click()


def _enter(page: Page, known: dict[str, str]) -> None:
    page.get_by_label("请输入分享者给你的访问码。").fill(known["code"])
    page.get_by_role("button", name="打开").click()
    page.get_by_role("heading").first.wait_for()


SCREENS = {
    "sign-in": Screen("/sign-in", signed_in=False),
    "library": Screen("/"),
    "library-phone": Screen("/", size=PHONE),
    "search": Screen("/search?q=接口"),
    "search-phone": Screen("/search?q=接口", size=PHONE, dark=True),
    "record": Screen("/record"),
    "trash": Screen("/trash"),
    "upload": Screen("/", _choose_files),
    "recording": Screen("/recordings/{recording}", _tab("纪要")),
    "recording-dark": Screen("/recordings/{recording}", dark=True),
    "recording-phone": Screen("/recordings/{recording}", size=PHONE),
    "repair": Screen("/recordings/{broken}", _repair),
    "repair-dark": Screen("/recordings/{broken}", _repair, dark=True),
    "repair-phone": Screen("/recordings/{broken}", _repair, size=PHONE),
    "versions": Screen("/recordings/{recording}", _compare),
    "export": Screen("/recordings/{recording}", _press("导出")),
    "share-phone": Screen("/s/{share}", _enter, size=PHONE, signed_in=False),
    "account": Screen("/account"),
    "templates": Screen("/account/templates"),
    "template": Screen("/account/templates", _press("修改 销售复盘")),
    "template-phone": Screen("/account/templates", _press("修改 销售复盘"), size=PHONE, dark=True),
    "console-users": Screen("/admin"),
    "console-jobs": Screen("/admin/jobs"),
    "console-engines": Screen("/admin/engines"),
    "console-language-model": Screen("/admin/language-model"),
    "console-templates": Screen("/admin/templates"),
    "console-storage": Screen("/admin/storage"),
    "console-figures": Screen("/admin/figures"),
    "console-audit": Screen("/admin/audit", dark=True),
    "console-system": Screen("/admin/system"),
}


def main(chosen: list[str]) -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, _serve(Path(folder)) as server, sync_playwright() as started:
        known = _seed(server)
        browser = started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        for name in chosen or SCREENS:
            _screenshot(browser, server, SCREENS[name], known, FOLDER / f"{name}.png")
        browser.close()


@contextmanager
def _serve(folder: Path) -> Iterator[Server]:
    """A server with a language model that gives good answers."""
    with serve_language(_answer) as language:
        script = folder / "script.json"
        script.write_text(json.dumps({"transcribe": {"steps": _HANG}, "diarize": {"steps": _HANG}}))
        settings = {
            "SCRIPT": str(script),
            "OPENAI_BASE_URL": language.url,
            "OPENAI_API_KEY": KEY,
            "OPENAI_MODEL_NAME": MODEL,
        }
        server = Server(folder, **settings, OPENAI_ALLOW_PRIVATE="true", MODELS_DIR=str(ROOT / "models"))
        server.start()
        try:
            yield server
        finally:
            server.close()


def _seed(server: Server) -> dict[str, str]:
    """Create users, recordings and results; return the values used in addresses."""
    for name, role in (("李工", "admin"), ("王芳", "user"), ("陈晨", "user")):
        server.client.post("/api/admin/users", json={"username": name, "password": PASSWORD, "role": role})
    server.client.post("/api/auth/register", json={"username": "新同事", "password": PASSWORD})
    recordings = []
    for name, seconds in (("三季度预算评审.wav", 42), ("客户访谈 华东.wav", 36), ("项目例会 11-20.wav", 58)):
        recording, job = server.upload(talk(server.folder / name, seconds))
        assert server.ended(job)["status"] == "done"
        recordings.append(recording)
    _, broken, recording = recordings
    deleted, _ = server.upload(talk(server.folder / "试音.wav", 8))
    server.client.delete(f"/api/recordings/{deleted}").raise_for_status()
    address = f"/api/recordings/{recording}"
    _name_speakers(server, address)
    for kind in ("polish", "minutes"):
        job = server.client.post(f"{address}/{kind}", json={}).raise_for_status().json()["id"]
        assert server.ended(job)["status"] == "done", server.job(job)
    _break_segments(server, f"/api/recordings/{broken}")
    _make_templates(server)
    share = server.client.post(f"{address}/shares", json={"transcript": True, "audio": True, "minutes": True}).json()
    _remember_days(server)
    for name in ("产品规划会.wav", "招聘面试 后端.wav"):
        server.upload(talk(server.folder / name, 200))
    return {
        "recording": recording,
        "broken": broken,
        "share": share["id"],
        "code": share["access_code"],
        "folder": str(server.folder),
    }


def _name_speakers(server: Server, address: str, broken: Sequence[str] = ()) -> None:
    """Name the speakers; move the `broken` ends of segments to the start of the next one."""
    now = server.client.get(f"{address}/transcript").json()
    names = dict(zip((one["id"] for one in now["document"]["speakers"]), ("张敏", "李工", "王芳"), strict=False))
    for speaker in now["document"]["speakers"]:
        speaker["name"] = names.get(speaker["id"])
    segments = now["document"]["segments"]
    for one, following in pairwise(segments):
        for piece in broken:
            if one["text"].endswith(piece):
                one.update(text=one["text"].removesuffix(piece), words=[])
                following.update(text=piece + following["text"], words=[])
    body = {"based_on": now["number"], "document": {key: now["document"][key] for key in ("speakers", "segments")}}
    server.client.put(f"{address}/transcript", json=body).raise_for_status()


def _break_segments(server: Server, address: str) -> None:
    _name_speakers(server, address, _BROKEN)
    job = server.client.post(f"{address}/repair").raise_for_status().json()["id"]
    assert server.ended(job)["status"] == "done", server.job(job)


def _make_templates(server: Server) -> None:
    sales = "这是销售复盘：关注成交与丢单的原因、竞品、客户原话和下一步。"
    parts = ["headline", "decisions", "actions", "overview", "topics"]
    server.client.post(
        "/api/templates", json={"name": "销售复盘", "guidance": sales, "parts": parts}
    ).raise_for_status()
    retro = {
        "name": "迭代回顾",
        "guidance": "做得好的、可以更好的、下个迭代要改的。",
        "parts": ["overview", "actions", "speakers"],
    }
    key = server.client.post("/api/templates", json=retro).raise_for_status().json()["key"]
    server.client.put(f"/api/templates/{key}", json=retro).raise_for_status()
    board = {
        "name": "部门例会",
        "guidance": "关注各组的进展、风险和需要别组配合的事。",
        "parts": ["headline", "speakers", "actions", "questions"],
    }
    server.client.post("/api/admin/templates", json=board).raise_for_status()


def _remember_days(server: Server) -> None:
    """Jobs of the past month for the statistics."""
    with closing(sqlite3.connect(server.folder / "server.db", timeout=30)) as database, database:
        database.row_factory = sqlite3.Row
        row = dict(database.execute("SELECT * FROM jobs WHERE kind = 'transcript' LIMIT 1").fetchone())
        for day in range(1, 30):
            for number in range(3 + day * 7 % 5):
                due, wait = (f"-{day} days",), (f"-{day} days", f"+{2 + day * 13 % 17 + number} seconds")
                failed = (day + number) % 17 == 0
                row |= {"id": uuid4().hex, "status": "failed" if failed else "done"}
                row |= {"error_code": "engine_died" if failed else None}
                for column in ("created_at", "not_before"):
                    row[column] = _time_shifted(database, *due)
                for column in ("started_at", "finished_at", "beat_at"):
                    row[column] = _time_shifted(database, *wait)
                places = ", ".join("?" * len(row))
                database.execute(f"INSERT INTO jobs ({', '.join(row)}) VALUES ({places})", list(row.values()))  # noqa: S608


def _time_shifted(database: sqlite3.Connection, *by: str) -> str:
    places = ", ".join("?" * len(by))
    found = database.execute(f"SELECT strftime('%Y-%m-%d %H:%M:%f000', 'now', {places})", by).fetchone()
    return str(found[0])


def _screenshot(browser: Browser, server: Server, screen: Screen, known: dict[str, str], path: Path) -> None:
    size = screen.size or WIDE
    context = browser.new_context(
        base_url=str(server.client.base_url),
        locale="zh-CN",
        timezone_id="Asia/Shanghai",
        viewport=size,  # type: ignore[arg-type]
        color_scheme="dark" if screen.dark else "light",
        reduced_motion="reduce",
        device_scale_factor=2 if size is PHONE else 1,
    )
    page = context.new_page()
    if screen.signed_in:
        page.goto("/sign-in")
        page.get_by_label("用户名").fill("chief")
        page.get_by_label("密码").fill(PASSWORD)
        page.get_by_role("button", name="登录", exact=True).click()
        page.get_by_role("heading", name="录音库").wait_for()
    page.goto(screen.address.format(**known))
    page.wait_for_load_state("networkidle")
    screen.steps(page, known)
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(
        700
    )  # a picture shows whatever there is: charts and waveforms tell nobody when they are drawn
    _save(page.screenshot(), path)
    context.close()


def _save(picture: bytes, path: Path) -> None:
    """Save with 256 colors: a third of the size without a visible difference."""
    colours = Image.open(io.BytesIO(picture)).convert("RGB").quantize(256, dither=Image.Dither.NONE)
    colours.save(path, optimize=True)
    print(path.relative_to(ROOT), path.stat().st_size // 1000, "kB")


#: Minutes of `backend/engines/demo.json`: a text, and words of the line it cites.
_OVERVIEW = (
    ("语音转写的接口已联调完，两小时的录音约十分钟出结果。", "联调"),
    ("20 个文件的准确率高于上个月。", "20 个文件"),
)
_DECISIONS = (("重叠的部分下周单独标出来。", "重叠"), ("发言人改一次名，整篇文稿和字幕一起更新。", "改一次"))
_ACTIONS = (("把多人同时说话的部分标出来", "重叠", "下周"), ("周五下午三点再过一遍", "周五下午", "周五"))


#: Ends of sentences that are assigned to the wrong speaker.
_BROKEN = ("本的进度。", "十分钟可以出结果。", "问题吗？")


def _answer(request: ModelRequest) -> Reply:
    lines = lines_of(request)
    if "被切错的段落" in request.system:
        found = [(number, piece) for number, _, text in lines for piece in _BROKEN if text.startswith(piece)]
        moves: list[dict[str, Any]] = [{"do": "move", "n": number - 1, "t": piece} for number, piece in found]
        return Reply({"repairs": moves})
    if "校订" in request.system:
        return Reply({"lines": [{"n": number, "t": re.sub("嗯，|好的，", "", text)} for number, _, text in lines]})
    if not is_section(request):
        return Reply(_whole(request))

    def line(words: str) -> tuple[int, int]:
        return next(((number, voice) for number, voice, text in lines if words in text), (lines[0][0], lines[0][1]))

    def statements(pairs: tuple[tuple[str, str], ...]) -> list[dict[str, Any]]:
        return [{"t": text, "n": [line(words)[0]]} for text, words in pairs]

    return Reply(
        {
            "summary": statements(_OVERVIEW),
            "topics": [{"t": "新版本的进度", "n": [lines[0][0], lines[-1][0]], "points": statements(_OVERVIEW)}],
            "decisions": statements(_DECISIONS),
            "actions": [
                {"t": text, "who": f"@{line(words)[1]}", "when": when, "n": [line(words)[0]]}
                for text, words, when in _ACTIONS
            ],
            "questions": statements((("两人同时说话时分段不太准，何时解决？", "同时说话"),)),
            "speakers": [],
            "keywords": ["联调", "准确率", "重叠"],
        }
    )


def _whole(request: ModelRequest) -> dict[str, Any]:
    notes = [
        ([int(number) for number in numbers.split()], text)
        for numbers, text in re.findall(r"^\[([\d ]+)\] (.*)$", request.prompt, re.MULTILINE)
    ]
    numbers = notes[0][0]
    return {
        "title": "项目例会",
        "headline": {"t": "新版本的转写接口已联调完成，重叠的部分下周单独标出来。", "n": numbers},
        "overview": [{"t": text, "n": rests} for rests, text in notes[:2]],
        "speakers": [],
        "keywords": ["联调", "准确率", "重叠"],
    }


if __name__ == "__main__":
    main(sys.argv[1:])
