#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# timeout: 900
#
# The claims of `make demo` are true, on every kernel and on slow machines.
# by default on: 6.12
# checks: 3
. ./lib.sh

bash documents/demo.sh >"$T/page" 2>&1
rc=$?
sed 's/^/# /' "$T/page"
check_eq 'untrue claims' 0 "$(grep -c UNTRUE "$T/page")"
check_eq 'true claims' 22 "$(grep -cF '[true]' "$T/page")"
check_eq 'exit code' 0 "$rc"
