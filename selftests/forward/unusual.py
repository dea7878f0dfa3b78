# SPDX-License-Identifier: GPL-2.0
"""IPv4 packets from any address, or with options, that no host would send; and
packets of either family in frames for other hosts."""

from raw import *

EACH = 5
OPTIONS = {
    "none": b"",
    "record": b"\7\7\4" + bytes(5),
    "broken": b"\7\2\4\0",                  # it ends before its pointer
    "loose": b"\x83\7\4" + address(4, "10.2.0.102") + b"\0",
    "strict": b"\x89\7\4" + address(4, "10.2.0.102") + b"\0",
}
MACS = {
    "ours": None,
    "foreign": bytes.fromhex("020000000001"),
    "broadcast": bytes.fromhex("ffffffffffff"),
    "multicast": bytes.fromhex("01005e000001"),
}


class Frames(Lab):
    """Sends packets to any link address, and markers to the balancer's."""
    frame = None

    def send(self, family, packet):
        self.out.sendto(packet, (self.device, ETHERTYPE[family], 0, 0,
                                 self.frame or self.mac))

    def send_markers(self, family):
        frame, self.frame = self.frame, None
        super().send_markers(family)
        self.frame = frame


lab = Frames(3)


def arrive(src, options):
    """How many packets with this source and these options reached a server?"""
    got = lab.deliver(4, [
        ip(src, vip(4), UDP, udp(src, vip(4), 5000 + n, 9), options)
        for n in range(EACH)])
    return sum(name is not None for name in got)


def ask_sources(*names):
    return {name: arrive(address(4, name), b"") for name in names}


def ask_options(*names):
    return {name: arrive(address(4, "192.0.2.7"), OPTIONS[name])
            for name in names}


def ask_frames(family, *names):
    """How many packets in frames to each of these link addresses reached a
    server?"""
    family, answer = int(family), {}
    src, dst = client(family, 7), vip(family)
    for name in names:
        lab.frame = MACS[name]
        got = lab.deliver(family, [
            ip(src, dst, UDP, udp(src, dst, 5000 + n, 9, b"."))
            for n in range(EACH)])
        answer[name] = EACH - got.count(None)
    lab.frame = None
    return answer


def ask_listen(family):
    """Open a transparent socket in the balancer."""
    family = int(family)
    enter("lb")
    s = socket.socket(KIND[family], socket.SOCK_DGRAM)
    if family == 4:
        s.setsockopt(socket.SOL_IP, 19, 1)      # IP_TRANSPARENT
    else:
        s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        s.setsockopt(socket.IPPROTO_IPV6, 75, 1)    # IPV6_TRANSPARENT
    s.bind(("", 5555))
    s.setblocking(False)
    enter("cl")
    listeners[family] = s
    return {}


def ask_taken(family):
    """Close the socket; how many datagrams did it get?"""
    taken = 0
    with listeners.pop(int(family)) as s:
        try:
            while s.recv(1):
                taken += 1
        except BlockingIOError:
            pass
    return {"taken": taken}


listeners = {}
serve(sources=ask_sources, options=ask_options, frames=ask_frames,
      listen=ask_listen, taken=ask_taken)
