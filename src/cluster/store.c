/* SPDX-License-Identifier: Apache-2.0 */
/* Rows copied into panels, in an order of our choice. */
#include <math.h>
#include <string.h>

#include "cluster/internal.h"

enum { PANELS_A_TASK = 16 };

/* A mean squared distance of fewer roundings than this is too fine for floats. */
static const double fine = 16;

bool ock_store_is_too_fine(const ock_store *store, double inertia) {
  if (ock_store_is_wide(store)) return false;
  double typical = sqrt(store->squares / store->total);
  return inertia <= fine * store->total * ock_contest_rounding(sizeof(float), store->d, 2 * typical, 2 * typical);
}

typedef struct fill_task {
  ock_store *store;
  ockham_rows x;
  const ock_kernels *kernels;
  double *scratch; /* a worker: d x OCK_PANEL */
  double *squares; /* a task: sum of |x|^2, and that of weights */
} fill_task;

double ock_store_bytes(size_t n, size_t d, bool wide) {
  return (double)n * ((double)(d + 1) * (wide ? sizeof(double) : sizeof(float)) + sizeof(uint32_t));
}

/* Round one panel to elements, lay it out in strips, and take the squares of its rows. */
static double round_panel(ock_store *store, size_t p, const double *wide_panel) {
  size_t d = store->d, n = store->n - p * OCK_PANEL < OCK_PANEL ? store->n - p * OCK_PANEL : OCK_PANEL;
  bool wide = ock_store_is_wide(store);
  void *panel = (void *)ock_store_panel(store, p), *half_squares = (void *)ock_store_half_squares(store, p);
  double squares[OCK_PANEL] = {0}, total = 0, farthest = 0;
  for (size_t l = 0; l < d; l++)
    for (size_t r = 0; r < OCK_PANEL; r++) {
      double value = wide_panel[l * OCK_PANEL + r] * store->frame->unit;
      if (!wide) value = (double)(float)value;
      ock_element_set(panel, ock_strip_place(d, r, l), wide, value);
      squares[r] += value * value;
    }
  for (size_t r = 0; r < OCK_PANEL; r++) {
    ock_element_set(half_squares, r, wide, squares[r] / 2);
    if (r < n) total += ock_store_weight(store, p * OCK_PANEL + r) * squares[r];
    farthest = squares[r] > farthest ? squares[r] : farthest;
  }
  store->reach[p] = (float)(sqrt(farthest) * (1 + 1e-6));
  return total;
}

static void fill_panels(void *arg, size_t task, size_t worker) {
  const fill_task *t = arg;
  ock_store *store = t->store;
  size_t end = (task + 1) * PANELS_A_TASK < store->n_panels ? (task + 1) * PANELS_A_TASK : store->n_panels;
  double *panel = t->scratch + worker * store->d * OCK_PANEL;
  double *sums = t->squares + 2 * task;
  sums[0] = sums[1] = 0;
  for (size_t p = task * PANELS_A_TASK; p < end; p++) {
    size_t index[OCK_PANEL], n = store->n - p * OCK_PANEL < OCK_PANEL ? store->n - p * OCK_PANEL : OCK_PANEL;
    for (size_t r = 0; r < n; r++) index[r] = store->row[p * OCK_PANEL + r];
    ock_panel_gather(t->kernels, t->x, store->frame->origin, index, n, panel);
    for (size_t r = 0; store->weight && r < OCK_PANEL; r++)
      store->weight[p * OCK_PANEL + r] = r < n ? store->frame->weights[index[r]] : 0;
    sums[0] += round_panel(store, p, panel);
    for (size_t r = 0; r < n; r++) sums[1] += ock_store_weight(store, p * OCK_PANEL + r);
  }
}

static bool allocate(ock_store *store, size_t element_bytes) {
  size_t panel_bytes = ock_size_product(store->d, OCK_PANEL * element_bytes);
  store->panels = ock_alloc_array(store->n_panels, panel_bytes);
  store->half_squares = ock_alloc_array(store->n_panels, OCK_PANEL * element_bytes);
  store->reach = ock_alloc_array(store->n_panels, sizeof(float));
  store->row = ock_alloc_array(store->n, sizeof(uint32_t));
  bool weighted = store->frame->weights != NULL;
  store->weight = weighted ? ock_alloc_array(store->n_panels, OCK_PANEL * sizeof(double)) : NULL;
  return store->panels && store->half_squares && store->reach && store->row && (store->weight || !weighted);
}

ockham_status ock_store_init(ock_store *store, const ock_frame *frame, ockham_rows x, const uint32_t *row, size_t n,
                             bool wide, ock_pool *pool, ockham_error *err) {
  const ock_kernels *kernels = ock_kernels_pick();
  *store = (ock_store){.frame = frame,
                       .search = wide ? kernels->wide : kernels->narrow,
                       .n = n,
                       .d = x.n_columns,
                       .n_panels = (n + OCK_PANEL - 1) / OCK_PANEL};
  size_t n_tasks = (store->n_panels + PANELS_A_TASK - 1) / PANELS_A_TASK;
  double *scratch = ock_alloc_array(ock_pool_size(pool), ock_size_product(store->d, OCK_PANEL * sizeof(double)));
  double *squares = ock_alloc_array(n_tasks, 2 * sizeof *squares);
  bool fits = allocate(store, store->search->element_bytes) && scratch && squares;
  if (fits) {
    for (size_t i = 0; i < n; i++) store->row[i] = row ? row[i] : (uint32_t)i;
    ock_pool_run(pool, n_tasks, fill_panels, &(fill_task){store, x, kernels, scratch, squares});
    for (size_t t = 0; t < n_tasks; t++) {
      store->squares += squares[2 * t];
      store->total += squares[2 * t + 1];
    }
  }
  ock_free(scratch);
  ock_free(squares);
  if (fits) return OCKHAM_OK;
  ock_store_clear(store);
  return ock_fail_memory(err, "a copy of the rows", (size_t)ock_store_bytes(n, x.n_columns, wide));
}

void ock_store_clear(ock_store *store) {
  ock_free(store->panels);
  ock_free(store->half_squares);
  ock_free(store->reach);
  ock_free(store->row);
  ock_free(store->weight);
  *store = (ock_store){0};
}

void ock_store_read_row(const ock_store *store, size_t place, double *values) {
  const void *panel = ock_store_panel(store, place / OCK_PANEL);
  for (size_t l = 0; l < store->d; l++)
    values[l] = ock_element(panel, ock_strip_place(store->d, place % OCK_PANEL, l), ock_store_is_wide(store));
}

void ock_store_read_column(const ock_store *store, size_t l, double *values) {
  for (size_t i = 0; i < store->n; i++)
    values[i] = ock_element(ock_store_panel(store, i / OCK_PANEL), ock_strip_place(store->d, i % OCK_PANEL, l),
                            ock_store_is_wide(store));
}

/* ---- another order ---- */

typedef struct reorder_task {
  const ock_store *from;
  ock_store *to;
  const uint32_t *order;
} reorder_task;

static void copy_row(const ock_store *from, size_t a, ock_store *to, size_t b) {
  size_t d = from->d, r = a % OCK_PANEL, s = b % OCK_PANEL, first = ock_strip_place(d, r, 0);
  size_t target = ock_strip_place(d, s, 0);
  if (ock_store_is_wide(from)) {
    const double *x = ock_store_panel(from, a / OCK_PANEL);
    double *y = (double *)ock_store_panel(to, b / OCK_PANEL);
    for (size_t l = 0; l < d; l++) y[target + l * OCK_STRIP] = x[first + l * OCK_STRIP];
    ((double *)to->half_squares)[b] = ((const double *)from->half_squares)[a];
  } else {
    const float *x = ock_store_panel(from, a / OCK_PANEL);
    float *y = (float *)ock_store_panel(to, b / OCK_PANEL);
    for (size_t l = 0; l < d; l++) y[target + l * OCK_STRIP] = x[first + l * OCK_STRIP];
    ((float *)to->half_squares)[b] = ((const float *)from->half_squares)[a];
  }
}

static void reorder_panels(void *arg, size_t task, size_t worker) {
  (void)worker;
  const reorder_task *t = arg;
  ock_store *to = t->to;
  size_t end = (task + 1) * PANELS_A_TASK < to->n_panels ? (task + 1) * PANELS_A_TASK : to->n_panels;
  for (size_t p = task * PANELS_A_TASK; p < end; p++) {
    double farthest = 0;
    for (size_t r = 0; r < OCK_PANEL; r++) {
      size_t place = p * OCK_PANEL + r;
      size_t source = place < to->n ? t->order[place] : t->order[p * OCK_PANEL];
      copy_row(t->from, source, to, place);
      if (place < to->n) to->row[place] = t->from->row[source];
      if (to->weight) to->weight[place] = place < to->n ? t->from->weight[source] : 0;
      farthest = fmax(farthest, ock_element(to->half_squares, place, ock_store_is_wide(to)));
    }
    to->reach[p] = (float)(sqrt(2 * farthest) * (1 + 1e-6));
  }
}

bool ock_store_reorder(ock_store *store, const uint32_t *order, ock_pool *pool) {
  ock_store to = *store;
  if (!allocate(&to, store->search->element_bytes)) {
    ock_store_clear(&to);
    return false;
  }
  ock_pool_run(pool, (store->n_panels + PANELS_A_TASK - 1) / PANELS_A_TASK, reorder_panels,
               &(reorder_task){store, &to, order});
  ock_store_clear(store);
  *store = to;
  return true;
}
