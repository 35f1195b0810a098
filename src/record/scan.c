/* SPDX-License-Identifier: Apache-2.0 */
#include "record/scan.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { WINDOW = 256 * 1024 };
#define PATIENCE_NS 1000000000u /* that an entry may take to be finished while others follow it */
#define LOOK_AHEAD ((uint64_t)4 << 20)

/* ---- bytes ---- */

static uint64_t limit_of(const ock_scan *scan) {
  return scan->end ? scan->end : scan->file_size;
}

static ockham_status read_at(const ock_scan *scan, uint64_t at, void *to, size_t size, size_t *n, ockham_error *err) {
  *n = 0;
  while (*n < size) {
    ssize_t got = pread(scan->fd, (char *)to + *n, size - *n, (off_t)(at + *n));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return ock_fail(err, OCKHAM_IO, "cannot read a segment of requests: %s", strerror(errno));
    if (got == 0) break;
    *n += (size_t)got;
  }
  return OCKHAM_OK;
}

static ockham_status make_room(ock_scan *scan, size_t size, ockham_error *err) {
  size_t wanted = size > WINDOW ? size : WINDOW;
  if (scan->window_capacity >= wanted) return OCKHAM_OK;
  ock_free(scan->window);
  scan->window_capacity = scan->window_size = 0;
  scan->window = ock_alloc(wanted);
  if (!scan->window) return ock_fail_memory(err, "an entry of a recording", wanted);
  scan->window_capacity = wanted;
  return OCKHAM_OK;
}

/* Bytes from `at` on, at least `size` of them unless the file ends before: *room says how many there are. */
static ockham_status get(ock_scan *scan, uint64_t at, uint64_t size, const unsigned char **bytes, uint64_t *room,
                         ockham_error *err) {
  uint64_t limit = limit_of(scan), left = at < limit ? limit - at : 0;
  if (size > left) size = left;
  bool inside = at >= scan->window_at && at + size <= scan->window_at + scan->window_size;
  if (!inside) {
    OCK_TRY(make_room(scan, (size_t)size, err));
    uint64_t from = at, end = at + size, wanted = scan->window_capacity;
    if (scan->backwards) from = end > wanted ? end - wanted : 0;
    if (limit - from < wanted) wanted = at < limit ? limit - from : 0;
    scan->window_size = 0;
    scan->window_at = from;
    OCK_TRY(read_at(scan, from, scan->window, (size_t)wanted, &scan->window_size, err));
    if (scan->window_at + scan->window_size < at) scan->window_at = at, scan->window_size = 0; /* the file is shorter */
  }
  uint64_t there = scan->window_at + scan->window_size - at;
  *bytes = scan->window + (at - scan->window_at);
  *room = there < left ? there : left;
  return OCKHAM_OK;
}

static void forget_window(ock_scan *scan) {
  scan->window_size = 0;
}

/* ---- opening ---- */

static ockham_status read_header(ock_scan *scan, ock_segment_header *header, bool *whole, ockham_error *err) {
  struct stat info;
  size_t n;
  if (fstat(scan->fd, &info)) return ock_fail(err, OCKHAM_IO, "cannot read a segment of requests: %s", strerror(errno));
  scan->file_size = (uint64_t)info.st_size;
  OCK_TRY(read_at(scan, 0, header, sizeof *header, &n, err));
  *whole = n == sizeof *header;
  return OCKHAM_OK;
}

/* A header that is damaged: the first entry begins with the marker as well. */
static ockham_status guess_header(ock_scan *scan, const char *name, const ock_segment_header *header,
                                  ockham_error *err) {
  size_t n;
  bool ours = memcmp(header->magic, "OCKREC\r\n", sizeof header->magic) == 0;
  if (ours && header->version > OCK_SEGMENT_VERSION && header->version < 0x10000)
    return ock_fail(err, OCKHAM_BAD_FILE,
                    "%s: expected a recording of version %d, found version %u: it is from a later Ockham", name,
                    OCK_SEGMENT_VERSION, header->version);
  if (!ours && !ock_segment_parse_name(name, &scan->first_number))
    return ock_fail(err, OCKHAM_BAD_FILE, "%s: expected a recording of requests, found something else", name);
  OCK_TRY(read_at(scan, OCK_SEGMENT_HEADER, &scan->marker, sizeof scan->marker, &n, err));
  scan->n_damaged++;
  return OCKHAM_OK;
}

ockham_status ock_scan_open(ock_scan *scan, int folder, const char *name, bool *found, ockham_error *err) {
  ock_segment_header header = {.size = 0};
  bool whole = false;
  *scan = (ock_scan){.fd = openat(folder, name, O_RDONLY | O_CLOEXEC | O_NOCTTY), .at = OCK_SEGMENT_HEADER};
  *found = false;
  if (scan->fd < 0 && errno == ENOENT) return OCKHAM_OK;
  if (scan->fd < 0) return ock_fail(err, OCKHAM_IO, "%s: %s", name, strerror(errno));
  OCK_TRY(read_header(scan, &header, &whole, err));
  *found = whole;
  if (whole && ock_segment_is_sound(&header)) {
    scan->marker = header.marker;
    scan->first_number = header.first_number;
    *found = header.first_number != 0;
  } else if (whole) {
    OCK_TRY(guess_header(scan, name, &header, err));
  }
  scan->end = ock_segment_known_end(&header, scan->file_size);
  return OCKHAM_OK;
}

void ock_scan_clear(ock_scan *scan) {
  if (scan->fd >= 0) close(scan->fd);
  ock_free(scan->window);
  *scan = (ock_scan){.fd = -1};
}

/* ---- entries ---- */

ockham_status ock_scan_entry(ock_scan *scan, uint64_t at, const unsigned char **entry, ockham_error *err) {
  const unsigned char *bytes;
  uint64_t room, size;
  *entry = NULL;
  OCK_TRY(get(scan, at, OCK_ENTRY_FIXED, &bytes, &room, err));
  if (room < OCK_ENTRY_FIXED || memcmp(bytes, &scan->marker, sizeof scan->marker) != 0) return OCKHAM_OK;
  size = ock_entry_size(bytes, limit_of(scan) - at);
  if (!size) return OCKHAM_OK;
  OCK_TRY(get(scan, at, size, &bytes, &room, err));
  if (room >= size && ock_entry_size(bytes, room) == size && ock_entry_is_sound(bytes)) *entry = bytes;
  return OCKHAM_OK;
}

static ockham_status marker_at(ock_scan *scan, uint64_t *marker, ockham_error *err) {
  const unsigned char *bytes;
  uint64_t room;
  *marker = 0;
  OCK_TRY(get(scan, scan->at, sizeof *marker, &bytes, &room, err));
  if (room >= sizeof *marker) memcpy(marker, bytes, sizeof *marker);
  return OCKHAM_OK;
}

/* The next marker behind scan->at and before `limit`; 0 when there is none. */
static ockham_status search(ock_scan *scan, uint64_t limit, uint64_t *found_at, ockham_error *err) {
  *found_at = 0;
  for (uint64_t at = scan->at + 8; at + OCK_ENTRY_FIXED <= limit;) {
    const unsigned char *bytes;
    uint64_t room;
    OCK_TRY(get(scan, at, 8, &bytes, &room, err));
    if (room < 8) return OCKHAM_OK;
    for (uint64_t i = 0; i + 8 <= room; i += 8)
      if (memcmp(bytes + i, &scan->marker, 8) == 0) {
        *found_at = at + i;
        return OCKHAM_OK;
      }
    at += room & ~(uint64_t)7;
  }
  return OCKHAM_OK;
}

/* Whether a scan that found no entry at its place should look behind it already. */
static bool is_time_to_search(ock_scan *scan, bool live, uint64_t marker) {
  if (!live) return true;
  uint64_t now = ock_clock_ns();
  bool first = scan->stuck_at != scan->at;
  if (!first && now - scan->stuck_since_ns < PATIENCE_NS) return false;
  scan->stuck_at = scan->at;
  scan->stuck_since_ns = now;
  return !first || marker != 0;
}

static ockham_status refresh(ock_scan *scan, ockham_error *err) {
  ock_segment_header header;
  bool whole = false;
  forget_window(scan);
  OCK_TRY(read_header(scan, &header, &whole, err));
  if (!scan->end && whole) scan->end = ock_segment_known_end(&header, scan->file_size);
  if (scan->end > scan->file_size) scan->end = scan->file_size & ~(uint64_t)7;
  return OCKHAM_OK;
}

/* There is no sound entry at scan->at: *moved when there is one behind it, else *what is said. */
static ockham_status pass_over(ock_scan *scan, bool live, bool *moved, ock_scanned *what, ockham_error *err) {
  uint64_t marker, found_at, limit = limit_of(scan);
  bool complete = scan->end && (scan->end == scan->file_size || scan->at + OCK_ENTRY_FIXED > scan->end);
  live = live && !complete;
  *moved = false;
  *what = live ? OCK_SCAN_LATER : OCK_SCAN_END;
  if (scan->at + OCK_ENTRY_FIXED > limit) return OCKHAM_OK;
  OCK_TRY(marker_at(scan, &marker, err));
  if (!is_time_to_search(scan, live, marker)) return OCKHAM_OK;
  if (live && limit - scan->at > LOOK_AHEAD) limit = scan->at + LOOK_AHEAD;
  OCK_TRY(search(scan, limit, &found_at, err));
  if (found_at) {
    scan->at = found_at;
    *moved = true;
  } else if (!live) {
    scan->at = limit;
  }
  if (found_at || (!live && marker)) scan->n_damaged++;
  forget_window(scan);
  return OCKHAM_OK;
}

ockham_status ock_scan_next(ock_scan *scan, bool live, ock_scanned *what, const unsigned char **entry,
                            ockham_error *err) {
  for (bool moved = true; moved;) {
    OCK_TRY(ock_scan_entry(scan, scan->at, entry, err));
    if (!*entry) { /* it may have come since the window was read, or while it was */
      OCK_TRY(refresh(scan, err));
      OCK_TRY(ock_scan_entry(scan, scan->at, entry, err));
    }
    if (*entry) {
      scan->at += ock_entry_size(*entry, UINT64_MAX);
      *what = OCK_SCAN_ENTRY;
      return OCKHAM_OK;
    }
    OCK_TRY(pass_over(scan, live, &moved, what, err));
  }
  return OCKHAM_OK;
}
