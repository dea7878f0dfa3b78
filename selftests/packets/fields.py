# SPDX-License-Identifier: GPL-2.0
"""Packets to many destinations, and the servers that get them."""

from raw import *

# The first network, and the number of networks.
FIRST = {4: "198.32.0.0", 6: "2001:db8:f::"}
NETWORKS = 64


def hosts(family, network, bits):
    """The lowest and the highest two addresses of both halves of a network."""
    size = (32 if family == 4 else 128) - bits
    base = int.from_bytes(address(family, FIRST[family]), "big")
    base += network << size
    half = 1 << size - 1
    for offset in 1, half - 1, half, 2 * half - 2:
        yield (base + offset).to_bytes(4 if family == 4 else 16, "big")


def ask_networks(family, bits):
    """"ADDRESS PORT SERVER" of a packet to each host, each from a source of
    its own."""
    family, bits = int(family), int(bits)
    to = [dst for network in range(NETWORKS)
          for dst in hosts(family, network, bits)]
    packets = []
    for n, dst in enumerate(to):
        src = client(family, 1 + n % 250)
        packets.append(ip(src, dst, UDP, udp(src, dst, 7000 + n, 9)))
    got = lab.deliver(family, packets)
    return {socket.inet_ntop(KIND[family], dst): f"{7000 + n} {got[n]}"
            for n, dst in enumerate(to)}


lab = Lab(5)
serve(networks=ask_networks)
