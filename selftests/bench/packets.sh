#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# timeout: 20000
#
# What a packet costs on its way through a balancer, in instructions of the
# guest: vm/run --icount -d selftests/bench packets. There the clock counts them.
#
# A client's pktgen sends UDP of 60 bytes (IPv6: 80), 1024 flows, over a veth to
# the balancer. "plain" is routing of the same packets by the same kernel
# without a rule, and all other figures are what a packet costs more than that.
# The least of five runs is the figure.
#
#   # cost FAMILY BACKENDS PATH INSTRUCTIONS
. ./lib.sh
. ./paths.bash

# shellcheck disable=SC2034 # of paths.bash
PROTO=udp PORT=9
RUNS=5 PACKETS=1024 sent=0
: "${BACKENDS:=10 100 1000 4096}"
: "${PATHS:=forward_raw_changed forward_raw_never forward_raw_always
	forward_mangle lbhash_raw_changed lbhash_raw_never lbhash_raw_always
	lbhash_mangle ipvs_rr ipvs_mh nft_jhash hmark nft_jhash_connmark
	hmark_connmark statistic_connmark nfqueue mark_hashed mark_pinned
	crowded_raw_changed crowded_raw_always}"

# pg FILE LINE: to pktgen
pg() {
	# shellcheck disable=SC2016 # cl's shell expands it
	cl sh -c 'echo "$2" >/proc/net/pktgen/"$1"' - "$@" ||
		fail "pktgen: $*"
}

# shellcheck disable=SC2317 # called by wait_for
has_pktgen() { cl test -e /proc/net/pktgen/kpktgend_0; }

# generator: of the family's packets. IPv4 clients are many, in case that
# addresses make a difference.
generator() {
	local line

	modprobe pktgen
	# Namespaces have threads of their own, which come a moment later.
	wait_for 30 has_pktgen
	pg kpktgend_0 'add_device front'
	if [ "$family" = 4 ]; then
		set -- 'pkt_size 60' 'src_min 192.0.2.0' \
			'src_max 192.0.2.255' "dst $VIP4"
	else
		set -- 'pkt_size 80' 'src6 2001:db8:c::1' "dst6 $VIP6"
	fi
	for line in 'clone_skb 0' 'delay 0' "dst_mac $mac" \
		'udp_src_min 1024' 'udp_src_max 2047' \
		"udp_dst_min $PORT" "udp_dst_max $PORT" "$@"; do
		pg front "$line"
	done
}

# send N: took, instructions a packet; once more if packets had to wait for
# ksoftirqd, as they may on 6.1, and could still be there in the end: a second
# one that waits is an error
send() {
	local tries

	for ((tries = 0; tries < 50; tries++)); do
		pg front "count $1"
		pg pgctrl start
		sent=$((sent + $1))
		took=$(cl cat /proc/net/pktgen/front | awk -v n="$1" '
			/errors:/ && $NF != 0 { exit }
			/^Result: OK/ { printf "%.1f\n", 1000 * $3 / n }')
		[ -z "$took" ] || return 0
	done
	fail 'pktgen: always errors'
}

# queued N: likewise, of as many as fit into the queue, up to the last verdict
queued() {
	verdicts=$((verdicts + $1)) sent=$((sent + $1))
	pg front "count $1"
	pg pgctrl start
	wait_for 60 has_verdicts
	took=$(cl sed -nE 's/^ *started: ([0-9]+)us.*/\1/p' \
		/proc/net/pktgen/front | cat - "$T/queue.flows" |
		tr '\n=' '  ' |
		awk -v n="$1" '{ printf "%.1f\n", 1000 * ($NF - $1) / n }')
}

# shellcheck disable=SC2317 # called by wait_for
has_verdicts() {
	rm -f "$T/queue.flows"
	kill -USR1 "$listener"
	wait_for 5 test -e "$T/queue.flows"
	grep -q "packets=$verdicts " "$T/queue.flows"
}

# nfqueue N: who decides is a program, the smallest that there can be
nfqueue() {
	routes "$1"
	match mangle -j NFQUEUE --queue-num 0
	"$flows" queue "$T/queue.flows" lb "$1" &
	listener=$! verdicts=0
	wait_for 20 test -e "$T/queue.flows"
}

# cost BACKENDS PATH: warm up and measure; every packet has to get to the sink
cost() {
	local before run send=send n=$PACKETS

	[ "$2" != nfqueue ] || send=queued n=1000
	$send $n
	before=$(sunk) sent=0
	rm -f "$T/runs"
	for ((run = 0; run < RUNS; run++)); do
		$send $n
		echo "$took" >>"$T/runs"
	done
	check_eq "IPv$family, $1 backends, $2: packets" $sent \
		$(($(sunk) - before))
	cost_is "$1" "$2" "$T/runs"
}

# measure FAMILY BACKENDS PATH
measure() {
	begin "$1"
	generator
	"$3" "$2"
	cost "$2" "$3"
	end_jobs
}

load_module
room_for_entries
sysctl -qw net.core.netdev_max_backlog=1
each_path plain raw_rule mangle_rule raw_empty defragged_empty tracked_empty
