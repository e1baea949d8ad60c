"""Writes the four lock files from pyproject.toml. Needs `uv` on the PATH; run it by hand, see CONTRIBUTING.md.

The locks name the versions and hashes for every Python from 3.10 on and every platform. Two things are left out: torch,
which deploy/setup.sh installs first, because its CPU and CUDA builds have one version and different hashes; and the
packages that only a CUDA build of torch needs, which are installed with it.
"""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

_LEFT_OUT = re.compile(r"^(torch==|triton==|nvidia-|cuda-)")

_HEAD = "# Written by deploy/lock.py from pyproject.toml. torch is not here: deploy/setup.sh says why.\n"


def main() -> None:
    known: set[str] = set()
    drivers = ("postgresql", "mysql")
    for name, extras in (
        ("", ()),
        ("-databases", drivers),
        ("-dev", (*drivers, "dev")),
        ("-benchmarks", (*drivers, "dev", "benchmarks")),
    ):
        options = [part for extra in extras for part in ("--extra", extra)]
        if known:
            options += ["--constraints", str(ROOT / "requirements.lock")]
        blocks = [block for block in _compile(*options) if not _LEFT_OUT.match(block) and _name(block) not in known]
        (ROOT / f"requirements{name}.lock").write_text(_HEAD + "".join(blocks), encoding="utf-8")
        known.update(_name(block) for block in blocks)
        print(f"requirements{name}.lock: {len(blocks)} packages")


def _compile(*options: str) -> list[str]:
    """One block per package: its line and its hashes."""
    command = ["uv", "pip", "compile", "--universal", "--python-version", "3.10", "--generate-hashes", "--quiet"]
    command += ["--no-emit-index-url", "--no-emit-find-links", "--no-annotate", "--no-header", "--no-python-downloads"]
    command += ["--upgrade", *options, "pyproject.toml"]
    text = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout
    if "://" in text:
        sys.exit("The lock file contains a URL. It must not: every machine has its own package index.")
    return re.findall(r"^[a-z].*\n(?:[ \t].*\n)*", text, re.MULTILINE)


def _name(block: str) -> str:
    return re.split(r"[=\[ ;]", block, maxsplit=1)[0]


if __name__ == "__main__":
    main()
