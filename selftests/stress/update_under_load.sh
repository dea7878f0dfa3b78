#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Backends change as fast as lbhashctl can send changes, for half a minute,
# while TCP connections come and go and UDP sockets send without a pause. Every
# packet gets a decision and arrives, and no connection breaks whose backend
# neither goes down nor gets another mark. Each variant of iptables gets a share
# of the packets, and --track varies as well: IPv6 tracks only connections in
# slots in transition.
# timeout: 900
# by default on: 6.12
# checks: 14
. ./lib.sh

LASTS=30

rules() {
	IPT=legacy ipt -t raw -A PREROUTING -d $VIP4 -p tcp "${lbhash[@]}" &&
	IPT=nft ipt -t mangle -A PREROUTING -d $VIP4 -p udp "${lbhash[@]}" &&
	IPT=nft ip6t -t raw -A PREROUTING -d $VIP6 -p tcp "${lbhash[@]}" \
		--track changed &&
	IPT=legacy ip6t -t mangle -A PREROUTING -d $VIP6 -p udp "${lbhash[@]}"
}

# Every kind of change, again and again. s1 is always up; connections at s3 and
# s4 may stay there.
changes() {
	local n

	for ((n = 0; n < 20000; n++)); do
		echo "backend set web s2 state down
			backend set web s3 weight $((n % 7))
			backend add web s6 mark 6 weight $((1 + n % 5))
			backend set web s2 state up
			backend set web s4 state drain
			backend set web s5 mark $((5 + n % 2 * 2))
			backend del web s6
			backend set web s4 state up"
	done
}

generation() { ctl -j service show web | jq '.[0].generation'; }

# undisturbed NAME...: the connections of these clients at backends that stay;
# adds the broken ones to $broken
at_home=0 broken=0
undisturbed() {
	local alive lost

	read -r alive lost < <(for name; do
		cat "$T/$name.flows"
	done | awk '$1 == "conn" && $4 ~ /^s[134]$/ {
			$6 ~ /broken|stuck|wrong/ ? lost++ : alive++
		}
		END { print alive + 0, lost + 0 }')
	at_home=$alive broken=$((broken + lost))
}

load_module
topology dsr 7
start_servers
service 5
lbhash=(-j LBHASH --service web)
rules || fail "rules"
changes >"$T/changes"

start_client held4 4 -n 30 -h
start_client held6 6 -n 30 -h
start_client udp4 4 -u -n 20 -e
start_client udp6 6 -u -n 20 -e
before=$(generation)
timeout "$(seconds "$LASTS")" lbhashctl -n lb -b "$T/changes" &
changer=$!
tcp=0 sent=0 short=0 rounds=0
until gone $changer; do
	start_client tcp4 4 -n 20 -k 10
	start_client tcp6 6 -n 20 -k 10
	tcp=$((tcp + $(flows_of tcp4 connections) + $(flows_of tcp6 connections)))
	undisturbed tcp4 tcp6
	short=$((short + at_home))
	next_round held4
	next_round held6
	undisturbed held4 held6
	rounds=$((rounds + 1))
done
wait $changer
check_eq "nothing refused until the time was over" 124 $?
snapshot
check_eq empty 0 "${stat[empty]}"
check_ge changes "$(few 300)" $(($(generation) - before))
check_eq 'connections that broke where nothing happened' 0 $broken
check_ge 'old connections where nothing happened' 20 "$at_home"
check_ge 'rounds of theirs' 2 $rounds
check_ge 'new connections where nothing happened' 20 $short
stop_client held4
stop_client held6
next_round udp4
next_round udp6
stop_client udp4
stop_client udp6

for client in udp4 udp6; do
	check_ge "$client: answers" 1000 "$(flows_of $client turns)"
	sent=$((sent + $(flows_of $client turns) + $(flows_of $client resent)))
done
check_ge "TCP connections tried" 40 $tcp
servers_report
wait_for 20 all_arrived
check_eq "packets on the servers" "${stat[packets]}" "$(packets_arrived '')"
check_eq "datagrams on the servers" $sent "$(packets_arrived udp)"
check_eq empty 0 "${stat[empty]}"
check_ge repicked 1 "${stat[repicked]}"
