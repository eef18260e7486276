# SPDX-License-Identifier: MIT
import sys
import time

for step in range(21):
    bar = "█" * step + "·" * (20 - step)
    print(f"\r\033[36m{bar}\033[0m {step * 5:3} %", end="", flush=True)
    time.sleep(0.05)
print()

for code, name in enumerate(["black", "red", "green", "yellow", "blue", "magenta", "cyan", "white"]):
    print(f"\033[{30 + code}m{name:10}\033[0m \033[1;{90 + code}mbright {name}\033[0m")

print("\033[1mbold\033[0m, \033[3mitalic\033[0m, \033[4munderlined\033[0m")
print("and this goes to stderr", file=sys.stderr)
