#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# TCP of which the balancer sees both halves, because the servers' way back
# leads through it or because it masquerades: nothing to adopt, nothing INVALID.
# timeout: 900
. ./lib.sh

two_way() {
	local family=$1 path=$2 invalid

	echo "# IPv$family, $path"
	fresh 3
	rule "$TABLE" PREROUTING -p tcp --sport "$source_ports" \
		-j LBHASH --service web
	[ "$path" = routed ] ||
		rule nat POSTROUTING -p tcp -j MASQUERADE
	invalid=$(conntrack_stat invalid)

	start_client client "$family" -p "$first_port" -n 100 -k 30 -h
	check_eq "IPv$family connections that work, $path" 100 \
		"$(flows_of client ok)"
	check_eq "ESTABLISHED and ASSURED" 100 \
		"$(lb conntrack -L -f "ipv$family" -p tcp 2>/dev/null |
			grep -w ESTABLISHED | grep -cw ASSURED)"
	stop_client client

	check_eq "connections closed in good order" 100 \
		"$(grep -cw closed "$T/client.flows")"
	servers_report
	wait_for 20 all_arrived
	check_eq "packets on the servers" "${stat[packets]}" \
		"$(packets_arrived '')"
	check_eq "the servers saw" "$path" "$(awk '
		$2 == "10.2.0.1" || $2 == "2001:db8:2::1" { seen["masqueraded"] }
		$2 == "192.0.2.1" || $2 == "2001:db8:c::1" { seen["routed"] }
		END { for (path in seen) print path }' "$T/servers.flows")"
	check_eq picked 100 "${stat[picked]}"
	check_eq adopted 0 "${stat[adopted]}"
	check_eq "pinned: all the others" $((stat[packets] - 100)) \
		"${stat[pinned]}"
	check_eq INVALID 0 $(($(conntrack_stat invalid) - invalid))
}

# Each table and family takes both paths.
both_families() {
	if [ "$IPT" = legacy ]; then
		two_way 4 routed
		two_way 6 masqueraded
	else
		two_way 4 masqueraded
		two_way 6 routed
	fi
}

load_module
topology twoway 3
start_servers
for_each_variant both_families
