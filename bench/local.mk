# Benchmarks are built by `make bench` only; bench/README says how to compare two runs.
# A program: add it to bench_programs, sorted, and give its _SOURCES.
bench_programs = \
	bench/bench-codec \
	bench/bench-kernels \
	bench/bench-num \
	bench/bench-token \
	bench/bench-writer \
	bench/empty \
	bench/gen-devops \
	bench/limits \
	bench/query-at-level \
	bench/spawn

bench_bench_codec_SOURCES = bench/bench-codec.c
bench_bench_kernels_SOURCES = bench/bench-kernels.c
bench_bench_num_SOURCES = bench/bench-num.c
bench_bench_token_SOURCES = bench/bench-token.c
bench_bench_writer_SOURCES = bench/bench-writer.c
bench_empty_SOURCES = bench/empty.c
bench_empty_LDADD =
bench_gen_devops_SOURCES = bench/gen-devops.c
bench_limits_SOURCES = bench/limits.c
bench_limits_LDADD =
bench_query_at_level_SOURCES = src/tools/count-query.c bench/at-level.c
bench_query_at_level_CPPFLAGS = $(AM_CPPFLAGS) $(cli_cppflags)
bench_query_at_level_LDADD = $(tool_ldadd)
bench_spawn_SOURCES = bench/spawn.c
bench_spawn_LDADD =

EXTRA_PROGRAMS += $(bench_programs)
# t9060 and t9061 measure with these; t2150 compares what query-at-level prints.
check_PROGRAMS += bench/bench-codec bench/empty bench/gen-devops bench/limits bench/query-at-level bench/spawn
CLEANFILES += $(bench_programs)

bench: $(bench_programs)

# What a user of the shell sees: whole processes beside an empty one, ingest beside wc -l.
bench_env = PATH='$(abs_builddir)':"$$PATH" GENERATE='$(abs_builddir)/bench/gen-devops' \
	SPAWN='$(abs_builddir)/bench/spawn' EMPTY_PROGRAM='$(abs_builddir)/bench/empty'
bench-latency: all bench
	$(bench_env) $(SHELL) $(srcdir)/bench/latency.sh
bench-ingest: all bench
	$(bench_env) $(SHELL) $(srcdir)/bench/ingest.sh
EXTRA_DIST += bench/README bench/beside.sh bench/codec-sets.sh bench/latency.sh bench/ingest.sh bench/open-sets.sh
bench-beside: all bench
	$(bench_env) $(SHELL) $(srcdir)/bench/beside.sh
bench-sizes: all
	$(bench_env) $(SHELL) $(srcdir)/bench/open-sets.sh
# Instructions of the central paths against bench/budget.txt; UPDATE=1 writes that.
bench-budget: all bench
	PATH='$(abs_builddir)':'$(abs_builddir)/bench':"$$PATH" CC='$(CC)' CFLAGS='$(CFLAGS)' KEEP=bench/callgrind \
		$(SHELL) $(srcdir)/bench/budget.sh
EXTRA_DIST += bench/budget.sh bench/budget.txt
# doc/performance.md: make bench-report PARTS='sizes queries' measures those two again; bench/report.sh says more.
bench-report: all bench
	$(bench_env) LIMITS='$(abs_builddir)/bench/limits' BENCH_CODEC='$(abs_builddir)/bench/bench-codec' \
		QUERY_AT_LEVEL='$(abs_builddir)/bench/query-at-level' RESULTS='$(abs_builddir)/bench/results' CC='$(CC)' CFLAGS='$(CFLAGS)' \
		$(SHELL) $(srcdir)/bench/report.sh $(PARTS)
EXTRA_DIST += \
	bench/best-peers.tsv \
	bench/page.py \
	bench/peers/count.sh \
	bench/peers/duckdb.js \
	bench/peers/duckdb.sh \
	bench/peers/influxdb.sh \
	bench/peers/install.sh \
	bench/peers/prometheus.sh \
	bench/peers/rrdtool.sh \
	bench/peers/send.py \
	bench/peers/sqlite.sh \
	bench/peers/start.sh \
	bench/peers/text.sh \
	bench/peers/victoria-metrics.sh \
	bench/peers/whisper-files.py \
	bench/peers/whisper.sh \
	bench/plot.py \
	bench/report-lib.sh \
	bench/report.sh
.PHONY: bench bench-beside bench-budget bench-ingest bench-latency bench-report bench-sizes
clean-local-bench:
	rm -rf bench/callgrind bench/results
clean-local: clean-local-bench
