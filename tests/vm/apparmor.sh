# SPDX-License-Identifier: MIT
# apparmor: AppArmor is enabled: its profiles are installed, bind, vanish and are removed
# shellcheck shell=bash disable=SC2154

check "AppArmor is enabled" grep -q Y /sys/module/apparmor/parameters/enabled
run_unittest test_apparmor.py python3 tests/integration/test_apparmor.py -v
# with the profile loaded, everything else goes on as before
check "the profile is installed" "$SENTINEL" doctor --install-apparmor
program test_bad_input
if [[ $long == 1 ]]; then
  for name in test_run test_isolation; do
    program $name
  done
fi
check "the profile is removed" "$SENTINEL" doctor --remove-apparmor
