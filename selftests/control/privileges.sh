#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# timeout: 600
# kmemleak: yes
#
# Privileges. Without CAP_NET_ADMIN everything can be read and nothing changed.
# The owner of a user namespace may do everything in its network namespace and
# sees nothing of others. Kernel memory for the configuration is charged to the
# cgroup of the process that makes it and limited by that cgroup's limit.
# checks: 37
. ./lib.sh

nobody() {
	ip netns exec "$1" setpriv --reuid 65534 --regid 65534 --clear-groups \
		--bounding-set -all "${@:2}"
}

# may_not WHERE COMMAND...: is not permitted, says so, and changes nothing
may_not() {
	local before after rc out

	before=$(ctl save)
	out=$(nobody "$1" lbhashctl "${@:2}" 2>&1)
	rc=$?
	after=$(ctl save)
	check_eq "nobody: ${*:2}" "2, Operation not permitted" \
		"$rc, $(grep -o 'Operation not permitted' <<<"$out")"
	[ "$before" = "$after" ] || fail "it changed something"
}

may() {
	nobody "$1" lbhashctl -j "${@:2}" >"$T/out" 2>&1 ||
		fail "nobody: ${*:2}: $(cat "$T/out")"
	[ -s "$T/out" ] || fail "nobody: ${*:2}: says nothing"
	ok "nobody: ${*:2}"
}

nobody_reads() {
	local n

	service 2
	ctl save >"$T/config"
	chmod 755 "$T"
	chmod 644 "$T/config"
	may_not lb service add more
	may_not lb service set web settle 1
	may_not lb service del web
	may_not lb backend add web s3 mark 3
	may_not lb backend set web s1 state down
	may_not lb backend del web s1
	may_not lb apply "$T/config"
	may_not lb flush web
	may_not lb flush
	may_not lb set memory 4096

	may lb service show
	may lb service show web
	may lb backend show web
	may lb backend show web s1
	may lb table web
	may lb -v table web
	may lb stats
	may lb memory
	may lb version

	# With one of these a client can aim at a backend.
	for n in "service show" "service show web"; do
		# shellcheck disable=SC2086 # words of a command
		check_null "nobody: seed, $n" \
			"$(nobody lb lbhashctl -j $n | jq -c '.[0].seed')"
	done
	check_eq 'root: digits of the seed' 32 \
		"$(ctl -j service show web | jq '.[0].seed | length')"
	may_not lb lookup web proto tcp src 192.0.2.1:1 dst "$VIP4:80"
	nobody lb lbhashctl save >"$T/out" 2>&1 && fail 'nobody: save'
	check_eq 'nobody: save' 'lbhashctl: web: reading the seed needs CAP_NET_ADMIN' \
		"$(cat "$T/out")"

	# With the key it can forge entries of connections.
	nobody lb lbhashctl memory dump >"$T/out" 2>&1 && fail 'nobody: dump'
	check_eq 'nobody: memory dump' \
		'lbhashctl: memory dump: reading the key needs CAP_NET_ADMIN' \
		"$(cat "$T/out")"
	ctl memory dump >"$T/dump"
	chmod 644 "$T/dump"
	may_not lb memory insert "$T/dump"

	# Walking the flow memory takes a privilege.
	check_null 'nobody: connections at a backend' \
		"$(nobody lb lbhashctl -j memory |
			jq '.services[0].backends[0].connections')"

	# Walking conntrack's table takes a privilege.
	check_null 'nobody: who holds slots' \
		"$(nobody lb lbhashctl -j service show web | jq '.[0].holding')"
	check_eq 'root: who holds slots' 0 \
		"$(ctl -j service show web | jq '.[0].holding')"
}

# The owner of a user namespace has no privilege outside of it.
owner_rules() {
	cat >"$T/owner" <<-'END'
	set -e
	[ "$(lbhashctl -j service show)" = '[]' ]
	lbhashctl service add web size 4099
	lbhashctl backend add web mine mark 9
	iptables-legacy -t raw -A PREROUTING -j LBHASH --service web
	iptables-legacy -t raw -S
	lbhashctl -j backend show web
	lbhashctl flush web
	lbhashctl backend add web other mark 8
	iptables-legacy -t raw -F
	lbhashctl service del web
	lbhashctl service add web
	END
	chmod 644 "$T/owner"
	modprobe iptable_raw
	setpriv --reuid 65534 --regid 65534 --clear-groups \
		unshare --user --map-root-user --net \
		bash "$T/owner" >"$T/out" 2>&1 || fail "owner: $(cat "$T/out")"
	check_eq 'owner: rule' 1 "$(grep -c -- '-j LBHASH --service web' "$T/out")"
	check_eq 'owner: backend' mine \
		"$(grep '^\[' "$T/out" | jq -r '.[0].name')"
	check_same 'lb has what it had' "$(cat "$T/config")" "$(ctl save)"
	check_eq 'nothing in the first namespace' '[]' \
		"$(lbhashctl -j service show)"

	# The owner of one namespace has no privilege in another.
	setpriv --reuid 65534 --regid 65534 --clear-groups \
		unshare --user --map-root-user \
		nsenter --net=/run/netns/lb lbhashctl service add more \
		>"$T/out" 2>&1
	check_eq "owner of no network namespace" 1 \
		"$(grep -c 'not permitted' "$T/out")"
	check_same 'lb has what it had' "$(cat "$T/config")" "$(ctl save)"
}

charged() { cat "/sys/fs/cgroup/owner/memory.current"; }

less_than() { [ "$(charged)" -lt "$1" ]; }

# 16 tables of 4 MiB
memory_is_charged() {
	local i before

	echo +memory >/sys/fs/cgroup/cgroup.subtree_control
	mkdir /sys/fs/cgroup/owner
	add_namespace big
	for ((i = 0; i < 16; i++)); do
		echo "service add big$i size 1048573"
		echo "backend add big$i s1 mark 1"
	done >"$T/batch"
	before=$(charged)
	bash -c 'echo $$ >/sys/fs/cgroup/owner/cgroup.procs; exec "$@"' - \
		lbhashctl -n big -b "$T/batch" || fail 'no room'
	check_ge 'MiB charged to the cgroup' 64 \
		$((($(charged) - before) >> 20))
	ip netns del big
	wait_for 30 less_than $((16 << 20))
	ok "MiB left when the namespace is gone: $(($(charged) >> 20))"
	rmdir /sys/fs/cgroup/owner
}

load_module
topology dsr 2
nobody_reads
owner_rules
memory_is_charged
