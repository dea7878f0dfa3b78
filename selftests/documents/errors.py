# SPDX-License-Identifier: GPL-2.0
"""Connections to the VIP that stay open, and ICMP errors from the clients'
side about packets that their servers sent."""

from raw import *

ROUTER = {4: "10.1.0.2", 6: "2001:db8:1::2"}
KIND_CODE = {4: (3, 4), 6: (2, 0)}
REQUEST = b"GET / HTTP/1.1\r\nHost: web\r\n\r\n"


def turn(s):
    """Send a request; return the beginning of the answer."""
    s.sendall(REQUEST)
    return len(s.recv(4096)) > 0


def ask_open(family, n):
    """Open n connections; how many have an answer?"""
    family = int(family)
    enter("cl")
    for s in connections:
        s.close()
    connections.clear()
    for _ in range(int(n)):
        s = socket.create_connection((VIP[family], 80), timeout=patience(20))
        connections.append(s)
    return {"answered": sum(turn(s) for s in connections)}


def ask_errors(family):
    """A router reports about a packet of each server that it does not fit. All
    errors that reach a server have reached it when the next request is
    answered."""
    family = int(family)
    router = address(family, ROUTER[family])
    out = socket.socket(KIND[family], socket.SOCK_RAW, ICMP[family])
    out.bind((ROUTER[family], 0))
    for s in connections:
        source, port = s.getsockname()[:2]
        quoted = ip(vip(family), address(family, source), TCP,
                    struct.pack("!HHI", 80, port, 9))
        error = icmp_error(family, router, *KIND_CODE[family], quoted, 1300)
        out.sendto(error[len(error) - 8 - len(quoted):], (VIP[family], 0))
    return {"answered": sum(turn(s) for s in connections)}


connections = []
serve(open=ask_open, errors=ask_errors)
