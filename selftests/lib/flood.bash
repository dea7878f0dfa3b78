# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# Where the packets of a flood go, whose sources are spoofed, on top of lib.sh.

# flood_sink: packets from 203.0.113.0/24 and 2001:db8:bad::/48 leave lb through
# a device of their own, whatever their mark
flood_sink() {
	ip -n lb -b - <<-END
		link add sink type dummy
		link set sink up
		rule add pref 0 from 203.0.113.0/24 lookup 900
		route add default dev sink table 900
	END
	ip -6 -n lb -b - <<-END
		rule add pref 0 from 2001:db8:bad::/48 lookup 900
		route add default dev sink table 900
	END
	count_sunk
}

# count_sunk: packets with a mark that leave through that device, when rules have
# been flushed
count_sunk() {
	local ipt

	for ipt in ipt ip6t; do
		"$ipt" -t mangle -A POSTROUTING -o sink -m mark ! --mark 0 \
			-m comment --comment flood
	done
}

# sunk: their number
sunk() {
	{
		ipt -t mangle -nvxL POSTROUTING
		ip6t -t mangle -nvxL POSTROUTING
	} | awk '/flood/ { n += $1 } END { print n + 0 }'
}

# flooded_memory LIMIT: after crowd.bash; four servers, of which three are
# backends, and a flow memory of at most LIMIT entries
flooded_memory() {
	load_module
	topology dsr 4
	start_servers
	crowd_here
	fresh 3
	flood_sink
	ctl set memory "$1" || fail 'no limit'
}
