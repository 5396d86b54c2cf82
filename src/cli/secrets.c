/* secrets.c - nothing of our memory goes to disk or to other programs; see secrets.h. */
#include "secrets.h"

#include <sys/prctl.h>
#include <sys/resource.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1
#endif

#ifdef SANITIZED
enum { HIDE = 0 };	/* the search for leaks attaches to the program */
#else
enum { HIDE = 1 };
#endif

void secrets_guard(void)
{
	struct rlimit none = { 0, 0 };

	setrlimit(RLIMIT_CORE, &none);	/* neither can fail for a process that is its own master */
	if (HIDE)
		prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}
