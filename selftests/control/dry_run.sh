#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# timeout: 600
# kmemleak: yes
#
# --dry-run foretells what the change then does: the slots that move, how many
# of them had to and how many are collateral, the slots that enter transition,
# and the share of each backend. The test counts slot by slot in the tables
# before and after; the event of the change has the same numbers; and the dry
# run itself changes nothing.
# by default on: 6.12
# checks: 121
. ./lib.sh
. ./lib/ctl.bash

SIZE=1409

# --- what is true ------------------------------------------------------------

# base: a small service whose slots are all settled: twelve backends, of which
# one is drained and one is down
base() {
	ctl flush
	ctl apply "$T/base" || fail "apply the base"
}

write_base() {
	jq -nc --argjson size "$SIZE" '{services: [{name: "web", size: $size,
		backends: [range(1; 13) |
			{name: "s\(.)", mark: ., weight: (. % 3 + 1)}]}]} |
		.services[0].backends[10].state = "drain" |
		.services[0].backends[11].state = "down"' >"$T/base"
}

# look NAME: the usable backends and the owner of each slot, into $T/NAME
look() {
	{
		ctl backend show web |
			awk '$4 == "up" || $4 == "drain" { print $1, "usable" }'
		ctl -v table web | sed -E 's/^  ([^ ]+) +[0-9]+\.[0-9]+ .*/\1 slots/
			s/^web: ([0-9]+) slots.*/web size \1/; s/^ +//'
	} >"$T/$1"
}

# state: all that a dry run must not change
state() {
	ctl save
	ctl -j service show | sed 's/"settles_in":[0-9]*//g'
	ctl stats
}

# truth: the expected output of --dry-run if no slot of $T/before was in
# transition: the sums, and each backend that won or lost slots
truth() {
	awk '
		FNR == 1 { file++ }
		file == 2 && $2 == "usable" { usable[$1] = 1 }
		$2 == "size" { size = $3 }
		$2 == "slots" { names[$1] }
		$1 != "slot" { next }
		file == 1 { old[$2] = $3; before[$3]++; next }
		{
			after[$3]++
			if (old[$2] == $3)
				next
			lost[old[$2]]++
			gained[$3]++
			if (old[$2] == "-")
				next
			moved++
			if (old[$2] in usable) {
				entered[old[$2]]++
				transition++
			}
		}
		END {
			for (n in names)
				if (before[n] > after[n])
					needed += before[n] - after[n]
			printf "web: %d of %d slots move (%d needed, %d collateral), %d enter transition\n",
				moved, size, needed, moved - needed, transition
			for (n in names)
				if (lost[n] + gained[n])
					print n, before[n] + 0, after[n] + 0,
					      gained[n] + 0, lost[n] + 0, entered[n] + 0
		}' "$T/before" "$T/after" | sort_rows
}

# sort_rows: all lines but the first
sort_rows() {
	local sums

	read -r sums
	echo "$sums"
	sort
}

# rows [SERVICE]: the dry run's output for a service, in the format of truth
rows() {
	awk -v service="${1:-web}:" '/^[^ ]/ { on = $1 == service }
		on && $1 != "name" { $1 = $1; print }' "$T/dry" | sort_rows
}

# --- one change after the other ----------------------------------------------

listen() {
	: >"$T/events"
	lbhashctl -n lb monitor >>"$T/events" &
	monitor=$!
	wait_for 20 joined
}

# The last group that the monitor joins is the controller's, 16.
# shellcheck disable=SC2317 # called by wait_for
joined() {
	awk -v id="$monitor" '$2 == 16 && $3 == id && $4 != "00000000" { ok = 1 }
		END { exit !ok }' "/proc/$monitor/net/netlink"
}

# happened: the event of the service's last change has come; it goes to $T/event
# shellcheck disable=SC2317 # called by wait_for
happened() {
	grep -E "^web: [a-z-]+, generation $generation, " "$T/events" >"$T/event"
}

# shown KEY: a number out of $T/show
shown() { grep -o "\"$1\":[0-9]*" "$T/show" | cut -d: -f2; }

# in_event WORDS: the number before the words
in_event() { grep -o "[0-9]* $1" "$T/event" | cut -d' ' -f1; }

# rehearse WORD...: the dry run of the command changes nothing, and the event of
# the change says the same; leaves $T/dry, $T/before, $T/after, $T/show and
# $T/event
rehearse() {
	look before
	state >"$T/state"
	ctl --dry-run "$@" >"$T/dry" || fail "dry run of $*"
	cmp -s <(state) "$T/state" || {
		diff <(state) "$T/state"
		fail "the dry run of $* changed something"
	}
	: >"$T/events"
	ctl "$@" || fail "$*"
	ctl -j service show web >"$T/show"
	look after
	generation=$(shown generation)
	wait_for 20 happened
	check_eq "$*" "$(grep ^web: "$T/dry")" "$(sed -E \
		's/.* ([0-9]+) slots moved \((.*)\), ([0-9]+) entered .*/web: \1 of '"$(shown size)"' slots move (\2), \3 enter transition/' \
		"$T/event")"
}

# foretold WORD...: the dry run of a change to a service whose slots are settled
foretold() {
	base
	rehearse "$@"
	check_same "$*: slot by slot" "$(truth)" "$(rows)"
	check_eq "$*: event and service show" \
		"generation 2, $(shown backends) backends, $(shown transition_slots) in transition" \
		"$(sed -E 's/.*(generation [^,]*, [^,]*), .*, (.*)/\1, \2/' \
			"$T/event")"
	check_eq "$*: in transition" "$(in_event 'entered transition')" \
		"$(shown transition_slots)"
}

single_changes() {
	foretold backend set web s3 state drain
	foretold backend set web s3 state down
	foretold backend set web s5 weight 9
	foretold backend set web s12 state up
	foretold backend add web s13 mark 13 weight 2
	foretold backend del web s2
	foretold flush web
	foretold backend set web s11 mark 99
	foretold service set web settle 7 on-empty continue
	jq -c '.services[0].backends |= (map(select(.name != "s4")) +
		[{name: "new", mark: 44, weight: 3}]) |
		.services[0].backends[0].state = "drain" |
		.services[0].backends[1].weight = 7' "$T/base" >"$T/all"
	foretold apply "$T/all"
}

# A slot that is in transition already does not enter it again. A previous owner
# that is down may return, and one that is deleted does not.
further_changes() {
	local first came

	base
	rehearse backend set web s3 state drain
	first=$(in_event 'in transition')
	rehearse backend set web s6 state drain
	came=$(in_event 'entered transition')
	check_eq "a second one: in transition" $((first + came)) \
		"$(in_event 'in transition')"
	check_ge "slots that move a second time" 1 \
		$(($(in_event 'slots moved') - came))

	base
	rehearse backend set web s3 state drain
	cp "$T/before" "$T/first"
	rehearse backend set web s3 state up
	check_same "back again: the owners" "$(grep '^slot ' "$T/first")" \
		"$(grep '^slot ' "$T/after")"
	check_eq "back again: entered, in transition" "0, $first" \
		"$(in_event 'entered transition'), $(in_event 'in transition')"

	base
	rehearse backend set web s3 state drain
	came=$(rows | awk '$1 == "s3" { print $6 }')
	check_ge "slots that remember s3" 50 "$came"
	rehearse backend set web s3 state down
	check_eq "down: moved, in transition" "0, $first" \
		"$(in_event 'slots moved'), $(in_event 'in transition')"
	rehearse backend del web s3
	check_eq "deleted: moved, in transition without these" \
		"0, $((first - came))" \
		"$(in_event 'slots moved'), $(in_event 'in transition')"
}

# --- previous owners ---------------------------------------------------------

# flows N PROTO: N flows of each family, as words of lookup
flows() {
	awk -v n="$1" -v proto="$2" -v vip4="$VIP4" -v vip6="$VIP6" 'BEGIN {
		for (i = 0; i < n; i++) {
			x = (i * 7919) % 65521
			printf "lookup web proto %s src 10.%d.%d.%d:%d dst %s:80\n",
				proto, i % 251, x / 256, x % 256, 1024 + x % 60000, vip4
			printf "lookup web proto %s src [2001:db8:%x:%x::%x]:%d dst [%s]:80\n",
				proto, i, x, x, 1024 + x % 60000, vip6
		}
	}'
}

# The first TCP packet begins a connection and goes to the owner; a UDP flow may
# have begun before.
previous_owners() {
	base
	flows 300 tcp >"$T/lookups"
	flows 300 udp >>"$T/lookups"
	ctl -b "$T/lookups" | awk '{ print $5 }' >"$T/owners"
	ctl backend set web s3 state drain
	ctl backend set web s9 state down
	ctl -b "$T/lookups" >"$T/now"
	paste -d ' ' "$T/owners" "$T/now" | awk -v half=600 '{
		owner = $6
		want = $1 != owner && $1 != "s9" ? " previous " $1 : ""
		goes = want && NR > half ? $1 : owner
		mark = sprintf("0x%x", substr(goes, 2))
		print "web slot", $4, "owner", owner want, "backend", goes,
		      "mark", mark, "reason",
		      goes == owner ? "picked" : "previous"
	}' >"$T/want"
	check_same "lookups" "$(cat "$T/want")" "$(cat "$T/now")"
	check_ge "of a slot with a previous owner" 80 \
		"$(grep -c ' previous s' "$T/now")"
	check_ge "that go there" 40 "$(grep -c 'reason previous$' "$T/now")"
	check_eq "JSON" 's3 s3 previous' "$(paste -d '|' "$T/lookups" "$T/now" |
		grep -m 1 'previous s3.*reason previous' | cut -d '|' -f 1 |
		ctl -j -b - | jq -r '"\(.previous) \(.backend) \(.reason)"')"
}

# --- the price of disruption -------------------------------------------------

# moved_by_size: the share of flows that move between $T/before and $T/after, in
# slots of the new table, when no flow's hash changes. A table of SIZE slots
# divides the 2^32 hashes into SIZE equal pieces.
moved_by_size() {
	awk '
		function end(i, size) {
			return int(((i + 1) * 2 ^ 32 + size - 1) / size)
		}
		FNR == 1 { file++ }
		$2 == "size" { size[file] = $3 }
		$1 == "slot" { owner[file, $2] = $3 }
		END {
			while (at < 2 ^ 32) {
				a = end(i, size[1])
				b = end(j, size[2])
				upto = a < b ? a : b
				if (owner[1, i + 0] == owner[2, j + 0])
					stay += upto - at
				at = upto
				i += at == a
				j += at == b
			}
			print size[2] - int(stay * size[2] / 2 ^ 32)
		}' "$T/before" "$T/after"
}

# sold PERMILLE WORD...: the change costs what the refusal said; looking up the
# same flows before and after confirms it within PERMILLE
sold() {
	local cost got refusal

	refusal=$(ctl service set web "${@:2}" 2>&1)
	cost=$(sed -n 's/.* moves \(.*\)\.\(.*\) % of flows .*: needs disruptive$/\1\2/p' \
		<<<"$refusal")
	[ "$cost" ] || fail "no price of ${*:2}: $refusal"
	check_eq "${*:2}: rehearsed without the word" "$refusal" \
		"$(ctl --dry-run service set web "${@:2}" 2>&1)"
	ctl -b "$T/lookups" | awk '{ print $5 }' >"$T/owners"
	rehearse service set web "${@:2}" disruptive
	moved=$(rows | awk 'NR == 1 { print $2 }')
	check_eq "${*:2}: the price is the dry run's" "$cost" \
		$((moved * 1000 / $(shown size)))
	check_eq "${*:2}: nobody knows which slots" "- - -" \
		"$(rows | awk 'NR > 1 { print $4, $5, $6 }' | sort -u)"
	got=$(ctl -b "$T/lookups" | awk '{ print $5 }' | paste - "$T/owners" |
		awk '{ n += $1 != $2 } END { printf "%d", n * 1000 / NR }')
	check_le "${*:2}: per mille that moved, $got, off the price of $cost" \
		"$1" $((got > cost ? got - cost : cost - got))
}

prices() {
	ctl flush
	echo '{"services":[{"name":"web","size":1009,"backends":[
		{"name":"s1","mark":1,"weight":5},{"name":"s2","mark":2,"weight":2},
		{"name":"s3","mark":3},{"name":"s4","mark":4}]}]}' >"$T/json"
	ctl apply "$T/json" || fail "apply"
	ipt -t raw -A PREROUTING -j LBHASH --service web
	flows 500 tcp >"$T/lookups"

	sold 60 size 1500
	check_eq "flows that move, hash by hash" "$(moved_by_size)" "$moved"
	sold 60 size 401
	check_eq "flows that move, hash by hash" "$(moved_by_size)" "$moved"
	sold 60 seed 00112233445566778899aabbccddeeff
	sold 60 hash src,sport
	ipt -t raw -F
}

# --- services that come and go -----------------------------------------------

whole_configurations() {
	base
	jq -c '.services += [{name: "old", size: 251,
		backends: [{name: "x", mark: 1}]}]' "$T/base" >"$T/one"
	jq -c '.services[1].name = "new" |
		.services[0].backends[2].state = "drain"' "$T/one" >"$T/two"
	ctl apply "$T/one"
	look before
	state >"$T/state"
	ctl apply "$T/two" --dry-run >"$T/dry" || fail "dry run of apply"
	check_eq "services that come and go" \
"new: created, 251 slots
  name  before  after  gained  lost  entered
  x          0    251     251     0        0
old: deleted
  name  before  after  gained  lost  entered
  x        251      0       0   251        0" "$(head -n 6 "$T/dry")"
	check_eq "flush" '[["old","deleted",251],["web","deleted",1409]]' \
		"$(ctl -j flush --dry-run |
			jq -c 'map([.service, .outcome, .moved])')"
	check_eq "service del" 'old: deleted' \
		"$(ctl service del old --dry-run | head -n 1)"
	check_eq "service add" 'more: created, 503 slots' \
		"$(ctl service add more size 500 dry-run)"
	check_same "all of it changed nothing" "$(cat "$T/state")" "$(state)"

	ctl -j apply "$T/two" dry-run >"$T/json"
	ctl apply "$T/two"
	look after
	check_same "web" "$(truth)" "$(rows)"
	check_eq "new" '[["x",1,1,"up",251]]' "$(ctl -j backend show new |
		jq -c 'map([.name, .mark, .weight, .state, .slots])')"
	# JSON lists the untouched backends as well.
	check_same "as JSON" "$(for s in new old web; do rows "$s"; done)" \
		"$(jq -r '.[] | "\(.service): " + (if .outcome == "created" then
			"created, \(.size) slots" elif .outcome == "deleted" then
			"deleted" else "\(.moved) of \(.size) slots move (\(
			.needed) needed, \(.collateral) collateral), \(
			.entered) enter transition" end),
			(.backends[] | select(.gained + .lost > 0) | "\(.name) \(
			.before) \(.after) \(.gained) \(.lost) \(.entered)")' \
			"$T/json")"
	check_eq "more of the JSON" '["changed",12,true,false]' \
		"$(jq -c '.[2] | [.outcome, (.backends | length),
			.transition_slots == .entered, .entered == 0]' "$T/json")"
}

# --- where the option may stand, and its output ------------------------------

words() {
	local want words

	base
	want=$(ctl backend set web s3 state drain weight 2 --dry-run)
	for words in "--dry-run backend set web s3 state drain weight 2" \
		"--dry b se web s3 w 2 st drain" \
		"backend set web --dry-run s3 state drain weight 2" \
		"backend set web s3 state drain weight 2 dry-run" \
		"backend set web s3 dry-run state drain weight 2"; do
		# shellcheck disable=SC2086
		check_eq "$words" "$want" "$(ctl $words)"
	done
	check_eq "a batch" "$want" "$(ctl --dry-run -b - \
		<<<'backend set web s3 state drain weight 2')"
	check_eq "a line of a batch" "$want" "$(ctl -b - \
		<<<'--dry-run backend set web s3 state drain weight 2')"
	check_eq "nothing happened" '["s3",3,1,"up"]' \
		"$(ctl -j backend show web s3 |
			jq -c '.[0] | [.name, .mark, .weight, .state]')"
	check_eq "lines of one length" 1 "$(tail -n +2 <<<"$want" |
		awk '{ print length }' | sort -u | wc -l)"

	for words in "service show" "backend show web" save "table web" stats \
		"lookup web" version monitor; do
		# shellcheck disable=SC2086
		says 1 "$words: unexpected argument --dry-run" --dry-run $words
		# shellcheck disable=SC2086
		says 1 "$words: unexpected argument --dry-run" $words --dry-run
	done
	says 1 "backend set web s3: nothing to change$(synopsis backend set)" \
		backend set web s3 dry-run
	says 2 "backend s77 does not exist" backend del web s77 dry-run
	says 2 "service dry-run does not exist" flush dry-run
}

# --- many backends -----------------------------------------------------------

# many N NAME: a file with a service of N backends
many() {
	awk -v n="$1" -v name="$2" 'BEGIN {
		printf "{\"services\":[{\"name\":\"web\",\"size\":70001,\"backends\":["
		for (i = 1; i <= n; i++)
			printf "%s{\"name\":\"%s%d\",\"mark\":%d}\n",
				(i > 1 ? "," : ""), name, i, i
		print "]}]}"
	}' >"$T/json"
}

# totals: the number of backends, and the sums of their columns
totals() {
	tail -n +3 "$T/dry" | awk '{ for (i = 2; i < 7; i++) sum[i] += $i }
		END { print NR, sum[2], sum[3], sum[4], sum[5], sum[6] }'
}

# First, names of the maximum length, more than fit into one message; then more
# backends before and after than 16 bits can number.
large() {
	many 4096 a-backend-with-a-long-name-
	ctl apply "$T/json" 2>/dev/null || fail "apply of 4096 backends"
	ctl flush web --dry-run >"$T/dry" || fail "dry run of 4096 backends"
	check_eq "4096 backends" "4096 70001 0 0 70001 0" "$(totals)"
	check_eq "4096 names" 4096 "$(tail -n +3 "$T/dry" |
		awk '{ print $1 }' | sort -u | wc -l)"

	many 33000 a
	ctl apply "$T/json" 2>/dev/null || fail "apply of 33000 backends"
	many 33000 b
	ctl apply "$T/json" --dry-run >"$T/dry" 2>/dev/null ||
		fail "dry run of 66000 backends"
	check_eq "66000 backends" "66000 70001 70001 70001 70001 0" "$(totals)"
	check_eq "their sums" "web: 70001 of 70001 slots move (70001 needed, 0 collateral), 0 enter transition" \
		"$(head -n 1 "$T/dry")"
	ctl flush
}

load_module
add_namespace lb
write_base
listen
single_changes
further_changes
previous_owners
prices
whole_configurations
words
large
