"""The scripts that set everything up: quick the second time, and never over what a person has written."""

import os
import re
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from backend.settings import Settings

ROOT = Path(__file__).resolve().parent.parent
SCRIPTS = ("start_backend.sh", "run_tests.sh", "deploy/setup.sh", ".ci/run")


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """A copy of the scripts, a `backend` that only tells how it was called, and an environment that is installed."""
    house = tmp_path / "house with a space"
    for name in (*SCRIPTS, ".env.example", "requirements.lock"):
        (house / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, house / name)
    (house / "backend").mkdir()
    (house / "backend" / "__init__.py").touch()
    (house / "backend" / "ffmpeg.py").write_text("def ffmpeg_path(): ...\n")
    (house / "backend" / "__main__.py").write_text(
        "import os, sys\n"
        "print('backend', *sys.argv[1:], 'PORT=' + os.environ.get('PORT', ''), 'DEMO=' + os.environ.get('DEMO', ''))\n"
        "sys.exit(1 if 'models' in sys.argv and os.environ.get('NO_MODELS') else 0)\n"
    )
    python = house / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    python.chmod(0o755)
    stamp = _bash(house, "source deploy/setup.sh; wanted_stamp requirements.lock")
    (house / ".venv" / ".installed-the server").write_text(stamp.stdout)
    return house


@pytest.mark.parametrize("name", SCRIPTS)
def test_every_script_can_be_read_by_bash(name: str) -> None:
    subprocess.run(["bash", "-n", str(ROOT / name)], check=True)


@pytest.mark.parametrize("name", ["start_backend.sh", "run_tests.sh", ".ci/run"])
def test_every_script_can_be_run(name: str) -> None:
    assert os.access(ROOT / name, os.X_OK)


def test_setting_up_from_another_folder_stops_before_serving(house: Path, tmp_path: Path) -> None:
    answer = _start(house, "--setup-only", cwd=tmp_path)

    assert answer.returncode == 0, answer.stderr
    assert "backend models fetch --set auto" in answer.stdout
    assert "backend serve" not in answer.stdout


def test_starting_serves_on_port_8000(house: Path) -> None:
    answer = _start(house)

    assert answer.returncode == 0, answer.stderr
    assert "backend serve PORT=8000 DEMO=" in answer.stdout


def test_the_demo_needs_no_models(house: Path) -> None:
    answer = _start(house, "--demo")

    assert "models" not in answer.stdout
    assert "DEMO=1" in answer.stdout


def test_models_that_cannot_be_had_do_not_end_it(house: Path) -> None:
    answer = _start(house, NO_MODELS="1")

    assert answer.returncode == 0
    assert "Try again with: python -m backend models fetch" in answer.stdout
    assert "backend serve" in answer.stdout


def test_a_flag_nobody_knows_is_refused(house: Path) -> None:
    answer = _start(house, "--nonsense")

    assert answer.returncode == 2
    assert "Usage" in answer.stderr


def test_the_env_gets_a_key_of_its_own_that_only_its_owner_reads(house: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _start(house, "--setup-only")

    env = house / ".env"
    monkeypatch.delenv("SECRET_KEY", raising=False)
    assert stat.S_IMODE(env.stat().st_mode) == 0o600
    assert len(Settings(_env_file=env).secret_key.get_secret_value()) >= 48


def test_an_env_that_is_there_is_never_touched(house: Path) -> None:
    (house / ".env").write_text("SECRET_KEY=mine\n")

    _start(house, "--setup-only")

    assert (house / ".env").read_text() == "SECRET_KEY=mine\n"


def test_the_page_is_built_once_and_again_when_it_has_changed(house: Path, tmp_path: Path) -> None:
    node = _node(house, tmp_path)

    first = _start(house, "--setup-only", PATH=node)
    second = _start(house, "--setup-only", PATH=node)
    (house / "frontend" / "src.ts").write_text("changed")
    third = _start(house, "--setup-only", PATH=node)

    said = ["Building the web page" in answer.stdout for answer in (first, second, third)]
    assert said == [True, False, True]
    assert (house / "frontend" / "dist" / "index.html").exists()


def test_a_page_that_cannot_be_built_does_not_end_it(house: Path, tmp_path: Path) -> None:
    node = _node(house, tmp_path, npm="exit 1")

    answer = _start(house, PATH=node)

    assert answer.returncode == 0, answer.stderr
    assert "The web page could not be built" in answer.stdout
    assert "backend serve" in answer.stdout


def test_without_node_one_sentence_says_so(house: Path, tmp_path: Path) -> None:
    node = _node(house, tmp_path, node="exit 1")

    answer = _start(house, PATH=node, PIP_NO_INDEX="1", PIP_CONFIG_FILE="/dev/null")

    assert answer.returncode == 0, answer.stderr
    assert "The web page was not built: there is no Node.js" in answer.stdout
    assert "backend serve" in answer.stdout


def test_a_changed_lock_is_installed_again(house: Path) -> None:
    (house / "requirements.lock").write_text("nothing-of-that-name==1 --hash=sha256:00\n")

    answer = _start(house, "--setup-only", PIP_NO_INDEX="1", PIP_CONFIG_FILE="/dev/null", PIP_DRY_RUN="1")

    assert answer.returncode == 1
    assert "Installing the dependencies" in answer.stdout
    assert "could not be installed" in answer.stderr


def test_without_a_new_python_there_is_one_sentence(house: Path, tmp_path: Path) -> None:
    shutil.rmtree(house / ".venv")
    old = tmp_path / "python3"
    old.write_text("#!/bin/sh\nexit 1\n")
    old.chmod(0o755)
    tools = tmp_path / "tools"
    tools.mkdir()
    for name in ("bash", "dirname", "cat"):
        (tools / name).symlink_to(str(shutil.which(name)))

    answer = _start(house, "--setup-only", PATH=str(tools), PYTHON=str(old))

    assert answer.returncode == 1
    assert answer.stderr.startswith("This needs Python 3.10 or newer")


def test_the_example_names_every_setting() -> None:
    """HOST, PORT and the like belong to the scripts; every setting of the server stands in the example, once."""
    named = re.findall(r"^#? ?([A-Z][A-Z0-9_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE)

    assert len(named) == len(set(named))
    assert {name.lower() for name in named} == set(Settings.model_fields)


def test_the_example_shows_the_defaults() -> None:
    text = (ROOT / ".env.example").read_text()
    given = dict(re.findall(r"^([A-Z_]+)=(.+)$", text, re.MULTILINE))

    for name, value in given.items():
        default = Settings.model_fields[name.lower()].default
        assert value == (default[0] if isinstance(default, tuple) else str(default)), name


LOCKS = [f"requirements{name}.lock" for name in ("", "-databases", "-dev", "-benchmarks")]


@pytest.mark.parametrize("name", LOCKS)
def test_locks_have_hashes_and_name_no_index_and_no_cuda(name: str) -> None:
    text = (ROOT / name).read_text()
    packages = re.findall(r"^([a-z][\w.-]*)==.*\n((?:[ \t].*\n)+)", text, re.MULTILINE)

    assert "://" not in text
    assert len(packages) == len(re.findall(r"^[a-z]", text, re.MULTILINE))
    assert all("--hash=sha256:" in hashes for _, hashes in packages)
    assert not [package for package, _ in packages if re.match(r"torch$|nvidia-|cuda-|triton$", package)]


def test_the_lock_holds_no_release_that_is_known_to_be_bad() -> None:
    """The floors below which there are known holes; 3.10 has starlette 1.7 at most."""
    text = (ROOT / "requirements.lock").read_text()

    def lowest(package: str) -> tuple[int, ...]:
        found = re.findall(rf"^{package}==([\d.]+)", text, re.MULTILINE)
        return min(tuple(int(part) for part in version.split(".")) for version in found)

    assert lowest("python-multipart") >= (0, 0, 31)
    assert lowest("starlette") >= (1, 7)
    assert lowest("pyjwt") >= (2, 14)
    assert lowest("h11") >= (0, 16)
    assert lowest("lightning") not in ((2, 6, 2), (2, 6, 3))
    assert lowest("pytorch-lightning") not in ((2, 6, 2), (2, 6, 3))


def _node(house: Path, tmp_path: Path, *, node: str = "exit 0", npm: str = "") -> str:
    """A page to build, and a PATH on which `node` and `npm` do what these lines say."""
    (house / "frontend").mkdir()
    (house / "frontend" / "package.json").write_text("{}")
    tools = tmp_path / "node tools"
    tools.mkdir()
    makes = "case $* in 'run build') mkdir -p dist && echo page >dist/index.html ;; esac"
    for name, does in (("node", node), ("npm", npm or makes)):
        (tools / name).write_text(f"#!/bin/sh\n{does}\n")
        (tools / name).chmod(0o755)
    return f"{tools}{os.pathsep}{os.environ['PATH']}"


def _start(house: Path, *arguments: str, cwd: Path | None = None, **more: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if name not in ("VENV", "DEMO", "HOST", "PORT")}
    return subprocess.run(
        [str(shutil.which("bash")), str(house / "start_backend.sh"), *arguments],
        cwd=cwd or house,
        env={**environment, **more},
        capture_output=True,
        text=True,
        check=False,
    )


def _bash(house: Path, script: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if name != "VENV"}
    return subprocess.run(
        ["bash", "-c", script], cwd=house, env=environment, capture_output=True, text=True, check=True
    )
