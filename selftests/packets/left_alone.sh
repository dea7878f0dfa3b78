#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# timeout: 600
#
# Packets to the VIP that no rule balances: neighbour discovery, and the answers
# to connections that servers or lb itself began with the VIP as their source.
# by default on: 6.12
# checks: 42
. ./lib.sh
. ./lib/checks.bash
. ./lib/packets.bash
. ./forward/forward.bash

# every_rule FUNCTION: with each kind of rule
every_rule() {
	local word

	for word in always changed never; do
		in_variant legacy raw "$@" --track "$word"
	done
	in_variant nft raw "$@" --forward
	in_variant nft mangle "$@"
}

# balance OPTION...: all packets to the VIP
balance() {
	fresh 3
	addresses on_link
	rule "$TABLE" PREROUTING -j LBHASH --service web "$@"
}

# No server gets types from 133 to 137 (neighbour discovery); a server gets each
# of the types next to these.
types() {
	balance "$@"
	ask types 128 142
	check_eq "$*: types that reach a server" \
		'128 129 130 131 132 138 139 140 141 142' \
		"$(grep -v None "$T/answer" | cut -d ' ' -f 1 | paste -sd ' ')"
}

# neighbour_state: of lb in cl's neighbour table, by the VIP
neighbour_state() {
	ip -6 -n cl -j neigh show "$VIP6" dev front | jq -r '.[0].state[0]'
}
# shellcheck disable=SC2317 # called by wait_for
probed() { [[ $(neighbour_state) = REACHABLE || $(neighbour_state) = FAILED ]]; }

# lb owns the VIP, and cl probes it as a neighbour.
solicited() {
	local mac

	balance "$@"
	mac=$(ip -n lb -j link show front | jq -r '.[0].address')
	ip -6 -n cl neigh replace "$VIP6" dev front lladdr "$mac" nud probe
	wait_for 20 probed
	check_eq "$*: lb answers solicitations" REACHABLE "$(neighbour_state)"
	check_eq "$*: servers answer pings" 3 "$(pings 6 -c 3)"
}

# asks FAMILY NAMESPACE: answers from cl to three pings and eight connections
asks() {
	local dst=192.0.2.1 i n

	[ "$1" = 4 ] || dst=2001:db8:c::1
	n=$(ip netns exec "$2" ping "-$1" -n -c 3 -i 0.1 -W $((5 * lb_slow)) \
		"$dst" | sed -n 's/.* \([0-9]*\) received.*/\1/p')
	[ "$1" = 4 ] || dst="[$dst]"
	for i in {1..8}; do
		[ "$(ip netns exec "$2" socat -T $((5 * lb_slow)) - \
			"TCP$1:$dst:90,connect-timeout=$((5 * lb_slow))" \
			</dev/null)" = hello ] && n="$n $i"
	done
	echo "$n"
}

# refused FAMILY: port-unreachable errors about datagrams of s1 to a closed port
# of cl; each datagram has a connection of its own
refused() {
	local dst=192.0.2.1 name=IcmpInDestUnreachs before i

	[ "$1" = 4 ] || dst="[2001:db8:c::1]" name=Icmp6InDestUnreachs
	before=$(counter s1 "$name")
	for i in {1..8}; do
		srv 1 socat -u - "UDP$1:$dst:91" <<<"$i"
	done
	# shellcheck disable=SC2317 # called by wait_for
	all_refused() { [ $(($(counter s1 "$name") - before)) -ge 8 ]; }
	wait_for 10 all_refused
	echo $(($(counter s1 "$name") - before))
}

# from_vip: packets to cl leave with the VIP as source; ICMPv6 only echo
# requests
from_vip() {
	ipt -t nat -A POSTROUTING -o front -j SNAT --to-source "$VIP4"
	ip6t -t nat -A POSTROUTING -o front -p ipv6-icmp \
		--icmpv6-type echo-request -j SNAT --to-source "$VIP6"
	ip6t -t nat -A POSTROUTING -o front ! -p ipv6-icmp \
		-j SNAT --to-source "$VIP6"
}

# s1 and lb send to cl, with the VIP as their source: they get all answers, and
# none of these packets is balanced.
answers() {
	local family

	balance "$@"
	from_vip
	for family in 4 6; do
		check_eq "IPv$family, $*: answers to s1" '3 1 2 3 4 5 6 7 8' \
			"$(asks "$family" s1)"
		check_eq "IPv$family, $*: answers to lb" '3 1 2 3 4 5 6 7 8' \
			"$(asks "$family" lb)"
		check_eq "IPv$family, $*: errors to s1" 8 "$(refused "$family")"
	done
	snapshot
	check_eq "$*: packets balanced" 0 "${stat[packets]}"
	ctl lookup web proto tcp src 192.0.2.1:90 \
		dst "$VIP4:$(snat_port)" 2>"$T/lookup" &&
		fail "lookup knows a backend: $(cat "$T/lookup")"
	check_eq lookup "lbhashctl: flow is the reply direction of a$(
		) connection that is not balanced" "$(cat "$T/lookup")"
	start_client client 4 -n 20 -h
	check_eq "$*: clients of the VIP" 20 "$(flows_of client ok)"
	stop_client client
}

# snat_port: the port of one of the connections
snat_port() {
	lb conntrack -L -p tcp --src-nat 2>/dev/null |
		sed -nE "s/.* src=192.0.2.1 dst=$VIP4 sport=90 dport=([0-9]+).*/\1/p" |
		head -n 1
}

load_module
topology twoway 3
ip -n lb addr add "$VIP6/128" dev front nodad
ip -n cl route replace "$VIP6" dev front src 2001:db8:c::1
start_packets packets/ndisc 3
every_rule types
every_rule solicited
ip -n lb addr del "$VIP6/128" dev front
ip -n cl route replace "$VIP6" via 2001:db8:1::1 src 2001:db8:c::1

start_servers
cl sysctl -qw net.ipv4.icmp_ratelimit=0 net.ipv6.icmp.ratelimit=0
cl socat TCP6-LISTEN:90,fork,reuseaddr,ipv6only=0 SYSTEM:'echo hello' &
wait_for 20 cl sh -c 'ss -Htln "sport = 90" | grep -q .'
in_variant legacy raw answers --track always
in_variant nft raw answers --forward
in_variant nft mangle answers --track always
