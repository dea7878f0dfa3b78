#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Connections that far outlive the timeout of a half-open entry keep their
# backend, although their slots got another owner meanwhile. One connection of
# each family per variant, all at once, with a source port for each.
# checks: 14
. ./lib.sh

FIRST_PORT=40001
HALF_OPEN=$(seconds 5)

rules() {
	rule "$TABLE" PREROUTING -p tcp --sport $((FIRST_PORT + variants++)) \
		-j LBHASH --service web
}

# long_enough: four times the life of half-open entries is over, and the
# connections were in use all the time
long_enough() {
	[ $((SECONDS - start)) -ge $((4 * HALF_OPEN)) ] &&
		[ "$(flows_of four turns)" -ge 160 ] &&
		[ "$(flows_of six turns)" -ge 160 ]
}

# lookup_all FILTER: the result of jq for the answers for all connections; one
# line if all agree
lookup_all() {
	local words

	for words in "${flows_now[@]}"; do
		# shellcheck disable=SC2086 # words they are
		ctl -j lookup web $words
	done | jq -r "$1" | sort -u
}

load_module
topology dsr 4
start_servers
service 3
variants=0
for IPT in legacy nft; do
	for TABLE in raw mangle; do
		rules
	done
done
lb sysctl -qw net.netfilter.nf_conntrack_tcp_timeout_syn_sent="$HALF_OPEN"

start_client four 4 -n 4 -p $FIRST_PORT -e -i 500 -k 4
start_client six 6 -n 4 -p $FIRST_PORT -e -i 500 -k 4
mapfile -t flows_now < <(flow_words four; flow_words six)
check_eq "connections" 8 "${#flows_now[@]}"

ctl -b - <<-END || fail "change of owners"
	backend add web s4 mark 4
	backend set web s1 state drain
	backend set web s2 state drain
	backend set web s3 state drain
END
still='if .backend == .pinned and .backend != "s4" then "still there" else . end'
check_eq "their slots' owner now" s4 "$(lookup_all .owner)"
check_eq "where their packets go" "still there" \
	"$(lookup_all "$still")"
start=$SECONDS
until long_enough; do
	next_round four
	next_round six
done
for client in four six; do
	check_eq "$client: still open" 4 "$(flows_of $client ok)"
	check_eq "$client: broken" 0 "$(flows_of $client broken)"
	check_ge "$client: turns" 160 "$(flows_of $client turns)"
done
check_eq "where their packets went" "still there" \
	"$(lookup_all "$still")"
snapshot
check_ge 'seconds that conntrack will remember them: the settle time' 590 \
	"$(lb conntrack -L -p tcp --dport 80 2>/dev/null | awk '{ print $3 }' |
		sort -n | head -n 1)"
check_eq picked 8 "${stat[picked]}"
check_eq adopted 8 "${stat[adopted]}"
check_eq repicked 0 "${stat[repicked]}"
