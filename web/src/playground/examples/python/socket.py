# SPDX-License-Identifier: MIT
# There is no network in the sandbox, and a program cannot get one.
import socket

print("connecting...", flush=True)
with socket.create_connection(("1.1.1.1", 53), timeout=3):
    print("this is never printed")
