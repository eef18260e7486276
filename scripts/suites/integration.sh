# SPDX-License-Identifier: MIT
# integration: real sandboxes, as root
# shellcheck shell=bash disable=SC2154

packages_integration=(default-jdk-headless golang-go nodejs man-db locales bubblewrap
  python3-matplotlib)

suite_integration() {
  begin integration "real sandboxes, as root"
  local program
  for program in $(programs_of build-test integration); do
    run_cmocka "${program##*/}" "$program"
  done
  for program in tests/integration/test_*.py; do
    [[ -e $program ]] || continue
    run_unittest "${program##*/}" env "SENTINEL=$top/build-test/sentinel-cli/sentinel" python3 "$program" -v
  done
  end
}
