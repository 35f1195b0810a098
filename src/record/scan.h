/* SPDX-License-Identifier: Apache-2.0 */
/* One segment, read by a process that may not be the one that writes it. By pread(): a file that is cut short or
 * removed meanwhile is no fault. */
#ifndef OCK_RECORD_SCAN_H
#define OCK_RECORD_SCAN_H

#include "record/segment.h"

/* {.fd = -1} before it is opened; ock_scan_clear(). */
typedef struct ock_scan {
  int fd;
  uint64_t file_size, end; /* end 0: not known, as it is being written, or its writer died */
  uint64_t marker, first_number;
  uint64_t at;        /* where the next entry should be */
  uint64_t n_damaged; /* places passed over */
  unsigned char *window;
  uint64_t window_at;
  size_t window_size, window_capacity;
  bool backwards; /* entries will be asked for from the last to the first */
  uint64_t stuck_at, stuck_since_ns;
} ock_scan;

/* What came next: an entry; nothing yet; nothing any more. */
typedef enum ock_scanned { OCK_SCAN_ENTRY, OCK_SCAN_LATER, OCK_SCAN_END } ock_scanned;

/* name: in the folder, or with AT_FDCWD a path. *found is false, which is no failure, when there is no such file, or it
 * is not begun. BAD_FILE when it is no segment, or of a later version; IO; NO_MEMORY. */
ockham_status ock_scan_open(ock_scan *scan, int folder, const char *name, bool *found, ockham_error *err);
/* live: a writer may be adding to it. *entry is valid until the next call. */
ockham_status ock_scan_next(ock_scan *scan, bool live, ock_scanned *what, const unsigned char **entry,
                            ockham_error *err);
/* The entry at a place where there was one; NULL when it is gone. */
ockham_status ock_scan_entry(ock_scan *scan, uint64_t at, const unsigned char **entry, ockham_error *err);
void ock_scan_clear(ock_scan *scan);

#endif
