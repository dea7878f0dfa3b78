# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# For selftests of slots that change hands: packets of flows that no host
# answers, the kernel's answers to lookup, and the servers that got the packets.
#
# A block is 40 flows of each family, and is named by the port before its first.
# There is no listener at their destination, so only the test sends packets.
# shellcheck disable=SC2034,SC2154 # shared with lib.sh and the tests
SIZE=2039 FLOWS=40 PORT=81
ALL=$((2 * FLOWS))
declare -A before=()

# --- flows -------------------------------------------------------------------

# lookups PROTO BLOCK: the lookups of its flows
lookups() {
	local n

	for ((n = 1; n <= FLOWS; n++)); do
		echo "lookup web proto $1" \
			"src 192.0.2.$n:$(($2 + n)) dst $VIP4:$PORT"
	done
	for ((n = 1; n <= FLOWS; n++)); do
		echo "lookup web proto $1" \
			"src [2001:db8:c::$n]:$(($2 + n)) dst [$VIP6]:$PORT"
	done
}

# look PROTO BLOCK: the kernel's answers for the flows, and the history of their
# slots. The block becomes the current one.
look() {
	proto=$1 block=$2
	[ -e "$T/lookups.$*" ] || lookups "$@" >"$T/lookups.$*"
	ctl -j -b "$T/lookups.$*" | jq -r '[.slot, .owner, .previous, .pinned,
		.backend, .reason] | map(. // "-") | join(" ")' >"$T/says"
	awk 'FILENAME ~ /slots$/ {
			home[FNR - 1] = $1
			was[FNR - 1] = $(NF > 1 ? NF - 1 : 1)
			for (i = 2; i <= NF; i++)
				changes[FNR - 1] += $i != $(i - 1)
			next
		}
		{ print $0, changes[$1] + 0, home[$1], was[$1] }' \
		"$T/slots" "$T/says" >"$T/look"
}

# number_of CONDITION: flows of the block for which it is true. "home" is the
# first owner of the flow's slot, "was" the owner before the last change,
# "changes" the number of changes of owner, "at" the server that got the flow's
# last packet; all other words are those of lookup.
number_of() {
	awk -v track="$track" "{
		slot = \$1; owner = \$2; previous = \$3; pinned = \$4
		backend = \$5; reason = \$6; changes = \$7; home = \$8; was = \$9
		at = \$10
	}
	${1//[$'\n\t']/ } { n++; next }
	{ print >\"$T/others\" }
	END { print n + 0 }" "$T/look"
}

# check_flows NAME CONDITION: it is true for all of the block's flows
check_flows() {
	local n

	n=$(number_of "$2")
	[ "$n" -eq $ALL ] || head -n 5 "$T/others" | sed 's/^/# not so: /'
	check_eq "$1: flows" $ALL "$n"
}

# send QUESTION WORD: a packet of each flow, or an error about it
send() {
	local family

	for family in 4 6; do
		ask "$1" "$family" 1 $FLOWS $PORT "$block" "$2"
		cut -d ' ' -f 2 "$T/answer" >"$T/at.$family"
	done
	cut -d ' ' -f 1-9 "$T/look" |
		paste -d ' ' - <(cat "$T/at.4" "$T/at.6") >"$T/arrived"
	mv "$T/arrived" "$T/look"
}

# arrive NAME KIND WHERE: a packet of each flow arrives there
arrive() {
	send send "$2"
	check_flows "$1" "at == ($3)"
}

# blame NAME WHERE: an ICMP error about each flow arrives there
blame() {
	send blame "$proto"
	check_flows "$1, ICMP error" "at == ($2)"
}

# --- the service -------------------------------------------------------------

# rules: for the connections, and ICMP for errors about them
rules() {
	local to=(-j LBHASH --service web --track "$track"
		${forward:+--forward})

	balance -p tcp --dport 80:81
	balance -p udp --dport 81
	ipt -t "$TABLE" -A PREROUTING -d "$VIP4" -p icmp "${to[@]}"
	ip6t -t "$TABLE" -A PREROUTING -d "$VIP6" -p icmpv6 "${to[@]}"
}

# begin TABLE TRACK: three backends, rules, nothing else; no pause makes a flow
# without a handshake a new one
begin() {
	TABLE=$1 track=$2
	echo "# ${FUNCNAME[1]}: iptables-$IPT, $TABLE," \
		"track $track${forward:+ forward}"
	fresh 3 udp-idle "$(seconds 600)"
	rules
	ctl -j -v table web | jq -r '.slots[]' >"$T/slots"
}

# change WORDS: a command of lbhashctl; record the owners
change() {
	ctl "$@" || fail "$*"
	ctl -j -v table web | jq -r '.slots[]' | paste -d ' ' "$T/slots" - \
		>"$T/slots.new"
	mv "$T/slots.new" "$T/slots"
}

# slots CONDITION: number of them, with "home", "changes" and "owner" as above
slots() {
	awk "{
		home = \$1
		owner = \$NF
		changes = 0
		for (i = 2; i <= NF; i++)
			changes += \$i != \$(i - 1)
	}
	$1 { n++ }
	END { print n + 0 }" "$T/slots"
}

# check_slots NAME LEAST MOST: conditions. A slot that is back at its first
# owner may settle earlier than others.
check_slots() {
	local n

	n=$(shows transition_slots)
	check_ge "$1: slots in transition" "$(slots "$2")" "$n"
	check_le "$1: slots in transition" "$(slots "$3")" "$n"
}

# shows WORD [SERVICE]: a value of service show
shows() { ctl -j service show "${2:-web}" | jq ".[0].$1"; }

in_transition() { [ "$(shows transition_slots "${2:-web}")" -eq "$1" ]; }

# entries: of connections to the VIP
entries() {
	lb conntrack -L 2>/dev/null | grep -c -e "dst=$VIP4 " -e "dst=$VIP6 "
}

# count: start of the interval of check_counts
count() {
	local word

	snapshot
	for word in "${!stat[@]}"; do
		before[$word]=${stat[$word]}
	done
}

# check_counts NAME REASON N...: all packets since count, by reason
check_counts() {
	local name=$1 want='' got='' sum=0 word

	snapshot
	shift
	while [ "$#" -gt 0 ]; do
		want+="$1 $2, " got+="$1 $((stat[$1] - before[$1])), "
		sum=$((sum + $2))
		shift 2
	done
	check_eq "$name, counted" "${want}packets $sum" \
		"${got}packets $((stat[packets] - before[packets]))"
}

# tracked N: of N flows in slots in transition, or of all flows, the number that
# are remembered: by the flow memory, or by conntrack
tracked() {
	[ "$track" = changed ] && echo "$1" || echo $ALL
}

# remembered PROTO N: of N flows in slots in transition that do not show that
# they begin, the number that are remembered: by the flow memory only those that
# have no beginning to show, as the settle time is not over
remembered() {
	[ "$track$1" = changedtcp ] && echo 0 || echo "$2"
}

# --- connections --------------------------------------------------------------

# clients: 20 silent connections of each family; all_well AT: they live
clients() {
	start_client v4 4 -n 20 -h
	start_client v6 6 -n 20 -h
}

all_well() {
	local name

	for name in v4 v6; do
		next_round $name
		check_client "$1" $name 20
	done
}

no_clients() {
	stop_client v4
	stop_client v6
	check_eq 'connections that ended well' 40 \
		"$(cat "$T"/v[46].flows | grep -cw closed)"
}
