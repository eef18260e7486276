# SPDX-License-Identifier: MIT
# python: the Python binding and the client of the service: pytest, mypy --strict, examples; CPython's own tests, with --long
# shellcheck shell=bash disable=SC2154

packages_python=(python3-pytest python3-setuptools python3-wheel python3-pip python3-httpx python3-websockets mypy)
packages_long_python=(libpython3.11-testsuite)

# What a failing test printed, and the reasons of those that were skipped, are in pytest's own report.
suite_python() {
  begin python "the Python binding"
  local log=$scratch/log status=0 counts=() word began=$SECONDS example
  # Debian's: another python3 in PATH has no pytest.
  local run=(env "SENTINEL_LIBRARY=$top/build-test/libsentinel/libsentinel.so.0" "SENTINEL_BUILD=$top/build-test"
    PYTHONDONTWRITEBYTECODE=1
    "PYTHONPATH=$top/bindings/python" "MYPYPATH=$top/bindings/python" timeout --kill-after=10)
  (cd bindings/python && "${run[@]}" 900 /usr/bin/python3 -X dev -m pytest -q -rs -W error) >"$log" 2>&1 </dev/null ||
    status=$?
  for word in passed failed error skipped; do
    counts+=("$(tail -n 1 "$log" | sed -n "s/^\(.*[ =]\)\{0,1\}\([0-9][0-9]*\) ${word}s\{0,1\}\b.*/\2/p")")
  done
  local bad=$((${counts[1]:-0} + ${counts[2]:-0}))
  [[ $status == 0 || $bad -gt 0 ]] || bad=1
  passed=$((passed + ${counts[0]:-0}))
  failed=$((failed + bad))
  skipped=$((skipped + ${counts[3]:-0}))
  if [[ $bad == 0 ]]; then
    say "ok      pytest: ${counts[0]:-0} passed, ${counts[3]:-0} skipped ($((SECONDS - began)) s)"
    sed -n 's/^SKIPPED \(.*\)/        skipped: \1/p' "$log"
  else
    failures+=("python: pytest: $bad tests")
    say "FAILED  pytest: exit status $status"
    tail -n 120 "$log" | sed 's/^/        /'
  fi
  check "mypy --strict" "${run[@]}" 300 sh -c 'cd bindings/python && mypy --cache-dir=/dev/null'
  cp -r bindings/python "$scratch/wheel"
  # shellcheck disable=SC2016
  check "a wheel is built and imported" "${run[@]}" 120 sh -c 'cd "$1" &&
    python=/usr/bin/python3 && $python -c "import setuptools.build_meta as b; b.build_wheel(\".\")" &&
    $python -m zipfile -e ./*.whl unpacked && test -e unpacked/sentinel/py.typed && cd unpacked &&
    PYTHONPATH=. $python -c "import sentinel, sentinel.client; assert sentinel.host()"' sh "$scratch/wheel"
  # As docs/python.md has it for a host that reaches no index.
  cp -r bindings/python "$scratch/sources"
  # shellcheck disable=SC2016
  check "pip install --no-build-isolation, without an index" "${run[@]}" 120 sh -c \
    '/usr/bin/python3 -m pip install -q --no-index --no-build-isolation --no-deps --disable-pip-version-check \
       --root-user-action=ignore --target "$1" "$2" && cd / &&
     PYTHONPATH=$1 /usr/bin/python3 -c "import sentinel; assert sentinel.__file__.startswith(\"$1\")"' sh \
    "$scratch/site" "$scratch/sources"
  for example in examples/*.py; do
    check "mypy --strict $example" "${run[@]}" 120 mypy --strict --cache-dir=/dev/null "$example"
  done
  printf 'case %s: %s\n' 1 ACCEPTED 2 WRONG_ANSWER 3 ACCEPTED 4 TIME_LIMIT_EXCEEDED >"$scratch/expected"
  # shellcheck disable=SC2016
  check "examples/judge.py" "${run[@]}" 120 sh -c \
    '/usr/bin/python3 -W error examples/judge.py | tee /dev/stderr | cut -d " " -f 1-3 | diff "$1" -' sh "$scratch/expected"
  printf '%s\n' '[0, 1, 4, 9, 16]' "['HELLO', 'HELLO AGAIN', 'HELLO AGAIN AGAIN']" cancelled >"$scratch/expected"
  # shellcheck disable=SC2016
  check "examples/async_runs.py" "${run[@]}" 120 sh -c \
    '/usr/bin/python3 -W error examples/async_runs.py | diff "$1" -' sh "$scratch/expected"
  [[ $long == 0 ]] || cpython_run
  end
}

cpython_run() {
  local status=0
  env "SENTINEL=$top/build-test/sentinel-cli/sentinel" timeout --kill-after=10 $((7200 * ${SN_TEST_SLOW:-1})) \
    ./tests/run-cpython >"$scratch/cases" 2>"$scratch/log" </dev/null || status=$?
  count_cases "$scratch/cases"
  [[ $status == 0 ]] || case_failed "run-cpython ended with status $status" "$scratch/log"
}
