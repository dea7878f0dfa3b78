# SPDX-License-Identifier: GPL-2.0
"""Single frames of the client, and of a server that answers through lb.

No host gets any of them: the next hops of lb do not exist. The answer to a
question means that lb has processed the frame, and says whether it was sent
on.
"""

from raw import *

FLAGS = {"F": 1, "S": 2, "R": 4, "P": 8, "A": 16}
PORT, ARP = 80, 0x0806
# The first sequence numbers and the SCTP tags of client and server.
CLIENT_ISN, SERVER_ISN = 1000000, 77000000
CLIENT_TAG, SERVER_TAG = 0xc11e47, 0x5e4e


def flags_of(letters):
    return sum(FLAGS[letter] for letter in letters)


def chunk(kind, flags, body):
    return struct.pack("!BBH", kind, flags, 4 + len(body)) + body


CHUNKS = {
    "data": chunk(0, 3, struct.pack("!IHHI", 1, 0, 0, 0) + b"data"),
    "init": chunk(1, 0, struct.pack("!IIHHI", CLIENT_TAG, 65536, 1, 1, 1)),
    "init-ack": chunk(2, 0, struct.pack("!IIHHI", SERVER_TAG, 65536, 1, 1, 1)),
    "heartbeat": chunk(4, 0, b"\0\1\0\x08beat"),
    "heartbeat-ack": chunk(5, 0, b"\0\1\0\x08beat"),
    "abort": chunk(6, 0, b""),
    "shutdown-ack": chunk(8, 0, b""),
    "cookie": chunk(10, 0, b"food"),
}


def sctp(sport, dport, tag, chunks):
    head = struct.pack("!HHI", sport, dport, tag)
    return head + crc32c(head + bytes(4) + chunks) + chunks


class Link:
    """A link from the client to a device of lb, and the frames that lb has
    sent."""

    def __init__(self, start, end, net):
        self.lab = Lab(0, ("cl", start), ("lb", end))
        self.net, self.asked = net, 0
        self.arp = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM,
                                 socket.htons(ARP))
        self.arp.bind((start, ARP))
        self.arp.settimeout(30)

    def fence(self):
        """Send an ARP request after all frames and wait for the reply."""
        self.asked += 1
        me = address(4, f"10.{self.net}.0.{200 + self.asked % 50}")
        it = address(4, f"10.{self.net}.0.1")
        mac = self.arp.getsockname()[4]
        self.arp.sendto(struct.pack("!HHBBH", 1, 0x0800, 6, 4, 1) + mac + me +
                        bytes(6) + it, (self.lab.device, ARP, 0, 0, b"\xff" * 6))
        while True:
            got = self.arp.recv(64)
            if got[6:8] == b"\0\2" and got[14:18] == it and got[24:28] == me:
                return

    def send(self, family, *packets):
        """Send them; how many did lb send on?"""
        for packet in packets:
            self.lab.send(family, packet)
        # A frame released by the first request is seen before the second
        # reply.
        self.fence()
        self.fence()
        return {"arrived": witnessed()}


def witness():
    seen = []
    for device in "back", "front":
        for kind in ETHERTYPE.values():
            s = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM,
                              socket.htons(kind))
            s.bind((device, kind))
            s.setsockopt(socket.SOL_SOCKET, 33, 16 << 20)  # RCVBUFFORCE
            s.setblocking(False)
            seen.append(s)
    return seen


def witnessed():
    """How many frames has lb sent since the last call?"""
    n = 0
    for s in seen:
        try:
            while True:
                packet, sender = s.recvfrom(65536)
                hops = packet[7] if packet[0] >> 4 == 6 else packet[8]
                # Do not count frames sent from this side.
                n += hops == HOPS_LEFT and sender[2] != 4
        except BlockingIOError:
            pass
    return n


def from_client(family, n, proto, payload, **more):
    return ip(client(family, n), vip(family), proto, payload, **more)


def ask_tcp(family, port, letters, ahead="0", size="0", many="1"):
    """A segment from one or many clients, relative to the first sequence
    number."""
    family = int(family)
    return front.send(family, *[
        from_client(family, n % 200 + 1, TCP, tcp(
            client(family, n % 200 + 1), vip(family), int(port) + n // 200,
            PORT, flags_of(letters), CLIENT_ISN + int(ahead) & 0xffffffff,
            bytes(int(size)), SERVER_ISN + 1 if "A" in letters else 0))
        for n in range(int(many))])


def ask_reply(family, port, letters, ahead="0"):
    """A segment from the server, which has received the client's SYN."""
    family = int(family)
    src, dst = vip(family), client(family, 1)
    return back.send(family, ip(src, dst, TCP, tcp(
        src, dst, PORT, int(port), flags_of(letters),
        SERVER_ISN + int(ahead), b"", CLIENT_ISN + 1)))


def ask_udp(family, port, size="0", many="1"):
    family = int(family)
    return front.send(family, *[
        from_client(family, n % 200 + 1, UDP, udp(
            client(family, n % 200 + 1), vip(family), int(port) + n // 200,
            PORT, bytes(int(size)))) for n in range(int(many))])


def ask_sctp(family, port, name, tag="0"):
    family = int(family)
    return front.send(family, from_client(
        family, 1, SCTP, sctp(int(port), PORT, int(tag, 0), CHUNKS[name])))


def ask_sctp_reply(family, port, name):
    """A chunk from the server, with the client's tag."""
    family = int(family)
    return back.send(family, ip(vip(family), client(family, 1), SCTP, sctp(
        PORT, int(port), CLIENT_TAG, CHUNKS[name])))


def ask_error(family, port):
    """An ICMP error: a router near the client cannot forward the server's
    packet."""
    family = int(family)
    src, dst = vip(family), client(family, 1)
    quoted = ip(src, dst, TCP, tcp(src, dst, PORT, int(port), flags_of("A"),
                                   SERVER_ISN + 1, b"", CLIENT_ISN + 1))
    kind, code = (3, 4) if family == 4 else (2, 0)
    return front.send(family, icmp_error(family, client(family, 9), kind, code,
                                         quoted, 1400))


def ask_fragments(family, port):
    """A datagram of 1000 bytes in two fragments: 808 and 200 bytes of IP
    payload."""
    family = int(family)
    whole = udp(client(family, 1), vip(family), int(port), PORT, bytes(1000))
    parts = []
    for start, end, more in (0, 808, 1), (808, 1008, 0):
        if family == 4:
            parts.append(from_client(4, 1, UDP, whole[start:end], tag=7,
                                     frag=more << 13 | start // 8))
        else:
            parts.append(from_client(6, 1, 44, struct.pack(
                "!BBHI", UDP, 0, start | more, 7) + whole[start:end]))
    return front.send(family, *parts)


front = Link("front", "front", 1)
back = Link("back", "lan", 2)
enter("cl")
seen = witness()
serve(tcp=ask_tcp, reply=ask_reply, udp=ask_udp, sctp=ask_sctp,
      sctp_reply=ask_sctp_reply, error=ask_error, fragments=ask_fragments)
