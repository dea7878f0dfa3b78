# SPDX-License-Identifier: GPL-2.0
"""Packets of connections in any state, in both directions.

Connections have numbers: the last part of the client's address and its port
depend on them. Both clients and servers send through the balancer.
"""

from raw import *

SYN, ACK, PUSH = 2, 16, 8
DATA, INIT, INIT_ACK, COOKIE_ECHO = 0, 1, 2, 10
UNREACHABLE = {4: (3, 1), 6: (1, 0)}

# Sequence numbers and tags of both ends.
CLIENT_SEQ, SERVER_SEQ = 1, 5000
CLIENT_TAG, SERVER_TAG = 1111, 2222


def segment(flags, seq, ack, data=b""):
    def build(src, dst, sport, dport):
        return tcp(src, dst, sport, dport, flags, seq, data, ack)
    return TCP, build


def chunk(tag, kind, body):
    def build(src, dst, sport, dport):
        packet = struct.pack("!HHIIBBH", sport, dport, tag, 0, kind, 0,
                             4 + len(body)) + body
        return packet[:8] + crc32c(packet) + packet[12:]
    return SCTP, build


def init(tag):
    return struct.pack("!IIHHI", tag, 65536, 1, 1, 1)


data_chunk = struct.pack("!IHHI", 1, 0, 0, 0) + b"data"
datagram = UDP, udp

# Packets of clients ..
THERE = {
    "syn": segment(SYN, CLIENT_SEQ, 0),
    "ack": segment(ACK, CLIENT_SEQ + 1, SERVER_SEQ + 1),
    "data": segment(ACK | PUSH, CLIENT_SEQ + 1, SERVER_SEQ + 1, b"data"),
    "udp": datagram,
    "init": chunk(0, INIT, init(CLIENT_TAG)),
    "cookie": chunk(SERVER_TAG, COOKIE_ECHO, b"cook"),
    "chunk": chunk(SERVER_TAG, DATA, data_chunk),
}
# .. and of servers.
BACK = {
    "synack": segment(SYN | ACK, SERVER_SEQ, CLIENT_SEQ + 1),
    "data": segment(ACK | PUSH, SERVER_SEQ + 1, CLIENT_SEQ + 1, b"data"),
    "udp": datagram,
    "initack": chunk(CLIENT_TAG, INIT_ACK, init(SERVER_TAG)),
    "chunk": chunk(CLIENT_TAG, DATA, data_chunk),
}


class ServerSide(Lab):
    """The first server sends to the balancer; the client's end is watched."""

    def __init__(self):
        super().__init__(0, ("s1", "lan"), ("lb", "lan"))
        self.watch("cl", "front")

    def watch(self, namespace, device):
        enter(namespace)
        for family in 4, 6:
            s = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM,
                              socket.htons(ETHERTYPE[family]))
            s.bind((device, ETHERTYPE[family]))
            self.witnesses[s] = namespace

    def send_markers(self, family):
        src = address(family, SERVER[family].format(101))
        dst = client(family, 1)
        if self.witnesses:
            self.send(family, ip(src, dst, UDP, udp(src, dst, 9, 9),
                                 tag=MARKER))


def arrived(got):
    return {"arrived": sum(name is not None for name in got)}


def ask_there(kind, family, first, last, dport, block):
    family, dport, block = int(family), int(dport), int(block)
    proto, build = THERE[kind]
    dst = vip(family)
    return arrived(there.deliver(family, [
        ip(client(family, n), dst, proto,
           build(client(family, n), dst, block + n, dport))
        for n in range(int(first), int(last) + 1)]))


def ask_back(kind, family, first, last, dport, block):
    family, dport, block = int(family), int(dport), int(block)
    proto, build = BACK[kind]
    src = vip(family)
    return arrived(back.deliver(family, [
        ip(src, client(family, n), proto,
           build(src, client(family, n), dport, block + n))
        for n in range(int(first), int(last) + 1)]))


def ask_blame(family, first, last, dport, block):
    """Send ICMP errors about TCP packets of servers."""
    family, dport, block = int(family), int(dport), int(block)
    router, mine = address(family, SERVER[family].format(2)), vip(family)
    kind, code = UNREACHABLE[family]
    return arrived(there.deliver(family, [
        icmp_error(family, router, kind, code,
                   ip(mine, client(family, n), TCP,
                      struct.pack("!HHI", dport, block + n, 9)))
        for n in range(int(first), int(last) + 1)]))


there, back = Lab(2), ServerSide()
serve(there=ask_there, back=ask_back, blame=ask_blame)
