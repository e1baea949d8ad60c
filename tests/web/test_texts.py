"""The texts of the page: every code the server can answer has words in both languages, and both say the same things."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

import backend.app  # noqa: F401  (every error there is has been defined)
from backend.accounts.audit import Action
from backend.errors import AppError
from backend.minutes.templates import BUILT_IN

ROOT = Path(__file__).resolve().parent.parent.parent
LOCALES = ROOT / "frontend" / "src" / "locales"
#: Codes that stand in the code without a class of their own.
_WRITTEN = re.compile(r"""(?:\bcode"?\s*[:=]\s*|EngineError\(\s*|\berror=|_give_up\()"([a-z]+(?:_[a-z]+)*)\"""")


def codes() -> set[str]:
    found: set[str] = set()
    for file in (ROOT / "backend").rglob("*.py"):
        found |= set(_WRITTEN.findall(file.read_text(encoding="utf-8")))
    found |= {"method_not_allowed", "http_error"}

    def below(kind: type[AppError]) -> None:
        found.add(kind.code)
        for one in kind.__subclasses__():
            below(one)

    below(AppError)
    return found


def texts(language: str) -> dict[str, Any]:
    read: dict[str, Any] = json.loads((LOCALES / f"{language}.json").read_text(encoding="utf-8"))
    return read


def flat(value: dict[str, Any], before: str = "") -> dict[str, str]:
    found: dict[str, str] = {}
    for name, one in value.items():
        found |= flat(one, f"{before}{name}.") if isinstance(one, dict) else {f"{before}{name}": one}
    return found


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_every_code_of_the_server_has_words(language: str) -> None:
    assert sorted(codes() - set(texts(language)["errors"])) == []


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_every_act_of_the_audit_log_has_words(language: str) -> None:
    assert sorted({action.value for action in Action} - set(texts(language)["actions"])) == []


def test_built_in_templates_are_called_on_the_page_as_on_the_server() -> None:
    assert texts("zh-CN")["templates"]["names"] == {key: template.name for key, template in BUILT_IN.items()}


def test_both_languages_have_the_same_texts_with_the_same_gaps() -> None:
    zh, en = flat(texts("zh-CN")), flat(texts("en"))

    assert list(zh) == list(en)
    for name in zh:
        assert set(re.findall(r"{{\w+}}", zh[name])) == set(re.findall(r"{{\w+}}", en[name])), name


def test_no_text_is_written_in_the_code() -> None:
    chinese = re.compile(r"[\u4e00-\u9fff]")
    code = [
        file for file in (ROOT / "frontend" / "src").rglob("*.ts*") if not file.name.endswith((".test.ts", "made.ts"))
    ]

    found = {file.name: line.strip() for file in code for line in file.read_text().splitlines() if chinese.search(line)}

    assert found == {"Preferences.tsx": '{language === "en" ? "中文" : "English"}'}  # a language names itself


def test_the_description_of_the_api_is_the_newest() -> None:
    from deploy.openapi import FILE, described

    assert FILE.read_text(encoding="utf-8") == described(), "run: python deploy/openapi.py"
