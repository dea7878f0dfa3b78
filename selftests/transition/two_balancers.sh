#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# timeout: 600
#
# Two balancers with the same history of changes, --track changed, and a router
# that spreads connections over both. One of them fails: its connections that it
# did not have to remember continue at the other one. Only connections that began
# at the failed balancer, in a slot in transition, are lost: the other one takes
# them for older connections.
# checks: 18
. ./lib.sh
. ./lib/second.bash

both() {
	ctl "$@" || fail "$*"
	ctl2 "$@" || fail "$*, the other one"
}

# begin: the router, which is cl, spreads connections by their ports
begin() {
	second_balancer
	cl sysctl -qw net.ipv4.fib_multipath_hash_policy=1 \
		net.ipv6.fib_multipath_hash_policy=1
}

# route_by HOP...: the network of each balancer that gets connections
route_by() {
	local hop hops4=() hops6=()

	for hop; do
		hops4+=(nexthop via "10.$hop.0.1")
		hops6+=(nexthop via "2001:db8:$hop::1")
	done
	ip -n cl route replace "$VIP4" src 192.0.2.1 "${hops4[@]}" ||
		fail "IPv4 routes by $*"
	ip -n cl -6 route del "$VIP6"
	ip -n cl -6 route add "$VIP6" src 2001:db8:c::1 "${hops6[@]}" ||
		fail "IPv6 routes by $*"
}

# shellcheck disable=SC2317 # called by wait_for
answers() { cl ping -qc 1 -W "$(seconds 1)" "$1" >/dev/null; }

# hops_answer: the kernel skips an IPv6 next hop that could not be resolved once
hops_answer() {
	local hop

	for hop in 1 3; do
		wait_for 20 answers "10.$hop.0.1"
		wait_for 20 answers "2001:db8:$hop::1"
	done
}

rules() {
	local ns

	for ns in lb lb2; do
		ip netns exec "$ns" iptables-legacy -t raw -A PREROUTING \
			-d "$VIP4" "$@" || fail "iptables of $ns"
		ip netns exec "$ns" ip6tables-legacy -t raw -A PREROUTING \
			-d "$VIP6" "$@" || fail "ip6tables of $ns"
	done
}

packets() { lbhashctl -n "$1" -j stats web | jq '.[0].packets'; }

# lost NAME...: "SLOT LOST ALL" of their connections; SLOT is settled or changed
lost() {
	local name

	for name; do
		flow_words "$name"
	done | sed 's/^/lookup web /' >"$T/lookups"
	ctl2 -j -b "$T/lookups" |
		jq -r 'if .previous then "changed" else "settled" end' >"$T/slots"
	for name; do
		awk '$1 == "conn" { print $6 }' "$T/$name.flows"
	done | paste -d' ' "$T/slots" - |
		awk '{ all[$1]++; lost[$1] += $2 != "open" }
			END { for (s in all) print s, lost[s], all[s] }'
}

# of SLOT COLUMN: a column of what lost printed
of() { awk -v slot="$1" -v n="$2" '$1 == slot { print $n }' "$T/lost"; }

load_module
topology dsr 5
begin
start_servers
for ctl in ctl ctl2; do
	"$ctl" service add web size "$SIZE"
	for n in 1 2 3 4; do
		"$ctl" backend add web "s$n" mark "$n"
	done
done
rules -p tcp -j LBHASH --service web --track changed
hops_answer
route_by 1 3
start_client old4 4 -n 200 -h -p 20000
start_client old6 6 -n 200 -h -p 20000
for ns in lb lb2; do
	check_ge "packets by $ns" 600 "$(packets "$ns")"
done

both backend add web s5 mark 5
both backend set web s1 state drain
check_eq 'their tables' "$(ctl -j service show web | jq -r '.[0].digest')" \
	"$(ctl2 -j service show web | jq -r '.[0].digest')"
start_client new4 4 -n 200 -h -p 21000
start_client new6 6 -n 200 -h -p 21000
for name in old4 old6 new4 new6; do
	next_round "$name"
	check_eq "$name with both: ok" 200 "$(flows_of "$name" ok)"
done

route_by 3
before=$(packets lb)
for name in old4 old6 new4 new6; do
	next_round "$name"
done
check_eq 'packets by the one that failed' "$before" "$(packets lb)"
lost old4 old6 >"$T/lost"
check_eq 'from before the change, settled slots: lost' 0 "$(of settled 2)"
check_eq '... slots in transition: lost' 0 "$(of changed 2)"
check_ge '... slots in transition: connections' 50 "$(of changed 3)"
lost new4 new6 >"$T/lost"
check_ge 'begun since, settled slots: connections' 100 "$(of settled 3)"
check_eq '... settled slots: lost' 0 "$(of settled 2)"
check_ge '... slots in transition: connections' 50 "$(of changed 3)"
# Half of them went through the other balancer, which remembers them.
check_le '... slots in transition: lost' "$(($(of changed 3) * 3 / 4))" \
	"$(of changed 2)"
check_ge '... slots in transition: lost' 1 "$(of changed 2)"
for ns in lb lb2; do
	check_eq "entries in $ns" 0 "$(ip netns exec $ns conntrack -C)"
done
