# SPDX-License-Identifier: GPL-2.0
"""Packets of flows that no host answers, in any state.

Flows have numbers: the last part of the address and the port depend on them.
"""

from raw import *

FIN, SYN, RST, ACK, PUSH = 1, 2, 4, 16, 8
UNREACHABLE = {4: (3, 1), 6: (1, 0)}


def segment(flags, seq, data=b""):
    def build(src, dst, port, dport):
        return tcp(src, dst, port, dport, flags, seq, data)
    return TCP, build


# Packets of a client, in the order of its sequence numbers, and packets of a
# connection that began long ago.
KINDS = {
    "syn": segment(SYN, 1),
    "ack": segment(ACK, 2),
    "data": segment(ACK | PUSH, 2, b"data"),
    "middle": segment(ACK | PUSH, 1 << 30, b"data"),
    "end": segment(FIN | ACK, (1 << 30) + 4),
    "reset": segment(RST, (1 << 30) + 4),
    "udp": (UDP, udp),
}


def deliver(family, first, last, build):
    """Send a packet for each flow of a block, from one number to another."""
    got = lab.deliver(family, [build(client(family, n), n)
                               for n in range(first, last + 1)])
    return dict(enumerate(got, first))


def ask_send(family, first, last, dport, port, kind):
    """Send a packet from each client."""
    family, dport, port = int(family), int(dport), int(port)
    proto, segment = KINDS[kind]
    dst = vip(family)

    def build(src, n):
        return ip(src, dst, proto, segment(src, dst, port + n, dport))
    return deliver(family, int(first), int(last), build)


def ask_blame(family, first, last, dport, port, proto):
    """Send ICMP errors about packets from the VIP to clients."""
    family, dport, port = int(family), int(dport), int(port)
    proto = {"tcp": TCP, "udp": UDP}[proto]
    router, mine = address(family, SERVER[family].format(2)), vip(family)
    kind, code = UNREACHABLE[family]

    def build(src, n):
        ports = struct.pack("!HHI", dport, port + n, 9)
        return icmp_error(family, router, kind, code,
                          ip(mine, src, proto, ports))
    return deliver(family, int(first), int(last), build)


def ask_by(device, balancer):
    """Send by way of another balancer from now on."""
    lab.aim(device, balancer, "front")
    enter("cl")
    return {}


lab = Lab(int(sys.argv[1]))
serve(send=ask_send, blame=ask_blame, by=ask_by)
