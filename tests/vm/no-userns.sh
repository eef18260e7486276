# SPDX-License-Identifier: MIT
# no-userns: user namespaces are switched off: what is refused names the rule and what changes it
# shellcheck shell=bash disable=SC2154

# says PATTERN COMMAND...: it fails, and its message matches.
says() {
  local pattern=$1 said
  shift
  if said=$("$@" 2>&1); then
    printf 'it succeeded: %s\n' "$said"
    return 1
  fi
  printf '%s\n' "$said"
  grep -qE "$pattern" <<<"$said"
}

check "the sandbox works before" "${as_user[@]}" "$SENTINEL" exec --relax cgroup -- /bin/true

rule=kernel.unprivileged_userns_clone
if [[ -e /proc/sys/kernel/unprivileged_userns_clone ]]; then
  sysctl -q -w $rule=0
  check "$rule=0: a user is told of it" says "$rule" "${as_user[@]}" "$SENTINEL" exec --relax cgroup -- /bin/true
  check "$rule=0: doctor tells a user, too" says "$rule" "${as_user[@]}" "$SENTINEL" doctor
  check "$rule=0: root has every layer" "$SENTINEL" exec -- /bin/true
  sysctl -q -w $rule=1
else
  case_skipped "$rule" "this kernel does not know it"
fi

rule=user.max_user_namespaces
allowed=$(sysctl -n $rule)
sysctl -q -w $rule=0
check "$rule=0: a user is told of it" says "$rule" "${as_user[@]}" "$SENTINEL" exec --relax cgroup -- /bin/true
check "$rule=0: doctor tells a user, too" says "$rule" "${as_user[@]}" "$SENTINEL" doctor
check "$rule=0: root is told of it" says "$rule" "$SENTINEL" exec -- /bin/true
check "$rule=0: root can go without" "$SENTINEL" exec --relax user-ns -- /bin/true
sysctl -q -w $rule="$allowed"

check "the sandbox works again" "${as_user[@]}" "$SENTINEL" exec --relax cgroup -- /bin/true
