#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Regenerate netlink_gen.[ch] and the uapi header from lbhash.yaml with the
# kernel's own YNL generator, as linux-source-6.12 has it.
#
#   regen.sh           write the three files
#   regen.sh --check   fail if one of them is not what the spec says
set -euo pipefail

cd "$(dirname "$0")"
tarball=/usr/src/linux-source-6.12.tar.xz
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

[ -e "$tarball" ] || {
	echo "regen.sh: $tarball is missing: apt install linux-source-6.12" >&2
	exit 1
}

# The generator looks upwards for MAINTAINERS and never stops without one.
tree=linux-source-6.12
tar -C "$work" -xf "$tarball" "$tree/tools/net/ynl" \
	"$tree/Documentation/netlink" "$tree/MAINTAINERS"
tree=$work/$tree
cp lbhash.yaml "$tree/Documentation/netlink/specs/"

gen() {
	(cd "$tree" && /usr/bin/python3 tools/net/ynl/ynl-gen-c.py \
		--spec Documentation/netlink/specs/lbhash.yaml "$@")
}
gen --mode kernel --header -o "$work/netlink_gen.h"
gen --mode kernel --source -o "$work/netlink_gen.c"
gen --mode uapi --header -o "$work/lbhash.h"

if [ "${1:-}" = --check ]; then
	diff -u ../netlink_gen.h "$work/netlink_gen.h"
	diff -u ../netlink_gen.c "$work/netlink_gen.c"
	diff -u ../uapi/linux/lbhash.h "$work/lbhash.h"
else
	cp "$work"/netlink_gen.[ch] ..
	cp "$work/lbhash.h" ../uapi/linux/lbhash.h
fi
