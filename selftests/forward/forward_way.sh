#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# --forward while the path to a server changes: neighbours that are unresolved
# or do not answer, routes that move, come and go, devices that go, addresses
# that change.
# timeout: 600
# boot: forward
# checks: 44
. ./lib.sh
. ./forward/forward.bash

# sources FAMILY: for each server, an address of cl that is balanced to it
sources() {
	local vip=VIP$1 net=192.0.2. i word

	[ "$1" = 4 ] || net=2001:db8:c::
	for i in {10..60}; do
		echo "lookup web proto $(protocol "$1") src $net$i dst ${!vip}"
	done >"$T/lookups"
	ctl -j -b "$T/lookups" | jq -r .backend >"$T/owners"
	for i in 1 2 3; do
		word=$(grep -nm 1 "^s$i$" "$T/owners") || fail "no source for s$i"
		source[$1$i]=$net$((9 + ${word%%:*}))
		cl ip addr replace "${source[$1$i]}/$(($1 == 4 ? 24 : 128))" \
			dev lo
	done
}
declare -A source=()
protocol() { [ "$1" = 4 ] && echo 1 || echo 58; }

# asks FAMILY N COUNT [OPTION...]: replies of server N to COUNT requests
asks() { pings "$1" -I "${source[$1$2]}" -c "$3" "${@:4}"; }

# of_backend N COUNTER
of_backend() {
	ctl -j stats web | jq ".[0].backends[] | select(.name == \"s$1\").$2"
}

# check_grown NAME N COUNTER WANT FROM: the counter grew by WANT since FROM
check_grown() {
	check_eq "$1" "$4" $(($(of_backend "$2" "$3") - $5))
}

# A burst that comes before the neighbour is resolved waits for it.
unknown_neighbour() {
	local before

	before=$(of_backend 1 unresolved)
	lb ip neigh flush dev lan nud all
	check_eq "IPv$1, neighbour not known yet: answers" 20 \
		"$(asks "$1" 1 20 -W "$(seconds 10)")"
	check_ge "IPv$1, neighbour not known yet: counted" 1 \
		$(($(of_backend 1 unresolved) - before))
}

# s2 is gone; packets to it are lost and counted, others' are not
dead_neighbour() {
	local before

	ip -n s2 link set lan down
	lb ip neigh flush dev lan nud all
	pings "$1" -c 1 -I "${source[${1}1]}" >/dev/null
	before=$(of_backend 2 unresolved)
	check_eq "IPv$1, neighbour dead: answers" 0 "$(asks "$1" 2 10)"
	check_grown "IPv$1, neighbour dead: counted" 2 unresolved 10 "$before"
	check_eq "IPv$1, neighbour dead: others' answers" 20 \
		"$(asks "$1" 1 20)"
	ip -n s2 link set lan up
	ip -n s2 addr replace "$(on_link 6 2)/64" dev lan nodad
	ip -n s2 route replace 192.0.2.0/24 via 10.2.0.2
	ip -n s2 route replace 2001:db8:c::/64 via 2001:db8:2::2
	wait_for 20 answered "$1" 2
}
answered() { [ "$(asks "$1" "$2" 1)" = 1 ]; }

# echoes_of N FAMILY: echo requests that server N got
echoes_of() { echoes "$2" | cut -d ' ' -f "$1"; }

# Each packet takes the routes of its moment.
moving_routes() {
	local before

	before=$(echoes_of 3 "$1")
	gateway 1 3
	check_eq "IPv$1, route moved: answers" 5 "$(asks "$1" 1 5)"
	check_eq "IPv$1, route moved: at the new gateway" 5 \
		$(($(echoes_of 3 "$1") - before))

	ip -n lb route replace 10.3.1.0/24 \
		nexthop via 10.2.0.101 nexthop via 10.2.0.103
	ip -n lb route replace 2001:db8:3:1::/64 \
		nexthop via 2001:db8:2::101 nexthop via 2001:db8:2::103
	check_eq "IPv$1, two ways: answers" 5 "$(asks "$1" 1 5)"
	ip -n lb -6 route del 2001:db8:3:1::/64
	ip -n lb route replace 10.3.1.0/24 via inet6 2001:db8:2::101
	[ "$1" = 6 ] || check_eq 'IPv4, a gateway with IPv6: answers' 5 \
		"$(asks "$1" 1 5)"
	gateway 1 1

	before=$(of_backend 1 unforwarded)
	ip -n lb route del 10.3.1.0/24
	ip -n lb route del 2001:db8:3:1::/64
	check_eq "IPv$1, no route: answers" 0 "$(asks "$1" 1 5)"
	check_grown "IPv$1, no route: counted" 1 unforwarded 5 "$before"
	check_eq "IPv$1, no route: others' answers" 5 "$(asks "$1" 2 5)"

	before=$(of_backend 1 unforwarded)
	ip -n lb route add unreachable 10.3.1.0/24
	ip -n lb route add blackhole 2001:db8:3:1::/64
	check_eq "IPv$1, route to nowhere: answers" 0 "$(asks "$1" 1 5)"
	check_grown "IPv$1, route to nowhere: counted" 1 unforwarded 5 "$before"
	ip -n lb route del 10.3.1.0/24
	ip -n lb route del 2001:db8:3:1::/64

	gateway 1 1
	check_eq "IPv$1, route back: answers" 5 "$(asks "$1" 1 5)"
}

# The cached route does not hold its device.
going_device() {
	local before

	ip -n lb link add gone type dummy
	ip -n lb -b - <<-END
		addr add 10.7.0.1/24 dev gone
		addr add 2001:db8:7::1/64 dev gone nodad
		link set gone up
	END
	ctl backend set web s1 address 10.7.0.101 address 2001:db8:7::101
	lb ip neigh replace 10.7.0.101 lladdr 02:00:00:00:00:01 dev gone
	lb ip neigh replace 2001:db8:7::101 lladdr 02:00:00:00:00:01 dev gone
	before=$(lb cat /sys/class/net/gone/statistics/tx_packets)
	check_eq "IPv$1, device that swallows: answers" 0 "$(asks "$1" 1 5)"
	check_ge "IPv$1, device that swallows: packets" 5 \
		$(($(lb cat /sys/class/net/gone/statistics/tx_packets) - before))
	before=$(of_backend 1 unforwarded)
	# Deletion waits as long as there is a reference.
	timeout "$(seconds 10)" ip -n lb link del gone || fail 'the device stays'
	check_eq "IPv$1, device gone: answers" 0 "$(asks "$1" 1 5)"
	check_grown "IPv$1, device gone: counted" 1 unforwarded 5 "$before"
	addresses on_link
	check_eq "IPv$1, another address: answers" 5 "$(asks "$1" 1 5)"
}

# Devices come and go; packets sent while there is one arrive.
restless() {
	local n=0

	pings "$1" -I "${source[${1}1]}" -w "$(seconds 15)" -l 1 -i 0.002 \
		>/dev/null &
	while ! gone "$!"; do
		ip -n lb link add restless type dummy
		ip -n lb -b - <<-END
			link set restless up
			route replace 10.2.0.101/32 dev restless
			route replace 2001:db8:2::101/128 dev restless
		END
		wait_for 10 has_sent restless
		timeout "$(seconds 10)" ip -n lb link del restless ||
			fail 'the device stays'
		n=$((n + 1))
	done
	check_ge "IPv$1, devices that came and went in between" 3 "$n"
	check_eq "IPv$1, afterwards: answers" 5 "$(asks "$1" 1 5)"
}
has_sent() {
	gone "$!" || [ "$(lb cat "/sys/class/net/$1/statistics/tx_packets")" -gt 20 ]
}

load_module
ways_to_servers
forward on_link
for family in 4 6; do
	sources "$family"
	unknown_neighbour "$family"
	dead_neighbour "$family"
	addresses by_gateway
	moving_routes "$family"
	going_device "$family"
	restless "$family"
done

# Deleting the namespace frees everything, rules and routes in use as well.
timeout "$(seconds 20)" ip netns del lb || fail 'the namespace stays'
wait_for 20 modprobe -r xt_lbhash
ok 'namespace and module are gone'
