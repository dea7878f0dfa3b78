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
# all other figures are what a packet costs more than that. Packets that were
# interrupted do not count, see source/.
# checks: some
. ./lib.sh
. ./paths.bash

# shellcheck disable=SC2034 # of paths.bash
PROTO=tcp PORT=80
RUNS=1 CONNECTIONS=2000
: "${BACKENDS:=10 100}"
: "${PATHS:=forward_raw_changed forward_raw_never forward_raw_always
	forward_mangle lbhash_raw_changed lbhash_raw_never lbhash_raw_always
	lbhash_mangle ipvs_mh nft_jhash hmark nft_jhash_connmark
	hmark_connmark statistic_connmark}"

# connections FIRST: $T/syn and so on, instructions a packet, unless most had to
# wait
connections() {
	local kind

	for kind in syn ack data; do
		sent=$((sent + CONNECTIONS))
		send $kind "$1" $CONNECTIONS $CONNECTIONS || continue
		echo "$took" >>"$T/$kind"
	done
}

# cost BACKENDS PATH: new connections in each run, unknown to conntrack
cost() {
	local before sent=0 kind run

	connections 0
	rm -f "$T"/{syn,ack,data}
	before=$(sunk) sent=0
	for ((run = 1; run <= RUNS; run++)); do
		connections $((run * CONNECTIONS))
	done
	check_eq "IPv$family, $1 backends, $2: packets" $sent \
		$(($(sunk) - before))
	for kind in syn ack data; do
		[ -e "$T/$kind" ] || fail "$2: packets always have to wait"
		cost_is "$1" "$2:$kind" "$T/$kind"
	done
}

# measure FAMILY BACKENDS PATH
measure() {
	begin "$1"
	"$3" "$2"
	cost "$2" "$3"
	check_routing "IPv$1, $2 backends, $3"
}

load_module
modprobe lbhash_source || fail 'no lbhash_source: make source'
room_for_entries
each_path plain raw_rule mangle_rule
