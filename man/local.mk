# Manual pages in mdoc, linted by tests/t0030-man.sh.  One line a page, sorted.
dist_man_MANS += \
	man/count-block.5 \
	man/count-wal.5
