#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# timeout: 600
#
# Listeners to conntrack's events, like conntrackd for a standby balancer,
# receive every pin: of a new connection with its first event, of a connection
# that is picked again with an update.
# checks: 18
. ./lib.sh
. ./lib/checks.bash

# listen: record events from here on
listen() {
	: >"$T/events"
	ip netns exec lb conntrack -E -e NEW,UPDATES -b 4194304 \
		>>"$T/events" 2>"$T/complaints" &
	listener=$!
	wait_for 20 subscribed "$listener"
}

# events KIND: "SOURCE PORT MARK FLAGS" of the connections to port 80
events() {
	sed -nE "s/^ *\[$1\].* $TO_PORT_80 (.*)/\1 \2 \3/p" "$T/events" |
		awk '{ mark = 0; assured = "-"
			for (i = 3; i <= NF; i++) {
				if ($i ~ /^mark=/) mark = substr($i, 6)
				if ($i == "[ASSURED]") assured = "ASSURED"
			}
			print $1, $2, mark, assured }'
}

# replica: the pins that a standby would know from the events
replica() {
	{
		events NEW
		events UPDATE
	} | awk '{ m[$1 " " $2] = $3 } END { for (k in m) print k, m[k] }' |
		sort
}

# shellcheck disable=SC2317 # called by wait_for
replicated() { [ "$(replica)" = "$(pins)" ]; }

variant() {
	local name changed assured served

	fresh 3
	rule "$TABLE" PREROUTING -j LBHASH --service web
	listen
	start_client t4 4 -h -n 15 -k 2
	start_client t6 6 -h -n 15 -k 2
	start_client u4 4 -u -h -n 15 -r 1
	start_client u6 6 -u -h -n 15 -r 2
	wait_for 20 replicated
	check_eq 'connections in the replica' 60 "$(replica | wc -l)"

	# The first event has the mark of the server that answered.
	served=$(grep -h '^conn ' "$T"/[tu]?.flows |
		awk '{ print $2, $3, substr($4, 2) }' | sort)
	check_same 'servers, marks of first events' "$served" \
		"$(events NEW | cut -d ' ' -f 1-3 | sort)"
	assured=$(events UPDATE | awk '$4 == "ASSURED"' |
		cut -d ' ' -f 1-2 | sort -u | wc -l)
	check_ge 'TCP connections said to be ASSURED' 30 "$assured"
	check_counters 'in peace' picked 60 repicked 0

	# s1 is removed: its connections are picked again.
	: >"$T/events"
	changed=$(pins | awk '$3 == 1' | wc -l)
	check_ge 'connections of s1' 10 "$changed"
	ctl backend del web s1
	for name in t4 t6 u4 u6; do
		next_round "$name"
	done
	wait_for 20 everyone_told "$changed"
	check_counters 's1 left' picked 60 repicked "$changed"
	check_eq 'updates with a mark that is gone' 0 \
		"$(events UPDATE | awk '$3 == 1' | wc -l)"
	check_empty 'pins that an event and conntrack differ in' \
		"$(replica | comm -23 - <(pins))"

	kill "$listener"
	wait "$listener" 2>/dev/null
	check_eq 'events that the listener lost' 0 \
		"$(grep -c ENOBUFS "$T/complaints")"
	for name in t4 t6 u4 u6; do
		stop_client "$name"
	done
}

# shellcheck disable=SC2317 # called by wait_for
everyone_told() {
	[ "$(events UPDATE | awk '$3 > 1' | cut -d ' ' -f 1-2 | sort -u |
		wc -l)" -ge "$1" ]
}

load_module
topology dsr 3
start_servers
keep_udp lb
for_each_variant variant
