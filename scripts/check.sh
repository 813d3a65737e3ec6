#!/usr/bin/env bash
# All checks that run no test. Each stage says its name; the first failure stops.
set -euo pipefail
cd "$(dirname "$0")/.."
bin=.venv/bin

# The checks load the settings: they get a data folder of their own and nothing from the developer's shell.
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
unset NSI_MODE SECRET_KEY ALLOWED_HOSTS PUBLIC_URL DATABASE_URL REDIS_URL EMAIL_URL STATIC_ROOT DEBUG \
  OIDC_URL OIDC_CLIENT_ID OIDC_CLIENT_SECRET OIDC_NAME
export NSI_VAR="$scratch"

stage() { echo "check: $*"; }

stage "style (ruff check)"
$bin/ruff check --quiet .
stage "format (ruff format)"
$bin/ruff format --check --quiet . || {
  echo "These files are not formatted; run: .venv/bin/ruff format ." >&2
  $bin/ruff format --check . >&2 || true
  exit 1
}
stage "templates (djlint)"
$bin/djlint --check --lint templates >"$scratch/templates" 2>/dev/null || {
  cat "$scratch/templates" >&2
  echo "Mend what is linted; for the layout run: .venv/bin/djlint --reformat templates" >&2
  exit 1
}
stage "imports point one way (import-linter)"
$bin/lint-imports --no-cache >"$scratch/imports" 2>&1 || {
  cat "$scratch/imports" >&2
  exit 1
}
stage "types (mypy)"
$bin/mypy --no-error-summary
stage "the models have their migrations"
$bin/python manage.py makemigrations --check --dry-run >"$scratch/migrations" || {
  cat "$scratch/migrations" >&2
  exit 1
}
stage "Django's own checks"
$bin/python manage.py check --fail-level WARNING >/dev/null
stage "every template compiles"
$bin/python scripts/compile_templates.py
stage "deployment settings of the production form, nothing silenced"
env NSI_MODE=production \
  SECRET_KEY="$($bin/python -c 'import secrets; print(secrets.token_urlsafe(50))')" \
  ALLOWED_HOSTS=nsi.example.ru PUBLIC_URL=https://nsi.example.ru \
  DATABASE_URL=postgres://nsi:nsi@127.0.0.1:5432/nsi REDIS_URL=redis://127.0.0.1:6379/0 \
  $bin/python manage.py check --deploy --fail-level WARNING >/dev/null
if grep -rn "SILENCED_SYSTEM_CHECKS" --include='*.py' nsi_portal; then
  echo "Checks must not be silenced." >&2
  exit 1
fi
