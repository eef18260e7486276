# SPDX-License-Identifier: MIT
# root: root on a host with nothing but cgroup v2: every layer, no v1
# shellcheck shell=bash disable=SC2034,SC2154

check "a sandbox has every layer" "$SENTINEL" exec -- /bin/true
# Only root with all capabilities can put a process out of the OOM killer's reach.
# shellcheck disable=SC2016
check "what spares the host spares no program" sh -c \
  'echo -500 >/proc/self/oom_score_adj && [ "$("$1" exec -- cat /proc/self/oom_score_adj)" = 0 ]' sh "$SENTINEL"
for name in test_cgroup test_cpus test_isolation test_keys integration_limits; do
  program $name
done
run_unittest test_suspect.py python3 tests/integration/test_suspect.py -v
if [[ $long == 1 ]]; then
  for name in test_run test_run_input test_run_events test_sandbox test_mounts test_host_safety test_dead_host \
    test_bad_input; do
    program $name
  done
  run_unittest test_cli.py python3 tests/integration/test_cli.py -v
  run_unittest test_cli_doctor.py python3 tests/integration/test_cli_doctor.py -v
  run_unittest test_cli_languages.py python3 tests/integration/test_cli_languages.py -v
  corpus -- 'bash/*' 'c/*' 'python/*'
fi
