# Documents for those who work on count.
EXTRA_DIST += doc/HACKING
# The page of figures, which make bench-report writes (bench/report.sh).
EXTRA_DIST += \
	doc/performance.md \
	doc/performance.md.in \
	doc/performance/growth-files-queries.svg \
	doc/performance/growth-points-bytes.svg \
	doc/performance/growth-points-cost.svg \
	doc/performance/growth-points-queries.svg \
	doc/performance/growth-series-bytes.svg \
	doc/performance/growth-series-cost.svg \
	doc/performance/growth-series-queries.svg \
	doc/performance/peers-bytes.svg \
	doc/performance/peers-cpu.svg
