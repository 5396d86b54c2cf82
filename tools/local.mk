# For developers only; the t0 tests run them.
EXTRA_DIST += \
	tools/check-layers.sh \
	tools/check-size.sh \
	tools/check-style.sh \
	tools/check-symbols.sh \
	tools/files.sh \
	tools/sum-tests.sh
