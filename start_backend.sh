#!/usr/bin/env bash
# Sets up what is missing and starts the server.
set -euo pipefail

usage() {
  cat <<'TEXT'
Usage: ./start_backend.sh [--setup-only] [--demo] [--tiny]

Makes the virtual environment, installs the locked dependencies, writes .env with a SECRET_KEY, builds the web page,
fetches models, and starts the server. What is already there is not made again, so the second start is quick.

  --setup-only  set everything up, and stop before serving
  --tiny        fetch Vosk instead of Whisper: about 60 MB, for machines with little memory; weak where people talk freely
  --demo        serve with the scripted engine; no models are fetched
  --help        show this

From the environment, or .env: HOST (default 127.0.0.1), PORT (8000). From the environment: PYTHON (python3), VENV (.venv).
TEXT
}

setup_only=
models=auto
for argument in "$@"; do
  case $argument in
    --setup-only) setup_only=1 ;;
    --tiny) models=tiny ;;
    --demo) export DEMO=1 ;;
    --help | -h) usage && exit ;;
    *) usage >&2 && exit 2 ;;
  esac
done

source "$(dirname "${BASH_SOURCE[0]}")/deploy/setup.sh"
make_venv
install "the server" "$ROOT/requirements.lock"
make_env
install_driver
check_ffmpeg
build_page
if [ -z "${DEMO:-}" ]; then
  fetch_models --set "$models"
  fetch_models --set print # the font of PDF files
fi
if [ -n "$setup_only" ]; then
  say "Everything is set up. Start the server with: ./start_backend.sh"
  exit
fi

cd "$ROOT"
exec "$python" -m backend serve
