# SPDX-License-Identifier: MIT
# fuzz: every parser against libFuzzer for 6 seconds, built with clang into build-fuzz/
# shellcheck shell=bash disable=SC2154

packages_fuzz=(clang libclang-rt-14-dev)

suite_fuzz() {
  local fuzz_seconds=6
  [[ $long == 0 ]] || fuzz_seconds=600
  begin fuzz "each parser for at most $fuzz_seconds s"
  local target
  # Only the targets: the rest is built by gcc elsewhere.
  if ! CC=clang build_in build-fuzz -Dfuzz=true -Db_sanitize=address,undefined -Db_lundef=false -Dwerror=true -- fuzz \
    >"$scratch/log" 2>&1; then
    case_failed "the build" "$scratch/log"
    end
    return
  fi
  mkdir -p "$scratch/fuzz"
  export scratch fuzz_seconds
  # shellcheck disable=SC2016
  for target in tests/fuzz/fuzz_*.c; do basename "$target" .c; done | xargs -P "$jobs" -I{} bash -c '
    tests/fuzz/run build-fuzz "$1" "$fuzz_seconds" >"$scratch/fuzz/$1" 2>&1 </dev/null && : >"$scratch/fuzz/$1.ok"' \
    fuzz {}
  for target in tests/fuzz/fuzz_*.c; do
    target=$(basename "$target" .c)
    if [[ -e $scratch/fuzz/$target.ok ]]; then
      case_ok "$target: $(sed -n 's/^Done \([0-9]* runs\).*/\1/p' "$scratch/fuzz/$target" | tail -n 1)"
    else
      case_failed "$target" "$scratch/fuzz/$target"
    fi
  done
  end
}
