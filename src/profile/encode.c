/* SPDX-License-Identifier: Apache-2.0 */
/* A profile as bytes, little-endian, in this order and without gaps (text: u64 length, bytes):
 *   u64 version, n_rows, n_fitted, n_columns, k, n_directions, since_s, until_s, n_rehearsals, by hour (0 or 1)
 *   each column: u64 kind, role; text name; u64 n_texts; each text: text, u16 bin;
 *                f64 mean, sd, least, most, clip_low, clip_high; u64 n_missing
 *   f64 centre, factor (n_numbers each), centroids, radii, distance edges, deviations, directions
 *   each signal: u64 n_edges, which bins hold one value (bits); f64 edges; u64 counts; f64 stickiness, that in hours;
 *                u32 by hour
 *   each rehearsal: f64 asked, achieved, low, high
 * All other sizes follow from these. What bins are
 * called is not kept: see names.c. */
#include <string.h>

#include "profile/internal.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "bytes are written as they are in memory");

typedef struct sink {
  unsigned char *bytes; /* NULL: only the size is wanted */
  size_t size;
} sink;

static void put(sink *to, const void *bytes, size_t size) {
  if (to->bytes && size) memcpy(to->bytes + to->size, bytes, size);
  to->size += size;
}

static void put_count(sink *to, uint64_t value) {
  put(to, &value, sizeof value);
}

static void put_number(sink *to, double value) {
  put(to, &value, sizeof value);
}

static void put_numbers(sink *to, const double *values, size_t n) {
  put(to, values, n * sizeof *values);
}

static void put_text(sink *to, const char *text) {
  put_count(to, strlen(text));
  put(to, text, strlen(text));
}

static void put_head(sink *to, const ockham_profile_parts *parts) {
  const uint64_t head[] = {OCK_PROFILE_VERSION,
                           parts->n_rows,
                           parts->n_fitted,
                           parts->n_columns,
                           parts->k,
                           parts->n_directions,
                           parts->since_s,
                           parts->until_s,
                           parts->n_rehearsals,
                           parts->n_signals && parts->signals[0].by_hour};
  put(to, head, sizeof head);
}

static void put_column(sink *to, const ockham_profile *p, size_t j) {
  const ockham_profile_column *column = &p->columns[j];
  const ockham_column_range *range = &p->ranges[j];
  put_count(to, column->kind);
  put_count(to, column->role);
  put_text(to, column->name);
  put_count(to, column->n_texts);
  for (size_t t = 0; t < column->n_texts; t++) {
    put_text(to, column->texts[t]);
    put(to, &p->text_bins[j][t], sizeof **p->text_bins);
  }
  const double values[] = {range->mean, range->sd, range->least, range->most, range->clip_low, range->clip_high};
  put(to, values, sizeof values);
  put_count(to, range->n_missing);
}

static void put_signal(sink *to, const ockham_profile *p, size_t s) {
  const ockham_signal *signal = &p->signals[s];
  put_count(to, signal->n_edges);
  put_count(to, p->single[s]);
  put_numbers(to, signal->edges, signal->n_edges);
  put(to, signal->counts, signal->n_bins * sizeof *signal->counts);
  put_number(to, signal->stickiness);
  put_number(to, signal->stickiness_in_hours);
  if (signal->by_hour) put(to, signal->by_hour, OCKHAM_HOURS_A_WEEK * signal->n_bins * sizeof *signal->by_hour);
}

static void put_profile(sink *to, const ockham_profile *p) {
  const ockham_profile_parts *parts = &p->parts;
  size_t d = parts->n_numbers, k = parts->k;
  put_head(to, parts);
  for (size_t j = 0; j < parts->n_columns; j++) put_column(to, p, j);
  put_numbers(to, p->centre, d);
  put_numbers(to, p->factor, d);
  put_numbers(to, p->centroids, k * d);
  put_numbers(to, p->radii, k);
  put_numbers(to, p->distance_edges, k * OCK_DISTANCE_EDGES);
  put_numbers(to, p->deviations, k * d);
  put_numbers(to, p->directions, parts->n_directions * d);
  for (size_t s = 0; s < parts->n_signals; s++) put_signal(to, p, s);
  for (size_t i = 0; i < parts->n_rehearsals; i++) {
    const ockham_rehearsal *r = &p->rehearsals[i];
    const double values[] = {r->asked_rows, r->achieved_rows, r->low, r->high};
    put(to, values, sizeof values);
  }
}

ockham_status ockham_profile_encode(const ockham_profile *profile, unsigned char **bytes, size_t *size,
                                    ockham_error *err) {
  sink to = {0};
  put_profile(&to, profile);
  unsigned char *room = ock_alloc(to.size);
  if (!room) return ock_fail_memory(err, "the bytes of a profile", to.size);
  to = (sink){.bytes = room};
  put_profile(&to, profile);
  *bytes = room;
  *size = to.size;
  return OCKHAM_OK;
}

void ockham_bytes_free(unsigned char *bytes) {
  ock_free(bytes);
}

ockham_status ock_profile_copy(const ockham_profile *from, ockham_profile **profile, ockham_error *err) {
  unsigned char *bytes;
  size_t size;
  *profile = NULL;
  OCK_TRY(ockham_profile_encode(from, &bytes, &size, err));
  ockham_status status = ockham_profile_decode(bytes, size, "a profile", profile, err);
  ockham_bytes_free(bytes);
  return status;
}
