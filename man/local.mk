# Manual pages in mdoc, linted by tests/t0030-man.sh.  One line a page, sorted.
dist_man_MANS += \
	man/count-block.5 \
	man/count-flush.1 \
	man/count-ingest.1 \
	man/count-query.1 \
	man/count-wal.5 \
	man/count.7
