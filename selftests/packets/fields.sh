#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# timeout: 600
#
# The fields of the hash decide which packets stay together: packets that agree
# in them reach one backend, others are spread. Tested are a client's network,
# with separate prefixes for IPv4 and IPv6; the network of the VIP; addresses
# only; ports only, across the families.
# boot: udp
# by default on: 6.12
# checks: 60
. ./lib.sh
. ./lib/packets.bash

# "FLOWS GROUPS MIXED SERVERS" of the reports in $T: all flows, groups by KEY of
# at least two flows, those of them with at least two servers, and all servers
cat >"$T/group.py" <<'END'
import collections, ipaddress, sys

def network(address, bits4, bits6):
    bits = bits6 if ":" in address else bits4
    return ipaddress.ip_network(address + "/" + bits, strict=False)

keys = {
    "network": lambda address, port, bits: network(address, *bits),
    "sport": lambda address, port, bits: port,
}
key, bits = keys[sys.argv[1]], sys.argv[2:4]
groups = collections.defaultdict(list)
for line in sys.stdin:
    address, port, server = line.split()
    groups[key(address, port, bits)].append(server)
several = [group for group in groups.values() if len(group) > 1]
print(sum(map(len, groups.values())), len(several),
      sum(len(set(group)) > 1 for group in several),
      len(set(sum(groups.values(), []))))
END

# flows OPTION...: 300 UDP sockets of each family, and the answering servers
flows() {
	local family

	for family in 4 6; do
		start_client "$family" "$family" -u -h -n 300 "$@"
		stop_client "$family"
	done
	awk '$1 == "conn" { print $2, $3, $4 }' "$T"/[46].flows >"$T/answers"
}

# together HASH KEY ARGUMENT...: flows with the same KEY are together if the
# hash has no other field, and are spread if it has all
together() {
	local hash=$1 all groups mixed on

	fresh 5 hash "$hash"
	rule raw PREROUTING -p udp -j LBHASH --service web --track never
	flows "${options[@]}"
	read -r all groups mixed on < <(python3 "$T/group.py" "${@:2}" \
		<"$T/answers")
	check_eq "$hash: flows" 600 "$all"
	check_ge "$hash: groups of several" 30 "$groups"
	check_eq "$hash: groups that are apart" 0 "$mixed"
	check_ge "$hash: backends used" 4 "$on"

	fresh 5
	rule raw PREROUTING -p udp -j LBHASH --service web --track never
	flows "${options[@]}"
	read -r all groups mixed on < <(python3 "$T/group.py" "${@:2}" \
		<"$T/answers")
	check_ge "all fields: groups that are apart" $((groups / 2)) "$mixed"
}

# grouped NAME BITS4 BITS6 LEAST MOST: of the groups by networks of that size,
# LEAST to MOST are spread over servers
grouped() {
	local all groups mixed on

	read -r all groups mixed on < <(python3 "$T/group.py" network "$2" "$3" \
		<"$T/answers")
	check_ge "$1, by /$2 and /$3: groups of several" 20 "$groups"
	check_ge "$1, by /$2 and /$3: groups that are apart" "$4" "$mixed"
	check_le "$1, by /$2 and /$3: groups that are apart" "$5" "$mixed"
	check_eq "$1: flows, backends used" '512, 5' "$all, $on"
}

# virtual_networks BITS4 BITS6: 256 packets of each family, from as many
# sources, to the lowest and the highest two addresses of both halves of 64
# adjacent networks of that size. With one bit less in the hash two neighbours
# are together, with one more the halves are spread.
virtual_networks() {
	local bits

	for bits in -1 0 1; do
		fresh 5 hash "dst/$(($1 + bits)),dst/$(($2 + bits))"
		ipt -t raw -A PREROUTING -d 198.0.0.0/8 -p udp \
			-j LBHASH --service web --track never || fail rule
		ip6t -t raw -A PREROUTING -d 2001:db8:f::/48 -p udp \
			-j LBHASH --service web --track never || fail rule
		ask networks 4 "$1"
		cp "$T/answer" "$T/answers"
		ask networks 6 "$2"
		cat "$T/answer" >>"$T/answers"
		what="dst/$(($1 + bits)),dst/$(($2 + bits))"
		case $bits in
		-1) grouped "$what" $(($1 - 1)) $(($2 - 1)) 0 0 ;;
		0)
			grouped "$what" "$1" "$2" 0 0
			grouped "$what" $(($1 - 1)) $(($2 - 1)) 30 64
			;;
		1)
			grouped "$what" $(($1 + 1)) $(($2 + 1)) 0 0
			grouped "$what" "$1" "$2" 60 128
			;;
		esac
	done
}

load_module
topology dsr 5
start_packets packets/fields
virtual_networks 24 64
virtual_networks 19 69
start_servers
options=(-r 4711)
together src/28,src/68 network 28 68
together src/30,dst,src/72 network 30 72
together src,dst network 32 128
options=(-p 40000)
together sport,dport sport
