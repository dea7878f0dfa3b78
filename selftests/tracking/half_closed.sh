#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Clients close their half of connections, and both ends are silent for longer
# than conntrack remembers connections that close. The backend of some is new, and
# their slots are in transition. Then the servers answer, and the clients' packets
# still reach them.
# timeout: 600
# by default on: 6.12
# checks: 12
. ./lib.sh
. ./lib/checks.bash
. ./lib/packets.bash

N=24

# marked MARK: entries of that backend
marked() { lb conntrack -L --mark "$1" -p tcp 2>/dev/null | wc -l; }

# Conntrack has forgotten those whose slots have settled.
# shellcheck disable=SC2317 # called by wait_for
forgotten() { [ "$(marked 1)" -lt "$before" ]; }

half_closed() {
	local before family at_s2=0

	fresh 1
	rule "$TABLE" PREROUTING -p tcp -j LBHASH --service web
	ctl backend add web s2 mark 2
	for family in 4 6; do
		ask open "$family" "$first_port" $N
		check_ge "IPv$family, at the new backend" 1 "$(got at-s2)"
		at_s2=$((at_s2 + $(got at-s2)))
	done
	check_eq 'entries of the new backend' "$at_s2" "$(marked 2)"
	before=$(marked 1)
	ask shut
	wait_for 60 forgotten
	check_eq 'the same after silence' "$at_s2" "$(marked 2)"
	ask answer
	check_eq 'whole answers' $((2 * N)) "$(got whole)"
	check_counters 'in the end' repicked 0 reopened 0
}

load_module
topology dsr 2
start_packets tracking/half_closed 2
lb sysctl -qw net.netfilter.nf_conntrack_tcp_timeout_{fin,close}_wait=2
for_each_variant half_closed
