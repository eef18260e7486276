# SPDX-License-Identifier: MIT
"""What every attack in Python needs (README.md): one line and an exit status that say how it went."""

import os
import sys


def _end(word, status, text):
    sys.stdout.write(f"{word}: {text}\n")
    sys.stdout.flush()
    os._exit(status)


def breach(text):
    """It worked."""
    _end("BREACH", 42, text)


def held(text):
    """It was refused."""
    _end("HELD", 0, text)


def visible(text):
    """It got something that is documented as visible."""
    _end("VISIBLE", 43, text)


def cannot(text):
    """It cannot be tried here."""
    _end("CANNOT", 77, text)


def scene(variable):
    """What the host has made for this attack."""
    value = os.environ.get(variable)
    if not value:
        cannot(f"the host has no {variable}")
    return value
