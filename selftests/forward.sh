#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# -j LBHASH --forward: servers on the balancer's own network, and behind a
# gateway. No routing rule takes part.
# timeout: 600
. ./lib.sh
. ./checks.bash

# no_rules: lb has the kernel's own ones only
no_rules() {
	local family n

	for family in -4 -6; do
		ip "$family" -n lb -b - <<<$'rule add pref 0 lookup local\nrule del pref 9999'
		for ((n = 1; n <= servers; n++)); do
			ip "$family" -n lb rule del pref "$n"
		done
	done
}

# addresses PATH: of all servers, see below
addresses() {
	local n

	for ((n = 1; n <= servers; n++)); do
		echo "backend set web s$n" \
			"address $("$1" 4 "$n") address $("$1" 6 "$n")"
	done >"$T/batch"
	ctl -b "$T/batch" || fail addresses
}

# PATH FAMILY N: the address by which server N is reached that way
on_link() {
	[ "$1" = 6 ] && echo "2001:db8:2::$((100 + $2))" ||
		echo "10.2.0.$((100 + $2))"
}
by_gateway() { [ "$1" = 6 ] && echo "2001:db8:3:$2::1" || echo "10.3.$2.1"; }

# Who is asked for the address of the gateway has the VIP.
add_gateways() {
	local n

	for ((n = 1; n <= servers; n++)); do
		ip -n lb -b - <<-END
			route add 10.3.$n.0/24 via $(on_link 4 "$n")
			route add 2001:db8:3:$n::/64 via $(on_link 6 "$n")
		END
	done
}

# of_backends COUNTER: sum of all
of_backends() { ctl -j stats web | jq "[.[0].backends[].$1] | add"; }

# works TRACK PATH FAMILY
works() {
	start_client client "$3" -p "$first_port" -n 20 -k 3 -h
	check_eq "IPv$3 connections that work" 20 "$(flows_of client ok)"
	stop_client client
	check_eq 'closed in good order' 20 \
		"$(grep -cw closed "$T/client.flows")"
	servers_report
	wait_for 20 all_arrived
	check_eq 'packets on the servers' "${stat[packets]}" \
		"$(packets_arrived '')"
	[ "$1" = always ] || return 0
	check_eq 'picked, adopted' '20, 20' \
		"${stat[picked]}, ${stat[adopted]}"
}

# works_by TRACK PATH
works_by() {
	local family

	echo "# iptables-$IPT, $TABLE, track $1, $2"
	for family in 4 6; do
		fresh 3
		addresses "$2"
		rule "$TABLE" PREROUTING -j LBHASH --service web --track "$1" \
			--forward
		works "$1" "$2" "$family"
		check_eq 'left to routing' 0 "$(of_backends unforwarded)"
		flush_rules
	done
}

load_module
topology dsr 3
no_rules
add_gateways
start_servers
IPT=legacy TABLE=raw
works_by always on_link
works_by changed by_gateway
IPT=nft
works_by always by_gateway
TABLE=mangle
works_by never on_link
