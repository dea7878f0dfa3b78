# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# For selftests with packets/sctp.py, on top of lib.sh: four servers.

# add_addresses: a second VIP on the servers, and the clients' routes to it
add_addresses() {
	local n

	for n in 1 2 3 4; do
		ip -n "s$n" addr add 198.51.100.11/32 dev lo
		ip -n "s$n" addr add 2001:db8:f::11/128 dev lo nodad
	done
	ip -n cl route add 198.51.100.11 via 10.1.0.1
	ip -n cl route add 2001:db8:f::11 via 2001:db8:1::1
}

none_left() { [ "$(cl grep -c . /proc/net/sctp/assocs)" -eq 1 ]; }

# close_all: returns when the shutdown handshakes are complete
close_all() {
	ask close
	wait_for 20 none_left
}
