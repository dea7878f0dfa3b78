# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# Roots of Debian releases, for scripts that run as root. mmdebstrap makes each
# of them once, from the places where this machine's apt finds its own packages;
# the configuration of apt stays as it is. They are kept in
# $XDG_CACHE_HOME/xt_lbhash (~/.cache/xt_lbhash), by a name made of all that goes
# in, for all clones.
cache=${XDG_CACHE_HOME:-$HOME/.cache}/xt_lbhash

# debian_sources SUITE: for apt, with the suite's updates and backports
debian_sources() {
	local own

	# shellcheck disable=SC1091
	own=$(. /etc/os-release && echo "$VERSION_CODENAME")
	# shellcheck disable=SC2016 # apt expands it
	apt-get indextargets --format '$(REPO_URI) $(CODENAME) $(COMPONENT)' \
		'Created-By: Packages' 'Origin: Debian' |
		awk -v own="$own" -v suite="$1" '
			$3 != "main" || $2 !~ "^" own "(-|$)" { next }
			$2 == own { print "deb", $1, suite "-backports", $3 }
			{ sub(own, suite, $2); print "deb", $0 }' | sort -u
}

# Shell commands of the sourcing script, which mmdebstrap runs with the new root
# as $1 while packages can still be installed there.
hooks=()

# make_debian DIR SUITE PACKAGE...: in DIR.new; what was said is in DIR.log
make_debian() {
	local sources

	sources=$(debian_sources "$2")
	if [ -z "$sources" ]; then
		echo "apt knows no place of Debian packages: apt-get update"
		return 1
	fi >"$1.log"
	rm -rf --one-file-system "$1.new"
	# shellcheck disable=SC2016 # mmdebstrap's shell expands it
	unshare --mount --propagation private \
		mmdebstrap --mode=root --variant=apt --format=directory \
		--include="${*:3}" "${hooks[@]/#/--customize-hook=}" \
		--customize-hook='for k in "$1"/lib/modules/*; do
			[ ! -d "$k" ] || chroot "$1" depmod "${k##*/}"; done' \
		--customize-hook='rm -f "$1"/boot/initrd* "$1/etc/resolv.conf"' \
		"$2" "$1.new" - <<<"$sources" >"$1.log" 2>&1 8>&-
}

# unavailable LOG: why packages were not to be had; fails if that is not it
unavailable() {
	local words

	words=$(paste -sd '|' <<-'END'
		apt knows no place of Debian packages.*
		failed to execute mmdebstrap.*
		Failed to fetch .*
		Could not (resolve|connect).*
		Temporary failure resolving .*
		The repository .* (does not have|no longer has|is not signed).*
		Release file for .* is (expired|not valid yet).*
		Unable to locate package .*
		Package .* has no installation candidate
		.* Hash Sum mismatch
		you have held broken packages.*
	END
	)
	grep -m 1 -oE "$words" "$1"
}

# is_fresh DIR: a new one has newer packages
is_fresh() {
	[ -d "$1" ] && [ -z "$(find "$1" -maxdepth 0 -mtime +30)" ]
}

# renew NAME SUITE PACKAGE...: $root, or $reason and 4
renew() {
	echo "making a root of Debian $2, a few minutes: $root.log"
	if ! make_debian "$root" "${@:2}"; then
		rm -rf --one-file-system "$root.new"
		reason=$(unavailable "$root.log") ||
			{ tail -n 40 "$root.log" && return 1; }
		[ -d "$root" ] || return 4
		echo "it stays as old as it is: $reason"
		return 0
	fi
	find "$cache" -maxdepth 1 -type d -name "$1-????????????" \
		-exec rm -rf --one-file-system {} +
	touch "$root.new"
	mv "$root.new" "$root"
}

# debian_root NAME SUITE PACKAGE...: sets $root, which stays as it is while this
# process lives. PACKAGE/SUITE-backports takes one from there. After 30 days it is
# made anew, if it can be. Returns 4, with a $reason, if packages are not to be had
# at the moment.
debian_root() {
	local key

	key=$({ echo "${@:2}" "${hooks[@]}" && declare -f make_debian; } |
		sha256sum)
	root=$cache/$1-${key::12}
	mkdir -p "$cache"
	exec 8>>"$cache/$1.lock"
	flock --shared 8
	if ! is_fresh "$root"; then
		flock 8
		is_fresh "$root" || renew "$@" || return
		flock --shared 8
	fi
}

# in_debian COMMAND...: in $root, where only /tmp and the present directory,
# which is /mnt there, can be written
in_debian() {
	# shellcheck disable=SC2016 # the inner shell expands it
	unshare --mount --propagation private bash -ec '
		mount --bind "$1" "$1"
		mount -o remount,bind,ro "$1"
		mount -t tmpfs tmpfs "$1/tmp"
		mount -t proc -o ro proc "$1/proc"
		mount --rbind "$2" "$1/mnt"
		exec chroot "$1" env -i --chdir=/mnt "${@:3}"
	' - "$root" "$PWD" PATH=/usr/sbin:/usr/bin HOME=/tmp LC_ALL=C "$@"
}
