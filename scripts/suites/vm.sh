# SPDX-License-Identifier: MIT
# vm: the same on other kernels with cgroup v2 alone, in virtual machines (scripts/vm-test); --long: all scenarios
# shellcheck shell=bash disable=SC2034,SC2154

packages_vm=(qemu-system-x86 e2fsprogs mmdebstrap perl)

suite_vm() {
  begin vm "other kernels, in virtual machines"
  local log=$scratch/vm.log line counts status options=(--jobs 2)
  [[ $long == 0 ]] || options+=(--all)
  # Fewer machines at a time than processors would leave those idle; a machine does little on its second one.
  scripts/vm-test "${options[@]}" 2>&1 </dev/null | tee "$log" | grep --line-buffered -vE '^[0-9]+ passed, [0-9]+ failed'
  status=${PIPESTATUS[0]}
  line=$(grep -E '^[0-9]+ passed, [0-9]+ failed, [0-9]+ skipped$' "$log" | tail -n 1)
  if [[ -z $line ]]; then
    case_failed "vm-test ended with status $status and no summary"
  else
    read -ra counts <<<"${line//[!0-9 ]/}"
    passed=$((passed + counts[0]))
    failed=$((failed + counts[1]))
    skipped=$((skipped + counts[2]))
    [[ ${counts[1]} == 0 ]] || failures+=("vm: ${counts[1]} of the tests in virtual machines")
    [[ ${counts[1]} -gt 0 || $status == 0 ]] || case_failed "vm-test ended with status $status"
  fi
  end
}
