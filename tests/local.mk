# The test suites.  `make check` runs TESTS, in a few minutes at most; `make check-slow` runs
# SLOW_TESTS: kill storms, crash states, hours of clock, real data, real S3 servers.
#
#   tests/tNNNN-what.sh     shell tests in TAP (tests/tap.sh): t0 the tree itself, t1 ingest, t2 query,
#                           t3 flush and log, t4 archive and S3, t5 manifest, t6 killed mid-way,
#                           t9 pipelines and examples
#   tests/unit/test-x.c     unit tests, cmocka (tests/unit/local.mk)
#   fuzz/fuzz-x.c           fuzz targets, replayed over their corpus (fuzz/local.mk)
#
# One test alone: make check TESTS=tests/t2010-query-range.sh, or sh ../tests/t2010-query-range.sh
# in the build directory.  KEEP=1 keeps its temporary directory.
shell_tests = \
	tests/t0010-layers.sh \
	tests/t0011-size.sh \
	tests/t0012-style.sh \
	tests/t0013-shellcheck.sh \
	tests/t0014-lists.sh \
	tests/t0020-symbols.sh \
	tests/t0021-manual.sh \
	tests/t0030-man.sh \
	tests/t0031-operator.sh \
	tests/t0040-tap.sh \
	tests/t0045-s3-servers.sh \
	tests/t0050-quickstart.sh \
	tests/t0060-options.sh \
	tests/t1110-ingest-formats.sh \
	tests/t1120-ingest-stamps.sh \
	tests/t1130-ingest-refused.sh \
	tests/t1140-ingest-options.sh \
	tests/t1150-ingest-stream.sh \
	tests/t1160-ingest-compressed.sh \
	tests/t1170-ingest-jobs.sh \
	tests/t2110-query-output.sh \
	tests/t2120-query-messages.sh \
	tests/t2130-query-check.sh \
	tests/t2140-query-jobs.sh \
	tests/t2150-levels.sh \
	tests/t2800-query-refused.sh \
	tests/t3010-flush.sh \
	tests/t3100-damage.sh \
	tests/t3110-full-disk.sh \
	tests/t3120-stopped.sh \
	tests/t3130-failing-calls.sh \
	tests/t3140-rights.sh \
	tests/t3150-few-files.sh \
	tests/t3170-level.sh \
	tests/t3900-golden.sh \
	tests/t4010-objstore-dir.sh \
	tests/t4020-bucket-format.sh \
	tests/t4100-s3-conformance.sh \
	tests/t4110-archive.sh \
	tests/t4200-credentials.sh \
	tests/t4210-credentials-used.sh \
	tests/t4300-query-cold.sh \
	tests/t4400-year.sh \
	tests/t4405-users.sh \
	tests/t4410-legacy.sh \
	tests/t4415-object-headers.sh \
	tests/t4420-off-on.sh \
	tests/t4430-bad-days.sh \
	tests/t4435-canary.sh \
	tests/t4440-quarter.sh \
	tests/t4450-forecast.sh \
	tests/t4455-stale-garbage.sh \
	tests/t4460-many-series.sh \
	tests/t5100-manifest.sh \
	tests/t6000-kill-storm.sh \
	tests/t6100-crash-states.sh \
	tests/t6200-four-shells.sh \
	tests/t6300-flipped-byte.sh \
	tests/t6400-frozen-writer.sh \
	tests/t6410-unsynced-name.sh \
	tests/t6420-lock-removed.sh \
	tests/t6430-failing-calls.sh \
	tests/t6500-power-cut.sh \
	tests/t6600-reader-beside.sh \
	tests/t6700-archive-faults.sh \
	tests/t6710-two-archivers.sh \
	tests/t6720-archive-killed.sh \
	tests/t9000-open-sets.sh \
	tests/t9010-demo.sh \
	tests/t9020-examples.sh \
	tests/t9030-pipelines.sh \
	tests/t9040-install.sh \
	tests/t9050-contrib.sh \
	tests/t9060-budget.sh \
	tests/t9061-report.sh \
	tests/t9200-other-processor.sh

# The same files with SLOW=1: more kills, states, bytes and data.
SLOW_TESTS = \
	tests/t0045-s3-servers.sh \
	tests/t3130-failing-calls.sh \
	tests/t3150-few-files.sh \
	tests/t4100-s3-conformance.sh \
	tests/t4200-credentials.sh \
	tests/t4400-year.sh \
	tests/t4405-users.sh \
	tests/t4410-legacy.sh \
	tests/t4420-off-on.sh \
	tests/t4435-canary.sh \
	tests/t4440-quarter.sh \
	tests/t4450-forecast.sh \
	tests/t4460-many-series.sh \
	tests/t6000-kill-storm.sh \
	tests/t6100-crash-states.sh \
	tests/t6200-four-shells.sh \
	tests/t6300-flipped-byte.sh \
	tests/t6400-frozen-writer.sh \
	tests/t6430-failing-calls.sh \
	tests/t6500-power-cut.sh \
	tests/t6600-reader-beside.sh \
	tests/t6700-archive-faults.sh \
	tests/t6710-two-archivers.sh \
	tests/t6720-archive-killed.sh \
	tests/t9000-open-sets.sh \
	tests/t9060-budget.sh \
	tests/t9061-report.sh \
	tests/t9200-other-processor.sh

TESTS += $(shell_tests)
EXTRA_DIST += $(shell_tests) tests/tap.sh tests/run-program.sh \
	tests/data/README \
	tests/data/golden-1/000000000001.blk.b64 \
	tests/data/golden-1/000000000002.blk.b64 \
	tests/data/golden-1/000000000002.wal.b64 \
	tests/data/golden-1/CURRENT \
	tests/data/golden-1/FORMAT \
	tests/lib/archive-crash.py \
	tests/lib/archive-faults.py \
	tests/lib/archive-kills.py \
	tests/lib/archive_world.py \
	tests/lib/crash-check.py \
	tests/lib/crash-run.sh \
	tests/lib/crashsim.py \
	tests/lib/day-sums.py \
	tests/lib/dies.py \
	tests/lib/failing-calls.py \
	tests/lib/flip-bytes.py \
	tests/lib/frozen-writer.py \
	tests/lib/golden-lines.sh \
	tests/lib/imitate-aws.py \
	tests/lib/kill-storm.py \
	tests/lib/peak.py \
	tests/lib/power-cut.py \
	tests/lib/read-bucket.py \
	tests/lib/s3-imitation.py \
	tests/lib/s3.sh \
	tests/lib/s3/faulty-proxy.py \
	tests/lib/s3/make-certs.sh \
	tests/lib/s3/mon.py \
	tests/lib/s3/proxy-log.py \
	tests/lib/s3/rgw.sh \
	tests/lib/s3/s3req.py \
	tests/lib/s3/s3rver.js \
	tests/lib/s3/s3rver.sh \
	tests/lib/s3/slow-link.py \
	tests/lib/s3/storage-classes.py \
	tests/lib/secrets.sh \
	tests/lib/two-archivers.py

check_PROGRAMS += tests/lib/canon
tests_lib_canon_SOURCES = tests/lib/canon.c
tests_lib_canon_LDADD =
check_PROGRAMS += tests/lib/steady-points
tests_lib_steady_points_SOURCES = tests/lib/steady-points.c
tests_lib_steady_points_LDADD =
check_PROGRAMS += tests/lib/make-bucket
tests_lib_make_bucket_SOURCES = tests/lib/make-bucket.c tests/unit/coldfix.c tests/unit/coldfix.h
tests_lib_make_bucket_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests/unit
tests_lib_make_bucket_LDADD = libcount-core.la -lm
if WITH_S3
check_PROGRAMS += tests/lib/credentials
endif
tests_lib_credentials_SOURCES = tests/lib/credentials.c
tests_lib_credentials_LDADD = libcount-s3.la $(LDADD)

# The programs say TAP through a small filter, the shell tests by themselves.  A test that hangs is
# killed with all it started.
TEST_EXTENSIONS = .sh
TEST_TIMEOUT = 600
SLOW_TEST_TIMEOUT = 3600
SH_LOG_DRIVER = $(SHELL) $(top_srcdir)/build-aux/tap-driver.sh
SH_LOG_COMPILER = timeout -k 10 $(TEST_TIMEOUT) /bin/sh
LOG_DRIVER = $(SHELL) $(top_srcdir)/build-aux/tap-driver.sh
LOG_COMPILER = timeout -k 10 $(TEST_TIMEOUT) /bin/sh $(srcdir)/tests/run-program.sh

# srcdir is the folder of the tests; the two other folders are absolute, since tests change theirs.
AM_TESTS_ENVIRONMENT = \
	srcdir='$(abs_top_srcdir)/tests'; export srcdir; \
	top_srcdir='$(abs_top_srcdir)'; export top_srcdir; \
	top_builddir='$(abs_top_builddir)'; export top_builddir; \
	CC='$(CC)'; export CC;

check-slow: all $(check_PROGRAMS)
	@status=0; \
	if test -n '$(SLOW_TESTS)'; then \
	  SLOW=1 $(MAKE) $(AM_MAKEFLAGS) check-TESTS TESTS='$(SLOW_TESTS)' \
	    TEST_SUITE_LOG=check-slow.log TEST_TIMEOUT=$(SLOW_TEST_TIMEOUT) || status=$$?; \
	  $(SHELL) $(srcdir)/tools/sum-tests.sh check-slow.log || status=$$?; \
	else rm -f check-slow.log; echo '0 passed, 0 failed'; fi; \
	exit $$status
print-slow-tests:
	@echo $(SLOW_TESTS)
.PHONY: check-slow print-slow-tests
CLEANFILES += check-slow.log

include tests/unit/local.mk
