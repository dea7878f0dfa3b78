# SPDX-License-Identifier: GPL-2.0
"""Connections whose clients have closed their half, and whose servers go on.

The servers' sockets are read and written when the test asks for it.
"""

from raw import *

PORT = 80
ANSWER = 100000


def listen(family):
    s = socket.socket(KIND[family])
    if family == 6:
        s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    s.bind(("", PORT))
    s.listen(200)
    return s


def ask_open(family, first, n):
    """Open connections from n ports; how many has each server got?"""
    family, first = int(family), int(first)
    counts = dict.fromkeys(listeners, 0)
    for port in range(first, first + int(n)):
        s = socket.socket(KIND[family])
        s.settimeout(patience(20))
        s.bind((CLIENT[family].format(1), port))
        s.connect((VIP[family], PORT))
        ready = select.select(
            [by_family[family] for by_family in listeners.values()], [], [],
            patience(20))[0]
        for name, by_family in listeners.items():
            if by_family[family] in ready:
                connections.append((s, by_family[family].accept()[0]))
                counts[name] += 1
    return {f"at-{name}": count for name, count in counts.items()}


def ask_shut():
    """The clients close their half; return when the servers know."""
    for c, s in connections:
        c.shutdown(socket.SHUT_WR)
        s.settimeout(patience(20))
        s.recv(1)
    return {}


def ask_answer():
    """The servers answer and close; how many answers are whole?"""
    whole = 0
    for c, s in connections:
        s.sendall(bytes(ANSWER))
        s.close()
        got = 0
        try:
            while data := c.recv(65536):
                got += len(data)
        except OSError:
            pass
        whole += got == ANSWER
        c.close()
    connections.clear()
    return {"whole": whole}


listeners, connections = {}, []
for n in range(1, int(sys.argv[1]) + 1):
    enter(f"s{n}")
    listeners[f"s{n}"] = {family: listen(family) for family in (4, 6)}
enter("cl")
serve(open=ask_open, shut=ask_shut, answer=ask_answer)
