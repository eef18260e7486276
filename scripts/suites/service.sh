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
  # They wait most of their time: for a broker to start, for a lease to end, for what was killed to be missed.
  local name lanes=2
  [[ $lanes_wanted -gt 1 ]] || lanes=1
  # The longest first, so that none of them is left alone at the end.
  for name in tests/service/test_{faults,chaos,streams,api}.py tests/service/parts/test_rabbitmq_recovery.py; do
    service_program "$name"
  done
  apart tsan service_sanitized thread EmbeddedApi EmbeddedStreams
  apart asan service_sanitized address EmbeddedApi EmbeddedStreams
  apart postgres service_conformance PostgreSQL with-postgres test_store test_store_attempts test_store_crowd \
    test_store_service test_events test_events_races test_postgres test_postgres_events test_postgres_lost
  apart rabbitmq service_conformance RabbitMQ with-rabbitmq test_queue_delivery test_queue_dead_letters \
    test_queue_takers test_queue_crowd
  apart redis service_conformance Redis with-redis test_guard test_guard_redis
  apart redis-unix service_conformance "Redis by its socket" "with-redis --unix" test_guard
  for name in tests/service/parts/test_*.py tests/service/test_*.py; do
    [[ -n ${service_begun[$name]:-} ]] || service_program "$name"
  done
  apart parts service_parts
  apart units locked installed service_units
  end
}

declare -A service_begun=()
# service_program FILE: tests in Python.
service_program() {
  service_begun[$1]=1
  apart "${1##*/}" run_unittest "${1##*/}" env "SENTINEL_BUILD=$top/build-test" "SENTINEL_LONG=$long" \
    "$service_python" "$1" -v
}

# Those of nothing but PostgreSQL or Redis are above.
service_parts() {
  local name
  for name in tests/service/parts/test_*.c; do
    name=$(basename "$name" .c)
    [[ $name == test_postgres* || $name == test_guard_redis ]] || run_cmocka "$name" "build-test/tests/service/parts/$name"
  done
}

# service_sanitized SANITIZER CLASS...: the whole of a server that was built with it. Leaks are looked for in the parts: a
# confined frontend can read no list of those that are h2o's.
service_sanitized() {
  local build=build-tsan sanitizer=$1 class program
  shift
  [[ $sanitizer == thread ]] || build=build-asan
  if ! build_sanitized "$sanitizer" sentinel-server/sentinel-server; then
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

# Units as they would be installed here: the paths of programs exist.
service_units() {
  local name unit
  install_for_consumers || return
  for name in deploy/systemd/*.service; do
    unit=$scratch/${name##*/}
    sed "s@/usr/local/sbin/@$installed_tree/sbin/@; s@^Documentation=.*@Documentation=https://example.org/@" "$name" >"$unit"
    check "systemd-analyze verify ${name##*/}" systemd-analyze verify --man=no "$unit"
  done
}
