# SPDX-License-Identifier: GPL-2.0
"""Packets of clients and of servers that answer through the balancer.

Both halves of a connection are sent from here, or only one of them; no socket
is involved.
"""

from raw import *

FIN, SYN, RST, ACK = 1, 2, 4, 16
PORT = 80
# Tags of the old and of the new connection.
OLD_CLIENT, NEW_CLIENT, NEW_SERVER = 0xc0, 0xc1, 0x51


def chunk(kind, body=b""):
    return struct.pack("!BBH", kind, 0, 4 + len(body)) + body


def init(kind, tag):
    return chunk(kind, struct.pack("!IIHHI", tag, 65536, 1, 1, 1))


# Packets of the old connection and, with other numbers, of the new one: for
# TCP the flags, the sequence number and the acknowledgement; for SCTP a tag and
# a chunk.
CLIENT = {
    "tcp": {
        "ack": (ACK, 2001, 5001),
        "reset": (RST, 2001, 0),
        "opens": (SYN, 900000, 0),
        "goes-on": (ACK, 900001, 7001),
    },
    "sctp": {
        "opens": (0, init(1, NEW_CLIENT)),
        "goes-on": (NEW_SERVER, chunk(10, b"food")),
    },
}
SERVER = {
    "tcp": {
        "syn": (SYN, 5000, 0),
        "ack": (ACK, 5001, 2001),
        "fin": (FIN | ACK, 5001, 2001),
        "last-ack": (ACK, 5002, 2002),
        "answers": (SYN | ACK, 7000, 900001),
        "accepts": (ACK, 7001, 900001),
    },
    "sctp": {
        "beat": (OLD_CLIENT, chunk(4, b"\0\1\0\x08beat")),
        "beat-ack": (OLD_CLIENT, chunk(5, b"\0\1\0\x08beat")),
        "shutdown-ack": (OLD_CLIENT, chunk(8)),
        "answers": (NEW_CLIENT, init(2, NEW_SERVER)),
        "accepts": (NEW_CLIENT, chunk(11)),
        "abort": (NEW_CLIENT, chunk(6)),
    },
}


def packet(src, dst, sport, dport, proto, words):
    if proto == "tcp":
        flags, seq, ack = words
        return ip(src, dst, TCP, tcp(src, dst, sport, dport, flags, seq, b"",
                                     ack))
    tag, chunks = words
    head = struct.pack("!HHI", sport, dport, tag)
    return ip(src, dst, SCTP, head + crc32c(head + bytes(4) + chunks) + chunks)


def ask_client(family, proto, port, word):
    """Send it; return its receiver, a server or None."""
    family = int(family)
    return {"at": front.deliver(family, [packet(
        client(family, 1), vip(family), int(port), PORT, proto,
        CLIENT[proto][word])])[0]}


def ask_server(family, proto, port, word):
    """Send it; return when it has left the balancer for the client."""
    family = int(family)
    back.send(family, packet(vip(family), client(family, 1), PORT, int(port),
                             proto, SERVER[proto][word]))
    ready = select.select([seen[family]], [], [], patience(30))[0]
    left = 0
    while ready:
        got, sender = seen[family].recvfrom(65536)
        # Do not count packets sent from this side.
        left += sender[2] != 4 and HOPS_LEFT == got[8 if family == 4 else 7]
        ready = left == 0 and select.select(ready, [], [], patience(30))[0]
    return {"left": left}


def witness(device, kind):
    s = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(kind))
    s.bind((device, kind))
    return s


back = Lab(0, ("cl", "back"), ("lb", "lan"))
front = Lab(int(sys.argv[1]))
seen = {family: witness("front", kind) for family, kind in ETHERTYPE.items()}
serve(client=ask_client, server=ask_server)
