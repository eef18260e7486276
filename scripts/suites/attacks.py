# SPDX-License-Identifier: MIT
"""Turns the JSON report of `sentinel doctor --attack` into lines that scripts/report.sh counts: WORD NAME<TAB>TEXT."""

import json
import sys


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        report = json.load(file)
    for attack in report["attacks"]:
        faults = []
        untried = []
        if attack["outcome"] in ("breached", "broken"):
            faults.append(f"{attack['outcome']}: {attack['detail']}")
        elif attack["outcome"] == "not tried":
            untried.append(attack["detail"])
        for control in attack["controls"]:
            if "none" in control:
                continue
            relaxed = control["relaxed"] or "nothing"
            if control["outcome"] == "not tried":
                untried.append(f"control without {relaxed}: {control['detail']}")
            elif control["outcome"] != control["expected"]:
                faults.append(f"without {relaxed} it has to be {control['expected']}, and is "
                              f"{control['outcome']}: {control['detail']}")
        word = "failed" if faults else "note" if untried else "ok"
        print(f"{word} {attack['name']}\t{'; '.join(faults or untried)}")
    summary = report["summary"]
    by = ", ".join(f"{layer} {count}" for layer, count in sorted(summary["by"].items()))
    controls = summary["controls"]
    print(f"say attacks: {summary['held']} held ({by}), {summary['breached']} breached, {summary['visible']} visible, "
          f"{summary['not_tried']} not tried, {summary['broken']} broken; {controls['right']} controls right, "
          f"{controls['wrong']} wrong, {controls['not_tried']} not tried\t")


main()
