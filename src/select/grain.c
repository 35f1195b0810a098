/* SPDX-License-Identifier: Apache-2.0 */
/* Values on a grid (counts, codes, what was rounded) repeat, and densities take what repeats for clusters of no width.
 * Each stands for all that would be rounded to it: so they are spread evenly over their step, as is usual for
 * quantiles of counts (Machado & Santos Silva, JASA 100, 2005, doi:10.1198/016214505000000330). */
#include <math.h>
#include <stdlib.h>

#include "select/mixtures.h"
#include "stats/internal.h"

enum { RNG_STREAM_JITTER = 0x6a69 };

/* The least gap between two of many values that repeat; 0 where they hardly do. Also counts different ones. */
static double find_gap(const double *sorted, size_t n, size_t *count) {
  const double repeat = 0.9; /* no more than this share of them are different */
  double gap = INFINITY;
  size_t n_different = 1;
  for (size_t i = 1; i < n; i++) {
    if (!(sorted[i] > sorted[i - 1])) continue;
    gap = fmin(gap, sorted[i] - sorted[i - 1]);
    n_different++;
  }
  *count = n_different;
  return isfinite(gap) && (double)n_different < repeat * (double)n ? gap : 0;
}

/* Whether all differences are multiples of the gap. */
static bool is_grid(const double *sorted, size_t n, double gap) {
  const double rounding = 1e-3;
  for (size_t i = 1; gap > 0 && i < n; i++) {
    double steps = (sorted[i] - sorted[i - 1]) / gap;
    if (fabs(steps - round(steps)) > rounding) return false;
  }
  return gap > 0;
}

bool ock_grain_find(const ock_store *store, ock_grain *grain) {
  size_t n = store->n;
  double *values = ock_alloc_array(n, sizeof *values);
  for (size_t l = 0; values && l < store->d; l++) {
    ock_store_read_column(store, l, values);
    qsort(values, n, sizeof *values, ock_compare_doubles);
    size_t n_different;
    double gap = find_gap(values, n, &n_different);
    grain[l] = (ock_grain){.gap = gap,
                           .step = !store->weight && is_grid(values, n, gap) ? gap : 0,
                           .n_different = n_different,
                           .middle_variance = ock_quartile_variance(values, n)};
  }
  ock_free(values);
  return values != NULL;
}

void ock_grain_spread(ock_store *store, const ock_grain *grain, uint64_t seed) {
  for (size_t i = 0; i < store->n; i++) {
    /* A row moves alike in any store that it is in. */
    ock_rng rng = ock_rng_make(seed, ((uint64_t)RNG_STREAM_JITTER << 40) + store->row[i]);
    double *panel = (double *)store->panels + i / OCK_PANEL * store->d * OCK_PANEL;
    for (size_t l = 0; l < store->d; l++)
      if (grain[l].step > 0)
        panel[ock_strip_place(store->d, i % OCK_PANEL, l)] += grain[l].step * (ock_rng_uniform(&rng) - 0.5);
  }
}
