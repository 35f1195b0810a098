/* SPDX-License-Identifier: Apache-2.0 */
/* Principal axes: by the covariance and its eigenvectors; with many columns by subspace iteration, which never makes
 * that matrix. Rows are cut into slabs that do not depend on the number of threads, and sums are added in their order.
 */
#include <math.h>
#include <string.h>

#include "stats/internal.h"

enum { N_SLABS = 16, MOST_ROUNDS = 60, SPARE_AXES = 8 };

typedef struct axes_fit axes_fit;
/* What one row, centred, adds to the sums of its slab. */
typedef void add_row(const axes_fit *f, const double *row, double weight, double *sum);

/* What one fit works with. What slabs sum up has `width` numbers each, the first slab's at sums. */
struct axes_fit {
  ockham_rows x;
  const double *weights;
  double total_weight;
  const double *mean;
  size_t width, n_vectors;
  const double *vectors; /* n_vectors x n_columns */
  double *sums;          /* N_SLABS x width */
  double *rows;          /* N_SLABS x n_columns: one centred row each */
  add_row *add;
  ock_pool *pool;
};

static double weight_of(const axes_fit *f, size_t i) {
  return f->weights ? f->weights[i] : 1;
}

static size_t slab_begin(const axes_fit *f, size_t slab) {
  return f->x.n_rows / N_SLABS * slab + f->x.n_rows % N_SLABS * slab / N_SLABS;
}

static void centre_row(ockham_rows x, const double *mean, size_t i, double *row) {
  for (size_t j = 0; j < x.n_columns; j++) row[j] = ock_rows_get(x, i, j) - mean[j];
}

static double dot(const double *a, const double *b, size_t n) {
  double sum = 0;
  for (size_t j = 0; j < n; j++) sum += a[j] * b[j];
  return sum;
}

/* ---- sums over rows ---- */

static void add_columns(const axes_fit *f, const double *row, double weight, double *sum) {
  for (size_t j = 0; j < f->x.n_columns; j++) sum[j] += weight * row[j];
}

static void add_squares(const axes_fit *f, const double *row, double weight, double *sum) {
  *sum += weight * dot(row, row, f->x.n_columns);
}

/* The upper triangle of the scatter, as a square. */
static void add_products(const axes_fit *f, const double *row, double weight, double *sum) {
  size_t d = f->x.n_columns;
  for (size_t j = 0; j < d; j++) {
    double by = weight * row[j];
    for (size_t l = j; l < d; l++) sum[j * d + l] += by * row[l];
  }
}

/* The scatter times each vector. */
static void add_images(const axes_fit *f, const double *row, double weight, double *sum) {
  size_t d = f->x.n_columns;
  for (size_t v = 0; v < f->n_vectors; v++) {
    double by = weight * dot(row, f->vectors + v * d, d);
    for (size_t j = 0; j < d; j++) sum[v * d + j] += by * row[j];
  }
}

static void sum_slab(void *arg, size_t slab, size_t worker) {
  const axes_fit *f = arg;
  double *sum = f->sums + slab * f->width, *row = f->rows + slab * f->x.n_columns;
  (void)worker;
  for (size_t i = slab_begin(f, slab); i < slab_begin(f, slab + 1); i++) {
    double weight = weight_of(f, i);
    if (weight == 0) continue;
    centre_row(f->x, f->mean, i, row);
    f->add(f, row, weight, sum);
  }
}

/* Add up all rows; the sums of all, over the total weight, are then those of the first. */
static const double *sum_up(axes_fit *f, size_t width, add_row *add) {
  f->width = width;
  f->add = add;
  memset(f->sums, 0, N_SLABS * width * sizeof *f->sums);
  ock_pool_run(f->pool, N_SLABS, sum_slab, f);
  for (size_t slab = 1; slab < N_SLABS; slab++)
    for (size_t j = 0; j < width; j++) f->sums[j] += f->sums[slab * width + j];
  for (size_t j = 0; j < width; j++) f->sums[j] /= f->total_weight;
  return f->sums;
}

/* ---- eigenvectors ---- */

/* Make row v of the basis orthogonal to those before it, twice for rounding's sake, and of length 1. A direction that
 * is nothing without them is replaced by a column that is not. */
static void orthonormalise(double *basis, size_t v, size_t d) {
  double *row = basis + v * d;
  for (size_t next = 0;; next++) {
    double before = sqrt(dot(row, row, d));
    for (int twice = 0; twice < 2; twice++)
      for (size_t u = 0; u < v; u++) {
        double along = dot(row, basis + u * d, d);
        for (size_t j = 0; j < d; j++) row[j] -= along * basis[u * d + j];
      }
    double length = sqrt(dot(row, row, d));
    if (length > 1e-12 * before) {
      for (size_t j = 0; j < d; j++) row[j] /= length;
      return;
    }
    memset(row, 0, d * sizeof *row);
    row[next] = 1; /* v < d, so one of them is not in the span */
  }
}

static void turn_positive(double *direction, size_t d) {
  size_t most = 0;
  for (size_t j = 1; j < d; j++)
    if (fabs(direction[j]) > fabs(direction[most])) most = j;
  if (direction[most] >= 0) return;
  for (size_t j = 0; j < d; j++) direction[j] = -direction[j];
}

/* matrix and vectors: d x d; values: d. */
static void take_exact(axes_fit *f, double *matrix, double *vectors, double *values, ockham_principal_axes *axes) {
  size_t d = f->x.n_columns;
  const double *upper = sum_up(f, d * d, add_products);
  for (size_t i = 0; i < d; i++)
    for (size_t j = 0; j < d; j++) matrix[i * d + j] = upper[i < j ? i * d + j : j * d + i];
  ock_symmetric_eigen(matrix, d, values, vectors);
  for (size_t a = 0; a < axes->n_axes; a++) {
    axes->variances[a] = fmax(values[a], 0);
    for (size_t j = 0; j < d; j++) axes->directions[a * d + j] = vectors[j * d + a];
  }
}

static ockham_status fit_exactly(axes_fit *f, ockham_principal_axes *axes, ockham_error *err) {
  size_t d = f->x.n_columns;
  double *room = ock_alloc_array(2 * d * d + d, sizeof *room);
  if (!room) return ock_fail_memory(err, "the covariance", (2 * d * d + d) * sizeof *room);
  take_exact(f, room, room + d * d, room + 2 * d * d, axes);
  ock_free(room);
  return OCKHAM_OK;
}

/* A subspace and what the covariance makes of it. */
typedef struct subspace {
  size_t p, d;
  double *basis, *turned;            /* p x d each */
  double *matrix, *vectors, *values; /* p x p, p x p, p: the covariance in the basis */
} subspace;

/* The covariance in the basis, and by which turn of it that is diagonal. What the covariance makes of the basis stays
 * in f->sums. */
static void measure_in_basis(axes_fit *f, subspace *s) {
  f->vectors = s->basis;
  f->n_vectors = s->p;
  const double *image = sum_up(f, s->p * s->d, add_images);
  for (size_t u = 0; u < s->p; u++)
    for (size_t v = 0; v < s->p; v++) s->matrix[u * s->p + v] = dot(s->basis + u * s->d, image + v * s->d, s->d);
  for (size_t u = 0; u < s->p; u++)
    for (size_t v = 0; v < u; v++)
      s->matrix[u * s->p + v] = s->matrix[v * s->p + u] = (s->matrix[u * s->p + v] + s->matrix[v * s->p + u]) / 2;
  ock_symmetric_eigen(s->matrix, s->p, s->values, s->vectors);
}

/* Rows of `from` combined by the columns of the eigenvectors. */
static void combine(const subspace *s, const double *from, double *to) {
  memset(to, 0, s->p * s->d * sizeof *to);
  for (size_t a = 0; a < s->p; a++)
    for (size_t v = 0; v < s->p; v++)
      for (size_t j = 0; j < s->d; j++) to[a * s->d + j] += s->vectors[v * s->p + a] * from[v * s->d + j];
}

/* Where rows vary in fewer directions than there are axes, the last variances are rounding noise of the first. */
static bool has_settled(const subspace *s, const double *before, size_t n_axes) {
  double noise = 1e-14 * fmax(s->values[0], 0);
  for (size_t a = 0; a < n_axes; a++) {
    double now = fmax(s->values[a], 0);
    if (!(fabs(now - before[a]) <= 1e-9 * now + noise)) return false;
  }
  return true;
}

static void iterate(axes_fit *f, subspace *s, ockham_principal_axes *axes) {
  ock_rng rng = ock_rng_make(0, 0);
  for (size_t i = 0; i < s->p * s->d; i++) s->basis[i] = ock_rng_normal(&rng);
  for (size_t v = 0; v < s->p; v++) orthonormalise(s->basis, v, s->d);
  memset(axes->variances, 0, axes->n_axes * sizeof *axes->variances);
  for (size_t round = 0;; round++) {
    measure_in_basis(f, s);
    bool done = round + 1 == MOST_ROUNDS || has_settled(s, axes->variances, axes->n_axes);
    for (size_t a = 0; a < axes->n_axes; a++) axes->variances[a] = fmax(s->values[a], 0);
    combine(s, done ? s->basis : f->sums, s->turned);
    if (done) break;
    memcpy(s->basis, s->turned, s->p * s->d * sizeof *s->basis);
    for (size_t v = 0; v < s->p; v++) orthonormalise(s->basis, v, s->d);
  }
  memcpy(axes->directions, s->turned, axes->n_axes * s->d * sizeof *axes->directions);
}

static ockham_status fit_by_rounds(axes_fit *f, ockham_principal_axes *axes, ockham_error *err) {
  size_t d = f->x.n_columns, p = axes->n_axes + SPARE_AXES < d ? axes->n_axes + SPARE_AXES : d;
  ock_arena arena = {0};
  subspace s = {.p = p,
                .d = d,
                .basis = ock_arena_array(&arena, ock_size_product(p, d), sizeof(double)),
                .turned = ock_arena_array(&arena, ock_size_product(p, d), sizeof(double)),
                .matrix = ock_arena_array(&arena, ock_size_product(p, p), sizeof(double)),
                .vectors = ock_arena_array(&arena, ock_size_product(p, p), sizeof(double)),
                .values = ock_arena_array(&arena, p, sizeof(double))};
  bool enough = s.basis && s.turned && s.matrix && s.vectors && s.values;
  if (enough) iterate(f, &s, axes);
  ock_arena_clear(&arena);
  return enough ? OCKHAM_OK
                : ock_fail_memory(err, "a subspace", ock_size_product(ock_size_product(2 * p, d), sizeof(double)));
}

/* ---- the whole ---- */

/* About the first row that counts, so that no digits are lost to an offset. */
static void take_mean(axes_fit *f, double *mean) {
  size_t first = 0;
  while (weight_of(f, first) == 0) first++;
  for (size_t j = 0; j < f->x.n_columns; j++) mean[j] = ock_rows_get(f->x, first, j);
  f->mean = mean;
  const double *beyond = sum_up(f, f->x.n_columns, add_columns);
  for (size_t j = 0; j < f->x.n_columns; j++) mean[j] += beyond[j];
}

static ockham_status fit_axes(axes_fit *f, ockham_principal_axes *axes, ockham_error *err) {
  size_t d = f->x.n_columns;
  take_mean(f, axes->mean);
  axes->total_variance = *sum_up(f, 1, add_squares);
  if (!isfinite(axes->total_variance))
    return ock_fail(err, OCKHAM_BAD_DATA, "rows must not differ so much that squares of it overflow");
  OCK_TRY(d <= OCKHAM_EXACT_AXES_COLUMNS ? fit_exactly(f, axes, err) : fit_by_rounds(f, axes, err));
  for (size_t a = 0; a < axes->n_axes; a++) turn_positive(axes->directions + a * d, d);
  return OCKHAM_OK;
}

static size_t widest(const ockham_principal_axes *axes) {
  size_t d = axes->n_columns;
  return d <= OCKHAM_EXACT_AXES_COLUMNS ? d * d : ock_size_product(axes->n_axes + SPARE_AXES, d);
}

static ockham_status allocate(axes_fit *f, ockham_principal_axes *axes, ockham_error *err) {
  size_t d = axes->n_columns, n_sums = ock_size_product(N_SLABS, widest(axes));
  axes->mean = ock_alloc_array(d, sizeof *axes->mean);
  axes->directions = ock_alloc_array(ock_size_product(axes->n_axes, d), sizeof *axes->directions);
  axes->variances = ock_alloc_array(axes->n_axes, sizeof *axes->variances);
  f->sums = ock_alloc_array(n_sums, sizeof *f->sums);
  f->rows = ock_alloc_array(ock_size_product(N_SLABS, d), sizeof *f->rows);
  if (!axes->mean || !axes->directions || !axes->variances || !f->sums || !f->rows)
    return ock_fail_memory(err, "the principal axes", ock_size_product(n_sums, sizeof *f->sums));
  return OCKHAM_OK;
}

ockham_status ockham_principal_axes_fit(ockham_rows x, const double *weights, size_t n_axes, size_t threads,
                                        ockham_principal_axes *axes, ockham_error *err) {
  axes_fit f = {.x = x, .weights = weights};
  *axes = (ockham_principal_axes){.n_axes = n_axes, .n_columns = x.n_columns};
  ockham_status status = ock_rows_check(x, "rows", err);
  if (!status && (n_axes == 0 || n_axes > x.n_columns))
    status =
        ock_fail(err, OCKHAM_BAD_ARGUMENT, "n_axes must be from 1 to the %zu columns, found %zu", x.n_columns, n_axes);
  if (!status) status = ock_weights_check(weights, x.n_rows, &f.total_weight, err);
  if (!status) status = allocate(&f, axes, err);
  if (!status) status = ock_pool_new(threads, &f.pool, err);
  if (!status) status = fit_axes(&f, axes, err);
  ock_pool_free(f.pool);
  ock_free(f.sums);
  ock_free(f.rows);
  if (status) ockham_principal_axes_clear(axes);
  return status;
}

void ockham_principal_axes_project(const ockham_principal_axes *axes, ockham_rows x, double *coordinates) {
  size_t d = axes->n_columns;
  for (size_t i = 0; i < x.n_rows; i++)
    for (size_t a = 0; a < axes->n_axes; a++) {
      double sum = 0;
      for (size_t j = 0; j < d; j++) sum += (ock_rows_get(x, i, j) - axes->mean[j]) * axes->directions[a * d + j];
      coordinates[i * axes->n_axes + a] = sum;
    }
}

void ockham_principal_axes_clear(ockham_principal_axes *axes) {
  ock_free(axes->mean);
  ock_free(axes->directions);
  ock_free(axes->variances);
  *axes = (ockham_principal_axes){0};
}
