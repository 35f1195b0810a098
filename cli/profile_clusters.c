/* SPDX-License-Identifier: Apache-2.0 */
/* Clusters for a profile, where no model has any: those of a sample, for k must be found in seconds. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "outputs.h"
#include "profiles.h"

enum { MOST_SAMPLED = 10000, WIDE_SAMPLED = 2000, MOST_CELLS = 100000, FEWEST_COMPLETE = 20 };

/* The means of the cells that are there, and of how many; 0 where there are none. */
typedef struct column_means {
  double *mean, *n; /* n_columns each, in one block */
} column_means;

static bool find_means(ockham_rows rows, const cli_choice *choice, column_means *means) {
  means->mean = calloc(choice->n_columns, 2 * sizeof *means->mean);
  if (!means->mean) return false;
  means->n = means->mean + choice->n_columns;
  for (size_t m = 0; m < choice->n_columns; m++) {
    for (size_t i = 0; i < rows.n_rows; i++) {
      double value = cli_cell(rows, i, choice->columns[m]);
      if (isfinite(value)) means->mean[m] += (value - means->mean[m]) / ++means->n[m];
    }
  }
  return true;
}

/* In a column that has no number at all nothing is missing: its means are 0. */
static bool is_complete(ockham_rows rows, const cli_choice *choice, const column_means *means, size_t i) {
  for (size_t m = 0; m < choice->n_columns; m++)
    if (means->n[m] > 0 && !isfinite(cli_cell(rows, i, choice->columns[m]))) return false;
  return true;
}

/* A number below n that depends on nothing but the seed and the place: SplitMix64 (Steele, Lea & Flood, 2014). */
static uint64_t draw_below(uint64_t seed, uint64_t place, uint64_t n) {
  uint64_t z = seed + (place + 1) * 0x9e3779b97f4a7c15u;
  z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
  z = (z ^ z >> 27) * 0x94d049bb133111ebu;
  return (z ^ z >> 31) % n;
}

/* One row, drawn at random, of each of `n_sampled` stretches of the rows that are complete, or of all, with means in
 * the gaps. */
static void copy_sample(ockham_rows rows, const cli_choice *choice, const column_means *means, bool all,
                        size_t n_usable, size_t n_sampled, double *sample) {
  size_t s = 0, rank = 0, wanted = 0;
  for (size_t i = 0; i < rows.n_rows && s < n_sampled; i++) {
    if (!all && !is_complete(rows, choice, means, i)) continue;
    size_t begin = s * n_usable / n_sampled, end = (s + 1) * n_usable / n_sampled;
    if (rank == begin) wanted = begin + (size_t)draw_below(choice->seed, s, end - begin);
    for (size_t m = 0; rank == wanted && m < choice->n_columns; m++) {
      double value = cli_cell(rows, i, choice->columns[m]);
      sample[s * choice->n_columns + m] = isfinite(value) ? value : means->mean[m];
    }
    if (++rank == end) s++;
  }
}

/* Mixtures of many columns take longer. With a k that is given there are none. */
static size_t most_sampled(const cli_choice *choice) {
  size_t n = MOST_CELLS / choice->n_columns;
  if (choice->k > 0 || n > MOST_SAMPLED) return MOST_SAMPLED;
  return n > WIDE_SAMPLED ? n : WIDE_SAMPLED;
}

static ockham_status take_sample(ockham_rows rows, const cli_choice *choice, double **sample, size_t *n_sampled,
                                 ockham_error *err) {
  column_means means;
  if (!find_means(rows, choice, &means)) return cli_no_memory("the means of columns", err);
  size_t n_usable = 0, most = most_sampled(choice);
  for (size_t i = 0; i < rows.n_rows; i++) n_usable += is_complete(rows, choice, &means, i);
  bool all = n_usable < FEWEST_COMPLETE;
  if (all) n_usable = rows.n_rows;
  *n_sampled = n_usable < most ? n_usable : most;
  *sample = calloc(*n_sampled, choice->n_columns * sizeof **sample);
  if (*sample) copy_sample(rows, choice, &means, all, n_usable, *n_sampled, *sample);
  free(means.mean);
  return *sample ? OCKHAM_OK : cli_no_memory("a sample of the rows", err);
}

/* ---- k that is given, or that is found ---- */

static ockham_status fit_k(ockham_rows x, const cli_choice *choice, ockham_model_parts *parts, ockham_model **model,
                           ockham_error *err) {
  ockham_kmeans kmeans = {0};
  ockham_kmeans_options options = {
      .k = choice->k, .seed = choice->seed, .threads = choice->threads, .progress = choice->progress};
  ockham_status status = ockham_kmeans_fit(x, &options, NULL, &kmeans, err);
  parts->k = kmeans.k;
  parts->centroids = kmeans.centroids;
  parts->sizes = kmeans.sizes;
  parts->within = kmeans.within;
  if (!parts->criterion) parts->criterion = "given";
  if (!status) status = cli_model_of_names(choice->names, choice->n_columns, *parts, model, err);
  ockham_kmeans_clear(&kmeans);
  return status;
}

static ockham_status sweep_k(ockham_rows x, const cli_choice *choice, ockham_sweep **sweep, ockham_error *err) {
  ockham_sweep_options options = {
      .seed = choice->seed, .no_silhouette = true, .threads = choice->threads, .progress = choice->progress};
  return ockham_sweep_run(x, &options, sweep, err);
}

static ockham_status find_k(ockham_rows x, const cli_choice *choice, ockham_model_parts *parts, ockham_model **model,
                            ockham_error *err) {
  ockham_sweep *sweep;
  ockham_status status = sweep_k(x, choice, &sweep, err);
  if (status) return status;
  ockham_verdict verdict = ockham_sweep_verdict(sweep);
  const ockham_curve_point *point = &ockham_sweep_curve(sweep)->points[verdict.point];
  parts->k = point->k;
  parts->centroids = point->centroids;
  parts->sizes = verdict.sizes;
  parts->within = verdict.within;
  parts->criterion = verdict.criterion->name;
  parts->mixture = verdict.mixture;
  status = cli_model_of_names(choice->names, choice->n_columns, *parts, model, err);
  ockham_sweep_free(sweep);
  return status;
}

/* ---- columns that do not vary: mixtures are of the others, so k is found by these ---- */

static bool varies(ockham_rows x, size_t m) {
  for (size_t i = 1; i < x.n_rows; i++)
    if (cli_cell(x, i, m) != cli_cell(x, 0, m)) return true;
  return false;
}

/* The columns that vary, a copy from malloc; all of them where none does. */
static double *copy_varying(ockham_rows x, size_t *n_varying) {
  double *copy = malloc(x.n_rows * x.n_columns * sizeof *copy);
  size_t n = 0, at = 0;
  for (size_t m = 0; m < x.n_columns; m++) n += varies(x, m);
  *n_varying = n > 0 ? n : x.n_columns;
  for (size_t m = 0; copy && m < x.n_columns; m++) {
    if (n > 0 && !varies(x, m)) continue;
    for (size_t i = 0; i < x.n_rows; i++) copy[i * *n_varying + at] = cli_cell(x, i, m);
    at++;
  }
  return copy;
}

/* As many clusters as the varying columns have, of k-means over all: the others add nothing to distances. */
static ockham_status find_k_by_varying(ockham_rows x, const cli_choice *choice, ockham_model_parts *parts,
                                       ockham_model **model, ockham_error *err) {
  size_t n_varying;
  double *cells = copy_varying(x, &n_varying);
  if (!cells) return cli_no_memory("a sample of the rows", err);
  ockham_rows varying = {.data = cells, .n_rows = x.n_rows, .n_columns = n_varying};
  ockham_sweep *sweep = NULL;
  cli_choice of_k = *choice;
  bool some_constant = n_varying < x.n_columns;
  ockham_status status = some_constant ? sweep_k(varying, choice, &sweep, err) : OCKHAM_OK;
  if (!status && some_constant) {
    ockham_verdict verdict = ockham_sweep_verdict(sweep);
    of_k.k = ockham_sweep_curve(sweep)->points[verdict.point].k;
    parts->criterion = verdict.criterion->name;
  }
  if (!status) status = (some_constant ? fit_k : find_k)(x, &of_k, parts, model, err);
  ockham_sweep_free(sweep);
  free(cells);
  return status;
}

/* The library has no names. */
static ockham_status name_column(const cli_choice *choice, ockham_status status, ockham_error *err) {
  char number[32], message[sizeof err->message];
  if (status != OCKHAM_BAD_DATA || err->column == 0 || err->column > choice->n_columns) return status;
  int n = snprintf(number, sizeof number, "column %zu ", (size_t)err->column);
  if (strncmp(err->message, number, (size_t)n) != 0) return status;
  snprintf(message, sizeof message, "column '%.64s' %s", choice->names[err->column - 1], err->message + n);
  memcpy(err->message, message, sizeof message);
  return status;
}

static ockham_status cluster_sample(double *sample, size_t n_sampled, const cli_choice *choice, ockham_model **model,
                                    ockham_error *err) {
  ockham_rows x = {.data = sample, .n_rows = n_sampled, .n_columns = choice->n_columns, .stride = choice->n_columns};
  ockham_scaling scaling = {0};
  ockham_status status = ockham_scaling_fit(x, (ockham_scale)choice->scale, &scaling, err);
  if (!status) {
    ockham_scaling_apply(&scaling, x, sample);
    ockham_model_parts parts = {.scaling = scaling, .seed = choice->seed};
    status = (choice->k ? fit_k : find_k_by_varying)(x, choice, &parts, model, err);
  }
  ockham_scaling_clear(&scaling);
  return status;
}

ockham_status cli_choose_clusters(ockham_rows rows, const cli_choice *choice, ockham_model **model, ockham_error *err) {
  double *sample = NULL;
  size_t n_sampled = 0;
  ockham_status status = take_sample(rows, choice, &sample, &n_sampled, err);
  if (!status) status = name_column(choice, cluster_sample(sample, n_sampled, choice, model, err), err);
  free(sample);
  return status;
}
