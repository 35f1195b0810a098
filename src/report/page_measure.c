/* SPDX-License-Identifier: Apache-2.0 */
/* What the page shows of clusters and columns: what distinguishes them. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "report/page.h"

/* ---- columns ---- */

/* Means about the first row, so that no digits are lost to an offset. */
static void measure_means(ock_page *p) {
  size_t d = p->n_columns;
  memset(p->mean, 0, d * sizeof *p->mean);
  for (size_t i = 0; i < p->x.n_rows; i++)
    for (size_t j = 0; j < d; j++)
      p->mean[j] += ock_page_row_weight(p, i) * (ock_rows_get(p->x, i, j) - ock_rows_get(p->x, 0, j));
  for (size_t j = 0; j < d; j++) p->mean[j] = ock_rows_get(p->x, 0, j) + p->mean[j] / p->total_weight;
}

static void measure_deviations(ock_page *p) {
  size_t d = p->n_columns;
  memset(p->sd, 0, d * sizeof *p->sd);
  for (size_t i = 0; i < p->x.n_rows; i++)
    for (size_t j = 0; j < d; j++) {
      double off = ock_rows_get(p->x, i, j) - p->mean[j];
      p->sd[j] += ock_page_row_weight(p, i) * off * off;
    }
  for (size_t j = 0; j < d; j++) p->sd[j] = sqrt(p->sd[j] / p->total_weight);
}

/* Centres of a mixture are not the means of rows, so that the share may be a little above 1. */
static void compare_column(ock_page *p, size_t j) {
  p->explained[j] = 0;
  for (size_t c = 0; c < p->k; c++) {
    size_t at = c * p->n_columns + j;
    double beyond = p->centres[at] - p->mean[j];
    p->distance[at] = p->sd[j] > 1e-12 * fabs(p->mean[j]) && p->sd[j] > 0 ? beyond / p->sd[j] : 0;
    p->explained[j] += ock_report_share(&p->report, c) * p->distance[at] * p->distance[at];
  }
  p->explained[j] = fmin(p->explained[j], 1);
}

typedef struct ranked {
  double value;
  size_t column;
} ranked;

static int compare_ranked(const void *a, const void *b) {
  const ranked *x = a, *y = b;
  if (x->value != y->value) return x->value < y->value ? 1 : -1;
  return (x->column > y->column) - (x->column < y->column);
}

static ockham_status choose_columns(ock_page *p, ockham_error *err) {
  size_t d = p->n_columns;
  ranked *order = ock_page_room(p, d, sizeof *order);
  p->columns = ock_page_room(p, d, sizeof *p->columns);
  if (!order || !p->columns) return ock_fail_memory(err, "the columns of the page", d * sizeof *order);
  for (size_t j = 0; j < d; j++) order[j] = (ranked){p->explained[j], j};
  qsort(order, d, sizeof *order, compare_ranked);
  for (size_t j = 0; j < d; j++) p->columns[j] = order[j].column;
  p->n_shown_columns = d < OCKHAM_PAGE_COLUMNS ? d : OCKHAM_PAGE_COLUMNS;
  return OCKHAM_OK;
}

size_t ock_page_top_columns(const ock_page *p, size_t j, size_t top[OCK_PAGE_TOP]) {
  const double *distance = p->distance + j * p->n_columns;
  size_t n = 0;
  for (size_t l = 0; l < p->n_columns; l++) {
    size_t at = n;
    while (at > 0 && fabs(distance[l]) > fabs(distance[top[at - 1]])) at--;
    if (at == OCK_PAGE_TOP) continue;
    n += n < OCK_PAGE_TOP;
    memmove(top + at + 1, top + at, (n - at - 1) * sizeof *top);
    top[at] = l;
  }
  return n;
}

double ock_page_own_units(const ock_page *p, size_t column, double value) {
  const ockham_scaling *s = p->report.options->scaling;
  return s && s->factor ? value / s->factor[column] + s->centre[column] : value;
}

static ockham_status measure_columns(ock_page *p, ockham_error *err) {
  const ockham_verdict *v = &p->report.verdict;
  size_t d = p->n_columns;
  p->mean = ock_page_room(p, d, sizeof *p->mean);
  p->sd = ock_page_room(p, d, sizeof *p->sd);
  p->explained = ock_page_room(p, d, sizeof *p->explained);
  p->distance = ock_page_room(p, ock_size_product(p->k, d), sizeof *p->distance);
  if (!p->mean || !p->sd || !p->explained || !p->distance)
    return ock_fail_memory(err, "the columns of the page", ock_size_product(p->k, d * sizeof *p->distance));
  p->centres = v->mixture ? v->mixture->means : p->report.curve->points[v->point].centroids;
  measure_means(p);
  measure_deviations(p);
  for (size_t j = 0; j < d; j++) compare_column(p, j);
  return choose_columns(p, err);
}

/* ---- the whole ---- */

static ockham_status check(const ock_page *p, ockham_error *err) {
  OCK_TRY(ock_rows_check(p->x, "rows", err));
  if (p->x.n_columns != p->report.curve->n_columns)
    return ock_fail(err, OCKHAM_BAD_ARGUMENT, "the sweep has %zu columns, and the rows %zu", p->report.curve->n_columns,
                    p->x.n_columns);
  if (!p->labels) return ock_fail(err, OCKHAM_BAD_ARGUMENT, "labels must not be NULL");
  for (size_t i = 0; i < p->x.n_rows; i++)
    if (p->labels[i] >= p->k)
      return ock_fail_at(err, OCKHAM_BAD_ARGUMENT, i + 1, 0, "labels must be below %zu: that of row %zu is %u", p->k,
                         i + 1, (unsigned)p->labels[i]);
  return OCKHAM_OK;
}

ockham_status ock_page_measure(ock_page *p, ockham_error *err) {
  p->k = p->report.verdict.k;
  p->n_columns = p->x.n_columns;
  OCK_TRY(check(p, err));
  OCK_TRY(ock_weights_check(p->options->weights, p->x.n_rows, &p->total_weight, err));
  OCK_TRY(measure_columns(p, err));
  return p->n_columns == 1 ? ock_page_fill_bins(p, err) : ock_page_draw_map(p, err);
}

void ock_page_clear(ock_page *p) {
  ockham_principal_axes_clear(&p->axes);
  ock_arena_clear(&p->arena);
}
