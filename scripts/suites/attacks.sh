# SPDX-License-Identifier: MIT
# attacks: the attacks of tests/attacks, each held, and each of them shown to work without the layers that stop it
# shellcheck shell=bash disable=SC2154

packages_attacks=(python3)

# One case is an attack with all its controls.
suite_attacks() {
  begin attacks "sentinel doctor --attack --controls"
  local report=$scratch/attacks.json status=0
  timeout --kill-after=10 900 build-test/sentinel-cli/sentinel doctor --attack --controls --json >"$report" \
    2>"$scratch/log" </dev/null || status=$?
  if ! python3 scripts/suites/attacks.py "$report" >"$scratch/cases" 2>>"$scratch/log"; then
    case_failed "doctor --attack ended with status $status and no report" "$scratch/log"
    end
    return
  fi
  count_cases "$scratch/cases"
  end
}
