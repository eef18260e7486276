# SPDX-License-Identifier: MIT
# faults: every system call and every allocation of the library fails once
# shellcheck shell=bash disable=SC2154

# count_faults NAME COMMAND...: counts an injector's injections by what it says at its end.
count_faults() {
  local name=$1 log=$scratch/log status=0 line right wrong began=$SECONDS
  shift
  timeout --kill-after=10 1800 "$@" >"$log" 2>&1 </dev/null || status=$?
  line=$(grep '^faults: ' "$log" | tail -n 1)
  if [[ $status == 77 ]]; then
    case_skipped "$name" "$(sed -n 's/^SKIP: //p' "$log" | head -n 1)"
    return
  fi
  right=$(sed -n 's/^faults: .* injected, \([0-9]*\) clean errors, \([0-9]*\) right results.*/\1 + \2/p' <<<"$line")
  wrong=$(sed -n 's/^faults: .*, \([0-9]*\) wrong.*/\1/p' <<<"$line")
  passed=$((passed + ${right:-0}))
  if [[ $status == 0 && $((${right:-0})) -gt 0 ]]; then
    say "ok      $name: ${line#faults: } ($((SECONDS - began)) s)"
  else
    [[ ${wrong:-0} -gt 0 ]] || wrong=1
    failed=$((failed + wrong))
    failures+=("$suite: $name: $wrong wrong")
    say "FAILED  $name: ${line:-no result}, exit status $status"
    grep -v -e '^clean ' -e '^right ' -e '^faults: ' "$log" | sed 's/^/        /' | tail -n 60
  fi
  sed -n 's/^SKIP: /        skipped: /p' "$log"
}

suite_faults() {
  # More than a worker for each core: much of it is waiting for what was failed to be given up.
  begin faults "system calls and allocations that fail, one at a time"
  local form=()
  [[ $long == 0 ]] || form=(--long)
  count_faults "as root" build-test/tests/faults/inject --jobs "$((2 * jobs))" "${form[@]}"
  # Without a cgroup, a uid and a range of its own: the other ways through the same code.
  [[ $long == 0 ]] ||
    count_faults "as a user" build-test/tests/faults/inject --jobs "$((2 * jobs))" --user 54321:54321 --relax cgroup,uid "${form[@]}"
  end
}
