# Examples: built and run by make check (tests/t9*).  examples/data holds real input, and says where
# it came from.
EXTRA_DIST += examples/demo.sh examples/data/README examples/data/node-exporter.txt.zst
