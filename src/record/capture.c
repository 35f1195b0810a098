/* SPDX-License-Identifier: Apache-2.0 */
/* A recording of its own in one file: a segment. */
#include <errno.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>

#include "record/segment.h"

struct ockham_capture {
  ock_output output;
  ock_segment_header header;
  uint64_t size;
  unsigned char *entry; /* room */
  size_t capacity;
};

static ockham_status create(ockham_capture *c, const char *path, ockham_error *err) {
  OCK_TRY(ock_output_open(&c->output, path, err));
  if (c->output.temporary_path && fchmod(fileno(c->output.stream), 0600))
    return ock_fail(err, OCKHAM_CANNOT_WRITE, "%s: %s", path, strerror(errno));
  if (getrandom(&c->header.marker, sizeof c->header.marker, 0) != (ssize_t)sizeof c->header.marker)
    c->header.marker = ock_wall_ns() | 1;
  return OCKHAM_OK;
}

ockham_status ockham_capture_create(const char *path, ockham_capture **capture, ockham_error *err) {
  ockham_capture *c = ock_alloc_zeroed(1, sizeof *c);
  *capture = NULL;
  if (!c) return ock_fail_memory(err, "a capture", sizeof *c);
  ockham_status status = create(c, path, err);
  if (status)
    ockham_capture_abandon(c);
  else
    *capture = c;
  return status;
}

/* The first number is that of the first request. */
static void put_header(ockham_capture *c, uint64_t first_number) {
  ock_segment_begin(&c->header, c->header.marker, first_number, ock_wall_ns());
  ock_output_write(&c->output, &c->header, sizeof c->header);
  c->size = OCK_SEGMENT_HEADER;
}

ockham_status ockham_capture_put(ockham_capture *c, const ockham_request *request, ockham_error *err) {
  ock_plan plan;
  if (!ock_entry_plan(request, OCK_SEGMENT_MOST / 2 - OCK_SEGMENT_HEADER, &plan))
    return ock_fail(err, OCKHAM_BAD_ARGUMENT, "expected a request of less than 2 GiB, found a longer one");
  if (plan.size > c->capacity) {
    ock_free(c->entry);
    c->capacity = 0;
    c->entry = ock_alloc((size_t)plan.size);
    if (!c->entry) return ock_fail_memory(err, "a request that is to be written", (size_t)plan.size);
    c->capacity = (size_t)plan.size;
  }
  if (!c->size) put_header(c, request->number ? request->number : 1);
  memset(c->entry, 0, (size_t)plan.size);
  ock_entry_write(c->entry, &plan, request, request->number, c->header.marker);
  ock_output_write(&c->output, c->entry, (size_t)plan.size);
  c->size += plan.size;
  return OCKHAM_OK;
}

static void release(ockham_capture *c) {
  ock_free(c->entry);
  ock_free(c);
}

/* The end is known only now; where it cannot be written, as into a pipe, that of the file will do. */
static void put_end(ockham_capture *c) {
  if (!c->output.temporary_path || fseeko(c->output.stream, 0, SEEK_SET)) return;
  ock_segment_end(&c->header, c->size);
  ock_output_write(&c->output, &c->header, sizeof c->header);
}

ockham_status ockham_capture_commit(ockham_capture *c, ockham_error *err) {
  if (!c->size) put_header(c, 1);
  put_end(c);
  ockham_status status = ock_output_commit(&c->output, err);
  if (status) ock_output_abandon(&c->output);
  release(c);
  return status;
}

void ockham_capture_abandon(ockham_capture *c) {
  if (!c) return;
  ock_output_abandon(&c->output);
  release(c);
}
