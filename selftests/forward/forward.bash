# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# What tests of --forward share, on top of lib.sh.
# shellcheck disable=SC2154

# addresses PATH: give every backend its address; PATH is a function: PATH
# FAMILY N prints the address of server N on that path
addresses() {
	local n

	for ((n = 1; n <= servers; n++)); do
		echo "backend set web s$n" \
			"address $("$1" 4 "$n") address $("$1" 6 "$n")"
	done >"$T/batch"
	ctl -b "$T/batch" || fail addresses
}

# The servers' own addresses, on the network that they share with lb.
on_link() {
	[ "$1" = 6 ] && echo "2001:db8:2::$((100 + $2))" ||
		echo "10.2.0.$((100 + $2))"
}

# An address behind a gateway; the gateway is the server itself, which has the
# VIP.
by_gateway() { [ "$1" = 6 ] && echo "2001:db8:3:$2::1" || echo "10.3.$2.1"; }

# gateway N GATEWAY: packets to server N go through server GATEWAY
gateway() {
	ip -n lb -b - <<-END
		route replace 10.3.$1.0/24 via $(on_link 4 "$2")
		route replace 2001:db8:3:$1::/64 via $(on_link 6 "$2")
	END
}

# ways_to_servers: three servers, reachable directly and through gateways
ways_to_servers() {
	local n

	topology dsr 3 unmarked
	for n in 1 2 3; do
		gateway "$n" "$n"
	done
}

# forward PATH [OPTION...]: a fresh service whose rule forwards
forward() {
	fresh "$servers"
	addresses "$1"
	rule "$TABLE" PREROUTING -j LBHASH --service web --forward "${@:2}"
}

# of_backends COUNTER: its sum over all backends
of_backends() { ctl -j stats web | jq "[.[0].backends[].$1] | add"; }

# counter NAMESPACE NAME: a counter of nstat, since the namespace was made
counter() {
	ip netns exec "$1" nstat -asz "$2" | awk -v name="$2" '
		$1 == name { print $2 }'
}

# pings FAMILY [OPTION...]: the number of replies that cl got from the VIP; if
# several servers reply to a request, all replies count. All requests are sent
# at once, because ping waits for the last reply no longer than for one
# interval.
pings() {
	local vip=VIP$1

	cl ping "-$1" -n -l 20 -W "$(seconds 1)" -i "$(seconds 1)" "${@:2}" \
		"${!vip}" >"$T/ping" 2>&1
	grep -c '^[0-9]* bytes from ' "$T/ping"
}

# echoes FAMILY: the number of echo requests at each server, "N1 N2 .."
echoes() {
	local n name=IcmpInEchos

	[ "$1" = 4 ] || name=Icmp6InEchos
	for ((n = 1; n <= servers; n++)); do
		counter "s$n" "$name"
	done | paste -sd ' '
}
