# SPDX-License-Identifier: MIT
# corpus: the programs of tests/corpus, each with its expected verdict
# shellcheck shell=bash disable=SC2154

packages_corpus=(default-jdk-headless golang-go nodejs)

suite_corpus() {
  begin corpus "programs with an expected verdict"
  local log=$scratch/log line status=0 counts
  SENTINEL=$top/build-test/sentinel-cli/sentinel timeout --kill-after=10 900 ./tests/run-corpus >"$log" 2>&1 </dev/null ||
    status=$?
  grep -vE '^[0-9]+ passed, ' "$log" | tail -n 200
  line=$(grep -E '^[0-9]+ passed, [0-9]+ failed' "$log" | tail -n 1)
  if [[ -z $line ]]; then
    case_failed "run-corpus ended with status $status and no summary"
  else
    read -ra counts <<<"${line//[!0-9 ]/}"
    passed=$((passed + counts[0]))
    failed=$((failed + counts[1]))
    skipped=$((skipped + ${counts[2]:-0}))
    [[ ${counts[1]} == 0 ]] || failures+=("corpus: ${counts[1]} of the cases")
    [[ ${counts[1]} -gt 0 || $status == 0 ]] || case_failed "run-corpus ended with status $status"
  fi
  end
}
