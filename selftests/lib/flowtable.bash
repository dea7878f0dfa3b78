# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# A flowtable of nftables on lb, on top of lib.sh: what it has taken over bypasses
# all rules.

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
