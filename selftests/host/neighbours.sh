#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# timeout: 600
#
# LBHASH beside conntrack-tools and nftables, by the commands of xt_lbhash(7):
# conntrack lists, follows and deletes pins, and connections without an entry
# are balanced again; a ruleset of nft counts and filters by the marks, beside
# the rule of iptables-nft in nf_tables, and uses bits of the mark itself.
# checks: 27
. ./lib.sh
. ./lib/checks.bash
. ./lib/documents.bash

# type_in COMMANDS: into a shell on the balancer
type_in() {
	lb bash -e -c "$1" >"$T/said" 2>&1 || fail "$1: $(cat "$T/said")"
}

pinned_to() { pins | grep -c " $1$"; }

# shellcheck disable=SC2317 # called by wait_for
told() { [ "$(grep -c "\[$1\].* mark=2\b" "$T/events")" -ge "$2" ]; }

# moved: the number of UDP connections at another server than at first
moved() { echo $(($(flows_of u4 moved) + $(flows_of u6 moved))); }

start_udp() {
	start_client u4 4 -u -h -n 20 -r 1
	start_client u6 6 -u -h -n 20 -r 1
}

next_udp() {
	next_round u4
	next_round u6
}

# at N: the number of UDP connections whose last answer came from server N
at() { cat "$T"/u[46].flows | grep -c " s$1 "; }

conntrack_tools() {
	local list follow forget hit

	blocks tools/xt_lbhash.7 'CONNECTION TRACKING'
	check_eq 'blocks about conntrack' 4 "${#block[@]}"
	list=${block[0]} follow=${block[1]} forget=${block[2]}

	fresh 3 settle 604800
	rule raw PREROUTING -j LBHASH --service web
	ip netns exec lb bash -c "exec $follow" >"$T/events" 2>"$T/complaints" &
	wait_for 20 subscribed $!
	start_udp
	start_client t4 4 -n 20
	start_client t6 6 -n 20

	hit=$(pinned_to 2)
	check_ge 'pinned to s2' 20 "$hit"
	type_in "$list"
	check_eq 'listed, with another mark' "$hit 0" \
		"$(grep -c ' mark=2 ' "$T/said") $(grep -c ' mark=[013]' "$T/said")"
	wait_for 20 told NEW "$hit"
	check_eq 'followed, with another mark' "$hit 0" "$(
		grep -c '\[NEW\].* mark=2\b' "$T/events") $(
		grep -vc ' mark=2\b' "$T/events")"

	# In slots in transition connections without an entry stay.
	ctl backend set web s2 state drain || fail 's2 drains'
	hit=$(at 2)
	type_in "$forget"
	check_eq 'forgotten, draining: pinned to s2' 0 "$(pinned_to 2)"
	next_udp
	check_counters 'forgotten, draining' previous "$hit" repicked 0
	check_eq 'forgotten, draining: moved' 0 "$(moved)"
	wait_for 20 told DESTROY "$hit"

	# Pinned connections hold their slots, though the time is over.
	ctl service set web settle 0 || fail 'settle 0'
	next_udp
	check_eq 'held: moved' 0 "$(moved)"
	check_ge 'held: slots in transition' 1 "$(transition_slots)"
	type_in "$forget"
	wait_for 60 settled
	next_udp
	check_eq 'forgotten, settled: moved' "$hit" "$(moved)"
	check_eq 'forgotten, settled: at s2' 0 "$(pinned_to 2)"
	check_counters 'forgotten, settled' previous "$hit" repicked 0 \
		picked $((80 + hit))
	awk '$1 == "conn" { print $2, $3, $4 }' "$T"/u[46].flows >"$T/now"
	check_owners 'forgotten, settled' 40 "$T/now" udp
	stop_client u4
	stop_client u6
}

# counter WORDS: packets of the rule that begins with the words
counter() {
	lb nft list chain inet web forward |
		sed -nE "s/^[[:space:]]*$1 counter packets ([0-9]+).*/\1/p"
}

# backend_packets N
backend_packets() {
	ctl -j stats web | jq ".[0].backends[$(($1 - 1))].packets"
}

nftables() {
	local ruleset own delete masked n name

	blocks tools/xt_lbhash.7 NFTABLES
	check_eq 'blocks about nft' 3 "${#block[@]}"
	ruleset=${block[0]} own=${block[1]} delete=${block[2]}
	blocks tools/xt_lbhash.7 'CONNECTION TRACKING'
	masked=${block[3]}

	fresh 3 mask 0xff
	type_in "$ruleset"
	type_in "$own"
	rule raw PREROUTING -j LBHASH --service web
	check_eq 'rules in one nf_tables: of iptables, of nft' '1 5' \
		"$(lb nft list table ip raw | grep -c LBHASH) $(
		lb nft list chain inet web forward | grep -c counter)"
	start_udp
	start_client t4 4 -h -n 10 -k 2
	start_client t6 6 -h -n 10 -k 2
	next_round t4
	next_round t6
	for name in t4 t6; do
		check_client 'beside nft' "$name" 10
	done
	for n in 1 2; do
		check_eq "packets with the mark of s$n" \
			"$(backend_packets $n)" "$(counter "meta mark 0x0*$n")"
	done
	check_eq 'packets whose connection has the mark of s2' \
		"$(backend_packets 2)" "$(counter 'ct mark & 0x0*ff == 0x0*2')"
	check_eq 'INVALID, without a mark' '0 0' \
		"$(counter 'ct state invalid') $(
		counter 'ct state new ct mark 0x0*')"

	# The chain marked every connection, and LBHASH kept these bits.
	check_eq 'marks of connections' '257 258 259' \
		"$(pins | cut -d ' ' -f 3 | sort -u | xargs)"
	type_in "$masked"
	check_eq 'listed under the mask' "$(pinned_to 258)" \
		"$(grep -c ' mark=258 ' "$T/said")"

	type_in "$delete"
	check_eq 'LBHASH stays' 1 "$(ipt -t raw -S PREROUTING | grep -c LBHASH)"
	next_round t4
	check_client 'without nft' t4 10
	ctl backend set web s1 state down || fail 's1 down'
	next_udp
	snapshot
	check_ge 'repicked' 10 "${stat[repicked]}"
	check_eq 'picked again, without the bit of nft' 0 \
		"$(pins | awk '$3 < 256' | wc -l)"
	for name in t4 t6 u4 u6; do
		stop_client "$name"
	done
}

load_module
topology dsr 3
start_servers
keep_udp lb
in_variant nft raw conntrack_tools
in_variant nft raw nftables
