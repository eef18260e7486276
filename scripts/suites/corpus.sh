# SPDX-License-Identifier: MIT
# corpus: the programs of tests/corpus, each with its expected verdict
# shellcheck shell=bash disable=SC2154

packages_corpus=(default-jdk-headless golang-go nodejs)

suite_corpus() {
  begin corpus "programs with an expected verdict"
  corpus_run "each compiled" SENTINEL_NO_CACHE=1
  # The second round finds what the first one left.
  local cached=(--filter 'cpp/[a-m]*')
  [[ $long == 0 ]] || cached=(--filter 'c/*' --filter 'cpp/*' --filter 'go/*' --filter 'java/*')
  corpus_run "with a cache" "SENTINEL_CACHE_DIR=$scratch/corpus-cache" --repeat 2 "${cached[@]}"
  # Those whose process waits for what it will run.
  local armed=(--filter 'bash/*' --filter 'python/*')
  [[ $long == 0 ]] || armed=()
  corpus_run "armed" "SENTINEL_CACHE_DIR=$scratch/corpus-cache" --armed "${armed[@]}"
  end
}

# corpus_run WORD VARIABLE=VALUE [OPTION...]
corpus_run() {
  local log=$scratch/log word=$1 variable=$2 line status=0 counts
  shift 2
  env -u SENTINEL_NO_CACHE "$variable" "SENTINEL=$top/build-test/sentinel-cli/sentinel" \
    timeout --kill-after=10 900 ./tests/run-corpus "$@" >"$log" 2>&1 </dev/null || status=$?
  grep -vE '^[0-9]+ passed, ' "$log" | tail -n 200
  line=$(grep -E '^[0-9]+ passed, [0-9]+ failed' "$log" | tail -n 1)
  if [[ -z $line ]]; then
    case_failed "run-corpus, $word, ended with status $status and no summary"
  else
    read -ra counts <<<"${line//[!0-9 ]/}"
    passed=$((passed + counts[0]))
    failed=$((failed + counts[1]))
    skipped=$((skipped + ${counts[2]:-0}))
    [[ ${counts[1]} == 0 ]] || failures+=("corpus, $word: ${counts[1]} of the cases")
    [[ ${counts[1]} -gt 0 || $status == 0 ]] || case_failed "run-corpus, $word, ended with status $status"
  fi
}
