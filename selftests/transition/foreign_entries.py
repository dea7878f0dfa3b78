# SPDX-License-Identifier: GPL-2.0
"""Datagrams of one client to many ports."""

from raw import *


def ask_ports(family, first, last):
    """Send one to each port; count what servers receive."""
    family = int(family)
    src, dst = client(family, 1), vip(family)
    got = lab.deliver(family, [ip(src, dst, UDP, udp(src, dst, 9, port))
                               for port in range(int(first), int(last) + 1)])
    return {"arrived": len(got) - got.count(None), "servers": spread(got)}


lab = Lab(int(sys.argv[1]))
serve(ports=ask_ports)
