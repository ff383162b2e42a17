#!/bin/sh
# Creates .venv with Python 3.11 and the packages of requirements.txt, and installs the project in
# editable mode. Called by `make venv`; running it again finishes what was interrupted.
set -eu
cd "$(dirname "$0")/.."

say() { printf '%s\n' "$*" >&2; }

# Debian ships pythons without venv's bootstrap, so the modules are asked for, not just the version.
is_usable_311() {
  "$1" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info[:2] != (3, 11))' 2>/dev/null
}

create_with_python_311() {
  for python in python3.11 python3 python; do
    if is_usable_311 "$python"; then
      say "Creating .venv with $(command -v "$python")"
      "$python" -m venv --clear .venv
      return 0
    fi
  done
  return 1
}

create_with_uv() {
  for python in python3 python; do
    "$python" -c 'import sys; sys.exit(sys.version_info[0] != 3)' 2>/dev/null || continue
    say "No usable Python 3.11 here; asking uv for one"
    # A folder of its own, so that nothing is installed into the user's Python.
    "$python" -m pip install --quiet --upgrade --target .venv-uv uv || continue
    PYTHONPATH=.venv-uv "$python" -m uv venv --quiet --seed --clear --python 3.11 .venv || continue
    return 0
  done
  return 1
}

if ! is_usable_311 .venv/bin/python; then
  create_with_python_311 || create_with_uv || {
    say "error: this project needs Python 3.11 with its venv module, or another Python 3 with pip" \
      "whose uv can download 3.11, and found neither; please install Python 3.11" \
      "(on Debian and Ubuntu also the package python3.11-venv) and run make again."
    exit 1
  }
fi

say "Installing the pinned packages into .venv (about 2.5 GB on disk; takes some minutes once)"
.venv/bin/python -m pip install --disable-pip-version-check --require-hashes -r requirements.txt
.venv/bin/python -m pip install --disable-pip-version-check --quiet \
  --no-deps --no-build-isolation --editable .
touch .venv/installed
