#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# timeout: 50000
#
# What settling slots costs, in instructions: vm/run --icount -d selftests/bench
# sweep. There the guest's TSC counts them, and hours in which nothing runs pass
# at once.
# checks: some
. ./lib.sh
. ./lib/checks.bash
. ./trace.bash

# --- tracing -----------------------------------------------------------------

# trace_sweeps: every run of the work
trace_sweeps() {
	local dir=$TRACING/events/workqueue/workqueue_execute_start address

	address=$(awk '$3 == "settle_work" && /xt_lbhash/ { print $1 }' \
		/proc/kallsyms)
	echo "function == 0x$address" >"$dir/filter" || fail 'no filter'
	echo 1 >"$dir/enable"
}

sweeps() { events | grep -c workqueue_execute_start; }

# gap NAME: the longest time without a chance to reschedule, in calls of NAME
gap() {
	events | awk -v name="$1" '$2 == name { last = $1; within = 1 }
		within && $1 - last > most { most = $1 - last }
		$2 == name "_end" { within = 0 }
		{ last = $1 }
		END { print most }'
}

# --- what there is to sweep --------------------------------------------------

# crowd PORT N: a packet of each of N connections
crowd() {
	"$flows" crowd cl front "$mac" 192.0.2.0 2001:db8:c:: "$VIP4" "$VIP6" \
		-n "$2" -p "$1" -f A || fail crowd
}

# remembers N: N connections away from the owners of their slots, after a packet
# of each; those of a single packet do not count
# shellcheck disable=SC2317 # called by wait_for
remembers() {
	crowd 80 "$1"
	[ "$(ctl -j service show web | jq '.[0].holding')" = "$1" ]
}

# others N: entries of conntrack, of connections that have no rule
others() {
	lb conntrack -F 2>/dev/null
	crowd 81 "$1"
	[ "$(lb conntrack -C)" = "$1" ] || fail "want $1 entries"
}

# sink: packets of others leave by it, as their entries are only kept then
sink() {
	ip -n lb -b - <<-END
		link add sink type dummy
		link set sink up
		route add default dev sink
		route add ::/0 dev sink
	END
}

# services N: as many like web, in transition as it is
services() {
	awk -v n="$1" -v size=$SIZE 'BEGIN {
		for (i = 0; i < n; i++) {
			print "service add x" i, "size", size, "track changed"
			print "backend add x" i, "s1 mark 1"
			print "backend add x" i, "s2 mark 2"
		}
	}' >"$T/batch"
	ctl -b "$T/batch" || fail "$1 services"
}

# --- what is measured --------------------------------------------------------

only_when_needed() {
	trace
	sleep 1800
	check_eq 'half an hour without slots in transition: sweeps' 0 "$(sweeps)"
	ctl backend set web s3 state drain
	sleep 599
	# When flows without handshake from before the change have ended.
	check_eq 'ten minutes of waiting: sweeps' 1 "$(sweeps)"
	sleep 1800
	check_eq 'half an hour later: sweeps, in all' 2 "$(sweeps)"
	ctl backend set web s3 state up
	sleep 1800
	trace
	sleep 1800
	check_eq 'another half hour: sweeps' 0 "$(sweeps)"

	ctl service set web track changed
	ctl backend set web s3 state drain
	sleep 1800
	check_le 'track changed, settle 600, idle 300: sweeps' 1210 "$(sweeps)"
	trace
	sleep 1800
	check_eq 'track changed, all slots have settled: sweeps' 0 "$(sweeps)"
	ctl backend set web s3 state up
	sleep 1800
}

# walk: instructions of one, the least of three
walk() {
	trace walk walk_end
	for _ in 1 2 3; do
		ctl service show web >/dev/null
	done
	least walk
}

# All connections are at s1, and all slots have moved to s2.
cost_of_entries() {
	local n alone walk

	rule filter FORWARD -m conntrack --ctstate ESTABLISHED
	ctl -b - <<-END || fail 'all slots to s1'
		backend set web s2 state drain
		backend set web s3 state drain
		service set web settle 0 idle 1
	END
	wait_for 600 settled
	ctl -b - <<-END || fail 'all slots to s2'
		service set web idle 600000
		backend set web s2 state up
		backend set web s1 state drain
	END
	for n in 10000 50000; do
		wait_for 600 remembers $n
		walk=$(walk)
		check_le "$n entries: instructions for each" 1000 $((walk / n))
	done
	others 50000
	alone=$walk
	walk=$(walk)
	check_le 'conntrack has 50000 more: times as many instructions' 101 \
		$((walk * 100 / alone))

	trace walk walk_end may_switch
	ctl service show web >/dev/null
	check_le '50000 entries: instructions without a pause' 10000000 \
		"$(gap walk)"

	services 100
	echo "# 100 services more in transition: $((
		($(walk) - walk) / 50000)) instructions for each entry"
}

# largest_table TRACK: of the largest size, all of it in transition at once
largest_table() {
	local work

	ctl service del large 2>/dev/null
	{
		echo "service add large size 1048573 track $1"
		echo 'backend add large s1 mark 1'
		echo 'backend add large s2 mark 2'
	} | ctl -b - || fail 'largest table'
	rule raw PREROUTING -p tcp --dport 82 -j LBHASH --service large
	ctl service set large settle 10 idle 10
	# Only among slots that are in transition already does another seed put
	# all of them there.
	ctl backend set large s2 weight 2
	trace change change_end show show_end sweep sweep_end may_switch
	ctl service set large seed 00112233445566778899aabbccddeeff disruptive
	sleep 60
	# By itself, as a pause is one in which others run.
	ctl -j service show large >"$T/large"
	[ "$(jq '.[0].transition_slots' "$T/large")" = 0 ] ||
		fail 'the largest table has not settled'
	for work in change show sweep; do
		check_le "1048573 slots, track $1, $work: instructions without a pause" \
			10000000 "$(gap $work)"
	done
	flush_rules
}

load_module
[ "$(nproc)" = 1 ] || skip 'wants run --icount'
topology dsr 3
sink
mac=$(lb cat /sys/class/net/front/address)
sysctl -qw net.netfilter.nf_conntrack_max=400000
trace_probes walk:lbhash_memory_sweep change:lbhash_nl_service_set_doit \
	show:lbhash_nl_service_get_doit sweep:xt_lbhash:settle_work
echo 'p:lbhash/may_switch __cond_resched' >>"$TRACING/kprobe_events"
trace_sweeps
jq -n "{ services: [{ name: \"web\", size: $SIZE, backends: [range(3) |
	{ name: \"s\\(. + 1)\", mark: (. + 1) }] }] }" | ctl apply -
rule raw PREROUTING -p tcp --dport 80 -j LBHASH --service web
only_when_needed
cost_of_entries
flush_rules
for track in always changed; do
	largest_table $track
done
