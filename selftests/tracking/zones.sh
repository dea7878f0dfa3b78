#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# A CT rule in front of LBHASH assigns a zone: connections are adopted, pinned,
# and reopened in that zone. At mangle, where the packet's zone is lost, they are
# balanced by hash. With --track changed the zone does not matter.
# timeout: 600
# checks: 46
. ./lib.sh
. ./lib/checks.bash

ZONE=5

# entries_of ZONE FAMILY: the number of adopted entries with a mark
entries_of() {
	lb conntrack -L -w "$1" -f "ipv$2" -p tcp 2>/dev/null |
		grep -v UNREPLIED | grep -c 'ESTABLISHED.* mark=[1-9]'
}

# zoned OPTION...: a fresh service, whose rule follows a CT rule
zoned() {
	fresh 3
	rule raw PREROUTING -p tcp -j CT --zone $ZONE
	rule "$TABLE" PREROUTING -p tcp -j LBHASH --service web "$@"
}

# pinned FAMILY: connections stay where they are when all slots move, and new
# ones from the same ports begin anew
pinned() {
	zoned
	start_client client "$1" -p "$first_port" -n 20 -k 3 -h
	check_eq "IPv$1: entries in the zone" 20 "$(entries_of $ZONE "$1")"
	check_eq "IPv$1: entries elsewhere" 0 "$(entries_of 0 "$1")"
	ctl backend set web s1 state drain
	next_round client
	check_client "IPv$1, after a change" client 20
	snapshot
	check_eq "IPv$1: picked, adopted" '20, 20' \
		"${stat[picked]}, ${stat[adopted]}"

	stop_client client
	servers_report
	start_client again "$1" -p "$first_port" -n 20 -h
	check_eq "IPv$1, same ports: ok" 20 "$(flows_of again ok)"
	starts_of again >"$T/starts"
	check_starts "IPv$1, same ports" "$T/starts"
	check_eq "IPv$1, same ports: entries in the zone" 20 \
		"$(entries_of $ZONE "$1")"
	snapshot
	check_eq "IPv$1, same ports: begun" 40 \
		$((stat[picked] + stat[reopened] + stat[repicked]))
	stop_client again
}

# remembered FAMILY: the flow memory needs no entry in the zone, whether slots are
# in transition or not
remembered() {
	zoned --track changed
	ctl backend set web s1 state drain
	start_client client "$1" -p "$first_port" -n 20 -h
	snapshot
	check_ge "IPv$1, slots in transition: remembered" 1 "${stat[adopted]}"
	ctl backend set web s1 state up
	next_round client
	check_client "IPv$1, after a change" client 20
	stop_client client
	ctl service set web settle 0 idle 1
	wait_for 60 settled
	start_client again "$1" -p "$first_port" -n 20 -h
	check_eq "IPv$1, settled: ok" 20 "$(flows_of again ok)"
	check_eq "IPv$1: entries in the zone" 0 \
		"$(lb conntrack -L -w $ZONE 2>/dev/null | wc -l)"
	check_eq "IPv$1: entries" 0 "$(lb conntrack -C)"
	stop_client again
}

# hashed FAMILY: all connections are served, and none is pinned
hashed() {
	zoned
	start_client client "$1" -p "$first_port" -n 20 -k 3 -h
	check_eq "IPv$1, mangle: ok" 20 "$(flows_of client ok)"
	snapshot
	check_eq "IPv$1, mangle: picked, the others" \
		"20, $((stat[packets] - 20))" \
		"${stat[picked]}, ${stat[stateless]}"
	stop_client client
}

both_families() {
	"$1" 4
	"$1" 6
}

load_module
topology dsr 3
start_servers
# The client keeps no TIME_WAIT sockets; conntrack's entries stay for long.
cl sysctl -qw net.ipv4.tcp_max_tw_buckets=0
lb sysctl -qw net.netfilter.nf_conntrack_tcp_timeout_{fin,close}_wait=600
in_variant legacy raw both_families pinned
in_variant nft raw both_families pinned
in_variant nft mangle both_families hashed
in_variant legacy raw both_families remembered
