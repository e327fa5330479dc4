# Shared by tests/run and tests/check: finds Python, makes the test environment, installs what is missing.
# Sourced, never run; the caller has `set -euo pipefail` and stands at the top of the repository.

# What is published without a wheel, and needs no compiler.
OF_PYTHON_ALONE=authres,dkimpy

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

# unpack_python DIRECTORY VERSION RELEASE: a Python of a later Debian release, its packages unpacked and not installed;
# prints the path of the program. Its libraries come along, and it is told where they and their loader lie.
# Fails, with a sentence, where they cannot be had. Made once; anew where the directory was moved.
unpack_python() {
  local directory=$PWD/$1 name=python$2 release=$3 mirror keys state options packages libraries loader each
  if [ "$(cat "$directory/done" 2>/dev/null)" != "$directory" ]; then
    command -v apt-get >/dev/null || { say "There is no apt-get here to download $name with."; return 1; }
    mirror=$(apt-get indextargets --format '$(ORIGIN) $(REPO_URI)' 'Created-By: Packages' | awk '$1 == "Debian" {print $2; exit}')
    keys=$(compgen -G '/usr/share/keyrings/debian-archive-keyring.*' | head -1)
    [ -n "$mirror" ] && [ -n "$keys" ] || { say "apt-get knows no mirror of Debian to download $name from."; return 1; }
    say "unpacking $name"
    rm -rf "$directory"
    mkdir -p "$directory"
    state=$(mktemp -d)
    mkdir -p "$state"/{lists/partial,archives/partial}
    : >"$state/status"
    echo "deb [signed-by=$keys] $mirror $release main" >"$state/sources.list"
    options=(-qq -o "Dir::State=$state" -o "Dir::State::status=$state/status" -o "Dir::Cache=$state"
      -o "Dir::Etc::SourceList=$state/sources.list" -o Dir::Etc::SourceParts=/dev/null
      -o Acquire::Languages=none -o APT::Sandbox::User=root -o APT::Install-Recommends=false)
    apt-get "${options[@]}" update >&2 || { say "apt-get cannot read the packages of Debian $release."; return 1; }
    mapfile -t packages < <(LC_ALL=C apt-get "${options[@]}" -s install "$name" "$name-venv" patchelf | awk '/^Inst/ {print $2}')
    (cd "$state" && [ ${#packages[@]} -gt 0 ] && apt-get "${options[@]}" download "${packages[@]}" >&2) ||
      { say "apt-get cannot download $name of Debian $release."; return 1; }
    for each in "$state"/*.deb; do dpkg-deb -x "$each" "$directory"; done
    rm -rf "$state"
    loader=$(compgen -G "$directory/usr/lib*/ld-linux*" | head -1)
    libraries=$(dirname "$(compgen -G "$directory/usr/lib/*/libc.so.6" | head -1)")
    cp "$directory/usr/bin/$name" "$directory/as-packed"
    "$loader" --library-path "$libraries" "$directory/usr/bin/patchelf" --no-sort --set-interpreter "$loader" \
      --force-rpath --set-rpath "$libraries" --output "$directory/usr/bin/$name" "$directory/as-packed"
    rm "$directory/as-packed"
    # Where it looks for pip.
    sed -i "s|'/usr/share/python-wheels/'|'$directory/usr/share/python-wheels/'|" "$directory/usr/lib/$name"/_sysconfigdata*.py
    "$directory/usr/bin/$name" -c 'import ssl, sqlite3, ensurepip, venv' || { say "$name was unpacked and does not run."; return 1; }
    printf '%s' "$directory" >"$directory/done"
  fi
  printf '%s\n' "$directory/usr/bin/$name"
}

# minor PYTHON…: the version of each, such as 3.11, one a line; fails where the last one does not start.
minor() {
  local each
  # Asking beats looking: a version manager's stand-in may be on PATH and still refuse to start.
  for each in "$@"; do "$each" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null; done
}

# pythons: one path a line, one for each of Python 3.11 to 3.14 this machine has; `python3` first where it is one.
pythons() {
  local seen=" " candidate version
  for candidate in python3 python3.11 python3.12 python3.13 python3.14 "$HOME"/.pyenv/versions/3.1[1234]*/bin/python3; do
    version=$(minor "$candidate") || continue
    case $version in 3.11 | 3.12 | 3.13 | 3.14) ;; *) continue ;; esac
    case $seen in *" $version "*) continue ;; esac
    seen="$seen$version "
    "$candidate" -c 'import sys; print(sys.executable)'
  done
}

# venv PYTHON DIRECTORY: an environment with the package and its test extra; quick where nothing changed. Under CI=true
# nothing is compiled: every dependency that is not Python alone has a wheel for this Python.
venv() {
  local python=$1 directory=$2 stamp wheels=()
  [ "${CI:-}" != true ] || wheels=(--only-binary=:all: "--no-binary=$OF_PYTHON_ALONE")
  stamp=$({ "$python" -VV; pwd; cat pyproject.toml; } | sha256sum)
  if [ -x "$directory/bin/python" ] && [ "$(cat "$directory/stamp" 2>/dev/null)" = "$stamp" ]; then return; fi
  "$python" -c 'import ensurepip, venv' 2>/dev/null || need_debian python3-venv
  say "setting up $directory ($("$python" -V))"
  rm -rf "$directory"
  "$python" -m venv "$directory"
  "$directory/bin/python" -m pip install --quiet --disable-pip-version-check "${wheels[@]}" --editable '.[test]' >&2 ||
    die "pip could not install the test environment; its message is above."
  printf '%s' "$stamp" >"$directory/stamp"
}
