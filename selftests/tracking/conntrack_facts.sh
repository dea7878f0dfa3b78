#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The assumptions about conntrack and netfilter that the module relies on and no
# compiler can check, tested without the module. Each fact has a name;
# "conntrack_facts: NAME" in kmod stands beside the code that relies on it, and
# static/facts compares the names. A fact that does not hold on a kernel does
# not stop the test: at the end all such facts are listed.
#
# Frames go from cl through lb to no host, one at a time. Stock rules and
# conntrack(8) show the results; a module of the test itself,
# tracking/facts/conntrack_facts.c, shows kernel internals.
# timeout: 600
# checks: 241
. ./lib.sh
. ./lib/checks.bash
. ./lib/packets.bash

# The first sequence number and the tags of tracking/conntrack_facts.py.
ISN=1000000 CLIENT_TAG=0xc11e47 SERVER_TAG=0x5e4e
# Flags of include/uapi/linux/netfilter/nf_conntrack_tcp.h.
LIBERAL=0x08 UNACKNOWLEDGED=0x10
# Far enough apart for slow machines; in the order of the defaults.
declare -A LASTS=(
	[syn_recv]=1000 [syn_sent]=2000 [fin_wait]=3000 [close_wait]=4000
	[last_ack]=5000 [time_wait]=6000 [close]=7000 [max_retrans]=20000
	[unacknowledged]=21000 [established]=30000
)
declare -A broken=()
f=4 state='' arrived=0

# --- facts -------------------------------------------------------------------

# fact NAME WHAT WANT GOT
fact() {
	if [ "$3" = "$4" ]; then
		ok "$1: IPv$f, $2: $4"
	else
		echo "# $1 does not hold: IPv$f, $2: want $3, got $4"
		broken[$1]=$2
	fi
}

# holds COMMAND...: yes or no, for fact
holds() { "$@" && echo yes || echo no; }

# send QUESTION WORD...: a frame of family $f; its conntrack state goes to
# $state, and the number of frames that lb sent on to $arrived
send() {
	ask "$1" "$f" "${@:2}"
	arrived=$(got arrived)
	state=$(tables -t mangle -nvxL PREROUTING -Z |
		awk '/ctstate/ && $1 > 0 {
			sub(/.*ctstate /, ""); sub(/ .*/, ""); print
		}' | paste -sd ' ')
}

tables() {
	if [ "$f" = 4 ]; then
		ipt "$@"
	else
		ip6t "$@"
	fi
}

# frames TABLE CHAIN WORD...: a rule that matches the test's frames
frames() {
	if [ "$f" = 4 ]; then
		ipt -t "$1" -A "$2" -m ttl --ttl-eq 77 "${@:3}"
	else
		ip6t -t "$1" -A "$2" -m hl --hl-eq 77 "${@:3}"
	fi || fail "no rule: $*"
}

# known [PROTOCOL]: the entries, as "STATE FLAG... mark=N", a line each
known() {
	lb conntrack -L -f "ipv$f" -p "${1:-tcp}" 2>/dev/null |
		awk '{
			words = ""
			for (i = 1; i <= NF; i++)
				if ($i ~ /^\[?[A-Z_0-9]*[A-Z][A-Z_0-9]*\]?$/ ||
				    $i ~ /^mark=/)
					words = words " " $i
			gsub(/[][]/, "", words)
			print substr(words, 2)
		}'
}

entries() { lb conntrack -C; }
forget() { lb conntrack -F 2>/dev/null; }

# pin: mark 7 for all entries
pin() {
	lb conntrack -U -f "ipv$f" --mark 7 >"$T/log" 2>&1 ||
		fail "no mark: $(cat "$T/log")"
}

# look: let the module report; of FIELD: of the entry in the report
look() { lb cat /proc/net/conntrack_facts >"$T/facts"; }
of() { field entry "$1"; }
field() { sed -nE "s/^$1 .*\b$2=([^ ]*).*/\1/p" "$T/facts" | head -n 1; }
# packet WHEN FIELD...: of the last frame, before, tracked or after
packet() {
	local name

	for name in "${@:2}"; do
		echo "$name $(field "packet $1" "$name")"
	done | paste -sd ' '
}

tell() {
	lb sh -c "echo '$*' >/proc/net/conntrack_facts" || fail "told in vain: $*"
}

# lasts: the name of the timeout that the entry has
lasts() {
	local name left

	left=$(of left)
	for name in "${!LASTS[@]}"; do
		if [ "$left" -gt $((LASTS[$name] - 900)) ] &&
		   [ "$left" -le "${LASTS[$name]}" ]; then
			echo "$name"
			return
		fi
	done
	echo "$left s"
}

# --- TCP ---------------------------------------------------------------------

half_open() {
	local ends what words

	forget
	send tcp 1001 S
	fact syn_is_half_open SYN 'NEW, SYN_SENT UNREPLIED mark=0' \
		"$state, $(known)"
	look
	fact td_end_follows_syn SYN $((ISN + 1)) "$(of end)"
	fact reply_maxwin_is_0 SYN '65535,0' "$(of maxwin)"
	fact tuple_finds_entry SYN 1 "$(of found)"

	pin
	look
	ends=$(of until)
	send tcp 1001 S
	fact syn_again_keeps_entry 'SYN again' \
		'NEW, SYN_SENT UNREPLIED mark=7' "$state, $(known)"
	for what in 'ACK A 1' 'data PA 1 100' 'FIN FA 1'; do
		read -ra words <<<"$what"
		send tcp 1001 "${words[@]:1}"
		# If conntrack ever takes it for the beginning of a connection,
		# the states of packet and entry show it here.
		fact syn_sent_ack_invalid "${words[0]} in SYN_SENT" \
			'INVALID, SYN_SENT UNREPLIED' \
			"$state, $(known | sed 's/ mark=.*//')"
		look
		fact invalid_is_bare "${words[0]} in SYN_SENT" \
			'info 0 entry 0 template 0' \
			"$(packet after info entry template)"
		fact invalid_keeps_entry "${words[0]} in SYN_SENT" \
			"mark 7, until $ends" "mark $(of mark), until $(of until)"
		fact confirm_needs_entry "${words[0]} in SYN_SENT, arrived" \
			1 "$arrived"
	done

	tell note 7000
	send tcp 1001 S 5000
	send tcp 1001 S 900000000
	send tcp 1001 A 1
	look
	fact notes_stay 'SYNs, ACK in SYN_SENT' 7000,7001,7002 "$(of noted)"

	forget
	send tcp 1002 S 0 10
	look
	fact td_end_follows_syn 'SYN with 10 bytes' $((ISN + 11)) "$(of end)"
}

# adopted PORT: a connection in the state that lbhash_oneway_adopt() leaves
adopted() {
	forget
	send tcp "$1" S
	tell adopt 0
	pin
}

flags_have() { look && (($(of flags | cut -d, -f"$1") & $2)); }

one_way() {
	adopted 1003
	look
	fact top_of_status_is_free adopted 0x80 "$(of top)"
	send tcp 1003 A 1
	fact adopted_ack_is_valid ACK 'ESTABLISHED, ESTABLISHED' \
		"$state, $(known | cut -d ' ' -f 1)"
	look
	fact adopted_is_assured ACK 1 "$(of assured)"
	tell note 8000
	fact adopted_lasts_unacknowledged ACK unacknowledged "$(lasts)"

	# The largest window is 2^30 bytes; this is about half of it.
	send tcp 1003 PA 500000000 100
	fact liberal_skips_windows 'far ahead' ESTABLISHED "$state"
	send tcp 1003 PA 1 100
	fact liberal_skips_windows 'far behind' ESTABLISHED "$state"
	send tcp 1003 PA 500000100 100
	look
	fact reply_maxwin_is_0 'adopted, after data' 0 "$(of maxwin | cut -d, -f2)"
	fact adopted_lasts_unacknowledged data unacknowledged "$(lasts)"
	fact unacknowledged_stays data yes \
		"$(holds flags_have 1 $UNACKNOWLEDGED)"
	fact liberal_stays data 'yes yes' "$(holds flags_have 1 $LIBERAL) $(
		)$(holds flags_have 2 $LIBERAL)"

	send tcp 1003 S 900000
	fact syn_on_open_passes ESTABLISHED \
		'ESTABLISHED, ESTABLISHED ASSURED mark=7' "$state, $(known)"
	send tcp 1003 FA 500000200
	fact fin_leaves_established FIN 'ESTABLISHED, FIN_WAIT ASSURED mark=7' \
		"$state, $(known)"
	send tcp 1003 S 900000
	fact syn_on_open_passes FIN_WAIT \
		'ESTABLISHED, FIN_WAIT ASSURED mark=7' "$state, $(known)"
	send tcp 1003 A 500000201
	fact fin_leaves_established 'ACK after FIN' \
		'ESTABLISHED, CLOSE_WAIT ASSURED mark=7' "$state, $(known)"
	send tcp 1003 S 900000
	fact syn_on_open_passes CLOSE_WAIT \
		'ESTABLISHED, CLOSE_WAIT ASSURED mark=7' "$state, $(known)"
	lb conntrack -U -f "ipv$f" --mark 8 >"$T/log" 2>&1 ||
		fail "no mark: $(cat "$T/log")"
	look
	fact top_of_status_is_free 'any state, user space' 0x80 "$(of top)"
	fact notes_stay 'any state' 8000,8001,8002 "$(of noted)"
}

# A connection whose packets pass in both directions.
two_way() {
	forget
	send tcp 1004 S
	send reply 1004 SA
	fact seen_reply_is_established 'SYN, ACK' 'ESTABLISHED, SYN_RECV mark=0' \
		"$state, $(known)"
	look
	fact top_of_status_is_free 'SYN, ACK' 0x0 "$(of top)"
	fact picked_up_is_liberal 'not SYN, ACK' 'no no' \
		"$(holds flags_have 1 $LIBERAL) $(holds flags_have 2 $LIBERAL)"
	fact reply_sets_maxwin 'SYN, ACK' '65535,65535' "$(of maxwin)"
	send tcp 1004 A 1
	fact seen_reply_is_established ACK \
		'ESTABLISHED, ESTABLISHED ASSURED mark=0' "$state, $(known)"
	pin
	send reply 1004 R 1
	fact syn_after_reset_passes RST 'ESTABLISHED, CLOSE ASSURED mark=7' \
		"$state, $(known)"
	send tcp 1004 S 900000
	fact syn_after_reset_passes SYN 'ESTABLISHED, CLOSE ASSURED mark=7' \
		"$state, $(known)"
}

reset() {
	forget
	send tcp 1005 S
	send tcp 1005 R 1
	fact rst_ends_unreplied RST 'NEW, 0' "$state, $(entries)"
	adopted 1005
	send tcp 1005 A 1
	send tcp 1005 R 1
	fact rst_closes_adopted RST 'ESTABLISHED, CLOSE ASSURED mark=7' \
		"$state, $(known)"
}

picked_up() {
	forget
	send tcp 1006 A 1
	fact unknown_ack_is_new ACK 'NEW, ESTABLISHED UNREPLIED mark=0' \
		"$state, $(known)"
	look
	fact reply_maxwin_is_0 'picked up' '65535,0' "$(of maxwin)"
	fact picked_up_is_liberal ACK 'yes yes' "$(holds flags_have 1 $LIBERAL) $(
		)$(holds flags_have 2 $LIBERAL)"
	pin
	send tcp 1006 PA 1 100
	fact unknown_ack_is_new data 'NEW, ESTABLISHED UNREPLIED mark=7' \
		"$state, $(known)"
	tell note 8000
	send tcp 1006 S
	fact syn_on_open_passes 'picked up' \
		'NEW, ESTABLISHED UNREPLIED mark=7' "$state, $(known)"
	send tcp 1006 PA 101 100
	look
	fact notes_stay 'picked up' 8000,8001,8002 "$(of noted)"
	send tcp 1006 R 1000000000
	fact rst_ends_unreplied 'picked up' 'NEW, 0' "$state, $(entries)"
}

# A connection was picked up in its middle, and its server's packets pass, too.
picked_up_two_way() {
	forget
	send tcp 1007 A 1
	send tcp 1007 S
	send reply 1007 A 1
	fact answered_syn_is_strict 'any reply' 'yes yes' \
		"$(holds flags_have 1 $LIBERAL) $(holds flags_have 2 $LIBERAL)"
	forget
	send tcp 1007 A 1
	send tcp 1007 S
	send reply 1007 SA
	fact answered_syn_is_strict 'SYN, ACK' 'no yes' \
		"$(holds flags_have 1 $LIBERAL) $(holds flags_have 2 $LIBERAL)"
	send tcp 1007 A 1
	fact answered_syn_is_strict 'ACK' 'no yes' \
		"$(holds flags_have 1 $LIBERAL) $(holds flags_have 2 $LIBERAL)"
}

# The first packets that lb sees are the server's.
begun_by_answers() {
	forget
	send reply 1022 A 1
	look
	fact picked_up_is_liberal 'an answer' 'yes yes' \
		"$(holds flags_have 1 $LIBERAL) $(holds flags_have 2 $LIBERAL)"
	pin
	send tcp 1022 S 900000
	fact syn_back_is_invalid 'SYN in ESTABLISHED' \
		'INVALID, ESTABLISHED UNREPLIED mark=7' "$state, $(known)"
	send reply 1022 FA 1
	send tcp 1022 S 900000
	fact syn_back_is_invalid 'SYN in FIN_WAIT' \
		'INVALID, FIN_WAIT UNREPLIED mark=7' "$state, $(known)"
	look
	fact reply_maxwin_is_0 'answers only' '65535,0' "$(of maxwin)"
}

# lbhash_pin_extend()
held() {
	adopted 1007
	send tcp 1007 A 1
	tell hold 25000
	fact timeout_is_an_end 'conntrack -L' 'in 25000 s' "in $(
		)$(lb conntrack -L -f "ipv$f" -p tcp 2>/dev/null |
			awk '{ print 1000 * int(($3 + 999) / 1000) }') s"
	look
	send tcp 1007 PA 1 100
	look
	fact packet_sets_timeout data unacknowledged "$(lasts)"
}

# --- SCTP, UDP, ICMP ---------------------------------------------------------

association() {
	local entry='ESTABLISHED mark=7'

	forget
	send sctp 1010 init
	fact sctp_init_is_half_open INIT 'NEW, CLOSED UNREPLIED mark=0' \
		"$state, $(known sctp)"
	look
	fact sctp_init_is_half_open 'INIT, tags' "0x0,$CLIENT_TAG" "$(of vtag)"
	fact top_of_status_is_free INIT 0x0 "$(of top)"

	send sctp 1010 cookie $SERVER_TAG
	fact sctp_cookie_invalid COOKIE-ECHO 'INVALID, CLOSED UNREPLIED mark=0' \
		"$state, $(known sctp)"
	tell adopt $SERVER_TAG
	pin
	send sctp 1010 cookie $SERVER_TAG
	fact sctp_adopted_is_valid COOKIE-ECHO "ESTABLISHED, $entry" \
		"$state, $(known sctp)"
	send sctp 1010 data $SERVER_TAG
	fact sctp_adopted_is_valid DATA "ESTABLISHED, $entry" \
		"$state, $(known sctp)"
	send sctp 1010 data 0xbad
	fact sctp_adopted_is_valid 'DATA, other tag' "INVALID, $entry" \
		"$state, $(known sctp)"

	send sctp 1010 heartbeat $SERVER_TAG
	look
	fact top_of_status_is_free HEARTBEAT 0x80 "$(of top)"
	send sctp 1010 heartbeat 0xbad
	send sctp 1010 heartbeat $SERVER_TAG
	send sctp 1010 data $SERVER_TAG
	look
	fact sctp_is_never_assured DATA 0 "$(of assured)"

	send sctp 1010 init
	fact sctp_init_on_open_passes INIT "ESTABLISHED, $entry" \
		"$state, $(known sctp)"
	look
	fact top_of_status_is_free 'INIT again' 0x80 "$(of top)"
}

# closes PORT: the association is established, and the server ends it
closes() {
	forget
	send sctp "$1" init
	send sctp_reply "$1" init-ack
	send sctp "$1" cookie $SERVER_TAG
	send sctp_reply "$1" abort
	pin
}

association_is_over() {
	closes 1023
	fact sctp_init_on_over_passes ABORT 'ESTABLISHED, CLOSED mark=7' \
		"$state, $(known sctp)"
	send sctp 1023 init
	fact sctp_init_on_over_passes INIT 'ESTABLISHED, CLOSED mark=7' \
		"$state, $(known sctp)"

	forget
	send sctp_reply 1024 heartbeat-ack
	pin
	send sctp 1024 init
	fact sctp_init_back_keeps_entry 'INIT after HEARTBEAT-ACK' \
		'ESTABLISHED, CLOSED mark=7' "$state, $(known sctp)"
	forget
	send sctp_reply 1024 shutdown-ack
	pin
	send sctp 1024 init
	fact sctp_init_back_keeps_entry 'INIT after SHUTDOWN-ACK' \
		'ESTABLISHED, SHUTDOWN_ACK_SENT mark=7' "$state, $(known sctp)"
	forget
	send sctp_reply 1024 heartbeat
	pin
	send sctp 1024 init
	fact sctp_init_back_keeps_entry 'INIT after HEARTBEAT' \
		'INVALID, HEARTBEAT_SENT UNREPLIED mark=7' \
		"$state, $(known sctp)"
}

datagrams() {
	forget
	send udp 1011
	fact udp_stays_new 'a datagram' 'NEW, UNREPLIED mark=0' \
		"$state, $(known udp)"
	pin
	send udp 1011
	fact udp_stays_new 'another one' 'NEW, UNREPLIED mark=7' \
		"$state, $(known udp)"
}

# Errors about packets of the server that lb has not seen.
errors() {
	forget
	send tcp 1012 S
	pin
	send error 1012
	look
	fact error_has_entry 'too big' 'RELATED, info 1 entry 1 mark 7' \
		"$state, $(packet after info entry mark)"
	forget
	send error 1012
	look
	fact error_alone_is_invalid 'too big' 'INVALID, info 0 entry 0' \
		"$state, $(packet after info entry)"
}

# --- the packet's way through conntrack --------------------------------------

templates() {

	forget
	frames raw PREROUTING -j CT --zone 5
	send tcp 1013 S
	look
	fact template_gives_zone SYN 'NEW, zone 5, found 1' \
		"$state, zone $(of zone), found $(of found)"
	fact template_gives_zone 'SYN, before' 'template 1 entry 0' \
		"$(packet before template entry)"
	fact template_gives_zone 'SYN, after' 'template 0 entry 1' \
		"$(packet after template entry)"
	send tcp 1013 A 1
	look
	fact invalid_loses_template ACK 'INVALID, template 0 entry 0' \
		"$state, $(packet after template entry)"
	tell track once
	send tcp 1013 A 1
	look
	fact invalid_loses_template 'ACK, tracked early' 'template 0 entry 0' \
		"$(packet tracked template entry)"
	tell track no
	send tcp 1013 A 1
	look
	fact template_is_let_go 'four packets' 'refs 2' "$(packet before refs)"
	tables -t raw -F

	send tcp 1013 A 1
	fact zones_are_apart 'ACK, no zone' 'NEW, 2' "$state, $(entries)"
}

untracked() {
	forget
	frames raw PREROUTING -j CT --notrack
	send tcp 1014 S
	look
	fact untracked_is_left_alone SYN 'UNTRACKED, info 7 entry 0, 0' \
		"$state, $(packet after info entry), $(entries)"
	fact confirm_needs_entry 'untracked SYN, arrived' 1 "$arrived"
	tables -t raw -F
}

# packets_counted: by conntrack, in the original direction
packets_counted() {
	lb conntrack -L 2>/dev/null | sed -E 's/.* packets=([0-9]+) .* packets=.*/\1/'
}

# Conntrack processes packets in raw, called as by the module.
tracked_early() {
	forget
	tell track once
	send tcp 1015 S
	look
	fact new_is_unconfirmed 'SYN, raw' 'info 2 confirmed 0 verdict 1' \
		"$(packet tracked info confirmed verdict)"
	fact new_timeout_is_relative 'SYN, raw' "lasts ${LASTS[syn_sent]}" \
		"$(packet tracked lasts)"
	fact tracked_is_left_alone 'SYN, packets counted' 'NEW, 1' \
		"$state, $(packets_counted)"
	pin
	send tcp 1015 S
	look
	fact new_is_unconfirmed 'SYN again, raw' 'info 2 confirmed 1 verdict 1' \
		"$(packet tracked info confirmed verdict)"
	send tcp 1015 A 1
	look
	fact invalid_is_bare 'ACK, raw' 'info 0 entry 0 verdict 1' \
		"$(packet tracked info entry verdict)"

	tell track anew
	send tcp 1015 S
	look
	fact killed_is_gone 'SYN' \
		'NEW, info 2 confirmed 0 mark 0, SYN_SENT UNREPLIED mark=0' \
		"$state, $(packet tracked info confirmed mark), $(known)"
	tell track no
}

# is_told TEXT: an event has that text
is_told() { grep -q "$1" "$T/events"; }

confirmed() {
	forget
	tables -t mangle -A FORWARD -p tcp -j CONNMARK --set-mark 7
	tables -t mangle -A FORWARD -p tcp -j DROP
	send tcp 1016 S
	fact dropped_is_lost SYN 'arrived 0, entries 0' \
		"arrived $arrived, entries $(entries)"
	tables -t mangle -D FORWARD 2
	send tcp 1016 S
	fact mark_is_kept SYN 'SYN_SENT UNREPLIED mark=7' "$(known)"
	tables -t mangle -F FORWARD

	# An entry without a listener at its creation sends no event later.
	ip netns exec lb conntrack -E -f "ipv$f" >"$T/events" 2>"$T/log" &
	wait_for 20 subscribed $!
	forget
	send tcp 1016 S
	tables -t mangle -A FORWARD -p tcp -j CONNMARK --set-mark 8
	send tcp 1016 S
	wait_for 20 is_told mark=8
	fact event_at_confirm 'SYN again' 1 \
		"$(grep -c 'UPDATE.* mark=8' "$T/events")"
	kill $!
	tables -t mangle -F FORWARD
}

# --- the table ---------------------------------------------------------------

# set_max N: entries; only the first namespace can set it
set_max() {
	sysctl -qw net.netfilter.nf_conntrack_max="$1" || fail "no maximum $1"
}

table() {
	local n=600 drops

	forget
	send udp 20000 0 $n
	look
	fact walk_visits_all UDP "$n $n" \
		"$(field table count) $(field table visits)"
	# Conntrack looks for an entry to evict near the hash of the new one.
	set_max $n
	send tcp 1020 S
	fact unassured_makes_room SYN 'NEW, SYN_SENT UNREPLIED mark=0' \
		"$state, $(known)"

	set_max 262144
	forget
	send tcp 30000 S 0 0 $n
	tell adopt 0
	send tcp 30000 A 1 0 $n
	check_eq 'adopted' $n "$(known | grep -c '^ESTABLISHED ASSURED')"
	set_max $n
	drops=$(conntrack_stat drop)
	send tcp 1020 S
	fact full_table_drops SYN ', arrived 0, 1 dropped' \
		"$state, arrived $arrived, $(
		)$(($(conntrack_stat drop) - drops)) dropped"
	fact assured_stays SYN $n "$(entries)"
	tell track once
	send tcp 1020 S
	look
	fact full_table_drops 'SYN, raw' 'verdict 0 info 0 entry 0' \
		"$(packet tracked verdict info entry)"
	tell track no
	send tcp 30000 A 1
	check_eq 'full table, ACK' ESTABLISHED "$state"

	look
	fact walk_visits_all TCP "$n $n" \
		"$(field table count) $(field table visits)"
	fact tuple_finds_entry TCP $n "$(grep -c '^entry.* found=1' "$T/facts")"
	fact walk_keeps_all 'after walks' $n "$(entries)"
	fact count_is_the_namespaces 'entries of another one, of all' "yes, $n" \
		"$(holds test "$(cl conntrack -C)" -gt 0), $(field table count)"

	no_limit $n
	set_max 262144
}

# no_limit N: a maximum of 0. Newer kernels refuse it, and the maximum stays N.
no_limit() {
	if sysctl -qw net.netfilter.nf_conntrack_max=0 2>"$T/log"; then
		send tcp 1020 S
		fact max_0_is_no_limit SYN NEW "$state"
	else
		fact max_0_is_no_limit refused "Invalid argument, $1" "$(
			)$(sed 's/.*: //' "$T/log"), $(
			)$(sysctl -n net.netfilter.nf_conntrack_max)"
	fi
}

# --- hooks, defragmentation, routes ------------------------------------------

# hooks HOOK: "PRIORITY TYPE FUNCTION" of its functions for family $f
hooks() {
	sed -n "s/^hook $([ "$f" = 4 ] && echo 2 || echo 10) $1 //p" "$T/facts"
}

# order HOOK: the order of defragmentation, raw and conntrack
order() {
	hooks "$1" | awk '
		/defrag/ { print "defrag", $1 }
		$1 == -300 { print "raw", $1 }
		/conntrack_(in|local)/ { print "conntrack", $1 }' | paste -sd ' '
}

order_of_hooks() {
	look
	fact raw_is_between PREROUTING 'defrag -400 raw -300 conntrack -200' \
		"$(order 0)"
	fact raw_is_between OUTPUT 'defrag -400 raw -300 conntrack -200' \
		"$(order 3)"
	fact confirm_is_last POSTROUTING '2147483647 0 confirm' \
		"$(hooks 4 | tail -n 1 | sed 's/\(.*\) .*confirm.*/\1 confirm/')"

	lb nft -f - <<-END
		table ip$([ "$f" = 4 ] || echo 6) late {
			chain late {
				type filter hook postrouting priority 2147483647
			}
		}
	END
	look
	fact nft_says_what_it_is 'one of nft, as late' '0 confirm, 1 nft' \
		"$(hooks 4 | awk '$1 == 2147483647 {
			print $2, $3 ~ /confirm/ ? "confirm" : "nft"
		}' | sort | paste -sd , | sed 's/,/, /')"
	lb nft delete table "ip$([ "$f" = 4 ] || echo 6)" late
}

# 20 or 40 bytes of header, 8 more in IPv6 fragments; 808 of 1008 bytes.
fragments() {
	forget
	send fragments 1021
	look
	fact raw_sees_whole 'two fragments' \
		"len $([ "$f" = 4 ] && echo 1028 || echo 1048)" \
		"$(packet before len)"
	fact defrag_notes_size 'two fragments' \
		"frag_max $([ "$f" = 4 ] && echo 828 || echo 856)" \
		"$(packet before frag_max)"
}

routes() {
	local genid

	if [ "$f" = 4 ]; then
		tell route 10.2.0.101
		look
		fact output_route_discards 'IPv4 input' dst_discard \
			"$(field route input)"
		fact known_nh_is_next_hop 'on the link' 10.2.0.101 \
			"$(field route via)"
		genid=$(field route now)
		fact route_has_genid 'a new route' "1 $genid" \
			"$(field route checked) $(field route genid)"
		ip -n lb route add 203.0.113.0/24 via 10.2.0.101
		look
		fact route_has_genid 'after a change' no \
			"$(holds test "$(field route now)" = "$genid")"
	else
		tell route 2001:db8:2::101
		look
		fact output_route_forwards 'IPv6 input' ip6_forward \
			"$(field route input)"
		fact known_nh_is_next_hop 'on the link' 2001:db8:2::101 \
			"$(field route via)"
	fi
}

# --- the test ----------------------------------------------------------------

# nobody ADDRESS MAC-BYTE DEVICE: a neighbour that does not exist
nobody() {
	ip -n lb neigh replace "$1" lladdr "02:00:00:00:00:$2" dev "$3" \
		nud permanent
}

setup() {
	local word words=()

	topology dsr 0 unmarked
	nobody 10.1.0.101 01 front
	nobody 2001:db8:1::101 01 front
	nobody 10.2.0.101 02 lan
	nobody 2001:db8:2::101 02 lan
	ip -n lb -b - <<-END
		route replace 192.0.2.0/24 via 10.1.0.101
		route replace 2001:db8:c::/64 via 2001:db8:1::101
		route add $VIP4 via 10.2.0.101
		route add $VIP6 via 2001:db8:2::101
	END
	for f in 4 6; do
		for word in INVALID NEW ESTABLISHED RELATED UNTRACKED; do
			frames mangle PREROUTING -m conntrack --ctstate $word
		done
	done
	for word in "${!LASTS[@]}"; do
		words+=("net.netfilter.nf_conntrack_tcp_timeout_$word=${LASTS[$word]}")
	done
	lb sysctl -qw "${words[@]}" net.netfilter.nf_conntrack_acct=1 \
		net.netfilter.nf_conntrack_udp_timeout=9000 \
		net.netfilter.nf_conntrack_sctp_timeout_{closed,cookie_wait}=9000 \
		net.netfilter.nf_conntrack_sctp_timeout_cookie_echoed=9000 \
		net.netfilter.nf_conntrack_sctp_timeout_{heartbeat,shutdown_ack}_sent=9000 ||
		fail 'no timeouts'
	# With few buckets there are entries near every hash.
	echo 512 >/sys/module/nf_conntrack/parameters/hashsize ||
		fail 'no small table'
	# An entry of another namespace.
	cl iptables-legacy -A OUTPUT -o lo -m conntrack --ctstate NEW
	cl sysctl -qw net.netfilter.nf_conntrack_icmp_timeout=9000
	cl ping -q -c 1 10.1.0.2 >/dev/null || fail 'no ping'
}

modprobe conntrack_facts || fail 'no conntrack_facts.ko'
check_eq 'without the module' no "$(holds test -e /sys/module/xt_lbhash)"
setup
start_packets tracking/conntrack_facts
for f in 4 6; do
	half_open
	one_way
	two_way
	reset
	picked_up
	picked_up_two_way
	begun_by_answers
	held
	association
	association_is_over
	datagrams
	errors
	templates
	untracked
	tracked_early
	confirmed
	table
	order_of_hooks
	fragments
	routes
done
rmmod conntrack_facts || fail 'conntrack_facts.ko is in use'
[ ${#broken[@]} -eq 0 ] ||
	fail "facts that kmod relies on and that do not hold here: ${!broken[*]}"
