/* scan.c - which kernel reads the plain lines here. */
#include "scan.h"

static bool always(void)
{
	return true;
}

#if defined(__x86_64__)

static bool have_avx2(void)
{
	return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2");
}

static bool have_avx512(void)
{
	return have_avx2() && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl");
}

const struct scan_kernel scan_kernels[] = {
	{ "avx512", have_avx512, scan_avx512 },
	{ "avx2", have_avx2, scan_avx2 },
	{ "plain", always, scan_plain },
	{ NULL, NULL, NULL }
};

#else

const struct scan_kernel scan_kernels[] = {
	{ "plain", always, scan_plain },
	{ NULL, NULL, NULL }
};

#endif

scan_fn *scan_choose(void)
{
	const struct scan_kernel *k = scan_kernels;

	while (!k->usable())
		k++;
	return k->run;
}
