# SPDX-License-Identifier: MIT
# attacks: those that may only be seen to work on a host that nobody needs; in full all, as root and as a user
# shellcheck shell=bash disable=SC2154

mapfile -t dangerous < <(python3 - <<'END'
import json, pathlib
for path in sorted(pathlib.Path("tests/attacks").glob("*/*.json")):
    if json.loads(path.read_text()).get("control", {}).get("where") == "vm":
        print(f"--only={path.parent.name}/{path.stem}")
END
)
check "there are attacks that need such a host" test ${#dangerous[@]} -gt 0
check "the host has huge pages" sysctl -q -w vm.nr_hugepages=8
if [[ $long == 0 ]]; then
  run_attacks "$SENTINEL" doctor --attack --controls "${dangerous[@]}"
else
  run_attacks "$SENTINEL" doctor --attack --controls
  check "a part of the tree is delegated" delegate
  run_attacks "${as_user[@]}" "$SENTINEL" doctor --attack
fi
