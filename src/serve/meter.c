/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/meter.h"

#include <string.h>

#define RELAXED memory_order_relaxed

static size_t bucket_of(uint64_t ns) {
  uint64_t us = ns / 1000;
  if (us < OCK_BUCKETS_PER_DOUBLING) return us;
  unsigned power =
      63 - (unsigned)__builtin_clzll(us); /* us >= 8: the three bits behind the first one tell the bucket */
  size_t bucket = (power - 2) * OCK_BUCKETS_PER_DOUBLING + (size_t)(us >> (power - 3) & (OCK_BUCKETS_PER_DOUBLING - 1));
  return bucket < OCK_BUCKETS ? bucket : OCK_BUCKETS - 1;
}

/* The first microsecond that is beyond a bucket. */
static uint64_t bucket_end_us(size_t bucket) {
  if (bucket < OCK_BUCKETS_PER_DOUBLING) return bucket + 1;
  unsigned power = (unsigned)(bucket / OCK_BUCKETS_PER_DOUBLING) + 2;
  return (uint64_t)(OCK_BUCKETS_PER_DOUBLING + bucket % OCK_BUCKETS_PER_DOUBLING + 1) << (power - 3);
}

void ock_histogram_add(ock_histogram *histogram, uint64_t ns) {
  atomic_fetch_add_explicit(&histogram->counts[bucket_of(ns)], 1, RELAXED);
  atomic_fetch_add_explicit(&histogram->sum_ns, ns, RELAXED);
  atomic_fetch_add_explicit(&histogram->n, 1, RELAXED);
}

uint64_t ock_histogram_quantile(const ock_histogram *histogram, double q) {
  uint64_t counts[OCK_BUCKETS];
  for (size_t i = 0; i < OCK_BUCKETS; i++) counts[i] = atomic_load_explicit(&histogram->counts[i], RELAXED);
  return ock_counts_quantile(counts, q);
}

uint64_t ock_counts_quantile(const uint64_t counts[OCK_BUCKETS], double q) {
  uint64_t n = 0, seen = 0;
  for (size_t i = 0; i < OCK_BUCKETS; i++) n += counts[i];
  for (size_t i = 0; n && i < OCK_BUCKETS; i++) {
    seen += counts[i];
    if (seen && (double)seen >= q * (double)n) return bucket_end_us(i) * 1000;
  }
  return 0;
}

unsigned long long ock_histogram_below(const ock_histogram *histogram, unsigned power) {
  unsigned long long n = 0;
  for (size_t i = 0; i < OCK_BUCKETS && bucket_end_us(i) <= (uint64_t)1 << power; i++)
    n += atomic_load_explicit(&histogram->counts[i], RELAXED);
  return n;
}

void ock_meter_init(ock_meter *meter) {
  memset(meter, 0, sizeof *meter);
  pthread_mutex_init(&meter->lock, NULL);
}

void ock_meter_clear(ock_meter *meter) {
  pthread_mutex_destroy(&meter->lock);
}

static ock_batch_size *find_size(ock_meter *meter, uint64_t n_rows) {
  for (size_t i = 0; i < meter->n_sizes; i++)
    if (meter->sizes[i].n_rows == n_rows) return &meter->sizes[i];
  if (meter->n_sizes == OCK_BATCH_SIZES) return NULL;
  meter->sizes[meter->n_sizes] = (ock_batch_size){.n_rows = n_rows};
  return &meter->sizes[meter->n_sizes++];
}

static void add_size(ock_meter *meter, const ockham_request *request) {
  static const ockham_phase phases[3] = {OCKHAM_PHASE_DECODE, OCKHAM_PHASE_COMPUTE, OCKHAM_PHASE_ENCODE};
  pthread_mutex_lock(&meter->lock);
  ock_batch_size *size = find_size(meter, request->n_rows);
  if (size) {
    size->count++;
    for (size_t i = 0; i < 3; i++) size->compute_ns[i] += request->phase_ns[phases[i]];
  }
  pthread_mutex_unlock(&meter->lock);
}

/* What is slow follows the 99th percentile, looked up now and then. */
static void update_slow(ock_meter *meter) {
  enum { EVERY = 256, FACTOR = 4 };
  unsigned long long n = atomic_load_explicit(&meter->total.n, RELAXED);
  if (n % EVERY == 0)
    atomic_store_explicit(&meter->slow_ns, FACTOR * ock_histogram_quantile(&meter->total, 0.99), RELAXED);
}

#define WORD(name) #name,
const char *const ock_reason_words[OCK_REASON_COUNT] = {OCK_REASON_LIST(WORD)};

static ock_reason reason_of(const char *reason) {
  for (size_t i = 0; i < OCK_REASON_COUNT; i++)
    if (strcmp(ock_reason_words[i], reason) == 0) return (ock_reason)i;
  return OCK_REASON_OTHER;
}

void ock_meter_add(ock_meter *meter, const ockham_request *request, const char *reason) {
  atomic_fetch_add_explicit(&meter->bytes_in, request->bytes_in, RELAXED);
  atomic_fetch_add_explicit(&meter->bytes_out, request->bytes_out, RELAXED);
  atomic_fetch_add_explicit(&meter->cpu_ns, request->cpu_ns, RELAXED);
  if (reason && *reason) {
    atomic_fetch_add_explicit(&meter->n_failure[reason_of(reason)], 1, RELAXED);
    if (request->status >= 500) atomic_fetch_add_explicit(&meter->n_fault, 1, RELAXED);
    if (request->status == 503) atomic_fetch_add_explicit(&meter->n_turned_away, 1, RELAXED);
    atomic_fetch_add_explicit(&meter->failure_ns, request->total_ns, RELAXED);
    return;
  }
  atomic_fetch_add_explicit(&meter->n_success, 1, RELAXED);
  atomic_fetch_add_explicit(&meter->n_rows, request->n_rows, RELAXED);
  atomic_fetch_add_explicit(&meter->success_ns, request->total_ns, RELAXED);
  atomic_store_explicit(&meter->last_wall_ms, (request->time_ns + request->total_ns) / 1000000, RELAXED);
  for (size_t i = 0; i < OCKHAM_PHASE_COUNT; i++) {
    atomic_fetch_add_explicit(&meter->phase_ns[i], request->phase_ns[i], RELAXED);
    ock_histogram_add(&meter->phases[i], request->phase_ns[i]);
  }
  ock_histogram_add(&meter->total, request->total_ns);
  add_size(meter, request);
  update_slow(meter);
}
