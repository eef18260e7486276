# SPDX-License-Identifier: MIT
# web: the web interface: types, style, units, build, what it weighs, whom it names; Chromium and Firefox use it on a real server
# shellcheck shell=bash disable=SC2154

. "$top/scripts/web.sh"

packages_web=(chromium firefox-esr fonts-dejavu-core curl)
has_node || packages_web+=(nodejs npm)

suite_web() {
  begin web "the web interface, in a browser and without"
  if ! has_node; then
    case_skipped "all of it" "npm and Node.js $node_least or later are not here"
    end
    return
  fi
  if ! web_modules >"$scratch/log" 2>&1; then
    case_failed "npm ci" "$scratch/log"
    end
    return
  fi
  case_ok "npm ci"
  # shellcheck disable=SC2016
  check "schema.d.ts is what openapi.json says (npm run schema)" sh -c 'cd web &&
    node schema.mjs "$1" && diff src/api/schema.d.ts "$1"' sh "$scratch/schema.d.ts"
  check "tsc" web_run types
  check "eslint" web_tool eslint --max-warnings 0 .
  check "prettier" web_tool prettier --check .
  web_vitest "units" 600
  if ! web_build >"$scratch/log" 2>&1; then
    case_failed "npm run build" "$scratch/log"
    end
    return
  fi
  case_ok "npm run build"
  if node scripts/suites/web-dist.mjs web/dist >"$scratch/cases" 2>"$scratch/log"; then
    count_cases "$scratch/cases"
  else
    case_failed "what is in web/dist" "$scratch/log"
  fi
  locked installed web_installed
  if [[ -x ${CHROMIUM:=/usr/bin/chromium} ]]; then
    CHROMIUM=$CHROMIUM SENTINEL_BUILD=$top/build-test web_vitest "browsers" 2400 --config e2e/vitest.config.ts
  else
    case_skipped "all that takes a browser" "there is no $CHROMIUM"
  fi
  end
}

web_run() { (cd web && npm run --silent "$@"); }
web_tool() { (cd web && npx --no-install "$@"); }

# web_vitest NAME SECONDS [OPTION...]: one case for each test, by vitest's own report; and what it said, if one failed.
web_vitest() {
  local name=$1 seconds=$2 log=$scratch/vitest.log report=$scratch/vitest.json status=0 bad=$failed began=$SECONDS
  local before_ok=$passed
  shift 2
  rm -f "$report"
  (cd web && NO_COLOR=1 timeout --kill-after=30 $((seconds * ${SN_TEST_SLOW:-1})) npx --no-install vitest run \
    --reporter=default --reporter=json --outputFile.json="$report" "$@") >"$log" 2>&1 </dev/null || status=$?
  if ! node scripts/suites/web-cases.mjs "$report" >"$scratch/cases" 2>"$scratch/log"; then
    case_failed "$name: vitest ended with status $status and no report" "$log"
    return
  fi
  count_cases "$scratch/cases"
  # A test file that does not load, or a hook that fails, is no test that failed.
  [[ $status == 0 || $failed -gt $bad ]] || case_failed "$name: vitest ended with status $status"
  sed -n 's/^FIGURE /        /p' "$log"
  if [[ $failed -gt $bad ]]; then
    sed 's/^/        /' "$log" | tail -n 150
  else
    say "ok      $name: $((passed - before_ok)) passed ($((SECONDS - began)) s)"
  fi
}

# What meson installs of it, and that the installed server finds it by itself.
web_installed() {
  local socket=$scratch/web/socket pid said=
  if ! meson setup --reconfigure build-test >"$scratch/log" 2>&1 </dev/null; then
    case_failed "meson with web/dist" "$scratch/log"
    return
  fi
  installed_tree=
  install_for_consumers || return
  mkdir -p "$scratch/web"
  chmod 777 "$scratch/web"
  env -u SENTINEL_DATA_DIR "SENTINEL_LISTEN=unix:$socket" "SENTINEL_STATE_DIR=$scratch/web/state" SENTINEL_USER=61987 \
    "$installed_tree/sbin/sentinel-server" >"$scratch/log" 2>&1 </dev/null &
  pid=$!
  for _ in {1..300}; do
    said=$(curl -sf -m 10 --unix-socket "$socket" http://localhost/ 2>/dev/null) && break
    kill -0 "$pid" 2>/dev/null || break
    sleep 0.1
  done
  kill "$pid" 2>/dev/null
  wait "$pid" 2>/dev/null
  if [[ $said == *'<div id="root">'* && ! -e $installed_tree/share/sentinel/web/.stamp ]]; then
    case_ok "the installed server shows what was installed"
  else
    case_failed "the installed server shows what was installed" "$scratch/log"
  fi
}
