#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# track and deliver of a service, and --track and --forward of a rule: which of
# them counts, in raw and in mangle; that a rule follows its service while
# connections are open; a change of track that forgets connections; rules of an
# older iptables; which hooks rules need; save and apply.
# timeout: 900
# by default on: 6.12
# checks: 147
. ./lib.sh
. ./lib/checks.bash

N=20
old=$PWD/../build/old extensions=/usr/lib/x86_64-linux-gnu/xtables

# seen: packets that went on to the rule after ours
seen() {
	ipt -t "$TABLE" -nvxL PREROUTING | awk '/seen/ { n += $1 } END { print n + 0 }'
}

# ours OPTION...: our rule, and one that counts what it leaves
ours() {
	rule "$TABLE" PREROUTING -p tcp --dport 80 -j LBHASH --service web "$@"
	ipt -t "$TABLE" -A PREROUTING -d "$VIP4" -p tcp \
		-m comment --comment seen
}

# begin SETTING...: a service with addresses
begin() {
	local forward=yes

	fresh 3 "$@"
}

# pinned: connections that conntrack remembers
pinned() { pins | awk '$3' | wc -l; }

# --- the service or the rule -------------------------------------------------

# told TRACK PINNED: TRACK, if it should leave PINNED connections in conntrack
# and have remembered as many as were picked; some slots, not all of them, are in
# transition
told() {
	local picked

	snapshot
	picked=${stat[picked]}
	case $1 in
	always) [ "$2 $picked" = "$N $N" ] ;;
	changed) [ "$2" = 0 ] && [ "$picked" -gt 0 ] && [ "$picked" -lt $N ] ;;
	never) [ "$2 $picked" = '0 0' ] ;;
	esac && echo "$1" || echo "other: $2 of $N pinned, $picked picked"
}

# one TRACK DELIVER [OPTION...]: what the service says, what the rule says
one() {
	local what="$TABLE: $1, $2; rule ${*:3}" way=$1 sent=$2

	[[ " $* " != *" --track "* ]] || way=$4
	[[ " $* " != *" --forward "* ]] || sent=nexthop
	[ "$TABLE $way" != "mangle changed" ] || way=always
	begin track "$1" deliver "$2"
	ours "${@:3}"
	ctl backend set web s3 state drain || fail drain
	start_client c 4 -n $N -h
	check_eq "$what: tracked" "$way" "$(told "$way" "$(pinned)")"
	[ "$(seen)" -gt 0 ] && way=mark || way=nexthop
	check_eq "$what: delivered" "$sent" "$way"
	check_eq "$what: ok" "$N" "$(flows_of c ok)"
	stop_client c
	flush_rules
}

all_combinations() {
	local track rule n=0 deliver forward

	for track in always changed never; do
		for rule in '' always changed never; do
			# Each of both with each of the others, in turn.
			deliver=mark forward=''
			[ $((n % 2)) = 0 ] || deliver=nexthop
			[ $((n / 2 % 2)) = 0 ] || forward=--forward
			# shellcheck disable=SC2086 # none or one
			one $track $deliver ${rule:+--track $rule} $forward
			n=$((n + 1))
		done
		n=$((n + 1))
	done
}

# --- under traffic -----------------------------------------------------------

# goes_on WHAT: every connection has another request answered
goes_on() {
	next_round c
	check_client "$1" c $N
}

live() {
	begin
	ours
	start_client c 4 -n $N -h
	check_eq "live: pinned" $N "$(pinned)"
	ctl service set web track changed || fail "to changed"
	goes_on "always to changed"
	lb conntrack -F 2>/dev/null
	goes_on "changed, forgotten"
	check_eq "changed: pinned" 0 "$(pinned)"
	ctl service set web track never deliver nexthop || fail "to never"
	ipt -t "$TABLE" -Z
	goes_on "changed to never"
	check_eq "nexthop: left by the rule" 0 "$(seen)"
	ctl service set web track always || fail "to always"
	goes_on "never to always"
	check_eq "always: pinned" $N "$(pinned)"
	ctl service set web deliver mark || fail "to mark"
	goes_on "nexthop to mark"
	check_ge "mark: left by the rule" $N "$(seen)"
	stop_client c
	flush_rules
}

# By the hash alone no connection is at a previous owner, and none is sent there
# when connections are tracked again.
from_never() {
	begin track never
	ours
	ctl backend set web s3 state drain || fail drain
	check_ge "never: slots in transition" 500 "$(transition_slots)"
	start_client c 4 -n $N -h
	ctl --dry-run service set web track "$1" >"$T/dry" || fail "dry run"
	ctl service set web track "$1" || fail "to $1"
	check_eq "never to $1: slots in transition" 0 "$(transition_slots)"
	goes_on "never to $1, in transition"
	stop_client c
	flush_rules
}

# --- what is forgotten -------------------------------------------------------

# away: connections that are pinned to s1, which drains
away() { pins | awk '$3 == 1' | wc -l; }

forgetful() {
	local n sentence to

	begin
	ours
	start_client c 4 -n $N -h
	ctl backend set web s1 state drain || fail drain
	n=$(away)
	check_ge "away from their slots" 2 "$n"
	sentence="lbhashctl: new track forgets $n connections (in use by 2 rules): needs disruptive"
	for to in changed never; do
		check_eq "to $to" "$sentence" \
			"$(ctl service set web track "$to" 2>&1)"
		check_eq "to $to, dry run" "$sentence" \
			"$(ctl --dry-run service set web track "$to" 2>&1)"
		check_eq "to $to, dry run, disruptive" \
			"web: 0 of $SIZE slots move (0 needed, 0 collateral), 0 enter transition, $n connections forgotten" \
			"$(ctl --dry-run service set web track "$to" disruptive)"
		check_eq "to $to, as JSON" "$n" "$(ctl -j --dry-run service set \
			web track "$to" disruptive | jq '.[0].forgotten')"
	done
	check_empty "the same again" "$(ctl service set web track always 2>&1)"
	check_empty "another setting" "$(ctl service set web deliver mark 2>&1)"
	ctl service set web track changed disruptive || fail disruptive
	check_eq "to changed, disruptive" changed "$(ctl -j service show web | jq -r '.[0].track')"
	stop_client c
	flush_rules

	# The service may change where the rules have their own --track.
	begin
	ours --track always
	start_client c 4 -n $N -h
	ctl backend set web s1 state drain || fail drain
	check_ge "away, by a rule of its own" 2 "$(away)"
	check_empty "never, while a rule says always" "$(ctl service set web track never 2>&1)"
	goes_on "a rule of its own"
	stop_client c
	flush_rules
}

# begun TRACK TO: connections that began in slots in transition are at the owner;
# the other way of tracking would send them to the previous owner
begun() {
	local n

	begin track "$1"
	ours
	ctl backend set web s3 state drain || fail drain
	start_client c 4 -n $N -h
	flow_words c | sed 's/^/lookup web /' >"$T/lookups"
	n=$(ctl -j -b "$T/lookups" | jq .previous | grep -vc null)
	check_ge "$1: connections in slots in transition" 2 "$n"
	check_eq "$1 to $2" \
		"lbhashctl: new track forgets $n connections (in use by 2 rules): needs disruptive" \
		"$(ctl service set web track "$2" 2>&1)"
	check_eq "$1 to never: forgotten" 0 "$(ctl -j --dry-run service set \
		web track never | jq '.[0].forgotten')"
	goes_on "$1, refused"
	stop_client c
	flush_rules
}

# --- settling ----------------------------------------------------------------

# held N: N connections hold slots open, and no other slot is in transition, after
# a packet of each
# shellcheck disable=SC2317 # called by wait_for
held() {
	next_round c
	[ "$(ctl -j service show web |
		jq -c '.[0] | [.transition_slots, .holding]')" = "[$1,$1]" ]
}

# A slot settles by the strictest track in use: connections at s1, which drains,
# hold theirs as long as one rule says changed.
strictest() {
	local n

	begin track never settle 1 idle "$(seconds 6)"
	ours --track changed
	rule "$TABLE" PREROUTING -p tcp --dport 81 -j LBHASH --service web
	start_client c 4 -n $N -h
	ctl backend set web s1 state drain || fail drain
	goes_on "changed, s1 drains"
	n=$(grep -cw s1 "$T/c.flows")
	check_ge "at s1" 2 "$n"
	wait_for 90 held "$n"
	goes_on "changed, the other slots have settled"
	check_eq "changed: slots that are held" "$n" "$(transition_slots)"
	ipt -t "$TABLE" -R PREROUTING 1 -d "$VIP4" -p tcp --dport 80 \
		-j LBHASH --service web || fail replace
	ip6t -t "$TABLE" -R PREROUTING 1 -d "$VIP6" -p tcp --dport 80 \
		-j LBHASH --service web || fail replace
	wait_for 60 settled
	check_eq "never: entries" 0 "$(lb conntrack -C)"
	stop_client c
	flush_rules
}

# Pins hold no slot. A change of track counts them in settled slots, too.
by_time() {
	local n

	begin settle 1
	ours
	start_client c 4 -n $N -h
	ctl backend set web s1 state drain || fail drain
	n=$(away)
	check_ge "at s1" 2 "$n"
	wait_for 60 settled
	goes_on "always, all slots have settled"
	check_eq "always: settled slots count, too" \
		"lbhashctl: new track forgets $n connections (in use by 2 rules): needs disruptive" \
		"$(ctl service set web track changed 2>&1)"
	stop_client c
	flush_rules
}

# --- an older iptables, an older module --------------------------------------

# with NAME=VALUE COMMAND...: in an environment with this variable
with() (
	# shellcheck disable=SC2163 # the name is in it
	export "$1"
	"${@:2}"
)

listed() { ipt -t "$TABLE" -S PREROUTING | grep LBHASH; }

# older NAME=VALUE FILE [OPTION...]: with FILE, the extension or the module
# knows revision 0 only, in which a rule says everything; iptables then lists
# OPTIONs for a rule without any
older() {
	local rule="-A PREROUTING -d $VIP4/32 -p tcp -m tcp --dport 80 -j LBHASH --service web"

	[ -e "$old/$2" ] || fail "$old/$2 is not built"
	begin track never deliver nexthop
	with "$1" ours
	start_client c 4 -n $N -h
	check_eq "old $2, $IPT: pinned" $N "$(pinned)"
	check_ge "old $2, $IPT: left by the rule" $N "$(seen)"
	check_eq "old $2, $IPT: -S" "$rule${3:+ ${*:3}}" "$(with "$1" listed)"
	stop_client c
	flush_rules
	with "$1" ours --track never --forward
	check_eq "old $2, $IPT: -S" "$rule --track never --forward" \
		"$(with "$1" listed)"
	flush_rules
}

# --- hooks -------------------------------------------------------------------

# tracked: does conntrack see packets that no service gets?
tracked() {
	lb conntrack -F 2>/dev/null
	cl ping -c 1 -W "$(seconds 5)" 10.1.0.1 >/dev/null || fail ping
	[ "$(lb conntrack -C)" -gt 0 ] && echo yes || echo no
}

hooks() {
	begin track never
	check_eq "no rule: conntrack" no "$(tracked)"
	ours
	check_eq "never: conntrack" no "$(tracked)"
	ctl service set web track changed || fail changed
	check_eq "changed: conntrack" no "$(tracked)"
	ctl service set web track always || fail always
	check_eq "always: conntrack" yes "$(tracked)"
	ctl service set web track never || fail never
	check_eq "never again: conntrack" no "$(tracked)"
	ctl service set web track always || fail 'always again'
	check_eq "always again: conntrack" yes "$(tracked)"
	flush_rules
	check_eq "no rule again: conntrack" no "$(tracked)"
}

# --- files -------------------------------------------------------------------

files() {
	begin track changed deliver nexthop
	ctl save >"$T/saved" || fail save
	check_eq "saved" 'changed nexthop' \
		"$(jq -r '.services[0] | "\(.track) \(.deliver)"' "$T/saved")"
	ctl flush
	ctl apply "$T/saved" || fail apply
	check_same "applied and saved" "$(<"$T/saved")" "$(ctl save)"
	jq 'del(.services[0].track, .services[0].deliver)' "$T/saved" >"$T/less"
	ctl apply "$T/less" || fail "apply without them"
	check_eq "without them" 'always mark' \
		"$(ctl -j service show web | jq -r '.[0] | "\(.track) \(.deliver)"')"
	check_eq "not a way to track" \
		"lbhashctl: track sometimes: must be one of always, never, changed" \
		"$(ctl service set web track sometimes 2>&1)"
	check_eq "not a way to deliver" \
		"lbhashctl: deliver post: must be one of mark, nexthop" \
		"$(ctl service set web deliver post 2>&1)"
}

load_module
topology dsr 3
start_servers
for_each_variant all_combinations
in_variant nft raw live
in_variant nft mangle from_never always
in_variant legacy raw from_never changed
in_variant legacy raw forgetful
in_variant legacy raw begun always changed
in_variant nft raw begun changed always
in_variant nft raw strictest
in_variant legacy raw by_time
for ipt in legacy nft; do
	in_variant $ipt raw older "XTABLES_LIBDIR=$old:$extensions" \
		libxt_LBHASH.so
	in_variant $ipt mangle older "LD_PRELOAD=$old/module.so" module.so \
		--track always
done
in_variant legacy raw hooks
in_variant nft raw files
