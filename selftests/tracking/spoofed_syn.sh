#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# A stranger sends a SYN from the port of each live one-way connection. The SYN
# goes to the owner of its slot, as a client that begins anew needs it; the
# connection does not notice, behind the setup guide's firewall, and where its
# backend is drained and its slot has another owner; nor if conntrack has picked
# it up in its middle, or if LBHASH only adopts it.
# timeout: 600
# by default on: 6.12
# checks: 88
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
	wait_for 60 settled
	for family in 4 6; do
		spoof syn "$family" "$first_port" $N
		check_eq "IPv$family, at the slots' owner" $N "$(got at-s2)"
	done
	go_on 'drained, settled'
	check_counters 'in the end' picked $((2 * N)) adopted $((2 * N)) \
		reopened $((4 * N)) stateless 0
	stop_clients
}

# Conntrack has forgotten the connections, and knows them again by their next
# packets.
picked_up() {
	local family

	fresh 2
	ctl backend set web s2 state drain
	guide_firewall
	let_markers_pass
	rule "$TABLE" PREROUTING -p tcp --sport "$source_ports" \
		-j LBHASH --service web
	start_clients
	lb conntrack -F 2>/dev/null
	go_on 'picked up'
	ctl -b - <<<$'backend set web s2 state up\nbackend set web s1 state drain'
	for family in 4 6; do
		spoof syn "$family" "$first_port" $N
		check_eq "IPv$family, at the slots' owner" $N "$(got at-s2)"
	done
	go_on 'picked up, a SYN each'
	check_eq 'entries' $((2 * N)) $(($(
		)$(entries_of 4 UNREPLIED) + $(entries_of 6 UNREPLIED)))
	check_counters 'in the end' picked $((4 * N)) adopted $((2 * N)) \
		reopened $((2 * N)) stateless 0
	# A client begins anew: the new connection is adopted.
	for family in 4 6; do
		ask open "$family" "$first_port" $N
		check_eq "IPv$family, begins anew: at the owner" $N "$(got at-s2)"
		ask go-on "$family" "$first_port" $N
		check_eq "IPv$family, goes on: at the owner" $N "$(got at-s2)"
	done
	check_counters 'in the end' adopted $((4 * N)) reopened $((4 * N))
	check_eq 'entries' 0 $(($(
		)$(entries_of 4 UNREPLIED) + $(entries_of 6 UNREPLIED)))
	stop_clients
	no_firewall
}

only_adopted() {
	local family

	fresh 2
	guide_firewall
	let_markers_pass
	adopt_only 1
	start_clients
	flush_rules
	adopt_only 2
	for family in 4 6; do
		spoof syn "$family" "$first_port" $N
		check_eq "IPv$family, where its connection is" $N "$(got at-s1)"
	done
	go_on 'only adopted'
	stop_clients
	no_firewall
}

variant() {
	behind_firewall
	drained
	picked_up
	only_adopted
}

load_module
topology dsr 3
start_servers
start_packets tracking/strangers 3
for_each_variant variant
