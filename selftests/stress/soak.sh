#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# timeout: 700
# kmemleak: yes
#
# Rounds of changes with traffic; after each round all memory that it took is
# free again: slab, vmalloc, per-CPU memory and pages are at the level of the
# first round. A leak of 40 bytes a change is noticed. A few rounds; SOAK=1
# makes it an hour. The debug kernel delays frees, so there kmemleak looks for
# leaks instead.
# by default on: 6.12
# checks: some
# checks: 16
. ./lib.sh
. ./lib/checks.bash

ROUNDS=3 LASTS=0
[ -z "${SOAK:-}" ] || LASTS=3600
CHANGES=240

# changes: $CHANGES changes of all kinds to backends and services
changes() {
	local i

	for ((i = 0; i < CHANGES / 12; i++)); do
		cat <<-END
			backend add web s5 mark 5 weight $((i % 9 + 1))
			backend set web s2 state drain
			backend set web s3 weight $((i % 5 + 1))
			backend set web s2 state up
			backend set web s5 state down
			backend del web s5
			service add other$i size $((i % 2 ? 65537 : 251))
			backend add other$i a mark 1
			backend set other$i a weight 2 dry-run
			service set other$i seed $(printf %032x "$i")
			backend add other$i b mark 2
			service del other$i
		END
	done
}

seed=$(printf %032x 9)

# refused: changes that fail half-way and must free what they allocated
refused() {
	local i

	for ((i = 0; i < 20; i++)); do
		! ctl backend add web s1 mark 9 2>/dev/null || fail 'a name twice'
		! ctl backend add web s9 mark 1 2>/dev/null || fail 'a mark twice'
		! ctl service add web 2>/dev/null || fail 'a service twice'
		! ctl service set web seed "$seed" 2>/dev/null || fail 'disruptive'
	done
}

queries() {
	{
		ctl -j service show
		ctl -j -v table web
		ctl -j stats
		ctl -j lookup web proto tcp src 192.0.2.1:1 dst "$VIP4:80"
	} >/dev/null || fail 'a query'
}

# one_round: from an empty configuration to an empty one, with live connections
one_round() {
	local name

	service 4
	rule raw PREROUTING -p tcp -j LBHASH --service web --track changed
	rule raw PREROUTING -p udp -j LBHASH --service web
	for name in 4 6; do
		start_client "tcp$name" "$name" -h -n 20
		start_client "udp$name" "$name" -u -h -n 20
	done
	changes >"$T/batch"
	ctl -b "$T/batch" >/dev/null || fail 'the changes stopped'
	refused
	queries
	ctl save >"$T/saved"
	ctl apply "$T/saved" || fail 'apply'
	for name in tcp4 tcp6 udp4 udp6; do
		next_round "$name"
		check_client "round $1" "$name" 20
		stop_client "$name"
	done
	flush_rules
	ctl flush
	lb conntrack -F 2>/dev/null
	wait_for 60 no_entries
}

# shellcheck disable=SC2317 # called by wait_for
no_entries() { [ "$(lb conntrack -C)" = 0 ]; }

# usage: bytes of kmalloc() and of conntrack in use, of the module's vmalloc(),
# of per-CPU memory, and free kB. MemFree leaves out the CPUs' own lists of free
# pages, which may hold tens of MB, so these are added.
usage() {
	echo 3 >/proc/sys/vm/drop_caches
	awk '/^(kmalloc-|nf_conntrack)/ { n += $2 * $4 } END { printf "%d ", n }' \
		/proc/slabinfo
	awk '/lbhash/ { n += $2 } END { printf "%d ", n }' /proc/vmallocinfo
	awk '/^Percpu/ { p = $2 * 1024 } /^MemFree/ { n += $2 }
		$1 == "count:" { n += $2 * 4 } END { print p, n }' \
		/proc/meminfo /proc/zoneinfo
}

# RCU frees memory with a delay: done when two readings half a second apart
# agree.
# shellcheck disable=SC2317 # called by wait_for
quiet() {
	local last=$now

	now=$(usage)
	[ "${last% *}" = "${now% *}" ] || { sleep 0.5; false; }
}

load_module
topology dsr 4
start_servers
SIZE=4099
for ((n = 0; n < ROUNDS || SECONDS < LASTS; n++)); do
	one_round $n
	! checks_itself || continue
	now=
	wait_for 60 quiet
	[ $n != 0 ] || begin=$now
	[ $n != 1 ] || second=$now
done
! checks_itself || exit 0
echo "# slab, vmalloc, percpu, kB free: $begin after one round of" \
	"$CHANGES changes, $second after two, $now after $n"
read -r slab vmalloc percpu free <<<"$begin"
read -r slab_now vmalloc_now percpu_now free_now <<<"$now"
check_eq 'vmalloc' "0 0" "$vmalloc $vmalloc_now"
check_le 'slab: KiB' 16 $(((slab_now - slab) / 1024))
check_le 'per-CPU memory' "$percpu" "$percpu_now"
check_le 'pages: KiB' $((1024 + 4 * n)) $((free - free_now))
