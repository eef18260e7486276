# SPDX-License-Identifier: MIT
# Sourced by the scripts of this folder: messages, and packages that are installed only when missing.
# shellcheck shell=bash

say() { printf '%s\n' "$*"; }
heading() { printf '\n== %s ==\n' "$*"; }
die() {
  printf '%s: %s\n' "${0##*/}" "$*" >&2
  exit 2
}

# What the build needs; without recommended packages, so the C library's headers are named too.
build_packages=(meson ninja-build gcc g++ libc6-dev pkg-config libseccomp-dev libcap-dev libmnl-dev libjansson-dev
  libcyaml-dev libyaml-dev nettle-dev python3)
# What sentinel-server and sentinel-worker need besides; -Dservice=false builds without.
build_packages+=(libh2o-evloop-dev libwslay-dev libssl-dev libsqlite3-dev libpq-dev librabbitmq-dev libhiredis-dev
  libcurl4-openssl-dev)

need_root() {
  [[ $(id -u) == 0 ]] || die "needs root to install packages and to make sandboxes with every layer: sudo $0 $*"
}

need_debian() {
  local id='' like=''
  if [[ -r /etc/os-release ]]; then
    id=$(. /etc/os-release && printf '%s' "${ID:-}")
    like=$(. /etc/os-release && printf '%s' "${ID_LIKE:-}")
  fi
  if ! command -v apt-get >/dev/null || [[ " $id $like " != *" debian "* ]]; then
    die "this installs packages by apt and knows Debian 12's names only (this is ${id:-unknown}). Elsewhere install" \
      "meson, ninja, a C compiler, pkg-config, libseccomp, libcap, libmnl, jansson, libcyaml, nettle, and then:" \
      "meson setup build -Dtests=false && ninja -C build"
  fi
}

missing_packages() {
  local package
  for package in "$@"; do
    [[ $(dpkg-query -W -f='${Status}' "$package" 2>/dev/null) == 'install ok installed' ]] || printf '%s\n' "$package"
  done
}

apt_quietly() {
  local log
  log=$(mktemp)
  if DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 -qq "$@" </dev/null >"$log" 2>&1; then
    rm -f "$log"
    return 0
  fi
  apt_said=$(tail -n 20 "$log")
  rm -f "$log"
  return 1
}

# Fetches the package lists only if what is there does not do.
install_packages() {
  local missing
  mapfile -t missing < <(missing_packages "$@")
  [[ ${#missing[@]} == 0 ]] && return 0
  say "installing: ${missing[*]}"
  apt_quietly install -y --no-install-recommends "${missing[@]}" && return 0
  apt_quietly update || die "apt-get update failed: $apt_said"
  apt_quietly install -y --no-install-recommends "${missing[@]}" || die "cannot install ${missing[*]}: $apt_said"
}

# build_in DIRECTORY [MESON OPTION...] [-- TARGET...]: sets up once, then builds, everything unless told what. Quiet
# unless it fails.
build_in() {
  local directory=$1 options=() log
  shift
  while [[ $# -gt 0 && $1 != -- ]]; do
    options+=("$1")
    shift
  done
  [[ $# == 0 ]] || shift
  log=$(mktemp)
  if [[ ! -f $directory/build.ninja ]]; then
    # A directory that an interrupted set-up left is no build directory yet.
    [[ ! -d $directory ]] || rm -rf --one-file-system "${directory:?}"
    if ! meson setup "$directory" "${options[@]}" </dev/null >"$log" 2>&1; then
      cat "$log" >&2
      rm -f "$log"
      return 1
    fi
  fi
  if ! ninja -C "$directory" -k 0 "$@" </dev/null >"$log" 2>&1; then
    # What the compiler said, without what went well and its command lines.
    grep -vE '^\[[0-9]+/[0-9]+\] |^(cc|c\+\+) |^ninja: (Entering|build)' "$log" | tail -n 80 >&2
    rm -f "$log"
    return 1
  fi
  rm -f "$log"
}
