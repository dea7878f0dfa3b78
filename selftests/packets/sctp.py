# SPDX-License-Identifier: GPL-2.0
"""SCTP associations, with one path or more."""

import itertools

from raw import *

PEER_ADDR_PARAMS, HB_DEMAND, BINDX_ADD = 9, 4, 100
SECOND = {4: "198.51.100.11", 6: "2001:db8:f::11"}


def pack_address(family, text, port):
    if family == 4:
        return struct.pack("=HH", KIND[4], socket.htons(port)) + \
            address(4, text) + bytes(8)
    return struct.pack("=HHI", KIND[6], socket.htons(port), 0) + \
        address(6, text) + bytes(4)


def make_socket(family, addresses, port):
    """A socket bound to addresses, each a family and a text."""
    s = socket.socket(KIND[family], socket.SOCK_STREAM, SCTP)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    allow_any_source(s)
    for of, text in addresses:
        s.setsockopt(SCTP, BINDX_ADD, pack_address(of, text, port))
    return s


class Servers:
    """Open the servers' sockets; each server answers a byte with its number.
    Port 80 is at the VIP, 81 at both VIPs of a family, 82 at those of both
    families."""

    def __init__(self, n):
        self.listeners, self.open = {}, {}
        for server in range(1, n + 1):
            enter(f"s{server}")
            for family in 4, 6:
                first, second = (family, VIP[family]), (family, SECOND[family])
                self.listen(server, family, [first], 80)
                self.listen(server, family, [first, second], 81)
            self.listen(server, 6, [(6, VIP[6]), (4, VIP[4])], 82)
        enter("cl")

    def listen(self, server, family, addresses, port):
        s = make_socket(family, addresses, port)
        s.listen(200)
        self.listeners[s] = server

    def turn(self, s):
        if s in self.listeners:
            self.open[s.accept()[0]] = self.listeners[s]
            return
        try:
            if s.recv(1):
                s.send(b"%d" % self.open[s])
                return
        except OSError:
            pass
        del self.open[s]
        s.close()


class Association:
    def __init__(self, family, n, port=80):
        other = 10 - family
        self.key, self.server, self.broken = (family, n, port), 0, False
        addresses = [(family, CLIENT[family].format(n))]
        if port == 82:
            addresses.append((other, CLIENT[other].format(n)))
        self.s = make_socket(family, addresses, 20000 + n)
        self.s.settimeout(patience(10))
        self.s.connect((VIP[family], port))

    def beat(self, addresses):
        family, _, port = self.key
        self.s.setsockopt(SCTP, PEER_ADDR_PARAMS, struct.pack(
            "=i128sIHIII2x", 0, pack_address(family, addresses[family], port),
            0, 0, 0, 0, HB_DEMAND))

    def ask(self):
        try:
            self.s.send(b"?")
        except OSError:
            self.broken = True
        return not self.broken

    def finish(self):
        """Read the answer; did another server give it than last time?"""
        try:
            answer = int(self.s.recv(1) or 0)
        except OSError:
            answer = 0
        moved = answer and self.server and answer != self.server
        if answer:
            self.server = answer
        else:
            self.broken = True
            self.s.close()
        return moved


def abort(s):
    s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    s.close()


def ask_open(family, first, last, port="80"):
    opened = 0
    for n in range(int(first), int(last) + 1):
        try:
            associations.append(Association(int(family), n, int(port)))
            opened += 1
        except OSError:
            pass
    return {"opened": opened, **ask_turn()}


def ask_reopen():
    """Open broken associations again, from the same addresses and ports."""
    opened = 0
    for i, a in enumerate(associations):
        if a.broken:
            associations[i] = Association(*a.key)
            opened += 1
    return {"opened": opened, **ask_turn()}


def ask_turn():
    """Ask a question on each association and read the answers."""
    waiting, moved = {}, 0
    for a in associations:
        if not a.broken and a.ask():
            waiting[a.s] = a
    until = time.monotonic() + patience(30)
    while waiting and time.monotonic() < until:
        everyone = [*servers.listeners, *servers.open, *waiting]
        for s in select.select(everyone, [], [], 1)[0]:
            if s in waiting:
                moved += bool(waiting.pop(s).finish())
            else:
                servers.turn(s)
    alive = [a for a in associations if not a.broken]
    answers = {f"at-s{n}": sum(a.server == n for a in alive)
               for n in range(1, 5)}
    return {"alive": len(alive), "stuck": len(waiting), "moved": moved,
            "broken": len(associations) - len(alive), **answers}


def ask_beat(path="first"):
    """A heartbeat on each association, on one of its paths."""
    for a in associations:
        a.beat(VIP if path == "first" else SECOND)
    return {}


def ask_stray():
    """A heartbeat to the first server's own address, which nothing balances."""
    for family in 4, 6:
        src, dst = client(family, 1), address(family, SERVER[family].format(101))
        chunk = struct.pack("!BBHHH", 4, 0, 8, 1, 4)
        head = struct.pack("!HHI", 9, 9, 1)
        lab.deliver(family, [ip(src, dst, SCTP, head + crc32c(
            head + bytes(4) + chunk) + chunk)])
    return {}


def ask_vanish():
    """Clients forget their associations; the test keeps them from telling. So do
    the servers then, whose heartbeats clients would answer with ABORTs."""
    for a in associations:
        abort(a.s)
        a.broken = True
    for s in servers.open:
        abort(s)
    servers.open.clear()
    return {}


def init(src, dst, sport, tag):
    chunk = struct.pack("!BBHIIHHI", 1, 0, 20, tag, 65536, 1, 1, 1)
    head = struct.pack("!HHI", sport, 80, 0)
    return ip(src, dst, SCTP, head + crc32c(head + bytes(4) + chunk) + chunk)


def ask_init(family, first, last):
    """A stranger's INIT with the address and port of each association; how many
    has each server got?"""
    family = int(family)
    got = lab.deliver(family, [
        init(client(family, n), vip(family), 20000 + n, next(tags))
        for n in range(int(first), int(last) + 1)])
    return {f"at-s{n}": got.count(f"s{n}")
            for n in range(1, lab.servers + 1)}


def ask_close():
    for a in associations:
        a.s.close()
    associations.clear()
    return {}


associations = []
servers = Servers(4)
lab = Lab(4)
tags = itertools.count(0xbad00)
serve(open=ask_open, reopen=ask_reopen, turn=ask_turn, beat=ask_beat,
      stray=ask_stray, vanish=ask_vanish, init=ask_init, close=ask_close)
