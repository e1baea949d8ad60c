#!/usr/bin/env bash
# Sets up what the tests need, then checks style, types and layers and runs the tests. Arguments go to pytest.
# --quick, as the first argument: one database, no browser, no real models, no real servers, no coverage. Minutes.
set -euo pipefail

source "$(dirname "${BASH_SOURCE[0]}")/deploy/setup.sh"

quick=
if [ "${1:-}" = --quick ]; then
  quick=yes
  shift
  unset TEST_DATABASES
fi

# Only the programs: the tests start servers of their own, and no server of the system is created or started.
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

# Only the program: Debian's package would start a server, which this file forbids.
install_nginx() {
  local policy=/usr/sbin/policy-rc.d written=
  if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod +x "$policy"
    written=$policy
  fi
  apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends nginx-light || true
  if [ -n "$written" ]; then rm "$written"; fi
}

can_install_programs() { [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; }

# Programs that some tests need; without them those tests are skipped and give the reason.
install_programs() {
  if ! command -v ffmpeg >/dev/null; then
    # Some tests compare with the system's FFmpeg; without it they use the one of imageio-ffmpeg.
    { apt-get update && apt-get install -y --no-install-recommends ffmpeg; } >"$VENV/apt.log" 2>&1 || true
  fi
  if ! command -v strace >/dev/null; then
    # The power failure tests follow the system calls of a server with it.
    { apt-get update && apt-get install -y --no-install-recommends strace; } >"$VENV/apt-strace.log" 2>&1 || true
  fi
  if ! command -v nginx >/dev/null && [ ! -x /usr/sbin/nginx ]; then
    # The tests of the proxies start one of their own.
    install_nginx >"$VENV/apt-nginx.log" 2>&1 || true
  fi
  if ! command -v chromium >/dev/null && [ -n "${CI_BROWSER:-}" ]; then
    { apt-get update && apt-get install -y --no-install-recommends chromium fonts-noto-cjk; } >"$VENV/apt-browser.log" 2>&1 || true
  fi
  if [ "${TEST_DATABASES:-}" = all ]; then
    install_database_servers >"$VENV/apt-databases.log" 2>&1 || tail -n 3 "$VENV/apt-databases.log" >&2
  fi
}

# The models of the tests with real weights, from the shared folder where there is one.
fetch_test_models() {
  local shared=${MEETING_ASR_SHARED:-$ROOT/../shared}
  if [ -d "$shared/models" ]; then fetch_models --set tiny --from "$shared/models"; fi
  fetch_models --set small
}

check_python() {
  "$python" -m ruff check --quiet .
  "$python" -m ruff format --check --quiet .
  "$python" -m mypy
  "$VENV/bin/lint-imports"
}

check_page() {
  if [ ! -d "$ROOT/frontend/node_modules" ] || ! find_node; then return; fi
  (cd "$ROOT/frontend" && npm run -s --if-present lint && npm run -s types && npm run -s test)
}

# phase NAME COMMAND...: runs the command, then says how long it took.
phase() {
  local name=$1 begun=$SECONDS
  shift
  "$@"
  say "$name: $((SECONDS - begun)) s"
}

set_up() {
  make_venv
  install "the tests" requirements.lock requirements-databases.lock requirements-dev.lock
  fetch_models --set print
  if [ -n "$quick" ]; then return; fi
  install_benchmarks
  if can_install_programs; then install_programs; fi
  fetch_test_models
}

cd "$ROOT"
phase "Set-up" set_up
phase "Style, types and layers" check_python
if [ -z "$quick" ]; then phase "Build of the page" build_page; fi
phase "Checks of the page" check_page

export OMP_NUM_THREADS=${OMP_NUM_THREADS:-1}
if [ -n "$quick" ]; then
  chosen=(-m "not slow and not browser and not shared")
else
  mkdir -p "$VENV/coverage"
  chosen=(--cov --cov-report="json:$VENV/coverage/report.json")
fi
# Two files at a time: most of their time is waiting for their own servers and browsers.
exec "$python" -m pytest -n "${TEST_PROCESSES:-2}" --dist loadfile "${chosen[@]}" "$@"
