/* SPDX-License-Identifier: Apache-2.0 */
/* Certifying: a model is asked through a crew, as the server would, and what comes back is measured and compared.
 * Main types: ock_subject (a model that runs), ock_sample (rows to ask about), ock_answer, ock_deviation (how far two
 * answers are apart). Threads: one; a subject's crew has its own. */
#ifndef OCK_SERVE_CERTIFY_H
#define OCK_SERVE_CERTIFY_H

#include <ockham/certify.h>
#include <semaphore.h>

#include "serve/internal.h"

/* ---- figures ---- */

double ock_quantile(double *values, size_t n, double share); /* nearest rank; sorts them; NaN of none */
/* The median of the slopes between all points, and the 95 % interval by P. K. Sen, "Estimates of the regression
 * coefficient based on Kendall's tau", 1968 (doi:10.1080/01621459.1968.10480934). NaN of fewer than 3 points.
 * NO_MEMORY. */
ockham_status ock_theil_sen(const double *x, const double *y, size_t n, ockham_interval *slope, ockham_error *err);
/* Of two samples: (mean b - mean a) / step, and mean a less one such; 95 % by the bootstrap's percentiles. NO_MEMORY.
 */
ockham_status ock_cost_of_rows(const double *a, size_t n_a, const double *b, size_t n_b, double step, uint64_t seed,
                               ockham_interval *per_row, ockham_interval *per_request, ockham_error *err);

/* ---- a model that runs ---- */

typedef struct ock_subject {
  const ockham_serve_model *model;
  ock_version fitted; /* of a file: only fitted, schema and arena are used */
  ock_crew *crew;
  const ock_schema *schema;
  double startup_seconds;
  char helpers[OCK_HELPERS_PATH]; /* the folder of what its program may import; "" without one */
  sem_t done;
} ock_subject;
ockham_status ock_subject_start(ock_subject *subject, const ockham_serve_model *model, ockham_error *err);
void ock_subject_stop(ock_subject *subject);
/* Resident bytes, now and at most; 0 of a server. */
void ock_subject_memory(ock_subject *subject, uint64_t *now, uint64_t *peak);

typedef struct ock_answer {
  ock_message message; /* when DONE */
  ock_outcome outcome;
  ockham_error error;
  size_t n_rows; /* of the request */
  double seconds, cpu_seconds;
} ock_answer;
/* Ask, and wait. The request is taken over. NO_MEMORY only: what else goes wrong is the outcome. */
ockham_status ock_subject_ask(ock_subject *subject, ock_message *request, ock_answer *answer, ockham_error *err);
void ock_answer_clear(ock_answer *answer);

/* ---- rows ---- */

typedef struct ock_sample {
  double *values; /* n_rows x n_columns */
  uint64_t *source_rows;
  size_t n_rows, n_columns;
} ock_sample;
/* The columns that the schema takes, of the first MOST_SAMPLE_ROWS rows; UNSUPPORTED when it takes other than numbers.
 */
enum { MOST_SAMPLE_ROWS = 1 << 16 };
ockham_status ock_sample_read(const char *path, const ockham_read_options *options, const ock_schema *schema,
                              ock_sample *sample, ockham_error *err);
void ock_sample_clear(ock_sample *sample);
/* Rows first, first + 1, ... of the sample (past its end from its beginning again); with `order`, in that order. */
ockham_status ock_sample_request(const ock_sample *sample, const ock_schema *schema, size_t first, size_t n_rows,
                                 const size_t *order, ock_message *request, ockham_error *err);

/* X(NAME, "what it is called", whether the server refuses it, so that the model need only live through it) */
#define OCK_ODD_LIST(X)                \
  X(MISSING, "a missing column", true) \
  X(TEXT, "text for numbers", true)    \
  X(EMPTY, "no rows", false)           \
  X(LARGE, "huge values", false)       \
  X(NO_NUMBER, "NaN", false)
#define OCK_ODD_ENUM(name, text, odd) OCK_ODD_##name,
typedef enum ock_odd { OCK_ODD_LIST(OCK_ODD_ENUM) OCK_ODD_COUNT } ock_odd;
#undef OCK_ODD_ENUM
/* *there is false where the model takes no numbers that could be so. */
ockham_status ock_odd_request(const ock_sample *sample, const ock_schema *schema, ock_odd odd, ock_message *request,
                              bool *there, ockham_error *err);

/* ---- differences between answers ---- */

/* The largest so far, of rows of any answers; compare.h compares two whole answers. Zero-initialise. */
typedef struct ock_deviation {
  bool differs;    /* not the same bits */
  double relative; /* INFINITY: of texts, shapes, NaN and numbers */
  char output[64];
  size_t row; /* of the first answer */
  size_t n_rows_compared;
} ock_deviation;
/* Row a_row of an answer and b_row of another: the outputs that have rows. */
void ock_compare_row(const ock_answer *a, size_t a_row, const ock_answer *b, size_t b_row, ock_deviation *difference);
/* All outputs of two answers to the same request. */
void ock_compare_whole(const ock_answer *a, const ock_answer *b, ock_deviation *difference);
/* Numbers that are none: how many; the first one's row and output. */
size_t ock_count_bad_numbers(const ock_answer *answer, size_t *row, char output[64]);
/* The relative difference that rounding alone may make in the answer's least precise output. */
double ock_rounding(const ock_answer *answer);

/* ---- the whole ---- */

typedef struct ock_trial {
  const ockham_certify_options *options;
  ock_subject subject;
  ock_sample sample;
  ockham_certificate *certificate;
  ock_rng rng;
  uint64_t done, total; /* requests, for progress */
  /* Of all answers that ock_trial_look_at() saw: those with numbers that are none, and the first of them. */
  uint64_t n_looked_at, n_bad;
  size_t bad_row, bad_rows; /* of the sample; of the request */
  char bad_output[64];
} ock_trial;
void ock_trial_look_at(ock_trial *trial, size_t first, const ock_answer *answer);
OCK_PRINTF(4, 5)
void ock_trial_find(ock_trial *trial, ockham_finding_kind kind, ockham_fit fit, const char *format, ...);
/* Counts a request; INTERRUPTED when the caller wants to stop. */
ockham_status ock_trial_step(ock_trial *trial, const char *stage, ockham_error *err);
ockham_status ock_trial_load(ock_trial *trial, ockham_error *err);        /* answers, latency, CPU, memory, growth */
ockham_status ock_trial_determinism(ock_trial *trial, ockham_error *err); /* and start-up */
ockham_status ock_trial_numbers(ock_trial *trial, ockham_error *err);     /* after all others but odd inputs */
ockham_status ock_trial_batches(ock_trial *trial, ockham_error *err);
ockham_status ock_trial_odd_inputs(ock_trial *trial, ockham_error *err);

#endif
