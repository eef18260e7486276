# SPDX-License-Identifier: MIT
# Sourced by the scripts of this folder, after common.sh: how the web interface comes to be built.
# shellcheck shell=bash disable=SC2154

# The oldest Node.js that builds it; Debian 12's is 18.
node_least=18

# Who has another Node.js than Debian's keeps it: the two do not go together.
has_node() {
  local version
  command -v npm >/dev/null && version=$(node --version 2>/dev/null) || return 1
  version=${version#v}
  [[ ${version%%.*} =~ ^[0-9]+$ && ${version%%.*} -ge $node_least ]]
}

# A digest of all that decides what web/dist is.
web_stamp() {
  (cd "$top/web" && find . \( -path ./node_modules -o -path ./dist -o -path ./e2e -o -name '*.test.ts*' \) -prune -o \
    -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum | sha256sum | cut -c1-32)
}

web_is_built() { [[ -f $top/web/dist/index.html && $(cat "$top/web/dist/.stamp" 2>/dev/null) == "$(web_stamp)" ]]; }

# web_modules [NPM OPTION...]: what package-lock.json says, into web/node_modules, unless it is there. Scripts that
# packages bring are not run: none of ours needs them.
web_modules() {
  local stamp
  stamp=$(sha256sum <"$top/web/package-lock.json" | cut -c1-32)-$(node --version) || return 1
  [[ $(cat "$top/web/node_modules/.stamp" 2>/dev/null) != "$stamp" ]] || return 0
  (cd "$top/web" && timeout --kill-after=10 900 npm ci --ignore-scripts --no-audit --no-fund --loglevel=error \
    --fetch-retry-mintimeout=1000 --fetch-retry-maxtimeout=10000 "$@" </dev/null) || return 1
  printf '%s\n' "$stamp" >"$top/web/node_modules/.stamp"
}

# Into web/dist, which keeps its inode: a server may have it open.
web_build() {
  (cd "$top/web" && timeout --kill-after=10 900 npm run --silent build </dev/null) || return 1
  # the frontend of a server is another user
  chmod -R a+rX "$top/web/dist"
  web_stamp >"$top/web/dist/.stamp"
}
