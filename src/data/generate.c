/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <string.h>

#include "data/table.h"

enum { TRIES_PER_CENTRE = 1000, MOST_RESTARTS = 2000 };
/* Pairs of centres compared before giving up, apart from what a set that is found at once needs: some seconds. */
#define MOST_COMPARISONS 1e9

/* Streams of the seed. They are far from the small numbers that others give theirs: data drawn and clustered with one
 * seed must not share random numbers. */
enum { STREAM_CENTRES = 0x626c6f62, STREAM_SIZES, STREAM_NOISE };

/* ---- options ---- */

static ockham_blobs_options with_defaults(ockham_blobs_options options) {
  if (options.k == 0) options.k = 3;
  if (options.n_columns == 0) options.n_columns = 2;
  if (options.rows_per_cluster == 0) options.rows_per_cluster = 100;
  if (options.rows_per_cluster_max == 0) options.rows_per_cluster_max = options.rows_per_cluster;
  if (options.box_low == 0 && options.box_high == 0) {
    options.box_low = -1;
    options.box_high = 1;
  }
  if (options.sd == 0) options.sd = options.min_distance > 0 ? options.min_distance / 5 : 0.1;
  return options;
}

static ockham_status check_options(const ockham_blobs_options *options, ockham_error *err) {
  if (options->k >= UINT32_MAX)
    return ock_fail(err, OCKHAM_BAD_ARGUMENT, "the number of clusters must be below %u, found %zu", UINT32_MAX,
                    options->k);
  if (options->rows_per_cluster_max < options->rows_per_cluster)
    return ock_fail(err, OCKHAM_BAD_ARGUMENT,
                    "the largest cluster must have at least the %zu rows of the smallest, found %zu",
                    options->rows_per_cluster, options->rows_per_cluster_max);
  if (!(options->box_low < options->box_high) || !isfinite(options->box_high - options->box_low))
    return ock_fail(err, OCKHAM_BAD_ARGUMENT, "the box must run from a lower to a higher number, found %g to %g",
                    options->box_low, options->box_high);
  if (!(options->min_distance >= 0) || !isfinite(options->min_distance))
    return ock_fail(err, OCKHAM_BAD_ARGUMENT, "the least distance of centres must not be negative, found %g",
                    options->min_distance);
  if (!(options->sd > 0) || !isfinite(options->sd))
    return ock_fail(err, OCKHAM_BAD_ARGUMENT, "the standard deviation must be positive, found %g", options->sd);
  return OCKHAM_OK;
}

/* ---- centres ---- */

typedef struct centre_search {
  const ockham_blobs_options *options;
  ock_rng rng;
  double *centres; /* k x n_columns */
  size_t most_found;
  double n_comparisons;
} centre_search;

static bool is_far_enough(centre_search *search, size_t n_placed, const double *candidate) {
  size_t d = search->options->n_columns;
  double least = search->options->min_distance;
  for (size_t c = 0; least > 0 && c < n_placed; c++) {
    const double *centre = search->centres + c * d;
    double sum = 0;
    search->n_comparisons++;
    for (size_t j = 0; j < d; j++) sum += (centre[j] - candidate[j]) / least * ((centre[j] - candidate[j]) / least);
    if (sum < 1) return false;
  }
  return true;
}

/* Draw centre number n_placed until it is far enough from those before. */
static bool place_centre(centre_search *search, size_t n_placed) {
  const ockham_blobs_options *options = search->options;
  double *centre = search->centres + n_placed * options->n_columns;
  for (int i = 0; i < TRIES_PER_CENTRE; i++) {
    for (size_t j = 0; j < options->n_columns; j++)
      centre[j] = options->box_low + (options->box_high - options->box_low) * ock_rng_uniform(&search->rng);
    if (is_far_enough(search, n_placed, centre)) return true;
  }
  return false;
}

static bool place_all_centres(centre_search *search) {
  for (size_t c = 0; c < search->options->k; c++) {
    if (!place_centre(search, c)) return false;
    if (c + 1 > search->most_found) search->most_found = c + 1;
  }
  return true;
}

/* Centres are uniform given that all are far enough from each other: a set that cannot be completed is drawn anew. */
static ockham_status find_centres(centre_search *search, ockham_error *err) {
  const ockham_blobs_options *options = search->options;
  double k = (double)options->k;
  for (int i = 0; i <= MOST_RESTARTS && search->n_comparisons <= MOST_COMPARISONS + 4 * k * k; i++)
    if (place_all_centres(search)) return OCKHAM_OK;
  return ock_fail(err, OCKHAM_BAD_ARGUMENT,
                  "%zu centres at least %g apart were not found in the box from %g to %g in %zu columns (at most %zu)",
                  options->k, options->min_distance, options->box_low, options->box_high, options->n_columns,
                  search->most_found);
}

/* ---- rows ---- */

static size_t cluster_size(const ockham_blobs_options *options, size_t c, ock_rng *rng) {
  size_t low = options->rows_per_cluster, range = options->rows_per_cluster_max - low;
  if (range == 0) return low;
  if (options->random_sizes) return low + (size_t)ock_rng_below(rng, (uint64_t)range + 1);
  if (options->k == 1) return low;
  return (size_t)rint((double)low + (double)range * (double)c / (double)(options->k - 1));
}

/* Fill size with the k sizes; returns their sum, or SIZE_MAX when that is too large. */
static size_t choose_sizes(const ockham_blobs_options *options, size_t *size) {
  ock_rng rng = ock_rng_make(options->seed, STREAM_SIZES);
  size_t n_rows = 0;
  for (size_t c = 0; c < options->k; c++) {
    size[c] = cluster_size(options, c, &rng);
    if (__builtin_add_overflow(n_rows, size[c], &n_rows)) return SIZE_MAX;
  }
  return n_rows;
}

static void draw_rows(const ockham_blobs_options *options, const double *centres, const size_t *size,
                      ockham_table *table) {
  ock_rng rng = ock_rng_make(options->seed, STREAM_NOISE);
  double *value = table->values;
  uint32_t *label = table->label;
  for (size_t c = 0; c < options->k; c++)
    for (size_t i = 0; i < size[c]; i++) {
      *label++ = (uint32_t)c;
      for (size_t j = 0; j < options->n_columns; j++)
        *value++ = centres[c * options->n_columns + j] + options->sd * ock_rng_normal(&rng);
    }
}

/* ---- the table ---- */

static ockham_status name_columns(ockham_table *table, size_t n_columns, ockham_error *err) {
  table->names = ock_alloc_zeroed(n_columns, sizeof *table->names);
  if (!table->names) return ock_fail_memory(err, "names of columns", ock_size_product(n_columns, sizeof(char *)));
  table->n_columns = n_columns;
  for (size_t j = 0; j < n_columns; j++) {
    char name[32];
    snprintf(name, sizeof name, "x%zu", j + 1);
    table->names[j] = ock_string_copy(name);
    if (!table->names[j]) return ock_fail_memory(err, "names of columns", sizeof name);
  }
  return OCKHAM_OK;
}

static ockham_status intern_labels(ockham_table *table, size_t k, ockham_error *err) {
  for (size_t c = 0; c < k; c++) {
    char text[32];
    uint32_t value;
    int length = snprintf(text, sizeof text, "%zu", c + 1);
    OCK_TRY(ock_labels_intern(&table->labels, text, (size_t)length, &value, err));
  }
  return OCKHAM_OK;
}

static ockham_status allocate_rows(ockham_table *table, size_t n_rows, ockham_error *err) {
  size_t n_values = ock_size_product(n_rows, table->n_columns);
  table->values = ock_alloc_array(n_values, sizeof(double));
  table->label = ock_alloc_array(n_rows, sizeof *table->label);
  table->n_rows = n_rows;
  return table->values && table->label ? OCKHAM_OK
                                       : ock_fail_memory(err, "a table", ock_size_product(n_values, sizeof(double)));
}

static ockham_status fill_table(const ockham_blobs_options *options, ock_arena *scratch, ockham_table *table,
                                ockham_error *err) {
  size_t k = options->k;
  size_t *size = ock_arena_array(scratch, k, sizeof *size);
  centre_search search = {.options = options, .rng = ock_rng_make(options->seed, STREAM_CENTRES)};
  search.centres = ock_arena_array(scratch, k, ock_size_product(options->n_columns, sizeof(double)));
  if (!size || !search.centres)
    return ock_fail_memory(err, "centres", ock_size_product(k, ock_size_product(options->n_columns, sizeof(double))));
  OCK_TRY(allocate_rows(table, choose_sizes(options, size), err));
  OCK_TRY(intern_labels(table, k, err));
  OCK_TRY(find_centres(&search, err));
  draw_rows(options, search.centres, size, table);
  return OCKHAM_OK;
}

ockham_status ockham_generate_blobs(const ockham_blobs_options *options, ockham_table **table, ockham_error *err) {
  *table = NULL;
  ockham_blobs_options chosen = with_defaults(options ? *options : (ockham_blobs_options){0});
  OCK_TRY(check_options(&chosen, err));
  ockham_table *drawn = ock_alloc_zeroed(1, sizeof *drawn);
  if (!drawn) return ock_fail_memory(err, "a table", sizeof *drawn);
  ock_arena scratch = {0};
  ockham_status status = name_columns(drawn, chosen.n_columns, err);
  if (!status) status = fill_table(&chosen, &scratch, drawn, err);
  ock_arena_clear(&scratch);
  if (status)
    ockham_table_free(drawn);
  else
    *table = drawn;
  return status;
}
