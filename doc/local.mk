# Documents for those who work on count.
EXTRA_DIST += doc/HACKING doc/performance.md.in
