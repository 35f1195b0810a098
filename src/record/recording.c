/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "record/recorder.h"
#include "record/scan.h"

typedef struct part {
  uint64_t first_number;
  uint64_t n_damaged; /* the most that any reading of it found */
} part;

struct ockham_recording {
  char *path;
  int folder_fd, lock_fd; /* -1: it is a single file */
  ock_store *store;       /* NULL: not there, or not there yet */
  part *parts;            /* segments, the oldest first */
  size_t n_parts, parts_capacity;

  bool newest_first;
  size_t at; /* the part that is read; newest first: one more than that */
  bool is_open;
  ock_scan scan;   /* of it */
  uint32_t *index; /* newest first: where its entries are, in units of 8 bytes: those that are left */
  size_t n_index, index_capacity;
  char *event_room;
};

/* ---- which segments ---- */

static ockham_status add_part(ockham_recording *r, uint64_t first_number, ockham_error *err) {
  if (r->n_parts && first_number <= r->parts[r->n_parts - 1].first_number) return OCKHAM_OK; /* known */
  if (r->n_parts == r->parts_capacity) {
    size_t capacity = r->parts_capacity ? 2 * r->parts_capacity : 32;
    part *parts = ock_realloc_array(r->parts, capacity, sizeof *parts);
    if (!parts) return ock_fail_memory(err, "the list of segments", capacity * sizeof *parts);
    r->parts = parts;
    r->parts_capacity = capacity;
  }
  r->parts[r->n_parts++] = (part){.first_number = first_number};
  return OCKHAM_OK;
}

/* The first number of the open segment while it has not got its name; 0 when it has. */
static ockham_status look_at_next(ockham_recording *r, uint64_t *first, ockham_error *err) {
  ock_scan scan;
  bool found;
  ockham_status status = ock_scan_open(&scan, r->folder_fd, OCK_SEGMENT_NEXT, &found, err);
  *first = !status && found ? scan.first_number : 0;
  ock_scan_clear(&scan);
  return status == OCKHAM_NO_MEMORY ? status : OCKHAM_OK;
}

/* Add those that came; they have larger numbers than all before. */
static ockham_status list_parts(ockham_recording *r, ockham_error *err) {
  uint64_t *firsts, next;
  size_t n;
  if (r->folder_fd < 0) return r->n_parts ? OCKHAM_OK : add_part(r, 1, err);
  OCK_TRY(look_at_next(r, &next, err)); /* before the list, as it may get its name in between */
  OCK_TRY(ock_segments_list(r->folder_fd, &firsts, &n, err));
  ockham_status status = OCKHAM_OK;
  for (size_t i = 0; i < n && !status; i++) status = add_part(r, firsts[i], err);
  ock_free(firsts);
  return status || !next ? status : add_part(r, next, err);
}

/* Whether a server has the folder: its lock says so, also after it was killed. */
static bool writer_lives(ockham_recording *r) {
  struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
  if (r->folder_fd < 0) return false;
  if (r->lock_fd < 0) r->lock_fd = openat(r->folder_fd, "lock", O_RDONLY | O_CLOEXEC);
  return r->lock_fd >= 0 && fcntl(r->lock_fd, F_OFD_GETLK, &whole) == 0 && whole.l_type != F_UNLCK;
}

/* ---- one segment ---- */

static void close_part(ockham_recording *r, size_t i) {
  if (!r->is_open) return;
  if (r->scan.n_damaged > r->parts[i].n_damaged) r->parts[i].n_damaged = r->scan.n_damaged;
  ock_scan_clear(&r->scan);
  r->is_open = false;
  r->n_index = 0;
}

static ockham_status open_file(ockham_recording *r, const char *name, uint64_t first, ockham_error *err) {
  bool found;
  ockham_status status = ock_scan_open(&r->scan, r->folder_fd < 0 ? AT_FDCWD : r->folder_fd, name, &found, err);
  r->is_open = !status && found && (r->folder_fd < 0 || r->scan.first_number == first);
  if (!r->is_open) ock_scan_clear(&r->scan);
  return status;
}

static ockham_status open_part(ockham_recording *r, size_t i, ockham_error *err) {
  char name[OCK_SEGMENT_NAME];
  uint64_t first = r->parts[i].first_number;
  if (r->folder_fd < 0) return open_file(r, r->path, 0, err);
  ock_segment_name(first, name);
  OCK_TRY(open_file(r, name, first, err));
  if (r->is_open || i + 1 < r->n_parts) return OCKHAM_OK;
  OCK_TRY(open_file(r, OCK_SEGMENT_NEXT, first, err));
  return r->is_open ? OCKHAM_OK : open_file(r, name, first, err); /* it may have got its name in between */
}

/* The metadata, or the next segment, say that nothing in it can pass. */
static bool can_skip(ockham_recording *r, size_t i, const ockham_request_filter *filter) {
  ock_facts facts;
  bool found;
  if (filter->after_number && i + 1 < r->n_parts && r->parts[i + 1].first_number <= filter->after_number + 1)
    return true;
  if (!r->store || ock_store_get_segment(r->store, r->parts[i].first_number, &facts, &found, NULL)) return false;
  return found && !ock_facts_may_pass(&facts, filter);
}

/* ---- forwards ---- */

/* What comes next in the open part, once it is known whether more can come: LATER is said of the newest part only. */
static ockham_status scan_part(ockham_recording *r, ock_scanned *what, const unsigned char **entry, ockham_error *err) {
  OCK_TRY(ock_scan_next(&r->scan, true, what, entry, err));
  if (*what != OCK_SCAN_LATER) return OCKHAM_OK;
  bool newest = r->at + 1 == r->n_parts;
  if (newest && writer_lives(r)) return OCKHAM_OK;
  if (!newest && r->scan.end && writer_lives(r)) return OCKHAM_OK; /* its last entries are being finished */
  return ock_scan_next(&r->scan, false, what, entry, err); /* it might have been added to before its writer died */
}

static ockham_status next_forwards(ockham_recording *r, const ockham_request_filter *filter, ockham_request *request,
                                   bool *found, ockham_error *err) {
  for (bool listed = false;;) {
    ock_scanned what = OCK_SCAN_END;
    const unsigned char *entry;
    if (r->at >= r->n_parts) {
      OCK_TRY(list_parts(r, err));
      if (r->at >= r->n_parts) return OCKHAM_OK;
    }
    if (!r->is_open && !can_skip(r, r->at, filter)) OCK_TRY(open_part(r, r->at, err));
    if (r->is_open) OCK_TRY(scan_part(r, &what, &entry, err));
    if (what == OCK_SCAN_ENTRY) {
      ock_entry_view(entry, request);
      if ((*found = ock_request_passes(request, filter))) return OCKHAM_OK;
    } else if (what == OCK_SCAN_END) {
      close_part(r, r->at++);
    } else if (listed) {
      return OCKHAM_OK;
    } else {
      OCK_TRY(list_parts(r, err));
      listed = true;
    }
  }
}

/* ---- newest first ---- */

static ockham_status add_to_index(ockham_recording *r, uint64_t at, ockham_error *err) {
  if (r->n_index == r->index_capacity) {
    size_t capacity = r->index_capacity ? 2 * r->index_capacity : 1024;
    uint32_t *index = ock_realloc_array(r->index, capacity, sizeof *index);
    if (!index) return ock_fail_memory(err, "the index of a segment", capacity * sizeof *index);
    r->index = index;
    r->index_capacity = capacity;
  }
  r->index[r->n_index++] = (uint32_t)(at / 8);
  return OCKHAM_OK;
}

static ockham_status index_part(ockham_recording *r, ockham_error *err) {
  bool live = writer_lives(r);
  for (;;) {
    ock_scanned what;
    const unsigned char *entry;
    OCK_TRY(ock_scan_next(&r->scan, live, &what, &entry, err));
    if (what != OCK_SCAN_ENTRY) break;
    OCK_TRY(add_to_index(r, r->scan.at - ock_entry_size(entry, UINT64_MAX), err));
  }
  r->scan.backwards = true;
  return OCKHAM_OK;
}

static ockham_status next_backwards(ockham_recording *r, const ockham_request_filter *filter, ockham_request *request,
                                    bool *found, ockham_error *err) {
  while (r->at) {
    const unsigned char *entry = NULL;
    if (!r->is_open && !can_skip(r, r->at - 1, filter)) {
      OCK_TRY(open_part(r, r->at - 1, err));
      if (r->is_open) OCK_TRY(index_part(r, err));
    }
    if (!r->n_index) {
      close_part(r, --r->at);
      continue;
    }
    OCK_TRY(ock_scan_entry(&r->scan, (uint64_t)r->index[--r->n_index] * 8, &entry, err));
    if (!entry) continue;
    ock_entry_view(entry, request);
    if ((*found = ock_request_passes(request, filter))) return OCKHAM_OK;
  }
  return OCKHAM_OK;
}

/* ---- the interface ---- */

/* A file, or a folder that a recorder has been in. */
static ockham_status open_path(ockham_recording *r, ockham_error *err) {
  struct stat info;
  bool found;
  if (stat(r->path, &info)) return ock_fail(err, OCKHAM_IO, "%s: %s", r->path, strerror(errno));
  if (!S_ISDIR(info.st_mode)) {
    ockham_status status = ock_scan_open(&r->scan, AT_FDCWD, r->path, &found, err);
    ock_scan_clear(&r->scan);
    if (!status && !found)
      status = ock_fail(err, OCKHAM_BAD_FILE, "%s: expected a recording, found an empty one", r->path);
    return status ? status : list_parts(r, err);
  }
  r->folder_fd = open(r->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (r->folder_fd < 0) return ock_fail(err, OCKHAM_IO, "%s: %s", r->path, strerror(errno));
  OCK_TRY(list_parts(r, err));
  if (!r->n_parts && faccessat(r->folder_fd, "lock", F_OK, 0))
    return ock_fail(err, OCKHAM_BAD_FILE, "%s: expected the folder of a server's recording, found no requests in it",
                    r->path);
  if (ock_store_open(r->path, false, &r->store, &found, NULL)) r->store = NULL; /* all can be read without it */
  return OCKHAM_OK;
}

ockham_status ockham_recording_open(const char *folder, ockham_recording **recording, ockham_error *err) {
  ockham_recording *r = ock_alloc_zeroed(1, sizeof *r);
  *recording = NULL;
  if (!r) return ock_fail_memory(err, "a recording", sizeof *r);
  r->folder_fd = r->lock_fd = r->scan.fd = -1;
  r->path = ock_string_copy(folder);
  ockham_status status = r->path ? open_path(r, err) : ock_fail_memory(err, "a path", strlen(folder) + 1);
  if (status)
    ockham_recording_close(r);
  else
    *recording = r;
  return status;
}

ockham_status ockham_recording_next(ockham_recording *r, const ockham_request_filter *filter, ockham_request *request,
                                    bool *found, ockham_error *err) {
  static const ockham_request_filter any;
  *found = false;
  if (!filter) filter = &any;
  return r->newest_first ? next_backwards(r, filter, request, found, err)
                         : next_forwards(r, filter, request, found, err);
}

void ockham_recording_rewind(ockham_recording *r, bool newest_first) {
  close_part(r, r->at - r->newest_first);
  if (newest_first) (void)!list_parts(r, NULL); /* without what came since, if it cannot be listed */
  r->newest_first = newest_first;
  r->at = newest_first ? r->n_parts : 0;
}

ockham_status ockham_recording_event(ockham_recording *r, uint64_t after_number, const char *kind, ockham_event *event,
                                     bool *found, ockham_error *err) {
  *found = false;
  if (r->folder_fd < 0) return OCKHAM_OK;
  if (!r->store) OCK_TRY(ock_store_open(r->path, false, &r->store, found, err));
  if (!r->store) return OCKHAM_OK;
  ock_free(r->event_room);
  return ock_store_get_event(r->store, after_number, kind, event, &r->event_room, found, err);
}

uint64_t ockham_recording_damaged(const ockham_recording *r) {
  uint64_t n = 0;
  size_t open = r->is_open ? r->at - r->newest_first : r->n_parts;
  for (size_t i = 0; i < r->n_parts; i++) {
    uint64_t now = i == open ? r->scan.n_damaged : 0;
    n += now > r->parts[i].n_damaged ? now : r->parts[i].n_damaged;
  }
  return n;
}

void ockham_recording_close(ockham_recording *r) {
  if (!r) return;
  ock_scan_clear(&r->scan);
  ock_store_close(r->store);
  if (r->folder_fd >= 0) close(r->folder_fd);
  if (r->lock_fd >= 0) close(r->lock_fd);
  ock_free(r->event_room);
  ock_free(r->index);
  ock_free(r->parts);
  ock_free(r->path);
  ock_free(r);
}
