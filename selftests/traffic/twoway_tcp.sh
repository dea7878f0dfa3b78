#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# TCP of which the balancer sees both halves, because the servers' path back
# leads through it or because it masquerades: no connection is adopted, no
# packet is INVALID. Where little or nothing is tracked, either the answers
# bypass conntrack as well, as in the setup guide, or they make entries that do
# no harm.
# timeout: 900
# checks: 128
. ./lib.sh
. ./lib/checks.bash

answers=seen

# begin: the rule under test, and rules that let answers bypass conntrack;
# earlier packets at the servers do not count
begin() {
	fresh 3
	servers_report
	balance -p tcp --sport "$source_ports"
	[ "$answers" = seen ] || hide_answers
}

# known FAMILY: the entries of the connections, if conntrack sees them
known() {
	if [ "$track" = always ]; then
		check_eq "ESTABLISHED and ASSURED" "$N" \
			"$(lb conntrack -L -f "ipv$1" -p tcp 2>/dev/null |
				grep -w ESTABLISHED | grep -cw ASSURED)"
	else
		check_eq 'entries of theirs' 0 "$(lb conntrack -L 2>/dev/null |
			grep -c 'mark=[1-9]')"
	fi
}

# counted INVALID: the reasons of all packets, and the number of INVALID ones
counted() {
	if [ "$track" = always ]; then
		check_eq picked "$N" "${stat[picked]}"
		check_eq adopted 0 "${stat[adopted]}"
		check_eq "pinned: all the others" $((stat[packets] - N)) \
			"${stat[pinned]}"
		check_eq INVALID 0 "$1"
	else
		check_eq "stateless: all" "${stat[packets]}" \
			"${stat[stateless]}"
	fi
}

# two_way FAMILY PATH
two_way() {
	local family=$1 path=$2 invalid

	echo "# IPv$family, $path"
	begin
	[ "$path" = routed ] ||
		rule nat POSTROUTING -p tcp -j MASQUERADE
	invalid=$(conntrack_stat invalid)

	start_client client "$family" -p "$first_port" -n "$N" -k "$ASKS" -h
	check_eq "IPv$family connections that work, $path" "$N" \
		"$(flows_of client ok)"
	known "$family"
	stop_client client

	check_eq "connections closed in good order" "$N" \
		"$(grep -cw closed "$T/client.flows")"
	servers_report
	wait_for 20 all_arrived
	check_eq "packets on the servers" "${stat[packets]}" \
		"$(packets_arrived '')"
	check_eq "the servers saw" "$path" "$(awk '
		$2 == "10.2.0.1" || $2 == "2001:db8:2::1" { seen["masqueraded"] }
		$2 == "192.0.2.1" || $2 == "2001:db8:c::1" { seen["routed"] }
		END { for (path in seen) print path }' "$T/servers.flows")"
	counted $(($(conntrack_stat invalid) - invalid))
}

# others_settled N: slots without one of N connections, all of which have packets
# meanwhile
# shellcheck disable=SC2317 # called by wait_for
others_settled() {
	next_round client
	few_in_transition "$1"
}

# drained FAMILY: s1 gets no more connections and keeps those it has, also when
# slots settle in which it has none
drained() {
	local at_s1

	echo "# IPv$1, s1 drains"
	begin
	start_client client "$1" -p "$first_port" -n "$N" -k "$ASKS" -h
	at_s1=$(grep -cw s1 "$T/client.flows")
	ctl backend set web s1 state drain
	next_round client
	check_client 's1 drains' client "$N"
	ctl service set web settle 0 idle "$(seconds 5)"
	wait_for 120 others_settled "$at_s1"
	check_eq 'connections that hold slots open' "$at_s1" \
		"$(ctl -j service show web | jq '.[0].holding')"
	next_round client
	check_client 'other slots have settled' client "$N"
	check_eq 'connections at s1' "$at_s1" \
		"$(grep -cw s1 "$T/client.flows")"
	stop_client client
	check_eq "connections closed in good order" "$N" \
		"$(grep -cw closed "$T/client.flows")"
}

# Each table and each family uses both paths.
both_families() {
	if [ "$IPT" = legacy ]; then
		two_way 4 routed
		two_way 6 masqueraded
	else
		two_way 4 masqueraded
		two_way 6 routed
	fi
}

# Packets without an entry are not masqueraded.
both_routed() {
	two_way 4 routed
	two_way 6 routed
}

# drains ANSWERS
drains() {
	local answers=$1

	drained 4
	drained 6
}

load_module
topology twoway 3 unmarked
start_servers
in_variant nft raw briefly in_mode 'changed forward' drains seen
in_variant nft raw briefly in_mode 'changed forward' drains unseen
in_variant nft raw briefly in_mode 'changed forward' both_routed
route_by_marks lb
for_each_variant briefly in_mode never both_routed
for_each_variant both_families
if ! checks_itself; then
	in_variant legacy mangle briefly both_families
	in_variant nft raw briefly both_families
fi
