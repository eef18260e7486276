# SPDX-License-Identifier: MIT
# tidy: clang-tidy of every C file; those of the attacks, and the static analyzer on those of tests, with --long
# shellcheck shell=bash disable=SC2154

packages_tidy=(clang-tidy)

suite_tidy() {
  begin tidy "clang-tidy of the C files that are compiled"
  local file log
  mkdir -p "$scratch/tidy"
  # Options that only gcc has are errors for clang. A file that two targets compile is looked at once: the analyzer of
  # clang 14 carries its va_lists from one to the next and then finds none initialized.
  python3 -c '
import json, sys
commands = {}
for entry in json.load(sys.stdin):
    commands.setdefault(entry["file"], entry)
json.dump(list(commands.values()), sys.stdout, indent=2)' <build-test/compile_commands.json |
    sed 's/ -fno-tree-loop-distribute-patterns//' >"$scratch/tidy/compile_commands.json"
  local left_out='^tests/attacks/'
  [[ $long == 0 ]] || left_out='^$'
  printf '%s\n' "${c_files[@]}" | grep '\.c$' | grep -v "$left_out" | grep -F -x -f <(sed -n 's|^ *"file": "\.\./\(.*\)",\{0,1\}$|\1|p' \
    build-test/compile_commands.json) >"$scratch/tidy.list"
  # Most of the time goes into loops of test programs, which the analyzer follows until it gives up.
  local lighter='-clang-analyzer-*'
  [[ $long == 0 ]] || lighter=
  export scratch lighter
  # It fills the gaps of the suites beside it.
  # shellcheck disable=SC2016
  nice -n 19 xargs -a "$scratch/tidy.list" -P "$jobs" -I{} bash -c '
    log=$scratch/tidy/$(printf %s "$1" | tr / _)
    checks=
    [[ $1 != tests/* ]] || checks=$lighter
    timeout 900 clang-tidy -p "$scratch/tidy" --quiet --extra-arg=-Wno-unknown-warning-option --checks="$checks" "$1" >"$log" 2>/dev/null ||
      printf "%s\n" "$1" >>"$log.failed"' tidy {}
  while read -r file; do
    log=$scratch/tidy/$(printf %s "$file" | tr / _)
    if [[ -e $log.failed ]]; then
      case_failed "$file" "$log"
    else
      case_ok "$file"
    fi
  done <"$scratch/tidy.list"
  end
}
