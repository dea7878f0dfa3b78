#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# A stranger sends an RST and a FIN from the port of each live one-way
# connection. It takes no sequence number of the connection, so conntrack keeps
# what it knows: for longer than a closed connection is remembered, when its table
# is full, and when the backend is drained and its slots have settled.
# timeout: 600
# checks: 24
. ./lib.sh
. ./lib/checks.bash
. ./lib/packets.bash
. ./lib/strangers.bash

N=32

# set_max N: entries, in every namespace; only the first one can set it
set_max() {
	sysctl -qw net.netfilter.nf_conntrack_max="$1" || fail "no maximum $1"
}

# forgotten PORT: conntrack has no entry of that port
forgotten() {
	! lb conntrack -L -p tcp --sport "$1" 2>/dev/null | grep -q .
}

variant() {
	local family

	fresh 2
	ctl backend set web s2 state drain
	rule "$TABLE" PREROUTING -p tcp -j LBHASH --service web
	for family in 4 6; do
		start_client "v$family" "$family" -h -n $N -k 2 -p "$first_port"
		spoof rst "$family" "$first_port" $N
		spoof fin "$family" "$first_port" $N
		spoof ack "$family" "$first_port" $N
		check_eq "IPv$family, established" $N \
			"$(entries_of "$family" ESTABLISHED)"
	done

	# An entry of a connection that has really ended expires.
	start_client ended 4 -n 1 -p $((first_port + 90))
	wait_for 60 forgotten $((first_port + 90))
	ctl -b - <<<$'backend set web s2 state up\nbackend set web s1 state drain'
	ctl service set web settle 0
	wait_for 60 settled
	set_max $((2 * N))
	untrack_markers
	for family in 4 6; do
		ask spoof syn "$family" $((first_port + 100)) 100
	done
	check_eq 'entries of a full table' $((2 * N)) \
		"$(($(entries_of 4 ESTABLISHED) + $(entries_of 6 ESTABLISHED)))"
	set_max 262144
	for family in 4 6; do
		next_round "v$family"
		check_client 'in the end' "v$family" $N
		stop_client "v$family"
	done
	check_counters 'in the end' repicked 0 reopened 0 adopted $((2 * N + 1))
}

load_module
topology dsr 2
start_servers
start_packets tracking/strangers 2
lb sysctl -qw net.netfilter.nf_conntrack_tcp_timeout_{fin,close}_wait=2 \
	net.netfilter.nf_conntrack_tcp_timeout_{last_ack,close,time_wait}=2
for_each_variant variant
