# SPDX-License-Identifier: MIT
# Sourced by renew and by scripts/suites/abi.sh: what the interface of a built library is, and how two are compared.
# shellcheck shell=bash

# abi_of BUILD-DIRECTORY OUT-DIRECTORY: writes libsentinel.abi and constants.
abi_of() {
  local so=$1/libsentinel/libsentinel.so.0 include=libsentinel/include
  abidw --exported-interfaces-only --suppressions tests/abi/private.suppr --no-corpus-path --no-comp-dir-path \
    --no-show-locs --no-parameter-names --no-elf-needed --no-write-default-sizes "$so" | sed 's/^ *//' \
    >"$2/libsentinel.abi" || return
  tests/abi/list-constants "$include"/sentinel/*.h >"$2/constants.c" &&
    "${CC:-cc}" -I "$include" -o "$2/constants.exe" "$2/constants.c" && "$2/constants.exe" >"$2/constants"
}

# abi_incompatible OLD NEW: prints what would break a program that was built with OLD; status 0 if nothing.
abi_incompatible() {
  local status=0
  abidiff --no-added-syms --suppressions tests/abi/growth.suppr "$1/libsentinel.abi" "$2/libsentinel.abi" || status=1
  # Constants of OLD that are other ones or gone. Versions, sizes and counts grow; reserved fields get a name and a use.
  comm -23 <(sort "$1/constants") <(sort "$2/constants") |
    grep -vE '^(SN_VERSION_[A-Z]+|SN_LAYER_COUNT|sizeof\([a-z_]+\)|[a-z_]+\.reserved) ' && status=1
  return "$status"
}

# abi_additions OLD NEW: prints what NEW has that OLD has not; status 0 if nothing.
abi_additions() {
  local status=0
  abidiff --harmless "$1/libsentinel.abi" "$2/libsentinel.abi" || status=1
  diff <(sort "$1/constants") <(sort "$2/constants") || status=1
  return "$status"
}
