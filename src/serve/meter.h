/* SPDX-License-Identifier: Apache-2.0 */
/* What is counted of a version's requests: by outcome, and how long each phase took. */
#ifndef OCK_SERVE_METER_H
#define OCK_SERVE_METER_H

#include <ockham/record.h>
#include <pthread.h>
#include <stdatomic.h>

#include "wire/internal.h"

/* Times in buckets: eight to each doubling of a microsecond, so that a quantile is right to 6 %, up to 2^31 µs. */
enum { OCK_BUCKETS_PER_DOUBLING = 8, OCK_DOUBLINGS = 32, OCK_BUCKETS = OCK_BUCKETS_PER_DOUBLING * OCK_DOUBLINGS };

typedef struct ock_histogram {
  atomic_ullong counts[OCK_BUCKETS];
  atomic_ullong n, sum_ns;
} ock_histogram;
void ock_histogram_add(ock_histogram *histogram, uint64_t ns);
/* The time that a share q of all stays below, in nanoseconds; 0 when there are none. */
uint64_t ock_histogram_quantile(const ock_histogram *histogram, double q);
/* The same of counts a bucket. */
uint64_t ock_counts_quantile(const uint64_t counts[OCK_BUCKETS], double q);
/* How many took at most 2^power microseconds. */
unsigned long long ock_histogram_below(const ock_histogram *histogram, unsigned power);

/* Why requests fail, in Triton's words. */
#define OCK_REASON_LIST(X) X(REJECTED) X(CANCELED) X(BACKEND) X(OTHER)
#define OCK_REASON_ENUM(name) OCK_REASON_##name,
typedef enum ock_reason { OCK_REASON_LIST(OCK_REASON_ENUM) OCK_REASON_COUNT } ock_reason;
#undef OCK_REASON_ENUM
extern const char *const ock_reason_words[OCK_REASON_COUNT];

enum { OCK_BATCH_SIZES = 32 };

typedef struct ock_batch_size {
  uint64_t n_rows, count, compute_ns[3]; /* decode, compute, encode */
} ock_batch_size;

typedef struct ock_meter {
  atomic_ullong n_success, n_failure[OCK_REASON_COUNT], n_rows;
  atomic_ullong n_fault, n_turned_away; /* of the failures, by their status: 500 and above, and of these 503 */
  atomic_ullong success_ns, failure_ns, phase_ns[OCKHAM_PHASE_COUNT]; /* phases: of those that succeeded */
  atomic_ullong cpu_ns, last_wall_ms;
  atomic_ullong bytes_in, bytes_out;
  atomic_ullong slow_ns; /* what counts as slow by the quantile so far; 0: not known yet */
  ock_histogram phases[OCKHAM_PHASE_COUNT], total;
  pthread_mutex_t lock; /* of the sizes */
  ock_batch_size sizes[OCK_BATCH_SIZES];
  size_t n_sizes;
  /* shadows: pairs of answers that were compared */
  atomic_ullong n_compared, n_different, n_unanswered, n_dropped;
} ock_meter;
void ock_meter_init(ock_meter *meter);
void ock_meter_clear(ock_meter *meter);
/* reason: NULL or "" for success. */
void ock_meter_add(ock_meter *meter, const ockham_request *request, const char *reason);

/* Prometheus text of all versions, and the "model_stats" of Triton's statistics extension. */
struct ockham_server;
void ock_metrics_write(struct ockham_server *server, ock_buffer *out);
struct ock_version;
void ock_stats_write(struct ock_version *version, ock_buffer *out);

#endif
