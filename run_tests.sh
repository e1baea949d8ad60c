#!/usr/bin/env bash
# Sets up what tests need, then checks style, types and arrows and runs the tests. Arguments go to pytest.
set -euo pipefail

source "$(dirname "${BASH_SOURCE[0]}")/deploy/setup.sh"
cd "$ROOT"
make_venv
install "the tests" requirements.lock requirements-dev.lock
install_benchmarks
if ! command -v ffmpeg >/dev/null && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  # Some tests compare with the system's FFmpeg; without it they use the one of imageio-ffmpeg.
  { apt-get update && apt-get install -y --no-install-recommends ffmpeg; } >"$VENV/apt.log" 2>&1 || true
fi
if ! command -v chromium >/dev/null && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null && [ -n "${CI_BROWSER:-}" ]; then
  { apt-get update && apt-get install -y --no-install-recommends chromium fonts-noto-cjk; } >"$VENV/apt-browser.log" 2>&1 || true
fi
shared=${MEETING_ASR_SHARED:-$ROOT/../shared}
if [ -d "$shared/models" ]; then
  fetch_models --set small --from "$shared/models"
else
  fetch_models --set small
fi

"$python" -m ruff check --quiet .
"$python" -m ruff format --check --quiet .
"$python" -m mypy
"$VENV/bin/lint-imports"
build_page
if [ -d "$ROOT/frontend/node_modules" ] && find_node; then
  (cd "$ROOT/frontend" && npm run -s types && npm run -s test)
fi
export OMP_NUM_THREADS=${OMP_NUM_THREADS:-1}
exec "$python" -m pytest "$@"
