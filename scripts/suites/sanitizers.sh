# SPDX-License-Identifier: MIT
# sanitizers: units and integration with ASan and UBSan, built into build-asan/
# shellcheck shell=bash disable=SC2154

packages_sanitizers=(default-jdk-headless golang-go nodejs man-db locales)

suite_sanitizers() {
  begin sanitizers "units and integration with ASan and UBSan"
  local program
  if ! build_in build-asan --buildtype=debug -Db_sanitize=address,undefined -Db_lundef=false -Dwerror=true; then
    case_failed "the build"
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
