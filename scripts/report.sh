# SPDX-License-Identifier: MIT
# Sourced by scripts/test: what a suite says of its cases, and how they are counted.
# shellcheck shell=bash disable=SC2154

passed=0 failed=0 skipped=0
started=$SECONDS
suite_started=$SECONDS
failures=()

# case_ok NAME / case_failed NAME [FILE WITH WHAT IT SAID]: a suite that counts by itself.
case_ok() {
  passed=$((passed + 1))
  [[ $verbose == 0 ]] || say "ok      $1"
}
case_failed() {
  failed=$((failed + 1))
  failures+=("$suite: $1")
  say "FAILED  $1"
  [[ -z ${2:-} ]] || sed 's/^/        /' "$2" | tail -n 60
}
case_skipped() {
  if [[ ${SN_MUST_WORK:-} == 1 ]]; then
    case_failed "$1 (would be skipped: $2)"
    return
  fi
  skipped=$((skipped + 1))
  say "skipped $1: $2"
}

begin() {
  suite=$1
  suite_started=$SECONDS
  before=("$passed" "$failed" "$skipped")
  heading "$suite: $2"
}
end() {
  say "$suite: $((passed - before[0])) passed, $((failed - before[1])) failed, $((skipped - before[2])) skipped" \
    "in $((SECONDS - suite_started)) s"
}

# count_cases FILE: lines "ok|failed|skipped|note|say NAME<TAB>TEXT" of a program that judges its cases itself. A note is
# a case that passed as far as it could be tried here.
count_cases() {
  local word name text
  while IFS=$'\t' read -r name text; do
    word=${name%% *}
    name=${name#* }
    case $word in
      ok) case_ok "$name" ;;
      note)
        case_ok "$name"
        say "note    $name: $text"
        ;;
      skipped) case_skipped "$name" "$text" ;;
      say) say "$name" ;;
      *)
        printf '%s\n' "$text" >"$scratch/text"
        case_failed "$name" "$scratch/text"
        ;;
    esac
  done <"$1"
}

# check NAME COMMAND...: one case by exit status.
check() {
  local name=$1
  shift
  if "$@" >"$scratch/log" 2>&1 </dev/null; then
    case_ok "$name"
  else
    case_failed "$name" "$scratch/log"
  fi
}

# Reasons, one a skipped test, on our standard input.
say_skipped() {
  local count reason
  sort | uniq -c | while read -r count reason; do say "        skipped $count: $reason"; done
}

# run_cmocka NAME COMMAND...: counts a cmocka program's tests by what it announced, so that a crash fails all the rest.
run_cmocka() {
  local name=$1 log status=0 announced ok skips bad began=$SECONDS
  shift
  log=$scratch/log
  timeout --kill-after=10 600 "$@" >"$log" 2>&1 </dev/null || status=$?
  announced=$(sed -n 's/^\[==========\] Running \([0-9]*\) test(s)\..*/\1/p' "$log" | head -n 1)
  announced=${announced:-0}
  ok=$(grep -c '^\[       OK \] ' "$log")
  skips=$(grep '^\[  SKIPPED \] [^0-9]' "$log" | sort -u | wc -l)
  bad=$((announced - ok - skips))
  [[ $bad -ge 0 ]] || bad=0
  [[ $status == 0 || $bad -gt 0 ]] || bad=1
  passed=$((passed + ok))
  failed=$((failed + bad))
  skipped=$((skipped + skips))
  if [[ $bad == 0 ]]; then
    say "ok      $name: $ok passed$([[ $skips == 0 ]] || printf ', %s skipped' "$skips") ($((SECONDS - began)) s)"
  else
    failures+=("$suite: $name: $bad of $announced")
    say "FAILED  $name: $bad of $announced failed, exit status $status$([[ $status != 124 ]] || printf ' (timed out)')"
    # What a passing test printed says nothing about the failure: keep each block from its RUN line and drop the good ones.
    awk '/^\[ RUN      \]/ { block = ""; keep = 1 }
         { block = block "        " $0 "\n" }
         /^\[       OK \]/ || /^\[  SKIPPED \]/ { block = ""; next }
         /^\[  FAILED  \]|^\[  ERROR   \]|^\[==========\]/ { printf "%s", block; block = "" }
         END { printf "%s", block }' "$log" | tail -n 120
  fi
  sed -n 's/^SKIP: //p' "$log" | say_skipped
  [[ $verbose == 0 ]] || grep -E '^\[ (      OK|  FAILED  |  SKIPPED ) \]' "$log" | sed 's/^/        /'
}

# run_unittest NAME COMMAND...: the same for Python's unittest with -v.
run_unittest() {
  local name=$1 log status=0 ran bad=0 skips=0 word began=$SECONDS
  shift
  log=$scratch/log
  timeout --kill-after=10 900 "$@" >"$log" 2>&1 </dev/null || status=$?
  ran=$(sed -n 's/^Ran \([0-9]*\) tests\{0,1\} in .*/\1/p' "$log" | tail -n 1)
  ran=${ran:-0}
  for word in failures errors; do
    bad=$((bad + $(sed -n "s/^FAILED (.*\b$word=\([0-9]*\).*/\1/p" "$log" | tail -n 1) + 0))
  done
  skips=$(sed -n 's/^\(OK\|FAILED\) (.*skipped=\([0-9]*\).*/\2/p' "$log" | tail -n 1)
  skips=${skips:-0}
  [[ $status == 0 || $bad -gt 0 ]] || bad=1
  local ok=$((ran - bad - skips))
  [[ $ok -ge 0 ]] || ok=0
  passed=$((passed + ok))
  failed=$((failed + bad))
  skipped=$((skipped + skips))
  if [[ $bad == 0 ]]; then
    say "ok      $name: $ok passed$([[ $skips == 0 ]] || printf ', %s skipped' "$skips") ($((SECONDS - began)) s)"
  else
    failures+=("$suite: $name: $bad of $ran")
    say "FAILED  $name: $bad of $ran failed, exit status $status$([[ $status != 124 ]] || printf ' (timed out)')"
    grep -vE ' \.\.\. (ok|skipped.*)$' "$log" | sed 's/^/        /' | tail -n 120
  fi
  sed -n "s/.* \.\.\. skipped [\"']\(.*\)[\"']$/\1/p" "$log" | say_skipped
}

# The programs that a build directory has for a suite, as its meson.build lists them.
programs_of() {
  local program
  for program in "$1/tests/$2"/*; do
    [[ -f $program && -x $program ]] && printf '%s\n' "$program"
  done
}

# install_for_consumers: what a stranger's program sees, into $installed_tree; once a call. A failure is a failed case.
installed_tree=
install_for_consumers() {
  [[ -z $installed_tree ]] || return 0
  local tree=$top/build-test/installed
  rm -rf --one-file-system "${tree:?}"
  if ! meson install -C build-test >"$scratch/log" 2>&1; then
    case_failed "installation" "$scratch/log"
    return 1
  fi
  case_ok "installation"
  installed_tree=$tree
}

# run_attacks COMMAND...: `sentinel doctor --attack ...`. One case is an attack with all its controls.
run_attacks() {
  local report=$scratch/attacks.json status=0
  timeout --kill-after=10 $((900 * ${SN_TEST_SLOW:-1})) "$@" --json >"$report" 2>"$scratch/log" </dev/null || status=$?
  if python3 scripts/suites/attacks.py "$report" >"$scratch/cases" 2>>"$scratch/log"; then
    count_cases "$scratch/cases"
  else
    case_failed "doctor --attack ended with status $status and no report" "$scratch/log"
  fi
}
