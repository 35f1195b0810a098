/* SPDX-License-Identifier: Apache-2.0 */
/* Rows around k centres, and profiles of them. */
#ifndef OCK_TEST_PROFILE_EXAMPLE_H
#define OCK_TEST_PROFILE_EXAMPLE_H

#include "profile/internal.h"
#include "test.h"

typedef struct blobs {
  size_t n, d, k;
  double *x, *centres;
  uint32_t *label;
} blobs;

/* Deviation 1, centres `apart` away from each other along the first column. */
static inline blobs make_blobs(size_t n, size_t d, size_t k, double apart, uint64_t seed) {
  blobs b = {n, d, k, calloc(n * d, sizeof(double)), calloc(k * d, sizeof(double)), calloc(n, sizeof(uint32_t))};
  ock_rng rng = ock_rng_make(seed, 0);
  for (size_t i = 0; i < k; i++) b.centres[i * d] = apart * (double)i;
  for (size_t i = 0; i < n; i++) {
    b.label[i] = (uint32_t)ock_rng_below(&rng, k);
    for (size_t j = 0; j < d; j++) b.x[i * d + j] = b.centres[b.label[i] * d + j] + ock_rng_normal(&rng);
  }
  return b;
}

static inline void free_blobs(blobs *b) {
  free(b->x);
  free(b->centres);
  free(b->label);
}

static inline ockham_rows rows_of(const double *x, size_t n, size_t d) {
  return (ockham_rows){.data = x, .n_rows = n, .n_columns = d};
}

static inline ockham_profile *profile_with(ockham_rows x, ockham_profile_options options) {
  ockham_profile *profile = NULL;
  assert_ok(ockham_profile_fit(x, &options, &profile, err));
  return profile;
}

static inline ockham_profile *profile_of_blobs(const blobs *b) {
  return profile_with(rows_of(b->x, b->n, b->d), (ockham_profile_options){.k = b->k, .centroids = b->centres});
}

/* Of a table whose columns have nothing to do with clusters: one, at the origin. */
static inline ockham_profile *profile_of_columns(const double *x, size_t n, size_t d,
                                                 const ockham_profile_column *columns) {
  static const double origin[32];
  size_t n_numbers = columns ? 0 : d;
  for (size_t j = 0; columns && j < d; j++)
    n_numbers += columns[j].kind == OCKHAM_COLUMN_NUMBER && columns[j].role == OCKHAM_COLUMN_INPUT;
  return profile_with(rows_of(x, n, d),
                      (ockham_profile_options){.columns = columns, .k = n_numbers > 0, .centroids = origin});
}

static inline const ockham_signal *signal_named(const ockham_profile *profile, const char *name) {
  const ockham_profile_parts *parts = ockham_profile_look(profile);
  for (size_t s = 0; s < parts->n_signals; s++)
    if (strcmp(parts->signals[s].name, name) == 0) return &parts->signals[s];
  fail_msg("no signal '%s'", name);
  return NULL;
}

/* "name:count ..." of all bins. */
static inline const char *bins_of(const ockham_signal *signal) {
  static char text[4000];
  size_t at = 0;
  for (size_t b = 0; b < signal->n_bins; b++)
    at += (size_t)snprintf(text + at, sizeof text - at, "%s%s:%d", b ? " | " : "", signal->bin_names[b],
                           (int)signal->counts[b]);
  return text;
}

/* A table with everything: three numbers (with gaps, and infinite ones), a category, an output, and times. */
enum { MIXED_COLUMNS = 5 };
static const char *const mixed_texts[] = {"red", "green", "blue"};
static const ockham_profile_column mixed_columns[MIXED_COLUMNS] = {
    {.name = "length"},
    {.name = "answer", .role = OCKHAM_COLUMN_OUTPUT},
    {.name = "colour", .kind = OCKHAM_COLUMN_CATEGORY, .texts = mixed_texts, .n_texts = 3},
    {.name = "width"},
    {.name = "count"},
};
static const double mixed_centroids[] = {0, 0, 2, 5, 5, 2}, mixed_centre[] = {0, 1, 0}, mixed_factor[] = {1, 0.5, 2};

static inline double *make_mixed(size_t n, uint64_t seed) {
  double *x = calloc(n * MIXED_COLUMNS, sizeof *x);
  ock_rng rng = ock_rng_make(seed, 1);
  for (size_t i = 0; i < n; i++) {
    double *row = x + i * MIXED_COLUMNS, centre = ock_rng_below(&rng, 2) ? 5 : 0;
    row[0] = (float)(centre + ock_rng_normal(&rng));
    row[1] = (float)(row[0] * 2 + ock_rng_normal(&rng));
    row[2] = (double)ock_rng_below(&rng, 3);
    row[3] = (float)(centre + row[0] + ock_rng_normal(&rng));
    row[4] = (double)ock_rng_below(&rng, 4);
    if (ock_rng_below(&rng, 20) == 0) row[ock_rng_below(&rng, MIXED_COLUMNS)] = NAN;
    if (ock_rng_below(&rng, 100) == 0) row[0] = row[3] = row[4] = NAN;
    if (ock_rng_below(&rng, 100) == 0) row[3] = ock_rng_below(&rng, 2) ? INFINITY : -INFINITY;
    if (ock_rng_below(&rng, 100) == 0) row[0] = 1000;
    if (ock_rng_below(&rng, 200) == 0) row[2] = 7;
    if (ock_rng_below(&rng, 200) == 0) row[2] = 0.5;
  }
  return x;
}

static inline double *make_times(size_t n, double step) {
  double *times = calloc(n, sizeof *times);
  for (size_t i = 0; i < n; i++) times[i] = 1772409600 + step * (double)i; /* Monday 2026-03-02, midnight */
  return times;
}

static inline ockham_profile *profile_of_mixed(const double *x, size_t n, const double *times, size_t threads) {
  return profile_with(rows_of(x, n, MIXED_COLUMNS), (ockham_profile_options){.columns = mixed_columns,
                                                                             .k = 2,
                                                                             .centroids = mixed_centroids,
                                                                             .centre = mixed_centre,
                                                                             .factor = mixed_factor,
                                                                             .times = times,
                                                                             .threads = threads});
}

#endif
