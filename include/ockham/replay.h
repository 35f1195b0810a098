/* SPDX-License-Identifier: Apache-2.0 */
/** Replays: recorded requests, asked again of another version, and what that answers otherwise. */
#ifndef OCKHAM_REPLAY_H
#define OCKHAM_REPLAY_H

#include <ockham/core.h>
#include <ockham/record.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Why an answer does not count as the same: X(NAME, "word"). */
#define OCKHAM_REPLAY_VERDICT_LIST(X)                                              \
  X(SAME, "same")            /* within the tolerance */                            \
  X(DIFFERENT, "different")  /* other values */                                    \
  X(STATUS, "other status")  /* it failed then and not now, or now and not then */ \
  X(SHAPE, "not comparable") /* other outputs, shapes or types */                  \
  X(UNREACHED, "no answer")  /* the server could not be asked */                   \
  X(CUT, "cut")              /* its bodies were not kept as they were: too long, or redacted */
#define OCKHAM_REPLAY_VERDICT_ENUM(name, text) OCKHAM_REPLAY_##name,
typedef enum ockham_replay_verdict {
  OCKHAM_REPLAY_VERDICT_LIST(OCKHAM_REPLAY_VERDICT_ENUM) OCKHAM_REPLAY_VERDICT_COUNT
} ockham_replay_verdict;
#undef OCKHAM_REPLAY_VERDICT_ENUM

/** One request and its two answers. Texts are valid during the call. */
typedef struct ockham_replayed {
  const ockham_request *request; /**< as it was recorded, with its answer */
  ockham_replay_verdict verdict;
  uint32_t status;                /**< HTTP, now; 0 when UNREACHED */
  uint64_t total_ns;              /**< that it took now, seen from here */
  uint64_t n_values, n_different; /**< values of the answer; those that differ */
  double worst;                   /**< the largest relative difference; infinity for other texts */
  const char *text;               /**< one line: where it differs most, and how; "" when it is the same */
  const void *answer;             /**< what was answered now */
  uint64_t answer_size;
} ockham_replayed;

/** What is asked again, and of whom. */
typedef struct ockham_replay_options {
  const char *folder;           /**< of the recording */
  ockham_request_filter filter; /**< which requests; only those whose bodies were kept can be asked again */
  uint64_t limit;               /**< at most so many; 0: all */
  const char *url;              /**< "http://127.0.0.1:8080" */
  const char *model;            /**< asked instead of the one that was; NULL: the same */
  const char *version;          /**< NULL: the one that has the traffic */
  double tolerance;             /**< relative, for numbers that are not integers; 0: 1e-6 */
  /** Called for each request, in the order in which they were recorded; false stops. May be NULL. */
  bool (*each)(void *user, const ockham_replayed *replayed);
  void *user;
} ockham_replay_options;

/** The sum of all. */
typedef struct ockham_replay_result {
  uint64_t n, n_verdicts[OCKHAM_REPLAY_VERDICT_COUNT]; /**< requests in all, and by their verdict */
  uint64_t n_values, n_different;                      /**< of all answers that could be compared */
  double worst;                                        /**< the largest relative difference of two numbers */
  uint64_t worst_number;                               /**< of the request where it is */
  double seconds_then, seconds_now;                    /**< in all, of the requests that were answered both times */
} ockham_replay_result;

/** Ask one after the other. What the asked server records of it is not asked again, and copies that a shadow got are
 *  passed over. *result counts what was asked also where this fails or `each` stopped it. Fails with IO (no recording,
 *  or no server at all), BAD_ARGUMENT, NO_MEMORY, UNSUPPORTED. */
OCKHAM_API OCKHAM_MUST_CHECK ockham_status ockham_replay(const ockham_replay_options *options,
                                                         ockham_replay_result *result, ockham_error *err);

#ifdef __cplusplus
}
#endif
#endif
