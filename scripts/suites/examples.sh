# SPDX-License-Identifier: MIT
# examples: those of examples/ built against an installed tree, and what they print
# shellcheck shell=bash disable=SC2154

packages_examples=(libuv1-dev libh2o-evloop-dev libwslay-dev libssl-dev libjansson-dev mawk curl)

# example_builds NAME STANDARD PACKAGES [MORE]: as its first lines say, with every warning.
example_builds() {
  local name=$1 flags
  # shellcheck disable=SC2086  # several packages
  read -ra flags <<<"$(pkg-config --cflags --libs $3) ${4:-}"
  check "$name builds" cc "-std=$2" -Wall -Wextra -Werror "examples/$name.c" "${flags[@]}" \
    "-Wl,-rpath,$installed_tree/lib" -o "$scratch/examples/$name"
}

# example_prints NAME COMMAND...: what it prints is what stands on our standard input.
example_prints() {
  local name=$1
  shift
  cat >"$scratch/expected"
  timeout 60 "$@" >"$scratch/printed" 2>&1 </dev/null
  check "$name" diff "$scratch/expected" "$scratch/printed"
}

suite_examples() {
  begin examples "built by pkg-config, and what they print"
  locked installed example_cases
  end
}

example_cases() {
  install_for_consumers || return
  mkdir -p "$scratch/examples"
  unset SENTINEL_DATA_DIR
  export PKG_CONFIG_PATH=$installed_tree/lib/pkgconfig
  example_builds minimal c99 sentinel
  example_builds judge_threads gnu11 sentinel -pthread
  example_builds event_loop gnu11 sentinel
  example_builds libuv_runs gnu11 "sentinel libuv"
  example_builds live_stdin gnu11 sentinel
  example_builds custom_language c11 sentinel
  example_builds denied_call c99 sentinel
  example_builds h2o_run gnu11 "sentinel libh2o-evloop jansson" "-DH2O_USE_LIBUV=0 -lwslay -lssl -lcrypto"
  example_outputs
  example_judge
  example_language
  example_service
  unset PKG_CONFIG_PATH
  export SENTINEL_DATA_DIR=$top/policies
}

example_outputs() {
  example_prints minimal "$scratch/examples/minimal" <<<"OK: 42"
  example_prints event_loop "$scratch/examples/event_loop" 8 \
    < <(echo "8 programs are ready" && printf 'OK: go %d\n' {0..7})
  example_prints libuv_runs "$scratch/examples/libuv_runs" \
    < <(printf '%s\n' "quick: OK hello from a sandbox" "slow: CANCELLED ")
  example_prints live_stdin "$scratch/examples/live_stdin" \
    < <(printf '%s\n' "50: lower" "25: higher" "37: found" OK)
  example_prints denied_call "$scratch/examples/denied_call" <<'END'
run 1: SECURITY_VIOLATION: sethostname
run 2: SECURITY_VIOLATION: chroot
run 3: OK
[Errno 1] Operation not permitted
[Errno 1] Operation not permitted: '/tmp'
went on

the policy:
#include "python.policy"
ERRNO(EPERM) { sethostname }
ERRNO(EPERM) { chroot }
END
}

example_judge() {
  local folder=$scratch/examples/submissions
  mkdir -p "$folder"
  echo 'print(sum(map(int, input().split())))' >"$folder/right.py"
  echo 'print(7)' >"$folder/wrong.py"
  echo 'while True: pass' >"$folder/endless.py"
  # shellcheck disable=SC2016
  echo 'read a b; echo $((a + b))' >"$folder/right.sh"
  echo 'int main(void) { return }' >"$folder/broken.c"
  echo 'int main(void) { return 3; }' >"$folder/failing.c"
  echo 'no code' >"$folder/notes.xyz"
  # shellcheck disable=SC2016
  example_prints judge_threads sh -c '"$1" "$2" "20 22" 42 4 | sed "s/  *[0-9.]* ms$//; s/  */ /"' sh \
    "$scratch/examples/judge_threads" "$folder" <<'END'
broken.c COMPILATION_ERROR
endless.py TIME_LIMIT_EXCEEDED
failing.c RUNTIME_ERROR
notes.xyz (unknown language)
right.py ACCEPTED
right.sh ACCEPTED
wrong.py WRONG_ANSWER
END
}

example_language() {
  # shellcheck disable=SC2016
  example_prints custom_language sh -c \
    'echo b a b | "$1" examples/languages examples/languages/wordcount.awk' sh "$scratch/examples/custom_language" \
    < <(printf '%s\n' "2 b" "1 a" "AWK: OK")
  # As examples/README.md has it.
  # shellcheck disable=SC2016
  example_prints "the command with awk.yaml" sh -c \
    'echo b a b | "$1" run --language examples/languages/awk.yaml examples/languages/wordcount.awk 2>/dev/null' sh \
    "$installed_tree/bin/sentinel" < <(printf '%s\n' "2 b" "1 a")
  # shellcheck disable=SC2016
  example_prints "the command with a directory that has it" sh -c \
    'echo b a b | SENTINEL_LANGUAGE_PATH=examples/languages "$1" run examples/languages/wordcount.awk 2>/dev/null' sh \
    "$installed_tree/bin/sentinel" < <(printf '%s\n' "2 b" "1 a")
}

example_service() {
  local port service
  [[ -x $scratch/examples/h2o_run ]] || return
  port=$(PYTHONPATH=tests/service python3 -B -c 'from services.ports import free_port; print(free_port())')
  "$scratch/examples/h2o_run" "$port" >"$scratch/service" 2>&1 </dev/null &
  service=$!
  local post=(curl -sS --noproxy '*' --max-time 30 --retry 20 --retry-connrefused --retry-delay 1 -w ' %{http_code}\n'
    --data-binary)
  example_prints "h2o_run: a program's output" "${post[@]}" 'print(6 * 7)' "http://127.0.0.1:$port/?python" \
    <<<'{"exit_code":0,"stderr":"","stdout":"42\n","verdict":"OK"} 200'
  example_prints "h2o_run: a language it does not know" "${post[@]}" x "http://127.0.0.1:$port/?none" \
    <<<'{"error":"no such language"} 404'
  # shellcheck disable=SC2016
  example_prints "h2o_run: four at once" sh -c '
    for i in 1 2 3 4; do
      curl -sS --noproxy "*" --data-binary "import time; time.sleep(1); print($i)" "http://127.0.0.1:$1/?python" &
    done | sed "s/}/}\n/g" | sed -n "s/.*\"stdout\":\"\([0-9]\).*\"OK\"}/\1/p" | sort; wait' sh "$port" < <(printf '%s\n' 1 2 3 4)
  kill "$service" 2>/dev/null
  wait "$service" 2>/dev/null
}
