# SPDX-License-Identifier: GPL-2.0
#
# Benches: what packets and changes cost.

churn	:= $(addprefix selftests/bench/,churn.c operator.c traffic.c \
		balancer.c) kmod/memory.c

tests: $(B)/bench/churn
$(B)/bench/churn: $(churn) $(wildcard selftests/bench/*.h \
		selftests/unit/shim/linux/*.h kmod/maglev.* kmod/memory.h \
		kmod/transition.*)
	@mkdir -p $(@D) && echo '  CC      bench/churn'
	$(Q)$(CC) -std=gnu11 -g -O2 -Wall -Wextra -Wno-maybe-uninitialized \
		-Werror -I selftests/unit/shim -I kmod -o $@ $(churn) -lm

# Makes the packets of which the benches count instructions; in the guest only.
source: $(KVERS:%=$(B)/%/bench/lbhash_source.ko)
$(B)/%/bench/lbhash_source.ko: $(wildcard selftests/bench/source/*)
	@mkdir -p $(@D) && cp -Rpu selftests/bench/source/. $(@D)
	$(Q)$(MAKE) -C $(MODULES)/$*/build M=$(@D) W=1 \
		CONFIG_DEBUG_INFO_BTF_MODULES= modules

# A plugin of QEMU, which resolves QEMU's functions when it is loaded.
$(B)/bench/profile.so: selftests/bench/profile.c selftests/bench/plugin.h
	@mkdir -p $(@D) && echo '  CC      bench/profile'
	$(Q)$(CC) -std=gnu11 -g -O2 -Wall -Wextra -Werror -shared -fPIC \
		-fvisibility=hidden -o $@ $<

$(B)/bench/lookup: selftests/bench/lookup.c $(wildcard kmod/flow.* kmod/hash.*) \
		$(wildcard selftests/unit/shim/linux/*.h)
	@mkdir -p $(@D) && echo '  CC      bench/lookup'
	$(Q)$(CC) -std=gnu11 -g -O2 -Wall -Wextra -Werror \
		-I selftests/unit/shim -I kmod -o $@ $<

bench-churn: $(B)/bench/churn
	@$<

# Instructions per packet and per change do not depend on the machine.
bench: DEPS += valgrind
bench: deps
	@$(MAKE) -j$(shell nproc) -O all source $(B)/bench/lookup
	@selftests/bench/run

profile: deps
	@$(MAKE) -sj$(shell nproc) -O all source $(B)/bench/profile.so
	@selftests/bench/profile $(addprefix -k ,$(K)) $(addprefix -f ,$(F)) \
		$(addprefix -n ,$(N)) $(or $(P),forward_raw_changed)

help::
	@echo
	@echo 'bench        what packets and changes cost, here and with other balancers;'
	@echo '             writes doc/benchmarks.md; an hour'
	@echo 'bench-churn  connections that break when backends change, simulated: half'
	@echo '             a minute for two tables; a short one in check-host'
	@echo 'profile      instructions by function of the kernel, and misses in a model'
	@echo '             of a cache: P=forward_raw_changed K=6.12 F=4 N=10'
	@echo 'source       the source of packets, for bench and profile'

.PHONY: bench bench-churn profile source
