# Manual pages in mdoc, linted by tests/t0030-man.sh.  One line a page, sorted.
dist_man_MANS += \
	man/count-archive.1 \
	man/count-block.5 \
	man/count-flush.1 \
	man/count-ingest.1 \
	man/count-manifest.1 \
	man/count-manifest.5 \
	man/count-query.1 \
	man/count-wal.5 \
	man/count.7 \
	man/libcount.3

# man count_open shows libcount(3): a page of one line for each call, made when installing.
install-data-local:
	$(MKDIR_P) '$(DESTDIR)$(man3dir)'
	@while read -r name; do \
	  echo '.so man3/libcount.3' >'$(DESTDIR)$(man3dir)'/$$name.3 || exit 1; \
	done <$(srcdir)/src/libcount/libcount.sym
uninstall-local:
	@while read -r name; do \
	  rm -f '$(DESTDIR)$(man3dir)'/$$name.3; \
	done <$(srcdir)/src/libcount/libcount.sym
