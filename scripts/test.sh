#!/usr/bin/env bash
# All checks and all tests: first everything on PostgreSQL, then on SQLite all that touches the database and needs
# neither a browser nor production's servers, and is no walk through everything. Arguments go to pytest and are meant for
# developers; with them the checks are skipped.
set -euo pipefail
cd "$(dirname "$0")/.."
# What the developer's shell holds must not decide what is tested.
unset NSI_MODE NSI_VAR PORT SECRET_KEY ALLOWED_HOSTS PUBLIC_URL DATABASE_URL REDIS_URL EMAIL_URL STATIC_ROOT DEBUG
unset OIDC_URL OIDC_CLIENT_ID OIDC_CLIENT_SECRET OIDC_NAME

pytest=(.venv/bin/python -m pytest --numprocesses auto --dist loadgroup)
if [ $# -gt 0 ]; then
  exec "${pytest[@]}" "$@"
fi

scripts/check.sh
echo "test: everything, on PostgreSQL"
"${pytest[@]}"
echo "test: on SQLite"
NSI_TEST_DB=sqlite "${pytest[@]}" -m "not browser and not production and not once and not no_database"
