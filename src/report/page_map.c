/* SPDX-License-Identifier: Apache-2.0 */
/* Where the page draws rows: on two axes, with the centres and components of clusters; or one column, in bins. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "report/page.h"

/* ---- which rows ---- */

/* Of those that count, so many with equal chances; in random order, so that no cluster hides the others. */
static ockham_status choose_rows(ock_page *p, ockham_error *err) {
  size_t n = p->x.n_rows, left = 0;
  ock_rng rng = ock_rng_make(p->report.options->seed, 1);
  for (size_t i = 0; i < n; i++) left += ock_page_row_weight(p, i) > 0;
  size_t wanted = left < OCKHAM_PAGE_ROWS ? left : OCKHAM_PAGE_ROWS;
  p->rows = ock_page_room(p, wanted, sizeof *p->rows);
  if (!p->rows) return ock_fail_memory(err, "the rows of the page", wanted * sizeof *p->rows);
  for (size_t i = 0; i < n && p->n_shown_rows < wanted; i++) {
    if (!(ock_page_row_weight(p, i) > 0)) continue;
    if (ock_rng_below(&rng, left--) < wanted - p->n_shown_rows) p->rows[p->n_shown_rows++] = i;
  }
  for (size_t i = wanted; i > 1; i--) {
    size_t other = (size_t)ock_rng_below(&rng, i), swap = p->rows[i - 1];
    p->rows[i - 1] = p->rows[other];
    p->rows[other] = swap;
  }
  return OCKHAM_OK;
}

static int compare_labels(const void *a, const void *b) {
  uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
  return (x > y) - (x < y);
}

static ockham_status find_known(ock_page *p, ockham_error *err) {
  const uint32_t *known = p->options->known_labels;
  size_t n = p->n_shown_rows;
  if (!known) return OCKHAM_OK;
  uint32_t *values = ock_page_room(p, n, sizeof *values), *of_rows = ock_page_room(p, n, sizeof *of_rows);
  if (!values || !of_rows) return ock_fail_memory(err, "the labels of the page", 2 * n * sizeof *values);
  for (size_t i = 0; i < n; i++) values[i] = known[p->rows[i]];
  qsort(values, n, sizeof *values, compare_labels);
  size_t n_values = 0;
  for (size_t i = 0; i < n; i++)
    if (i == 0 || values[i] != values[n_values - 1]) values[n_values++] = values[i];
  for (size_t i = 0; i < n; i++) {
    const uint32_t *at = bsearch(&known[p->rows[i]], values, n_values, sizeof *values, compare_labels);
    of_rows[i] = (uint32_t)(at - values);
  }
  p->known = (ock_known){.values = values, .n_values = n_values, .of_rows = of_rows};
  return OCKHAM_OK;
}

/* ---- on two axes ---- */

/* Of two columns both are shown as they are: x = (x' + centre factor) / factor is as linear as a projection. */
static void show_columns(ock_page *p) {
  const ockham_scaling *s = p->report.options->scaling;
  p->plain = true;
  for (size_t a = 0; a < 2; a++) {
    double factor = s && s->factor ? s->factor[a] : 1, centre = s && s->factor ? s->centre[a] : 0;
    p->axes.mean[a] = -centre * factor;
    p->axes.directions[2 * a + a] = 1 / factor;
    p->axes.directions[2 * a + 1 - a] = 0;
  }
}

/* The axes are those of the rows that are shown: the others weigh nothing. */
static ockham_status find_axes(ock_page *p, ockham_error *err) {
  double *weights = ock_page_room(p, p->x.n_rows, sizeof *weights);
  if (!weights) return ock_fail_memory(err, "the rows of the page", p->x.n_rows * sizeof *weights);
  memset(weights, 0, p->x.n_rows * sizeof *weights);
  for (size_t i = 0; i < p->n_shown_rows; i++) weights[p->rows[i]] = ock_page_row_weight(p, p->rows[i]);
  OCK_TRY(ockham_principal_axes_fit(p->x, weights, 2, p->options->threads, &p->axes, err));
  if (p->n_columns == 2) show_columns(p);
  return OCKHAM_OK;
}

static ockham_rows one_row(ockham_rows x, size_t i) {
  size_t at = i * ock_rows_stride(x);
  const void *data = x.dtype == OCKHAM_FLOAT32 ? (const void *)((const float *)x.data + at)
                                               : (const void *)((const double *)x.data + at);
  return (ockham_rows){.data = data, .n_rows = 1, .n_columns = x.n_columns, .dtype = x.dtype};
}

/* coordinates: n x 2 */
static void quantise(const double *coordinates, size_t n, size_t axis, ock_places *places) {
  double low = INFINITY, high = -INFINITY;
  for (size_t i = 0; i < n; i++) {
    low = fmin(low, coordinates[2 * i + axis]);
    high = fmax(high, coordinates[2 * i + axis]);
  }
  places->low = low;
  places->step = high > low ? (high - low) / UINT16_MAX : 1;
  for (size_t i = 0; i < n; i++)
    places->numbers[i] = (uint16_t)((coordinates[2 * i + axis] - low) / places->step + 0.5);
}

static ockham_status place_rows(ock_page *p, ockham_error *err) {
  size_t n = p->n_shown_rows;
  double *coordinates = ock_page_room(p, n, 2 * sizeof *coordinates);
  bool enough = coordinates != NULL;
  for (size_t a = 0; a < 2; a++) {
    p->places[a].numbers = ock_page_room(p, n, sizeof *p->places[a].numbers);
    enough = enough && p->places[a].numbers;
  }
  if (!enough) return ock_fail_memory(err, "the rows of the page", 2 * n * sizeof *coordinates);
  for (size_t i = 0; i < n; i++)
    ockham_principal_axes_project(&p->axes, one_row(p->x, p->rows[i]), coordinates + 2 * i);
  for (size_t a = 0; a < 2; a++) quantise(coordinates, n, a, &p->places[a]);
  return OCKHAM_OK;
}

/* Between two directions, a covariance, which is a diagonal or d x d: a' C b. */
static double covariance_between(const double *a, const double *covariance, bool diagonal, const double *b, size_t d) {
  double sum = 0;
  for (size_t i = 0; i < d; i++) {
    double image = diagonal ? covariance[i] * b[i] : 0;
    for (size_t j = 0; !diagonal && j < d; j++) image += covariance[i * d + j] * b[j];
    sum += a[i] * image;
  }
  return sum;
}

static void project_covariances(ock_page *p, const ockham_mixture *m) {
  size_t d = p->n_columns, size = ockham_covariance_size(m->family, d);
  const double *x = p->axes.directions, *y = x + d;
  for (size_t j = 0; j < p->k; j++) {
    const double *c = m->covariances + j * size;
    p->ellipses[3 * j] = covariance_between(x, c, size == d, x, d);
    p->ellipses[3 * j + 1] = covariance_between(x, c, size == d, y, d);
    p->ellipses[3 * j + 2] = covariance_between(y, c, size == d, y, d);
  }
}

static ockham_status place_clusters(ock_page *p, ockham_error *err) {
  const ockham_mixture *mixture = p->report.verdict.mixture;
  p->map_centres = ock_page_room(p, p->k, 2 * sizeof *p->map_centres);
  if (mixture) p->ellipses = ock_page_room(p, p->k, 3 * sizeof *p->ellipses);
  if (!p->map_centres || (mixture && !p->ellipses))
    return ock_fail_memory(err, "the clusters of the page", 5 * p->k * sizeof *p->map_centres);
  ockham_rows centres = {.data = p->centres, .n_rows = p->k, .n_columns = p->n_columns};
  ockham_principal_axes_project(&p->axes, centres, p->map_centres);
  if (mixture) project_covariances(p, mixture);
  return OCKHAM_OK;
}

ockham_status ock_page_draw_map(ock_page *p, ockham_error *err) {
  OCK_TRY(choose_rows(p, err));
  OCK_TRY(find_known(p, err));
  OCK_TRY(find_axes(p, err));
  OCK_TRY(place_rows(p, err));
  return place_clusters(p, err);
}

/* ---- one column: a histogram ---- */

static size_t choose_bins(const ock_page *p) {
  enum { LEAST_BINS = 10, MOST_BINS = 60 };
  size_t wanted = (size_t)(2 * cbrt((double)p->x.n_rows)) + 2 * p->k;
  return wanted < LEAST_BINS ? LEAST_BINS : wanted > MOST_BINS ? MOST_BINS : wanted;
}

ockham_status ock_page_fill_bins(ock_page *p, ockham_error *err) {
  ock_histogram *h = &p->histogram;
  double high = -INFINITY;
  size_t n_bins = choose_bins(p), count = n_bins * p->k;
  *h = (ock_histogram){.low = INFINITY, .n_bins = n_bins, .weights = ock_page_room(p, count, sizeof *h->weights)};
  if (!h->weights) return ock_fail_memory(err, "the bins of the page", count * sizeof *h->weights);
  memset(h->weights, 0, count * sizeof *h->weights);
  for (size_t i = 0; i < p->x.n_rows; i++) {
    h->low = fmin(h->low, ock_rows_get(p->x, i, 0));
    high = fmax(high, ock_rows_get(p->x, i, 0));
  }
  h->width = high > h->low ? (high - h->low) / (double)n_bins : 1;
  for (size_t i = 0; i < p->x.n_rows; i++) {
    size_t bin = (size_t)((ock_rows_get(p->x, i, 0) - h->low) / h->width);
    if (bin >= n_bins) bin = n_bins - 1;
    h->weights[bin * p->k + p->labels[i]] += ock_page_row_weight(p, i);
  }
  return OCKHAM_OK;
}
