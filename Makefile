# SPDX-License-Identifier: GPL-2.0
#
# xt_lbhash: see `make help`. Nothing is ever built outside of build/.
#
# Targets of tests and checks, and the Debian packages that they need, are in
# selftests/tests.mk and in a NAME.mk beside what they run.

PREFIX	?= /usr
V	?= 0
VERSION	:= $(shell sed -n 's/.*LBHASH_VERSION=.*"\(.*\)".*/\1/p' Kbuild)
export PREFIX V VERSION

B	:= $(CURDIR)/build
Q	:= $(if $(filter 1,$(V)),,@)
quietly	:= $(if $(filter 1,$(V)),,-s)
MAKEFLAGS += --no-print-directory

# Where kernels keep their modules, and links to the headers for more.
MODULES	?= /lib/modules

# The kernels to build for: Debian's cloud kernels whose headers are installed,
# and the running one.
KVERS	?= $(sort $(patsubst /lib/modules/%/build,%,$(wildcard \
	/lib/modules/*-cloud-amd64/build \
	/lib/modules/$(shell uname -r)/build)))

# --- everyday targets --------------------------------------------------------

all: modules extensions tools

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

clean:
	rm -rf $(B)

# Each file that has targets adds its own.
help::
	@echo 'all          build everything, in build/: modules, extensions (of iptables)'
	@echo '             and tools (lbhashctl)'
	@echo 'install      DESTDIR= PREFIX=$(PREFIX); uninstall removes it again'
	@echo 'deb          Debian packages xt-lbhash-dkms and lbhash-tools: build/deb'
	@echo 'clean        rm -rf build'
	@echo 'help         this page'
	@echo
	@echo 'V=1 shows commands, KVERS=... builds for other kernels.'

.DEFAULT_GOAL := all
.PHONY: all modules extensions tools clean help FORCE

# --- installation ------------------------------------------------------------

# Destinations: PREFIX, SBINDIR, MANDIR, XTLIBDIR of the extensions and UNITDIR
# of the systemd unit; pkg-config knows the default of the last two. Modules go
# where kernels look for them.
install: modules extensions tools
	$(Q)for k in $(KVERS); do \
		install -D -m 644 $(B)/$$k/xt_lbhash.ko \
			$(DESTDIR)/lib/modules/$$k/extra/xt_lbhash.ko && \
		{ [ -n '$(DESTDIR)' ] || depmod $$k; } || exit 1; \
	done
	$(Q)$(MAKE) -C xtables-ext O=$(B)/xtables install
	$(Q)$(MAKE) -C tools O=$(B) install

# From all kernels: others than these may have been built for.
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

# debian/rules leaves its products beside the sources: it runs in a copy, without
# selftests, and with none of our options.
packaged := Kbuild Makefile LICENSE README.md CHANGELOG.md dkms.conf debian kmod \
	tools xtables-ext doc
$(B)/deb/done: $(shell find $(packaged) -type f)
	@rm -rf $(@D) && mkdir -p $(@D)/xt-lbhash && cp -R $(packaged) $(@D)/xt-lbhash
	@echo '  DEB     xt-lbhash-dkms lbhash-tools'
	$(Q)cd $(@D)/xt-lbhash && env -i PATH="$$PATH" HOME="$$HOME" \
		dpkg-buildpackage -b -us -uc >../log 2>&1 || \
		{ tail -n 40 ../log; exit 1; }
	@touch $@

.PHONY: deb

# Without them, as in the Debian package, the targets above are all there is.
-include $(addprefix selftests/,tests.mk packages/packages.mk unit/unit.mk \
	fuzz/fuzz.mk static/static.mk debug/debug.mk bench/bench.mk)
