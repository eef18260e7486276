# SPDX-License-Identifier: MIT
"""Ports of loopback for servers that must be told theirs."""

import random
import socket


def first_ephemeral():
    """The first of those that the kernel gives to connections."""
    try:
        with open("/proc/sys/net/ipv4/ip_local_port_range", encoding="ascii") as file:
            return int(file.read().split()[0])
    except (OSError, ValueError):
        return 32768


def free_port(count=1):
    """A port that is free, and so are its successors.

    Any of them, so that tests beside each other do not take the same; below those that the kernel gives to connections:
    one of these may have a port just when the server wants it, and who connects again and again to a server that is
    away may even be connected to himself.
    """
    for _ in range(200):
        sockets = []
        port = random.randrange(10000, max(first_ephemeral() - count, 10001))
        try:
            for offset in range(count):
                sockets.append(socket.socket())
                sockets[-1].bind(("127.0.0.1", port + offset))
            return port
        except OSError:
            continue
        finally:
            for each in sockets:
                each.close()
    raise RuntimeError(f"no {count} free ports in a row")
