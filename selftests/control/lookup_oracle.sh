#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# `lbhashctl lookup` tells the truth: for each of 1000 random flows it names the
# backend that the packet really reached, whether or not the flow is known.
# timeout: 900
# boot: udp
# checks: 11
. ./lib.sh

# ask FILTER: "ADDRESS PORT ANSWER" of all flows
ask() {
	{ flow_words four "$proto"; flow_words six "$proto"; } |
		sed 's/^/lookup web /' >"$T/lookups"
	ctl -j -b "$T/lookups" | jq -r "[$1] | join(\" \")" >"$T/answers"
	cat "$T"/{four,six}.flows | awk '$1 == "conn" { print $2, $3 }' |
		paste -d' ' - "$T/answers" | sort
}

reached() { cut -d' ' -f2-4 "$T/servers.flows" | sort; }

same() {
	local wrong

	[ "$(wc -l <"$T/truth")" = 250 ] || fail "the servers saw too little"
	wrong=$(diff "$T/truth" "$T/claims" | grep -c '^>')
	check_eq "$proto, $1: wrong answers of $(wc -l <"$T/claims")" 0 "$wrong"
}

seed=0

oracle() {
	local udp='' proto=tcp

	seed=$((seed + 1))
	[ "$IPT $TABLE" != "legacy raw" ] && [ "$IPT $TABLE" != "nft mangle" ] ||
		udp=-u proto=udp
	echo "# $proto, seed $seed"
	fresh 5
	ctl backend set web s2 weight 3
	ctl backend set web s5 weight 7
	rule "$TABLE" PREROUTING -j LBHASH --service web
	# shellcheck disable=SC2086 # no option or one
	start_client four 4 -n 125 -h -r "$seed" $udp
	# shellcheck disable=SC2086
	start_client six 6 -n 125 -h -r "$seed" $udp
	servers_report
	reached >"$T/truth"
	ask '.backend, .reason' | sed 's/ pinned$//' >"$T/claims"
	same "pinned flows"
	lb conntrack -F 2>/dev/null
	ask '.owner' >"$T/claims"
	same "owners of the slots"
	ask '.backend, .reason' | sed 's/ picked$//' >"$T/claims"
	same "unknown flows"
	stop_client four
	stop_client six
	servers_report
}

# With the hash alone packets follow the owner, also in slots in transition.
hash_only() {
	local proto=udp

	fresh 5
	rule "$TABLE" PREROUTING -j LBHASH --service web --track never
	ctl backend set web s2 weight 3
	ctl backend set web s5 weight 7
	start_client four 4 -n 125 -h -r 3 -u
	start_client six 6 -n 125 -h -r 4 -u
	servers_report
	reached >"$T/truth"
	ask '.previous != null'
	check_ge 'hash only: flows in transition' 10 \
		"$(grep -c true "$T/answers")"
	ask '.backend, .reason' | sed 's/ stateless$//' >"$T/claims"
	same "hash only"
	stop_client four
	stop_client six
	servers_report
}

# Connections of slots in transition are known from the flow memory, those from
# before a change by their slot.
remembered() {
	local proto=tcp

	fresh 5
	rule "$TABLE" PREROUTING -j LBHASH --service web --track changed
	ctl backend set web s2 weight 3
	ctl backend set web s5 weight 7
	start_client four 4 -n 125 -h -r 5
	start_client six 6 -n 125 -h -r 6
	servers_report
	reached >"$T/truth"
	ask '.pinned != null' >"$T/claims"
	check_ge 'flow memory: remembered flows' 10 \
		"$(grep -c true "$T/claims")"
	ask '.backend' >"$T/claims"
	same "flow memory"
	ctl backend set web s5 weight 1
	ctl backend set web s1 state drain
	next_round four
	next_round six
	servers_report
	reached >"$T/truth"
	# The others are older than their slot's first change.
	ask 'if .pinned then .backend else .previous // .owner end' \
		>"$T/claims"
	same "flow memory, two more changes"
	stop_client four
	stop_client six
	servers_report
}

load_module
topology dsr 5
start_servers
for_each_variant oracle
in_variant legacy raw hash_only
in_variant nft raw remembered
