#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# timeout: 3000
# by name: is a part of selftests/bench/profile
#
# Packets for the profiler, which looks at the last of these runs, and the
# kernel's symbols.
#
#   WAY=PATH[:STATE]  BACKENDS  FAMILY  KIND
# checks: some
. ./lib.sh
. ./paths.bash

: "${WAY:=forward_raw_changed}" "${BACKENDS:=10}" "${FAMILY:=4}" "${KIND:=udp}"
PROTO=tcp PORT=80 FLOWS=1024
# shellcheck disable=SC2034 # of paths.bash
[ "$KIND" != udp ] || PROTO=udp PORT=9

load_module
modprobe lbhash_source || fail 'no lbhash_source: make source'
room_for_entries
neighbours 65536
begin "$FAMILY"
state_of "$WAY"
"${WAY%%:*}" "$BACKENDS"
before=$(sunk)
# before KIND: what a connection has sent before
before() {
	case $1 in
	ack) echo syn ;;
	data) echo syn ack ;;
	esac
}
sent=0
for i in 1 2 3; do
	# shellcheck disable=SC2046 # several words
	for kind in $(before "$KIND") "$KIND"; do
		send "$kind" $((i * FLOWS)) $FLOWS $FLOWS ||
			fail 'packets had to wait'
		sent=$((sent + FLOWS))
	done
done
check_eq 'packets' $sent $(($(sunk) - before))
echo "# instructions $took packets $FLOWS"
awk '$2 ~ /[tTwW]/ { print $1, 0, $3, $4 }' /proc/kallsyms | gzip | base64 |
	sed 's/^/# symbols /'
