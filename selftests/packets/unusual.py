# SPDX-License-Identifier: GPL-2.0
"""IPv4 packets from any address, or with options, which no host would send."""

from raw import *

EACH = 5
OPTIONS = {
    "none": b"",
    "record": b"\7\7\4" + bytes(5),
    "broken": b"\7\2\4\0",                  # it ends before its pointer
    "loose": b"\x83\7\4" + address(4, "10.2.0.102") + b"\0",
    "strict": b"\x89\7\4" + address(4, "10.2.0.102") + b"\0",
}
lab = Lab(3)


def arrive(src, options):
    """How many such packets have reached a server."""
    got = lab.deliver(4, [
        ip(src, vip(4), UDP, udp(src, vip(4), 5000 + n, 9), options)
        for n in range(EACH)])
    return sum(name is not None for name in got)


def ask_sources(*names):
    return {name: arrive(address(4, name), b"") for name in names}


def ask_options(*names):
    return {name: arrive(address(4, "192.0.2.7"), OPTIONS[name])
            for name in names}


serve(sources=ask_sources, options=ask_options)
