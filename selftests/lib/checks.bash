# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# Asserts of several tests, on top of lib.sh.
# shellcheck disable=SC2154
# shellcheck disable=SC2034 # shared with the tests
N=100 ASKS=30
TO_PORT_80='src=([^ ]+) dst=[^ ]+ sport=([0-9]+) dport=80'

# briefly FUNCTION...: with fewer connections and fewer requests on each
briefly() {
	local N=30 ASKS=5

	"$@"
}

# hide_answers: from conntrack, as the setup guide says for two-way paths
hide_answers() {
	ipt -t raw -A PREROUTING -s "$VIP4" -j CT --notrack || fail 'IPv4'
	ip6t -t raw -A PREROUTING -s "$VIP6" -j CT --notrack || fail 'IPv6'
}

# keep_udp NAMESPACE: entries outlive the longest pause between two datagrams
keep_udp() {
	ip netns exec "$1" sysctl -qw \
		net.netfilter.nf_conntrack_udp_timeout{,_stream}="$(seconds 600)"
}

# subscribed PID: the process listens to conntrack's events in its namespace
subscribed() {
	awk '$2 == 12 && $3 != 0 && $4 != "00000000" { ok = 1 }
		END { exit !ok }' "/proc/$1/net/netlink"
}

# check_counters AT REASON N...: the service's counters, all of one moment
check_counters() {
	local want=$1: got=$1:

	snapshot
	shift
	while [ "$#" -gt 0 ]; do
		want+=" $1 $2" got+=" $1 ${stat[$1]}"
		shift 2
	done
	check_eq counters "$want" "$got"
}

# check_known NAME N GOT: the number of N connections that have a conntrack
# entry; all of them if the rule tracks all
check_known() {
	if [ "$track" = always ]; then
		check_eq "$@"
	else
		check_le "$@"
	fi
}

# memory WORD: a number of the flow memory
memory() { ctl -j memory | jq ".$1"; }

# slots in transition of web
transition_slots() { ctl -j service show web | jq '.[0].transition_slots'; }
# shellcheck disable=SC2317 # called by wait_for
settled() { [ "$(transition_slots)" -eq 0 ]; }
# few_in_transition N: at most as many as there are connections that hold them
# shellcheck disable=SC2317 # likewise
few_in_transition() { [ "$(transition_slots)" -le "$1" ]; }

# check_client AT NAME N: none of its N connections has broken or moved
check_client() {
	check_eq "$1, $2: ok, broken, moved" "$3, 0, 0" "$(
		)$(flows_of "$2" ok), $(flows_of "$2" broken), $(
		)$(flows_of "$2" moved)"
}

# check_owners NAME N FILE [udp]: N flows, "ADDRESS PORT BACKEND ..." a line,
# and the backend of each is the owner of its slot
check_owners() {
	local wrong

	awk -v proto="${4:-tcp}" -v vip4="$VIP4" -v vip6="$VIP6" '{
		v6 = $1 ~ /:/
		print "lookup web proto", proto,
		      "src", (v6 ? "[" $1 "]" : $1) ":" $2,
		      "dst", (v6 ? "[" vip6 "]" : vip4) ":80"
	}' "$3" >"$T/lookups"
	ctl -j -b "$T/lookups" >"$T/decisions" || fail "$1: lookup"
	jq -r .owner "$T/decisions" | paste -d ' ' "$3" - |
		awk '$3 != $NF' >"$T/strangers"
	wrong=$(wc -l <"$T/strangers")
	[ "$wrong" -eq 0 ] || head -n 5 "$T/strangers"
	check_eq "$1: flows, at strangers" "$2, 0" "$(wc -l <"$3"), $wrong"
}

# pins: "ADDRESS PORT MARK" of each connection to port 80
pins() {
	lb conntrack -L 2>/dev/null |
		sed -nE "s/.* $TO_PORT_80 .*mark=([0-9]+).*/\1 \2 \3/p" | sort
}
