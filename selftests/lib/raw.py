# SPDX-License-Identifier: GPL-2.0
"""Packets that no socket would send, and the hosts that receive them.

For selftests in the network that lib.sh draws. A script may switch between its
namespaces at any time: a socket stays in the namespace where it was opened.
"""

import array
import ctypes
import os
import select
import socket
import struct
import sys
import time

VIP = {4: "198.51.100.10", 6: "2001:db8:f::10"}
CLIENT = {4: "192.0.2.{}", 6: "2001:db8:c::{}"}
SERVER = {4: "10.2.0.{}", 6: "2001:db8:2::{}"}
ETHERTYPE = {4: 0x0800, 6: 0x86dd}
KIND = {4: socket.AF_INET, 6: socket.AF_INET6}

TCP, UDP, DCCP, GRE, ESP, SCTP, UDPLITE = 6, 17, 33, 47, 50, 132, 136
ICMP = {4: 1, 6: 58}

# The TTL of the test's packets, when they are sent and after the one router on
# their way; no other packets have it.
HOPS, HOPS_LEFT = 77, 76
MARKER = 0xfff0
libc = ctypes.CDLL(None, use_errno=True)


def patience(seconds):
    """That many seconds on a quiet machine, longer on a slow one."""
    return seconds * int(os.environ["lb_slow"])


def enter(namespace):
    with open("/run/netns/" + namespace) as f:
        if libc.setns(f.fileno(), 0):
            raise OSError(ctypes.get_errno(), "setns " + namespace)


def address(family, text):
    return socket.inet_pton(KIND[family], text)


def client(family, n):
    """The n-th of the client's addresses."""
    return address(family, CLIENT[family].format(n))


def allow_any_source(s):
    """Let the socket send from any address of the client, local or not."""
    s.setsockopt(socket.SOL_IP, 15, 1)          # IP_FREEBIND


def vip(family):
    return address(family, VIP[family])


# --- building ----------------------------------------------------------------

def checksum(data):
    words = array.array("H", data + bytes(len(data) % 2))
    total = sum(words)
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return struct.pack("=H", ~total & 0xffff)


def pseudo(src, dst, proto, length):
    return src + dst + struct.pack("!II", length, proto)


def with_checksum(src, dst, proto, segment, at):
    """The segment with its checksum, pseudo header included, at an offset."""
    total = checksum(pseudo(src, dst, proto, len(segment)) + segment)
    return segment[:at] + total + segment[at + 2:]


def crc32c(data):
    """The checksum of SCTP (RFC 9260, appendix A)."""
    crc = 0xffffffff
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ 0x82f63b78 * (crc & 1)
    return struct.pack("<I", ~crc & 0xffffffff)


def udp(src, dst, sport, dport, data=b""):
    header = struct.pack("!HHHH", sport, dport, 8 + len(data), 0)
    return with_checksum(src, dst, UDP, header + data, 6)


def tcp(src, dst, sport, dport, flags=0x02, seq=1, data=b"", ack=0):
    header = struct.pack("!HHIIBBHHH", sport, dport, seq, ack, 5 << 4, flags,
                         65535, 0, 0)
    return with_checksum(src, dst, TCP, header + data, 16)


def ip(src, dst, proto, payload, options=b"", tag=0, frag=0):
    """An IPv4 or an IPv6 packet; options and frag are for IPv4 only."""
    if len(src) == 16:
        return struct.pack("!IHBB", 6 << 28 | tag, len(payload), proto,
                           HOPS) + src + dst + payload
    words = 5 + len(options) // 4
    head = struct.pack("!BBHHHBBH", 4 << 4 | words, 0,
                       4 * words + len(payload), tag, frag, HOPS, proto, 0)
    head += src + dst + options
    return head[:10] + checksum(head) + head[12:] + payload


def icmp_error(family, router, kind, code, quoted, word=0):
    """An ICMP error of a router about a packet from the VIP."""
    body = struct.pack("!BBHI", kind, code, 0, word) + quoted
    if family == 4:
        body = body[:2] + checksum(body) + body[4:]
    else:
        body = with_checksum(router, vip(6), 58, body, 2)
    return ip(router, vip(family), ICMP[family], body)


def tagged(packet, tag):
    """The packet with a tag in a field that routers do not change."""
    if packet[0] >> 4 == 6:
        return struct.pack("!I", 6 << 28 | tag) + packet[4:]
    size = (packet[0] & 15) * 4
    head = packet[:4] + struct.pack("!H", tag) + packet[6:10] + bytes(2) + \
        packet[12:size]
    return head[:10] + checksum(head) + head[12:] + packet[size:]


def tag_of(packet):
    """The packet's tag, or None if the test has not sent the packet."""
    if packet[0] >> 4 == 6:
        tag, hops = struct.unpack("!I", packet[:4])[0] & 0xfffff, packet[7]
    else:
        tag, hops = struct.unpack("!H", packet[4:6])[0], packet[8]
    return tag if hops == HOPS_LEFT else None


# --- sending and seeing ------------------------------------------------------

class Lab:
    """A device to send on, by default the client's to the balancer, and
    witnesses in front of the servers."""

    def __init__(self, servers, start=("cl", "front"), end=("lb", "front")):
        # On one CPU packets stay in order: the marker arrives last.
        os.sched_setaffinity(0, {0})
        self.aim(start[1], *end)
        enter(start[0])
        self.out = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, 0)
        self.servers = servers
        self.witnesses = {}
        for n in range(1, servers + 1):
            enter(f"s{n}")
            for family in 4, 6:
                s = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM,
                                  socket.htons(ETHERTYPE[family]))
                s.bind(("lan", ETHERTYPE[family]))
                s.setsockopt(socket.SOL_SOCKET, 33, 16 << 20)  # RCVBUFFORCE
                self.witnesses[s] = f"s{n}"
        enter("cl")
        for family in 4, 6:
            self.deliver(family, [])

    def aim(self, device, namespace, peer):
        """Send on a device to its peer in a namespace from now on."""
        enter(namespace)
        probe = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, 0)
        probe.bind((peer, 0))
        self.mac = probe.getsockname()[4]
        self.device = device

    def send(self, family, packet):
        self.out.sendto(packet, (self.device, ETHERTYPE[family], 0, 0,
                                 self.mac))

    def send_markers(self, family):
        src = client(family, 1)
        for n in range(1, self.servers + 1):
            dst = address(family, SERVER[family].format(100 + n))
            self.send(family, ip(src, dst, UDP, udp(src, dst, 9, 9),
                                 tag=MARKER))

    def deliver(self, family, packets):
        """Send the packets; return the receiver of each, a server or None."""
        got = [None] * len(packets)
        for start in range(0, len(packets) or 1, 200):
            for tag in range(start, min(start + 200, len(packets))):
                self.send(family, tagged(packets[tag], tag))
            self.send_markers(family)
            self.collect(family, got)
        return got

    def see(self, packet):
        """A packet that the test has not sent has reached a server."""

    def collect(self, family, got=None):
        """Read until the markers come; got[tag] becomes the receiver."""
        waiting = set(self.witnesses.values())
        until = time.monotonic() + patience(30)
        while waiting:
            ready = select.select(list(self.witnesses), [], [], 1)[0]
            for s in ready:
                packet = s.recv(65536)
                tag = tag_of(packet)
                if tag is None:
                    self.see(packet)
                name = self.witnesses[s]
                if tag == MARKER and packet[0] >> 4 == family:
                    waiting.discard(name)
                elif tag is not None and got is not None and tag != MARKER:
                    if got[tag]:
                        sys.exit(f"packet {tag} arrived twice")
                    got[tag] = name
            if time.monotonic() > until:
                sys.exit(f"{waiting} got no marker")


def spread(got):
    """The number of servers that received a packet."""
    return len(set(got) - {None})


# --- talking to the test -----------------------------------------------------

def serve(**questions):
    """Say that all is ready, then answer the test's questions, one a line: a name
    and its arguments."""
    print(".", flush=True)
    for line in sys.stdin:
        name, *words = line.split()
        for key, value in questions[name](*words).items():
            print(key, value)
        print(".", flush=True)
