/* kernels_plain.c - the kernels for what any processor of the architecture has: SSE2, NEON; see kernels.h. */
#define LANES 4
#define AT_ONCE 8
#define FUSED 0
#define KERNELS kernels_plain
#define KERNELS_NAME "plain"

#include "codec/kernels_body.h"
