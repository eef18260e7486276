#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A judge: compiles a C++ submission once, runs it on every test case, compares what it prints."""
import sentinel

SUBMISSION = """
#include <iostream>
int main() {
    long long a, b;
    std::cin >> a >> b;
    for (volatile int turn = 0; a == 13; turn = 1) {}
    std::cout << (b == 0 ? 1 : a / b) << std::endl;
}
"""
CASES = [("6 3", "2"), ("1 0", "0"), ("100 7", "14"), ("13 1", "13")]


def judge(source: str, cases: list[tuple[str, str]]) -> list[str]:
    limits = sentinel.Limits(cpu_ms=500, memory_bytes=64 << 20)
    with sentinel.Program(source, language="c++", limits=limits) as program:
        if not program.runnable and program.compile_result:
            return [f"{program.compile_result.verdict}\n{program.compile_result.stderr.decode()}"]
        verdicts = []
        for given, expected in cases:
            result = program.run(stdin=given)
            right = result.stdout.split() == expected.encode().split()
            verdict = str(result.verdict) if not result.ok else "ACCEPTED" if right else "WRONG_ANSWER"
            verdicts.append(f"{verdict} {result.cpu_ns // 1_000_000} ms {result.memory_bytes >> 10} KiB")
        return verdicts


if __name__ == "__main__":
    for number, line in enumerate(judge(SUBMISSION, CASES), 1):
        print(f"case {number}: {line}")
