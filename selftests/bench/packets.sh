#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# timeout: 20000
#
# What a packet costs on its way through a balancer, in instructions of the
# guest: vm/run --icount -d selftests/bench packets. There the clock counts them.
#
# A client sends UDP of 60 bytes (IPv6: 80), 1024 flows, over a veth to the
# balancer; it makes the packets in the kernel, see source/. "plain" is routing
# of the same packets by the same kernel without a rule, and all other figures
# are what a packet costs more than that; in a state, more than plain routing in
# that state. Packets that were interrupted do not count, see source/. Every row
# has namespaces of its own.
#
#   # cost FAMILY BACKENDS PATH[:STATE] INSTRUCTIONS
# checks: some
. ./lib.sh
. ./paths.bash

# shellcheck disable=SC2034 # of paths.bash
PROTO=udp PORT=9
RUNS=1 FLOWS=1024 sent=0 lossy=''
: "${BACKENDS:=10 100 1000 4096}"
: "${PATHS:=forward_raw_changed forward_raw_never forward_raw_always
	forward_mangle lbhash_raw_changed lbhash_raw_never lbhash_raw_always
	lbhash_mangle ipvs_rr ipvs_mh nft_jhash hmark nft_jhash_connmark
	hmark_connmark statistic_connmark nfqueue mark_hashed mark_pinned
	crowded_raw_changed crowded_raw_always}"
# What to measure: GUEST='PARTS=paths PATHS=forward_raw_changed' vm/run ...
: "${PARTS:=states,all_used,paths}"
: "${STATES:=ip_rule rp_filter forward_rule firewall}"
: "${BESIDE:=forward_raw_changed forward_raw_always ipvs_mh}"

# --- states of this bench ----------------------------------------------------

# All backends have packets: 49,152 flows leave none of 4,096 without, but for
# once in forty times.
with_all_used() {
	FLOWS=49152 sunk=arrived
	real_neighbours 4096
}
# The same with the kernel's default sizes of the neighbour table.
with_default_gc() {
	with_all_used
	neighbours 1024
	lossy=yes
}

# --- runs --------------------------------------------------------------------

# whole: a packet of each flow; once more if most had to wait
whole() {
	local tries

	for ((tries = 0; tries < 50; tries++)); do
		sent=$((sent + FLOWS))
		! send udp 0 "$FLOWS" "$FLOWS" || return 0
	done
	fail 'packets always have to wait'
}

# queued: likewise, of as many as fit into the queue, up to the last verdict; a
# shell that went on meanwhile would be counted, too
queued() {
	verdicts=$((verdicts + FLOWS)) sent=$((sent + FLOWS))
	send udp 0 "$FLOWS" "$FLOWS" 1000
	wait_for 60 has_verdicts
	took=$(sed 's/.*last=//' "$T/queue.flows")
	took=$(((took - started) * 1000 / FLOWS))
}

# shellcheck disable=SC2317 # called by wait_for
has_verdicts() {
	rm -f "$T/queue.flows"
	kill -USR1 "$listener"
	wait_for 5 test -e "$T/queue.flows"
	grep -q "packets=$verdicts " "$T/queue.flows"
}

# nfqueue N: a minimal program decides; the number of its wake-ups varies, so
# the figure is the minimum of five runs
nfqueue() {
	routes "$1"
	match mangle -j NFQUEUE --queue-num 0
	"$flows" queue "$T/queue.flows" lb "$1" &
	listener=$! verdicts=0 FLOWS=1000 RUNS=5
	wait_for 20 test -e "$T/queue.flows"
}

# runs PATH BACKENDS: warm up and measure: $T/runs, instructions a packet of each.
# Taken in turn, backends are all known only after so many packets.
runs() {
	local run pass=whole warm=1

	[ "$1" != nfqueue ] || pass=queued
	[ "$1" != ipvs_rr ] || warm=$(($2 / FLOWS + 1))
	for ((run = 0; run < warm; run++)); do
		$pass
	done
	before=$($sunk) sent=0
	rm -f "$T/runs"
	for ((run = 0; run < RUNS; run++)); do
		$pass
		echo "$took" >>"$T/runs"
	done
	got=$(($($sunk) - before))
}

# measure FAMILY BACKENDS PATH[:STATE]: every packet has to get to the sink,
# unless it is about packets that do not
measure() {
	local RUNS=$RUNS FLOWS=$FLOWS lossy=$lossy sunk=sunk before got

	begin "$1"
	state_of "$3"
	"${3%%:*}" "$2"
	runs "$3" "$2"
	if [ -n "$lossy" ] && [ "$2" != 0 ]; then
		neighbours 65536
		check_ge "IPv$1, $2 backends, ${3%%:*}, gc_thresh3 of 1,024: lost of $sent packets" \
			1 $((sent - got))
	else
		check_eq "IPv$1, $2 backends, $3: packets" "$sent" "$got"
	fi
	check_routing "IPv$1, $2 backends, $3"
	cost_is "$2" "$3" "$T/runs"
	end_jobs
}

# states N: plain routing and others side by side
states() {
	local state path

	for family in 4 6; do
		for state in ${STATES//,/ }; do
			[ "$state$family" != rp_filter6 ] || continue
			measure "$family" 0 "plain:$state"
			for path in ${BESIDE//,/ }; do
				measure "$family" "$1" "$path:$state"
			done
		done
	done
}

# all_used N: what many backends cost when each has packets
all_used() {
	local path

	for family in 4 6; do
		measure "$family" 0 plain:all_used
		for path in forward_raw_changed forward_raw_always; do
			measure "$family" "$1" "$path:all_used"
		done
		plain["$family:default_gc"]=${plain["$family:all_used"]}
		measure "$family" "$1" forward_raw_changed:default_gc
	done
}

# paths: without a state
paths() {
	each_path plain raw_rule mangle_rule raw_empty defragged_empty \
		tracked_empty
	unchanged
}

# unchanged: nothing of all that makes plain routing dearer or cheaper
unchanged() {
	local first

	for family in 4 6; do
		first=${plain[$family]%.*}
		measure "$family" 0 plain
		check_le "IPv$family, plain routing in the end: instructions apart" \
			$((first / 500)) \
			$((first > ${plain[$family]%.*} ?
				first - ${plain[$family]%.*} :
				${plain[$family]%.*} - first))
	done
}

load_module
modprobe lbhash_source || fail 'no lbhash_source: make source'
room_for_entries
neighbours 65536
for part in ${PARTS//,/ }; do
	case $part in
	states) states 100 ;;
	all_used) all_used 4096 ;;
	paths) paths ;;
	*) fail "no part $part" ;;
	esac
done
