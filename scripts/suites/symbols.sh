# SPDX-License-Identifier: MIT
# symbols: what the library exports, and what runs between clone and exec
# shellcheck shell=bash disable=SC2154

suite_symbols() {
  begin symbols "what is exported, and what runs between clone and exec"
  local so=build-test/libsentinel/libsentinel.so.0 object allowed
  sed -n 's/^ *\(sn_[a-z0-9_]*\);$/\1/p' libsentinel/libsentinel.sym | sort >"$scratch/listed"
  nm -D --defined-only "$so" | awk '$2 ~ /[TBDRVW]/ { sub(/@.*/, "", $3); print $3 }' | grep -v '^SENTINEL_' | sort \
    >"$scratch/exported"
  cat libsentinel/include/sentinel/*.h | tr '\n' ' ' | sed 's|/\*[^*]*\*\+\([^/*][^*]*\*\+\)*/||g' |
    grep -oE 'SN_API [^;]*\(' | grep -oE 'sn_[a-z0-9_]+ *\($|sn_[a-z0-9_]+\(' | tr -d ' (' | sort -u >"$scratch/declared"
  check "exported symbols are those of libsentinel.sym" diff "$scratch/listed" "$scratch/exported"
  check "public functions are those of libsentinel.sym" diff "$scratch/listed" "$scratch/declared"
  # memcpy and its like are what a compiler makes of an assignment; clone() and its errno are the parent's side.
  allowed='^(memcpy|memset|memmove|memcmp|clone|__errno_location|_GLOBAL_OFFSET_TABLE_|sn__child_usual_priority)$'
  for object in build-test/libsentinel/libsentinel-child.a.p/*.o; do
    nm -u "$object" | awk '{ print $2 }' | grep -vE "$allowed" >"$scratch/foreign"
    check "${object##*/} calls nothing but what is allowed after clone" diff /dev/null "$scratch/foreign"
  done
  nm -u build-test/libsentinel/sentinel-init >"$scratch/foreign"
  check "sentinel-init has no undefined symbols" diff /dev/null "$scratch/foreign"
  check "sentinel-init needs no loader" sh -c '! readelf -lW "$1" | grep -q INTERP' sh build-test/libsentinel/sentinel-init
  readelf -lW "$so" build-test/libsentinel/sentinel-init | awk '/GNU_STACK/ && /E/ && $0 ~ /RWE/' >"$scratch/foreign"
  check "no executable stacks" diff /dev/null "$scratch/foreign"
  end
}
