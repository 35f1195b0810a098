/* SPDX-License-Identifier: Apache-2.0 */
/** What a model needs and how it behaves, measured before it is served: `ockham certify`, and the budget that
 *  `ockham serve` holds it to. In a build that cannot serve these functions fail with UNSUPPORTED. */
#ifndef OCKHAM_CERTIFY_H
#define OCKHAM_CERTIFY_H

#include <ockham/core.h>
#include <ockham/data.h>
#include <ockham/serve.h>

#ifdef __cplusplus
extern "C" {
#endif

/** What is measured, and how long. */
typedef struct ockham_certify_options {
  const ockham_serve_model *model; /**< a file, a command or an upstream; its limits and time-outs hold */
  const char *sample;              /**< a table that ockham_reader_open() reads: rows that the model is asked about */
  const ockham_read_options *read; /**< how; its columns are set by what the model takes. NULL: the defaults */
  unsigned requests;               /**< of the main part; 0: 10,000 */
  uint64_t seed;                   /**< of which rows are asked about, and of the intervals */
  const ockham_progress *progress; /**< may be NULL */
} ockham_certify_options;

/** The sizes of batches, in rows, that latency is measured with. */
#define OCKHAM_CERTIFY_BATCH_LIST(X) X(1) X(4) X(16) X(64) X(256)
enum { OCKHAM_CERTIFY_BATCHES = 5 };

/** How long a request of so many rows takes; NaN when none was answered. */
typedef struct ockham_batch_latency {
  unsigned rows;
  double p50_seconds, p99_seconds; /**< of the model alone, without queues and HTTP */
} ockham_batch_latency;

/** What a model may use. Numbers that were not measured are NaN or 0. */
typedef struct ockham_budget {
  uint64_t requests;                       /**< that it was measured with */
  double startup_seconds;                  /**< until it said what it takes: the median of three starts */
  uint64_t memory_bytes;                   /**< the most it had */
  uint64_t memory_limit_bytes;             /**< suggested: half as much again */
  ockham_interval cpu_seconds_per_row;     /**< of 95 %; (mean of batches of 256 - mean of single rows) / 255 */
  ockham_interval cpu_seconds_per_request; /**< beside that of its rows */
  ockham_interval growth_bytes_per_request;
  ockham_batch_latency batches[OCKHAM_CERTIFY_BATCHES];
  unsigned timeout_ms; /**< suggested: four times the 99th percentile of the slowest batch, at least 1,000 */
} ockham_budget;

/* What is looked at: X(NAME, "word"). */
#define OCKHAM_FINDING_LIST(X)                                                                                       \
  X(STARTUP, "start-up")                                                                                             \
  X(ANSWERS, "answers")                                                                                              \
  X(LATENCY, "latency")                                                                                              \
  X(CPU, "CPU")                                                                                                      \
  X(MEMORY, "memory")                                                                                                \
  X(GROWTH, "growth")                                                                                                \
  X(DETERMINISM, "determinism") /* the same request again, with its rows in another order, and in other processes */ \
  X(NUMBERS, "numbers")         /* NaN and infinities in answers */                                                  \
  X(BATCHES, "batches")         /* a row's answer in a batch and alone */                                            \
  X(ODD_INPUTS, "odd inputs")
#define OCKHAM_FINDING_ENUM(name, word) OCKHAM_FINDING_##name,
typedef enum ockham_finding_kind { OCKHAM_FINDING_LIST(OCKHAM_FINDING_ENUM) OCKHAM_FINDING_COUNT } ockham_finding_kind;
#undef OCKHAM_FINDING_ENUM

/* X(NAME, "word"). */
#define OCKHAM_FIT_LIST(X)            \
  X(UNKNOWN, "-")                     \
  X(OK, "ok")                         \
  X(NOTE, "note") /* worth knowing */ \
  X(BAD, "BAD")   /* do not serve it so */
#define OCKHAM_FIT_ENUM(name, word) OCKHAM_FIT_##name,
typedef enum ockham_fit { OCKHAM_FIT_LIST(OCKHAM_FIT_ENUM) OCKHAM_FIT_COUNT } ockham_fit;
#undef OCKHAM_FIT_ENUM

/** One of the things that were looked at. */
typedef struct ockham_finding {
  const char *name; /**< the word of the list above */
  ockham_fit fit;
  char text[240]; /**< the figure, and what is wrong with it */
} ockham_finding;

/** All that was found. */
typedef struct ockham_certificate {
  ockham_finding findings[OCKHAM_FINDING_COUNT]; /**< by ockham_finding_kind */
  ockham_budget budget;
  uint64_t n_sample_rows; /**< that the model was asked about: the first 65,536 of the sample, or all */
} ockham_certificate;

/** The word of a verdict; "unknown" for a number that is none. */
OCKHAM_API const char *ockham_fit_text(ockham_fit fit);

/** Measure a model: it is started three times, asked options->requests times and some hundred more, one after the
 * other. *certificate holds nothing of use after a failure. Fails with BAD_ARGUMENT, BAD_DATA (the sample is not what
 * the model takes, or is refused), IO (it does not start), UNSUPPORTED (it takes no rows of numbers), NO_MEMORY,
 * INTERRUPTED. */
OCKHAM_API OCKHAM_MUST_CHECK ockham_status ockham_certify(const ockham_certify_options *options,
                                                          ockham_certificate *certificate, ockham_error *err);

/** Write it as JSON, which ockham_budget_read() reads: one object; numbers that are not known are null. CANNOT_WRITE,
 *  NO_MEMORY. */
OCKHAM_API OCKHAM_MUST_CHECK ockham_status ockham_certificate_write(const ockham_certificate *certificate,
                                                                    const char *model, const char *path,
                                                                    ockham_error *err);
/** Read what ockham_certificate_write() wrote, or what was edited since; *budget is zero after a failure. IO, BAD_FILE
 *  (what is wrong, and where), UNSUPPORTED. */
OCKHAM_API OCKHAM_MUST_CHECK ockham_status ockham_budget_read(const char *path, ockham_budget *budget,
                                                              ockham_error *err);

#ifdef __cplusplus
}
#endif
#endif
