#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Many programs at a time in one asyncio loop, one of them talked to while it runs, one of them cancelled."""
import asyncio

import sentinel


async def square(number: int) -> int:
    result = await sentinel.arun(f"print({number} ** 2)", language="python")
    return int(result.stdout)


async def conversation() -> list[str]:
    """Sends the next line only when the answer to the last one is there."""
    answers: list[str] = []
    rest = b""
    program = ["python3", "-u", "-c", "while True: print(input().upper())"]
    async with await sentinel.Sandbox.acreate() as sandbox:
        async with sandbox.start(program, feed=True) as running:
            running.write("hello\n")
            async for event in running:
                if event.type is not sentinel.EventType.STDOUT:
                    continue
                *lines, rest = (rest + event.data).split(b"\n")  # an event is what was there, not a line
                for line in lines:
                    answers.append(line.decode())
                    running.write(f"{answers[-1].lower()} again\n")
                if len(answers) == 3:
                    break  # leaving the block ends the program
    return answers


async def impatient() -> str:
    async with await sentinel.Sandbox.acreate() as sandbox:
        try:
            await asyncio.wait_for(sandbox.arun(["sleep", "5"]), timeout=0.2)
        except asyncio.TimeoutError:
            return "cancelled"
    return "too late"


async def main() -> None:
    squares, answers, patience = await asyncio.gather(
        asyncio.gather(*(square(number) for number in range(5))), conversation(), impatient()
    )
    print(squares)
    print(answers)
    print(patience)


if __name__ == "__main__":
    asyncio.run(main())
