"""The setup scripts: fast the second time, and they never overwrite what a person has written."""

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
def project(tmp_path: Path) -> Path:
    """A copy of the scripts, a `backend` that prints how it was called, and an installed environment."""
    project = tmp_path / "project with a space"
    for name in (*SCRIPTS, ".env.example", "requirements.lock"):
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, project / name)
    (project / "backend").mkdir()
    (project / "backend" / "__init__.py").touch()
    (project / "backend" / "ffmpeg.py").write_text("def ffmpeg_path(): ...\n")
    (project / "backend" / "__main__.py").write_text(
        "import os, sys\n"
        "print('backend', *sys.argv[1:], 'PORT=' + os.environ.get('PORT', ''), 'DEMO=' + os.environ.get('DEMO', ''))\n"
        "sys.exit(1 if 'models' in sys.argv and os.environ.get('NO_MODELS') else 0)\n"
    )
    python = project / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    python.chmod(0o755)
    stamp = _bash(project, "source deploy/setup.sh; wanted_stamp requirements.lock")
    (project / ".venv" / ".installed-the server").write_text(stamp.stdout)
    return project


@pytest.mark.parametrize("name", SCRIPTS)
def test_every_script_has_valid_bash_syntax(name: str) -> None:
    subprocess.run(["bash", "-n", str(ROOT / name)], check=True)


@pytest.mark.parametrize("name", ["start_backend.sh", "run_tests.sh", ".ci/run"])
def test_every_script_is_executable(name: str) -> None:
    assert os.access(ROOT / name, os.X_OK)


def test_setting_up_from_another_folder_stops_before_serving(project: Path, tmp_path: Path) -> None:
    answer = _start(project, "--setup-only", cwd=tmp_path)

    assert answer.returncode == 0, answer.stderr
    assert "backend models fetch --set auto" in answer.stdout
    assert "backend serve" not in answer.stdout


def test_starting_leaves_the_port_to_the_settings(project: Path) -> None:
    answer, other = _start(project), _start(project, PORT="9000")

    assert answer.returncode == other.returncode == 0, answer.stderr
    assert "backend serve PORT= DEMO=" in answer.stdout
    assert "backend serve PORT=9000 DEMO=" in other.stdout


def test_the_demo_needs_no_models(project: Path) -> None:
    answer = _start(project, "--demo")

    assert "models" not in answer.stdout
    assert "DEMO=1" in answer.stdout


def test_a_failed_model_download_does_not_stop_the_start(project: Path) -> None:
    answer = _start(project, NO_MODELS="1")

    assert answer.returncode == 0
    assert "Try again with: python -m backend models fetch" in answer.stdout
    assert "backend serve" in answer.stdout


def test_an_unknown_flag_is_refused(project: Path) -> None:
    answer = _start(project, "--nonsense")

    assert answer.returncode == 2
    assert "Usage" in answer.stderr


def test_the_env_file_gets_its_own_key_and_is_readable_by_its_owner_only(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _start(project, "--setup-only")

    env = project / ".env"
    monkeypatch.delenv("SECRET_KEY", raising=False)
    assert stat.S_IMODE(env.stat().st_mode) == 0o600
    assert len(Settings(_env_file=env).secret_key.get_secret_value()) >= 48


def test_an_existing_env_file_is_not_changed(project: Path) -> None:
    (project / ".env").write_text("SECRET_KEY=mine\n")

    _start(project, "--setup-only")

    assert (project / ".env").read_text() == "SECRET_KEY=mine\n"


def test_the_page_is_built_again_only_when_it_has_changed(project: Path, tmp_path: Path) -> None:
    node = _node(project, tmp_path)

    first = _start(project, "--setup-only", PATH=node)
    second = _start(project, "--setup-only", PATH=node)
    (project / "frontend" / "src.ts").write_text("changed")
    third = _start(project, "--setup-only", PATH=node)

    was_built = ["Building the web page" in answer.stdout for answer in (first, second, third)]
    assert was_built == [True, False, True]
    assert (project / "frontend" / "dist" / "index.html").exists()


def test_a_failed_page_build_does_not_stop_the_start(project: Path, tmp_path: Path) -> None:
    node = _node(project, tmp_path, npm="exit 1")

    answer = _start(project, PATH=node)

    assert answer.returncode == 0, answer.stderr
    assert "The web page could not be built" in answer.stdout
    assert "backend serve" in answer.stdout


def test_without_node_a_message_says_that_the_page_was_not_built(project: Path, tmp_path: Path) -> None:
    node = _node(project, tmp_path, node="exit 1")

    answer = _start(project, PATH=node, PIP_NO_INDEX="1", PIP_CONFIG_FILE="/dev/null")

    assert answer.returncode == 0, answer.stderr
    assert "The web page was not built: there is no Node.js" in answer.stdout
    assert "backend serve" in answer.stdout


def test_a_changed_lock_file_is_installed_again(project: Path) -> None:
    (project / "requirements.lock").write_text("nothing-of-that-name==1 --hash=sha256:00\n")

    answer = _start(project, "--setup-only", PIP_NO_INDEX="1", PIP_CONFIG_FILE="/dev/null", PIP_DRY_RUN="1")

    assert answer.returncode == 1
    assert "Installing the dependencies" in answer.stdout
    assert "could not be installed" in answer.stderr


def test_an_old_python_is_refused_with_one_message(project: Path, tmp_path: Path) -> None:
    shutil.rmtree(project / ".venv")
    old = tmp_path / "python3"
    old.write_text("#!/bin/sh\nexit 1\n")
    old.chmod(0o755)
    tools = tmp_path / "tools"
    tools.mkdir()
    for name in ("bash", "dirname", "cat"):
        (tools / name).symlink_to(str(shutil.which(name)))

    answer = _start(project, "--setup-only", PATH=str(tools), PYTHON=str(old))

    assert answer.returncode == 1
    assert answer.stderr.startswith("This needs Python 3.10 or newer")


def test_the_example_names_every_setting() -> None:
    """Every setting of the server is in the example once."""
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


def test_the_lock_has_no_known_vulnerable_release() -> None:
    """Earlier releases have known vulnerabilities. Python 3.10 has starlette 1.7 at most."""
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


def _node(project: Path, tmp_path: Path, *, node: str = "exit 0", npm: str = "") -> str:
    """Make a page to build, and a PATH on which `node` and `npm` run these lines."""
    (project / "frontend").mkdir()
    (project / "frontend" / "package.json").write_text("{}")
    tools = tmp_path / "node tools"
    tools.mkdir()
    makes = "case $* in 'run build') mkdir -p dist && echo page >dist/index.html ;; esac"
    for name, does in (("node", node), ("npm", npm or makes)):
        (tools / name).write_text(f"#!/bin/sh\n{does}\n")
        (tools / name).chmod(0o755)
    return f"{tools}{os.pathsep}{os.environ['PATH']}"


def _start(project: Path, *arguments: str, cwd: Path | None = None, **more: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if name not in ("VENV", "DEMO", "HOST", "PORT")}
    return subprocess.run(
        [str(shutil.which("bash")), str(project / "start_backend.sh"), *arguments],
        cwd=cwd or project,
        env={**environment, **more},
        capture_output=True,
        text=True,
        check=False,
    )


def _bash(project: Path, script: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if name != "VENV"}
    return subprocess.run(
        ["bash", "-c", script], cwd=project, env=environment, capture_output=True, text=True, check=True
    )
