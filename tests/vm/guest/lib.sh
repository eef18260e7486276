# SPDX-License-Identifier: MIT
# Sourced by tests/vm/guest/scenario: what scenarios share, besides scripts/report.sh.
# shellcheck shell=bash disable=SC2034,SC2154

# What may be skipped here: a regular expression of reasons, which a scenario sets. A machine is made for its tests, so
# every other skip is a failure: else "no sandbox on this host" would look like success.
may_skip='^$'

# program NAME [PREFIX...]: one test program of the build, its cases counted; started by PREFIX if given.
program() {
  local name=$1 reason
  shift
  local file=build-test/tests/integration/$name
  [[ -x $file ]] || file=build-test/tests/unit/$name
  if [[ ! -x $file ]]; then
    case_failed "$name is not built"
    return
  fi
  run_cmocka "$name" "$@" "$file"
  while read -r reason; do
    case_failed "$name should not skip here: $reason"
  done < <(sed -n 's/^SKIP: //p' "$scratch/log" | sort -u | grep -vE "$may_skip")
}

# corpus [PREFIX...] -- GLOB...: cases of tests/corpus.
corpus() {
  local prefix=() filters=() log=$scratch/log line counts status=0
  while [[ $1 != -- ]]; do
    prefix+=("$1")
    shift
  done
  shift
  for line in "$@"; do filters+=(--filter "$line"); done
  "${prefix[@]}" ./tests/run-corpus "${filters[@]}" >"$log" 2>&1 </dev/null || status=$?
  grep -vE '^[0-9]+ passed, ' "$log" | tail -n 120
  line=$(grep -E '^[0-9]+ passed, [0-9]+ failed' "$log" | tail -n 1)
  if [[ -z $line ]]; then
    case_failed "run-corpus ended with status $status and no summary"
    return
  fi
  say "        corpus: $line"
  read -ra counts <<<"${line//[!0-9 ]/}"
  passed=$((passed + counts[0])) failed=$((failed + counts[1])) skipped=$((skipped + ${counts[2]:-0}))
  [[ ${counts[1]} == 0 ]] || failures+=("$suite: ${counts[1]} cases of the corpus")
}

# Uid 1000 without anything of root's, and with a runtime directory as a login gives one.
user_env=(env -i "PATH=$PATH" HOME=/home/user LANG=C.UTF-8 USER=user XDG_RUNTIME_DIR=/run/user/1000
  "SENTINEL=$SENTINEL" "SENTINEL_DATA_DIR=$SENTINEL_DATA_DIR" "SN_TEST_SLOW=$SN_TEST_SLOW")
user_prefix=(setpriv --reuid=1000 --regid=1000 --clear-groups --inh-caps=-all)
as_user=("${user_env[@]}" "${user_prefix[@]}")
install -d -o 1000 -g 1000 -m 700 /run/user /run/user/1000
chmod 755 /run/user

# delegate: hands a part of the tree to uid 1000, as docs/hosts.md says, and moves this shell into it.
delegate() {
  local group=/sys/fs/cgroup/user1000
  echo '+cpu +memory +pids' >/sys/fs/cgroup/cgroup.subtree_control &&
    mkdir -p $group/leaf &&
    chown 1000 $group $group/cgroup.{procs,subtree_control,threads} $group/leaf $group/leaf/cgroup.procs &&
    echo $$ >$group/leaf/cgroup.procs
}
