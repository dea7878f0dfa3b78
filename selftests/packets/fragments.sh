#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Datagrams of 8 KiB in fragments, in every order: to the balancer each is one
# packet, and it arrives whole at the server that gets the small ones of its
# socket.
# boot: pieces
# by default on: 6.12
# checks: 90
. ./lib.sh
. ./lib/packets.bash

# datagrams ORDER
datagrams() {
	local family name

	fresh 3
	balance any
	for family in 4 6; do
		name="IPv$family, $1"
		ask send "$family" "$1"
		check_eq "$name: fragments" 600 "$(got fragments)"
		check_eq "$name: small datagrams that arrived" 100 \
			"$(got small)"
		check_eq "$name: large ones" 100 "$(got large)"
		check_eq "$name: their sources" 100 "$(got sources)"
		check_eq "$name: whole" 100 "$(got whole)"
		check_eq "$name: where the small ones went" 100 "$(got home)"
		check_eq "$name: servers used" 3 "$(got servers)"
	done
	snapshot
	check_eq "packets seen by LBHASH" 400 "${stat[packets]}"
}

# variant FLAVOUR TABLE MODE ORDER
variant() { in_variant "$1" "$2" in_mode "$3" datagrams "$4"; }

load_module
topology dsr 3 unmarked
start_packets packets/fragments
variant nft raw 'changed forward' shuffled
route_by_marks lb
variant legacy raw always forward
variant legacy raw never interleaved
variant nft raw never reversed
variant legacy mangle always shuffled
variant nft mangle never interleaved
