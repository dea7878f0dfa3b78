# SPDX-License-Identifier: GPL-2.0
"""ICMPv6 packets of any type to the VIP."""

from raw import *


def ask_types(first, last):
    """Send one of each type; return the receivers."""
    src, dst = client(6, 1), vip(6)
    types = range(int(first), int(last) + 1)
    bodies = [with_checksum(src, dst, 58, struct.pack("!BBHI", t, 0, 0, 0) +
                            bytes(16), 2) for t in types]
    got = lab.deliver(6, [ip(src, dst, 58, body) for body in bodies])
    return dict(zip(types, got))


lab = Lab(int(sys.argv[1]))
serve(types=ask_types)
