# SPDX-License-Identifier: MIT
# service: sentinel-server and sentinel-worker, their parts, with a real PostgreSQL, RabbitMQ and Redis; chaos; load
# shellcheck shell=bash disable=SC2154

packages_service=(postgresql rabbitmq-server redis-server python3-jsonschema python3-websockets python3-httpx prometheus
  curl openssl)

# The packages are Debian's, for Debian's Python; another may come first in PATH.
service_python=/usr/bin/python3

# service_conformance PROGRAM WITH...: a suite that holds each implementation of an interface to the same.
service_conformance() {
  local program=$1 with=$2 name
  for name in "${@:3}"; do
    # shellcheck disable=SC2086  # an option may come with it
    run_cmocka "$name, $program" tests/service/$with -- "build-test/tests/service/parts/$name"
  done
}

suite_service() {
  begin service "server and worker, with real databases and brokers"
  local name
  for name in compare config message metrics trace webhook_address store store_attempts store_crowd store_service \
    store_sqlite queue events events_races events_memory guard confined confined_work privilege executor executor_cases \
    executor_ends; do
    run_cmocka "test_$name" "build-test/tests/service/parts/test_$name"
  done
  service_conformance PostgreSQL with-postgres test_store test_store_attempts test_store_crowd test_store_service \
    test_events test_events_races test_postgres test_postgres_events test_postgres_lost
  service_conformance RabbitMQ with-rabbitmq test_queue
  service_conformance Redis with-redis test_guard test_guard_redis
  service_conformance "Redis by its socket" "with-redis --unix" test_guard
  for name in tests/service/parts/test_*.py tests/service/test_*.py; do
    run_unittest "${name##*/}" env "SENTINEL_BUILD=$top/build-test" "SENTINEL_LONG=$long" "$service_python" "$name" -v
  done
  service_sanitized thread EmbeddedApi EmbeddedStreams
  service_sanitized address EmbeddedApi EmbeddedStreams
  for name in deploy/systemd/*.service; do
    service_unit "$name"
  done
  end
}

# service_sanitized SANITIZER CLASS...: the whole of a server that was built with it. Leaks are looked for in the parts: a
# confined frontend can read no list of those that are h2o's.
service_sanitized() {
  local build=build-tsan sanitizer=$1 class program
  shift
  [[ $sanitizer == thread ]] || build=build-asan
  if [[ ! -f $build/build.ninja ]]; then
    [[ ! -d $build ]] || rm -rf --one-file-system "$build"
    local options=(--buildtype=debugoptimized -Db_sanitize=thread)
    [[ $sanitizer == thread ]] || options=(--buildtype=debug -Db_sanitize=address,undefined)
    meson setup "$build" "${options[@]}" -Db_lundef=false -Dwerror=true >"$scratch/log" 2>&1 </dev/null ||
      rm -f "$build/build.ninja"
  fi
  if [[ ! -f $build/build.ninja ]] ||
    ! ninja -C "$build" sentinel-server/sentinel-server >"$scratch/log" 2>&1 </dev/null; then
    case_failed "the server with -fsanitize=$sanitizer" "$scratch/log"
    return
  fi
  for class in "$@"; do
    program=test_api.py
    [[ $class != *Streams ]] || program=test_streams.py
    run_unittest "$class with -fsanitize=$sanitizer" env "SENTINEL_BUILD=$top/$build" TSAN_OPTIONS=exitcode=66 \
      ASAN_OPTIONS=detect_leaks=0 \
      "$service_python" "tests/service/$program" -v "$class"
  done
}

# A unit as it would be installed here: the paths of programs exist.
service_unit() {
  local unit=$scratch/${1##*/}
  sed "s@/usr/local/sbin/@$top/build-test/installed/sbin/@; s@^Documentation=.*@Documentation=https://example.org/@" "$1" >"$unit"
  install_for_consumers || return
  check "systemd-analyze verify ${1##*/}" systemd-analyze verify --man=no "$unit"
}
