# SPDX-License-Identifier: GPL-2.0
"""Datagrams in fragments, and whole datagrams of the same sockets."""

import random

from raw import *

SOURCES = 100
SIZE = 8192
PIECE = 1440


def listen():
    """Open sockets on all servers."""
    sockets = {}
    for n in range(1, 4):
        enter(f"s{n}")
        for family in 4, 6:
            s = socket.socket(KIND[family], socket.SOCK_DGRAM)
            s.setsockopt(socket.SOL_SOCKET, 33, 8 << 20)  # RCVBUFFORCE
            s.bind((VIP[family], 80))
            sockets[s] = f"s{n}"
    return sockets


def fragments(family, n, data, tag):
    """A datagram of the n-th source, in fragments."""
    src, dst = client(family, n + 1), vip(family)
    datagram = udp(src, dst, 5000 + n, 80, data)
    pieces = []
    for at in range(0, len(datagram), PIECE):
        piece = datagram[at:at + PIECE]
        more = at + PIECE < len(datagram)
        if family == 4:
            pieces.append(ip(src, dst, UDP, piece, tag=tag,
                             frag=at // 8 | more << 13))
        else:
            head = struct.pack("!BBHI", UDP, 0, at | more, tag)
            pieces.append(ip(src, dst, 44, head + piece))
    return pieces


def collect(family, into):
    """Receive datagrams until the markers arrive."""
    lab.send_markers(family)
    lab.collect(family)
    while True:
        ready = select.select(list(sockets), [], [], 0)[0]
        if not ready:
            return
        for s in ready:
            data, source = s.recvfrom(65536)
            into.append((sockets[s], source[1] - 5000, data))


def ask_send(family, order):
    """Send small datagrams from all sources, then large ones in the given
    order."""
    family = int(family)
    small, large = [], []
    for n in range(SOURCES):
        src, dst = client(family, n + 1), vip(family)
        lab.send(family, ip(src, dst, UDP, udp(src, dst, 5000 + n, 80, b"?")))
    collect(family, small)

    content = [bytes([n]) * SIZE for n in range(SOURCES)]
    batches = [fragments(family, n, content[n], n + 1)
               for n in range(SOURCES)]
    if order == "reversed":
        queue = [piece for batch in batches for piece in reversed(batch)]
    elif order == "interleaved":
        queue = [piece for turn in zip(*batches) for piece in turn]
    elif order == "shuffled":
        queue = [piece for batch in batches for piece in batch]
        random.Random(7).shuffle(queue)
    else:
        queue = [piece for batch in batches for piece in batch]
    for at in range(0, len(queue), 60):
        for piece in queue[at:at + 60]:
            lab.send(family, piece)
        collect(family, large)

    home = {n: name for name, n, _ in small}
    return {
        "small": len(small),
        "large": len(large),
        "fragments": len(queue),
        "whole": sum(data == content[n] for _, n, data in large),
        "sources": len({n for _, n, _ in large}),
        "home": sum(home.get(n) == name for name, n, _ in large),
        "servers": len(set(home.values())),
    }


lab = Lab(3)
sockets = listen()
enter("cl")
serve(send=ask_send)
