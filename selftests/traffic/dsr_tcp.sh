#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# One-way TCP, the main job: 100 connections of about 60 packets each, of which
# the balancer sees the client's half. Each keeps one backend and is picked
# once, and conntrack ends up with proper connections; or conntrack sees none of
# them, and all packets go to the owner of their slot.
# timeout: 900
# checks: 124
. ./lib.sh
. ./lib/checks.bash

# "PORT SERVER" of every connection, as the client saw it and by conntrack
seen_by_client() { awk '$1 == "conn" { print $3, $4 }' "$T/client.flows" | sort; }
seen_by_conntrack() {
	lb conntrack -L -f "ipv$1" -p tcp 2>/dev/null |
		grep -w ESTABLISHED | grep -v UNREPLIED |
		sed -E 's/.* sport=([0-9]+) dport=80 .*\bsport=80 .*\bmark=([0-9]+) .*/\1 s\2/' |
		sort
}

# Every packet reached its connection's server, and none was lost.
packets_on_servers() {
	servers_report
	wait_for 20 all_arrived
	check_eq "connections on the servers, each on one" "$N" \
		"$(wc -l <"$T/servers.flows")"
	check_eq "packets on the servers" "${stat[packets]}" \
		"$(packets_arrived '')"
	check_ge "packets of the shortest connection" $((ASKS + 4)) \
		"$(sort -nk5 "$T/servers.flows" | awk '{ print $5; exit }')"
}

# known FAMILY: entries while connections are open; counted: after they closed
known() {
	if [ "$track" = always ]; then
		check_same "ESTABLISHED, not UNREPLIED, with the mark" \
			"$(seen_by_client)" "$(seen_by_conntrack "$1")"
	else
		check_eq entries 0 "$(lb conntrack -C)"
	fi
}

counted() {
	if [ "$track" = always ]; then
		check_eq picked "$N" "${stat[picked]}"
		check_eq adopted "$N" "${stat[adopted]}"
		check_eq "pinned: all the others" $((stat[packets] - 2 * N)) \
			"${stat[pinned]}"
	else
		check_eq "stateless: all" "${stat[packets]}" \
			"${stat[stateless]}"
	fi
}

one_way() {
	local family=$1 invalid

	fresh 3
	balance -p tcp --sport "$source_ports"
	invalid=$(conntrack_stat invalid)

	start_client client "$family" -p "$first_port" -n "$N" -k "$ASKS" -h
	check_eq "IPv$family connections that work" "$N" \
		"$(flows_of client ok)"
	awk '$1 == "conn" { print $2, $3, $4 }' "$T/client.flows" >"$T/owners"
	check_owners 'where they are' "$N" "$T/owners"
	known "$family"
	stop_client client
	check_eq "connections closed in good order" "$N" \
		"$(grep -cw closed "$T/client.flows")"

	packets_on_servers
	counted
	check_le INVALID "$N" $(($(conntrack_stat invalid) - invalid))
}

both_families() {
	one_way 4
	one_way 6
}

load_module
topology dsr 3
start_servers
for_all_variants both_families
for_each_variant briefly in_mode never both_families
