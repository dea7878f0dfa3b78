#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# One-way TCP, the main job: 100 connections of about 60 packets each, of which
# the balancer sees the client's half. Everyone keeps one backend, everyone is
# picked once, and conntrack ends up with proper connections.
# timeout: 900
. ./lib.sh

# "PORT SERVER" of every connection: what the client saw, what conntrack says
seen_by_client() { awk '$1 == "conn" { print $3, $4 }' "$T/client.flows" | sort; }
seen_by_conntrack() {
	lb conntrack -L -f "ipv$1" -p tcp 2>/dev/null |
		grep -w ESTABLISHED | grep -v UNREPLIED |
		sed -E 's/.* sport=([0-9]+) dport=80 .*\bsport=80 .*\bmark=([0-9]+) .*/\1 s\2/' |
		sort
}

# Every packet went where its connection went, and none was lost.
packets_on_servers() {
	servers_report
	wait_for 20 all_arrived
	check_eq "connections on the servers, each on one" 100 \
		"$(wc -l <"$T/servers.flows")"
	check_eq "packets on the servers" "${stat[packets]}" \
		"$(packets_arrived '')"
	check_ge "packets of the shortest connection" 34 \
		"$(sort -nk5 "$T/servers.flows" | awk '{ print $5; exit }')"
}

one_way() {
	local family=$1 invalid

	fresh 3
	rule "$TABLE" PREROUTING -p tcp --sport "$source_ports" \
		-j LBHASH --service web
	invalid=$(conntrack_stat invalid)

	start_client client "$family" -p "$first_port" -n 100 -k 30 -h
	check_eq "IPv$family connections that work" 100 "$(flows_of client ok)"
	check_same "ESTABLISHED, not UNREPLIED, with the mark" \
		"$(seen_by_client)" "$(seen_by_conntrack "$family")"
	stop_client client
	check_eq "connections closed in good order" 100 \
		"$(grep -cw closed "$T/client.flows")"

	packets_on_servers
	check_eq picked 100 "${stat[picked]}"
	check_eq adopted 100 "${stat[adopted]}"
	check_eq "pinned: all the others" $((stat[packets] - 200)) \
		"${stat[pinned]}"
	check_le INVALID 100 $(($(conntrack_stat invalid) - invalid))
}

both_families() {
	one_way 4
	one_way 6
}

load_module
topology dsr 3
start_servers
for_each_variant both_families
if ! checks_itself; then
	in_variant legacy mangle both_families
	in_variant nft raw both_families
fi
