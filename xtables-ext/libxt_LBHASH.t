# SPDX-License-Identifier: GPL-2.0
#
# RULE;EXPECTED;OK    -S prints EXPECTED, = stands for RULE
# RULE;TEXT;FAIL      the rule is refused, and TEXT is what iptables says
#
# :CHAINS and *TABLES hold for the lines below them. The services web, dns and
# service.with_a-name-of-31-chars are there, no other is.
:PREROUTING,OUTPUT
*raw,mangle
-j LBHASH --service web;=;OK
-j LBHASH --service dns;=;OK
-j LBHASH --service service.with_a-name-of-31-chars;=;OK
-j LBHASH --service web --track always;=;OK
-j LBHASH --service web --track changed;=;OK
-j LBHASH --service web --track never;=;OK
-j LBHASH --track never --service web;-j LBHASH --service web --track never;OK
-p tcp -m tcp --dport 80 -j LBHASH --service web;=;OK
-p udp -m udp --dport 53 -j LBHASH --service dns --track never;=;OK
:PREROUTING
*raw
-j LBHASH;--service NAME or --adopt is needed;FAIL
-j LBHASH --track always;--service NAME or --adopt is needed;FAIL
-j LBHASH --service web --adopt;"--service" cannot be used together with "--adopt";FAIL
-j LBHASH --adopt --track never;"--track" also requires "--service";FAIL
-j LBHASH --service web --service dns;--service" can only be used once;FAIL
-j LBHASH ! --service web;--service" cannot be inverted;FAIL
-j LBHASH --service web --track sometimes;--track "sometimes": must be one of always, changed, never;FAIL
-j LBHASH --service web --track changed --forward;=;OK
-j LBHASH --forward;--service NAME or --adopt is needed;FAIL
-j LBHASH --adopt --forward;--forward" also requires "--service";FAIL
-j LBHASH --service web ! --forward;--forward" cannot be inverted;FAIL
-j LBHASH --service service.with_the-name-of-32-char;--service "service.with_the-name-of-32-char": must be 1..31 of;FAIL
-j LBHASH --service -web;--service "-web": must be 1..31 of;FAIL
-j LBHASH --service a/b;--service "a/b": must be 1..31 of;FAIL
-j LBHASH --service absent;LBHASH: service "absent" does not exist (lbhashctl service add absent);FAIL
*raw,mangle
-j LBHASH --service web --forward;=;OK
-j LBHASH --service web --track always --forward;=;OK
-j LBHASH --forward --track never --service web;-j LBHASH --service web --track never --forward;OK
-j LBHASH --adopt;=;OK
-p tcp -j LBHASH --adopt;=;OK
:OUTPUT
-j LBHASH --adopt;;FAIL
-j LBHASH --service web --forward;;FAIL
:FORWARD,POSTROUTING,INPUT
*mangle
-j LBHASH --service web;;FAIL
:INPUT,FORWARD,OUTPUT
*filter
-j LBHASH --service web;;FAIL
-j LBHASH --adopt;;FAIL
:PREROUTING
*nat
-j LBHASH --service web;;FAIL
