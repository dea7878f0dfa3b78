#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# timeout: 600
#
# As reopen, with a rule that tracks as little as possible and forwards: whether
# or not a slot has settled, the first SYN of a client that reuses its port
# reaches the owner of the slot.
# checks: 79
. ./lib.sh
. ./lib/checks.bash
. ./tracking/reopen.bash
ports=10 answers=unseen

load_module
topology dsr 4 unmarked
start_both_ends
on_paths in_variant nft raw in_mode 'changed forward' passes
answers=seen path=two-way
in_variant nft raw in_mode 'changed forward' passes
check_eq 'SYNs sent again' 0 "$(syn_retransmits)"
