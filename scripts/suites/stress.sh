# SPDX-License-Identifier: MIT
# stress: hosts killed at random moments, and 64 threads of sandboxes, with TSan too (build-tsan/)
# shellcheck shell=bash disable=SC2154

# stress_program NAME SECONDS COMMAND...: one case; what it counted is its report.
stress_program() {
  local name=$1 seconds=$2 status=0 log=$scratch/stress.log
  shift 2
  timeout --kill-after=10 "$seconds" "$@" >"$log" 2>&1 </dev/null || status=$?
  if [[ $status == 77 ]]; then
    case_skipped "$name" "$(sed -n 's/^SKIP: //p' "$log")"
    return
  fi
  if [[ $status == 0 ]]; then
    case_ok "$name"
  else
    [[ $status != 124 ]] || echo "timed out" >>"$log"
    case_failed "$name" "$log"
    return
  fi
  grep -E '^(kills|runs|before|[0-9]+ (kills|threads)) ?' "$log" | sed 's/^/        /'
}

suite_stress() {
  local kills=500 thread_seconds=15
  [[ $long == 0 ]] || { kills=5000 thread_seconds=240; }
  begin stress "$kills killed hosts, 64 threads for $thread_seconds s twice"
  # More than a worker for each core: most of a kill is waiting.
  stress_program "hosts killed at random moments" 600 build-test/tests/stress/stress_kill "$kills" "$((3 * jobs))"
  stress_program "64 threads" $((thread_seconds + 120)) build-test/tests/stress/stress_threads 64 "$thread_seconds"
  # Only what is run with it.
  if build_sanitized thread tests/stress/stress_threads; then
    # A report is a failure: the program then ends with 66. There are no suppressions.
    stress_program "64 threads with TSan" $((thread_seconds + 180)) \
      env TSAN_OPTIONS=exitcode=66 build-tsan/tests/stress/stress_threads 64 "$thread_seconds"
  else
    case_failed "the build with TSan" "$scratch/log"
  fi
  end
}
