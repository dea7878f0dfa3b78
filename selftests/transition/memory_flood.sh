#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# timeout: 600
#
# A flood into slots in transition, --track changed, with a flow memory of at
# most 4096 entries: 100,000 spoofed SYNs, then 10,000 pairs of SYN and ACK,
# which is all that a balancer sees of a handshake. None of 100 old and 100 new
# connections breaks, more can begin, at the previous owner if there is no room
# to remember them, and slots settle afterwards.
# by default on: 6.12
# checks: 22
. ./lib.sh
. ./lib/checks.bash
. ./lib/flood.bash
. ./lib/crowd.bash
. ./transition/churn.bash

most=4096
# Smaller numbers on kernels with debug checks, which are slow.
spoofed=$(few 100000)

# pairs FIRST N: handshakes with spoofed sources, of which 500 begin at once
pairs() {
	local i

	for ((i = $1; i < $1 + $2; i += 500)); do
		flood -n 500 -i "$i" -f S -q 1000
		flood -n 500 -i "$i" -f A -q 1001
	done
}

# whole AT N: N connections are open, and none has broken
whole() {
	everybody
	check_eq "$1: connections, broken" "$2, 0" "$(
		)$(connections open | wc -l), $undue"
	check_le "$1: entries" $most "$(memory entries)"
}

# at NAME SERVER: the number of its connections that are there
at() { connections open | awk -v at="$2" '$1 ~ /^'"$1"'\./ && $4 == at' | wc -l; }

# whole_until_gone PID: the process is gone, and none has broken
# shellcheck disable=SC2317 # called by wait_for
whole_until_gone() {
	everybody
	[ "$undue" -eq 0 ] || fail "$undue connections have broken"
	gone "$1"
}

# remembered N: connections hold slots open, after a packet of each
# shellcheck disable=SC2317 # called by wait_for
remembered() {
	everybody
	[ "$undue" -eq 0 ] || fail "$undue connections have broken"
	[ "$(ctl -j service show web | jq '.[0].holding')" -ge "$1" ]
}

flooded_memory $most
rule raw PREROUTING -p tcp --dport 80 -j LBHASH --service web --track changed
connect old 50 -h
ctl backend add web s4 mark 4 weight 100
reset_counts
check_ge 'slots in transition' $((SIZE * 9 / 10)) "$(transition_slots)"

connect early 25 -h
whole 'before the flood' 150
check_eq 'connections that were refused' 0 "$(memory refused)"
flood -n "$spoofed" &
flood=$!
connect amid 25 -h
wait_for 120 whole_until_gone $flood
whole 'during the flood' 200
wait $flood || fail flood
check_eq 'SYNs that got through' "$spoofed" "$(sunk)"
whole 'after the flood' 200
check_ge 'new connections at s4' 40 "$(at early s4)"
check_ge 'places that others got' 1000 "$(memory evicted)"

pairs "$spoofed" "$(few 10000)"
whole 'after handshakes' 200
check_ge 'full of handshakes: entries' $((most * 3 / 4)) "$(memory entries)"
check_ge 'full of handshakes: connections that were refused' \
	$(($(few 10000) / 2)) "$(memory refused)"
connect late 25 -h
whole 'more connections' 250
check_ge 'more connections, not at s4' 25 $((50 - $(at late s4)))

ctl service set web settle 1 idle "$(seconds 8)"
wait_for 120 remembered 100
whole 'when they are remembered' 250
for name in old early amid late; do
	disconnect $name
done
ctl service set web idle 2
wait_for 60 settled
check_eq 'entries of conntrack' 0 "$(lb conntrack -C)"
check_eq 'entries in the end' 0 "$(memory entries)"
