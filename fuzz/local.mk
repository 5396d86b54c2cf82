# Fuzz targets: each fuzz/fuzz-x.c defines LLVMFuzzerTestOneInput and reads one format from memory.
# To add one: a line in fuzz_programs and a line fuzz_fuzz_x_SOURCES = fuzz/fuzz-x.c $(fuzz_driver),
# both sorted; seeds go to fuzz/corpus/fuzz-x/, any names.
#
#   make check                     links them with replay.c: the corpus, then fixed mutations of it
#   make fuzz FUZZ_SECONDS=120     builds them with clang's libFuzzer, ASan and UBSan in fuzz-build/
#                                  and runs each for that long or FUZZ_RUNS inputs; a crash is kept
#                                  there as crash-*: fix it, then put that file into the corpus
if FUZZING
fuzz_driver =
AM_LDFLAGS += -fsanitize=fuzzer,address,undefined
else
fuzz_driver = fuzz/replay.c
endif

fuzz_programs = \
	fuzz/fuzz-block \
	fuzz/fuzz-chunklist \
	fuzz/fuzz-coldindex \
	fuzz/fuzz-column-decode \
	fuzz/fuzz-column-roundtrip \
	fuzz/fuzz-config \
	fuzz/fuzz-current \
	fuzz/fuzz-legacy \
	fuzz/fuzz-line \
	fuzz/fuzz-manifest \
	fuzz/fuzz-num \
	fuzz/fuzz-object \
	fuzz/fuzz-objpath \
	fuzz/fuzz-pack \
	fuzz/fuzz-selector \
	fuzz/fuzz-series \
	fuzz/fuzz-token \
	fuzz/fuzz-tz \
	fuzz/fuzz-walframe \
	fuzz/fuzz-when

if WITH_S3
fuzz_programs += fuzz/fuzz-creds fuzz/fuzz-xml
endif

fuzz_fuzz_block_SOURCES = fuzz/fuzz-block.c $(fuzz_driver)
fuzz_fuzz_chunklist_SOURCES = fuzz/fuzz-chunklist.c $(fuzz_driver)
fuzz_fuzz_coldindex_SOURCES = fuzz/fuzz-coldindex.c $(fuzz_driver)
fuzz_fuzz_column_decode_SOURCES = fuzz/fuzz-column-decode.c $(fuzz_driver)
fuzz_fuzz_column_roundtrip_SOURCES = fuzz/fuzz-column-roundtrip.c $(fuzz_driver)
fuzz_fuzz_config_SOURCES = fuzz/fuzz-config.c $(fuzz_driver)
fuzz_fuzz_creds_SOURCES = fuzz/fuzz-creds.c $(fuzz_driver)
fuzz_fuzz_creds_LDADD = libcount-s3.la $(LDADD)
fuzz_fuzz_current_SOURCES = fuzz/fuzz-current.c $(fuzz_driver)
fuzz_fuzz_legacy_SOURCES = fuzz/fuzz-legacy.c $(fuzz_driver)
fuzz_fuzz_line_SOURCES = fuzz/fuzz-line.c tests/unit/scanpair.h $(fuzz_driver)
fuzz_fuzz_line_CPPFLAGS = $(cli_cppflags) -I$(top_srcdir)/tests/unit
fuzz_fuzz_line_LDADD = libcount-cli.la libcount-core.la -lm
fuzz_fuzz_manifest_SOURCES = fuzz/fuzz-manifest.c $(fuzz_driver)
fuzz_fuzz_manifest_LDADD = libcount-json.la $(LDADD)
fuzz_fuzz_num_SOURCES = fuzz/fuzz-num.c $(fuzz_driver)
fuzz_fuzz_object_SOURCES = fuzz/fuzz-object.c $(fuzz_driver)
fuzz_fuzz_object_LDADD = libcount-json.la $(LDADD)
fuzz_fuzz_objpath_SOURCES = fuzz/fuzz-objpath.c $(fuzz_driver)
fuzz_fuzz_pack_SOURCES = fuzz/fuzz-pack.c $(fuzz_driver)
fuzz_fuzz_selector_SOURCES = fuzz/fuzz-selector.c $(fuzz_driver)
fuzz_fuzz_series_SOURCES = fuzz/fuzz-series.c $(fuzz_driver)
fuzz_fuzz_token_SOURCES = fuzz/fuzz-token.c $(fuzz_driver)
fuzz_fuzz_tz_SOURCES = fuzz/fuzz-tz.c $(fuzz_driver)
fuzz_fuzz_walframe_SOURCES = fuzz/fuzz-walframe.c $(fuzz_driver)
fuzz_fuzz_when_SOURCES = fuzz/fuzz-when.c $(fuzz_driver)
fuzz_fuzz_xml_SOURCES = fuzz/fuzz-xml.c $(fuzz_driver)
fuzz_fuzz_xml_LDADD = libcount-s3.la libcount-core.la -lm

check_PROGRAMS += $(fuzz_programs)
TESTS += $(fuzz_programs)
EXTRA_DIST += fuzz/README fuzz/corpus

FUZZ_SECONDS = 60
FUZZ_RUNS = 1000000
FUZZ_CC = clang

fuzz:
	@$(MKDIR_P) fuzz-build
	@test -f fuzz-build/config.status || { cd fuzz-build && \
	  '$(abs_top_srcdir)/configure' -q --enable-fuzzing --disable-shared CC='$(FUZZ_CC)' \
	  PKG_CONFIG_PATH="$$PKG_CONFIG_PATH"; }
	@cd fuzz-build && $(MAKE) $(AM_MAKEFLAGS) fuzz-run \
	  FUZZ_SECONDS='$(FUZZ_SECONDS)' FUZZ_RUNS='$(FUZZ_RUNS)'

# In fuzz-build.  What the fuzzer finds of interest is kept in found/ for the next run.
fuzz-run: $(fuzz_programs)
	@status=0; passed=0; failed=0; for p in $(fuzz_programs); do \
	  name=$${p##*/}; $(MKDIR_P) found/$$name; seeds='$(abs_top_srcdir)/fuzz/corpus/'$$name; \
	  test -d "$$seeds" || seeds=; \
	  if ./$$p -verbosity=0 -print_final_stats=1 -max_total_time=$(FUZZ_SECONDS) -timeout=10 \
	    -rss_limit_mb=2048 -runs=$(FUZZ_RUNS) found/$$name $$seeds >$$name.log 2>&1; \
	  then passed=$$((passed + 1)); \
	    echo "ok $$name: $$(sed -n 's/^stat::number_of_executed_units: *//p' $$name.log) inputs"; \
	  else failed=$$((failed + 1)); status=1; tail -n 60 $$name.log; \
	    echo "not ok $$name: see $$(pwd)/$$name.log"; fi; \
	done; echo "$$passed passed, $$failed failed"; exit $$status
.PHONY: fuzz fuzz-run

clean-local: fuzz-clean
fuzz-clean:
	rm -rf fuzz-build
.PHONY: fuzz-clean
