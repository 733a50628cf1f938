#!/usr/bin/env bash
# Sourced by each finding, which has made the temporary folder $work. It goes at exit; the packages are fetched there, and
# what is seen is compared with what was seen when the finding was written. Exit: 0 as described, 1 changed, 77 nothing to run.
set -euo pipefail

: "${work:?the finding makes the temporary folder}"
changed=0
child=
libraries=
root=$work/root

clean_up() {
  if [ -n "$child" ]; then kill "$child" 2>/dev/null || true; fi
  # A server that goes may still write its last file.
  rm -rf "$work" || { sleep 1 && rm -rf "$work"; }
}
trap clean_up EXIT
cd "$work"

# need COMMAND DEBIAN-PACKAGE: a program that must be installed.
need() {
  command -v "$1" >/dev/null || { echo "needs $1 (Debian package $2)"; exit 77; }
}

# from_npm NAME@VERSION...: exact versions, no install scripts.
from_npm() {
  need npm npm
  npm install --silent --no-audit --no-fund --ignore-scripts --prefix "$work" "$@" >/dev/null ||
    { echo "needs from npm: $*"; exit 77; }
  printf '%s\n' "$@"
}

# from_debian PACKAGE...: of the running release, unpacked below $root and not installed. Prints the versions.
from_debian() {
  need apt-get apt && need dpkg dpkg
  mkdir debs
  (cd debs && apt-get -o APT::Sandbox::User=root download -qq "$@" >/dev/null) ||
    { echo "needs the Debian packages: $*"; exit 77; }
  local file
  for file in debs/*.deb; do
    dpkg -x "$file" "$root"
    dpkg-deb --show --showformat "\${Package} \${Version}\n" "$file"
  done
  libraries=$(find "$root" -name '*.so*' -printf '%h\n' | sort -u | paste -sd:)
}

# unpacked PATH ARGUMENT...: runs a program of an unpacked package with the libraries that came with it;
# become_unpacked does the same in place of the shell, so that `$!` of a server is the server.
unpacked() { (become_unpacked "$@"); }
become_unpacked() {
  local program=$root/$1
  shift
  LD_LIBRARY_PATH=$libraries exec "$program" "$@"
}

# free_port: a loopback port that nothing listens on.
free_port() {
  node -e 'const s = require("net").createServer().listen(0, "127.0.0.1", () => {
    console.log(s.address().port); s.close() })'
}

# wait_for FILE TEXT: a server that says TEXT in FILE once it is ready.
wait_for() {
  for _ in $(seq 100); do
    if grep -qsi -- "$2" "$1"; then return; fi
    sleep 0.1
  done
  echo "the server did not start:" && cat "$1"
  exit 77
}

# seen WHAT EXPECTED ACTUAL: prints what is seen, and notes when it is not what the finding says.
seen() {
  printf '%s: %s\n' "$1" "$3"
  if [ "$2" != "$3" ]; then
    printf '  changed; the finding says: %s\n' "$2"
    changed=1
  fi
}

# verdict SPECIFICATION: the last line of each finding.
verdict() {
  printf 'The specification: %s\n' "$1"
  if [ "$changed" = 0 ]; then echo 'As described.'; else echo 'The behaviour has changed.'; fi
  exit "$changed"
}
