#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# A stranger sends a SYN from the port of each live one-way connection. The SYN
# goes to the owner of its slot, as a client that begins anew needs it; the
# connection does not notice, behind the setup guide's firewall, and where its
# backend is drained and its slot has another owner.
# timeout: 600
# checks: 44
. ./lib.sh
. ./lib/checks.bash
. ./lib/packets.bash
. ./lib/strangers.bash
. ./lib/firewall.bash

N=32

start_clients() {
	start_client v4 4 -h -n $N -k 2 -p "$first_port"
	start_client v6 6 -h -n $N -k 2 -p "$first_port"
}

# go_on AT: the connections of both clients do
go_on() {
	local family

	for family in 4 6; do
		next_round "v$family"
		check_client "$1" "v$family" $N
	done
}

stop_clients() {
	stop_client v4
	stop_client v6
}

behind_firewall() {
	fresh 3
	guide_firewall
	let_markers_pass
	rule "$TABLE" PREROUTING -p tcp --sport "$source_ports" \
		-j LBHASH --service web
	start_clients
	spoof syn 4 "$first_port" $N
	spoof syn 6 "$first_port" $N
	go_on 'a SYN each'
	spoof syn 4 "$first_port" $N
	spoof syn 6 "$first_port" $N
	go_on 'another one'
	stop_clients
	check_counters 'in the end' picked $((2 * N)) adopted $((2 * N)) \
		reopened $((4 * N)) stateless 0
	no_firewall
}

drained() {
	local family

	fresh 2
	ctl backend set web s2 state drain
	rule "$TABLE" PREROUTING -p tcp --sport "$source_ports" \
		-j LBHASH --service web
	start_clients
	ctl -b - <<<$'backend set web s2 state up\nbackend set web s1 state drain'
	for family in 4 6; do
		spoof syn "$family" "$first_port" $N
		check_eq "IPv$family, at the slots' owner" $N "$(got at-s2)"
	done
	go_on 'drained'
	ctl service set web settle 0
	wait_for 60 few_in_transition $((2 * N))
	for family in 4 6; do
		spoof syn "$family" "$first_port" $N
		check_eq "IPv$family, at the slots' owner" $N "$(got at-s2)"
	done
	go_on 'drained, settled'
	check_counters 'in the end' picked $((2 * N)) adopted $((2 * N)) \
		reopened $((4 * N)) stateless 0
	stop_clients
}

variant() {
	behind_firewall
	drained
}

load_module
topology dsr 3
start_servers
start_packets tracking/strangers 3
for_each_variant variant
