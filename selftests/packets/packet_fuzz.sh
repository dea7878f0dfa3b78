#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# timeout: 600
#
# Slightly broken frames (traffic/frames.c) through rules of every mode, in
# large and cloned packets as well. The kernel prints no warning, unparsable
# packets are counted, and connections through the same rules live on. 3,000
# frames a mode, 100,000 with SOAK=1; SEED=N sends others.
# checks: 40
. ./lib.sh
. ./lib/checks.bash

COUNT=3000
[ -z "${SOAK:-}" ] || COUNT=100000
seed=${SEED:-1}

# both TABLE WORD...: a rule for all incoming packets
both() {
	ipt -t "$1" -A PREROUTING "${@:2}" || fail "iptables: $*"
	ip6t -t "$1" -A PREROUTING "${@:2}" || fail "ip6tables: $*"
}

# mode NAME REASONS: with the present rules
mode() {
	local before reason

	seed=$((seed + 1))
	echo "# $1, seed $seed"
	snapshot
	before=$((stat[packets]))
	"$flows" frames cl front "$mac" "$VIP4" "$VIP6" "$seed" $COUNT \
		>"$T/sent" || fail 'no frames'
	check_ge "$1: frames sent" $((COUNT / 3)) \
		"$(sed -E 's/sent=([0-9]+) .*/\1/' "$T/sent")"
	next_round four
	next_round six
	check_client "$1" four 10
	check_client "$1" six 10
	snapshot
	check_ge "$1: packets counted" $((COUNT / 4)) \
		$((stat[packets] - before))
	for reason in malformed $2; do
		check_ge "$1: $reason" 1 "${stat[$reason]}"
	done
	flush_rules
}

load_module
topology dsr 4 unmarked
start_servers
mac=$(ip -n lb -j link show front | jq -r '.[0].address')
ip -n cl link set front mtu 16000
ip -n lb link set front mtu 16000
# A capturing socket, so that packets are shared and cloned.
lb tcpdump -i front -w /dev/null 2>"$T/dump" &
forward=yes track=changed
service 3
balance any
start_client four 4 -n 10 -h
start_client six 6 -n 10 -h
flush_rules
ctl -b <(addition 4)
ctl backend set web s1 state drain

both raw -j LBHASH --service web --track changed --forward
mode 'raw, changed, forward' 'pinned previous stateless related'
route_by_marks lb
both raw -j LBHASH --service web
mode 'raw, always' 'pinned picked previous stateless related'
# The entries pinned by the former rule stay, and so do slots in transition.
both raw -j LBHASH --service web --track changed
mode 'raw, changed' 'pinned stateless'
both raw -j LBHASH --adopt
both mangle -j LBHASH --service web
mode 'mangle, after --adopt' 'pinned picked'
both raw -m lbhash --syn-seen
both raw -m lbhash --pinned-to s1 --service web
lb iptables-nft -t mangle -A PREROUTING -j LBHASH --service web
lb ip6tables-nft -t mangle -A PREROUTING -j LBHASH --service web
mode 'mangle, matches, nft' 'pinned picked'
lb iptables-nft -t mangle -F
lb ip6tables-nft -t mangle -F
