#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# timeout: 600
#
# Clients' packets go through lb, servers' answers through another balancer that
# shares nothing with it but the name of a service. With a symmetric hash both
# pick the same backend for both directions of a flow.
# by default on: 6.12
# checks: 23
. ./lib.sh
. ./lib/checks.bash

lb2() { ip netns exec lb2 "$@"; }
ctl2() { lbhashctl -n lb2 "$@"; }

# A router back to the clients, on the servers' network.
second_balancer() {
	local n

	add_namespace lb2 1
	add_link lb2 lan 2.0.3 sw lb2
	ip -n sw link set lb2 master switch
	ip -n lb2 route add 192.0.2.0/24 via 10.2.0.2
	ip -n lb2 route add 2001:db8:c::/64 via 2001:db8:2::2
	for ((n = 1; n <= servers; n++)); do
		ip -n "s$n" route replace 192.0.2.0/24 via 10.2.0.3
		ip -n "s$n" route replace 2001:db8:c::/64 via 2001:db8:2::3
	done
}

# second_service HASH: made in another order, and in other steps
second_service() {
	local n

	ctl2 flush
	ctl2 service add web size 4099 hash "$1" || fail 'second service'
	ctl2 backend add web extra mark 99
	for ((n = servers; n > 0; n--)); do
		ctl2 backend add web "s$n" mark "$n" weight 7
		ctl2 backend set web "s$n" weight 1
	done
	ctl2 backend del web extra
}

# rules2 -A|-D MATCHES-AND-TARGET...
rules2() {
	lb2 "iptables-$IPT" -w -t raw "$1" PREROUTING -s "$VIP4" "${@:2}" ||
		fail "iptables of lb2"
	lb2 "ip6tables-$IPT" -w -t raw "$1" PREROUTING -s "$VIP6" "${@:2}" ||
		fail "ip6tables of lb2"
}

# shares STATS: packets per backend
shares() {
	"$1" -j stats web | jq -c '[.[0].backends[].packets]'
}

# marks COMMAND FIELD: the mark of each connection, by the client's port
marks() {
	"$1" conntrack -L 2>/dev/null |
		sed -nE "s/^([a-z]+) .* $2=([0-9]+) .*mark=([0-9]+).*/\1 \2 \3/p" |
		sort
}

# stateless HASH: a datagram of each flow in each direction, without conntrack;
# prints the packets per backend of both balancers
stateless() {
	local name

	ctl flush
	service "$servers" hash "$1"
	second_service "$1"
	rule raw PREROUTING -p udp -j LBHASH --service web --track never
	rules2 -A -p udp -j LBHASH --service web --track never
	for name in 4 6; do
		start_client "u$name" "$name" -u -n 60 -r "$name"
		[ "$(flows_of "u$name" resent)" = 0 ] || fail 'lost datagrams'
	done
	echo "$(shares ctl) $(shares ctl2)"
	flush_rules
	rules2 -D -p udp -j LBHASH --service web --track never
}

by_hash_alone() {
	local first second fields=proto,src,dst,sport,dport

	read -r first second <<<"$(stateless "$fields,symmetric")"
	check_eq 'datagrams of 120' 120 "$(jq add <<<"$first")"
	check_eq 'symmetric: answers by backend' "$first" "$second"
	check_eq 'backends in use' 4 "$(jq 'map(select(. > 0)) | length' \
		<<<"$first")"
	read -r first second <<<"$(stateless "$fields")"
	check_eq 'answers of 120' 120 "$(jq add <<<"$second")"
	[ "$first" != "$second" ] || fail 'equal without being symmetric'
	ok "not symmetric: $first to servers, $second back"
	read -r first second <<<"$(stateless src,dst,symmetric)"
	check_eq 'addresses only: answers by backend' "$first" "$second"
}

# Connections tracked by both balancers have the same mark.
with_memory() {
	local name hash=proto,src,dst,sport,dport,symmetric

	ctl flush
	service "$servers" hash "$hash"
	second_service "$hash"
	check_eq 'digests' "$(ctl -j service show web | jq '.[0].digest')" \
		"$(ctl2 -j service show web | jq '.[0].digest')"
	rule raw PREROUTING -j LBHASH --service web
	rules2 -A -j LBHASH --service web
	lb conntrack -F 2>/dev/null
	lb2 conntrack -F 2>/dev/null
	for name in 4 6; do
		start_client "t$name" "$name" -h -n 25 -k 2 -r "1$name"
		start_client "u$name" "$name" -u -h -n 25 -r "2$name"
	done
	marks lb sport >"$T/there"
	marks lb2 dport >"$T/back"
	check_eq 'connections at lb' 100 "$(wc -l <"$T/there")"
	check_eq 'connections at lb2' 100 "$(wc -l <"$T/back")"
	check_same 'marks there and back' "$(<"$T/there")" "$(<"$T/back")"
	for name in t4 u4 t6 u6; do
		stop_client "$name"
	done
	flush_rules
	rules2 -D -j LBHASH --service web
}

# A hash that treats the ends differently cannot be symmetric.
refused() {
	local said

	said=$(ctl service add bad hash "$1" 2>&1) && fail "accepted: hash $1"
	case $said in
	*'symmetric hash needs src with dst, sport with dport, equal prefixes'*) ok "refused: $1" ;;
	*) fail "hash $1: $said" ;;
	esac
}

load_module
topology dsr 4
second_balancer
start_servers
keep_udp lb
keep_udp lb2
for IPT in legacy nft; do
	by_hash_alone
	with_memory
done
refused src,symmetric
refused src/24,dst,symmetric
refused src,dst,sport,symmetric
