#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# A balancer as installed by the packages: systemd boots in lb, with the module
# built by DKMS and the unit that restores the configuration; a unit like
# netfilter-persistent restores a rule that needs a service.
# may skip on: debug kcsan
# checks: 25
. ./lib.sh

config=/etc/lbhash/config.json units=/etc/systemd/system

# install_module: where DKMS installs it
install_module() {
	local kver

	kver=$(uname -r)
	[ -e /lbhash/build/dkms/xt_lbhash.ko ] || fail "make dkms has not been run"
	rm "/usr/lib/modules/$kver/extra/xt_lbhash.ko"
	install -D -t "/usr/lib/modules/$kver/updates/dkms" \
		/lbhash/build/dkms/xt_lbhash.ko
	depmod
	check_eq "the module" "/lib/modules/$kver/updates/dkms/xt_lbhash.ko" \
		"$(modinfo -n xt_lbhash)"
}

# configure BACKEND...: write the file that is restored
configure() {
	local name list=''

	for name; do
		list+="${list:+, }{\"name\": \"$name\", \"mark\": ${name#s}}"
	done
	mkdir -p "${config%/*}"
	echo "{\"services\": [{\"name\": \"web\", \"size\": $SIZE,
		\"backends\": [$list]}]}" >"$config"
}

# restored_rules: its ordering is that of netfilter-persistent
restored_rules() {
	cat >"$units/netfilter-persistent.service" <<-END
		[Unit]
		DefaultDependencies=no
		Wants=network-pre.target
		Before=network-pre.target shutdown.target
		After=systemd-modules-load.service local-fs.target
		Conflicts=shutdown.target
		[Service]
		Type=oneshot
		RemainAfterExit=yes
		ExecStart=/usr/sbin/iptables-legacy-restore $T/rules
		[Install]
		WantedBy=multi-user.target
	END
	cat >"$T/rules" <<-END
		*raw
		-A PREROUTING -d $VIP4/32 -j LBHASH --service web
		COMMIT
	END
}

# Start systemd as process 1 of a PID namespace, in the network of lb; with a
# machine ID, because a first boot would enable all units.
boot() {
	tr -d - </proc/sys/kernel/random/uuid >/etc/machine-id
	nsenter --net=/run/netns/lb unshare --pid --fork --kill-child --mount \
		--mount-proc --cgroup --ipc --uts env container=selftest \
		/usr/lib/systemd/systemd --system --log-target=console \
		--show-status=no --unit=multi-user.target &
	wait_for 10 init_of $!
	wait_for 30 test -S /run/systemd/private
	wait_for 60 booted
}

# shellcheck disable=SC2317 # called by wait_for
init_of() { init=$(ps -o pid= --ppid "$1"); }

# shellcheck disable=SC2317 # called by wait_for
booted() {
	local state
	state=$(inside is-system-running 2>/dev/null)
	[ "$state" = running ] || [ "$state" = degraded ]
}

# inside COMMAND...: systemctl in systemd's own PID namespace
inside() { nsenter --target "$init" --pid --mount systemctl "$@"; }

# property UNIT NAME
property() { inside show -P "$2" "$1"; }

backends() { ctl -j backend show web | jq -r '[.[].name] | join(" ")'; }

# check_refused NAME COMMAND...: it fails, and the configuration is unchanged
check_refused() {
	local before

	before=$(ctl save)
	"${@:2}" >"$T/refused" 2>&1 && fail "$1: succeeds"
	check_same "$1: fails, and the configuration is" "$before" "$(ctl save)"
}

case $(uname -r) in
*-cloud-amd64) install_module ;;
*) skip "DKMS builds for kernels that are packages" ;;
esac
add_namespace lb
mkdir -p "$units"
install -D -m 644 -t /usr/lib/systemd/system /lbhash/tools/lbhash.service
systemd-analyze verify --man=no lbhash.service >"$T/verify" 2>&1 ||
	fail "verify: $(cat "$T/verify")"
check_empty "systemd-analyze verify says" "$(cat "$T/verify")"
configure s1 s2
restored_rules
systemctl enable lbhash netfilter-persistent 2>/dev/null || fail enable

check_eq "before: modules" 0 "$(grep -c xt_lbhash /proc/modules)"
boot
check_empty "after boot: what has failed" \
	"$(inside list-units --failed --plain --no-legend)"
check_eq "loaded" "$(modinfo -F srcversion xt_lbhash)" \
	"$(cat /sys/module/xt_lbhash/srcversion)"
check_eq "restored: backends" "s1 s2" "$(backends)"
check_eq "restored: rules" "-A PREROUTING -d $VIP4/32 -j LBHASH --service web" \
	"$(lb iptables-legacy-save -t raw | grep LBHASH)"
for unit in netfilter-persistent.service iptables.service ip6tables.service \
	nftables.service firewalld.service ufw.service network-pre.target; do
	check_eq "ordered before $unit" "$unit" \
		"$(property lbhash Before | tr ' ' '\n' | grep -x "$unit")"
done
check_ge "rules restored so many us after the configuration" 0 $((
	$(property netfilter-persistent ExecMainStartTimestampMonotonic) -
	$(property lbhash ExecMainExitTimestampMonotonic)))

configure s1 s2 s3
inside reload lbhash || fail reload
check_eq "reloaded: backends" "s1 s2 s3" "$(backends)"

echo '{"services": [{"name": "web",' >"$config"
check_refused "reload of half a file" inside reload lbhash
configure s1 s2 s0
check_refused "reload of a wrong mark" inside reload lbhash
check_eq "still" active "$(inside is-active lbhash)"

inside stop lbhash || fail stop
check_eq "stopped: backends" "s1 s2 s3" "$(backends)"
check_refused "start with a wrong mark" inside start lbhash
check_eq "then" failed "$(inside is-active lbhash)"
rm "$config"
inside reset-failed lbhash
inside start lbhash || fail "start without a file"
check_eq "without a file" "inactive, no" \
	"$(inside is-active lbhash), $(property lbhash ConditionResult)"
check_eq "without a file: backends" "s1 s2 s3" "$(backends)"
configure s2
inside start lbhash || fail start
check_eq "started: backends" s2 "$(backends)"
