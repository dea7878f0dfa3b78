#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# timeout: 600
# kernel words: slub_debug=-
#
# A change that exceeds the memory limit of its cgroup is refused with a
# sentence and changes nothing: configuration, table, counters, connections. The
# OOM killer kills no process. With enough memory the same change is made.
# by default on: 6.12
# checks: 18
. ./lib.sh
. ./lib/checks.bash

SIZE=131101 group=/sys/fs/cgroup/small

# new_group: starts without charges; lasting memory stays with the old group
new_group() {
	group+=x
	mkdir "$group"
}

# in_group COMMAND...: its memory is charged to the group
in_group() {
	bash -c 'echo $$ >"$1/cgroup.procs"; exec "${@:2}"' - "$group" "$@"
}

limit() { echo "$1" >"$group/memory.max"; }

# killed: processes of the group that the OOM killer has killed
killed() { awk '$1 == "oom_kill" { print $2 }' "$group/memory.events"; }

# state: all that a refused change must leave unchanged
state() {
	ctl save
	ctl -j service show | sed 's/"settles_in":[0-9]*//g'
	ctl -j backend show web
	ctl -j stats web
	ctl -v table web
}

# refused NAME COMMAND...: it fails with too little memory, at every limit from
# one at which the program itself can run; with enough memory it succeeds
refused() {
	local name=$1 eighths said n=0

	shift
	new_group
	state >"$T/before"
	# A CPU may charge a quarter of a MiB in advance.
	for ((eighths = 2; eighths <= 32; eighths++)); do
		limit $((room + (eighths << 17)))
		in_group lbhashctl -n lb "$@" >"$T/out" 2>&1 && break
		said="$? $(<"$T/out")"
		[[ $said =~ ^2\ lbhashctl:\ (service\ web:\ )?out\ of\ memory$ ]] ||
			fail "$name, $eighths/8 MiB: $said"
		state | cmp -s - "$T/before" ||
			fail "$name, $eighths/8 MiB: something has changed"
		n=$((n + 1))
	done
	check_ge "$name: limits at which it was refused" 2 $n
	check_le "$name: eighths of a MiB with which it was done" 32 $eighths
	check_eq "$name: killed" 0 "$(killed)"
}

# connections NAME: each stays at its server, and its packets are pinned
connections() {
	local family pinned

	pinned=$(reason pinned)
	for family in 4 6; do
		next_round "held$family"
		check_client "$1" "held$family" 20
	done
	check_ge "$1: packets of known connections" 80 \
		$(($(reason pinned) - pinned))
}

# One service: with several, those before the failing one would be changed.
write_file() {
	jq -n --argjson size "$SIZE" '{ services: [{
		name: "web", size: $size, settle: 7, backends: [
			{ name: "s1", mark: 1 },
			{ name: "s2", mark: 2, weight: 3 },
			{ name: "s3", mark: 3 }] }] }' >"$T/conf"
}

load_module
topology dsr 3
start_servers
echo +memory >/sys/fs/cgroup/cgroup.subtree_control
new_group
service 2
rule raw PREROUTING -j LBHASH --service web
for family in 4 6; do
	start_client "held$family" "$family" -n 20 -h
done
# The memory of lbhashctl itself.
in_group lbhashctl -n lb service show >/dev/null || fail 'no group'
room=$(cat "$group/memory.peak")
echo "# lbhashctl takes $room bytes"

connections 'at first'
refused 'backend add' backend add web s3 mark 3
connections 'after backend add'
refused 'service set size' service set web size 200003 disruptive
ctl backend del web s3
ctl service set web size "$SIZE" disruptive
# From then on nothing changes by itself.
ctl service set web settle 1
wait_for 60 settled
write_file
refused 'apply' apply "$T/conf"
connections 'after apply'
