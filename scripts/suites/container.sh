# SPDX-License-Identifier: MIT
# container: inside a podman container without --privileged, and what is said when an option is missing
# shellcheck shell=bash disable=SC2154

packages_container=(podman runc mmdebstrap python3-yaml jq)

container_base_packages=gcc,libc6-dev,python3-minimal,libseccomp2,libcap2,libmnl0,libjansson4,libcyaml1,libyaml-0-2,libnettle8

# Storage of our own, never that of the user who runs the tests.
container_podman() {
  env -u XDG_RUNTIME_DIR podman --root "$container_store/$container_driver" --runroot "$scratch/podman" \
    --storage-driver "$container_driver" --runtime "$(PATH=$PATH:/usr/sbin command -v runc)" \
    --cgroup-manager cgroupfs --events-backend none "$@"
}

# inside OPTION... -- COMMAND...: in a container with exactly these options and the built tree at /opt.
container_inside() {
  local options=()
  while [[ $1 != -- ]]; do
    options+=("$1")
    shift
  done
  shift
  # A limit above the host's own is refused, and podman's defaults may be.
  timeout --kill-after=10 120 env -u XDG_RUNTIME_DIR podman --root "$container_store/$container_driver" \
    --runroot "$scratch/podman" --storage-driver "$container_driver" \
    --runtime "$(PATH=$PATH:/usr/sbin command -v runc)" --cgroup-manager cgroupfs --events-backend none \
    run --rm --network none --cgroup-parent "/$container_group" \
    --ulimit nofile=1024:1024 --ulimit nproc=1000:1000 \
    -v "$scratch/container:/opt:ro" -e SENTINEL_DATA_DIR=/opt/policies \
    -e PATH=/opt/bin:/usr/sbin:/usr/bin:/sbin:/bin "${options[@]}" localhost/base "$@"
}

# says NAME STATUS PATTERN OPTION... -- COMMAND...: its exit status (or "any") and a line of what it prints.
container_says() {
  local name=$1 wanted=$2 pattern=$3 status=0
  shift 3
  container_inside "$@" >"$scratch/log" 2>&1 </dev/null || status=$?
  if [[ $wanted != any && $wanted != "$status" ]]; then
    echo "(exit status $status instead of $wanted)" >>"$scratch/log"
    case_failed "$name" "$scratch/log"
  elif ! grep -qE -- "$pattern" "$scratch/log"; then
    echo "(nothing matches $pattern)" >>"$scratch/log"
    case_failed "$name" "$scratch/log"
  else
    case_ok "$name"
  fi
}

# A base image, made once: a change of what is in it makes another.
container_make_base() {
  local recipe key
  recipe="bookworm apt $container_base_packages"
  key=$(printf '%s' "$recipe" | sha256sum | cut -c1-16)
  container_store=/var/cache/sentinel-container/$key
  mkdir -p "$container_store" || return 1
  exec {container_lock}>"$container_store/lock"
  flock "$container_lock"
  for container_driver in overlay vfs; do
    container_podman image exists localhost/base 2>/dev/null && break
    if [[ ! -f $container_store/base.tar ]]; then
      mmdebstrap --quiet --mode=root --format=tar --variant=apt "--include=$container_base_packages" bookworm \
        "$container_store/base.tar.new" </dev/null >"$scratch/log" 2>&1 || return 1
      mv "$container_store/base.tar.new" "$container_store/base.tar"
    fi
    # overlay needs a kernel and a file system that have it; vfs copies the image for every container
    # what an interrupted run left is no storage
    rm -rf --one-file-system "${container_store:?}/$container_driver"
    if container_podman import -q "$container_store/base.tar" localhost/base >"$scratch/log" 2>&1 &&
      container_inside -- true >>"$scratch/log" 2>&1; then
      rm -f "$container_store/base.tar"
      break
    fi
    [[ $container_driver != vfs ]] || return 1
  done
  flock -u "$container_lock"
}

container_stage() {
  local stage=$scratch/container
  mkdir -p "$stage/bin" "$stage/libsentinel" "$stage/tests/integration"
  cp -a build-test/libsentinel/libsentinel.so* "$stage/libsentinel/"
  cp build-test/sentinel-cli/sentinel containers/entrypoint "$stage/bin/"
  cp build-test/tests/integration/test_{run,sandbox,mounts} "$stage/tests/integration/" 2>/dev/null
  # the image has what Sentinel needs, and not what its tests need
  cp "$(ldconfig -p | sed -n 's/.*libcmocka\.so\.0 .*=> //p' | head -n 1)" "$stage/libsentinel/"
  cp -r policies "$stage/policies"
  printf 'print(6 * 7)\n' >"$stage/hello.py"
  printf '#include <stdio.h>\nint main(void) { puts("hi"); return 0; }\n' >"$stage/hello.c"
  printf 'b = []\nwhile True:\n    b.append(bytearray(1 << 20))\n' >"$stage/memory.py"
  printf 'while True:\n    pass\n' >"$stage/cpu.py"
  cat >"$stage/pids.c" <<'END'
#include <stdio.h>
#include <unistd.h>
int main(void)
{
    int made = 0;
    for (int i = 0; i < 100; i++) {
        pid_t pid = fork();
        if (pid == 0) {
            pause();
            return 0;
        }
        made += pid > 0;
    }
    printf("made %d\n", made);
    return 0;
}
END
  chmod -R a+rX "$scratch/container"
}

# On cgroup v1 the container gets a group of each hierarchy as a volume: a group below one that it cannot see.
container_make_groups() {
  local controller
  container_cgroup=()
  if [[ -e /sys/fs/cgroup/cgroup.controllers ]]; then
    container_v2=1
    container_cgroup=(--cgroupns private --security-opt unmask=/sys/fs/cgroup)
    return
  fi
  container_v2=0
  for controller in memory cpu cpuacct pids; do
    mkdir -p "/sys/fs/cgroup/$controller/$container_group/groups" || return 1
    container_cgroup+=(-v "/sys/fs/cgroup/$controller/$container_group/groups:/sys/fs/cgroup/$controller:rw")
  done
}

# Whose they are: the uid that the container's processes have.
container_own_groups() {
  [[ $container_v2 == 1 ]] || chown -R "$1" /sys/fs/cgroup/{memory,cpu,cpuacct,pids}/"$container_group/groups"
}

container_drop_groups() {
  local tree
  for tree in /sys/fs/cgroup /sys/fs/cgroup/*; do
    [[ ! -d $tree/$container_group ]] || find "$tree/$container_group" -depth -type d -exec rmdir {} + 2>/dev/null
  done
}

container_compare=$(
  cat <<'END'
import json, sys
def allowed(path):
    names = set()
    for rule in json.load(open(path))["syscalls"]:
        needs = rule.get("includes") or {}
        if rule["action"] == "SCMP_ACT_ALLOW" and not needs.get("caps") and "amd64" in needs.get("arches", ["amd64"]):
            names.update(rule["names"])
    return names
# New forms of old calls, which podman's profile of 2022 does not know yet, and io_getevents with a signal mask.
newer = {"cachestat", "fchmodat2", "futex_requeue", "futex_wait", "futex_waitv", "futex_wake", "io_pgetevents",
         "map_shadow_stack"}
extra = allowed(sys.argv[2]) - allowed(sys.argv[1]) - newer
if extra != {"sethostname"}:
    sys.exit(f"it adds {sorted(extra)}")
END
)
container_yaml=$(
  cat <<'END'
import re, sys, yaml
blocks = re.findall(r"^```yaml\n(.*?)^```", open(sys.argv[1]).read(), re.M | re.S)
assert len(blocks) >= 2, blocks
for block in blocks:
    assert isinstance(list(yaml.safe_load_all(block))[0], dict)
END
)

# What the profile adds to podman's own, and that it is what its script writes.
container_check_profile() {
  local default=/usr/share/containers/seccomp.json
  if [[ -r $default ]]; then
    check "the profile adds nothing to podman's own but what it says" python3 -c "$container_compare" "$default" \
      containers/seccomp.json
  else
    case_skipped "the profile against podman's own" "$default is not there"
  fi
  if [[ $(dpkg-query -W -f='${Version}' libseccomp2 2>/dev/null) == 2.5.4-* ]]; then
    check "seccomp.json is what make-seccomp writes" sh -c 'containers/make-seccomp | cmp - containers/seccomp.json'
  fi
}

# Every fenced block of docs/containers.md that is YAML parses.
container_check_docs() {
  check "the YAML of docs/containers.md parses" python3 -c "$container_yaml" docs/containers.md
}

# What a container needs, taken away one by one. $needed is all of it; each negative test leaves one out.
container_cases() {
  local seccomp=(--security-opt "seccomp=$top/containers/seccomp.json")
  local proc=(--security-opt 'unmask=/proc/*')
  local caps=(--cap-drop ALL --cap-add "SETUID,SETGID$([[ $container_v2 == 0 ]] || printf ',CHOWN,DAC_OVERRIDE')")
  local tight=(--security-opt no-new-privileges --read-only --read-only-tmpfs=false --tmpfs /run:size=1m)
  local needed=("${seccomp[@]}" "${proc[@]}" "${caps[@]}" "${tight[@]}" "${container_cgroup[@]}")
  local run=(entrypoint run) program call relax

  local cgroup_option='GROUP:/sys/fs/cgroup'
  if [[ $container_v2 == 1 ]]; then
    cgroup_option='unmask=/sys/fs/cgroup'
  fi
  container_says "doctor finds everything" 0 'a sandbox with every layer( but apparmor \(.*\))? ran /bin/true' "${needed[@]}" -- entrypoint doctor
  container_says "python" 0 '^42$' "${needed[@]}" -- "${run[@]}" /opt/hello.py
  container_says "c" 0 '^hi$' "${needed[@]}" -- "${run[@]}" /opt/hello.c
  if container_inside "${needed[@]}" -- "${run[@]}" --json /opt/hello.py >"$scratch/log" 2>&1 &&
    jq -e '.run.layers | (.in_force | length) >= 17 and (.relaxed - ["apparmor"] | length) == 0' "$scratch/log" >/dev/null; then
    case_ok "every layer in force but apparmor"
  else
    case_failed "every layer in force but apparmor" "$scratch/log"
  fi
  container_says "memory is limited" 121 'MEMORY_LIMIT_EXCEEDED' "${needed[@]}" -- \
    "${run[@]}" --memory-kb 65536 /opt/memory.py
  container_says "cpu time is limited" 120 'TIME_LIMIT_EXCEEDED' "${needed[@]}" -- \
    "${run[@]}" --cpu-ms 300 /opt/cpu.py
  container_says "processes are limited" any '^made 7$' "${needed[@]}" -- "${run[@]}" --pids 8 /opt/pids.c
  # test_isolation is left out: it relaxes user-ns, which takes CAP_SYS_ADMIN
  for program in run sandbox mounts; do
    [[ -x $scratch/container/tests/integration/test_$program ]] || continue
    run_cmocka "test_$program, in the container" bash -c 'container_inside "$@"' inside "${needed[@]}" \
      --tmpfs /tmp:exec -- "/opt/tests/integration/test_$program"
  done

  # One option less each time: what is said must name it.
  container_says "without the profile: doctor" 1 'seccomp=FILE, where FILE is .*containers/seccomp.json' \
    "${proc[@]}" "${caps[@]}" "${tight[@]}" "${container_cgroup[@]}" -- entrypoint doctor
  container_says "without the profile: run" 125 'seccomp=FILE.*--relax uts-ns' \
    "${proc[@]}" "${caps[@]}" "${tight[@]}" "${container_cgroup[@]}" -- "${run[@]}" /opt/hello.py
  container_says "without the profile, uts-ns relaxed" 0 '^42$' \
    "${proc[@]}" "${caps[@]}" "${tight[@]}" "${container_cgroup[@]}" -- "${run[@]}" --relax uts-ns /opt/hello.py
  # unshare(2) is for cgroup v2: on v1 PID 1 is cloned with a cgroup namespace of its own.
  for call in clone clone3 mount umount2 pivot_root fsopen fsconfig fsmount open_tree move_mount \
    mount_setattr; do
    jq --arg call "$call" '.syscalls |= map(select(.names != [$call]))' containers/seccomp.json >"$scratch/less.json"
    container_says "a profile without $call" 1 'seccomp=FILE' --security-opt "seccomp=$scratch/less.json" \
      "${proc[@]}" "${caps[@]}" "${tight[@]}" "${container_cgroup[@]}" -- entrypoint doctor
  done
  container_says "/proc masked: doctor" 1 'unmask=/proc/\*.*systempaths=unconfined.*procMount: Unmasked' \
    "${seccomp[@]}" "${caps[@]}" "${tight[@]}" "${container_cgroup[@]}" -- entrypoint doctor
  container_says "/proc masked: run" 125 'unmask=/proc/\*.*--relax nested-ns' \
    "${seccomp[@]}" "${caps[@]}" "${tight[@]}" "${container_cgroup[@]}" -- "${run[@]}" /opt/hello.py
  container_says "/proc masked, nested-ns relaxed" 125 'unmask=/proc/\*.*--relax proc' \
    "${seccomp[@]}" "${caps[@]}" "${tight[@]}" "${container_cgroup[@]}" -- \
    "${run[@]}" --relax nested-ns /opt/hello.py
  container_says "/proc masked, proc and nested-ns relaxed" 0 '^42$' \
    "${seccomp[@]}" "${caps[@]}" "${tight[@]}" "${container_cgroup[@]}" -- \
    "${run[@]}" --relax proc,nested-ns /opt/hello.py
  container_says "cgroups read-only" 125 "$cgroup_option" \
    "${seccomp[@]}" --security-opt 'unmask=/proc/*' "${caps[@]}" "${tight[@]}" -- "${run[@]}" /opt/hello.py
  container_says "cgroups read-only, relaxed" 0 '^42$' \
    "${seccomp[@]}" --security-opt 'unmask=/proc/*' "${caps[@]}" "${tight[@]}" -- \
    "${run[@]}" --relax cgroup /opt/hello.py
  container_says "root without capabilities" 125 'cap-add SETUID,SETGID' \
    "${seccomp[@]}" "${proc[@]}" --cap-drop ALL "${tight[@]}" "${container_cgroup[@]}" -- "${run[@]}" /opt/hello.py
  container_says "nowhere to write" 125 'tmpfs /run' "${seccomp[@]}" "${proc[@]}" "${caps[@]}" \
    --read-only --read-only-tmpfs=false "${container_cgroup[@]}" -- "${run[@]}" /opt/hello.py
  container_says "podman's defaults: doctor" 1 'seccomp=FILE' -- sentinel doctor
  container_says "podman's defaults: run" 125 "$cgroup_option" -- sentinel run /opt/hello.py
  container_says "podman's defaults and an unmasked /proc" 0 '^42$' --security-opt 'unmask=/proc/*' -- \
    sentinel run --relax cgroup,uts-ns /opt/hello.py
  container_says "podman's defaults and a writable cgroup tree" 0 '^42$' "${container_cgroup[@]}" -- \
    "${run[@]}" --relax proc,nested-ns,uts-ns /opt/hello.py

  # An ordinary user in the container, without a single capability.
  container_own_groups 1000
  [[ $container_v2 == 0 ]] && relax=uid || relax=uid,cgroup
  container_says "an ordinary user" 0 '^42$' --user 1000:1000 "${seccomp[@]}" "${proc[@]}" --cap-drop ALL \
    "${tight[@]}" --tmpfs /tmp "${container_cgroup[@]}" -- "${run[@]}" --relax "$relax" /opt/hello.py
  container_own_groups 0
}

undo_container() {
  container_group=sentinel-container-$$
  container_drop_groups
  # podman leaves its storage mounted on itself
  ! mountpoint -q "${container_store:-/}/overlay/overlay" 2>/dev/null || umount "$container_store/overlay/overlay" 2>/dev/null
}

suite_container() {
  export -f container_inside
  begin container "inside podman, without --privileged"
  export container_group=sentinel-container-$$ container_store container_driver scratch
  container_check_profile
  container_check_docs
  container_stage
  if ! container_make_base; then
    case_skipped "containers" "no base image: $(tail -n 1 "$scratch/log")"
  elif ! container_make_groups || ! container_own_groups 0; then
    case_skipped "containers" "no groups can be made for one in /sys/fs/cgroup"
  else
    container_cases
  fi
  undo_container
  end
}
