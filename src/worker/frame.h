/* SPDX-License-Identifier: Apache-2.0 */
/* Frames: what a server and a worker process say to each other over two pipes (docs/workers.md tells it to authors).
 *
 *   offset 0   u32  magic    "OCK" and the version, 1: 0x014b434f
 *          4   u16  type
 *          6   u16  flags    0
 *          8   u32  length   of the payload that follows
 *         12   u32  id       INFER chooses one, RESULT and ERROR repeat it; PONG repeats that of PING; else 0
 * All little-endian. The payload of INFER and RESULT is u32 n, n bytes of JSON as the Open Inference Protocol has it,
 * then the binary tensors; for a worker whose HELLO says "encoding": "json" it is the JSON alone. */
#ifndef OCK_WORKER_FRAME_H
#define OCK_WORKER_FRAME_H

#include "core/internal.h"

/* X(name, number, direction, payload) */
#define OCK_FRAME_LIST(X)                                                                        \
  X(HELLO, 1, "from the worker, first", "JSON: inputs, outputs; columns, name, encoding")        \
  X(INFER, 2, "to the worker", "a request")                                                      \
  X(RESULT, 3, "from the worker", "its answer")                                                  \
  X(ERROR, 4, "from the worker", "JSON: error, the text; status, 400 when the request is wrong") \
  X(PING, 5, "to the worker, when it is idle", "nothing")                                        \
  X(PONG, 6, "from the worker", "nothing")                                                       \
  X(SHUTDOWN, 7, "to the worker, then end of file", "nothing")
#define OCK_FRAME_ENUM(name, number, direction, payload) OCK_FRAME_##name = number,
enum { OCK_FRAME_LIST(OCK_FRAME_ENUM) OCK_FRAME_HEADER = 16, OCK_FRAME_MAGIC = 0x014b434f };
#undef OCK_FRAME_ENUM
const char *ock_frame_name(unsigned type);

typedef struct ock_frame {
  unsigned type, flags;
  uint32_t length, id;
} ock_frame;
void ock_frame_pack(const ock_frame *frame, unsigned char header[OCK_FRAME_HEADER]);
/* BAD_DATA unless it is a header of this version, of a type there is, without flags. */
ockham_status ock_frame_unpack(const unsigned char header[OCK_FRAME_HEADER], ock_frame *frame, ockham_error *err);

/* Reads frames from a descriptor that does not block. Zero-initialise; ock_frame_reader_clear(). */
enum { OCK_FRAME_AHEAD = 4096 };
typedef struct ock_frame_reader {
  ock_frame frame;
  char *payload; /* of it, when READY, with OCK_BODY_PADDING zeros behind; until the next read */
  size_t n_payload, capacity;
  bool has_header, ended;
  unsigned char ahead[OCK_FRAME_AHEAD]; /* bytes that came and belong to no payload yet */
  size_t n_ahead;
} ock_frame_reader;
typedef enum ock_frame_state { OCK_FRAME_WAIT, OCK_FRAME_READY, OCK_FRAME_END, OCK_FRAME_BAD } ock_frame_state;
/* Read what is there, up to the end of one frame. WAIT: nothing more now. END: end of file between frames. BAD: no
 * frame, one longer than `most`, end of file within one, no memory: *err says so, and the stream is of no more use. */
ock_frame_state ock_frame_read(ock_frame_reader *reader, int descriptor, size_t most, ockham_error *err);
/* For the next stream; keeps the memory unless there is much of it. */
void ock_frame_reader_reset(ock_frame_reader *reader);
void ock_frame_reader_clear(ock_frame_reader *reader);

#endif
