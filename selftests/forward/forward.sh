#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# -j LBHASH --forward on every kind of path to a server: the network that it
# shares with the balancer, a gateway, a tunnel, a VLAN, a bridge. No routing
# rule is involved.
# timeout: 600
# checks: 62
. ./lib.sh
. ./lib/checks.bash
. ./forward/forward.bash

# tunnel KIND OUTER INNER N [OPTION...]: a device tunNINNER in lb that carries
# IPvINNER inside IPvOUTER, and its other end in server N, which decapsulates
tunnel() {
	local here there type=$1 n=$4 dev=tun$4$3

	here=$(on_link "$2" -99) there=$(on_link "$2" "$n")
	ip -n lb link add "$dev" type "$type" local "$here" remote "$there" \
		"${@:5}" || fail "tunnel $1"
	srv "$n" ip link add "$dev" type "$type" local "$there" \
		remote "$here" "${@:5}" || fail "tunnel $1"
	ip -n lb link set "$dev" up
	ip -n "s$n" link set "$dev" up
	if [ "$3" = 4 ]; then
		ip -n lb route add "10.4.$n.0/24" dev "$dev"
		ip -n "s$n" addr add "10.4.$n.1/24" dev "$dev"
	else
		ip -n lb route add "2001:db8:4:$n::/64" dev "$dev"
		ip -n "s$n" addr add "2001:db8:4:$n::1/64" dev "$dev" nodad
	fi
}

add_tunnels() {
	tunnel ipip 4 4 1
	tunnel ip6tnl 6 6 1 mode ip6ip6
	tunnel gre 4 4 2
	tunnel ip6gre 6 6 2
	tunnel vxlan 4 4 3 id 4 dstport 4789
	tunnel vxlan 4 6 3 id 6 dstport 4790
}
by_tunnel() { [ "$1" = 6 ] && echo "2001:db8:4:$2::1" || echo "10.4.$2.1"; }

add_vlan() {
	local ns n

	for n in 0 1 2 3; do
		ns=s$n
		[ "$n" != 0 ] || ns=lb
		ip -n "$ns" -b - <<-END
			link add link lan name vlan type vlan id 7
			addr add 10.5.0.$((100 + n))/24 dev vlan
			addr add 2001:db8:5::$((100 + n))/64 dev vlan nodad
			link set vlan up
		END
	done
}
by_vlan() {
	[ "$1" = 6 ] && echo "2001:db8:5::$((100 + $2))" ||
		echo "10.5.0.$((100 + $2))"
}

# A second way to the switch, through a bridge in lb.
add_bridge() {
	local n

	ip -n lb link add bridge type bridge
	ip -n lb link add port type veth peer name bridge netns sw
	ip -n sw -b - <<<$'link set bridge master switch\nlink set bridge up'
	ip -n lb -b - <<-END
		link set port master bridge
		link set port up
		addr add 10.6.0.100/24 dev bridge
		addr add 2001:db8:6::100/64 dev bridge nodad
		link set bridge up
	END
	for n in 1 2 3; do
		ip -n "s$n" addr add "10.6.0.$((100 + n))/24" dev lan
		ip -n "s$n" addr add "2001:db8:6::$((100 + n))/64" dev lan nodad
	done
}
by_bridge() {
	[ "$1" = 6 ] && echo "2001:db8:6::$((100 + $2))" ||
		echo "10.6.0.$((100 + $2))"
}

# works TRACK FAMILY PATH
works() {
	start_client client "$2" -p "$first_port" -n 20 -k 3 -h
	check_eq "IPv$2 connections that work" 20 "$(flows_of client ok)"
	stop_client client
	check_eq 'closed in good order' 20 \
		"$(grep -cw closed "$T/client.flows")"
	servers_report
	# The servers count each packet on the VLAN and on the device below.
	[ "$3" = by_vlan ] || wait_for 20 all_arrived
	check_ge 'packets on the servers' "${stat[packets]}" \
		"$(packets_arrived '')"
	check_eq 'servers that got some' 3 \
		"$(awk '{ print $4 }' "$T/servers.flows" | sort -u | wc -l)"
	[ "$1" = always ] || return 0
	snapshot
	check_eq 'picked, adopted' '20, 20' \
		"${stat[picked]}, ${stat[adopted]}"
}

# works_by PATH TRACK
works_by() {
	local family

	echo "# iptables-$IPT, $TABLE, track $2, $1"
	for family in 4 6; do
		forward "$1" --track "$2"
		works "$2" "$family" "$1"
		check_eq 'left to routing' 0 "$(of_backends unforwarded)"
		flush_rules
	done
}

# Slots change hands, connections do not.
stays() {
	local family name

	echo "# iptables-$IPT, $TABLE, track changed, while backends change"
	forward on_link --track changed
	for family in 4 6; do
		start_client "old$family" "$family" -p "$first_port" -n 60 -h
	done
	ctl backend set web s1 state drain
	ctl backend set web s2 weight 5
	for family in 4 6; do
		start_client "new$family" "$family" -p "$((first_port + 200))" \
			-n 60 -h
	done
	check_ge 'slots in transition' 1000 "$(transition_slots)"
	ctl backend set web s3 state drain
	for name in old4 old6 new4 new6; do
		next_round "$name"
		check_client 'after three changes' "$name" 60
		stop_client "$name"
	done
	check_eq 'left to routing' 0 "$(of_backends unforwarded)"
	flush_rules
}

load_module
ways_to_servers
start_servers
works_by on_link always
works_by by_gateway changed
stays
IPT=nft
add_vlan
works_by by_vlan never
add_bridge
works_by by_bridge always
TABLE=mangle
add_tunnels
works_by by_tunnel always
