#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# timeout: 600
#
# --track changed with a conntrack table of 1000 entries, full of other
# connections, and 20,000 connections, half of them IPv6: each packet goes where
# the earlier ones of its connection went, and none is lost. Conntrack sees no
# packet, whether or not slots are in transition: a flood of 100,000 SYNs makes no
# entry, and it does not matter whether the table has room for none of the
# connections, for some, or for all.
# by default on: 6.12
# checks: 29
. ./lib.sh
. ./lib/checks.bash
. ./lib/flood.bash
. ./lib/crowd.bash

max=1000
# Smaller numbers on kernels with debug checks, which are slow.
declare -i open spoofed
open=$(few 20000)
spoofed=$(few 100000)

# --- conntrack ---------------------------------------------------------------

set_max() {
	sysctl -qw net.netfilter.nf_conntrack_max="$1" || fail "no maximum $1"
}

entries() { lb conntrack -C; }
drops() { conntrack_stat drop; }

# other_entries FIRST N: entries of unrelated connections that cannot be evicted
other_entries() {
	awk -v first="$1" -v n="$2" 'BEGIN {
		for (i = first; i < first + n; i++)
			print "-A -p tcp -s 10.9.0.1 -d 10.9.0.2 -r 10.9.0.2",
			      "-q 10.9.0.1 --sport", i, "--dport 9",
			      "--reply-port-src 9 --reply-port-dst", i,
			      "--state ESTABLISHED -u ASSURED,SEEN_REPLY",
			      "-t 90000"
	}' >"$T/others"
	lb conntrack -R "$T/others" || fail 'no other entries'
}

# listen: record new entries from here on
listen() {
	ip netns exec lb conntrack -E -e NEW -b 4194304 >"$T/news" 2>&1 &
	listener=$!
	wait_for 20 subscribed "$listener"
}

# news: the number of new entries since listen, except a marker made last
news() {
	other_entries 7 1
	wait_for 20 grep -q 'sport=7 ' "$T/news"
	kill "$listener"
	lb conntrack -F 2>/dev/null
	grep '\[NEW\]' "$T/news" | grep -vc 'sport=7 '
}

# --- slots -------------------------------------------------------------------

# in_transition FILE: the number of its flows whose slots are in transition
in_transition() {
	awk -v vip4="$VIP4" -v vip6="$VIP6" '{
		v6 = $1 ~ /:/
		print "lookup web proto tcp",
		      "src", (v6 ? "[" $1 "]" : $1) ":" $2,
		      "dst", (v6 ? "[" vip6 "]" : vip4) ":80"
	}' "$1" >"$T/lookups"
	ctl -j -b "$T/lookups" | grep -vc '"previous": *null'
}

field() { ctl -j service show web | jq ".[0].$1"; }

# all_learned N SEQUENCE: N connections are remembered elsewhere, after a
# packet of each
# shellcheck disable=SC2317 # called by wait_for
all_learned() {
	crowd -n $open -f A -q "$2"
	: >"$T/got"
	wait_for 30 collect $open
	[ "$(field holding)" -ge "$1" ]
}

# begin AT: more connections; all SYNs are sent before the other packets
begin() {
	local more=2000

	crowd -n $more -i $open -f S -q 1000
	crowd -n $more -i $open -f A -q 1001 -k 2
	check_round "$1" $more 3
	n=$((n + $(in_transition <(cut -d ' ' -f 2-3 "$T/got"))))
	open=$((open + more))
}

# --- the test ----------------------------------------------------------------

load_module
topology dsr 4
start_servers
start_crowd
flood_sink
set_max $max
service 3
rule raw PREROUTING -p tcp --dport 80 -j LBHASH --service web --track changed
# Something else needs conntrack, which sees all other packets.
rule filter FORWARD -m conntrack --ctstate ESTABLISHED

listen
flood -n $spoofed
check_eq 'SYNs that got through' $spoofed "$(sunk)"
check_eq 'entries' 0 "$(entries)"
check_eq 'entries made' 0 "$(news)"
check_counters flood packets $spoofed stateless $spoofed
for n in 1 2 3; do
	check_ge "SYNs for s$n" $((spoofed * 32 / 100)) "$(ctl -j stats web |
		jq ".[0].backends[] | select(.name == \"s$n\").packets")"
done

other_entries 1000 $max
check_eq 'entries, of something else' $max "$(entries)"
refused=$(drops)
crowd -n 10 -p 81
check_eq 'no room for others: refused' 10 $(($(drops) - refused))

crowd -n $open -f S -q 1000
crowd -n $open -f A -q 1001 -k 2
check_round 'settled' $open 3
check_counters 'settled' packets $((spoofed + 3 * open)) \
	stateless $((spoofed + 3 * open))
check_eq 'settled: refused' 10 $(($(drops) - refused))

ctl backend add web s4 mark 4
n=$(in_transition "$T/home")
check_ge 'connections in slots in transition' $((open / 5)) "$n"
check_le 'connections in slots in transition' $((open * 3 / 10)) "$n"
old=$n
refused=$(drops)
crowd -n $open -f A -q 1003 -k 3
check_round 's4 came' $open 3
check_counters 's4 came' stateless $((spoofed + 6 * open)) pinned 0 picked 0 \
	previous 0 empty 0 malformed 0

begin 'no room, late'
check_eq 'entries, of something else' $max "$(entries)"
snapshot
check_ge 'no room, late: picked' 300 "${stat[picked]}"
check_eq 'no room, late: adopted' "${stat[picked]}" "${stat[adopted]}"

set_max $((max + 500))
crowd -n $open -f A -q 1006
check_round 'a little room' $open 1
check_eq 'a little room: entries' $max "$(entries)"
begin 'a little room, late'

set_max 100000
crowd -n $open -f A -q 1007
check_round 'room' $open 1
check_eq 'room: entries' $max "$(entries)"
check_eq 'conntrack refused' 0 $(($(drops) - refused))

# A SYN is recognised as repeated.
again=2000
crowd -n $again -i $open -f S -q 1000
crowd -n $again -i $open -f S -q 1000
crowd -n $again -i $open -f A -q 1001
check_round 'SYNs that come twice' $again 3

# Later ones are at the owners.
ctl service set web settle 0
wait_for 120 all_learned "$old" 1008
crowd -n $open -f A -q 1009
check_round 'all are known' $open 1
# Those that are silent for two seconds are forgotten.
ctl service set web idle 2
wait_for 60 settled
check_eq 'entries in the end' $max "$(entries)"
