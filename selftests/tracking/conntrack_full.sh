#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# timeout: 600
#
# Conntrack's table is full of connections that it must not evict. A raw rule
# loses no packet: connections with an entry stay with their backend, all others
# are balanced by hash. A mangle rule never sees the packets that conntrack
# drops.
# checks: 20
. ./lib.sh
. ./lib/checks.bash

# set_max N: entries, in every namespace; only the first one can set it
set_max() {
	sysctl -qw net.netfilter.nf_conntrack_max="$1" || fail "no maximum $1"
}

entries() { lb conntrack -C; }

# arrived: packets that the servers got since their last report
arrived() {
	servers_report
	awk '{ n += $5 } END { print n + 0 }' "$T/servers.flows"
}

# fill: 20 connections fill the table
fill() {
	set_max 262144
	fresh 2
	rule "$TABLE" PREROUTING -p tcp --dport 80 -j LBHASH --service web
	start_client old4 4 -h -n 10
	start_client old6 6 -h -n 10
	check_counters full picked 20 adopted 20
	check_eq 'entries' 20 "$(entries)"
	set_max 20
}

stop_old() {
	local name

	for name in old4 old6; do
		stop_client "$name"
		check_client 'in the end' "$name" 10
	done
}

raw_loses_nothing() {
	local drops packets name

	fill
	servers_report
	drops=$(conntrack_stat drop)
	snapshot
	packets=${stat[packets]}

	for name in new4 new6; do
		start_client "$name" "${name#new}" -n 50 -k 3
		check_client 'no room' "$name" 50
	done
	drops=$(($(conntrack_stat drop) - drops))
	snapshot
	packets=$((stat[packets] - packets))
	check_ge 'packets of 100 connections' 500 "$packets"
	check_counters 'no room' stateless "$packets" picked 20 empty 0 \
		malformed 0
	check_eq 'conntrack had no room for' "$packets" "$drops"
	check_eq 'packets at servers' "$packets" "$(arrived)"

	# By hash a third of them now belongs to a third server.
	ctl backend add web s3 mark 3
	next_round old4
	next_round old6
	check_eq 'entries' 20 "$(entries)"
	check_counters 's3 came' stateless "$packets" picked 20 repicked 0
	stop_old

	set_max 262144
	start_client again 4 -n 5
	check_counters 'room again' picked 25 adopted 25
}

# shellcheck disable=SC2317 # called by wait_for
dropped() { [ "$(conntrack_stat drop)" -ge "$1" ]; }

mangle_is_like_stock() {
	local drops packets

	fill
	ctl backend add web s3 mark 3
	next_round old4
	next_round old6
	check_counters 's3 came' picked 20 repicked 0 stateless 0

	drops=$(conntrack_stat drop)
	packets=${stat[packets]}
	rm -f "$T/new.flows"
	"$flows" client "$T/new.flows" cl "$VIP4" -n 8 &
	client_pid[new]=$!
	wait_for 60 dropped $((drops + 8))
	check_counters 'no room' packets "$packets"
	# SYNs are repeated, and there is room.
	set_max 262144
	wait_for 60 reported new "${client_pid[new]}"
	check_client 'room again' new 8
	stop_old
}

variant() {
	if [ "$TABLE" = raw ]; then
		raw_loses_nothing
	else
		mangle_is_like_stock
	fi
}

load_module
topology dsr 3
start_servers
for_each_variant variant
