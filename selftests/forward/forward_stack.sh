#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# --forward takes a packet out of PREROUTING and past the kernel's routing. All
# other parts of the stack still see it: the FORWARD and POSTROUTING chains,
# NAT, NFQUEUE, conntrack, rp_filter, martians, IPsec policies, the switches
# that turn forwarding off, and the check for the balancer's own addresses.
# timeout: 600
# checks: 253
. ./lib.sh
. ./lib/packets.bash
. ./forward/forward.bash

# both COMMAND...: ipt and ip6t
both() {
	ipt "$@" || fail "iptables: $*"
	ip6t "$@" || fail "ip6tables: $*"
}

# seen FAMILY TABLE CHAIN [N]: packets matched by its first (or Nth) rule
seen() {
	local tables=ipt

	[ "$1" = 4 ] || tables=ip6t
	"$tables" -t "$2" -nvxL "$3" "${4:-1}" | awk '{ print $1 }'
}

# check_echoes NAME FAMILY WANT: requests that reached servers since the last
# call
total=(0 0 0 0 0 0 0)
check_echoes() {
	local before=${total[$2]}

	total[$2]=$(($(echoes "$2" | tr ' ' +)))
	check_eq "$1: requests that reached servers" "$3" $((total[$2] - before))
}

# check_pings NAME FAMILY WANT [OPTION...]: WANT of five requests reach servers
# and are answered
check_pings() {
	check_eq "IPv$2, $1: answers" "$3" "$(pings "$2" -c 5 "${@:4}")"
	check_echoes "IPv$2, $1" "$2" "$3"
}

# The chains that see a packet, and with which mark and devices.
chains() {
	local family table

	forward on_link
	for table in raw mangle; do
		rule "$table" PREROUTING -m comment --comment after
	done
	both -t nat -A PREROUTING
	for table in mangle filter; do
		rule "$table" FORWARD -i front -o lan -m mark ! --mark 0
	done
	# Only packets to the VIP: the kernel's own multicast reports seem to
	# have a mark, because they keep other data in that field.
	rule mangle POSTROUTING -o lan -m mark ! --mark 0
	rule nat POSTROUTING -o lan -m mark ! --mark 0
	for family in 4 6; do
		check_eq "IPv$family, rules everywhere: answers" 5 \
			"$(pings "$family" -c 5)"
		check_eq "IPv$family, raw PREROUTING, rest of the rules" 0 \
			"$(seen "$family" raw PREROUTING 2)"
		check_eq "IPv$family, mangle PREROUTING" 0 \
			"$(seen "$family" mangle PREROUTING)"
		check_eq "IPv$family, nat PREROUTING" 0 \
			"$(seen "$family" nat PREROUTING)"
		for table in mangle filter; do
			check_eq "IPv$family, $table FORWARD, with a mark" 5 \
				"$(seen "$family" "$table" FORWARD)"
		done
		check_eq "IPv$family, mangle POSTROUTING, with a mark" 5 \
			"$(seen "$family" mangle POSTROUTING)"
		check_eq "IPv$family, nat POSTROUTING, new connections" 1 \
			"$(seen "$family" nat POSTROUTING)"
	done
	both -t filter -A FORWARD -j DROP
	for family in 4 6; do
		check_echoes "IPv$family, before DROP" "$family" 5
		check_eq "IPv$family, FORWARD drops: answers" 0 \
			"$(pings "$family" -c 3)"
		check_echoes "IPv$family, FORWARD drops" "$family" 0
	done
	for table in mangle filter nat raw; do
		both -t "$table" -F
	done
}

# one_by_one FAMILY: replies to five requests of one connection, each of which is
# sent after the reply to the last; by five programs, because ping waits for its
# last reply no longer than for two round trips
one_by_one() {
	local n=0 i

	for ((i = 0; i < 5; i++)); do
		n=$((n + $(pings "$1" -c 1 -e 4711)))
	done
	echo "$n"
}

# A program takes packets out of a chain and returns them, one at a time: two
# packets waiting in the queue would both begin the connection.
queued() {
	local chain family name track

	"$flows" queue "$T/queue.flows" lb 3 &
	wait_for 10 reported queue "$!"
	for track in always changed; do
		forward on_link --track "$track"
		for chain in FORWARD POSTROUTING; do
			rule mangle "$chain" -o lan -m mark ! --mark 0 -j NFQUEUE
			for family in 4 6; do
				name="IPv$family, $track, queued in $chain"
				check_eq "$name: answers" 5 \
					"$(one_by_one "$family")"
				check_echoes "$name" "$family" 5
				check_eq "IPv$family, $track, $chain saw them" 5 \
					"$(seen "$family" mangle "$chain")"
			done
			both -t mangle -F
		done
	done
	flush_rules
}

# check_untracked NAME WANT: five requests, none of which has an entry; WANT of
# them reach servers
check_untracked() {
	local family

	for family in 4 6; do
		check_pings "no entry, $1" "$family" "$2"
		check_eq "IPv$family, no entry, $1: entries" 0 \
			"$(lb conntrack -L -f "ipv$family" 2>/dev/null | wc -l)"
	done
}

# Such a packet may skip the last hook of POSTROUTING, in which conntrack
# confirms entries, but no other hook. A chain registered before conntrack at
# the same priority runs after it and must still see the packet.
last_of_all() {
	lb nft -f - <<-END || fail nft
		table inet last {
			chain post {
				type filter hook postrouting priority 2147483647;
				oifname lan icmp type echo-request counter drop
				oifname lan icmpv6 type echo-request counter drop
			}
		}
	END
	forward on_link --track changed
	check_untracked 'a chain after conntrack drops' 0
	check_eq 'requests that the chain saw' 10 "$(lb nft -j list table inet last |
		jq '[.. | .counter? | objects.packets] | add')"
	lb nft delete table inet last
	check_untracked 'and is gone' 5
	flush_rules
}

# verdict WANT TARGET...: of a rule in POSTROUTING with that target
verdict() {
	local family

	rule mangle POSTROUTING -o lan -m mark ! --mark 0 -j "${@:2}"
	check_untracked "${*:2}" "$1"
	for family in 4 6; do
		check_eq "IPv$family, no entry, ${*:2}: seen" 5 \
			"$(seen "$family" mangle POSTROUTING)"
	done
	both -t mangle -F
}

verdicts() {
	forward on_link --track changed
	verdict 5 ACCEPT
	verdict 0 DROP
	verdict 0 NFQUEUE --queue-num 7
	verdict 5 NFQUEUE --queue-num 7 --queue-bypass
	flush_rules
}

# Servers get packets from lb's own address and answer lb, which passes the
# answers on.
masquerade() {
	local family

	forward on_link
	both -t nat -A POSTROUTING -o lan -j MASQUERADE
	for family in 4 6; do
		check_pings SNAT "$family" 5
		check_eq "IPv$family, SNAT: entries" 1 \
			"$(lb conntrack -L -f "ipv$family" --src-nat \
				2>/dev/null | grep -c mark=)"
	done
	flush_rules
}

# check_unusual sources|options NAME "WHICH WANT ..": of five packets of each
# kind WANT reach a server, with --forward and with the kernel's routing alone
check_unusual() {
	local kind=$1 want which
	shift

	want=$(xargs -n 2 <<<"$2")
	which=$(cut -d ' ' -f 1 <<<"$want" | paste -sd ' ')
	ask "$kind" "$which"
	check_same "$1: forwarded" "$want" "$(cat "$T/answer")"
	ipt -t "$TABLE" -I PREROUTING -j ACCEPT
	ip -n lb route replace "$VIP4" via 10.2.0.101
	ask "$kind" "$which"
	check_same "$1: routed" "$want" "$(cat "$T/answer")"
	ip -n lb route replace "$VIP4" via 10.1.0.2
	ipt -t "$TABLE" -D PREROUTING 1
}

check_sources() { check_unusual sources "$@"; }

reverse_path() { lb sysctl -qw "net.ipv4.conf.front.rp_filter=$1"; }

# sources N: by the routes 10.2.0.77 is on the servers' side, and 203.0.113.1 is
# nowhere; N packets from a loopback address are forwarded when that is allowed
sources() {
	local refused

	check_sources 'rp_filter off' '192.0.2.7 5 10.2.0.77 5 203.0.113.1 5'
	reverse_path 2
	check_sources 'rp_filter loose' '192.0.2.7 5 10.2.0.77 5 203.0.113.1 0'
	reverse_path 1
	refused=$(counter lb TcpExtIPReversePathFilter)
	check_sources 'rp_filter strict' '192.0.2.7 5 10.2.0.77 0 203.0.113.1 0'
	check_eq 'rp_filter counted, of both' 20 \
		$(($(counter lb TcpExtIPReversePathFilter) - refused))
	reverse_path 0

	ip -n lb addr add 203.0.113.2/32 dev lo
	check_sources 'addresses of the balancer' '10.2.0.1 0 203.0.113.2 0'
	ip -n lb addr del 203.0.113.2/32 dev lo
	check_sources 'one that it had' '203.0.113.2 5'
	lb sysctl -qw net.ipv4.conf.front.accept_local=1
	check_sources 'accept_local' '10.2.0.1 5'
	lb sysctl -qw net.ipv4.conf.front.accept_local=0

	check_sources "nobody's addresses" "127.0.0.5 0 0.0.0.0 0 0.1.2.3 5
		224.0.0.5 0 239.1.2.3 0 240.0.0.1 5 255.255.255.255 0"
	lb sysctl -qw net.ipv4.conf.front.route_localnet=1
	check_sources 'route_localnet' "127.0.0.5 $1"
	lb sysctl -qw net.ipv4.conf.front.route_localnet=0
}

# Options that affect routing, one that does not, and none.
options() {
	local refused

	refused=$(counter lb IpInHdrErrors)
	check_unusual options 'options' 'none 5 record 5 broken 0'
	check_eq 'broken ones counted, of both' 10 \
		$(($(counter lb IpInHdrErrors) - refused))
	check_unusual options 'source routes' 'loose 0 strict 0'
	lb sysctl -qw net.ipv4.conf.all.accept_source_route=1
	check_unusual options 'accept_source_route' 'loose 5 strict 0'
	lb sysctl -qw net.ipv4.conf.all.accept_source_route=0
}

unusual() {
	forward on_link
	# The VIP's route points back to the client, so that packets left to
	# routing do not reach a server.
	ip -n lb route add "$VIP4" via 10.1.0.2
	start_packets forward/unusual
	options
	sources 5
	# Other routing rules make the kernel check more, even when they are
	# gone; rules that match ports even more so.
	ip -n lb rule add pref 5000 fwmark 0x1000 lookup main
	sources 0
	ip -n lb rule add pref 5001 ipproto udp dport 9 lookup main
	sources 0
	ip -n lb rule del pref 5000
	ip -n lb rule del pref 5001
	ip -n lb route del "$VIP4"
	flush_rules
}

# left NAME FAMILY [TIMES]: five requests, each counted TIMES as left to
# routing, and none is forwarded
left() {
	local before

	before=$(of_backends unforwarded)
	pings "$2" -c 5 >/dev/null
	check_echoes "IPv$2, $1" "$2" 0
	check_eq "IPv$2, $1: left to routing" $((5 * ${3:-1})) \
		$(($(of_backends unforwarded) - before))
}

of_lb() { [ "$1" = 6 ] && echo 2001:db8:2::1 || echo 10.2.0.1; }

loopback() { [ "$1" = 6 ] && echo ::1 || echo 127.0.0.1; }
multicast() { [ "$1" = 6 ] && echo ff02::1 || echo 224.0.0.1; }
broadcast() { [ "$1" = 6 ] && echo ff01::1 || echo 10.2.0.255; }

left_to_routing() {
	local address family

	forward on_link
	for address in of_lb loopback multicast broadcast; do
		addresses "$address"
		for family in 4 6; do
			left "address $address" "$family"
		done
	done
	for n in 1 2 3; do
		ctl backend set web "s$n" address none
	done
	left 'no address' 4
	left 'no address' 6
	addresses on_link

	lb sysctl -qw net.ipv4.conf.front.forwarding=0 \
		net.ipv6.conf.all.forwarding=0
	left 'forwarding off' 4
	left 'forwarding off' 6
	lb sysctl -qw net.ipv4.conf.front.forwarding=1 \
		net.ipv6.conf.all.forwarding=1
	for family in 4 6; do
		check_pings 'forwarding on again' "$family" 5
	done
	flush_rules
}

# The VIP may be an address of the balancer itself, as on one that also answers.
own_vip() {
	local family

	ip -n lb addr add "$VIP4/32" dev lo
	ip -n lb addr add "$VIP6/128" dev lo nodad
	forward on_link
	for family in 4 6; do
		check_pings 'the VIP is local' "$family" 5
		check_eq "IPv$family, the VIP is local, TTL 1: errors" 0 \
			"$(pings "$family" -c 3 -t 1)"
		check_echoes "IPv$family, the VIP is local, TTL 1" "$family" 0
	done
	flush_rules
	ip -n lb addr del "$VIP4/32" dev lo
	ip -n lb addr del "$VIP6/128" dev lo
}

ipsec() {
	forward on_link
	lb ip xfrm policy add dir fwd src 192.0.2.0/24 dst "$VIP4" action block
	lb ip xfrm policy add dir fwd src 2001:db8:c::/64 dst "$VIP6" action block
	for family in 4 6; do
		pings "$family" -c 5 >/dev/null
		check_echoes "IPv$family, policy that blocks" "$family" 0
	done
	lb ip xfrm policy flush
	for family in 4 6; do
		pings "$family" -c 5 >/dev/null
		check_echoes "IPv$family, no policy" "$family" 5
	done
	flush_rules
}

# A packet from a device of a VRF is routed by the VRF; it passes PREROUTING
# twice, as a packet of either device.
in_a_vrf() {
	forward on_link
	ip -n lb -b - <<-END
		link add blue type vrf table 900
		link set blue up
		link set front master blue
		addr replace 2001:db8:1::1/64 dev front nodad
	END
	for family in 4 6; do
		left 'in a VRF' "$family" 2
	done
	ip -n lb link del blue
	ip -n lb addr replace 2001:db8:1::1/64 dev front nodad
	flush_rules
}

load_module
topology dsr 3 unmarked
last_of_all
for IPT in legacy nft; do
	chains
	verdicts
done
queued
masquerade
unusual
left_to_routing
own_vip
ipsec
in_a_vrf
