"""The texts of the page: every code the server can answer has words in both languages, and both say the same things."""

import ast
import json
import re
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

import backend.app  # noqa: F401  (every error there is has been defined)
from backend.accounts.audit import Action
from backend.accounts.keys import Scope
from backend.accounts.tables import Role
from backend.admin.api.users import QuotaChange
from backend.doctor import SAID
from backend.errors import AppError
from backend.housekeeping.sweepers import CLEANERS
from backend.housekeeping.tables import Keeps, Since
from backend.jobs.queue import Limits
from backend.minutes.templates import BUILT_IN
from backend.settings import Registration

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


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_everything_the_doctor_finds_has_words_for_the_same_facts(language: str) -> None:
    found = texts(language)["system"]["found"]

    assert sorted(found) == sorted(SAID)
    for code, english in SAID.items():
        assert set(re.findall(r"{{(\w+)}}", found[code])) == set(re.findall(r"{(\w+)}", english)), code
    assert set(texts(language)["system"]["mends"]) < set(SAID)


def noted() -> Iterator[tuple[str, ast.expr]]:
    """The facts that are written into the audit log, and from what."""
    for file in (ROOT / "backend").rglob("*.py"):
        for call in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if not isinstance(call, ast.Call):
                continue
            name = ast.unparse(call.func)
            notes = name.endswith("note_apart") or (name.endswith("note") and "Action." in ast.unparse(call))
            if notes or name in ("trash.put_in", "trash.delete"):  # these hand what they are told on to a note
                yield from ((one.arg, one.value) for one in call.keywords if one.arg not in (None, "subject", "by"))


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_every_fact_of_the_audit_log_has_words(language: str) -> None:
    facts, told = texts(language)["facts"], list(noted())
    names = {name for name, _ in told} | {one.name for one in fields(Limits)} | set(QuotaChange.model_fields)
    values = {(name, one.value) for name, one in told if isinstance(one, ast.Constant) and one.value is not None}
    enums = {"mode": Registration, "role": Role, "scopes": Scope, "since": Since, "kind": Keeps}
    values |= {(name, one.value) for name, kind in enums.items() for one in kind}
    values |= {("kind", cleaner.kind) for cleaner in CLEANERS}

    assert {"how", "reason", "shows", "username"} < names
    assert names == set(facts["names"])
    assert [(name, one) for name, one in sorted(values) if one not in facts["values"][name]] == []


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
