/* SPDX-License-Identifier: Apache-2.0 */
/* Which cluster should be cut in two, and where: a contest of some cuts, each improved by 2-means inside its cluster.
 */
#include <math.h>
#include <string.h>

#include "cluster/lloyd.h"

enum { LOCAL_STEPS = 3 };

/* Candidate c cuts cluster label[c] between positions[2 c] and positions[2 c + 1]. */
typedef struct cut_contest {
  ock_lloyd *s;
  size_t n;
  uint32_t label[OCK_MAX_CANDIDATES];
  double *positions;
} cut_contest;

/* Rows of the clusters in the contest, waiting until there is a panel of them for one candidate. */
typedef struct waiting_rows {
  size_t n;
  size_t row[OCK_PANEL];
} waiting_rows;

static void take_sides(const cut_contest *contest, size_t c, ock_lloyd_block *block, ock_lloyd_worker *worker,
                       waiting_rows *rows) {
  const ock_lloyd *s = contest->s;
  ock_panel_gather(s->kernels, s->x, s->origin, rows->row, rows->n, worker->panel);
  s->kernels->distances(worker->panel, s->d, contest->positions + 2 * c * s->d, 2, worker->candidates);
  for (size_t r = 0; r < rows->n; r++) {
    if (worker->candidates[r] >= worker->candidates[OCK_PANEL + r]) continue;
    ock_lloyd_add_row(s, rows->row[r], 1, block->sums + c * s->d);
    block->counts[c]++;
  }
  rows->n = 0;
}

/* Sum the rows of each contested cluster that are nearer to the first of its two positions. */
static void cut_block(void *arg, size_t b, size_t worker) {
  const cut_contest *contest = arg;
  const ock_lloyd *s = contest->s;
  ock_lloyd_block *block = &s->blocks[b];
  waiting_rows waiting[OCK_MAX_CANDIDATES];
  memset(block->sums, 0, contest->n * s->d * sizeof(double));
  memset(block->counts, 0, contest->n * sizeof(int64_t));
  for (size_t c = 0; c < contest->n; c++) waiting[c].n = 0;
  for (size_t c = 0; c < contest->n; c++) {
    for (size_t i = block->first; i < block->end; i++) {
      if (s->label[i] != contest->label[c]) continue;
      waiting[c].row[waiting[c].n++] = i;
      if (waiting[c].n == OCK_PANEL) take_sides(contest, c, block, &s->workers[worker], &waiting[c]);
    }
    if (waiting[c].n > 0) take_sides(contest, c, block, &s->workers[worker], &waiting[c]);
  }
}

/* One step of 2-means for every candidate: its positions become the means of the two sides. Returns, for each, by how
 * much cutting there lowers the inertia: n_1 n_2 / (n_1 + n_2) |m_1 - m_2|^2, or 0 when one side is empty. */
static void step(cut_contest *contest, double *gain) {
  ock_lloyd *s = contest->s;
  ock_lloyd_run_blocks(s, cut_block, contest);
  for (size_t c = 0; c < contest->n; c++) {
    double *sum = s->blocks[0].sums + c * s->d;
    int64_t count = s->blocks[0].counts[c];
    for (size_t b = 1; b < s->n_blocks; b++) {
      count += s->blocks[b].counts[c];
      for (size_t l = 0; l < s->d; l++) sum[l] += s->blocks[b].sums[c * s->d + l];
    }
    size_t j = contest->label[c];
    double n_1 = (double)count, n_2 = (double)s->counts[j] - n_1;
    double *m_1 = contest->positions + 2 * c * s->d, *m_2 = m_1 + s->d;
    gain[c] = 0;
    if (n_1 < 1 || n_2 < 1) continue;
    for (size_t l = 0; l < s->d; l++) {
      m_1[l] = sum[l] / n_1;
      m_2[l] = (s->sums[j * s->d + l] - sum[l]) / n_2;
    }
    gain[c] = n_1 * n_2 / (n_1 + n_2) * ock_squared_distance(m_1, m_2, s->d);
  }
}

/* A row and its mirror image in the centre: between them lies the plane through the centre. */
static void suggest(cut_contest *contest, size_t c, size_t row) {
  const ock_lloyd *s = contest->s;
  double *position = contest->positions + 2 * c * s->d, *mirror = position + s->d;
  contest->label[c] = s->label[row];
  ock_lloyd_row_position(s, row, position);
  for (size_t l = 0; l < s->d; l++) mirror[l] = 2 * s->centroids[contest->label[c] * s->d + l] - position[l];
}

bool ock_lloyd_propose_split(ock_lloyd *s, ock_rng *rng, size_t n_candidates, size_t *j, double *positions) {
  double total = ock_lloyd_weigh(s), gain[OCK_MAX_CANDIDATES];
  if (!(total > 0)) return false;
  cut_contest contest = {.s = s, .n = n_candidates, .positions = s->candidates};
  if (contest.n > OCK_MAX_CANDIDATES) contest.n = OCK_MAX_CANDIDATES;
  for (size_t c = 0; c < contest.n; c++) suggest(&contest, c, ock_lloyd_draw_row(s, rng, total));
  for (int i = 0; i < LOCAL_STEPS; i++) step(&contest, gain);
  size_t best = 0;
  for (size_t c = 1; c < contest.n; c++)
    if (gain[c] > gain[best]) best = c;
  *j = contest.label[best];
  memmove(positions, contest.positions + 2 * best * s->d, 2 * s->d * sizeof(double));
  return gain[best] > 0;
}
