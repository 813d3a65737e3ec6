#!/usr/bin/env bash
# Writes the hashed locks from pyproject.toml, for every platform, without the address of the registry they were made against.
set -euo pipefail
cd "$(dirname "$0")/.."
compile=(.venv/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes
  --no-emit-index-url --no-emit-find-links --no-header --no-annotate)
command -v .venv/bin/uv >/dev/null || .venv/bin/python -m pip install --quiet --disable-pip-version-check uv
"${compile[@]}" "$@" pyproject.toml --output-file requirements/base.txt
# The same versions in both: one virtual environment serves running and testing.
"${compile[@]}" "$@" pyproject.toml --extra dev --constraint requirements/base.txt --output-file requirements/dev.txt
