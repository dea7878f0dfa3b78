#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# timeout: 600
# may skip on: debug kcsan
# kernel words: slub_debug=-
#
# The memory that services take, charged to the cgroup of the process that makes
# them: 4 bytes a slot, however allocators round up; another 8 bytes a slot
# while the slot is in transition; and both tables while a new one replaces the
# old.
# checks: 13
. ./lib.sh
. ./lib/checks.bash

group=/sys/fs/cgroup/lbhash

# new_group: charge everything from now on to a new group
new_group() {
	group+=x
	mkdir "$group"
}

# paid COMMAND...: its memory is charged to the group
paid() {
	bash -c 'echo $$ >"$1/cgroup.procs"; exec "${@:2}"' - "$group" "$@" ||
		fail "$*"
}

# charged: bytes; reading the per-CPU share updates all numbers
charged() {
	cat "$group/cpu.stat" >/dev/null
	awk '/^kernel / { print $2 }' "$group/memory.stat"
}

# shellcheck disable=SC2317 # called by wait_for
charged_at_most() { [ "$(charged)" -le "$1" ]; }

# empty: no services, and all their memory is free
empty() {
	ctl flush
	wait_for 20 charged_at_most 65536
	new_group
}

# services N SIZE BACKENDS: made in one step, or one after the other
services() {
	jq -n "{ services: [range($1) | {
		name: \"s\\(.)\", size: $2, backends: [range($3) |
			{ name: \"b\\(.)\", mark: (. + 1) }] }] }" >"$T/conf"
	paid lbhashctl -n lb apply "$T/conf"
}

services_step_by_step() {
	awk -v n="$1" -v size="$2" -v backends="$3" 'BEGIN {
		for (i = 0; i < n; i++) {
			print "service add s" i, "size", size
			for (j = 0; j < backends; j++)
				print "backend add s" i, "b" j, "mark", j + 1
		}
	}' >"$T/batch"
	paid lbhashctl -n lb -b "$T/batch"
}

# rules N: one for each service, each with a port of its own
rules() {
	awk -v n="$1" 'BEGIN {
		print "*raw"
		for (i = 0; i < n; i++)
			print "-A PREROUTING -p tcp --dport", i + 1,
			      "-j LBHASH --service s" i
		print "COMMIT"
	}' | lb "iptables-$IPT-restore" || fail rules
}

# One page is never full, and besides the slots there are the service, its one
# backend, and their counters on each CPU.
large_tables() {
	local n=20 size=65537 each

	services $n $size 1
	each=$(($(charged) / n))
	check_ge "bytes of a table of $size slots" $((4 * size)) "$each"
	check_le "bytes of a table of $size slots" \
		$((4 * size + 4096 + 2048)) "$each"
	empty
}

many_services() {
	local n=1000 size=4093

	services $n $size 10
	check_ge "bytes of $n services, 10 backends each" $((4 * n * size)) \
		"$(charged)"
	check_le "bytes of $n services, 10 backends each" 22000000 \
		"$(charged)"
	empty
}

# The slots of services made step by step were in transition until a rule came.
used_services() {
	local n=100 size=4093 before

	services_step_by_step $n $size 10
	before=$(charged)
	echo "# before there are rules: $before bytes"
	rules $n
	wait_for 20 charged_at_most $((before - 1))
	check_ge "bytes of $n services with rules" $((4 * n * size)) \
		"$(charged)"
	check_le "bytes of $n services with rules" $((22500 * n)) "$(charged)"
	flush_rules
	empty
}

# peak: the largest number of bytes so far, including the group's programs and
# up to 64 pages that each CPU may keep in reserve
peak() { cat "$group/memory.peak"; }

# A third of a table moves. The new table is charged to a group of its own; the
# old one is freed at once, the list of slots in transition when they have
# settled.
a_change() {
	local size=1048573 old=$group slots list most programs

	services 1 $size 2
	rules 1
	new_group
	paid lbhashctl -n lb service show s0 >/dev/null
	programs=$(peak)
	new_group
	paid lbhashctl -n lb backend add s0 b2 mark 3
	list=$(ctl -j table s0 |
		jq '.backends[] | select(.name == "b2").slots * 16')
	slots=$((4 * size))
	# And two bits for each slot.
	most=$((slots + list + size / 4 + 16 * 4096))
	check_ge 'bytes that list the slots in transition' \
		$((16 * size * 3 / 10)) "$list"
	check_ge 'bytes in transition' $((slots + list)) "$(charged)"
	check_le 'bytes in transition' $most "$(charged)"
	check_le 'bytes at the most' \
		$((most + programs + 64 * 4096 * $(nproc))) "$(peak)"
	group=$old wait_for 20 charged_at_most 65536
	ok 'the old table is gone'

	old=$group
	new_group
	paid lbhashctl -n lb service set s0 settle 2
	check_ge 'bytes still in transition' $((slots + list)) "$(charged)"
	group=$old wait_for 20 charged_at_most 65536
	wait_for 60 charged_at_most $((slots + 3 * 4096))
	check_ge 'bytes when it has settled' $slots "$(charged)"
	flush_rules
	empty
}

! checks_itself || skip 'a kernel that checks itself pads all it allocates'
load_module
add_namespace lb
echo +memory >/sys/fs/cgroup/cgroup.subtree_control
new_group
large_tables
many_services
used_services
a_change
