/* scan_low.h - ends of fields from a mask of 64 bytes; SCAN_TARGET and low_bytes() are defined. */

SCAN_TARGET static inline size_t scan_name_len(const char *s)
{
	return (size_t)_tzcnt_u64(low_bytes(s));
}

SCAN_TARGET static inline bool scan_ends(const char *s, size_t *a, size_t *b)
{
	uint64_t low = low_bytes(s), more = _blsr_u64(low);

	*a = (size_t)_tzcnt_u64(low);
	*b = (size_t)_tzcnt_u64(more);
	return more != 0;
}
