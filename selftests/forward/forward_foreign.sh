#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# --forward leaves alone packets that this host would not route, and counts
# them: frames for other hosts, frames that a bridge with br_netfilter passes
# on, packets that already have a socket or a route. They fare as without the
# rule.
# timeout: 600
# by default on: 6.12
# checks: 106
. ./lib.sh
. ./lib/packets.bash
. ./forward/forward.bash

# check_left NAME FAMILY WANT: the number of packets left to routing since the
# last call; meanwhile no echo request of this family reached a server
left=0 total=(0 0 0 0 0 0 0)
check_left() {
	local before=$left at=${total[$2]}

	left=$(of_backends unforwarded)
	total[$2]=$(($(echoes "$2" | tr ' ' +)))
	check_eq "IPv$2, $1: left to routing" "$3" $((left - before))
	check_eq "IPv$2, $1: requests that reached servers" 0 \
		$((total[$2] - at))
}

# check_sent NAME FAMILY WANT: the number of echo requests that reached servers
check_sent() {
	local before=$left at=${total[$2]}

	left=$(of_backends unforwarded)
	total[$2]=$(($(echoes "$2" | tr ' ' +)))
	check_eq "IPv$2, $1: left to routing" 0 $((left - before))
	check_eq "IPv$2, $1: requests that reached servers" "$3" \
		$((total[$2] - at))
}

# again [OPTION...]: as forward, and counters start from 0
again() {
	forward on_link "$@"
	left=0
}

# --- link addresses ----------------------------------------------------------

# frames TRACK: a frame for another host never reaches the IP layer, even if the
# device is promiscuous
frames() {
	local family seen

	ip -n lb link set front promisc on
	again --track "$1"
	for family in 4 6; do
		seen=$(stats packets)
		ask frames "$family" ours foreign broadcast multicast
		check_same "IPv$family, $1, frames: forwarded" "$arrive" \
			"$(cat "$T/answer")"
		check_left "$1, frames" "$family" 10
		check_eq "IPv$family, $1, frames: balanced" 15 \
			$(($(stats packets) - seen))
	done
	flush_rules
	ip -n lb link set front promisc off
}
arrive=$'ours 5\nforeign 0\nbroadcast 0\nmulticast 0'

# The same frames; routing alone would send their packets to a server.
frames_routed() {
	local family

	ip -n lb route add "$VIP4" via 10.2.0.101
	ip -n lb route add "$VIP6" via 2001:db8:2::101
	for family in 4 6; do
		ask frames "$family" ours foreign broadcast multicast
		check_same "IPv$family, frames: routed" "$arrive" \
			"$(cat "$T/answer")"
	done
	ip -n lb route del "$VIP4"
	ip -n lb route del "$VIP6"
}

# --- a bridge ----------------------------------------------------------------

#	west  10.8.0.2 ---- [ lb: bridge 10.8.0.1 ] ---- 10.8.0.3  east, the VIP

add_bridge() {
	local n ns

	ip -n lb link add bridge type bridge
	for ns in west east; do
		add_namespace "$ns"
		n=2
		[ "$ns" = west ] || n=3
		add_link "$ns" wire "8.0.$n" lb "$ns"
		ip -n lb link set "$ns" master bridge
	done
	ip -n lb -b - <<-END
		addr add 10.8.0.1/24 dev bridge
		addr add 2001:db8:8::1/64 dev bridge nodad
		link set bridge up
	END
	ip -n east addr add "$VIP4/32" dev lo
	ip -n east addr add "$VIP6/128" dev lo nodad
	for n in 1 2 3; do
		ip -n "s$n" route add 10.8.0.0/24 via 10.2.0.1
		ip -n "s$n" route add 2001:db8:8::/64 via 2001:db8:2::1
	done
}

# west_by N: west sends packets to the VIP through that host
west_by() {
	ip -n west route replace "$VIP4" via "10.8.0.$1"
	ip -n west route replace "$VIP6" via "2001:db8:8::$1"
}

calls() {
	lb sysctl -qw "net.bridge.bridge-nf-call-iptables=$1" \
		"net.bridge.bridge-nf-call-ip6tables=$1"
}

# west_pings FAMILY [OPTION...]: the number of replies that west got
west_pings() {
	local vip=VIP$1

	ip netns exec west ping "-$1" -n -W 1 -i 0.01 -c 5 "${@:2}" "${!vip}" \
		>"$T/ping" 2>&1
	sed -n 's/.* \([0-9]*\) received.*/\1/p' "$T/ping"
}

# at_east FAMILY: echo requests that east got
at_east() {
	local name=IcmpInEchos

	[ "$1" = 4 ] || name=Icmp6InEchos
	counter east "$name"
}

# bridged TRACK: packets that the bridge passes on, and packets for lb itself,
# which has no route for them
bridged() {
	local family before

	again --track "$1"
	for family in 4 6; do
		before=$(at_east "$family")
		west_by 3
		check_eq "IPv$family, $1, bridged: answers" 5 \
			"$(west_pings "$family" -t 1)"
		check_left "$1, bridged" "$family" 5
		check_eq "IPv$family, $1, bridged: at the other end" 5 \
			$(($(at_east "$family") - before))
		west_by 1
		check_eq "IPv$family, $1, for lb: answers" 0 \
			"$(west_pings "$family")"
		check_left "$1, for lb" "$family" 5
	done
	flush_rules
}

# Without br_netfilter only packets for lb reach IP.
not_called() {
	local family

	calls 0
	again
	for family in 4 6; do
		west_by 3
		check_eq "IPv$family, iptables not called: answers" 5 \
			"$(west_pings "$family" -t 1)"
		check_sent 'iptables not called' "$family" 0
		west_by 1
		check_eq "IPv$family, iptables not called, for lb: answers" 5 \
			"$(west_pings "$family")"
		check_sent 'iptables not called, for lb' "$family" 5
	done
	calls 1
	flush_rules
}

# --- packets that already have a route or a socket ---------------------------

# lb's own packets return through lo with a route.
from_itself() {
	local family vip

	for family in 4 6; do
		again
		vip=VIP$family
		check_eq "IPv$family, lb to its VIP: answers" 5 \
			"$(lb ping "-$family" -n -W 1 -i 0.01 -c 5 \
				-I "$(on_link "$family" -99)" "${!vip}" |
				sed -n 's/.* \([0-9]*\) received.*/\1/p')"
		check_left 'lb to its VIP' "$family" 5
		flush_rules
	done
}

# A chain before mangle assigns five datagrams to a socket.
with_a_socket() {
	local family

	lb nft -f - <<-END || fail nft
		table inet early {
			chain pre {
				type filter hook prerouting priority -160;
				ip daddr $VIP4 udp dport 9 tproxy ip to :5555
				ip6 daddr $VIP6 udp dport 9 tproxy ip6 to :5555
			}
		}
	END
	TABLE=mangle
	again --track never
	for family in 4 6; do
		ask listen "$family"
		ask frames "$family" ours
		check_eq "IPv$family, with a socket: forwarded" 'ours 0' \
			"$(cat "$T/answer")"
		ask taken "$family"
		check_eq "IPv$family, with a socket: taken" 5 "$(got taken)"
		check_left 'with a socket' "$family" 5
	done
	lb nft delete table inet early
	flush_rules
	TABLE=raw
}

load_module
modprobe br_netfilter || fail 'no br_netfilter'
topology dsr 3 unmarked
start_packets forward/unusual
frames_routed
add_bridge
calls 1
frames always
frames never
bridged always
not_called
IPT=nft
frames changed
bridged changed
bridged never
not_called
# From here on the VIP is lb's own.
ip -n lb addr add "$VIP4/32" dev lo
ip -n lb addr add "$VIP6/128" dev lo nodad
from_itself
with_a_socket
