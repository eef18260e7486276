# SPDX-License-Identifier: MIT
# unit: units (no root needed)
# shellcheck shell=bash disable=SC2154

suite_unit() {
  begin unit "parts of the library by themselves"
  local program
  for program in $(programs_of build-test unit); do
    run_cmocka "${program##*/}" "$program"
  done
  end
}
