/* SPDX-License-Identifier: Apache-2.0 */
/* What a run left that was killed: segments without an end, and metadata that lack them. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "record/recorder.h"
#include "record/scan.h"

/* ---- which segments ---- */

static int by_number(const void *a, const void *b) {
  uint64_t first = *(const uint64_t *)a, second = *(const uint64_t *)b;
  return first < second ? -1 : first > second;
}

static ockham_status list_names(DIR *folder, uint64_t **firsts, size_t *n, ockham_error *err) {
  size_t capacity = 0;
  for (const struct dirent *entry; (entry = readdir(folder));) {
    uint64_t first;
    if (!ock_segment_parse_name(entry->d_name, &first)) continue;
    if (*n == capacity) {
      capacity = capacity ? 2 * capacity : 32;
      uint64_t *grown = ock_realloc_array(*firsts, capacity, sizeof *grown);
      if (!grown) return ock_fail_memory(err, "the list of segments", capacity * sizeof *grown);
      *firsts = grown;
    }
    (*firsts)[(*n)++] = first;
  }
  return OCKHAM_OK;
}

ockham_status ock_segments_list(int folder_fd, uint64_t **firsts, size_t *n, ockham_error *err) {
  *firsts = NULL;
  *n = 0;
  int fd = openat(folder_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR *folder = fd < 0 ? NULL : fdopendir(fd);
  if (!folder) {
    if (fd >= 0) close(fd);
    return ock_fail(err, OCKHAM_IO, "the folder of a recording cannot be listed: %s", strerror(errno));
  }
  ockham_status status = list_names(folder, firsts, n, err);
  closedir(folder);
  if (!status && *n) qsort(*firsts, *n, sizeof **firsts, by_number);
  if (status) {
    ock_free(*firsts);
    *firsts = NULL;
  }
  return status;
}

/* ---- one segment ---- */

static ockham_status scan_facts(ock_scan *scan, ock_facts *facts, uint64_t *used, ockham_error *err) {
  ock_scanned what = OCK_SCAN_ENTRY;
  *used = OCK_SEGMENT_HEADER;
  while (what == OCK_SCAN_ENTRY) {
    const unsigned char *entry;
    ockham_request request;
    OCK_TRY(ock_scan_next(scan, false, &what, &entry, err));
    if (what != OCK_SCAN_ENTRY) break;
    ock_entry_view(entry, &request);
    ock_facts_add(facts, &request);
    *used = scan->at;
  }
  return OCKHAM_OK;
}

/* Give it its end. What fails here is done by the next start. */
static void end_file(ock_recorder *r, const char *name, uint64_t used) {
  ock_segment_header header;
  int fd = openat(r->folder_fd, name, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
  if (fd < 0) return;
  if (pread(fd, &header, sizeof header, 0) == (ssize_t)sizeof header) {
    ock_segment_end(&header, used);
    if (pwrite(fd, &header, sizeof header, 0) == (ssize_t)sizeof header && ftruncate(fd, (off_t)used) == 0) fsync(fd);
  }
  close(fd);
}

static ockham_status read_segment(ock_recorder *r, const char *name, ock_facts *facts, ockham_error *err) {
  ock_scan scan;
  bool found;
  uint64_t used = 0;
  ockham_status status = ock_scan_open(&scan, r->folder_fd, name, &found, err);
  if (!status && found) status = scan_facts(&scan, facts, &used, err);
  bool ended = scan.end != 0;
  facts->bytes = ended ? scan.file_size : used;
  ock_scan_clear(&scan);
  if (status) return status;
  if (!facts->n_requests)
    unlinkat(r->folder_fd, name, 0);
  else if (!ended)
    end_file(r, name, used);
  return OCKHAM_OK;
}

/* The metadata know it, and it has the length that they say. */
static bool is_known(ock_recorder *r, uint64_t first, const char *name, ock_facts *facts) {
  struct stat info;
  bool found;
  if (!r->store || ock_store_get_segment(r->store, first, facts, &found, NULL) || !found) return false;
  return fstatat(r->folder_fd, name, &info, 0) == 0 && (uint64_t)info.st_size == facts->bytes;
}

static ockham_status recover_segment(ock_recorder *r, uint64_t first, ockham_error *err) {
  char name[OCK_SEGMENT_NAME];
  ock_facts facts = {0};
  ock_segment_name(first, name);
  bool known = is_known(r, first, name, &facts);
  if (!known) {
    facts = (ock_facts){.first_number = first};
    ockham_status status = read_segment(r, name, &facts, err);
    if (status == OCKHAM_NO_MEMORY) return status;
    if (first > r->next_number) r->next_number = first;
    if (status || !facts.n_requests) return OCKHAM_OK; /* it is left alone, and is no reason not to start */
  }
  if (facts.last_number >= r->next_number) r->next_number = facts.last_number + 1;
  return ock_keep(r, &facts, known, err);
}

/* ---- the folder ---- */

/* next.seg was opened, but not renamed yet; or it was not opened. */
static ockham_status recover_next(ock_recorder *r, ockham_error *err) {
  ock_scan scan;
  bool found;
  char name[OCK_SEGMENT_NAME];
  ockham_status status = ock_scan_open(&scan, r->folder_fd, OCK_SEGMENT_NEXT, &found, err);
  ock_segment_name(scan.first_number, name);
  ock_scan_clear(&scan);
  if (status == OCKHAM_NO_MEMORY) return status;
  if (status || !found || renameat(r->folder_fd, OCK_SEGMENT_NEXT, r->folder_fd, name))
    unlinkat(r->folder_fd, OCK_SEGMENT_NEXT, 0);
  return OCKHAM_OK;
}

ockham_status ock_recover(ock_recorder *r, ockham_error *err) {
  uint64_t *firsts, last = 0;
  size_t n;
  OCK_TRY(recover_next(r, err));
  OCK_TRY(ock_segments_list(r->folder_fd, &firsts, &n, err));
  ockham_status status = r->store ? ock_store_last_number(r->store, &last, err) : OCKHAM_OK;
  r->next_number = last + 1;
  for (size_t i = 0; i < n && !status; i++) status = recover_segment(r, firsts[i], err);
  ock_free(firsts);
  return status;
}
