# SPDX-License-Identifier: MIT
"""Asks a server of the host, as any script would."""

import http.client

import attack

try:
    connection = http.client.HTTPConnection("127.0.0.1", int(attack.scene("SN_TCP_PORT")), timeout=1)
    connection.request("GET", "/")
except OSError as error:
    attack.held(f"request: {error}")
attack.breach("a request was sent")
