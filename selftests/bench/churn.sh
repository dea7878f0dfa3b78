#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# timeout: 7200
#
# What backends that come and go cost, with three kinds of memory: of what
# changed, of everything but with too little room, of nothing. The same changes
# each time, ten a minute or as many as the machine can follow, of which every
# connection sees the next one only after it has said something; they go on for
# several times the settling time.
#
#   selftests/vm/run --watch -d selftests/bench churn
# checks: some
. ./lib.sh
. ./lib/checks.bash
. ./transition/churn.bash

OPEN=1000 NEW=20 SETTLE=60 EVERY=6 ROOM=1024

# One change a line; "-NAME" says that the backend's connections are lost.
changes() {
	cat <<-END
		backend add web s11 mark 11
		backend set web s3 state drain
		backend set web s5 weight 3
		backend set web s3 state up
		backend add web s12 mark 12 weight 2
		-s7 backend set web s7 state down
		-s7 backend set web s7 state up
		-s7 backend set web s7 state down
		backend set web s1 state drain
		-s7 backend set web s7 state up
		backend set web s5 weight 1
		-s9 backend del web s9
		backend set web s1 state up
		backend add web s9 mark 9
		backend set web s11 state drain
		backend set web s2 weight 2
		backend set web s4 state drain
		backend set web s11 state up
		backend set web s6 state drain
		backend set web s8 state drain
		backend set web s4 state up
		backend set web s6 state up
		backend set web s8 state up
		backend set web s2 weight 1
	END
}

# play TRACK: all changes, newcomers after each
play() {
	local lost words at n=0 name

	fresh 10 settle $SETTLE
	rule raw PREROUTING -p tcp -j LBHASH --service web --track "$1"
	connect old $OPEN -h
	connect busy 50 -e -i 500
	reset_counts
	at=$SECONDS
	while read -r words; do
		lost=''
		if [ "${words:0:1}" = - ]; then
			lost=${words%% *} words=${words#* }
			backends_lost "${lost#-}"
		fi
		ctl -b - <<<"$words" || fail "$words"
		n=$((n + 1))
		connect "new$n" $NEW -h
		everybody
		echo "# $1, $((SECONDS - at)) s, $words: $undue of $peak_open" \
			"broken, $(lb conntrack -C) entries," \
			"$(ctl -j memory | jq .entries) in the flow memory"
		wait_for 60 is_past $((at + n * EVERY))
	done < <(changes)
	result "$1" $((SECONDS - at))
	for name in "${clients[@]}"; do
		[ "${name%.4}" = "$name" ] || disconnect "${name%.4}"
	done
	flush_rules
}

is_past() { [ "$SECONDS" -ge "$1" ]; }

# result TRACK SECONDS: a line of the table; entries are those of conntrack or of
# the flow memory
result() {
	local entries=$((peak_entries + peak_remembered))

	printf '%-10s %6d s %11d %8d %8d %8d %11s %11s\n' "$1" "$2" \
		"$peak_open" "$undue" "$due" "$entries" \
		"$(share "$entries" "$peak_open")" \
		"$(share "$peak_slots" "$SIZE")" >>"$T/table"
	ok "track $1"
}

share() { awk -v part="$1" -v of="$2" 'BEGIN { printf "%.3f", part / of }'; }

load_module
topology dsr 12
start_servers
for track in changed always never; do
	max=262144
	[ "$track" = changed ] || max=$ROOM
	sysctl -qw net.netfilter.nf_conntrack_max=$max
	play $track
done
printf '%-10s %8s %11s %8s %8s %8s %11s %11s\n' track lasted connections \
	'no need' need entries 'entries/c.' 'slots/all'
cat "$T/table"
check_eq 'track changed: broken without need' 0 \
	"$(awk '$1 == "changed" { print $5 }' "$T/table")"
