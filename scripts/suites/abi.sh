# SPDX-License-Identifier: MIT
# abi: programs built with older and newer headers, the interface against its baseline, the library's man pages
# shellcheck shell=bash disable=SC2154

packages_abi=(abigail-tools man-db groff-base mandoc)

suite_abi() {
  begin abi "the interface against its baseline, callers of other versions, the library's man pages"
  local program
  . tests/abi/lib.sh
  mkdir -p "$scratch/abi"
  if abi_of build-test "$scratch/abi" >"$scratch/log" 2>&1; then
    check "programs that were built with the baseline still work" abi_incompatible tests/abi "$scratch/abi"
    # New things are no fault, but must not slip in: tests/abi/renew takes them into the baseline.
    check "the baseline has all of the interface (else: tests/abi/renew)" abi_additions tests/abi "$scratch/abi"
  else
    case_failed "reading the interface" "$scratch/log"
  fi
  for program in $(programs_of build-test abi); do
    run_cmocka "${program##*/}" "$program"
  done
  locked installed abi_man_pages
  end
}

abi_man_pages() {
  local headers=(libsentinel/include/sentinel/*.h) installed page function
  check "everything public is described" docs/man/from_headers.py --check "${headers[@]}"
  install_for_consumers || return
  installed=$installed_tree/share/man
  for page in "$installed"/man3/{libsentinel,sentinel-*}.3; do
    abi_lint "$page" >"$scratch/said" 2>&1
    check "${page##*/} is clean" diff /dev/null "$scratch/said"
  done
  # Wherever the documents are.
  mkdir -p "$scratch/far" &&
    docs/man/from_headers.py --out "$scratch/far" --documents "/a/prefix-that-is/longer/than-most/$(pwd -P)" "${headers[@]}"
  abi_lint "$scratch/far/sentinel-language.3" >"$scratch/said" 2>&1
  check "a page that names a file of a long path is clean" diff /dev/null "$scratch/said"
  for page in "$installed"/man1/*.1; do
    abi_lint "$page" >"$scratch/said" 2>&1
    check "${page##*/} is clean" diff /dev/null "$scratch/said"
  done
  while read -r function; do
    [[ -e $installed/man3/$function.3 ]] || printf '%s\n' "$function"
  done < <(sed -n 's/^ *\(sn_[a-z0-9_]*\);$/\1/p' libsentinel/libsentinel.sym) >"$scratch/said"
  check "every exported function has a page" diff /dev/null "$scratch/said"
  # Each is a reference to a page that is there.
  sed -n 's/^\.so //p' "$installed"/man3/sn_*.3 | sort -u | sed "s|^|$installed/|" >"$scratch/targets"
  check "their pages are there" xargs -a "$scratch/targets" ls
  # shellcheck disable=SC2016
  check "man sn_run_write shows it" sh -c \
    'MANPATH=$1 MANWIDTH=80 man -E UTF-8 sn_run_write | grep -q "int sn_run_write(sn_running"' sh "$installed"
  # shellcheck disable=SC2016
  # Where they say that more is written.
  sed -n 's/\\://g; s/.*\\fI\(\/[^ ]*\.md\)\\fR.*/\1/p' "$installed"/man3/*.3 | sort -u >"$scratch/targets"
  check "the documents that they name are installed" xargs -r -a "$scratch/targets" ls
  check "they name some" test -s "$scratch/targets"
  # shellcheck disable=SC2016
  check "values of bits are shown" sh -c \
    'MANPATH=$1 MANWIDTH=80 man -E UTF-8 sn_mount | grep -q "SN_MOUNT_NOEXEC  *0x4$"' sh "$installed"
  # As the tests build it: every line of the file, in this order, none of them changed.
  # shellcheck disable=SC2016
  check "the example of libsentinel(3) is examples/minimal.c" sh -c \
    'MANPATH=$1 MANWIDTH=200 man -E UTF-8 libsentinel | sed -n "/^EXAMPLES/,/^SEE ALSO/p" | sed "1d;\$d" |
       sed "s/^ *//" | grep . | diff - "$2"' sh "$installed" <(sed '1d; s/^ *//' examples/minimal.c | grep .)
}

# What groff and mandoc have against a page. There is no date in it: the release is what it is true of. Lines are sentences.
abi_lint() {
  groff -man -ww -z -K utf8 -T utf8 "$1"
  # shellcheck disable=SC2069  # what it says, not the page
  MANROFFSEQ='' MANWIDTH=80 man --warnings -E UTF-8 -l "$1" 2>&1 >/dev/null
  mandoc -T lint "$1" | grep -vE 'missing date|input text line longer than 80 bytes|referenced manual not found'
}
