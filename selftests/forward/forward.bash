# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# What tests of --forward share, on top of lib.sh.
# shellcheck disable=SC2154

# addresses PATH: of all servers; PATH FAMILY N prints the address by which
# server N is reached that way
addresses() {
	local n

	for ((n = 1; n <= servers; n++)); do
		echo "backend set web s$n" \
			"address $("$1" 4 "$n") address $("$1" 6 "$n")"
	done >"$T/batch"
	ctl -b "$T/batch" || fail addresses
}

# their own, on the network that lb is on, too
on_link() {
	[ "$1" = 6 ] && echo "2001:db8:2::$((100 + $2))" ||
		echo "10.2.0.$((100 + $2))"
}

# one behind a gateway; as gateway stands the server, who has the VIP
by_gateway() { [ "$1" = 6 ] && echo "2001:db8:3:$2::1" || echo "10.3.$2.1"; }

# gateway N GATEWAY: what leads to server N goes by way of server GATEWAY
gateway() {
	ip -n lb -b - <<-END
		route replace 10.3.$1.0/24 via $(on_link 4 "$2")
		route replace 2001:db8:3:$1::/64 via $(on_link 6 "$2")
	END
}

# ways_to_servers: three, whom lb reaches directly and by gateways
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

# of_backends COUNTER: sum of all
of_backends() { ctl -j stats web | jq "[.[0].backends[].$1] | add"; }

# counter NAMESPACE NAME: one that nstat knows, since the namespace was made
counter() {
	ip netns exec "$1" nstat -asz "$2" | awk -v name="$2" '
		$1 == name { print $2 }'
}

# pings FAMILY [OPTION...]: the answers that cl got from the VIP, each of them
# should several servers answer. All requests are sent at once: ping waits for the
# last answer no longer than from one request to the next.
pings() {
	local vip=VIP$1

	cl ping "-$1" -n -l 20 -W "$(seconds 1)" -i "$(seconds 1)" "${@:2}" \
		"${!vip}" >"$T/ping" 2>&1
	grep -c '^[0-9]* bytes from ' "$T/ping"
}

# echoes FAMILY: echo requests that servers got, "s1 s2 .."
echoes() {
	local n name=IcmpInEchos

	[ "$1" = 4 ] || name=Icmp6InEchos
	for ((n = 1; n <= servers; n++)); do
		counter "s$n" "$name"
	done | paste -sd ' '
}
