#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Datagrams of 8 KiB in fragments, in every order: each is one packet to the
# balancer, and arrives whole where the small ones of its socket go.
. ./lib.sh
. ./packets.bash

# variant FLAVOUR TABLE TRACK ORDER
variant() {
	local family name

	echo "# iptables-$1, $2, track $3, $4"
	IPT=$1 TABLE=$2
	fresh 3
	rule "$TABLE" PREROUTING -j LBHASH --service web --track "$3"
	for family in 4 6; do
		name="IPv$family, $4"
		ask send "$family" "$4"
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
	flush_rules
}

load_module
topology dsr 3
start_packets fragments
variant legacy raw always forward
variant legacy raw never interleaved
variant nft raw never reversed
variant legacy mangle always shuffled
variant nft mangle never interleaved
