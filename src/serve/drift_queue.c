/* SPDX-License-Identifier: Apache-2.0 */
/* From those who answer to the thread that watches: two batches, one that is filled while the other is looked at. A
 * place is taken under the lock, and filled without it. */
#include <string.h>

#include "serve/drift_watch.h"

bool ock_drift_queue_make(ock_drift *d) {
  size_t rows = d->n_columns ? OCK_DRIFT_VALUES / d->n_columns : 0;
  d->most_rows = rows < OCK_DRIFT_LEAST_ROWS  ? OCK_DRIFT_LEAST_ROWS
                 : rows > OCK_DRIFT_MOST_ROWS ? OCK_DRIFT_MOST_ROWS
                                              : rows;
  bool whole = true;
  for (int i = 0; i < 2; i++) {
    ock_drift_batch *b = &d->batches[i];
    b->requests = ock_alloc_array(OCK_DRIFT_REQUESTS, sizeof *b->requests);
    b->values = ock_alloc_array(d->most_rows, ock_size_product(d->n_columns, sizeof *b->values));
    b->times = ock_alloc_array(d->most_rows, sizeof *b->times);
    whole = whole && b->requests && b->values && b->times;
  }
  d->sources = ock_alloc_zeroed(d->n_columns, sizeof *d->sources);
  d->filling = &d->batches[0];
  d->drained = &d->batches[1];
  return whole && d->sources;
}

void ock_drift_queue_clear(ock_drift *d) {
  for (int i = 0; i < 2; i++) {
    ock_free(d->batches[i].requests);
    ock_free(d->batches[i].values);
    ock_free(d->batches[i].times);
  }
  ock_free(d->sources);
}

/* ---- in ---- */

/* Once the model has said what it takes. */
static bool fits(ock_drift *d, const ock_schema *schema) {
  int known = atomic_load_explicit(&d->fits, memory_order_acquire);
  if (known || !schema) return known > 0;
  ockham_error err = {0};
  bool tell = false;
  pthread_mutex_lock(&d->queue_lock);
  if (!atomic_load(&d->fits)) {
    bool found = !ock_drift_find_sources(d->profile, schema, d->sources, &err);
    if (!found) snprintf(d->misfit, sizeof d->misfit, "%s", err.message);
    tell = !found;
    atomic_store_explicit(&d->fits, found ? 1 : -1, memory_order_release);
  }
  pthread_mutex_unlock(&d->queue_lock);
  if (tell) ock_server_log(d->server, "%s:%s is not watched for drift: %s", d->name, d->version, d->misfit);
  return atomic_load(&d->fits) > 0;
}

/* The tensors that hold the profile's columns; NULL: one is not there, as with outputs that nobody asked for. */
static const ock_tensor **find_tensors(ock_drift *d, const ock_schema *schema, const ock_message *asked,
                                       ock_message *answer) {
  if (!fits(d, schema)) return NULL;
  const ock_tensor **tensors = ock_arena_array(&answer->arena, d->n_columns, sizeof *tensors);
  return tensors && ock_drift_find_tensors(d->sources, d->n_columns, asked, answer, tensors) ? tensors : NULL;
}

/* Room for a request and as many of its rows as there is room for; NULL: there is none. */
static ock_drift_batch *take_place(ock_drift *d, const ock_drift_request *request, size_t *n_rows, size_t *first) {
  ock_drift_batch *b = d->filling;
  if (b->n_requests == OCK_DRIFT_REQUESTS) return NULL;
  size_t room = d->most_rows - b->n_rows;
  if (*n_rows > room) *n_rows = room;
  *first = b->n_rows;
  b->requests[b->n_requests] = *request;
  b->requests[b->n_requests++].n_rows = *n_rows;
  b->n_rows += *n_rows;
  if (*n_rows) d->n_pending++;
  if (!d->wanted && (b->n_rows > d->most_rows / 2 || b->n_requests > OCK_DRIFT_REQUESTS / 2)) {
    d->wanted = true;
    pthread_cond_broadcast(&d->changed);
  }
  return b;
}

void ock_drift_note(ock_drift *d, const ock_schema *schema, const ock_drift_request *request, const ock_message *asked,
                    ock_message *answer) {
  if (!d->profile || (!request->answered && !request->fault)) return;
  const ock_tensor **tensors = request->n_rows && request->answered ? find_tensors(d, schema, asked, answer) : NULL;
  size_t n_rows = tensors ? request->n_rows : 0, first = 0;
  if (request->answered && !tensors) atomic_fetch_add_explicit(&d->n_skipped, request->n_rows, memory_order_relaxed);
  pthread_mutex_lock(&d->queue_lock);
  ock_drift_batch *b = take_place(d, request, &n_rows, &first);
  pthread_mutex_unlock(&d->queue_lock);
  size_t n_dropped = tensors ? request->n_rows - (b ? n_rows : 0) : 0;
  if (n_dropped) atomic_fetch_add_explicit(&d->n_dropped, n_dropped, memory_order_relaxed);
  if (!b || !n_rows) return;
  for (size_t i = 0; i < n_rows; i++) b->times[first + i] = request->time_s;
  ock_drift_copy_rows(d->profile, d->sources, tensors, n_rows, b->values + first * d->n_columns);
  pthread_mutex_lock(&d->queue_lock);
  if (--d->n_pending == 0 && d->wanted) pthread_cond_broadcast(&d->changed);
  pthread_mutex_unlock(&d->queue_lock);
}

/* ---- during drift ---- */

/* A row in the bin that grew: rows are put into bins here, which takes about a microsecond each, for some requests. */
static bool has_row_in(ock_drift *d, const ock_tensor *const *tensors, size_t n_rows, ock_message *answer) {
  size_t n_signals = d->parts->n_signals, signal = atomic_load(&d->capture_signal), bin = atomic_load(&d->capture_bin);
  double *values = ock_arena_array(&answer->arena, n_rows * d->n_columns, sizeof *values);
  uint16_t *codes = ock_arena_array(&answer->arena, n_rows * n_signals, sizeof *codes);
  if (!values || !codes) return false;
  ock_drift_copy_rows(d->profile, d->sources, tensors, n_rows, values);
  ockham_rows rows = {.data = values, .dtype = OCKHAM_FLOAT64, .n_rows = n_rows, .n_columns = d->n_columns};
  if (ockham_profile_bin(d->profile, rows, codes, NULL, NULL)) return false;
  for (size_t i = 0; i < n_rows; i++)
    if (codes[i * n_signals + signal] == bin) return true;
  return false;
}

bool ock_drift_wants(ock_drift *d, const ock_schema *schema, const ock_message *asked, ock_message *answer) {
  enum { MOST_ROWS = 64 };
  size_t n_rows = asked->n_rows < MOST_ROWS ? (size_t)asked->n_rows : MOST_ROWS;
  if (!d->profile || atomic_load_explicit(&d->capture_left, memory_order_relaxed) <= 0 || !n_rows) return false;
  const ock_tensor **tensors = find_tensors(d, schema, asked, answer);
  return tensors && has_row_in(d, tensors, n_rows, answer) && atomic_fetch_sub(&d->capture_left, 1) > 0;
}

/* ---- out ---- */

/* The lock is held, so that there is one who drains. Those who copy take microseconds. */
static ock_drift_batch *swap(ock_drift *d) {
  pthread_mutex_lock(&d->queue_lock);
  d->wanted = true; /* so that the last of them says so */
  while (d->n_pending) pthread_cond_wait(&d->changed, &d->queue_lock);
  d->wanted = false;
  ock_drift_batch *full = d->filling;
  d->filling = d->drained;
  d->filling->n_requests = d->filling->n_rows = 0;
  d->drained = full;
  pthread_mutex_unlock(&d->queue_lock);
  return full;
}

/* Where a batch was read to: a request, and how many of its rows. */
typedef struct place_in_batch {
  size_t request, row;
} place_in_batch;

static void note_origins(ock_drift *d, const ock_drift_batch *b, place_in_batch *place, size_t n_rows) {
  while (n_rows) {
    const ock_drift_request *r = &b->requests[place->request];
    if (place->row == r->n_rows) {
      *place = (place_in_batch){place->request + 1, 0};
    } else {
      d->origins[++d->n_rows % OCK_DRIFT_ORIGINS] = r->number;
      place->row++, n_rows--;
    }
  }
}

/* A few rows at a time, so that an alarm is told of while what raised it is still to be seen: a batch may have more
 * rows than a short burst is remembered for. */
static void watch_rows(ock_drift *d, const ock_drift_batch *b) {
  enum { FEW = 4 * OCKHAM_DRIFT_BLOCK };
  ockham_rows rows = {.dtype = OCKHAM_FLOAT64, .n_columns = d->n_columns};
  ockham_error err = {0};
  place_in_batch place = {0};
  for (size_t at = 0; at < b->n_rows; at += rows.n_rows) {
    size_t n_alarms = 0;
    rows.data = b->values + at * d->n_columns;
    size_t left = b->n_rows - at, few = FEW - d->n_rows % FEW;
    rows.n_rows = left < few ? left : few;
    note_origins(d, b, &place, rows.n_rows);
    if (ockham_drift_monitor_put(d->monitor, rows, b->times + at, &n_alarms, &err))
      snprintf(d->problem, sizeof d->problem, "%s", err.message);
    if (n_alarms) ock_drift_tell(d);
  }
}

static void watch_request(ock_drift *d, const ock_drift_request *r) {
  ock_rate_add(&d->rows, (double)r->n_rows, r->time_s);
  ock_rate_add(&d->requests, 1, r->time_s);
  ock_drift_put_value(d, OCK_SERIES_FAILURES, r->fault, r->time_s);
  if (r->answered) ock_drift_put_value(d, OCK_SERIES_LATENCY, r->compute_s * 1e3, r->time_s);
}

void ock_drift_drain(ock_drift *d) {
  if (!d->profile || !d->monitor) return;
  const ock_drift_batch *b = swap(d);
  for (size_t i = 0; i < b->n_requests; i++) watch_request(d, &b->requests[i]);
  if (b->n_rows) watch_rows(d, b);
  if (b->n_requests) ock_drift_tell(d);
}
