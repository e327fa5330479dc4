# Shared by tests/run and tests/check: finds Python, makes the test environment, installs what is missing.
# Sourced, never run; the caller has `set -euo pipefail` and stands at the top of the repository.

say() { printf '%s\n' "$*" >&2; }
die() { say "$*"; exit 1; }

# as_root COMMAND…: runs a command as root; fails where there is no way to.
as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"
  elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then sudo -n "$@"
  else return 1
  fi
}

# need_debian PACKAGE…: installs Debian packages, or says who has to.
need_debian() {
  command -v apt-get >/dev/null || die "Missing: $*. There is no apt-get here; install them yourself, then run this again."
  as_root true || die "Missing: $*. Ask an administrator for: apt-get install $*"
  say "installing $*"
  { as_root apt-get update -qq && as_root env DEBIAN_FRONTEND=noninteractive \
      apt-get install -y -qq --no-install-recommends -o Dpkg::Use-Pty=0 "$@"; } >/dev/null ||
    die "apt-get could not install $*; its message is above."
}

# unpack_debian DIRECTORY PACKAGE…: unpacks Debian packages, and the libraries of theirs that are missing here, without
# installing them: for a server whose package would remove another's.
unpack_debian() {
  local directory=$1 missing packages
  shift
  if [ -f "$directory/done" ]; then return; fi
  command -v apt-get >/dev/null || die "Missing: $*. There is no apt-get here to download it with."
  say "unpacking $*"
  missing=$(mktemp -d)
  packages() { LC_ALL=C apt-get -s --no-install-recommends install "$@" 2>/dev/null | awk '/^Inst/ {print $2}'; }
  packages "$@" >"$missing/list" || { as_root apt-get update -qq && packages "$@" >"$missing/list"; } ||
    die "apt-get does not find $*"
  rm -rf "$directory"
  mkdir -p "$directory"
  # Mail servers that Debian recommends beside it, and what only they need, are left out.
  mapfile -t packages < <(grep -E '^(cyrus-|sasl2-bin|lib)' "$missing/list" | grep -vE '^lib(clamav|mspack)')
  (cd "$missing" && apt-get download -qq "${packages[@]}" 2>/dev/null) ||
    { as_root apt-get update -qq >/dev/null && (cd "$missing" && apt-get download -qq "${packages[@]}" 2>/dev/null); } ||
    die "apt-get could not download ${packages[*]}"
  for each in "$missing"/*.deb; do dpkg-deb -x "$each" "$directory"; done
  rm -rf "$missing"
  : >"$directory/done"
}

# pythons: one path a line, one for each of Python 3.11 to 3.13 this machine has; `python3` first where it is one.
pythons() {
  local seen=" " candidate minor
  for candidate in python3 python3.11 python3.12 python3.13 "$HOME"/.pyenv/versions/3.1[123]*/bin/python3; do
    # Asking beats looking: a version manager's stand-in may be on PATH and still refuse to start.
    minor=$("$candidate" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null) || continue
    case $minor in 3.11 | 3.12 | 3.13) ;; *) continue ;; esac
    case $seen in *" $minor "*) continue ;; esac
    seen="$seen$minor "
    "$candidate" -c 'import sys; print(sys.executable)'
  done
}

# venv PYTHON DIRECTORY: an environment with the package and its test extra; quick where nothing changed.
venv() {
  local python=$1 directory=$2 stamp
  stamp=$({ "$python" -VV; pwd; cat pyproject.toml; } | sha256sum)
  if [ -x "$directory/bin/python" ] && [ "$(cat "$directory/stamp" 2>/dev/null)" = "$stamp" ]; then return; fi
  "$python" -c 'import ensurepip, venv' 2>/dev/null || need_debian python3-venv
  say "setting up $directory ($("$python" -V))"
  rm -rf "$directory"
  "$python" -m venv "$directory"
  "$directory/bin/python" -m pip install --quiet --disable-pip-version-check --editable '.[test]' >&2 ||
    die "pip could not install the test environment; its message is above."
  printf '%s' "$stamp" >"$directory/stamp"
}
