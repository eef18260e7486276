# SPDX-License-Identifier: MIT
# rootless: the same as an ordinary user, with and without subordinate uids
# shellcheck shell=bash disable=SC2154

packages_rootless=(uidmap passwd)

# What an ordinary user may read of this tree is not known: it gets a copy.
stage_for_users() {
  local stage=$scratch/stage
  mkdir -p "$stage/libsentinel" "$stage/tests/integration" "$stage/sentinel-cli"
  cp -a build-test/libsentinel/libsentinel.so* "$stage/libsentinel/"
  cp build-test/sentinel-cli/sentinel "$stage/sentinel-cli/"
  for program in $(programs_of build-test integration) build-test/tests/unit/test_slot; do
    cp "$program" "$stage/tests/integration/"
  done
  cp -r policies "$stage/policies"
  chmod -R a+rX "$scratch/stage"
}

undo_rootless() {
  ! id -u "sn-test-$$" >/dev/null 2>&1 || userdel "sn-test-$$" >/dev/null 2>&1
}

suite_rootless() {
  begin rootless "as an ordinary user"
  local program uid gid name kind relax run user=sn-test-$$
  stage_for_users
  if ! useradd --no-create-home --home-dir / --shell /bin/false "$user" >"$scratch/log" 2>&1; then
    user=
    case_skipped "user with subordinate uids" "useradd: $(head -n 1 "$scratch/log")"
  fi
  for kind in with without; do
    relax=cgroup
    if [[ $kind == with ]]; then
      [[ -n $user ]] || continue
      uid=$(id -u "$user") gid=$(id -g "$user")
      if ! grep -q "^$user:" /etc/subuid 2>/dev/null; then
        usermod --add-subuids 700000-765535 --add-subgids 700000-765535 "$user" 2>/dev/null
      fi
    else
      # One uid to map is the user's own: no sandbox can have another.
      uid=54321 gid=54321 relax=cgroup,uid
    fi
    run=(env -i "PATH=$PATH" HOME=/ LANG=C.UTF-8 "SN_MUST_WORK=${SN_MUST_WORK:-}"
      "SENTINEL_DATA_DIR=$scratch/stage/policies" "SN_TEST_RELAX=$relax"
      setpriv "--reuid=$uid" "--regid=$gid" --clear-groups --inh-caps=-all)
    for name in test_slot test_rootless test_run test_run_input test_run_events test_forked_host test_sandbox test_mounts \
      test_bad_input; do
      program=$scratch/stage/tests/integration/$name
      [[ -x $program ]] || continue
      run_cmocka "$name, $kind subordinate uids" "${run[@]}" "$program"
    done
  done
  undo_rootless
  end
}
