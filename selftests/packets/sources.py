# SPDX-License-Identifier: GPL-2.0
"""IPv4 packets from any address, which no host would send."""

from raw import *

EACH = 5
lab = Lab(3)


def packets(src):
    return [ip(src, vip(4), UDP, udp(src, vip(4), 5000 + n, 9))
            for n in range(EACH)]


def ask_count(*sources):
    """How many packets from each of them have reached a server."""
    answer = {}
    for source in sources:
        got = lab.deliver(4, packets(address(4, source)))
        answer[source] = sum(name is not None for name in got)
    return answer


serve(count=ask_count)
