#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# timeout: 20000
#
# What TCP costs on its way through a balancer that sees the client's half only,
# in instructions of the guest: vm/run --icount -d selftests/bench connections.
#
#   # cost FAMILY BACKENDS PATH:syn INSTRUCTIONS     a packet that begins one
#   # cost FAMILY BACKENDS PATH:ack INSTRUCTIONS     the next of that
#   # cost FAMILY BACKENDS PATH:data INSTRUCTIONS    any other
#
# "plain" is routing of the same packets by the same kernel without a rule, and
# all other figures are what a packet costs more than that; the least of five
# runs. A program sends them, frame by frame.
. ./lib.sh
. ./paths.bash

# shellcheck disable=SC2034 # of paths.bash
PROTO=tcp PORT=80
RUNS=5 CONNECTIONS=2000
: "${BACKENDS:=10 100}"
: "${PATHS:=forward_raw_changed forward_raw_never forward_raw_always
	forward_mangle lbhash_raw_changed lbhash_raw_never lbhash_raw_always
	lbhash_mangle ipvs_mh nft_jhash hmark nft_jhash_connmark
	hmark_connmark statistic_connmark}"

# send FIRST OPTION...: prints instructions a packet
send() {
	"$flows" crowd cl front "$mac" 192.0.2.0 2001:db8:c:: "$VIP4" "$VIP6" \
		-o "$family" -t -n $CONNECTIONS -i "$@" |
		awk -v n=$CONNECTIONS '{ printf "%.1f\n", $1 / n }'
}

# cost BACKENDS PATH: connections that nobody has seen before, in each run
cost() {
	local before kind run

	before=$(sunk)
	for ((run = 0; run <= RUNS; run++)); do
		send $((run * CONNECTIONS)) -f S -q 1000 >>"$T/syn"
		send $((run * CONNECTIONS)) -f A -q 1001 >>"$T/ack"
		send $((run * CONNECTIONS)) -f PA -q 1001 >>"$T/data"
	done
	check_eq "IPv$family, $1 backends, $2: packets" \
		$((3 * (RUNS + 1) * CONNECTIONS)) $(($(sunk) - before))
	for kind in syn ack data; do
		tail -n +2 "$T/$kind" >"$T/runs"
		rm "$T/$kind"
		cost_is "$1" "$2:$kind" "$T/runs"
	done
}

# measure FAMILY BACKENDS PATH
measure() {
	begin "$1"
	"$3" "$2"
	cost "$2" "$3"
}

load_module
room_for_entries
each_path plain raw_rule mangle_rule
