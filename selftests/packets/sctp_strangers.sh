#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Strangers send an INIT with the addresses and ports of each association, of
# which the balancer sees the client's half. It changes nothing, wherever the
# association's slot belongs by now. A client that really begins anew gets its
# slot's owner.
# timeout: 600
# checks: 32
. ./lib.sh
. ./lib/checks.bash
. ./lib/packets.bash
. ./lib/sctp.bash

N=24

# check_turn NAME: all associations answer
check_turn() {
	check_eq "$1: alive, stuck, moved" "$((2 * N)), 0, 0" \
		"$(got alive), $(got stuck), $(got moved)"
}

# init AT: a stranger's, which arrives AT the server
init() {
	local family

	for family in 4 6; do
		ask init "$family" 1 $N
		check_eq "IPv$family, INITs at s$1" $N "$(got "at-s$1")"
	done
}

strangers() {
	fresh 2
	ctl backend set web s2 state drain
	rule "$TABLE" PREROUTING -p sctp -j LBHASH --service web
	ask open 4 1 $N
	ask open 6 1 $N
	check_turn 'first turn'
	init 1
	ask turn
	check_turn 'an INIT each'
	ctl -b - <<<$'backend set web s2 state up\nbackend set web s1 state drain'
	init 2
	ask turn
	check_turn 'drained'
	ctl service set web settle 0
	wait_for 60 settled
	init 2
	ask turn
	check_turn 'drained, settled'
	check_counters 'in the end' picked $((2 * N)) adopted $((2 * N)) \
		repicked 0 stateless 0

	cl iptables-legacy -A OUTPUT -p sctp -j DROP
	cl ip6tables-legacy -A OUTPUT -p sctp -j DROP
	ask vanish
	cl iptables-legacy -F OUTPUT
	cl ip6tables-legacy -F OUTPUT
	ask reopen
	check_turn 'from the same ports again'
	check_eq 'at the owner' $((2 * N)) "$(got at-s2)"
	init 2
	ask turn
	check_turn 'an INIT each, again'
	close_all
}

load_module
modprobe sctp || fail 'no SCTP'
topology dsr 4
add_addresses
start_packets packets/sctp
for_each_variant strangers
