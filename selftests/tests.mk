# SPDX-License-Identifier: GPL-2.0
#
# Tests in virtual machines, and all checks together.

all: tests

# Programs and modules that the tests run, on the host and in the guest.
tests:
	$(Q)$(MAKE) $(quietly) -C selftests/traffic O=$(B)/tests
	$(Q)$(MAKE) $(quietly) -C selftests/netlink O=$(B)/tests

# A module of one test, which reads conntrack entries; built as ours is.
tests: facts
facts: $(KVERS:%=$(B)/facts/%/conntrack_facts.ko)

$(B)/facts/%/conntrack_facts.ko: FORCE
	@mkdir -p $(@D) && cp -pu selftests/tracking/facts/* $(@D)
	$(Q)$(MAKE) -C $(MODULES)/$*/build M=$(@D) W=1 \
		CONFIG_DEBUG_INFO_BTF_MODULES= modules

# The extension of a former iptables and, preloaded into the present one, a
# former module: both know revision 0 only.
tests: old
old: $(B)/old/libxt_LBHASH.so $(B)/old/module.so
$(B)/old/libxt_LBHASH.so: selftests/control/old_extension.c \
		$(wildcard xtables-ext/*.[ch] kmod/uapi/linux/*.h \
		kmod/uapi/linux/netfilter/*.h)
	@mkdir -p $(@D) && echo "  LD      $@"
	$(Q)$(CC) -shared -fPIC -O2 -Wall -I kmod/uapi -I xtables-ext -o $@ \
		$< xtables-ext/service.c -lxtables -lmnl
$(B)/old/module.so: selftests/control/old_module.c
	@mkdir -p $(@D) && echo "  LD      $@"
	$(Q)$(CC) -shared -fPIC -O2 -Wall -D_GNU_SOURCE -o $@ $< -lmnl

# The kernel's own netlink client, for the guest; static.mk unpacks it.
tests: ynl
ynl: $(B)/linux/tools/net/ynl/cli.py

# lbhashctl under AddressSanitizer and UBSan, linked statically: the guest has no
# such libraries.
tests: sanitized
sanitized:
	$(Q)$(MAKE) $(quietly) -C tools O=$(B)/san CFLAGS='-g -O1 \
		-fsanitize=address,undefined -fno-sanitize-recover=all \
		-static-libasan -static-libubsan -static-libgcc'

# Get the newest kernel if it is asked for, by name or with everything else, and
# build for it, which only its own root can.
ask_next = $(if $(filter next,$(K) $(1)),selftests/vm/next build $(2))

# `deps` may install the headers from which the list of kernels is made.
demo: deps
	@echo 'building ...' && $(MAKE) -sj$(shell nproc) all
	@$(call ask_next)
	@selftests/vm/run --watch $(addprefix -k ,$(K)) demo

# The test of the packages wants the module as DKMS builds it.
use_dkms = $(if $(filter packages,$(or $(T),packages)),dkms)
check: deps
	@$(MAKE) -j$(shell nproc) -O all fuzzers $(use_dkms)
	@$(call ask_next,$(if $(K)$(T),,next),$(use_dkms))
	@selftests/vm/check $(addprefix -k ,$(K)) $(T)

check-host: deps
	@$(MAKE) -j$(shell nproc) -O tests fuzzers
	@selftests/vm/check --host

soak: deps
	@$(MAKE) -j$(shell nproc) -O all
	@$(call ask_next)
	@SOAK=1 selftests/vm/run $(addprefix -k ,$(K)) crowded_memory \
		reopen netlink_fuzz packet_fuzz soak stress

next:
	@selftests/vm/next build

help::
	@echo
	@echo 'demo         boot a kernel and watch it balance nginx'
	@echo 'check        everything in check-host, then all selftests on 6.12, many on'
	@echo '             6.1, some on the newest kernel of the backports of Debian 13'
	@echo '             T="dsr_tcp ..." only those, K="6.1 6.12 next" only there'
	@echo '             next is the newest: made at first use, in a root of Debian 13'
	@echo 'check-host   unit tests, short runs of the fuzzers, all static checks'
	@echo 'soak         the tests that can run for longer: two hours'
	@echo 'next         get the newest kernel now, and build for it'
	@echo 'tests        build what tests run, as all does; parts: facts'
	@echo '             old sanitized ynl'
	@echo 'selftests/vm/run --shell boots a kernel for you to play with.'

.PHONY: tests facts old ynl sanitized demo check check-host soak next
