# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# A flowtable of nftables on lb, on top of lib.sh: what it has taken over bypasses
# all rules.
# shellcheck disable=SC2154 # shared with lib.sh

# only_from_front: marks lead to servers only where clients' packets arrive. For
# the way back a flowtable asks for a route from the server to the client with the
# mark of the client's packet, and IPv6 has no objection to a routing rule's device
# that is not the one asked for: answers would go back to the server.
only_from_front() {
	local n

	for ((n = 1; n <= servers; n++)); do
		ip -6 -n lb -b - <<-END || fail 'routing rules'
			rule del pref $n
			rule add pref $n iif front fwmark $n lookup $((100 + n))
		END
	done
}

# start_flowtable: it takes over whatever is forwarded and established
start_flowtable() {
	modprobe -a nf_flow_table nft_flow_offload || fail 'no flowtables'
	# On a slow machine, too, it keeps a connection until it is told.
	lb sysctl -qw net.netfilter.nf_flowtable_tcp_timeout=900 ||
		fail 'no timeout'
	lb nft -f - <<-END || fail 'no flowtable'
		table inet fast {
			flowtable f {
				hook ingress priority 0
				devices = { front, lan }
			}
			chain forward {
				type filter hook forward priority 0
				meta l4proto tcp flow add @f
			}
		}
	END
}

end_flowtable() { lb nft delete table inet fast; }
