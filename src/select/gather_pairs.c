/* SPDX-License-Identifier: Apache-2.0 */
/* Pairs of rows, gathered for every k of a sweep: of all rows, or of some evenly drawn. Their distances are found and
 * sorted once; then every k walks up the same order. */
#include "select/evidence.h"
#include "select/row_pairs.h"

enum { RNG_STREAM_PAIRS = 900 };

/* The rows that are looked at, and the clusterings of all. */
typedef struct gathering {
  ock_paired_rows rows;
  const ock_fit *fits; /* of k_min ... */
  ock_pair_scratch *scratch;
  uint16_t **label; /* a worker: of the rows */
  double **panel;
  ockham_pair_statistics *found; /* of k_min ... */
} gathering;

/* ---- one k ---- */

static void measure_point(void *arg, size_t i, size_t worker) {
  const gathering *g = arg;
  const ock_fit *fit = &g->fits[i];
  ock_row_labels labels = {.k = fit->k, .centroids = fit->centroids, .label = g->label[worker]};
  ockham_rows x = {.data = g->rows.x, .n_rows = g->rows.n, .n_columns = g->rows.d};
  ock_fits_label(fit, 1, x, g->rows.origin, g->panel[worker], g->label[worker]);
  ock_pair_statistics(&g->rows, &labels, &g->scratch[worker], &g->found[i]);
}

/* ---- every k ---- */

static bool make_room(gathering *g, size_t n_workers, size_t k_max, ock_arena *arena) {
  const ock_paired_rows *rows = &g->rows;
  g->scratch = ock_arena_array(arena, n_workers, sizeof *g->scratch);
  g->label = ock_arena_array(arena, n_workers, sizeof *g->label);
  g->panel = ock_arena_array(arena, n_workers, sizeof *g->panel);
  if (!g->scratch || !g->label || !g->panel) return false;
  for (size_t w = 0; w < n_workers; w++) {
    g->label[w] = ock_arena_array(arena, rows->n, sizeof **g->label);
    g->panel[w] = ock_arena_array(arena, ock_size_product(rows->d, OCK_PANEL), sizeof(double));
    if (!g->label[w] || !g->panel[w] || !ock_pair_scratch_init(&g->scratch[w], rows, k_max, arena)) return false;
  }
  return true;
}

static ockham_status gather(gathering *g, const ock_run *r, ockham_sweep *sweep, ock_ticker *ticker,
                            ockham_error *err) {
  size_t n_points = sweep->k_max + 1 - sweep->k_min, n_workers = ock_pool_size(r->pool);
  ock_arena arena = {0};
  ockham_status status = OCKHAM_OK;
  g->fits = &sweep->fits[sweep->k_min - 1];
  g->found = ock_alloc_array(n_points, sizeof *g->found);
  if (g->found && make_room(g, n_workers, sweep->k_max, &arena))
    ock_pool_run_watched(r->pool, ticker, n_points, measure_point, g);
  else
    status = ock_fail_memory(err, "pairs of clusters", ock_size_product(n_workers, sweep->k_max * sweep->k_max * 16));
  ock_arena_clear(&arena);
  if (status || ticker->stopped)
    ock_free(g->found);
  else
    sweep->pairs = g->found;
  return status;
}

/* ---- which rows ---- */

/* The rows in the frame's units, and their weights as they are in the data. */
static void copy_rows(const ock_run *r, const uint32_t *row, size_t n, double *x, double *origin, double *weights) {
  size_t d = r->x.n_columns;
  for (size_t i = 0; i < n; i++) {
    size_t from = row ? row[i] : i;
    for (size_t l = 0; l < d; l++) x[i * d + l] = ock_rows_get(r->x, from, l) * r->frame.unit;
    if (r->frame.weights) weights[i] = r->frame.weights[from];
  }
  for (size_t l = 0; l < d; l++) origin[l] = r->frame.origin[l] * r->frame.unit;
}

static ockham_status gather_from(ock_run *r, ockham_sweep *sweep, const uint32_t *row, size_t n, ock_arena *arena,
                                 ockham_error *err) {
  size_t d = r->x.n_columns;
  double *x = ock_arena_array(arena, ock_size_product(n, d), sizeof *x), *origin = ock_arena_array(arena, d, sizeof *x);
  double *raw = ock_arena_array(arena, n, sizeof *raw), *weights = ock_arena_array(arena, n, sizeof *weights);
  if (!x || !origin || !raw || !weights) return ock_fail_memory(err, "rows", ock_size_product(n, d * sizeof *x));
  copy_rows(r, row, n, x, origin, raw);
  gathering g = {.rows = {.n = n, .d = d, .x = x, .origin = origin, .unit = r->frame.unit}};
  OCK_TRY(ock_paired_rows_init(&g.rows, r->frame.weights ? raw : NULL, weights, r->pool, err));
  ockham_status status = gather(&g, r, sweep, &r->ticker, err);
  if (!status && sweep->pairs && row) sweep->pair_rows = n;
  ock_paired_rows_clear(&g.rows);
  return status;
}

ockham_status ock_gather_pairs(ock_run *r, ockham_sweep *sweep, ockham_error *err) {
  size_t n = r->x.n_rows < OCKHAM_PAIR_ROWS ? r->x.n_rows : OCKHAM_PAIR_ROWS;
  uint32_t *row;
  ock_arena arena = {0};
  r->ticker.stage = "pairs of rows";
  if (ock_ticker_stopped(&r->ticker)) return OCKHAM_OK;
  OCK_TRY(ock_rows_sample(r->x.n_rows, n, r->options->seed + RNG_STREAM_PAIRS, &row, err));
  ockham_status status = gather_from(r, sweep, row, n, &arena, err);
  ock_arena_clear(&arena);
  ock_free(row);
  return status;
}
