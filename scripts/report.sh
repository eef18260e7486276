# SPDX-License-Identifier: MIT
# Sourced by scripts/test: what a suite says of its cases, and how they are counted.
# shellcheck shell=bash disable=SC2154

passed=0 failed=0 skipped=0
started=$SECONDS
suite_started=$SECONDS
failures=()

# ------------------------------------------------------------------------------------------- pieces beside each other

# Pieces that run: the process of each, and its name.
declare -A pieces=()
# How many at the same time.
lanes=1

# apart NAME COMMAND...: a piece of the work, in a process and a scratch directory of its own, beside what runs already,
# but beside no more than there are lanes. What it says is kept, to be printed in one piece when it has ended, unless
# there is one lane; what it counts is ours then. Pieces may have pieces.
apart() {
  local name=$1
  while [[ ${#pieces[@]} -ge $lanes ]]; do gather; done
  : >"$scratch/$name.log"
  if [[ $lanes == 1 ]]; then
    piece "$@" </dev/null &
  else
    piece "$@" >"$scratch/$name.log" 2>&1 </dev/null &
  fi
  pieces[$!]=$name
}

piece() {
  local counts=$scratch/$1.counts
  # What a shell begins in the background ignores these two, and so would all that is tested.
  trap - INT QUIT
  trap 'exit 130' INT TERM
  pieces=() passed=0 failed=0 skipped=0 failures=()
  trap end_pieces EXIT
  scratch=$scratch/$1
  mkdir -m 755 "$scratch" || exit
  shift
  "$@"
  gather_all
  printf '%s\n' "$passed" "$failed" "$skipped" "${failures[@]}" >"$counts.new" && mv "$counts.new" "$counts"
}

# Waits for a piece to end, prints what it said, and counts what it counted. One that did not come to its end has
# failed, whatever it had counted by then.
gather() {
  local pid='' status=0 name counts
  wait -n -p pid "${!pieces[@]}" || status=$?
  if [[ -z $pid ]]; then
    case_failed "nothing is known of ${pieces[*]}"
    pieces=()
    return
  fi
  name=${pieces[$pid]}
  unset "pieces[$pid]"
  cat "$scratch/$name.log"
  if [[ -e $scratch/$name.counts ]]; then
    mapfile -t counts <"$scratch/$name.counts"
    passed=$((passed + counts[0]))
    failed=$((failed + counts[1]))
    skipped=$((skipped + counts[2]))
    failures+=("${counts[@]:3}")
  else
    case_failed "$name did not come to its end (status $status)"
  fi
  rm -rf --one-file-system "${scratch:?}/$name" "$scratch/$name".{log,counts}
}

gather_all() {
  while [[ ${#pieces[@]} -gt 0 ]]; do gather; done
}

# Whatever is below these processes, parents first: a shell that is told to end begins nothing more.
processes_below() {
  ps -e -o pid=,ppid= | awk -v roots="$*" '
    { children[$2] = children[$2] " " $1 }
    function walk(pid,   list, count, i) {
      print pid
      count = split(children[pid], list, " ")
      for (i = 1; i <= count; i++) walk(list[i])
    }
    END { count = split(roots, root, " "); for (i = 1; i <= count; i++) walk(root[i]) }'
}

# end_pieces: of an interrupted run: nothing of it goes on.
end_pieces() {
  local all left pid
  [[ ${#pieces[@]} -gt 0 ]] || return 0
  mapfile -t all < <(processes_below "${!pieces[@]}")
  kill -TERM "${all[@]}" 2>/dev/null
  for _ in {1..50}; do
    left=0
    for pid in "${!pieces[@]}"; do ! kill -0 "$pid" 2>/dev/null || left=1; done
    [[ $left == 1 ]] || break
    sleep 0.2
  done
  kill -KILL "${all[@]}" 2>/dev/null
  wait
  pieces=()
}

# locked NAME COMMAND...: no other piece is at what has this name meanwhile.
locked() {
  local lock
  exec {lock}>"$locks/$1"
  shift
  flock "$lock"
  "$@"
  local status=$?
  exec {lock}>&-
  return $status
}

# -------------------------------------------------------------------------------------------------------------- cases

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
  gather_all
  # Of the processes that we have waited for, and of those that these have: a suite has a process of its own.
  times >"$scratch/times"
  say "$suite: $((passed - before[0])) passed, $((failed - before[1])) failed, $((skipped - before[2])) skipped" \
    "in $((SECONDS - suite_started)) s ($(awk -F '[ms ]+' 'END { printf "%d", $1 * 60 + $2 + $3 * 60 + $4 }' \
      "$scratch/times") s of CPU)"
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

# build_sanitized address|thread TARGET...: with gcc's sanitizers. What it says of a failure is in $scratch/log.
build_sanitized() {
  # shellcheck disable=SC2054  # one option
  local build=build-asan options=(--buildtype=debug -Db_sanitize=address,undefined)
  [[ $1 == address ]] || build=build-tsan options=(--buildtype=debugoptimized -Db_sanitize=thread)
  shift
  locked "$build" build_in "$build" "${options[@]}" -Db_lundef=false -Dwerror=true -- "$@" >"$scratch/log" 2>&1
}

# install_for_consumers: what a stranger's program sees, into $installed_tree; once a suite, under the lock "installed",
# since every suite makes it anew. A failure is a failed case.
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
