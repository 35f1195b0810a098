/* SPDX-License-Identifier: Apache-2.0 */
#include "worker/frame.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "wire/internal.h"

enum { KEPT_BYTES = 1 << 20 };

const char *ock_frame_name(unsigned type) {
#define NAME(name, number, direction, payload) \
  case number:                                 \
    return #name;
  switch (type) { OCK_FRAME_LIST(NAME) }
#undef NAME
  return NULL;
}

static void pack(unsigned char *bytes, uint32_t value, int n) {
  for (int i = 0; i < n; i++) bytes[i] = (unsigned char)(value >> (8 * i));
}

static uint32_t unpack(const unsigned char *bytes, int n) {
  uint32_t value = 0;
  for (int i = 0; i < n; i++) value |= (uint32_t)bytes[i] << (8 * i);
  return value;
}

void ock_frame_pack(const ock_frame *frame, unsigned char header[OCK_FRAME_HEADER]) {
  pack(header, OCK_FRAME_MAGIC, 4);
  pack(header + 4, frame->type, 2);
  pack(header + 6, frame->flags, 2);
  pack(header + 8, frame->length, 4);
  pack(header + 12, frame->id, 4);
}

ockham_status ock_frame_unpack(const unsigned char header[OCK_FRAME_HEADER], ock_frame *frame, ockham_error *err) {
  uint32_t magic = unpack(header, 4);
  frame->type = unpack(header + 4, 2);
  frame->flags = unpack(header + 6, 2);
  frame->length = unpack(header + 8, 4);
  frame->id = unpack(header + 12, 4);
  if (magic != OCK_FRAME_MAGIC)
    return ock_fail(err, OCKHAM_BAD_DATA, "expected a frame that begins with 0x%08x, found 0x%08x", OCK_FRAME_MAGIC,
                    magic);
  if (!ock_frame_name(frame->type))
    return ock_fail(err, OCKHAM_BAD_DATA, "expected a frame of type 1 to 7, found type %u", frame->type);
  if (frame->flags)
    return ock_fail(err, OCKHAM_BAD_DATA, "expected a frame without flags, found flags 0x%x", frame->flags);
  return OCKHAM_OK;
}

/* ---- reading ---- */

static ockham_status make_room(ock_frame_reader *reader, ockham_error *err) {
  size_t needed = (size_t)reader->frame.length + OCK_BODY_PADDING;
  if (needed > reader->capacity) {
    ock_free(reader->payload);
    reader->capacity = 0;
    reader->payload = ock_alloc(needed);
    if (!reader->payload) return ock_fail_memory(err, "a worker's frame", needed);
    reader->capacity = needed;
  }
  memset(reader->payload + reader->frame.length, 0, OCK_BODY_PADDING);
  return OCKHAM_OK;
}

static void drop_ahead(ock_frame_reader *reader, size_t n) {
  reader->n_ahead -= n;
  memmove(reader->ahead, reader->ahead + n, reader->n_ahead);
}

static ockham_status begin_frame(ock_frame_reader *reader, size_t most, ockham_error *err) {
  OCK_TRY(ock_frame_unpack(reader->ahead, &reader->frame, err));
  if (reader->frame.length > most)
    return ock_fail(err, OCKHAM_BAD_DATA, "expected a frame of at most %zu bytes, found a %s of %u", most,
                    ock_frame_name(reader->frame.type), reader->frame.length);
  OCK_TRY(make_room(reader, err));
  drop_ahead(reader, OCK_FRAME_HEADER);
  reader->has_header = true;
  reader->n_payload = 0;
  return OCKHAM_OK;
}

/* Returns whether the frame is complete. */
static bool take_ahead(ock_frame_reader *reader) {
  size_t missing = reader->frame.length - reader->n_payload;
  size_t n = reader->n_ahead < missing ? reader->n_ahead : missing;
  if (n) memcpy(reader->payload + reader->n_payload, reader->ahead, n);
  reader->n_payload += n;
  drop_ahead(reader, n);
  return reader->n_payload == reader->frame.length;
}

/* Straight into the payload while it wants more than what is read ahead. */
static ssize_t read_some(ock_frame_reader *reader, int descriptor) {
  size_t missing = reader->has_header ? reader->frame.length - reader->n_payload : 0;
  if (missing >= OCK_FRAME_AHEAD) {
    ssize_t n = read(descriptor, reader->payload + reader->n_payload, missing);
    if (n > 0) reader->n_payload += (size_t)n;
    return n;
  }
  ssize_t n = read(descriptor, reader->ahead + reader->n_ahead, OCK_FRAME_AHEAD - reader->n_ahead);
  if (n > 0) reader->n_ahead += (size_t)n;
  return n;
}

/* One step with what was read; WAIT: more is needed. */
static ock_frame_state advance(ock_frame_reader *reader, size_t most, ockham_error *err) {
  if (!reader->has_header) {
    if (reader->n_ahead < OCK_FRAME_HEADER) return OCK_FRAME_WAIT;
    if (begin_frame(reader, most, err)) return OCK_FRAME_BAD;
  }
  if (!take_ahead(reader)) return OCK_FRAME_WAIT;
  reader->has_header = false;
  return OCK_FRAME_READY;
}

ock_frame_state ock_frame_read(ock_frame_reader *reader, int descriptor, size_t most, ockham_error *err) {
  for (;;) {
    ock_frame_state state = advance(reader, most, err);
    if (state != OCK_FRAME_WAIT) return state;
    ssize_t n = read_some(reader, descriptor);
    if (n > 0) continue;
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return OCK_FRAME_WAIT;
    reader->ended = true;
    if (!reader->has_header && reader->n_ahead == 0) return OCK_FRAME_END;
    ock_fail(err, OCKHAM_BAD_DATA, "expected the rest of a frame, found the end of the stream");
    return OCK_FRAME_BAD;
  }
}

void ock_frame_reader_reset(ock_frame_reader *reader) {
  if (reader->capacity > KEPT_BYTES) {
    ock_free(reader->payload);
    reader->payload = NULL;
    reader->capacity = 0;
  }
  reader->n_payload = reader->n_ahead = 0;
  reader->has_header = reader->ended = false;
}

void ock_frame_reader_clear(ock_frame_reader *reader) {
  ock_free(reader->payload);
  *reader = (ock_frame_reader){0};
}
