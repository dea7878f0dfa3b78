# SPDX-License-Identifier: GPL-2.0
"""Downloads, and crafted ICMP errors."""

import selectors

from raw import *

CLIENTS, SIZE = 20, 100000
REQUEST, ANSWER = b"?" * 100, bytes(SIZE)


class Downloads:
    """Clients, and a server in every namespace that answers on command."""

    def __init__(self, servers):
        self.listeners = []
        for n in range(1, servers + 1):
            enter(f"s{n}")
            for family in 4, 6:
                s = socket.create_server((VIP[family], 80), backlog=100,
                                         family=KIND[family])
                s.setblocking(False)
                self.listeners.append(s)
        enter("cl")

    def connect(self, family, first):
        """Connect from 20 addresses and send requests, still unanswered."""
        self.clients, self.served = [], []
        for n in range(CLIENTS):
            c = socket.socket(KIND[family], socket.SOCK_STREAM)
            allow_any_source(c)
            c.settimeout(patience(10))
            c.bind((CLIENT[family].format(first + n), 0))
            c.connect((VIP[family], 80))
            c.sendall(REQUEST)
            c.setblocking(False)
            self.clients.append(c)
        until = time.monotonic() + patience(20)
        while len(self.served) < CLIENTS and time.monotonic() < until:
            for listener in select.select(self.listeners, [], [], 1)[0]:
                s = listener.accept()[0]
                if len(s.recv(len(REQUEST), socket.MSG_WAITALL)) == 100:
                    s.setblocking(False)
                    self.served.append(s)
        return len(self.served)

    def finish(self):
        """Let the servers answer; return the number of complete downloads."""
        events = selectors.DefaultSelector()
        for s in self.served:
            events.register(s, selectors.EVENT_WRITE, memoryview(ANSWER))
        for c in self.clients:
            events.register(c, selectors.EVENT_READ, 0)
        whole, until = 0, time.monotonic() + patience(60)
        while whole < CLIENTS and time.monotonic() < until:
            for key, event in events.select(1):
                if event == selectors.EVENT_WRITE:
                    left = key.data[key.fileobj.send(key.data):]
                    if left:
                        events.modify(key.fileobj, event, left)
                    else:
                        events.unregister(key.fileobj)
                else:
                    got = key.data + len(key.fileobj.recv(65536))
                    events.modify(key.fileobj, event, got)
                    if got == SIZE:
                        events.unregister(key.fileobj)
                        whole += 1
        for s in self.clients + self.served:
            s.close()
        return whole


def ask_connect(family, first):
    return {"connected": downloads.connect(int(family), int(first))}


def ask_finish():
    return {"whole": downloads.finish()}


ERRORS = {
    4: {"unreachable": (3, 1), "frag-needed": (3, 4), "source-quench": (4, 0),
        "time-exceeded": (11, 0), "parameter-problem": (12, 0)},
    6: {"unreachable": (1, 0), "packet-too-big": (2, 0),
        "time-exceeded": (3, 0), "parameter-problem": (4, 0)},
}
FLOWS = 12


def ask_begin(family):
    """Send first packets of TCP, UDP and SCTP flows; note the receivers."""
    global home
    family = int(family)
    dst = vip(family)
    packets = []
    for n in range(FLOWS):
        src = client(family, 100 + n)
        for proto in TCP, UDP, SCTP:
            packets.append(ip(src, dst, proto, first_packet(
                src, dst, proto, 3000 + n)))
    home = lab.deliver(family, packets)
    return {"sent": len(packets), "servers": spread(home),
            "lost": home.count(None)}


def first_packet(src, dst, proto, port):
    if proto == TCP:
        return tcp(src, dst, port, 80)
    if proto == UDP:
        return udp(src, dst, port, 80)
    init = struct.pack("!HHIIBBHIIHHI", port, 80, 0, 0, 1, 0, 20, port, 65536,
                       1, 1, 1)
    return init[:8] + crc32c(init) + init[12:]


def ask_errors(family, name):
    """Errors from a router about packets of the servers, quoting only 8 bytes
    of their payload."""
    family = int(family)
    router, mine = address(family, SERVER[family].format(2)), vip(family)
    kind, code = ERRORS[family][name]
    packets = []
    for n in range(FLOWS):
        dst = client(family, 100 + n)
        for proto in TCP, UDP, SCTP:
            quoted = ip(mine, dst, proto, struct.pack("!HHI", 80, 3000 + n, 9))
            packets.append(icmp_error(family, router, kind, code, quoted, 1300
                                      if code == 4 or kind == 2 else 0))
    got = lab.deliver(family, packets)
    return {"sent": len(packets), "lost": got.count(None),
            "moved": sum(a != b for a, b in zip(got, home))}


def ask_foreign(family):
    """Errors to the VIP about packets that no server sent, and errors that
    quote too little."""
    family = int(family)
    router, mine = address(family, SERVER[family].format(2)), vip(family)
    packets = []
    for kind, code in ERRORS[family].values():
        for n in range(FLOWS):
            other = client(family, 100 + n)
            ports = struct.pack("!HHI", 80, 3000 + n, 9)
            for quoted in (ip(router, other, TCP, ports),
                           ip(other, mine, TCP, ports),
                           ip(mine, other, TCP, ports[:3]),
                           ip(mine, other, TCP, b"")[:-1],
                           b""):
                packets.append(icmp_error(family, router, kind, code, quoted))
    got = lab.deliver(family, packets)
    return {"sent": len(packets), "passed": len(got) - got.count(None)}


home = []
downloads = Downloads(3)
lab = Lab(3, ("r1", "lan"), ("lb", "lan"))
serve(connect=ask_connect, finish=ask_finish, begin=ask_begin,
      errors=ask_errors, foreign=ask_foreign)
