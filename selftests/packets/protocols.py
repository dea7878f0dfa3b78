# SPDX-License-Identifier: GPL-2.0
"""Packets of protocols with and without ports."""

import re
import subprocess

from raw import *

SOURCES, PACKETS = 24, 3
PORT = 4000


def echo(src, dst, n, number):
    body = struct.pack("!BBHHH", 8 if len(src) == 4 else 128, 0, 0, n, number)
    if len(src) == 4:
        return body[:2] + checksum(body) + body[4:]
    return with_checksum(src, dst, 58, body, 2)


def gre(src, dst, n, number):
    """A packet with a key and a sequence number."""
    return struct.pack("!HHII", 0x3000, 0x0800, n, number) + bytes(20)


def esp(src, dst, n, number):
    return struct.pack("!II", n, number) + bytes(24)


def udplite(src, dst, n, number):
    """A packet whose checksum covers all of it."""
    segment = struct.pack("!HHHH", PORT + n, 80, 0, 0) + bytes(number)
    total = checksum(pseudo(src, dst, UDPLITE, len(segment)) + segment)
    return segment[:6] + total + segment[8:]


def dccp(src, dst, n, number):
    """A request, then data."""
    kind = 2 if number else 0
    segment = struct.pack("!HHBBHBBHI", PORT + n, 80, 5 if kind else 6, 0, 0,
                          kind << 1 | 1, 0, 0, number)
    return with_checksum(src, dst, DCCP, segment + bytes(4 if kind else 8), 6)


PROTOCOLS = {
    "icmp": (1, echo), "ipv6-icmp": (58, echo), "gre": (GRE, gre),
    "esp": (ESP, esp), "udplite": (UDPLITE, udplite), "dccp": (DCCP, dccp),
    "unknown": (253, esp),
}


def lookups(family, proto, ports):
    """The owner that lookup names for the packets of each source."""
    form = "{}" if not ports else "{}:{}" if family == 4 else "[{}]:{}"
    dst = form.format(VIP[family], 80)
    lines = ""
    for n in range(SOURCES):
        src = form.format(CLIENT[family].format(n + 1), PORT + n)
        lines += f"lookup web proto {proto} src {src} dst {dst}\n"
    out = subprocess.run(["lbhashctl", "-n", "lb", "-j", "-b", "-"],
                         input=lines, stdout=subprocess.PIPE, check=True,
                         text=True).stdout
    return re.findall(r'"owner": *"([^"]*)"', out)


def ask_send(family, name):
    family = int(family)
    proto, build = PROTOCOLS[name]
    dst = vip(family)
    packets = []
    for number in range(PACKETS):
        for n in range(SOURCES):
            src = client(family, n + 1)
            packets.append(ip(src, dst, proto, build(src, dst, n, number)))
    got = lab.deliver(family, packets)
    took = [got[n::SOURCES] for n in range(SOURCES)]
    owners = lookups(family, proto, proto in (UDPLITE, DCCP))
    return {
        "sent": len(packets),
        "lost": got.count(None),
        "moved": sum(len(set(servers)) - 1 for servers in took),
        "servers": spread(got),
        "home": sum(a[0] == b for a, b in zip(took, owners)),
    }


lab = Lab(3)
serve(send=ask_send)
