# What an administrator copies: cron table, systemd units, policies.  The programs stand in them with the
# absolute path under which they are installed, so these files are made when bindir is known; they are
# installed as examples, since only the administrator says whether they shall run.
contrib_units = \
	contrib/cron/count \
	contrib/systemd/count-archive.service \
	contrib/systemd/count-archive.timer \
	contrib/systemd/count-flush.service \
	contrib/systemd/count-flush.timer

$(contrib_units): Makefile
	$(AM_V_GEN)$(MKDIR_P) $(@D) && \
	sed 's,@bindir[@],$(bindir),g' $(top_srcdir)/$@.in >$@.tmp && mv $@.tmp $@
contrib/cron/count: contrib/cron/count.in
contrib/systemd/count-archive.service: contrib/systemd/count-archive.service.in
contrib/systemd/count-archive.timer: contrib/systemd/count-archive.timer.in
contrib/systemd/count-flush.service: contrib/systemd/count-flush.service.in
contrib/systemd/count-flush.timer: contrib/systemd/count-flush.timer.in

contribdir = $(pkgdatadir)/contrib
dist_contrib_DATA = contrib/iam/count-archive.json contrib/iam/count-query.json contrib/lifecycle.json
nodist_contrib_DATA = $(contrib_units)
CLEANFILES += $(contrib_units)
EXTRA_DIST += \
	contrib/cron/count.in \
	contrib/systemd/count-archive.service.in \
	contrib/systemd/count-archive.timer.in \
	contrib/systemd/count-flush.service.in \
	contrib/systemd/count-flush.timer.in
