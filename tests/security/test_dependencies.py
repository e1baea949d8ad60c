"""The lock files contain no package with known vulnerabilities, and hashes for every package."""

import re
import subprocess

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

from tests.serving import ROOT

#: The first version without known vulnerabilities (see the advisories of each project).
MINIMUM = {
    "python-multipart": "0.0.31",
    "fastapi": "0.109.1",
    "pyjwt": "2.14.0",
    "h11": "0.16.0",
    "cryptography": "46.0.0",
    "argon2-cffi": "25.1.0",
}
#: Starlette 1.8 requires Python 3.11; for 3.10 the last compatible version is locked.
STARLETTE = {"3.11": "1.8.0", "3.10": "1.7.0"}
#: Not in the lock, because its builds differ by machine: `deploy/setup.sh` installs it.
TORCH_MINIMUM = "2.10.0"
#: Packages with vulnerabilities that are no longer fixed.
UNMAINTAINED = {"python-jose", "pycrypto"}
#: Releases that steal credentials.
MALICIOUS = {"lightning": {"2.6.2", "2.6.3"}, "pytorch-lightning": {"2.6.2", "2.6.3"}}

LOCKS = [f"requirements{name}.lock" for name in ("", "-databases", "-dev", "-benchmarks")]


def locked(name: str) -> list[tuple[str, str]]:
    """The packages of a lock file with their versions."""
    text = (ROOT / name).read_text(encoding="utf-8")
    return re.findall(r"^([a-z0-9][a-z0-9._-]*)(?:\[[^\]]*\])?==([^ ;\\]+)", text, re.MULTILINE)


def requirements() -> list[Requirement]:
    """The dependencies in pyproject.toml."""
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    listed = text.partition("\ndependencies = [")[2].partition("\n]")[0]
    return [Requirement(line) for line in re.findall(r'^  "([^"]+)"', listed, re.MULTILINE)]


@pytest.mark.parametrize(("package", "minimum"), MINIMUM.items())
def test_no_locked_package_is_older_than_its_minimum(package: str, minimum: str) -> None:
    found = [version for name, version in locked("requirements.lock") if name == package]

    assert found
    assert all(Version(version) >= Version(minimum) for version in found)


def test_starlette_is_the_newest_for_each_python_version() -> None:
    found = sorted(Version(version) for name, version in locked("requirements.lock") if name == "starlette")

    assert found[-1] >= Version(STARLETTE["3.11"])
    assert found[0] >= Version(STARLETTE["3.10"])


def test_torch_is_not_older_than_its_minimum() -> None:
    pinned = re.search(r"^TORCH=(\S+)", (ROOT / "deploy" / "setup.sh").read_text(encoding="utf-8"), re.MULTILINE)

    assert pinned
    assert Version(pinned[1]) >= Version(TORCH_MINIMUM)
    (torch,) = [one for one in requirements() if one.name == "torch"]
    assert min(Version(one.version) for one in torch.specifier if one.operator == ">=") >= Version(TORCH_MINIMUM)


def test_pyproject_also_requires_the_minimum_versions() -> None:
    minimum = {**MINIMUM, "starlette": STARLETTE["3.10"]}
    lowest = {
        one.name: min(Version(bound.version) for bound in one.specifier if bound.operator == ">=")
        for one in requirements()
        if one.name in minimum
    }

    assert {"python-multipart", "fastapi", "starlette", "pyjwt"} <= set(lowest)
    assert {name: str(version) for name, version in lowest.items() if version < Version(minimum[name])} == {}
    (lightning,) = [one for one in requirements() if one.name == "lightning"]
    assert not any(version in lightning.specifier for version in MALICIOUS["lightning"])


@pytest.mark.parametrize("lock", LOCKS)
def test_unmaintained_packages_are_not_locked(lock: str) -> None:
    assert {name for name, _ in locked(lock)} & UNMAINTAINED == set()


@pytest.mark.parametrize("lock", LOCKS)
def test_malicious_releases_are_not_locked(lock: str) -> None:
    assert [(name, version) for name, version in locked(lock) if version in MALICIOUS.get(name, ())] == []


@pytest.mark.parametrize("lock", LOCKS)
def test_every_locked_package_has_its_hashes(lock: str) -> None:
    blocks = re.split(r"\n(?=\S)", (ROOT / lock).read_text(encoding="utf-8"))
    packages = [block for block in blocks if "==" in block.splitlines()[0]]

    assert packages
    assert [block.splitlines()[0] for block in packages if "--hash=sha256:" not in block] == []


def test_the_repository_contains_no_secret() -> None:
    if not (ROOT / ".git").exists():
        pytest.skip("not a git checkout")
    kinds = [r"AKIA[0-9A-Z]{16}", r"-----BEGIN [A-Z ]*PRIVATE KEY-----", "hf_[A-Za-z0-9]{30,}", "sk-[A-Za-z0-9]{32,}"]
    patterns = "|".join([*kinds, "masr_[A-Za-z0-9_-]{40,}"])

    found = subprocess.run(
        ["git", "grep", "-nIE", "-e", patterns], cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert found.returncode == 1, found.stdout
