# SPDX-License-Identifier: GPL-2.0
"""IPv6 extension headers and IPv4 options, legal and absurd ones."""

import itertools
import random

from raw import *

HOP, ROUTING, FRAGMENT, AH, NONE, DEST = 0, 43, 44, 51, 59, 60
ACK = 0x10
# Since IP6_MAX_EXT_HDRS_CNT kernels skip 12 extension headers at most.
MOST = 12 if os.environ["lb_kernel"] == "next" else 100
dice = random.Random(3)


def option(size):
    """One option that hosts skip if they do not know it."""
    return bytes([0x1e, size - 2]) + bytes(size - 2)


def body(kind, size, proto):
    """An extension header of the given size before proto."""
    start = bytes([proto, size // 8 - 1])
    if kind == ROUTING:
        return start + bytes([253, 0]) + bytes(size - 4)
    if kind == FRAGMENT:
        return bytes([proto, 0]) + bytes(2) + struct.pack("!I", size)
    if kind == AH:
        return bytes([proto, size // 4 - 2]) + bytes(size - 2)
    return start + option(size - 2)


def chain(kinds, proto, payload):
    """The number of the first header, and the headers with the payload."""
    for kind, size in reversed(kinds):
        payload = body(kind, size, proto) + payload
        proto = kind
    return proto, payload


def legal_chains():
    sizes = range(8, 65, 8)
    for kind in HOP, ROUTING, DEST:
        for size in sizes:
            yield [(kind, size)]
    for size in range(12, 65, 4):
        yield [(AH, size)]
    # The recommended order, then others: RFC 8200, section 4.1, wants all of
    # them accepted except a hop-by-hop header that is not the first.
    order = [HOP, DEST, ROUTING, FRAGMENT, AH, DEST]
    orders = [list(itertools.compress(order, take))
              for take in itertools.product((0, 1), repeat=6)]
    for n in range(40):
        shuffled = dice.sample(order[1:], dice.randrange(2, 6))
        orders.append([HOP] * (n % 2) + shuffled)
    for kinds in orders:
        yield [(kind, dice.choice(sizes)) for kind in kinds]
    yield [(DEST, 8)] * MOST


def dressed6(src, dst, port, kinds):
    for proto, l4 in ((UDP, udp(src, dst, port, 80)),
                      (TCP, tcp(src, dst, port, 80))):
        first, payload = chain(kinds, proto, l4)
        yield ip(src, dst, first, payload), ip(src, dst, proto, l4)


def options4():
    for size in range(4, 41, 4):
        yield b"\1" * size
    yield b"\7\7\4" + bytes(5)                  # record route
    yield b"\x44\x0c\5\0" + bytes(8)            # timestamp
    yield b"\x94\4\0\0"                         # router alert
    yield b"\x82\x0b" + bytes(9) + b"\0"        # security
    yield b"\x9e\4\0\0"                         # experiment
    yield bytes(40)                             # end of options


def dressed_ack(src, dst, port, what):
    """The ACK that follows the SYN of dressed4() or dressed6()."""
    l4 = tcp(src, dst, port, 80, flags=ACK, seq=2, ack=1)
    if len(src) == 4:
        return ip(src, dst, TCP, l4, what)
    return ip(src, dst, *chain(what, TCP, l4))


def dressed4(src, dst, port, options):
    for proto, l4 in ((UDP, udp(src, dst, port, 80)),
                      (TCP, tcp(src, dst, port, 80))):
        yield ip(src, dst, proto, l4, options), ip(src, dst, proto, l4)


def malformed6(src, dst):
    long = bytes([UDP, 255]) + bytes(6)
    for kind in ROUTING, DEST, AH:
        yield ip(src, dst, kind, long)          # beyond the end
        yield ip(src, dst, kind, b"")           # missing
        yield ip(src, dst, kind, bytes([UDP]))  # cut
        first, payload = chain([(DEST, 8)] * (MOST - 1), kind, long)
        yield ip(src, dst, first, payload)
    yield ip(src, dst, ROUTING, bytes([UDP, 0]))
    if MOST < 100:
        yield ip(src, dst, *chain([(DEST, 8)] * (MOST + 1), UDP,
                                  udp(src, dst, 1, 80)))
    for proto in TCP, UDP, UDPLITE, SCTP, DCCP:
        for size in range(4):                   # no room for ports
            first, payload = chain([(DEST, 16)], proto, bytes(size))
            yield ip(src, dst, first, payload)


def malformed4(src, dst):
    for proto in TCP, UDP, UDPLITE, SCTP, DCCP:
        for size in range(4):
            yield ip(src, dst, proto, bytes(size))
            yield ip(src, dst, proto, bytes(size), b"\1" * 40)


def flows(family):
    """Flows, each with headers or options to skip."""
    wears = legal_chains() if family == 6 else options4()
    for n, what in enumerate(wears):
        yield client(family, n % 90 + 1), vip(family), 1024 + n, what


def pairs(family):
    """Packets with headers or options to skip, and plain ones of the same
    flows."""
    dress = dressed6 if family == 6 else dressed4
    for flow in flows(family):
        yield from dress(*flow)


def ask_plain(family):
    family = int(family)
    plain = [plain for _, plain in both[family]]
    want[family] = lab.deliver(family, plain)
    return {"sent": len(plain)}


def ask_dressed(family):
    family = int(family)
    dressed = [dressed for dressed, _ in both[family]]
    got = lab.deliver(family, dressed)
    acks = [dressed_ack(*flow) for flow in flows(family)]
    followed = lab.deliver(family, acks)
    absurd = malformed6 if family == 6 else malformed4
    absurd = list(absurd(client(family, 1), vip(family)))
    passed = lab.deliver(family, absurd)
    return {
        "sent": len(dressed),
        "servers": spread(got),
        "lost": got.count(None),
        "moved": sum(a != b for a, b in zip(got, want[family])),
        "acks": len(acks),
        "astray": sum(a != b for a, b in zip(followed, want[family][1::2])),
        "malformed": len(absurd),
        "passed": len(absurd) - passed.count(None),
    }


lab = Lab(3)
both = {family: list(pairs(family)) for family in (4, 6)}
want = {}
serve(plain=ask_plain, dressed=ask_dressed)
