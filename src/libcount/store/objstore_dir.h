/*
 * objstore_dir.h - the object store in a directory, file:///dir: for trying, and for NFS.
 *
 * The object KEY of BUCKET is the file dir/BUCKET/KEY (objstore_path.h says how odd keys are
 * spelled); dir/BUCKET/.count-tmp/ holds what is being written, .count-lock serialises publishers.
 *
 * Put: a temporary file is written and fsynced, then given its name: if-absent by a rename that
 * replaces nothing (link() where the file system has no such rename), else by a plain rename under
 * flock; every directory on the way is fsynced before the answer.  If we die before the name is
 * given, a temporary file is left, which the next opener sweeps: whoever writes one holds a flock
 * on it.  If we die after it, the object is there whole, unacknowledged, as with a lost reply of S3.
 * Delete removes directories that it leaves empty.
 *
 * The ETag is the XXH3-128 of the body in hex, computed when asked for and kept nowhere.  Inode,
 * mtime and size would be cheaper, but a replaced file's inode is used again and the clock of mtimes ticks
 * in milliseconds, so that two versions could have one ETag and an if-match put lose a write; and
 * they differ after a restore or between NFS clients.  Equal content has an equal ETag, as on S3.
 *
 * Not kept: content type, encoding, storage class.  A key cannot be both an object and a
 * prefix of others up to a slash (a and a/b): the second is refused.  File systems that fold case
 * or normalise names are not for this.
 *
 * NFS: flock goes to the server (Linux clients; `nolock` or local_lock mounts do not, and hosts
 * would then not exclude each other).  Where flock does not work at all, if-match is refused
 * (UNSUPPORTED) and if-absent still holds.  Another client may see a change only after its
 * attribute cache expired (acregmax); mount with lookupcache=positive, or noac if that matters.
 * Writes reach stable storage before the answer, as fsync asks.
 */
#ifndef COUNT_STORE_OBJSTORE_DIR_H
#define COUNT_STORE_OBJSTORE_DIR_H

#include <stdbool.h>

#include "store/objstore.h"

/*
 * Open dir/bucket; the caller closes *s.  The directory must be there; with create the bucket is
 * made in it, and leftovers of crashed writers are swept.  Failures: INVALID a bucket name that is
 * none, NOTFOUND with what to do, DENIED, NET (the disk), as an enum count_status.
 */
int objstore_dir_open(const char *dir, const char *bucket, bool create, objstore **s,
		      struct count_error *err);

#endif
