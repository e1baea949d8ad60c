#!/usr/bin/env bash
# Sets up what tests need, then checks style, types and arrows and runs the tests. Arguments go to pytest.
set -euo pipefail

source "$(dirname "${BASH_SOURCE[0]}")/deploy/setup.sh"

# The programs only: tests start servers of their own, and none of the system's is made or started.
install_database_servers() {
  if compgen -G "/usr/lib/postgresql/*/bin/postgres" >/dev/null && command -v mariadbd mariadb >/dev/null; then return; fi
  if [ ! -e /etc/postgresql-common/createcluster.conf ]; then
    mkdir -p /etc/postgresql-common
    echo "create_main_cluster = false" >/etc/postgresql-common/createcluster.conf
  fi
  apt-get update
  DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
    postgresql postgresql-client mariadb-server-core mariadb-client-core
}

cd "$ROOT"
make_venv
install "the tests" requirements.lock requirements-databases.lock requirements-dev.lock
install_benchmarks
if ! command -v ffmpeg >/dev/null && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  # Some tests compare with the system's FFmpeg; without it they use the one of imageio-ffmpeg.
  { apt-get update && apt-get install -y --no-install-recommends ffmpeg; } >"$VENV/apt.log" 2>&1 || true
fi
if ! command -v strace >/dev/null && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  # The tests that cut the power listen to a server through it; without it they are skipped, with a reason.
  { apt-get update && apt-get install -y --no-install-recommends strace; } >"$VENV/apt-strace.log" 2>&1 || true
fi
if ! command -v chromium >/dev/null && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null && [ -n "${CI_BROWSER:-}" ]; then
  { apt-get update && apt-get install -y --no-install-recommends chromium fonts-noto-cjk; } >"$VENV/apt-browser.log" 2>&1 || true
fi
if [ "${TEST_DATABASES:-}" = all ] && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  install_database_servers >"$VENV/apt-databases.log" 2>&1 || tail -n 3 "$VENV/apt-databases.log" >&2
fi
shared=${MEETING_ASR_SHARED:-$ROOT/../shared}
if [ -d "$shared/models" ]; then
  fetch_models --set small --from "$shared/models"
else
  fetch_models --set small
fi
fetch_models --set print

"$python" -m ruff check --quiet .
"$python" -m ruff format --check --quiet .
"$python" -m mypy
"$VENV/bin/lint-imports"
build_page
if [ -d "$ROOT/frontend/node_modules" ] && find_node; then
  (cd "$ROOT/frontend" && npm run -s types && npm run -s test)
fi
export OMP_NUM_THREADS=${OMP_NUM_THREADS:-1}
# Two files at a time: much of what they do is waiting for servers and browsers of their own.
exec "$python" -m pytest -n "${TEST_PROCESSES:-2}" --dist loadfile "$@"
