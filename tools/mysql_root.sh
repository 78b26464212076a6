#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A MySQL 9.x server in a directory of its own, for tests and benchmarks: nothing of the system changes.
#   tools/mysql_root.sh [DIR]
# Debian stable has no MySQL, Debian unstable has. This makes a private apt root in DIR whose package
# status is empty, so that apt resolves the whole closure with libc, and unpacks it to DIR/root; there
# mysqld runs through that root's own dynamic loader (test/support/mysql_server.cc).
# DIR: default $WEFT_CACHE/mysql; without WEFT_CACHE ~/.cache/weft/mysql, and for root (whose home the
# unprivileged server user cannot traverse) /var/tmp/weft-cache/mysql.
# Idempotent: a finished DIR costs nothing, and the packages stay in DIR/cache, which pins the version.
# Prints the root's path and exits 0, or prints one line "skipped: ..." and exits 77.
set -euo pipefail
umask 022
export LC_ALL=C

default_dir() {
  if [ -n "${WEFT_CACHE:-}" ]; then echo "$WEFT_CACHE/mysql"
  elif [ "$(id -u)" = 0 ]; then echo /var/tmp/weft-cache/mysql
  elif [ -n "${HOME:-}" ] && [ -d "$HOME" ]; then echo "$HOME/.cache/weft/mysql"
  else echo "/var/tmp/weft-cache-$(id -u)/mysql"; fi
}

skip() {
  echo "skipped: $*"
  exit 77
}

# The URIs of one-line ("deb [options] URI suite component") and deb822 ("URIs: URI") sources.
listed_uris() {
  local etc=/etc/apt
  cat "$etc"/sources.list "$etc"/sources.list.d/*.list 2>/dev/null |
    sed -nE 's/^deb[[:space:]]+(\[[^]]*\][[:space:]]+)?([^[:space:]]+).*/\2/p' || true
  cat "$etc"/sources.list.d/*.sources 2>/dev/null |
    sed -nE 's/^URIs:[[:space:]]*([^[:space:]]+).*/\1/p' || true
}

# The mirrors this machine already uses, best guess first: what apt knows to be Debian's main archive,
# then (before the first "apt-get update" apt knows no labels) whatever the sources name.
mirrors() {
  {
    apt-get indextargets --format '$(LABEL)|$(REPO_URI)' 'Created-By: Packages' 2>/dev/null |
      sed -n 's/^Debian|//p' || true
    apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 2>/dev/null || true
    listed_uris
  } | grep -v -e security -e '^cdrom:' | sed 's:/*$:/:' | awk '!seen[$0]++' | head -4
}

# apt's whole configuration for the private root; hooks of the machine must not run for it.
write_apt_conf() {
  cat >"$dir/apt.conf" <<CONF
#clear DPkg::Post-Invoke;
#clear DPkg::Pre-Install-Pkgs;
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
#clear APT::NeverAutoRemove;
Dir::Etc::sourcelist "$dir/sid.list";
Dir::Etc::sourceparts "/dev/null";
Dir::Etc::preferences "/dev/null";
Dir::Etc::preferencesparts "/dev/null";
Dir::State::lists "$dir/lists";
Dir::State::status "$dir/status";
Dir::State::extended_states "$dir/extended_states";
Dir::Cache "$dir/cache";
Dir::Log "$dir";
APT::Sandbox::User "root";
APT::Install-Recommends "false";
APT::Keep-Downloaded-Packages "true";
Acquire::Languages "none";
Acquire::Retries "2";
Acquire::http::Timeout "20";
Acquire::https::Timeout "20";
CONF
}

download() {
  local keyring=/usr/share/keyrings/debian-archive-keyring.gpg mirror
  [ -r "$keyring" ] || skip "no Debian archive keyring (package debian-archive-keyring)"
  mkdir -p "$dir"/lists/partial "$dir"/cache/archives/partial
  : >"$dir/status"
  write_apt_conf
  while read -r mirror; do
    echo "deb [signed-by=$keyring] $mirror sid main" >"$dir/sid.list"
    if apt-get -c "$dir/apt.conf" --error-on=any update -qq >"$dir/apt.log" 2>&1 &&
      apt-get -c "$dir/apt.conf" install -y --download-only mysql-server-core mysql-client >>"$dir/apt.log" 2>&1; then
      rm -rf "$dir/lists" "$dir"/cache/*.bin
      touch "$dir/cache/complete"
      return
    fi
  done < <(mirrors)
  skip "MySQL packages cannot be downloaded: $(grep -m1 -E '^(E|W|Err)[: ]' "$dir/apt.log" 2>/dev/null || echo 'no mirror is configured')"
}

unpack() {
  local package
  rm -rf "$dir/root" "$dir/root.partial"
  mkdir -p "$dir/root.partial"
  for package in "$dir"/cache/archives/*.deb; do
    dpkg-deb -x "$package" "$dir/root.partial"
  done
  mv "$dir/root.partial" "$dir/root"
}

dir=${1:-$(default_dir)}
for tool in apt-get dpkg-deb flock; do
  command -v "$tool" >/dev/null || skip "MySQL needs $tool to be fetched"
done
mkdir -p "$dir" 2>/dev/null || skip "cannot create $dir"
dir=$(cd "$dir" && pwd)
exec 9>"$dir/lock"
flock 9
if [ ! -x "$dir/root/usr/sbin/mysqld" ]; then
  [ -e "$dir/cache/complete" ] || download
  unpack
fi
[ -x "$dir/root/usr/sbin/mysqld" ] || skip "the packages hold no mysqld"
echo "$dir/root"
