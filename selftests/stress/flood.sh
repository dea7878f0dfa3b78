#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# timeout: 600
#
# Spoofed packets: 50,000 SYNs, then 10,000 pairs of SYN and ACK, which is all
# that a one-way balancer sees of a real handshake. Adoption has a limit: no
# connection is adopted while conntrack's table is more than three quarters
# full. The rest, at least a quarter of net.netfilter.nf_conntrack_max, holds
# only entries that can be evicted. Clients do not notice, and no packet is
# lost.
# by default on: 6.12
# checks: 21
. ./lib.sh
. ./lib/checks.bash
. ./lib/flood.bash

# Smaller numbers on kernels with debug checks, which are slow.
max=$(few 8192)
limit=$((max - max / 4))

# The flood, half of it IPv4: frames sent directly to lb's device.
cat >"$T/flood.py" <<'END'
import socket, struct, sys

what, count, mac, vip4, vip6 = sys.argv[1:]
vip4 = socket.inet_pton(socket.AF_INET, vip4)
vip6 = socket.inet_pton(socket.AF_INET6, vip6)
SYN, ACK = 2, 16

def checksum(data):
    n = sum(struct.unpack("!%dH" % (len(data) // 2), data))
    n = (n & 0xffff) + (n >> 16)
    return ~(n + (n >> 16)) & 0xffff

def tcp(src, dst, port, seq, flags):
    def header(check):
        return struct.pack("!HHIIBBHHH", port, 80, seq, 1, 5 << 4, flags,
                           1024, check, 0)
    pseudo = src + dst + struct.pack("!II", 20, socket.IPPROTO_TCP)
    return header(checksum(pseudo + header(0)))

def ipv4(i, seq, flags):
    src = socket.inet_aton("203.0.113.%d" % (1 + i % 250))
    def header(check):
        return struct.pack("!BBHHHBBH4s4s", 0x45, 0, 40, 0, 0, 64,
                           socket.IPPROTO_TCP, check, src, vip4)
    return header(checksum(header(0))) + tcp(src, vip4, 1024 + i // 250, seq,
                                             flags)

def ipv6(i, seq, flags):
    src = socket.inet_pton(socket.AF_INET6, "2001:db8:bad::%x" % (1 + i))
    return (struct.pack("!IHBB16s16s", 6 << 28, 20, socket.IPPROTO_TCP, 64,
                        src, vip6) + tcp(src, vip6, 1024, seq, flags))

sock = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM)
mac = bytes.fromhex(mac.replace(":", ""))

def send(i, seq, flags):
    protocol, packet = ((0x86dd, ipv6) if i % 2 else (0x0800, ipv4))
    sock.sendto(packet(i // 2, seq, flags), ("front", protocol, 0, 0, mac))

# Each kind has sources of its own.
first = 100000 if what == "pairs" else 0
for i in range(first, first + int(count)):
    send(i, 1000, SYN)
    if what == "pairs":
        send(i, 1001, ACK)
END

# flood syns|pairs COUNT
flood() {
	cl python3 "$T/flood.py" "$1" "$2" "$mac" "$VIP4" "$VIP6" || fail flood
}

assured() {
	lb conntrack -L 2>/dev/null | grep -c ASSURED
}

# clients NAME: of both families, possibly during a flood
clients() {
	local family

	for family in 4 6; do
		start_client "v$family" "$family" -n 30 -k 3
		check_client "$1" "v$family" 30
	done
}

# attack syns|pairs COUNT PACKETS: with clients during it and after it
attack() {
	local before flood

	lb conntrack -F 2>/dev/null
	before=$(sunk)
	flood "$1" "$2" &
	flood=$!
	clients "during $1"
	wait "$flood" || fail "flood of $1"
	check_eq "$1 that got through" "$3" $(($(sunk) - before))
	check_le "$1: entries" "$max" "$(lb conntrack -C)"
	clients "after $1"
	check_counters "$1" empty 0 malformed 0
}

load_module
topology dsr 3
start_servers
mac=$(lb cat /sys/class/net/front/address)
sysctl -qw net.netfilter.nf_conntrack_max="$max"

flood_sink
service
rule raw PREROUTING -p tcp --dport 80 -j LBHASH --service web

attack syns "$(few 50000)" "$(few 50000)"
adopted=$(reason adopted)
check_le 'adopted, of the clients at most' 120 "$adopted"

attack pairs "$(few 10000)" "$(few 20000)"
n=$(assured)
check_le 'entries that cannot be evicted' "$limit" "$n"
check_ge 'entries that cannot be evicted' $((limit - 100)) "$n"
check_le 'adopted' $((limit + adopted)) "$(reason adopted)"

lb conntrack -F 2>/dev/null
adopted=$(reason adopted)
clients 'with room again'
check_counters 'with room again' adopted $((adopted + 60))
