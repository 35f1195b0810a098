/* SPDX-License-Identifier: Apache-2.0 */
/* The inside of ock_drift, for the files of drift_*.c. */
#ifndef OCK_SERVE_DRIFT_WATCH_H
#define OCK_SERVE_DRIFT_WATCH_H

#include "serve/drift.h"
#include "serve/internal.h"

/* ---- columns: where a profile's column is in the tensors ---- */

typedef struct ock_drift_source {
  const char *tensor; /* its name, in the schema or the profile */
  const char *alone;  /* a tensor that is this column, where the matrix `tensor` was not sent; NULL: none */
  size_t offset, width;
  bool output;
} ock_drift_source;
/* All columns of a profile; the texts are the schema's. BAD_DATA names one that is neither an input nor an output. */
ockham_status ock_drift_find_sources(const ockham_profile *profile, const ock_schema *schema, ock_drift_source *sources,
                                     ockham_error *err);
/* Where they are in one request; false: one is not there. tensors: n_columns. */
bool ock_drift_find_tensors(const ock_drift_source *sources, size_t n_columns, const ock_message *asked,
                            const ock_message *answer, const ock_tensor **tensors);
/* The first n_rows as numbers: n_rows x n_columns. */
void ock_drift_copy_rows(const ockham_profile *profile, const ock_drift_source *sources,
                         const ock_tensor *const *tensors, size_t n_rows, double *values);

/* ---- series without a profile ---- */

#define OCK_SERIES_LIST(X)                                               \
  X(LATENCY, "latency", "ms", "how long the model takes for a request")  \
  X(FAILURES, "failures", "", "share of requests that the server fails") \
  X(OUTCOMES, "outcomes", "", "error of answers, by the outcomes sent later")
#define OCK_SERIES_ENUM(name, word, unit, meaning) OCK_SERIES_##name,
typedef enum ock_series { OCK_SERIES_LIST(OCK_SERIES_ENUM) OCK_SERIES_COUNT } ock_series;
#undef OCK_SERIES_ENUM
extern const char *const ock_series_words[OCK_SERIES_COUNT], *const ock_series_units[OCK_SERIES_COUNT],
                                                                 *const ock_series_meanings[OCK_SERIES_COUNT];

enum { OCK_SERIES_LEARN = 2000 };
typedef struct ock_drift_series {
  ockham_stream *stream; /* NULL: not begun, or memory ran out */
  bool events;
  uint64_t n_values, n_begun;
  bool told;     /* that it drifted */
  double *early; /* OUTCOMES: the first ones, until it is known what they are */
  ock_rate rate;
  double budget_used; /* values for one alarm, that the stream has */
} ock_drift_series;

/* ---- the queue ---- */

enum { OCK_DRIFT_REQUESTS = 4096, OCK_DRIFT_VALUES = 1 << 16, OCK_DRIFT_LEAST_ROWS = 256, OCK_DRIFT_MOST_ROWS = 8192 };
typedef struct ock_drift_batch {
  ock_drift_request *requests; /* OCK_DRIFT_REQUESTS */
  double *values, *times;      /* most_rows x n_columns; most_rows */
  size_t n_requests, n_rows;
} ock_drift_batch;

#define OCK_DRIFT_MOST_RUN_LENGTH 1e300 /* that is told */
enum { OCK_DRIFT_ORIGINS = 2 * OCKHAM_DRIFT_KEPT_ROWS, OCK_DRIFT_MOST_CAPTURED = 100, OCK_DRIFT_MOST_EXAMPLES = 20 };

/* Requests to look at: with rows in the bin of a signal that has grown most, the latest first. */
typedef struct ock_drift_found {
  size_t signal, bin, n;
  uint64_t since_row;      /* from this row of the monitor on, where there are any */
  ockham_drift_bin shares; /* of the bin */
  uint64_t numbers[OCK_DRIFT_MOST_EXAMPLES];
} ock_drift_found;

struct ock_drift {
  atomic_size_t n_holders;
  struct ockham_server *server;
  char name[OCK_NAME_SIZE], version[OCK_NAME_SIZE];
  uint64_t identity;
  const char *from; /* where the profile is from, in the arena */
  ock_arena arena;
  ockham_profile *profile; /* NULL: none */
  const ockham_profile_parts *parts;
  size_t n_columns, most_rows;

  /* between those who answer and the thread */
  pthread_mutex_t queue_lock;
  pthread_cond_t changed;
  ock_drift_batch batches[2], *filling, *drained;
  size_t n_pending; /* who are still copying into `filling` */
  bool wanted, ending;
  bool calibrates, left; /* thresholds are being found; and nobody waits for them any more */
  ock_drift_source *sources;
  atomic_int fits; /* 1: sources are found; -1: a column is not there, and `misfit` says which; 0: not looked yet */
  char misfit[512];
  atomic_ullong n_dropped, n_skipped; /* rows: no room in the queue; of requests without a column */
  /* during drift: the bin of which requests are kept */
  atomic_int capture_left;
  atomic_size_t capture_signal, capture_bin;

  pthread_mutex_t lock; /* of what follows */
  ockham_serve_drift settings;
  ock_arena settings_arena;
  ock_alarm_budget budget;
  ockham_drift_options options;  /* that the monitor has */
  ockham_drift_monitor *monitor; /* NULL: thresholds are being found, or `problem` */
  bool stale;                    /* the monitor should be made anew */
  char problem[512];
  double rate_used; /* rows a second, that the budget was converted with */
  bool rate_assumed;
  ock_rate rows, requests;
  uint64_t n_rows, origins[OCK_DRIFT_ORIGINS]; /* of the monitor; the requests of the latest rows */
  uint64_t n_begun, n_ended;                   /* episodes that were told of */
  ock_drift_found alarmed;                     /* by the latest of them, when it was told */
  uint64_t since_ns;                           /* it drifts, or is quiet */
  bool drifted;
  ock_drift_series series[OCK_SERIES_COUNT];

  pthread_t thread;
  bool runs;
};

/* Take in what the queue has; the lock is held. */
void ock_drift_drain(ock_drift *drift);
/* Queues: made, and freed. */
bool ock_drift_queue_make(ock_drift *drift);
void ock_drift_queue_clear(ock_drift *drift);

/* The lock is held for all that follow. */
void ock_drift_convert_budget(ock_drift *drift); /* into the rows of each part */
double ock_drift_share(const ock_drift *drift, ockham_signal_group group);
double ock_drift_series_budget(const ock_drift *drift, ock_series series);
void ock_drift_put_value(ock_drift *drift, ock_series series, double value, double now);
/* Events, log and webhook of what began or ended since the last time. */
void ock_drift_tell(ock_drift *drift);
/* The bin whose share grew most; its shares into *bin. */
size_t ock_drift_grown_bin(const ock_drift *drift, size_t signal, ockham_drift_bin *bin);
/* Requests (numbers of the recording) of the latest rows in the bin of *found. */
void ock_drift_find_requests(const ock_drift *drift, ock_drift_found *found);
/* "clusters: 'outside' is 12 % of the rows, was 0.1 %" */
void ock_drift_say_signal(const ock_drift *drift, const ockham_drift_signal *signal, size_t at, char *text,
                          size_t size);

#endif
