"""Writes docs/settings.md, its Chinese twin and .env.example from the descriptions in backend/settings.py.

Run it after a change of a setting: `python deploy/settings_page.py`. The Chinese descriptions are in
`deploy/settings.zh-CN.json`; a setting without one ends the program with its name.
"""

import json
import sys
import textwrap
from enum import Enum
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from pydantic.fields import FieldInfo  # noqa: E402
from pydantic_core import PydanticUndefined  # noqa: E402

from backend.settings import Settings  # noqa: E402

CHINESE: dict[str, str] = json.loads((ROOT / "deploy" / "settings.zh-CN.json").read_text(encoding="utf-8"))

#: The first setting of each group, with the title of the group in English and in Chinese.
GROUPS = {
    "secret_key": ("Security and tokens", "安全与令牌"),
    "database_url": ("Database", "数据库"),
    "openai_api_key": ("Language model (optional)", "语言模型（可选）"),
    "hf_token": ("Model downloads (optional, for models fetch only)", "下载模型（可选，只用于 models fetch）"),
    "host": ("Addresses and web page", "地址与网页"),
    "delivery_private_hosts": ("Delivery", "投递"),
    "google_client_id": ("Google sign-in (optional)", "Google 登录（可选）"),
    "job_queue_max_concurrent": ("Jobs", "任务"),
    "uploads_dir": ("Storage", "存储"),
    "transcriber": ("Engines", "引擎"),
    "log_level": ("Logs", "日志"),
    "voices": ("Voices (optional)", "声音（可选）"),
}

#: What stands in a new `.env` without a `#` before it. The values are the defaults.
UNCOMMENTED = {
    *("secret_key", "algorithm", "access_token_expire_minutes", "database_url", "cors_origins"),
    *("job_queue_max_concurrent", "job_queue_max_per_user", "job_queue_max_language", "job_queue_max_size"),
}

EXAMPLE_HEAD = """\
# Copied to .env by ./start_backend.sh, with a SECRET_KEY of its own. Restart the server after a change.
# Lines that begin with # are optional; the values in them are the defaults, or examples where there is no default.
# Written by deploy/settings_page.py from the descriptions in backend/settings.py.
"""

#: Only what stands between these two lines of a page is written; the rest is edited by hand.
FIRST, LAST = "<!-- written by deploy/settings_page.py -->\n", "<!-- end -->\n"


def pages() -> dict[Path, str]:
    """Every file this script writes, with its text."""
    return {
        ROOT / "docs" / "settings.md": _page("settings.md", ("setting", "default", "meaning"), chinese=False),
        ROOT / "docs" / "settings.zh-CN.md": _page("settings.zh-CN.md", ("设置", "默认值", "含义"), chinese=True),
        ROOT / ".env.example": _example(),
    }


def _fields() -> dict[str, FieldInfo]:
    """Every setting; those that `Settings` takes from another class come last."""
    own, fields = Settings.__annotations__, Settings.model_fields
    return dict(sorted(fields.items(), key=lambda item: item[0] not in own))


def _page(name: str, columns: tuple[str, ...], *, chinese: bool) -> str:
    head, _, rest = (ROOT / "docs" / name).read_text(encoding="utf-8").partition(FIRST)
    tail = rest.partition(LAST)[2]
    parts = [head, FIRST]
    for setting, field in _fields().items():
        if setting in GROUPS:
            parts.append(f"\n## {GROUPS[setting][chinese]}\n\n| {' | '.join(columns)} |\n|---|---|---|\n")
        meaning = CHINESE[setting] if chinese else str(field.description)
        if limits := _limits(field):
            meaning += f"（{limits}）" if chinese else f" ({limits})"
        default = _default(field)
        shown = f"`{default}`" if default else "–"
        parts.append(f"| `{setting.upper()}` | {shown} | {meaning} |\n")
    return "".join([*parts, "\n", LAST, tail])


def _example() -> str:
    lines = [EXAMPLE_HEAD]
    for name, field in _fields().items():
        if name in GROUPS:
            lines.append(f"\n# --- {GROUPS[name][0]}\n")
        lines += [f"# {line}\n" for line in textwrap.wrap(str(field.description).replace("`", ""), 116)]
        value = _default(field) or next(iter(field.examples or []), "")
        lines.append(f"{'' if name in UNCOMMENTED else '# '}{name.upper()}={value}\n")
    return "".join(lines)


def _default(field: FieldInfo) -> str:
    value: Any = field.default
    if value is None or value is PydanticUndefined:
        return ""
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return ",".join(value)
    return f"{value:g}" if isinstance(value, float) else str(value)


def _limits(field: FieldInfo) -> str:
    """Such as "≥ 1, ≤ 365"; empty if every value is allowed."""
    found = {}
    for rule in field.metadata:
        for name in ("ge", "gt", "le"):
            if (limit := getattr(rule, name, None)) is not None:
                found[name] = limit
    text = ""
    if "ge" in found:
        text = f"≥ {found['ge']:g}"
    if "gt" in found:
        text = f"> {found['gt']:g}"
    if "le" in found:
        text += f", ≤ {found['le']:g}"
    return text


if __name__ == "__main__":
    if missing := sorted(set(Settings.model_fields) ^ set(CHINESE)):
        sys.exit(f"deploy/settings.zh-CN.json does not match the settings: {', '.join(missing)}")
    for path, text in pages().items():
        path.write_text(text, encoding="utf-8")
