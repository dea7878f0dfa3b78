#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# --forward treats packets as forwarding does: the TTL, the MTU of the path to a
# server, IP options, super-packets.
# timeout: 600
# boot: forward
# checks: 40
. ./lib.sh
. ./forward/forward.bash

# said TEXT: how often the last ping reported it
said() { grep -c "$1" "$T/ping"; }

# lan_mtu MTU
lan_mtu() { ip -n lb link set lan mtu "$1"; }

short_lives() {
	check_eq 'IPv4, TTL 1: answers' 0 "$(pings 4 -c 3 -t 1)"
	check_eq 'IPv4, TTL 1: errors of lb' 3 \
		"$(said '^From 10.1.0.1 .*Time to live exceeded')"
	check_eq 'IPv4, TTL 2: answers' 3 "$(pings 4 -c 3 -t 2)"
	check_eq 'IPv6, hop limit 1: answers' 0 "$(pings 6 -c 3 -t 1)"
	check_eq 'IPv6, hop limit 1: errors of lb' 3 \
		"$(said '^From 2001:db8:1::1 .*Time exceeded: Hop limit')"
	check_eq 'IPv6, hop limit 2: answers' 3 "$(pings 6 -c 3 -t 2)"
}

# forget_mtus: cl has no cached path MTU
forget_mtus() {
	cl ip route flush cache
	cl ip -6 route flush cache
}

# too_big NAME FAMILY SIZE ERROR: a packet of that size fits; a larger one is
# answered with the error
too_big() {
	local headers=28

	[ "$2" = 4 ] || headers=48
	forget_mtus
	check_eq "$1, IPv$2, $3 bytes: answers" 1 \
		"$(pings "$2" -c 1 -M 'do' -s $(($3 - headers)))"
	check_eq "$1, IPv$2, $(($3 + 1)) bytes: answers" 0 \
		"$(pings "$2" -c 1 -M 'do' -s $(($3 - headers + 1)))"
	check_eq "$1, IPv$2, $(($3 + 1)) bytes: error" 1 "$(said "$4")"
}

# narrow NAME: packets that exceed 1300 bytes
narrow() {
	local made

	too_big "$1" 4 1300 '^From 10.1.0.1 .*Frag needed .*mtu = 1300'
	too_big "$1" 6 1300 '^From .*Packet too big: mtu=1300'
	forget_mtus
	made=$(counter lb IpFragCreates)
	check_eq "$1, IPv4, 1301 bytes, no DF: answers" 3 \
		"$(pings 4 -c 3 -M dont -s 1273)"
	check_eq "$1, IPv4, 1301 bytes, no DF: fragments" 6 \
		$(($(counter lb IpFragCreates) - made))
}

# Packets that arrive in fragments leave in fragments.
fragments() {
	forget_mtus
	# IPv6 fragments that do not fit are refused, and cl learns the MTU.
	pings 6 -c 1 -s 5000 >/dev/null
	check_eq 'IPv4, 4 fragments: answers' 3 "$(pings 4 -c 3 -s 5000)"
	check_eq 'IPv6, 4 fragments: answers' 3 "$(pings 6 -c 3 -s 5000)"
}

# IPv4 only: IPv6 has no options that routers fill in.
options() {
	check_eq 'record route: answers' 3 "$(pings 4 -c 3 -R)"
	check_ge 'record route: lb wrote its address' 1 "$(said '10\.2\.0\.1$')"
	check_eq 'timestamps: answers' 3 "$(pings 4 -c 3 -T tsonly)"
}

# ethtool_all on|off: whether super-packets travel whole from cl to servers
offloads() {
	local ns

	for ns in cl:front lb:front lb:lan sw:lb sw:s1 s1:lan; do
		ip netns exec "${ns%:*}" ethtool -K "${ns#*:}" tso "$1" \
			gso "$1" gro "$1" >/dev/null
	done
}

# upload FAMILY: a megabyte to s1; prints the number of bytes that arrived
upload() {
	local vip=VIP$1

	vip=${!vip}
	[ "$1" = 4 ] || vip="[$vip]"
	rm -f "$T/uploaded"
	srv 1 socat -u "TCP$1-LISTEN:82" "CREATE:$T/uploaded" &
	wait_for 10 listening
	head -c 1000000 /dev/zero |
		cl timeout "$(seconds 60)" socat -u - "TCP$1:$vip:82" ||
		fail "no upload"
	wait "$!"
	stat -c %s "$T/uploaded"
}

listening() { srv 1 ss -Hltn sport = 82 | grep -q .; }

# super_packets FAMILY MTU
super_packets() {
	local what="IPv$1, MTU $2"

	forget_mtus
	for n in 2 3; do
		ctl backend set web "s$n" state drain
	done
	ctl backend set web s1 state up
	snapshot
	local packets=${stat[packets]} bytes=${stat[bytes]}
	check_eq "$what: bytes uploaded" 1000000 "$(upload "$1")"
	snapshot
	check_ge "$what: bytes in a packet, at LBHASH" 3000 \
		$(((stat[bytes] - bytes) / (stat[packets] - packets)))
}

load_module
ways_to_servers

forward on_link
short_lives
options
fragments
lan_mtu 1300
narrow 'on link'
fragments
flush_rules
forward by_gateway --track never
narrow gateway
lan_mtu 1500
flush_rules

# The MTU of a route counts as well.
ip -n lb route replace 10.3.1.0/24 via 10.2.0.101 mtu 1300
for n in 2 3; do
	ip -n lb route replace "10.3.$n.0/24" via "10.2.0.10$n" mtu 1300
done
forward by_gateway
too_big "route's MTU" 4 1300 'Frag needed .*mtu = 1300'
flush_rules

offloads on
forward on_link
super_packets 4 1500
super_packets 6 1500
lan_mtu 1300
super_packets 4 1300
super_packets 6 1300
