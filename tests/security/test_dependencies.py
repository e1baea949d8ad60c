"""What is installed is what the lock says, and nothing in the lock is older than the holes we know."""

import re
import subprocess

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

from tests.serving import ROOT

#: The first version without the holes that are known (see the advisories of each project).
FLOORS = {
    "python-multipart": "0.0.31",
    "fastapi": "0.109.1",
    "pyjwt": "2.14.0",
    "h11": "0.16.0",
    "cryptography": "46.0.0",
    "argon2-cffi": "25.1.0",
}
#: Starlette 1.8 wants Python 3.11; before that the last one that runs is locked.
STARLETTE = {"3.11": "1.8.0", "3.10": "1.7.0"}
#: Not in the lock, because its builds differ by machine: `deploy/setup.sh` installs this one.
TORCH_FLOOR = "2.10.0"
#: What has holes that nobody mends.
NOT_AT_ALL = {"python-jose", "pycrypto"}
#: Releases that steal credentials.
NEVER = {"lightning": {"2.6.2", "2.6.3"}, "pytorch-lightning": {"2.6.2", "2.6.3"}}

LOCKS = [f"requirements{name}.lock" for name in ("", "-databases", "-dev", "-benchmarks")]


def locked(name: str) -> list[tuple[str, str]]:
    """Every package of a lock with its version."""
    text = (ROOT / name).read_text(encoding="utf-8")
    return re.findall(r"^([a-z0-9][a-z0-9._-]*)(?:\[[^\]]*\])?==([^ ;\\]+)", text, re.MULTILINE)


def wishes() -> list[Requirement]:
    """What pyproject.toml asks for."""
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    listed = text.partition("\ndependencies = [")[2].partition("\n]")[0]
    return [Requirement(wish) for wish in re.findall(r'^  "([^"]+)"', listed, re.MULTILINE)]


@pytest.mark.parametrize(("package", "floor"), FLOORS.items())
def test_no_locked_package_is_older_than_its_floor(package: str, floor: str) -> None:
    found = [version for name, version in locked("requirements.lock") if name == package]

    assert found
    assert all(Version(version) >= Version(floor) for version in found)


def test_starlette_is_the_newest_that_each_python_runs() -> None:
    found = sorted(Version(version) for name, version in locked("requirements.lock") if name == "starlette")

    assert found[-1] >= Version(STARLETTE["3.11"])
    assert found[0] >= Version(STARLETTE["3.10"])


def test_torch_is_not_older_than_its_floor() -> None:
    pinned = re.search(r"^TORCH=(\S+)", (ROOT / "deploy" / "setup.sh").read_text(encoding="utf-8"), re.MULTILINE)

    assert pinned
    assert Version(pinned[1]) >= Version(TORCH_FLOOR)
    (wanted,) = [one for one in wishes() if one.name == "torch"]
    assert min(Version(one.version) for one in wanted.specifier if one.operator == ">=") >= Version(TORCH_FLOOR)


def test_nothing_older_than_a_floor_may_be_installed_without_the_lock_either() -> None:
    floors = {**FLOORS, "starlette": STARLETTE["3.10"]}
    lowest = {
        wish.name: min(Version(one.version) for one in wish.specifier if one.operator == ">=")
        for wish in wishes()
        if wish.name in floors
    }

    assert {"python-multipart", "fastapi", "starlette", "pyjwt"} <= set(lowest)
    assert {name: str(version) for name, version in lowest.items() if version < Version(floors[name])} == {}
    (lightning,) = [wish for wish in wishes() if wish.name == "lightning"]
    assert not any(version in lightning.specifier for version in NEVER["lightning"])


@pytest.mark.parametrize("lock", LOCKS)
def test_what_nobody_mends_is_not_locked(lock: str) -> None:
    assert {name for name, _ in locked(lock)} & NOT_AT_ALL == set()


@pytest.mark.parametrize("lock", LOCKS)
def test_stolen_releases_are_not_locked(lock: str) -> None:
    assert [(name, version) for name, version in locked(lock) if version in NEVER.get(name, ())] == []


@pytest.mark.parametrize("lock", LOCKS)
def test_every_locked_package_has_its_hashes(lock: str) -> None:
    blocks = re.split(r"\n(?=\S)", (ROOT / lock).read_text(encoding="utf-8"))
    packages = [block for block in blocks if "==" in block.splitlines()[0]]

    assert packages
    assert [block.splitlines()[0] for block in packages if "--hash=sha256:" not in block] == []


def test_no_secret_lies_in_the_repository() -> None:
    if not (ROOT / ".git").exists():
        pytest.skip("not a checkout of git")
    kinds = [r"AKIA[0-9A-Z]{16}", r"-----BEGIN [A-Z ]*PRIVATE KEY-----", "hf_[A-Za-z0-9]{30,}", "sk-[A-Za-z0-9]{32,}"]
    patterns = "|".join([*kinds, "masr_[A-Za-z0-9_-]{40,}"])

    found = subprocess.run(
        ["git", "grep", "-nIE", "-e", patterns], cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert found.returncode == 1, found.stdout
