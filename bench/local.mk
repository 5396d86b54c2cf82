# Benchmarks are built by `make bench` only; bench/README says how to compare two runs.
# A program: add it to bench_programs, sorted, and give its _SOURCES.
bench_programs = \
	bench/bench-codec \
	bench/bench-num \
	bench/bench-writer \
	bench/gen-devops

bench_bench_codec_SOURCES = bench/bench-codec.c
bench_bench_num_SOURCES = bench/bench-num.c
bench_bench_writer_SOURCES = bench/bench-writer.c
bench_gen_devops_SOURCES = bench/gen-devops.c

EXTRA_PROGRAMS += $(bench_programs)
CLEANFILES += $(bench_programs)

bench: $(bench_programs)
.PHONY: bench
