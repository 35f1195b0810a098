/* SPDX-License-Identifier: Apache-2.0 */
/* Changing the set of centres under labels and bounds that are kept. All changes are one pass over the rows: rows that
 * lose their centre are orphans and search among all centres; every other row compares the one or two offered
 * centres with what it has. */
#include <math.h>
#include <string.h>

#include "cluster/lloyd.h"

enum { NONE = UINT32_MAX };

typedef struct centre_change {
  ock_lloyd *s;
  uint32_t offered[2]; /* the numbers of the centres that are new or have moved */
  size_t n_offered;
  uint32_t orphan_a, orphan_b; /* numbers whose rows must search; NONE: no rows */
  uint32_t renamed;            /* rows of this number get the number renamed_to; NONE: no rows */
  uint32_t renamed_to;
} centre_change;

static void adopt(ock_lloyd *s, ock_lloyd_block *block, double *panel, ock_search *orphans) {
  double nearest[OCK_PANEL], second[OCK_PANEL];
  uint32_t label[OCK_PANEL];
  if (orphans->n == 0) return;
  ock_panel_gather(s->kernels, s->x, s->origin, orphans->row, orphans->n, panel);
  s->kernels->nearest_two(panel, s->d, s->centroids, s->k, label, nearest, second);
  for (size_t r = 0; r < orphans->n; r++) {
    size_t i = orphans->row[r];
    s->label[i] = label[r];
    s->upper[i] = sqrt(nearest[r]);
    s->lower[i] = sqrt(second[r]);
    ock_lloyd_add_row(s, i, 1, block->sums + label[r] * s->d);
    block->counts[label[r]]++;
  }
  block->n_changed += orphans->n;
  orphans->n = 0;
}

/* Row i, whose centre stays, compares an offered one at this distance. */
static void offer(const centre_change *change, ock_lloyd_block *block, size_t i, uint32_t offered, double distance) {
  ock_lloyd *s = change->s;
  if (distance >= s->upper[i]) {
    if (distance < s->lower[i]) s->lower[i] = distance;
    return;
  }
  uint32_t old = s->label[i];
  ock_lloyd_add_row(s, i, -1, block->sums + old * s->d);
  ock_lloyd_add_row(s, i, +1, block->sums + offered * s->d);
  block->counts[old]--;
  block->counts[offered]++;
  block->n_changed++;
  s->label[i] = offered;
  s->lower[i] = s->upper[i]; /* the old centre is the nearest of the others: upper was exact */
  s->upper[i] = distance;
}

static void reseat_block(void *arg, size_t b, size_t worker) {
  const centre_change *change = arg;
  ock_lloyd *s = change->s;
  ock_lloyd_block *block = &s->blocks[b];
  double *panel = s->workers[worker].panel, squared[2][OCK_PANEL];
  ock_search orphans = {.n = 0};
  for (size_t first = block->first; first < block->end; first += OCK_PANEL) {
    size_t n = block->end - first < OCK_PANEL ? block->end - first : OCK_PANEL;
    ock_panel_load(s->kernels, s->x, s->origin, first, n, panel);
    for (size_t o = 0; o < change->n_offered; o++)
      s->kernels->distances(panel, s->d, s->centroids + change->offered[o] * s->d, 1, squared[o]);
    for (size_t r = 0; r < n; r++) {
      size_t i = first + r;
      if (s->label[i] == change->orphan_a || s->label[i] == change->orphan_b) {
        orphans.row[orphans.n++] = i;
        if (orphans.n == OCK_PANEL) adopt(s, block, panel, &orphans);
        continue;
      }
      if (s->label[i] == change->renamed) s->label[i] = change->renamed_to;
      for (size_t o = 0; o < change->n_offered; o++) offer(change, block, i, change->offered[o], sqrt(squared[o][r]));
    }
  }
  adopt(s, block, panel, &orphans);
}

static void reseat(ock_lloyd *s, centre_change change) {
  change.s = s;
  ock_lloyd_zero_blocks(s);
  ock_lloyd_run_blocks(s, reseat_block, &change);
  ock_lloyd_reduce_blocks(s);
}

static void set_centre(ock_lloyd *s, size_t j, const double *position) {
  memcpy(s->centroids + j * s->d, position, s->d * sizeof(double));
  memset(s->sums + j * s->d, 0, s->d * sizeof(double));
  s->counts[j] = 0;
}

static const centre_change no_change = {.orphan_a = NONE, .orphan_b = NONE, .renamed = NONE};

void ock_lloyd_insert(ock_lloyd *s, const double *position) {
  centre_change change = no_change;
  set_centre(s, s->k, position);
  change.offered[change.n_offered++] = (uint32_t)s->k++;
  reseat(s, change);
}

void ock_lloyd_move(ock_lloyd *s, size_t j, const double *position) {
  centre_change change = no_change;
  set_centre(s, j, position);
  change.offered[change.n_offered++] = change.orphan_a = (uint32_t)j;
  reseat(s, change);
}

void ock_lloyd_split(ock_lloyd *s, size_t j, const double *positions) {
  centre_change change = no_change;
  set_centre(s, j, positions);
  set_centre(s, s->k, positions + s->d);
  change.offered[change.n_offered++] = change.orphan_a = (uint32_t)j;
  change.offered[change.n_offered++] = (uint32_t)s->k++;
  reseat(s, change);
}

void ock_lloyd_merge(ock_lloyd *s, size_t a, size_t b) {
  if (a > b) {
    size_t swap = a;
    a = b;
    b = swap;
  }
  size_t last = --s->k;
  double *mean = s->previous; /* free between steps */
  double count = (double)(s->counts[a] + s->counts[b]);
  for (size_t l = 0; l < s->d; l++) mean[l] = (s->sums[a * s->d + l] + s->sums[b * s->d + l]) / count;
  if (count == 0) memcpy(mean, s->centroids + a * s->d, s->d * sizeof(double)); /* no rows, no mean */
  set_centre(s, a, mean);
  if (b != last) {
    memcpy(s->centroids + b * s->d, s->centroids + last * s->d, s->d * sizeof(double));
    memcpy(s->sums + b * s->d, s->sums + last * s->d, s->d * sizeof(double));
    s->counts[b] = s->counts[last];
  }
  centre_change change = no_change;
  change.offered[change.n_offered++] = change.orphan_a = (uint32_t)a;
  change.orphan_b = (uint32_t)b;
  if (b != last) change.renamed = (uint32_t)last;
  change.renamed_to = (uint32_t)b;
  reseat(s, change);
}
