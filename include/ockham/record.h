/* SPDX-License-Identifier: Apache-2.0 */
/** Recordings: what `ockham serve` keeps of every request, read back. */
#ifndef OCKHAM_RECORD_H
#define OCKHAM_RECORD_H

#include <ockham/core.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What is worth telling of a request: X(NAME, "word for it on the command line and in output", bit). */
#define OCKHAM_REQUEST_MARK_LIST(X)                                                              \
  X(SLOW, "slow", 0)           /* took longer than the model's threshold */                      \
  X(SAMPLED, "sampled", 1)     /* its bodies are kept by chance */                               \
  X(FAR, "far", 2)             /* a row is far from all that the model was fitted on */          \
  X(SHADOW, "shadow", 3)       /* a copy, sent to a version that no client saw the answer of */  \
  X(CUT, "cut", 4)             /* bodies are longer than what is kept */                         \
  X(CANCELLED, "cancelled", 5) /* the client left */                                             \
  X(DIED, "died", 6)           /* a worker died on it */                                         \
  X(DIFFERS, "differs", 7)     /* SHADOW: the answer differs from the one that the client got */ \
  X(DRIFT, "drift", 8)         /* during drift: a row is of the kind that there are more of now */
#define OCKHAM_REQUEST_MARK_ENUM(name, text, bit) OCKHAM_MARK_##name = 1 << bit,
typedef enum ockham_request_mark { OCKHAM_REQUEST_MARK_LIST(OCKHAM_REQUEST_MARK_ENUM) } ockham_request_mark;
#undef OCKHAM_REQUEST_MARK_ENUM

/* The phases of a request, in their order: X(NAME, "word"). */
#define OCKHAM_PHASE_LIST(X)                                               \
  X(READ, "read")       /* from its first byte until the body was there */ \
  X(DECODE, "decode")   /* bytes to tensors */                             \
  X(QUEUE, "queue")     /* until a worker took it */                       \
  X(COMPUTE, "compute") /* the model */                                    \
  X(ENCODE, "encode")   /* tensors to bytes */
#define OCKHAM_PHASE_ENUM(name, text) OCKHAM_PHASE_##name,
typedef enum ockham_phase { OCKHAM_PHASE_LIST(OCKHAM_PHASE_ENUM) OCKHAM_PHASE_COUNT } ockham_phase;
#undef OCKHAM_PHASE_ENUM

/** One request. Texts are never NULL, at most 65,535 bytes long, and valid, as the bodies are, until the next call on
 *  what they came from. */
typedef struct ockham_request {
  uint64_t number;  /**< of the recording: 1, 2, ... in the order in which they ended */
  uint64_t time_ns; /**< when its first byte came, since 1970 */
  uint64_t phase_ns[OCKHAM_PHASE_COUNT];
  uint64_t total_ns; /**< until its answer was ready to be sent */
  uint64_t cpu_ns;   /**< that the worker used for it; 0 when not known */
  uint64_t hash;     /**< of the body */
  uint64_t n_rows;
  uint64_t bytes_in, bytes_out; /**< of the bodies, whether they are kept or not */
  uint32_t status;              /**< HTTP */
  uint32_t marks;               /**< of ockham_request_mark */
  const char *id;               /**< X-Request-Id, given or made */
  const char *model, *version;
  const char *route;  /**< what was asked: "POST /v2/models/{m}/infer" */
  const char *key;    /**< X-Unit-Key */
  const char *client; /**< address */
  const char *error;  /**< why it failed; "" when it did not */
  const char *content_type, *answer_type;
  /** The bodies, NULL when they are not kept. json_size and answer_json_size: the length of the JSON in front of binary
   *  tensors, 0 when there are none. */
  const void *body, *answer;
  uint64_t body_size, json_size, answer_size, answer_json_size;
} ockham_request;

/** Which requests: zero and NULL mean any. */
typedef struct ockham_request_filter {
  const char *model, *version, *id, *key;
  uint32_t least_status, most_status;
  uint32_t marks;              /**< at least one of these */
  uint64_t since_ns, until_ns; /**< since 1970 */
  uint64_t least_total_ns;
  uint64_t hash;
  uint64_t after_number; /**< only those with a larger number */
  bool with_body;        /**< only those whose bodies are kept */
} ockham_request_filter;

/** Something that happened: a worker's death, a model loaded, an alarm. Texts are never NULL, and valid until the next
 *  call on what they came from. */
typedef struct ockham_event {
  uint64_t number;             /**< of the recording's events: they rise */
  uint64_t time_ns;            /**< since 1970 */
  const char *kind;            /**< "death", "start", "load", "unload", "quarantine", ... */
  const char *model, *version; /**< "" when it is of none */
  const char *text;            /**< one line */
  const char *details;         /**< JSON object, "{}" when there are none */
} ockham_event;

/** A recording that is being read; it belongs to one thread at a time. */
typedef struct ockham_recording ockham_recording;

/** Open the folder of a recording for reading, which a server may be writing, or a capture, which is a file. Fails with
 *  IO, BAD_FILE, NO_MEMORY. */
OCKHAM_API OCKHAM_MUST_CHECK ockham_status ockham_recording_open(const char *folder, ockham_recording **recording,
                                                                 ockham_error *err);
/** The next request that passes the filter (NULL: any), from the oldest on, or after ockham_recording_rewind() from the
 *  newest; *found is false at the end (from the oldest on, ask again later for what came since). What is damaged is
 *  passed over and counted, and segments that are removed meanwhile are no failure. Fails with IO, NO_MEMORY. */
OCKHAM_API OCKHAM_MUST_CHECK ockham_status ockham_recording_next(ockham_recording *recording,
                                                                 const ockham_request_filter *filter,
                                                                 ockham_request *request, bool *found,
                                                                 ockham_error *err);
/** Read backwards from the newest (true), or forwards from the oldest (false, as after opening); starts anew. */
OCKHAM_API void ockham_recording_rewind(ockham_recording *recording, bool newest_first);
/** The first event after a number (0: the oldest there is), of a kind (NULL: any); *found is false when there is none
 *  yet. A capture has none. Fails with IO, BAD_FILE, UNSUPPORTED (of a later Ockham), NO_MEMORY. */
OCKHAM_API OCKHAM_MUST_CHECK ockham_status ockham_recording_event(ockham_recording *recording, uint64_t after_number,
                                                                  const char *kind, ockham_event *event, bool *found,
                                                                  ockham_error *err);
/** Places passed over since it was opened, where an entry is damaged or was never finished: one for each entry, unless
 *  several that follow each other lost their beginnings. */
OCKHAM_API uint64_t ockham_recording_damaged(const ockham_recording *recording);
/** NULL is fine. */
OCKHAM_API void ockham_recording_close(ockham_recording *recording);

/** Some requests in a file of its own, which ockham_recording_open() reads. */
typedef struct ockham_capture ockham_capture;

/** Begin one, for its owner only; it is there once it was committed. Fails with CANNOT_WRITE, NO_MEMORY. */
OCKHAM_API OCKHAM_MUST_CHECK ockham_status ockham_capture_create(const char *path, ockham_capture **capture,
                                                                 ockham_error *err);
/** Add a request, whose number is kept. Fails with NO_MEMORY, BAD_ARGUMENT (2 GiB or more). */
OCKHAM_API OCKHAM_MUST_CHECK ockham_status ockham_capture_put(ockham_capture *capture, const ockham_request *request,
                                                              ockham_error *err);
/** Write it and free the handle, also on failure (CANNOT_WRITE). */
OCKHAM_API OCKHAM_MUST_CHECK ockham_status ockham_capture_commit(ockham_capture *capture, ockham_error *err);
/** Free the handle, leaving what is at the path as it was. NULL is fine. */
OCKHAM_API void ockham_capture_abandon(ockham_capture *capture);

#ifdef __cplusplus
}
#endif
#endif
