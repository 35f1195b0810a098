/* SPDX-License-Identifier: Apache-2.0 */
/* What a worker may send: read at once and in pieces of the first byte's size, it is the same frames, or the same
 * breach. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "worker/frame.h"

enum { MOST = 20000, MOST_SIZE = 60000 /* less than a pipe takes */ };

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

typedef struct found {
  ock_frame_state end;
  size_t n_frames;
  uint64_t sum;
} found;

static ock_frame_state take_frames(ock_frame_reader *reader, int descriptor, found *f) {
  ock_frame_state state;
  while ((state = ock_frame_read(reader, descriptor, MOST, NULL)) == OCK_FRAME_READY) {
    f->n_frames++;
    f->sum = f->sum * 31 + reader->frame.type + reader->frame.id;
    for (size_t i = 0; i < reader->n_payload; i++) f->sum = f->sum * 31 + (unsigned char)reader->payload[i];
    for (size_t i = 0; i < 64; i++)
      if (reader->payload[reader->n_payload + i]) abort();
  }
  return state;
}

static found read_in(const uint8_t *bytes, size_t size, size_t piece) {
  ock_frame_reader reader = {0};
  found f = {.end = OCK_FRAME_WAIT};
  int ends[2];
  if (pipe2(ends, O_NONBLOCK)) abort();
  for (size_t at = 0; at < size && f.end == OCK_FRAME_WAIT; at += piece) {
    size_t n = size - at < piece ? size - at : piece;
    if (write(ends[1], bytes + at, n) != (ssize_t)n) abort();
    f.end = take_frames(&reader, ends[0], &f);
  }
  close(ends[1]);
  if (f.end == OCK_FRAME_WAIT) f.end = take_frames(&reader, ends[0], &f);
  close(ends[0]);
  ock_frame_reader_clear(&reader);
  return f;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
  if (size < 1 || size > MOST_SIZE) return 0;
  size_t piece = bytes[0] ? bytes[0] : 4096;
  found whole = read_in(bytes + 1, size - 1, MOST_SIZE), cut = read_in(bytes + 1, size - 1, piece);
  if (whole.end != cut.end || whole.n_frames != cut.n_frames || whole.sum != cut.sum) abort();
  return 0;
}
