/* s3.c - the module s3.so: the object store on S3, and SHA-256 for long keys; see s3/s3.h. */
#include "s3/s3.h"
#include "s3/sigv4.h"

extern const struct s3_module count_s3_module;
__attribute__((visibility("default"))) const struct s3_module count_s3_module = {
	.version = S3_MODULE_VERSION,
	.open = s3_open,
	.credentials_source = s3_credentials_source,
	.region = s3_region,
	.set_region = s3_set_region,
	.sha256 = sigv4_sha256,
};
