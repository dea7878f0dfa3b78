#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Path MTU discovery through the VIP. The servers answer by way of three
# routers, whose links become narrower and narrower:
#
#	s1 s2 s3 -- sw --1500-- r1 --1480-- r2 --1440-- r3 --1400-- cl
#
# A router sends its error to the source of the packet that does not fit, the
# VIP, which leads to lb: lb must find the server that sent the packet.
# timeout: 600
# checks: 222
. ./lib.sh
. ./lib/packets.bash

# add_hop FROM TO NET MTU: a veth between two routers or to cl
add_hop() {
	ip -n "$1" link add "to-$2" mtu "$4" type veth peer name "from-$1" \
		mtu "$4" netns "$2"
	ip netns exec "$1" ethtool -K "to-$2" tso off gso off gro off >/dev/null
	ip -n "$1" -b - <<-END
		addr add 10.$3.0.1/24 dev to-$2
		addr add 2001:db8:$3::1/64 dev to-$2 nodad
		link set to-$2 up
		route add 192.0.2.0/24 via 10.$3.0.2
		route add 2001:db8:c::/64 via 2001:db8:$3::2
	END
	ip -n "$2" -b - <<-END
		addr add 10.$3.0.2/24 dev from-$1
		addr add 2001:db8:$3::2/64 dev from-$1 nodad
		link set from-$1 up
	END
	# Packets from a router to a server take the same path back.
	[ "$1" = r1 ] || return 0
	ip -n r1 -b - <<-END
		route add $VIP4 via 10.2.0.1
		route add $VIP6 via 2001:db8:2::1
	END
}

narrow_path() {
	local r

	for r in r1 r2 r3; do
		add_namespace "$r" 1
	done
	ip -n cl link del back
	add_link r1 lan 2.0.2 sw r1
	ip -n sw link set r1 master switch
	add_hop r1 r2 11 1480
	add_hop r2 r3 12 1440
	add_hop r3 cl 13 1400
	for r in 2 3; do
		ip -n "r$r" -b - <<-END
			route add default via 10.$((9 + r)).0.1
			route add default via 2001:db8:$((9 + r))::1
		END
	done
}

# errors FAMILY: the total that the servers have received
errors() {
	local n counter='^Icmp6InPktTooBigs '

	[ "$1" = 6 ] || counter='^IcmpInDestUnreachs '
	for n in 1 2 3; do
		srv "$n" nstat -asz
	done | awk -v counter="$counter" '$0 ~ counter { n += $2 }
		END { print n }'
}

# download FAMILY WHAT: between requests and answers, lb's entries expire or
# slots move, depending on WHAT
download() {
	local before name="IPv$1, $2" n

	lb conntrack -F 2>/dev/null
	before=$(errors "$1")
	ask connect "$1" "$next"
	check_eq "$name: clients with a request" 20 "$(got connected)"
	case $2 in
	expired)
		lb conntrack -D 2>"$T/log" >&2
		check_eq "$name: entries that lb forgot" 20 \
			"$(grep -o '[0-9]* flow entries' "$T/log" |
				cut -d ' ' -f 1)"
		;;
	moved)
		ctl backend set web s2 state drain || fail 's2 drains'
		check_ge "$name: downloads from a previous owner" 3 \
			"$(srv 2 ss -Htn state established | grep -c .)"
		;;
	esac
	ask finish
	check_eq "$name: whole downloads" 20 "$(got whole)"
	# An error about a SYN alone goes home, and not where the SYN went.
	[ "$2" != moved ] || ctl backend set web s2 state up || fail 's2 is up'
	snapshot
	n=$(($(errors "$1") - before))
	check_ge "$name: errors that servers got, 3 routers each" 60 "$n"
	check_eq "$name: errors that LBHASH sent there" \
		$((total + n)) "${stat[related]}"
	total=$((total + n))
	next=$((next + 20))
}

# crafted FAMILY: every kind of error, quoting 8 bytes of the payload
crafted() {
	local kind sent

	ask begin "$1"
	sent=$(got sent)
	check_eq "IPv$1: first packets, lost" "36, 0" "$sent, $(got lost)"
	check_eq "IPv$1: servers used" 3 "$(got servers)"
	for kind in unreachable source-quench frag-needed packet-too-big \
		time-exceeded parameter-problem; do
		case $1$kind in
		4packet-too-big | 6source-quench | 6frag-needed) continue ;;
		esac
		ask errors "$1" "$kind"
		total=$((total + sent))
		check_eq "IPv$1: $kind, lost out of 36" 0 "$(got lost)"
		check_eq "IPv$1: $kind, at another server" 0 "$(got moved)"
	done
	snapshot
	check_eq "IPv$1: counted as related" "$total" "${stat[related]}"

	ask foreign "$1"
	snapshot
	malformed=$((malformed + $(got sent)))
	check_eq "IPv$1: not about the VIP, honoured" 0 "$(got passed)"
	check_eq "IPv$1: not about the VIP, counted as malformed" \
		"$malformed" "${stat[malformed]}"
}

# discovery WHAT
discovery() {
	local family next=1 total malformed

	for family in 4 6; do
		fresh 3
		balance any
		total=0 malformed=0
		for_servers ip route flush cache
		for_servers ip -6 route flush cache
		download "$family" "$1"
		crafted "$family"
	done
}

# variant FLAVOUR TABLE MODE WHAT
variant() { in_variant "$1" "$2" in_mode "$3" discovery "$4"; }

for_servers() {
	local n

	for n in 1 2 3; do
		srv "$n" "$@"
	done
}

# no_resets -A|-D: cl does not reset connections that it does not know: a reset
# would remove the entry, and the error would go to the previous owner
no_resets() {
	cl iptables-legacy "$1" OUTPUT -p tcp --tcp-flags RST RST -j DROP
	cl ip6tables-legacy "$1" OUTPUT -p tcp --tcp-flags RST RST -j DROP
}

load_module
topology dsr 3 unmarked
narrow_path
start_packets packets/pmtu
variant nft raw 'changed forward' absent
no_resets -A
variant legacy raw 'changed forward' moved
no_resets -D
route_by_marks lb
variant legacy raw always present
variant nft raw always expired
variant nft raw never absent
variant legacy mangle always expired
