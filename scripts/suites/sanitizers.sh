# SPDX-License-Identifier: MIT
# sanitizers: units and integration with ASan and UBSan, built into build-asan/
# shellcheck shell=bash disable=SC2154

packages_sanitizers=(default-jdk-headless golang-go nodejs man-db locales)

suite_sanitizers() {
  begin sanitizers "units and integration with ASan and UBSan"
  local program
  # Only what is run with them.
  if ! build_sanitized address unit-tests integration-tests; then
    case_failed "the build" "$scratch/log"
    end
    return
  fi
  for program in $(programs_of build-asan unit) $(programs_of build-asan integration); do
    # two minutes of g++, mostly; the cache itself is a unit
    [[ $long == 1 || ${program##*/} != test_compile_cache ]] || continue
    run_cmocka "${program##*/}" "$program"
  done
  end
}
