# SPDX-License-Identifier: MIT
# format: clang-format of every C file
# shellcheck shell=bash disable=SC2154

packages_format=(clang-format)

suite_format() {
  begin format "clang-format of ${#c_files[@]} files"
  local file status=0 bad=$failed
  export scratch
  # Many files at once: starting it takes longer than most of them.
  # shellcheck disable=SC2016
  printf '%s\n' "${c_files[@]}" | xargs -P "$jobs" -n 64 bash -c '
    clang-format --dry-run --Werror "$@" >"$scratch/format.$$" 2>&1' format || status=$?
  cat "$scratch"/format.* >"$scratch/log"
  for file in "${c_files[@]}"; do
    if [[ $status != 0 ]] && grep -F "$file:" "$scratch/log" | grep -m 3 'error:' >"$scratch/short"; then
      case_failed "$file" "$scratch/short"
    else
      case_ok "$file"
    fi
  done
  [[ $status == 0 || $failed -gt $bad ]] || case_failed "clang-format ended with status $status" "$scratch/log"
  end
}
