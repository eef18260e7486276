# SPDX-License-Identifier: MIT
# format: clang-format of every C file
# shellcheck shell=bash disable=SC2154

packages_format=(clang-format)

suite_format() {
  begin format "clang-format of ${#c_files[@]} files"
  local file
  for file in "${c_files[@]}"; do
    if clang-format --dry-run --Werror "$file" >"$scratch/log" 2>&1; then
      case_ok "$file"
    else
      grep -m 3 'error:' "$scratch/log" >"$scratch/short"
      case_failed "$file" "$scratch/short"
    fi
  done
  end
}
