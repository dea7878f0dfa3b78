#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# 100 open, transferring, one-way connections over 10 backends. Two more come
# and two drain: no connection breaks. The two go: exactly their connections
# break.
# timeout: 900
# by default on: 6.12
# checks: 32
. ./lib.sh

SIZE=65537

# connections_on STATE: "ADDRESS PORT SERVER" of those in the state
connections_on() {
	awk -v state="$1" '$1 == "conn" && $6 == state { print $2, $3, $4 }' \
		"$T/client.flows" | sort
}

scale() {
	local family=$1 doomed

	fresh 10
	rule "$TABLE" PREROUTING -p tcp --sport "$source_ports" \
		-j LBHASH --service web
	start_client client "$family" -p "$first_port" -n 100 -k 2 -e -i 100
	check_eq "IPv$family connections" 100 "$(flows_of client ok)"
	check_eq "backends with connections" 10 \
		"$(connections_on open | cut -d' ' -f3 | sort -u | wc -l)"

	ctl -b - <<-END || fail "add and drain two"
		backend add web s11 mark 11
		backend add web s12 mark 12
		backend set web s3 state drain
		backend set web s7 state drain
	END
	next_round client
	check_eq "two came, two drain: broken" 0 "$(flows_of client broken)"
	check_eq "two came, two drain: open" 100 "$(connections_on open | wc -l)"

	doomed=$(connections_on open | grep -E ' s(3|7)$')
	ctl -b - <<-END || fail "remove two"
		backend del web s3
		backend del web s7
	END
	next_round client
	check_same "two went: broken" "$doomed" "$(connections_on broken)"
	check_eq "two went: open" $((100 - $(wc -l <<<"$doomed"))) \
		"$(connections_on open | wc -l)"
	snapshot
	check_eq picked 100 "${stat[picked]}"
	check_eq repicked "$(wc -l <<<"$doomed")" "${stat[repicked]}"
	stop_client client
}

both_families() {
	scale 4
	scale 6
}

load_module
topology dsr 12
start_servers
for_each_variant both_families
