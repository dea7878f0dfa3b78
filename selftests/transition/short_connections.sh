#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# timeout: 600
#
# Short connections while one of four backends is added, --track changed: more
# than the flow memory has room for in all, but not in a minute. What is
# remembered of those that have ended goes, and the new backend keeps getting its
# share.
#
# 2,000 connections a second, a quarter of them in slots in transition, are
# 30,000 a minute, of 1,048,576 entries; here 3,200 are 800, of 2048.
# by default on: 6.12
# checks: 22
. ./lib.sh
. ./lib/checks.bash
. ./lib/crowd.bash
. ./transition/churn.bash
most=2048 n=3200 first=0

# shorts AT LAST: connections of a request each, whose last packet has these
# flags
shorts() {
	crowd -i $first -n $n -f S -q 1000
	crowd -i $first -n $n -f A -q 1001
	crowd -i $first -n $n -f PA -q 1001
	crowd -i $first -n $n -f "$2" -q 1001
	first=$((first + n))
	check_round "$1" $n 4
	check_le "$1: entries" $most "$(memory entries)"
	check_ge "$1: entries" $((n / 5)) "$(memory entries)"
	check_le "$1: refused in all" $((n / 100)) "$(memory refused)"
	check_ge "$1: connections at s4" $((n * 22 / 100)) "$(newest_at s4)"
}

# shellcheck disable=SC2317 # called by wait_for
few_entries() { [ "$(memory entries)" -le $((most / 3)) ]; }

load_module
topology dsr 4
start_servers
start_crowd
service 3
ctl set memory $most || fail 'no limit'
rule raw PREROUTING -p tcp --dport 80 -j LBHASH --service web --track changed
ctl backend add web s4 mark 4
began=$SECONDS
shorts 'a minute' FA
wait_for 90 few_entries
check_ge 'seconds that their ends are remembered' 60 $((SECONDS - began))
shorts 'another minute' FA
wait_for 90 few_entries
shorts 'a minute of those that are reset' RA
wait_for 30 few_entries
shorts 'ten seconds later' RA
check_eq 'entries of conntrack' 0 "$(lb conntrack -C)"
