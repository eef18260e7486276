# SPDX-License-Identifier: MIT
import random

secret = random.randint(1, 100)
print("I think of a number from 1 to 100.")
tries = 0
while True:
    try:
        guess = int(input("Your guess? "))
    except ValueError:
        print("That is no number.")
        continue
    tries += 1
    if guess == secret:
        print(f"Right, after {tries} tries.")
        break
    print("More." if guess < secret else "Less.")
