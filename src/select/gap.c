/* SPDX-License-Identifier: Apache-2.0 */
/* The gap statistic: inertia against that of rows without clusters. Distances know neither place nor direction, so the
 * box of a reference begins at 0, and that along the principal axes is not turned back. */
#include <math.h>

#include "select/resamples.h"
#include "stats/internal.h"

/* Principal axes are found for so many columns at most: a matrix of their squares, and time of their cubes. */
enum { MOST_COLUMNS_FOR_AXES = 256, KIND_BOX = 0, KIND_AXES = 1 };

/* Inertia that is rounding only, next to that of one cluster. */
static const double nothing = 1e-24;

/* ---- the box ---- */

typedef struct references {
  double *width;   /* of the box in each column */
  double *inertia; /* OCK_REFERENCES x k_max; NaN where there are not that many distinct rows */
} references;

static void widen(double value, double *low, double *high) {
  *low = ock_smaller(*low, value);
  *high = ock_larger(*high, value);
}

static void find_box(ockham_rows x, double *width) {
  for (size_t l = 0; l < x.n_columns; l++) {
    double low = INFINITY, high = -INFINITY;
    for (size_t i = 0; i < x.n_rows; i++) widen(ock_rows_get(x, i, l), &low, &high);
    width[l] = high - low;
  }
}

/* Sums of products about the mean, d x d. */
static void sum_products(ockham_rows x, double *mean, double *products) {
  size_t d = x.n_columns;
  const double *row = x.data;
  for (size_t l = 0; l < d; l++) mean[l] = 0;
  for (size_t l = 0; l < d * d; l++) products[l] = 0;
  for (size_t i = 0; i < x.n_rows; i++)
    for (size_t l = 0; l < d; l++) mean[l] += row[i * d + l] / (double)x.n_rows;
  for (size_t i = 0; i < x.n_rows; i++)
    for (size_t l = 0; l < d; l++)
      for (size_t m = 0; m < d; m++) products[l * d + m] += (row[i * d + l] - mean[l]) * (row[i * d + m] - mean[m]);
}

/* The width that the rows have along an axis: column `axis` of vectors. */
static double width_along(ockham_rows x, const double *mean, const double *vectors, size_t axis) {
  size_t d = x.n_columns;
  const double *row = x.data;
  double low = INFINITY, high = -INFINITY;
  for (size_t i = 0; i < x.n_rows; i++) {
    double along = 0;
    for (size_t l = 0; l < d; l++) along += (row[i * d + l] - mean[l]) * vectors[l * d + axis];
    widen(along, &low, &high);
  }
  return high - low;
}

static ockham_status find_box_along_axes(ockham_rows x, double *width, ockham_error *err) {
  size_t d = x.n_columns;
  double *scratch = ock_alloc_array(2 * d * d + 2 * d, sizeof *scratch);
  if (!scratch) return ock_fail_memory(err, "the principal axes", (2 * d * d + 2 * d) * sizeof *scratch);
  double *mean = scratch, *values = mean + d, *products = values + d, *vectors = products + d * d;
  sum_products(x, mean, products);
  ock_symmetric_eigen(products, d, values, vectors);
  for (size_t axis = 0; axis < d; axis++) width[axis] = width_along(x, mean, vectors, axis);
  ock_free(scratch);
  return OCKHAM_OK;
}

/* ---- one reference ---- */

static void keep_inertia(const ock_resampling *r, const ockham_sweep *sweep, double *inertia) {
  for (size_t k = 1; k <= r->k_max; k++)
    inertia[k - 1] =
        k <= ock_resample_reach(sweep) ? sweep->fits[k - 1].inertia / sweep->frame->unit / sweep->frame->unit : NAN;
}

static ockham_status sweep_reference(const ock_resampling *r, ock_resample *resample, void *results,
                                     ockham_error *err) {
  const references *all = results;
  size_t n = r->x.n_rows, d = r->x.n_columns;
  double *x = ock_alloc_array(ock_size_product(n, d), sizeof *x);
  if (!x) return ock_fail_memory(err, "a reference of the gap", ock_size_product(n * d, sizeof *x));
  for (size_t i = 0; i < n; i++)
    for (size_t l = 0; l < d; l++) x[i * d + l] = all->width[l] * ock_rng_uniform(&resample->rng);
  ockham_sweep *sweep = NULL;
  ockham_rows rows = {.data = x, .n_rows = n, .n_columns = d};
  ockham_status status = ock_resample_sweep(r, resample, rows, NULL, &sweep, err);
  if (!status) keep_inertia(r, sweep, all->inertia + resample->number * r->k_max);
  ockham_sweep_free(sweep);
  ock_free(x);
  return status;
}

/* ---- the gap ---- */

/* Mean over references less own; undefined where it is not finite. */
static ockham_gap gap_of(const double *values, double own) {
  const double b = OCK_REFERENCES;
  double squares = 0, mean = ock_mean_of(values, OCK_REFERENCES, 1, NULL);
  for (size_t i = 0; i < OCK_REFERENCES; i++) squares += (values[i] - mean) * (values[i] - mean);
  ockham_gap gap = {mean - own, sqrt(squares / b) * sqrt(1 + 1 / b)};
  return isfinite(gap.value) && isfinite(gap.error) ? gap : (ockham_gap){NAN, NAN};
}

static void take_gap(const ock_resampling *r, const references *all, size_t k, bool axes,
                     ockham_resample_statistics *of) {
  double plain[OCK_REFERENCES], logs[OCK_REFERENCES], own = r->inertia[k - 1], square = r->unit * r->unit;
  bool rounding = !(own > nothing * r->inertia[0]);
  for (size_t b = 0; b < OCK_REFERENCES; b++) {
    plain[b] = all->inertia[b * r->k_max + k - 1];
    logs[b] = rounding ? NAN : log(plain[b]);
  }
  ockham_gap gap = gap_of(logs, log(own));
  if (axes) {
    of->gap_pca = gap;
    return;
  }
  of->gap = gap;
  of->gap_star = gap_of(plain, own);
  of->gap_star.value /= square;
  of->gap_star.error /= square;
}

ockham_status ock_gap_gather(const ock_resampling *r, bool axes, ockham_resample_statistics *of, ockham_error *err) {
  size_t d = r->x.n_columns, values = ock_size_product(OCK_REFERENCES, r->k_max);
  if (axes && d > MOST_COLUMNS_FOR_AXES) return OCKHAM_OK;
  references all = {ock_alloc_array(d, sizeof(double)), ock_alloc_array(values, sizeof(double))};
  ockham_status status = OCKHAM_OK;
  if (!all.width || !all.inertia)
    status = ock_fail_memory(err, "the gap", ock_size_product(values + d, sizeof(double)));
  if (!status && axes) status = find_box_along_axes(r->x, all.width, err);
  if (!status && !axes) find_box(r->x, all.width);
  if (!status)
    status = ock_resamples_run(r, axes ? "gap, principal axes" : "gap", axes ? KIND_AXES : KIND_BOX, OCK_REFERENCES,
                               sweep_reference, &all, err);
  for (size_t k = 1; k <= r->k_max && !status; k++) take_gap(r, &all, k, axes, &of[k - 1]);
  ock_free(all.width);
  ock_free(all.inertia);
  return status;
}
