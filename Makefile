# SPDX-License-Identifier: GPL-2.0
#
# xt_lbhash: see `make help`. Nothing is ever built outside of build/.

PREFIX	?= /usr
V	?= 0
VERSION	:= $(shell sed -n 's/.*LBHASH_VERSION=.*"\(.*\)".*/\1/p' Kbuild)
export PREFIX V VERSION

B	:= $(CURDIR)/build
Q	:= $(if $(filter 1,$(V)),,@)
quietly	:= $(if $(filter 1,$(V)),,-s)
MAKEFLAGS += --no-print-directory

# Where kernels keep their modules, and links to what builds more.
MODULES	?= /lib/modules

# The kernels to build for: all of Debian's cloud kernels whose headers are
# here, and the running one.
KVERS	?= $(sort $(patsubst /lib/modules/%/build,%,$(wildcard \
	/lib/modules/*-cloud-amd64/build \
	/lib/modules/$(shell uname -r)/build)))

# --- packages ----------------------------------------------------------------

# Of one|other, the first that this release of Debian has.

# building: the module, the iptables extensions, lbhashctl
DEPS	:= gcc libc6-dev make kmod pkgconf libxtables-dev libmnl-dev \
	libjansson-dev
# the kernels that it is for and tested on, and what emulates a machine; the
# kernel of Debian 13 is the second one of Debian 12
DEPS	+= linux-headers-cloud-amd64 linux-image-cloud-amd64 \
	linux-headers-6.12-cloud-amd64|linux-headers-cloud-amd64 \
	linux-image-6.12-cloud-amd64|linux-image-cloud-amd64 \
	qemu-system-x86 cpio xz-utils
# the newest kernel, and a root of the release that can build for it
DEPS	+= mmdebstrap
# checks: clang for its fuzzer; checkpatch, the netlink generator and what
# coccinelle looks for are in linux-source; coccinelle loads libpython
DEPS	+= clang sparse shellcheck mandoc linux-source-6.12 perl \
	python3-yaml python3-jsonschema coccinelle \
	libpython3.13|libpython3.11 cppcheck \
	clang-tidy
# packages: what builds them, builds the module from one, and looks at both
DEPS	+= build-essential debhelper dh-dkms dkms lintian systemd openssl
# the guest runs the machine's own programs
DEPS	+= busybox $(shell sed -nE 's/^(pkg|more) //p' selftests/vm/guest.list)

# --- everyday targets --------------------------------------------------------

all: modules extensions tools tests

modules: $(KVERS:%=$(B)/%/xt_lbhash.ko)
	@[ -n '$(KVERS)' ] || { echo 'no kernel headers: make deps'; exit 1; }

# Kbuild leaves its products beside the sources: every kernel gets a copy.
$(B)/%/xt_lbhash.ko: FORCE
	@mkdir -p $(@D) && cp -Rpu Kbuild kmod $(@D)
	$(Q)$(MAKE) -C $(MODULES)/$*/build M=$(@D) W=1 \
		CONFIG_DEBUG_INFO_BTF_MODULES= modules

extensions:
	$(Q)$(MAKE) $(quietly) -C xtables-ext O=$(B)/xtables

tools:
	$(Q)$(MAKE) $(quietly) -C tools O=$(B)

help:
	@echo 'all          module, iptables extensions, lbhashctl, in build/'
	@echo 'deps         install the Debian packages that all this needs'
	@echo 'install      DESTDIR= PREFIX=$(PREFIX); uninstall takes it away'
	@echo 'deb          Debian packages xt-lbhash-dkms and lbhash-tools: build/deb'
	@echo 'demo         boot a kernel and watch it balance nginx'
	@echo 'check        everything below, then all selftests on 6.1 and 6.12, and some'
	@echo '             on the newest kernel of the backports of Debian 13'
	@echo '             T="dsr_tcp ..." only those, K="6.1 6.12 next" only there'
	@echo '             next is the newest: made at first use, in a root of Debian 13'
	@echo 'check-debug  all selftests on a kernel that finds mistakes in the use of'
	@echo '             memory, locks and more; builds it once, in half an hour'
	@echo 'check-kcsan  the same for data races'
	@echo 'check-packages  in roots of Debian 12 and 13: install the packages, see'
	@echo '             DKMS build for two kernels, upgrade, purge; and, in 13, `make'
	@echo '             deps`, `make` and `make deb`; as root; R=13 only there,'
	@echo '             T="dsr_tcp ..." boots its kernel for selftests'
	@echo 'soak         the tests that can go on for longer: two hours'
	@echo 'check-host   unit tests and all of the following'
	@echo 'bench        what packets and changes cost, and what others do: writes'
	@echo '             doc/benchmarks.md'
	@echo 'profile      the same by function of the kernel, and misses in a model of'
	@echo '             a cache: P=forward_raw_changed K=6.12 F=4 N=10'
	@echo 'bench-churn  who breaks when backends change, simulated: half a'
	@echo '             minute for two tables; a short one in check-host'
	@echo 'fuzz         ten minutes each of the packet parser, of lbhashctl apply'
	@echo '             and of its command line; a million inputs in check-host'
	@echo 'style        checkpatch --strict, shellcheck, mandoc -T lint'
	@echo 'sparse       sparse and W=1, no warning allowed'
	@echo 'kdoc         kernel-doc comments'
	@echo 'regen-check  the generated netlink code is what the spec says'
	@echo "cocci        the kernel's semantic patches"
	@echo 'cppcheck     cppcheck; tidy: clang-tidy; analyzer: gcc -fanalyzer'
	@echo 'clean        rm -rf build'
	@echo
	@echo 'V=1 shows commands, KVERS=... builds for other kernels.'
	@echo 'selftests/vm/run --shell boots a kernel for you to play with.'

clean:
	rm -rf $(B)

.DEFAULT_GOAL := all
.PHONY: all modules extensions tools tests help clean FORCE

deps:
	@selftests/packages/deps $(patsubst %,'%',$(DEPS))

.PHONY: deps

# --- installation ------------------------------------------------------------

# Where things go: PREFIX, SBINDIR, MANDIR, and by pkg-config, if not told,
# XTLIBDIR of the extensions and UNITDIR of the systemd unit. Modules go where
# kernels look for them.
install: modules extensions tools
	$(Q)for k in $(KVERS); do \
		install -D -m 644 $(B)/$$k/xt_lbhash.ko \
			$(DESTDIR)/lib/modules/$$k/extra/xt_lbhash.ko && \
		{ [ -n '$(DESTDIR)' ] || depmod $$k; } || exit 1; \
	done
	$(Q)$(MAKE) -C xtables-ext O=$(B)/xtables install
	$(Q)$(MAKE) -C tools O=$(B) install

# From all kernels: others may be there today.
uninstall:
	$(Q)$(MAKE) -C xtables-ext uninstall
	$(Q)$(MAKE) -C tools uninstall
	$(Q)for ko in $(DESTDIR)/lib/modules/*/extra/xt_lbhash.ko; do \
		[ -e "$$ko" ] || continue; \
		rm -fv "$$ko"; k=$${ko%/extra/*}; \
		[ -n '$(DESTDIR)' ] || depmod "$${k##*/}"; \
	done

.PHONY: install uninstall

# --- Debian packages ---------------------------------------------------------

deb: $(B)/deb/done
	@ls $(B)/deb/*.deb

# debian/rules leaves what it makes beside its sources: a copy gets it, and none
# of our options.
packaged := Kbuild Makefile LICENSE README.md CHANGELOG.md dkms.conf debian kmod \
	tools xtables-ext doc
$(B)/deb/done: $(shell find $(packaged) -type f)
	@rm -rf $(@D) && mkdir -p $(@D)/xt-lbhash && cp -R $(packaged) $(@D)/xt-lbhash
	@echo '  DEB     xt-lbhash-dkms lbhash-tools'
	$(Q)cd $(@D)/xt-lbhash && env -i PATH="$$PATH" HOME="$$HOME" \
		dpkg-buildpackage -b -us -uc >../log 2>&1 || \
		{ tail -n 40 ../log; exit 1; }
	@touch $@

lintian: $(B)/deb/done
	$(Q)lintian --allow-root --fail-on error $(B)/deb/*.changes

# What DKMS makes of the package, for the guest.
dkms: $(KVERS:%=$(B)/dkms/%/xt_lbhash.ko)
$(KVERS:%=$(B)/dkms/%/xt_lbhash.ko) &: $(B)/deb/done selftests/packages/dkms
	@echo '  DKMS    $(KVERS)'
	$(Q)selftests/packages/dkms $(KVERS)

check-packages: DEPS += mmdebstrap
check-packages: deps
	@$(MAKE) deb
	@T='$(T)' selftests/packages/root $(R)

.PHONY: deb lintian dkms check-packages

# --- tests -------------------------------------------------------------------

units	:= $(patsubst selftests/unit/%.c,$(B)/unit/%,\
	$(wildcard selftests/unit/*.c))

# What the host and what the guest runs.
tests: $(units) $(B)/bench/churn
	$(Q)$(MAKE) $(quietly) -C selftests/traffic O=$(B)/tests
	$(Q)$(MAKE) $(quietly) -C selftests/netlink O=$(B)/tests

$(B)/unit/print: unitlibs := -ljansson -lmnl
sanitize := -g -fsanitize=address,undefined -fno-sanitize-recover=all

# Each includes the pure files that it tests, of kmod/ or of tools/.
$(B)/unit/%: selftests/unit/%.c
	@mkdir -p $(@D) && echo "  CC      unit/$*"
	$(Q)$(CC) -std=gnu11 -O1 -Wall -Wextra -Werror -MMD -MP $(sanitize) \
		-D_GNU_SOURCE -I selftests/unit/shim -I kmod -I kmod/uapi \
		-o $@ $< -lm $(unitlibs)

tests: $(B)/tests/nth.so
$(B)/tests/nth.so: selftests/debug/nth.c
	@mkdir -p $(@D) && echo '  CC      debug/nth'
	$(Q)$(CC) -std=gnu11 -O1 -Wall -Wextra -Werror -shared -fPIC -o $@ $<

# What one test sees of conntrack's insides; built as the module is.
tests: facts
facts: $(KVERS:%=$(B)/facts/%/conntrack_facts.ko)

$(B)/facts/%/conntrack_facts.ko: FORCE
	@mkdir -p $(@D) && cp -pu selftests/tracking/facts/* $(@D)
	$(Q)$(MAKE) -C $(MODULES)/$*/build M=$(@D) W=1 \
		CONFIG_DEBUG_INFO_BTF_MODULES= modules

# The kernel's own netlink client, for the guest.
tests: ynl
ynl: $(B)/linux/tools/net/ynl/cli.py

# lbhashctl under AddressSanitizer and UBSan, which it brings along: the guest
# has no library of theirs.
tests: sanitized
sanitized:
	$(Q)$(MAKE) $(quietly) -C tools O=$(B)/san CFLAGS='-g -O1 \
		-fsanitize=address,undefined -fno-sanitize-recover=all \
		-static-libasan -static-libubsan -static-libgcc'

churn	:= $(addprefix selftests/bench/,churn.c operator.c traffic.c balancer.c)

$(B)/bench/churn: $(churn) $(wildcard selftests/bench/*.h \
		selftests/unit/shim/linux/*.h kmod/maglev.* kmod/transition.*)
	@mkdir -p $(@D) && echo '  CC      bench/churn'
	$(Q)$(CC) -std=gnu11 -g -O2 -Wall -Wextra -Werror \
		-I selftests/unit/shim -I kmod -o $@ $(churn) -lm

# Makes the packets that the benches count; in the guest only.
source: $(KVERS:%=$(B)/%/bench/lbhash_source.ko)
$(B)/%/bench/lbhash_source.ko: $(wildcard selftests/bench/source/*)
	@mkdir -p $(@D) && cp -Rpu selftests/bench/source/. $(@D)
	$(Q)$(MAKE) -C $(MODULES)/$*/build M=$(@D) W=1 \
		CONFIG_DEBUG_INFO_BTF_MODULES= modules

# A plugin of QEMU, which finds its functions when it loads it.
$(B)/bench/profile.so: selftests/bench/profile.c selftests/bench/plugin.h
	@mkdir -p $(@D) && echo '  CC      bench/profile'
	$(Q)$(CC) -std=gnu11 -g -O2 -Wall -Wextra -Werror -shared -fPIC \
		-fvisibility=hidden -o $@ $<

$(B)/bench/lookup: selftests/bench/lookup.c kmod/flow.c kmod/flow.h \
		$(wildcard selftests/unit/shim/linux/*.h)
	@mkdir -p $(@D) && echo '  CC      bench/lookup'
	$(Q)$(CC) -std=gnu11 -g -O2 -Wall -Wextra -Werror \
		-I selftests/unit/shim -I kmod -o $@ $<

# The newest kernel, if it was asked for, by name or with everything else; and
# what runs on it, which cannot be built here.
ask_next = $(if $(filter next,$(K) $(1)),selftests/vm/next build $(2))

# `deps` may bring the headers that the list of kernels is made from.
demo: deps
	@echo 'building ...' && $(MAKE) -sj$(shell nproc) all
	@$(call ask_next)
	@selftests/vm/run --watch $(addprefix -k ,$(K)) demo

# A test of the packages wants what DKMS makes of them.
use_dkms = $(if $(filter packages,$(or $(T),packages)),dkms)
check: deps
	@$(MAKE) -j$(shell nproc) -O all fuzzers $(use_dkms)
	@$(call ask_next,$(if $(K)$(T),,next),$(use_dkms))
	@selftests/vm/check $(addprefix -k ,$(K)) $(T)

check-host: deps
	@$(MAKE) -j$(shell nproc) -O tests fuzzers
	@selftests/vm/check --host

bench-churn: $(B)/bench/churn
	@$<

# An hour; the figures of packets and changes do not depend on the machine.
bench: DEPS += valgrind
bench: deps
	@$(MAKE) -j$(shell nproc) -O all source $(B)/bench/lookup
	@selftests/bench/run

# The kernel first; its build directory is the place to build the module.
check-debug check-kcsan: DEPS += flex bison libelf-dev bc ccache
check-debug check-kcsan: check-%: deps
	@selftests/debug/build $*
	@$(MAKE) -j$(shell nproc) -O all module-$*
	@selftests/vm/check --debug $* $(T)

module-debug module-kcsan: module-%:
	@modules=$$(selftests/debug/build --root $*)/lib/modules && \
		$(MAKE) modules facts MODULES=$$modules KVERS="$$(ls $$modules)"

soak: deps
	@$(MAKE) -j$(shell nproc) -O all
	@$(call ask_next)
	@SOAK=1 selftests/vm/run $(addprefix -k ,$(K)) reopen \
		netlink_fuzz packet_fuzz soak stress

next:
	@selftests/vm/next build

profile: deps
	@$(MAKE) -sj$(shell nproc) -O all source $(B)/bench/profile.so
	@selftests/bench/profile $(addprefix -k ,$(K)) $(addprefix -f ,$(F)) \
		$(addprefix -n ,$(N)) $(or $(P),forward_raw_changed)

.PHONY: bench bench-churn profile source check-debug check-kcsan module-debug \
	module-kcsan next soak sanitized ynl facts

# --- fuzzers -----------------------------------------------------------------

targets	:= flow apply words
fuzzobj	:= $(patsubst %,$(B)/fuzz/%.o,ctl kernel kernel_age kernel_ops \
	$(filter-out tools/lbhashctl,$(basename $(wildcard tools/*.c))))
fuzzcc	= clang -std=gnu11 -g -O1 -Wall -Wextra -Werror -MMD -MP \
	-D_GNU_SOURCE -DVERSION='"$(VERSION)"' \
	-fsanitize=fuzzer-no-link,address,undefined \
	-fno-sanitize-recover=all \
	-I selftests/unit/shim -I kmod -I kmod/uapi

fuzzers: $(targets:%=$(B)/fuzz/%) $(B)/fuzz/versions

# It has the fuzzers' kernel, but a main() of its own.
$(B)/fuzz/versions: $(B)/fuzz/versions.o $(fuzzobj)
	@echo "  LD      fuzz/versions"
	$(Q)clang -fsanitize=address,undefined -o $@ $^ -lmnl -ljansson

$(B)/fuzz/apply $(B)/fuzz/words: $(fuzzobj)
$(B)/fuzz/%: $(B)/fuzz/%.o
	@echo "  LD      fuzz/$*"
	$(Q)clang -fsanitize=fuzzer,address,undefined -o $@ $^ -lmnl -ljansson

$(B)/fuzz/%.o: selftests/fuzz/%.c
	@mkdir -p $(@D) && echo "  CC      fuzz/$*"
	$(Q)$(fuzzcc) -c -o $@ $<

# lbhashctl itself, but for what it says to the outside world.
$(B)/fuzz/tools/%.o: tools/%.c
	@mkdir -p $(@D) && echo "  CC      fuzz/tools/$*"
	$(Q)$(fuzzcc) -include selftests/fuzz/redirect.h -c -o $@ $<

fuzz: deps
	@$(MAKE) -j$(shell nproc) -O fuzzers
	@$(MAKE) -kj$(shell nproc) $(targets:%=fuzz-%)

fuzz-%: FORCE
	@echo "  FUZZ    $*" && selftests/fuzz/run $* seconds 600

.PHONY: fuzz fuzzers
.SECONDARY:
-include $(wildcard $(B)/fuzz/*.d $(B)/fuzz/tools/*.d)

# --- static checks -----------------------------------------------------------

linux	:= linux-source-6.12
written	= $(shell find $(1) -name '*.[ch]' | xargs grep -L YNL-GEN | sort)
sources	= $(filter-out kmod/uapi/%,$(call written,kmod))
others	= $(call written,kmod/uapi xtables-ext tools selftests)
scripts	= $(shell grep -rlE '^(\#!/bin/bash|\# shellcheck shell=)' \
	.ci kmod tools selftests)
pages	= $(wildcard tools/*.[78])

# What checkpatch wants only from the kernel; and a sentence that somebody reads
# stays on one line.
user	:= LONG_LINE_STRING,PREFER_KERNEL_TYPES,PREFER_DEFINED_ATTRIBUTE_MACRO,BIT_MACRO
user	:= $(user),STRNCPY,PREFER_FALLTHROUGH,NEW_TYPEDEFS,MACRO_ARG_UNUSED

# Read from Debian's kernel source when needed, never committed.
unpacked := $(B)/linux/scripts/checkpatch.pl
$(unpacked) $(B)/linux/tools/net/ynl/cli.py &: /usr/src/$(linux).tar.xz
	@mkdir -p $(B)/linux && echo '  UNPACK  checkpatch, coccinelle, ynl'
	$(Q)tar -C $(B)/linux --strip-components=1 -m -xf $< \
		$(addprefix $(linux)/scripts/,checkpatch.pl spelling.txt \
		const_structs.checkpatch coccinelle) \
		$(addprefix $(linux)/tools/net/ynl/,cli.py lib)

checkpatch = $(unpacked) --no-tree --strict \
	--terse --quiet --no-summary --max-line-length=80 --file

style: style-kernel style-user style-shell style-pages

# A tracepoint looks as all of the kernel's do, but not to checkpatch. Nor does a
# macro that is two loops with one counter.
style-kernel: $(unpacked)
	$(Q)$(checkpatch) $(filter-out %/trace.h %/transition.h,$(sources))
	$(Q)$(checkpatch) --ignore MACRO_ARG_REUSE,COMPLEX_MACRO kmod/transition.h
	$(Q)$(checkpatch) --ignore PARENTHESIS_ALIGNMENT,OPEN_ENDED_LINE \
		kmod/trace.h
	$(Q)$(checkpatch) $(wildcard selftests/tracking/facts/*.c)

style-user: $(unpacked)
	$(Q)$(checkpatch) --ignore $(user) $(others)

style-shell:
	$(Q)shellcheck -x -P selftests:selftests/bench $(scripts)

style-pages: extensions
	$(Q)mandoc -T lint -W warning $(pages) $(B)/xtables/iptables-lbhash.8

# A fresh build each time: what was compiled before warns no more. Headers that
# come without checker-valid.sh take sparse for broken, but for KBUILD_CHECKSRC.
sparse: $(KVERS:%=sparse-%)
sparse-%:
	@rm -rf $(B)/sparse/$* && mkdir -p $(B)/sparse/$* && \
		cp -R Kbuild kmod selftests/tracking/facts $(B)/sparse/$*
	$(Q)for dir in $(B)/sparse/$* $(B)/sparse/$*/facts; do \
		$(MAKE) -s -C /lib/modules/$*/build M=$$dir W=1 C=2 \
			CF='-D__CHECK_ENDIAN__ -include $(CURDIR)/selftests/static/sparse.h' \
			KBUILD_CHECKSRC=2 KCFLAGS=-Werror \
			CONFIG_DEBUG_INFO_BTF_MODULES= modules || exit 1; \
	done >$(B)/sparse/$*.log 2>&1 || { cat $(B)/sparse/$*.log; exit 1; }
	@! grep -E 'warning|error|WARNING|ERROR' $(B)/sparse/$*.log

kerneldoc = $(lastword $(sort $(wildcard /usr/lib/linux-kbuild-*/scripts/kernel-doc)))

kdoc:
	$(Q)$(kerneldoc) -none -Wall -Werror $(sources)

regen-check:
	$(Q)kmod/spec/regen.sh --check

cocci: $(unpacked)
	$(Q)selftests/static/cocci $(B)/linux/scripts/coccinelle \
		$(filter %.c,$(sources))

programs = $(wildcard tools/*.c xtables-ext/*.c)
progflags := -std=gnu11 -D_GNU_SOURCE -DVERSION='"$(VERSION)"' -I kmod/uapi

# It is told of the libraries' own macros, but would choke on all of
# /usr/include. Not said: variableScope, for variables are declared on top of
# functions; redundantCondition and ctunullpointer, for jansson's macros look for
# NULL everywhere, from which it concludes that NULL may be there.
cppcheck:
	@mkdir -p $(B)/cppcheck
	$(Q)ln -sfn $(foreach f,jansson.h jansson_config.h libmnl,\
		$(firstword $(wildcard /usr/include/$(f) \
		/usr/include/*-linux-gnu/$(f)))) $(B)/cppcheck
	$(Q)$(cppcheck) --library=selftests/static/kernel.cfg \
		-I kmod -I kmod/uapi $(filter %.c,$(sources))
	$(Q)$(cppcheck) --library=posix,gnu -D_GNU_SOURCE \
		-DVERSION='"$(VERSION)"' --suppress=redundantCondition \
		--suppress=ctunullpointer -I $(B)/cppcheck -I kmod/uapi $(programs)

cppcheck = cppcheck --quiet --std=c11 --error-exitcode=1 --inline-suppr \
	--enable=warning,style,performance,portability \
	--suppress=variableScope

# A process for each file: one that reads several takes va_start() of the second
# for another function. What is not looked for, and why, is in .clang-tidy.
tidy: $(programs:%=tidy/%)
tidy/%: FORCE
	@mkdir -p $(B)/$(@D)
	$(Q)clang-tidy --quiet --warnings-as-errors='*' $* -- $(progflags) \
		2>$(B)/$@.log || { cat $(B)/$@.log; exit 1; }

analyzer: $(programs:%=analyzer/%)
analyzer/%: FORCE
	$(Q)$(CC) $(progflags) -O2 -Wall -Werror -fanalyzer -c -o /dev/null $*

# The first three can fail, and coccinelle, too, which looks at it every time.
static-selfcheck:
	$(Q)selftests/static/selfcheck

.PHONY: demo check check-host style style-kernel style-user \
	style-shell style-pages sparse kdoc regen-check cocci cppcheck tidy \
	analyzer static-selfcheck
-include $(units:=.d)
