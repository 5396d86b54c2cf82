# Unit tests: one program a module, cmocka, linked with the core so that private functions are reached.
# To add one: a line in unit_tests and a line tests_unit_test_x_SOURCES = tests/unit/test-x.c below, both sorted.
if HAVE_CMOCKA
unit_tests += \
	tests/unit/test-aggregate \
	tests/unit/test-api \
	tests/unit/test-api-host \
	tests/unit/test-append \
	tests/unit/test-archive-edit \
	tests/unit/test-archive-publish \
	tests/unit/test-archive-upload \
	tests/unit/test-base64 \
	tests/unit/test-block \
	tests/unit/test-block-cut \
	tests/unit/test-block-index \
	tests/unit/test-block-model \
	tests/unit/test-block-times \
	tests/unit/test-bucket \
	tests/unit/test-buf \
	tests/unit/test-cache \
	tests/unit/test-chunklist \
	tests/unit/test-cold-index \
	tests/unit/test-cold-index-damage \
	tests/unit/test-cold-sync \
	tests/unit/test-cold-tier \
	tests/unit/test-coldindex \
	tests/unit/test-column \
	tests/unit/test-column-damage \
	tests/unit/test-column-scan \
	tests/unit/test-compact \
	tests/unit/test-config \
	tests/unit/test-crc32c \
	tests/unit/test-current \
	tests/unit/test-datadir \
	tests/unit/test-digits \
	tests/unit/test-fetch \
	tests/unit/test-flush \
	tests/unit/test-fold \
	tests/unit/test-helpers \
	tests/unit/test-kernels \
	tests/unit/test-keyname \
	tests/unit/test-legacy \
	tests/unit/test-log \
	tests/unit/test-manifest \
	tests/unit/test-merge \
	tests/unit/test-model \
	tests/unit/test-num \
	tests/unit/test-object \
	tests/unit/test-objstore \
	tests/unit/test-objstore-dir \
	tests/unit/test-pack \
	tests/unit/test-query \
	tests/unit/test-reduce \
	tests/unit/test-scan \
	tests/unit/test-select \
	tests/unit/test-series \
	tests/unit/test-snapshot \
	tests/unit/test-source-cold \
	tests/unit/test-stamp \
	tests/unit/test-stats \
	tests/unit/test-times-cache \
	tests/unit/test-token \
	tests/unit/test-tz \
	tests/unit/test-update \
	tests/unit/test-walframe \
	tests/unit/test-when \
	tests/unit/test-writer
if WITH_S3
unit_tests += \
	tests/unit/test-creds \
	tests/unit/test-endpoint \
	tests/unit/test-retry \
	tests/unit/test-s3 \
	tests/unit/test-sigv4 \
	tests/unit/test-xml
endif

history_sources = tests/unit/history.c tests/unit/history.h
coldfix_sources = tests/unit/coldfix.c tests/unit/coldfix.h

tests_unit_test_aggregate_SOURCES = tests/unit/test-aggregate.c
# The public interface: no private header is on their path, and only what is exported can be linked.
tests_unit_test_api_SOURCES = tests/unit/test-api.c tests/unit/apidir.h
tests_unit_test_api_CPPFLAGS = $(public_cppflags) $(CMOCKA_CFLAGS)
tests_unit_test_api_LDADD = libcount.la $(CMOCKA_LIBS) -lm
tests_unit_test_api_LDFLAGS = -no-install
tests_unit_test_api_host_SOURCES = tests/unit/test-api-host.c tests/unit/apidir.h
tests_unit_test_api_host_CPPFLAGS = $(public_cppflags) $(CMOCKA_CFLAGS)
tests_unit_test_api_host_LDADD = libcount.la $(CMOCKA_LIBS) -lpthread -lm
tests_unit_test_api_host_LDFLAGS = -no-install
tests_unit_test_append_SOURCES = tests/unit/test-append.c
tests_unit_test_archive_edit_SOURCES = tests/unit/test-archive-edit.c tests/unit/editworld.h
tests_unit_test_archive_publish_SOURCES = tests/unit/test-archive-publish.c $(history_sources)
tests_unit_test_archive_upload_SOURCES = tests/unit/test-archive-upload.c tests/unit/archiveworld.h tests/unit/bucketdir.h
tests_unit_test_base64_SOURCES = tests/unit/test-base64.c
tests_unit_test_block_SOURCES = tests/unit/test-block.c
tests_unit_test_block_cut_SOURCES = tests/unit/test-block-cut.c
tests_unit_test_block_index_SOURCES = tests/unit/test-block-index.c
tests_unit_test_block_model_SOURCES = tests/unit/test-block-model.c
tests_unit_test_block_times_SOURCES = tests/unit/test-block-times.c
tests_unit_test_bucket_SOURCES = tests/unit/test-bucket.c
tests_unit_test_buf_SOURCES = tests/unit/test-buf.c
tests_unit_test_cache_SOURCES = tests/unit/test-cache.c
tests_unit_test_chunklist_SOURCES = tests/unit/test-chunklist.c
tests_unit_test_cold_index_SOURCES = tests/unit/test-cold-index.c tests/unit/coldindexfix.h tests/unit/manifests.h
tests_unit_test_cold_index_damage_SOURCES = tests/unit/test-cold-index-damage.c tests/unit/coldindexfix.h \
	tests/unit/manifests.h
tests_unit_test_cold_sync_SOURCES = tests/unit/test-cold-sync.c tests/unit/bucketdir.h tests/unit/manifests.h
tests_unit_test_cold_tier_SOURCES = tests/unit/test-cold-tier.c tests/unit/objstore-test.h
tests_unit_test_coldindex_SOURCES = tests/unit/test-coldindex.c tests/unit/manifests.h
tests_unit_test_column_SOURCES = tests/unit/test-column.c
tests_unit_test_column_damage_SOURCES = tests/unit/test-column-damage.c
tests_unit_test_column_scan_SOURCES = tests/unit/test-column-scan.c
tests_unit_test_compact_SOURCES = tests/unit/test-compact.c $(history_sources)
tests_unit_test_config_SOURCES = tests/unit/test-config.c
tests_unit_test_crc32c_SOURCES = tests/unit/test-crc32c.c
tests_unit_test_creds_SOURCES = tests/unit/test-creds.c
tests_unit_test_creds_LDADD = libcount-s3.la $(LDADD)
tests_unit_test_current_SOURCES = tests/unit/test-current.c
tests_unit_test_datadir_SOURCES = tests/unit/test-datadir.c
tests_unit_test_digits_SOURCES = tests/unit/test-digits.c
tests_unit_test_digits_CPPFLAGS = $(cli_cppflags) $(CMOCKA_CFLAGS)
tests_unit_test_digits_LDADD = libcount-cli.la $(LDADD)
tests_unit_test_endpoint_SOURCES = tests/unit/test-endpoint.c
tests_unit_test_endpoint_LDADD = libcount-s3.la $(LDADD)
tests_unit_test_fetch_SOURCES = tests/unit/test-fetch.c $(coldfix_sources)
tests_unit_test_flush_SOURCES = tests/unit/test-flush.c $(history_sources)
tests_unit_test_fold_SOURCES = tests/unit/test-fold.c
tests_unit_test_helpers_SOURCES = tests/unit/test-helpers.c
tests_unit_test_kernels_SOURCES = tests/unit/test-kernels.c
tests_unit_test_keyname_SOURCES = tests/unit/test-keyname.c
tests_unit_test_legacy_SOURCES = tests/unit/test-legacy.c
tests_unit_test_log_SOURCES = tests/unit/test-log.c
tests_unit_test_manifest_SOURCES = tests/unit/test-manifest.c
tests_unit_test_manifest_LDADD = libcount-json.la $(LDADD)
tests_unit_test_merge_SOURCES = tests/unit/test-merge.c
tests_unit_test_model_SOURCES = tests/unit/test-model.c $(history_sources)
tests_unit_test_num_SOURCES = tests/unit/test-num.c
tests_unit_test_object_SOURCES = tests/unit/test-object.c
tests_unit_test_object_LDADD = libcount-json.la $(LDADD)
tests_unit_test_objstore_SOURCES = tests/unit/test-objstore.c tests/unit/objstore-s3.h tests/unit/objstore-test.h
tests_unit_test_objstore_dir_SOURCES = tests/unit/test-objstore-dir.c tests/unit/objstore-test.h
tests_unit_test_pack_SOURCES = tests/unit/test-pack.c
tests_unit_test_query_SOURCES = tests/unit/test-query.c
tests_unit_test_reduce_SOURCES = tests/unit/test-reduce.c
tests_unit_test_retry_SOURCES = tests/unit/test-retry.c
tests_unit_test_retry_LDADD = libcount-s3.la $(LDADD)
tests_unit_test_s3_SOURCES = tests/unit/test-s3.c
tests_unit_test_s3_LDADD = libcount-s3.la $(LDADD)
# Of the command line: public headers and libcount-cli.
tests_unit_test_scan_SOURCES = tests/unit/test-scan.c tests/unit/scanpair.h
tests_unit_test_scan_CPPFLAGS = $(cli_cppflags) $(CMOCKA_CFLAGS)
tests_unit_test_scan_LDADD = libcount-cli.la $(LDADD)
tests_unit_test_select_SOURCES = tests/unit/test-select.c
tests_unit_test_series_SOURCES = tests/unit/test-series.c
# Links libcrypto, which the core must not.
tests_unit_test_sigv4_SOURCES = tests/unit/test-sigv4.c
tests_unit_test_sigv4_LDADD = libcount-s3.la $(LDADD)
tests_unit_test_snapshot_SOURCES = tests/unit/test-snapshot.c
tests_unit_test_source_cold_SOURCES = tests/unit/test-source-cold.c $(coldfix_sources)
tests_unit_test_stamp_SOURCES = tests/unit/test-stamp.c
tests_unit_test_stats_SOURCES = tests/unit/test-stats.c
tests_unit_test_times_cache_SOURCES = tests/unit/test-times-cache.c
tests_unit_test_token_SOURCES = tests/unit/test-token.c
tests_unit_test_tz_SOURCES = tests/unit/test-tz.c
tests_unit_test_update_SOURCES = tests/unit/test-update.c tests/unit/updateworld.h tests/unit/bucketdir.h
tests_unit_test_walframe_SOURCES = tests/unit/test-walframe.c
tests_unit_test_when_SOURCES = tests/unit/test-when.c
tests_unit_test_writer_SOURCES = tests/unit/test-writer.c
tests_unit_test_xml_SOURCES = tests/unit/test-xml.c
tests_unit_test_xml_LDADD = libcount-s3.la $(LDADD)

check_PROGRAMS += $(unit_tests)
TESTS += $(unit_tests)
endif

# Shared by several tests.
EXTRA_DIST += tests/unit/waldir.h
