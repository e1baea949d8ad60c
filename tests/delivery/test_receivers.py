"""The programs of docs/delivery.md that verify a webhook, run as they stand there."""

import os
import re
import shutil
import subprocess
import sys
import time

import pytest

from backend.delivery.kinds.webhook import new_secret, signature
from tests.serving import ROOT

ID = "0" * 32
BODY = '{"type":"minutes.written","data":{"name":"周会"}}'.encode()
COMMANDS = {
    "python": [sys.executable, "-c"],
    "javascript": ["node", "-e"],
    "bash": ["bash", "-c"],
}


def program(language: str) -> str:
    page = (ROOT / "docs" / "delivery.md").read_text(encoding="utf-8")
    [found] = re.findall(rf"```{language}\n(.*?)```", page, flags=re.DOTALL)
    return str(found)


def verify(language: str, secret: str, signed: str, at: int, body: bytes = BODY) -> bool:
    command = COMMANDS[language]
    if shutil.which(command[0]) is None or (language == "bash" and shutil.which("openssl") is None):
        pytest.skip(f"{language} is not installed")
    facts = {"SECRET": secret, "WEBHOOK_ID": ID, "WEBHOOK_TIMESTAMP": str(at), "WEBHOOK_SIGNATURE": signed}
    env = {**os.environ, **facts}
    return subprocess.run([*command, program(language)], input=body, env=env, capture_output=True).returncode == 0


@pytest.mark.parametrize("language", list(COMMANDS))
def test_a_receiver_knows_genuine_messages_from_others(language: str) -> None:
    secret, other, now = new_secret(), new_secret(), int(time.time())
    both = " ".join(signature(one, ID, str(now), BODY) for one in (other, secret))
    old = now - 3600

    assert verify(language, secret, signature(secret, ID, str(now), BODY), now)
    assert verify(language, secret, both, now)
    assert not verify(language, secret, signature(other, ID, str(now), BODY), now)
    assert not verify(language, secret, signature(secret, ID, str(now), BODY), now, BODY + b" ")
    assert not verify(language, secret, signature(secret, ID, str(old), BODY), old)
