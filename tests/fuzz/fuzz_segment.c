/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a recording: as they come, and once more with right checksums. They are refused, or all that is read
 * lies within them, and is the same from the front and from the back. */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "record/segment.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

static void check(bool holds) {
  if (!holds) abort();
}

static uint64_t touch(uint64_t sum, const void *bytes, uint64_t size) {
  const unsigned char *at = bytes;
  for (uint64_t i = 0; i < size; i++) sum = sum * 31 + at[i];
  return sum;
}

/* Of all that it says. */
static uint64_t digest(const ockham_request *r) {
  uint64_t sum = r->number + r->time_ns;
#define ADD(name) sum = touch(sum, r->name, strlen(r->name));
  OCK_TEXT_LIST(ADD)
#undef ADD
  if (r->body) sum = touch(sum, r->body, r->body_size);
  if (r->answer) sum = touch(sum, r->answer, r->answer_size);
  return sum;
}

static uint64_t read_all(ockham_recording *recording, bool newest_first, uint64_t *n) {
  ockham_request request;
  uint64_t sum = 0;
  *n = 0;
  ockham_recording_rewind(recording, newest_first);
  for (bool found = true; found; *n += found) {
    check(ockham_recording_next(recording, NULL, &request, &found, NULL) == OCKHAM_OK);
    if (found) sum += digest(&request); /* in any order */
  }
  return sum;
}

static void read_bytes(const unsigned char *bytes, size_t size) {
  char path[64];
  ockham_recording *recording;
  ockham_error err = {0};
  int fd = memfd_create("segment", MFD_CLOEXEC);
  if (fd < 0) return;
  check(write(fd, bytes, size) == (ssize_t)size);
  snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
  if (ockham_recording_open(path, &recording, &err)) {
    check(!recording && err.status == OCKHAM_BAD_FILE && strncmp(err.message, path, strlen(path)) == 0);
  } else {
    uint64_t n, n_backwards, sum = read_all(recording, false, &n);
    check(sum == read_all(recording, true, &n_backwards) && n == n_backwards);
    check(n <= size / OCK_ENTRY_FIXED && ockham_recording_damaged(recording) <= size / 8);
    ockham_recording_close(recording);
  }
  close(fd);
}

/* Checksums of the header, and of what could be entries. */
static void seal(unsigned char *bytes, size_t size) {
  ock_segment_header header;
  if (size < sizeof header) return;
  memcpy(&header, bytes, sizeof header);
  uint64_t end = header.end;
  ock_segment_begin(&header, header.marker, header.first_number, header.made_ns);
  ock_segment_end(&header, end);
  memcpy(bytes, &header, sizeof header);
  for (size_t at = OCK_SEGMENT_HEADER; at + OCK_ENTRY_FIXED <= size; at += 8) {
    uint64_t entry_size = memcmp(bytes + at, &header.marker, 8) == 0 ? ock_entry_size(bytes + at, size - at) : 0;
    if (!entry_size) continue;
    uint32_t crc = ock_crc32c((uint32_t)entry_size, bytes + at + 16, entry_size - 16);
    memcpy(bytes + at + 12, &crc, sizeof crc);
  }
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size) {
  unsigned char *bytes = malloc(size + 1);
  if (!bytes) return 0;
  if (size) memcpy(bytes, data, size);
  read_bytes(bytes, size);
  seal(bytes, size);
  read_bytes(bytes, size);
  free(bytes);
  return 0;
}
