#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# timeout: 900
#
# A client reuses its source ports while conntrack still has entries for them.
# For every end of the old connection and every change of backends, the first
# SYN of the new connection reaches the owner of its slot: of thousands of
# connections none is lost or reaches another server. SOAK=1 makes it 30,000.
# by default on: 6.12
# checks: 88
. ./lib.sh
. ./lib/checks.bash
. ./tracking/reopen.bash

# With these, 24 rounds open 5,376 connections; in a soak 30,720.
ports=28
[ -z "${SOAK:-}" ] || ports=160
ports=$(few "$ports")

# curls: how many of 200 requests are answered, each on a connection of its own;
# in one process, to save time
curls() {
	local i

	for ((i = 1; i <= 100; i++)); do
		printf 'url = http://%s/\noutput = %s\n' \
			"$VIP4" /dev/null "[$VIP6]" /dev/null
	done >"$T/curls"
	cl curl -gsS --local-port 20000-20099 -H 'Connection: close' \
		--max-time "$(seconds 20)" -K "$T/curls" \
		-w '%{http_code} %{num_connects}\n' |
		awk '$1 == 200 && $2 == 1 { n++ } END { print n + 0 }'
}

load_module
topology dsr 4
start_both_ends
on_paths for_each_variant passes
check_ge 'short connections' "$(few 5000)" "$opened"
rule raw PREROUTING -p tcp --dport 80 -j LBHASH --service web
servers_report
again=$(syn_retransmits)
check_eq 'curls that are answered' 200 "$(curls)"
again=$(($(syn_retransmits) - again))
servers_report
check_eq 'SYNs of curls that arrived' $((200 + again)) \
	"$(awk '{ n += $6 } END { print n + 0 }' "$T/servers.flows")"
check_eq 'ports of curls that several servers saw' 0 \
	"$(cut -d ' ' -f 2,3 "$T/servers.flows" | sort | uniq -d | wc -l)"
