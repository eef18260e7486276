# SPDX-License-Identifier: MIT
# rootless-no-cgroup: an ordinary user without a cgroup of its own: the layer cgroup is relaxed, rlimits and polling bound
# shellcheck shell=bash disable=SC2034,SC2154

may_skip='^an ordinary user cannot mount on the host'

# Nothing degrades in silence: without the option it is refused, and the way out is named.
refused() {
  local said
  said=$("${as_user[@]}" "$SENTINEL" exec -- /bin/true 2>&1)
  [[ $? != 0 && $said == *cgroup* && $said == *elegat* ]] || {
    printf '%s\n' "$said"
    return 1
  }
}
check "without an option it is refused, with the way out" refused
check "with the layer relaxed it runs" "${as_user[@]}" "$SENTINEL" exec --relax cgroup -- /bin/true
for name in test_rootless test_run test_run_input test_run_events test_sandbox test_mounts test_bad_input; do
  program $name "${as_user[@]}" env SN_TEST_RELAX=cgroup
  [[ $long == 1 ]] || break
done
if [[ $long == 1 ]]; then
  # Another user, to whom nobody gave a range of uids.
  stranger=("${user_env[@]}" XDG_RUNTIME_DIR=/run/user/1001 "SN_TEST_RELAX=cgroup,uid"
    setpriv --reuid=1001 --regid=1001 --clear-groups --inh-caps=-all)
  install -d -o 1001 -g 1001 -m 700 /run/user/1001
  for name in test_rootless test_run test_run_input test_run_events test_sandbox test_mounts; do
    program $name "${stranger[@]}"
  done
fi
