# SPDX-License-Identifier: MIT
# delegated: an ordinary user with a part of the cgroup v2 tree and subordinate uids: every layer
# shellcheck shell=bash disable=SC2034,SC2154

may_skip='^an ordinary user cannot mount on the host'
check "a part of the tree is delegated" delegate
check "a sandbox has every layer" "${as_user[@]}" "$SENTINEL" exec -- /bin/true
program test_rootless "${as_user[@]}"
program test_run "${as_user[@]}"
if [[ $long == 1 ]]; then
  for name in test_slot test_run_events test_run_input test_cgroup test_sandbox test_mounts test_bad_input \
    test_isolation test_keys integration_limits; do
    program $name "${as_user[@]}"
  done
  corpus "${as_user[@]}" -- 'python/*'
fi
