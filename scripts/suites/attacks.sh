# SPDX-License-Identifier: MIT
# attacks: the attacks of tests/attacks, each held, and each of them shown to work without the layers that stop it
# shellcheck shell=bash disable=SC2154

packages_attacks=(python3)

suite_attacks() {
  begin attacks "sentinel doctor --attack --controls"
  run_attacks build-test/sentinel-cli/sentinel doctor --attack --controls
  end
}
