/* SPDX-License-Identifier: MIT */
#ifndef SN_CACHE_STAMPS_H
#define SN_CACHE_STAMPS_H

#include "base/buffer.h"

/*
 * What files were like: a text of one line a file with its inode, mode, size, times of change, and path; "-" for one
 * that was not there. A list holds as long as each of its lines would be written the same again. Whoever replaces a
 * file changes its inode, whoever writes to it its times (the time of the inode's change can be set by nobody).
 * No device: what is mounted anew after a restart is the same all the same.
 */

/* The file or directory itself, links followed. Paths with a line break are left out: -EINVAL. 0 or -errno. */
int sn__stamps_add(struct sn__buffer *list, const char *path);
/*
 * Each directory below `path` and itself: files that come, go or are replaced change them. With `files`, each file in
 * them, too. At most SN__STAMPS_MAX lines: -E2BIG. Links are not followed, what cannot be read is left out.
 */
int sn__stamps_add_tree(struct sn__buffer *list, const char *path, bool files);
#define SN__STAMPS_MAX 100000

/* Is everything as it was? False for what is no list. */
bool sn__stamps_hold(const char *list, size_t length);

#endif
