# SPDX-License-Identifier: GPL-2.0
"""Packets of strangers, with the addresses and ports of others' connections.

Their sequence numbers are drawn at random, the same ones in each run, but for
those that are near the client's: once in 20,000 a stranger guesses right.
"""

import random

from raw import *

FIN, SYN, RST, ACK = 1, 2, 4, 16
PORT = 80
FLAGS = {"syn": SYN, "rst": RST, "fin": FIN | ACK, "ack": ACK}
NEAR = 1 << 20


class Witness(Lab):
    """Knows the last sequence number of each client's port."""

    def see(self, packet):
        family = 4 if packet[0] >> 4 == 4 else 6
        proto, start = (packet[9], 20) if family == 4 else (packet[6], 40)
        if proto == TCP:
            port, dport, seq = struct.unpack_from("!HHI", packet, start)
            if dport == PORT:
                last[family, port] = seq


def draw(family, port):
    """A sequence number that the client does not use now."""
    while True:
        seq = numbers.getrandbits(32)
        away = seq - last.get((family, port), seq + 2 * NEAR) & 0xffffffff
        if NEAR < away < 0xffffffff - NEAR:
            return seq


def ask_spoof(kind, family, first, n):
    """A packet from each of n ports, or a pair of SYN and the ACK that fits it;
    how many has each server got?"""
    family, first = int(family), int(first)
    packets = []
    lab.deliver(family, [])
    for port in range(first, first + int(n)):
        seq, ack = draw(family, port), numbers.getrandbits(32)
        for flags in (SYN, ACK) if kind == "pair" else (FLAGS[kind],):
            packets.append(segment(family, port, flags, seq, ack))
            seq = seq + 1 & 0xffffffff
    return send(family, packets)


def segment(family, port, flags, seq, ack, data=b""):
    src, dst = client(family, 1), vip(family)
    return ip(src, dst, TCP, tcp(src, dst, port, PORT, flags, seq, data, ack))


def send(family, packets):
    got = lab.deliver(family, packets)
    return {"at-any": len(got) - got.count(None),
            **{f"at-s{n}": got.count(f"s{n}")
               for n in range(1, lab.servers + 1)}}


def ask_open(family, first, n):
    """A SYN from each of n ports, of connections that go on."""
    family, first = int(family), int(first)
    for port in range(first, first + int(n)):
        isns[family, port] = numbers.getrandbits(32)
    return send(family, [segment(family, port, SYN, isns[family, port], 0)
                         for port in range(first, first + int(n))])


def ask_go_on(family, first, n):
    """The ACK that follows the SYN from each of n ports."""
    family, first = int(family), int(first)
    return send(family, [
        segment(family, port, ACK, isns[family, port] + 1 & 0xffffffff, 1)
        for port in range(first, first + int(n))])


numbers = random.Random(1)
last = {}
lab = Witness(int(sys.argv[1]))
isns = {}
serve(**{"spoof": ask_spoof, "open": ask_open, "go-on": ask_go_on})
