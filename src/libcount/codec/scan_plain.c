/* scan_plain.c - the loops for what any processor of the architecture has; see scan.h. */
#define BYTES 16
#define SCANS scans_plain

#include "codec/scan_body.h"

#if defined(__x86_64__)

const struct scans *scans_of(enum cpu_level level)
{
	static const struct scans *const all[] = { &scans_plain, &scans_avx2, &scans_avx512 };

	return all[level];
}

#else

const struct scans *scans_of(enum cpu_level level)
{
	return level == CPU_PLAIN ? &scans_plain : NULL;
}

#endif

const struct scans *scans_best(void)
{
	return scans_of(cpu_level());
}
