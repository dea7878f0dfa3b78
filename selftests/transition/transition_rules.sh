#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Rules that track all connections and rules that track only changed slots
# replace each other while connections are open and backends come and go. Also
# the places where the latter rules are refused.
# checks: 44
. ./lib.sh
. ./lib/checks.bash
. ./transition/transition.bash

# replace TRACK: the rules for TCP
replace() {
	local tcp=(-p tcp --dport 80:81 -j LBHASH --service web --track "$1"
		${forward:+--forward})

	ipt -t raw -R PREROUTING 1 -d $VIP4 "${tcp[@]}" || fail "IPv4: $1"
	ip6t -t raw -R PREROUTING 1 -d $VIP6 "${tcp[@]}" || fail "IPv6: $1"
}

# Replace one kind of rule by the other while connections are open and backends
# come and go.
replaced_rules() {
	begin raw always
	clients
	snapshot
	check_eq 'track always: picked' 40 "${stat[picked]}"
	replace changed
	count
	all_well 'replaced by changed'
	snapshot
	check_eq 'track changed: stateless' \
		$((stat[packets] - before[packets])) \
		$((stat[stateless] - before[stateless]))
	change -b <(addition 4)
	count
	all_well 's4 came'
	snapshot
	check_ge 'known from before' 5 $((stat[pinned] - before[pinned]))
	check_eq 'not known' 0 $((stat[previous] - before[previous]))
	replace always
	change backend set web s1 state drain
	all_well 's1 drains, replaced by always'
	check_eq entries 40 "$(entries)"
	replace changed
	lb conntrack -F 2>/dev/null
	count
	all_well 'replaced by changed, everything forgotten'
	snapshot
	check_ge 'known from its slot' 15 $((stat[previous] - before[previous]))
	no_clients
	count
}

# After conntrack has run it is too late to bypass it.
refused_rules() {
	local ipt vip said n

	echo "# refused_rules: iptables-$IPT"
	fresh 3
	for ipt in ipt ip6t; do
		vip=$VIP4
		[ "$ipt" = ipt ] || vip=$VIP6
		n=$(dmesg | grep -c 'track changed works in table raw only')
		said=$("$ipt" -t mangle -A PREROUTING -d "$vip" -j LBHASH \
			--service web --track changed 2>&1) &&
			fail "$ipt: accepted in mangle"
		ok "$ipt, mangle: $said"
		check_eq 'sentences in the log' $((n + 1)) "$(dmesg |
			grep -c 'track changed works in table raw only')"
		check_eq "rules of $ipt" 0 "$("$ipt" -t mangle -S PREROUTING |
			grep -c LBHASH)"
		"$ipt" -t raw -A OUTPUT -d "$vip" -j LBHASH \
			--service web --track changed || fail "$ipt: raw OUTPUT"
	done
	check_eq 'rules that are left' 2 "$(shows rules)"
}

load_module
topology dsr 5 unmarked
start_servers
in_variant nft raw in_mode 'always forward' replaced_rules
route_by_marks lb
in_variant nft raw replaced_rules
for IPT in nft legacy; do
	refused_rules
	flush_rules
done
