"""The locale files: every code the server can send has a text in both languages, and both have the same keys."""

import ast
import json
import re
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

import backend.app  # noqa: F401  (defines every error)
from backend.accounts.audit import Action
from backend.accounts.keys import Scope
from backend.accounts.tables import Role
from backend.admin.api.users import QuotaChange
from backend.doctor import MESSAGES
from backend.engines.registry import ENGINES
from backend.errors import FIELD_PROBLEMS, AppError
from backend.housekeeping.sweepers import CLEANERS
from backend.housekeeping.tables import RetentionKind, RetentionStart
from backend.jobs.queue import Limits
from backend.minutes.templates import BUILT_IN
from backend.settings import Registration

ROOT = Path(__file__).resolve().parent.parent.parent
LOCALES = ROOT / "frontend" / "src" / "locales"
#: Error codes written in the code without a class of their own.
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
def test_every_error_code_has_a_text(language: str) -> None:
    assert sorted(codes() - set(texts(language)["errors"])) == []


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_every_engine_has_a_line_that_says_what_it_is_good_for(language: str) -> None:
    assert sorted(texts(language)["engineAbout"]) == sorted([*ENGINES, "whisper-own"])


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_every_audit_action_has_a_text(language: str) -> None:
    assert sorted({action.value for action in Action} - set(texts(language)["actions"])) == []


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_every_system_finding_has_a_text_with_the_same_facts(language: str) -> None:
    found = texts(language)["system"]["found"]

    assert sorted(found) == sorted(MESSAGES)
    for code, english in MESSAGES.items():
        assert set(re.findall(r"{{(\w+)}}", found[code])) == set(re.findall(r"{(\w+)}", english)), code
    assert set(texts(language)["system"]["mends"]) < set(MESSAGES)


def audit_facts() -> Iterator[tuple[str, ast.expr]]:
    """The facts written to the audit log, with the expressions of their values."""
    for file in (ROOT / "backend").rglob("*.py"):
        for call in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if not isinstance(call, ast.Call):
                continue
            name = ast.unparse(call.func)
            notes = name.endswith("note_in_own_transaction") or (
                name.endswith("note") and "Action." in ast.unparse(call)
            )
            if notes or name in (
                "trash.move_to_trash",
                "trash.delete",
            ):  # these pass their keyword arguments on to a note
                yield from ((one.arg, one.value) for one in call.keywords if one.arg not in (None, "subject", "by"))


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_every_audit_fact_has_a_text(language: str) -> None:
    facts, noted = texts(language)["facts"], list(audit_facts())
    names = {name for name, _ in noted} | {one.name for one in fields(Limits)} | set(QuotaChange.model_fields)
    values = {(name, one.value) for name, one in noted if isinstance(one, ast.Constant) and one.value is not None}
    enums = {"mode": Registration, "role": Role, "scopes": Scope, "since": RetentionStart, "kind": RetentionKind}
    values |= {(name, one.value) for name, kind in enums.items() for one in kind}
    values |= {("kind", cleaner.kind) for cleaner in CLEANERS}

    assert {"how", "reason", "shows", "username"} < names
    assert names == set(facts["names"])
    assert [(name, one) for name, one in sorted(values) if one not in facts["values"][name]] == []


def test_built_in_templates_have_the_same_texts_on_the_page_and_the_server() -> None:
    page = texts("zh-CN")["templates"]

    assert page["names"] == {key: template.name for key, template in BUILT_IN.items()}
    assert page["guidances"] == {key: template.guidance for key, template in BUILT_IN.items()}


def test_both_languages_have_the_same_keys_and_placeholders() -> None:
    zh, en = flat(texts("zh-CN")), flat(texts("en"))

    assert list(zh) == [name for name in en if not name.endswith("_one")]
    for name in zh:
        assert _placeholders(zh[name]) == _placeholders(en[name]), name


def _placeholders(text: str) -> set[str]:
    return set(re.findall(r"{{([^}]+)}}", text))


def test_every_english_text_with_a_count_has_a_form_for_one() -> None:
    """i18next takes `name_one` for one, and `name` for every other number; Chinese has one form."""
    en = flat(texts("en"))
    counted = {name for name, text in en.items() if "{{count" in text and not name.endswith("_one")}

    assert {f"{name}_one" for name in counted} == {name for name in en if name.endswith("_one")}
    for name in counted:
        assert _placeholders(en[f"{name}_one"]) | {"count"} >= _placeholders(en[name]) - {"count, number"}, name


def test_a_number_before_a_noun_is_called_count() -> None:
    """Only `count` chooses the form of the noun that follows it."""
    en = flat(texts("en"))
    pattern = re.compile(r"{{count(?:, number)?}} (\w+s)\b")
    nouns = {noun for name, text in en.items() if not name.endswith("_one") for noun in pattern.findall(text)}

    assert {"recordings", "segments", "minutes"} < nouns
    others = re.compile(rf"{{{{(?!count)\w+}}}} (?:{'|'.join(nouns - {'is', 'has'})})\b")
    assert [name for name, text in en.items() if others.search(text)] == []


def test_the_code_contains_no_chinese_text() -> None:
    chinese = re.compile(r"[\u4e00-\u9fff]")
    code = [
        file
        for file in (ROOT / "frontend" / "src").rglob("*.ts*")
        if not file.name.endswith((".test.ts", "testDocuments.ts"))
    ]

    found = {file.name: line.strip() for file in code for line in file.read_text().splitlines() if chinese.search(line)}

    assert found == {"Preferences.tsx": 'const other = language === "en" ? "中文" : "English";'}  # the language switch


def test_labels_of_refused_fields_are_those_of_the_api() -> None:
    api = (ROOT / "frontend" / "openapi.json").read_text(encoding="utf-8")

    assert [name for name in texts("en")["fields"] if f'"{name}": {{' not in api] == []
    assert {*FIELD_PROBLEMS.values(), "wrong_form"} == {kind.removesuffix("_one") for kind in texts("en")["invalid"]}


def test_openapi_json_is_current() -> None:
    from deploy.openapi import FILE, openapi_text

    assert FILE.read_text(encoding="utf-8") == openapi_text(), "run: python deploy/openapi.py"
