# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# A second balancer, lb2, on top of lib.sh.
# shellcheck disable=SC2154 # shared with lib.sh

ctl2() { lbhashctl -n lb2 "$@"; }

# second_balancer: it has a network of its own to the client
second_balancer() {
	add_namespace lb2 1
	add_link cl front2 3.0.2 lb2 front
	add_link lb2 lan 2.0.3 sw lb2
	ip -n sw link set lb2 master switch
	ip -n lb2 -b - <<-END
		addr add 10.3.0.1/24 dev front
		addr add 2001:db8:3::1/64 dev front nodad
	END
	route_by_marks lb2
}
