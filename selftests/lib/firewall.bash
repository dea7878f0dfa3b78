# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# The firewall of doc/setup.md, section 5, on top of lib.sh.

guide_firewall() {
	ipt -P FORWARD DROP
	ip6t -P FORWARD DROP
	rule filter FORWARD -m conntrack --ctstate INVALID -j DROP
	rule filter FORWARD -m conntrack --ctstate ESTABLISHED,RELATED \
		-j ACCEPT
	rule filter FORWARD -p tcp --dport 80 \
		-m conntrack --ctstate NEW,UNTRACKED -j ACCEPT
}

no_firewall() {
	local ipt

	for ipt in ipt ip6t; do
		"$ipt" -P FORWARD ACCEPT
		"$ipt" -F FORWARD
	done
}
