# SPDX-License-Identifier: GPL-2.0
#
# As libxt_LBHASH.t. The backend s1 belongs to the services web and dns.
:PREROUTING,OUTPUT
*raw,mangle
-m lbhash --syn-seen;=;OK
-m lbhash ! --syn-seen;=;OK
-m lbhash --pinned-to s1 --service web;=;OK
-m lbhash ! --pinned-to s1 --service web;=;OK
-m lbhash --service dns --pinned-to s1;-m lbhash --pinned-to s1 --service dns;OK
-m lbhash --syn-seen --pinned-to s1 --service web;=;OK
-m lbhash ! --syn-seen ! --pinned-to s1 --service web;=;OK
-p tcp -m lbhash --syn-seen -j DROP;=;OK
-m lbhash --pinned-to s1 --service web -j LBHASH --service dns;=;OK
:PREROUTING
*raw
-m lbhash;--syn-seen or --pinned-to BACKEND --service NAME is needed;FAIL
-m lbhash --service web;"--service" also requires "--pinned-to";FAIL
-m lbhash --pinned-to s1;"--pinned-to" also requires "--service";FAIL
-m lbhash --pinned-to s1 ! --service web;--service" cannot be inverted;FAIL
-m lbhash --syn-seen --syn-seen;--syn-seen" can only be used once;FAIL
-m lbhash --pinned-to s/1 --service web;--pinned-to "s/1": must be 1..31 of;FAIL
-m lbhash --pinned-to s1 --service absent;lbhash: service "absent" does not exist (lbhashctl service add absent);FAIL
:INPUT,FORWARD,POSTROUTING
*mangle
-m lbhash --pinned-to s1 --service web;=;OK
:INPUT,FORWARD,OUTPUT
*filter
-m lbhash --pinned-to s1 --service web -j ACCEPT;=;OK
