/* SPDX-License-Identifier: Apache-2.0 */
/* The exact pass: rows are searched in floats, what rounding may have decided is searched again in doubles, and every
 * sum is one of doubles. A panel of rows is loaded once for all fits. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cluster/internal.h"

enum { FEWEST_BLOCKS = 4, PANELS_A_BLOCK = 8 };

/* What is summed for each cluster besides coordinates: rows; by their weights, squared distances, distances and
 * silhouettes; and the weights. */
enum { COUNT, WITHIN, SPREAD, SILHOUETTE, WEIGHT, TOTALS };

/* Where one fit's partial sums are in a block's array of doubles, and what it searches with. */
typedef struct subject {
  ock_fit *fit;
  size_t k, column;  /* of labels */
  double *centroids; /* k x d */
  void *centres;     /* k x d elements */
  void *half_norms;  /* k elements */
  double reach;      /* the largest |c| */
  bool inherits;     /* bounds from the subject before it, by this: */
  ock_succession succession;
  size_t at;                  /* of its sums: k x d, then k of each of TOTALS */
  double previous;            /* inertia one pass before */
  size_t n_passes, n_repairs; /* n_repairs: passes after which a cluster was empty */
  bool done;
} subject;

/* Rows that wait for an exact search, for one subject: searched when there is a panel of them. */
typedef struct waiting {
  size_t n;
  size_t row[2 * OCK_PANEL];
} waiting;

typedef struct block {
  double *sums;
  waiting *waiting; /* one a subject of the group */
  double *farthest; /* one a subject: the largest squared distance of a row to its centroid ... */
  size_t *far_row;  /* ... the row ... */
  double *far_at;   /* ... and where it is: n_subjects x d */
  uint64_t *n_ties; /* one a subject: rows that are as near to another centroid */
  uint64_t n_distances;
} block;

typedef struct worker_scratch {
  double *panel;  /* d x OCK_PANEL */
  double *by_row; /* OCK_PANEL x d: the same, once somebody asked for it */
  bool has_by_row;
  char *rounded;   /* the same as elements in strips */
  double *row_sum; /* d: sum of the rows of the panel, by their weights: */
  double weight[OCK_PANEL];
  float *lower; /* most k: no more than the distance from any row of the panel to each centroid */
  float reach;  /* no less than the distance from any row to its nearest (with silhouettes: second nearest) */
  float *inherited;
  uint32_t *near; /* most k: the centroids within reach ... */
  char *centres;  /* ... as elements */
  char *half_norms;
  float *least;
  size_t *seen; /* most k: the last stamp under which a centroid was somebody's heir */
  size_t stamp;
} worker_scratch;

typedef struct pass {
  ock_feed *feed;
  ockham_rows x; /* the stretch that is in memory ... */
  size_t first;  /* ... and the number of its first row */
  size_t n_rows; /* of all stretches */
  const ock_frame *frame;
  const ock_settle_options *options;
  const ock_kernels *kernels;
  const ock_search_kernels *search;
  subject *subjects; /* the group */
  size_t n_subjects, n_fits, n_blocks, n_panels;
  block *blocks;
  worker_scratch *workers;
} pass;

/* ---- one panel ---- */

/* Load rows `row`, which are in memory, as doubles in the frame's units. */
static void load_panel(const pass *p, const size_t *row, size_t n, worker_scratch *w) {
  size_t at[OCK_PANEL];
  for (size_t r = 0; r < n; r++) at[r] = row[r] - p->first;
  ock_panel_gather(p->kernels, p->x, p->frame->origin, at, n, w->panel);
  double unit = p->frame->unit;
  if (unit != 1)
    for (size_t i = 0; i < p->frame->d * OCK_PANEL; i++) w->panel[i] *= unit;
  w->has_by_row = false;
}

/* Row r of the panel, its coordinates side by side. */
static const double *row_of(const pass *p, worker_scratch *w, size_t r) {
  enum { AT_ONCE = 8 }; /* doubles of a cache line */
  size_t d = p->frame->d;
  for (size_t first = 0; !w->has_by_row && first < d; first += AT_ONCE)
    for (size_t i = 0; i < OCK_PANEL; i++)
      for (size_t l = first; l < d && l < first + AT_ONCE; l++) w->by_row[i * d + l] = w->panel[l * OCK_PANEL + i];
  w->has_by_row = true;
  return w->by_row + r * d;
}

/* The panel as elements in strips, half the squares of its rows, and the largest |x|. */
static double round_panel(const pass *p, const worker_scratch *w, void *half_squares) {
  size_t d = p->frame->d;
  double squares[OCK_PANEL] = {0}, most = 0;
  bool wide = p->search->element_bytes == sizeof(double);
  for (size_t l = 0; l < d; l++) {
    const double *value = w->panel + l * OCK_PANEL;
    for (size_t strip = 0; strip < OCK_PANEL / OCK_STRIP; strip++) {
      size_t at = ock_strip_place(d, strip * OCK_STRIP, l);
      if (wide) {
        double *to = (double *)w->rounded + at;
        for (size_t r = 0; r < OCK_STRIP; r++) to[r] = value[strip * OCK_STRIP + r];
      } else {
        float *to = (float *)w->rounded + at;
        for (size_t r = 0; r < OCK_STRIP; r++) to[r] = (float)value[strip * OCK_STRIP + r];
      }
    }
    for (size_t r = 0; r < OCK_PANEL; r++) squares[r] += value[r] * value[r];
  }
  for (size_t r = 0; r < OCK_PANEL; r++) {
    most = squares[r] > most ? squares[r] : most;
    if (wide)
      ((double *)half_squares)[r] = squares[r] / 2;
    else
      ((float *)half_squares)[r] = (float)(squares[r] / 2);
  }
  return sqrt(most) * (1 + 1e-6);
}

/* Sum of n values by their weights; NULL: all 1. */
static double add_up(const double *value, const double *weight, size_t n) {
  double part[4] = {0};
  size_t whole = n / 4 * 4;
  if (weight) {
    for (size_t r = 0; r < whole; r += 4)
      for (size_t q = 0; q < 4; q++) part[q] += weight[r + q] * value[r + q];
    for (size_t r = whole; r < n; r++) part[0] += weight[r] * value[r];
  } else {
    for (size_t r = 0; r < whole; r += 4)
      for (size_t q = 0; q < 4; q++) part[q] += value[r + q];
    for (size_t r = whole; r < n; r++) part[0] += value[r];
  }
  return (part[0] + part[1]) + (part[2] + part[3]);
}

static double weight_of(const pass *p, size_t row) {
  return p->frame->weights ? p->frame->weights[row] : 1;
}

/* The weights of the rows of the panel; NULL: all 1. */
static const double *weights_of(const pass *p, const worker_scratch *w) {
  return p->frame->weights ? w->weight : NULL;
}

static void sum_rows(const pass *p, const size_t *row, size_t n, worker_scratch *w) {
  for (size_t r = 0; r < n; r++) w->weight[r] = weight_of(p, row[r]);
  for (size_t l = 0; l < p->frame->d; l++) w->row_sum[l] = add_up(w->panel + l * OCK_PANEL, weights_of(p, w), n);
}

static double *totals_of(const pass *p, const block *b, const subject *s, size_t which) {
  return b->sums + s->at + s->k * (p->frame->d + which);
}

/* What one row of a subject adds, apart from its coordinates. */
static void count_row(const pass *p, block *b, size_t q, size_t row, uint32_t label, double nearest, double second) {
  const subject *s = &p->subjects[q];
  double *total = totals_of(p, b, s, 0) + label, distance = sqrt(nearest), weight = weight_of(p, row);
  total[COUNT * s->k]++;
  total[WITHIN * s->k] += weight * nearest;
  total[SPREAD * s->k] += weight * distance;
  total[WEIGHT * s->k] += weight;
  if (p->options->silhouettes && second > 0) total[SILHOUETTE * s->k] += weight * (1 - distance / sqrt(second));
  if (nearest > b->farthest[q]) {
    b->farthest[q] = nearest;
    b->far_row[q] = row;
  }
  if (p->options->labels) p->options->labels[row * p->n_fits + s->column] = (uint16_t)label;
  if (p->options->label && s->column == 0) p->options->label[row] = label;
}

/* The same for a whole panel of one label, where nobody asks for labels. */
static void count_panel(const pass *p, block *b, size_t q, const worker_scratch *w, const size_t *row, uint32_t label,
                        const double *nearest, const double *second) {
  const subject *s = &p->subjects[q];
  const double *weight = weights_of(p, w);
  double *total = totals_of(p, b, s, 0) + label, distance[OCK_PANEL], silhouette = 0;
  size_t far = 0;
  for (size_t r = 0; r < OCK_PANEL; r++) distance[r] = sqrt(nearest[r]);
  for (size_t r = 0; r < OCK_PANEL; r++) far = nearest[r] > nearest[far] ? r : far;
  if (p->options->silhouettes && s->k > 1)
    for (size_t r = 0; r < OCK_PANEL; r++)
      silhouette += second[r] > 0 ? w->weight[r] * (1 - distance[r] / sqrt(second[r])) : 0;
  total[COUNT * s->k] += OCK_PANEL;
  total[WITHIN * s->k] += add_up(nearest, weight, OCK_PANEL);
  total[SPREAD * s->k] += add_up(distance, weight, OCK_PANEL);
  total[SILHOUETTE * s->k] += silhouette;
  total[WEIGHT * s->k] += weight ? add_up(weight, NULL, OCK_PANEL) : OCK_PANEL;
  if (nearest[far] > b->farthest[q]) {
    b->farthest[q] = nearest[far];
    b->far_row[q] = row[far];
  }
}

/* A row, so many times. */
static void add_row(const double *restrict row, size_t d, double times, double *restrict sum) {
  for (size_t l = 0; l < d; l++) sum[l] += times * row[l];
}

/* The coordinates of the panel's rows: as most have one label, their sum goes there, and the others are moved; unless
 * they have weights: what a heavy row leaves by rounding when it goes can be more than a light one. */
static void sum_by_label(const pass *p, block *b, size_t q, worker_scratch *w, const uint32_t *label, size_t n,
                         uint64_t skipped) {
  const subject *s = &p->subjects[q];
  size_t d = p->frame->d;
  double *sums = b->sums + s->at;
  uint32_t home = label[n / 2];
  size_t n_home = 0;
  for (size_t r = 0; r < n; r++) n_home += label[r] == home && !(skipped >> r & 1);
  bool moved = p->frame->weights ? n_home == n : n_home > n / 2;
  for (size_t l = 0; moved && l < d; l++) sums[home * d + l] += w->row_sum[l];
  for (size_t r = 0; r < n && !(moved && n_home == n); r++) {
    bool skip = skipped >> r & 1;
    if (moved && (skip || label[r] != home)) add_row(row_of(p, w, r), d, -w->weight[r], sums + home * d);
    if (!skip && (!moved || label[r] != home)) add_row(row_of(p, w, r), d, w->weight[r], sums + label[r] * d);
  }
}

/* Search up to a panel of the rows that wait among all centroids in doubles, and add what they add. */
static void search_waiting(const pass *p, block *b, size_t q, worker_scratch *w) {
  const subject *s = &p->subjects[q];
  waiting *rows = &b->waiting[q];
  double nearest[OCK_PANEL], second[OCK_PANEL];
  uint32_t label[OCK_PANEL];
  size_t n = rows->n < OCK_PANEL ? rows->n : OCK_PANEL;
  if (n == 0) return;
  load_panel(p, rows->row, n, w);
  p->kernels->nearest_two(w->panel, p->frame->d, s->centroids, s->k, label, nearest, second);
  for (size_t r = 0; r < n; r++) {
    count_row(p, b, q, rows->row[r], label[r], nearest[r], second[r]);
    add_row(row_of(p, w, r), p->frame->d, weight_of(p, rows->row[r]), b->sums + s->at + label[r] * p->frame->d);
    b->n_ties[q] += s->k > 1 && nearest[r] == second[r];
  }
  b->n_distances += s->k * OCK_PANEL;
  rows->n -= n;
  memmove(rows->row, rows->row + n, rows->n * sizeof *rows->row);
}

/* Carry bounds over from the subject before: returns how many centroids are within reach, listed in w->near; all of
 * them when nothing is known. */
static size_t find_near(const subject *s, worker_scratch *w) {
  const ock_succession *to = &s->succession;
  size_t n_old = s->inherits ? (s - 1)->k : 0, n = 0;
  float shift = 0;
  bool known = n_old > 0;
  w->stamp++;
  for (size_t a = 0; a < n_old; a++) {
    if (w->lower[a] > w->reach) continue;
    shift = to->shift[a] > shift ? to->shift[a] : shift;
    known = known && w->seen[to->heir[a]] != w->stamp; /* two with one heir: which is second nearest is not known */
    w->seen[to->heir[a]] = w->stamp;
  }
  w->reach = known ? w->reach * (1 + 0x1p-20f) + shift : INFINITY;
  for (size_t j = 0; j < s->k && known; j++) {
    w->inherited[j] = w->lower[to->parent[j]] * (1 - 0x1p-20f) - to->gap[j];
    if (w->inherited[j] <= w->reach) w->near[n++] = (uint32_t)j;
  }
  if (!known || n == 0) return s->k;
  float *swap = w->lower;
  w->lower = w->inherited;
  w->inherited = swap;
  return n;
}

/* The nearest two of the centroids within reach; labels are numbers of centroids. */
static uint64_t search_near(const pass *p, const subject *s, worker_scratch *w, ock_contest *contest, uint32_t *label,
                            uint32_t *runner_up) {
  size_t n = find_near(s, w), element = p->search->element_bytes, row_bytes = p->frame->d * element;
  float gap[OCK_PANEL], reach[2];
  bool copy = (double)n < ock_worth_copying * (double)s->k;
  contest->centres = copy ? w->centres : s->centres;
  contest->half_norms = copy ? w->half_norms : s->half_norms;
  contest->m = copy ? n : s->k;
  for (size_t c = 0; copy && c < n; c++) {
    memcpy(w->centres + c * row_bytes, (const char *)s->centres + w->near[c] * row_bytes, row_bytes);
    memcpy(w->half_norms + c * element, (const char *)s->half_norms + w->near[c] * element, element);
  }
  uint64_t doubtful = p->search->nearest_two(contest, label, runner_up, gap, copy ? w->least : w->lower, reach);
  w->reach = reach[p->options->silhouettes];
  for (size_t c = 0; copy && c < n; c++) w->lower[w->near[c]] = w->least[c];
  for (size_t r = 0; copy && r < OCK_PANEL; r++) {
    label[r] = w->near[label[r]];
    runner_up[r] = w->near[runner_up[r]];
  }
  return doubtful;
}

static bool all_equal(const uint32_t *label) {
  uint32_t any = 0;
  for (size_t r = 1; r < OCK_PANEL; r++) any |= label[r] ^ label[0];
  return any == 0;
}

/* Exact squared distances to the centroids that the labels name. */
static void measure_distances(const pass *p, const subject *s, const worker_scratch *w, const uint32_t *label,
                              double *squared) {
  if (all_equal(label))
    p->kernels->distances(w->panel, p->frame->d, s->centroids + label[0] * p->frame->d, 1, squared);
  else
    p->kernels->own_distance(w->panel, p->frame->d, s->centroids, label, squared);
}

static void measure_panel(const pass *p, block *b, size_t q, worker_scratch *w, const void *half_squares, double most,
                          const size_t *row, size_t n) {
  const subject *s = &p->subjects[q];
  size_t d = p->frame->d;
  uint32_t label[OCK_PANEL], runner_up[OCK_PANEL];
  double nearest[OCK_PANEL], second[OCK_PANEL] = {0};
  ock_contest contest = {.panel = w->rounded,
                         .half_squares = half_squares,
                         .d = d,
                         .rounding = ock_contest_rounding(p->search->element_bytes, d, most, s->reach)};
  uint64_t doubtful = search_near(p, s, w, &contest, label, runner_up);
  if (n < OCK_PANEL) doubtful &= ((uint64_t)1 << n) - 1;
  measure_distances(p, s, w, label, nearest);
  if (p->options->silhouettes && s->k > 1) measure_distances(p, s, w, runner_up, second);
  bool whole = n == OCK_PANEL && doubtful == 0 && !p->options->labels && !p->options->label && all_equal(label);
  if (whole) count_panel(p, b, q, w, row, label[0], nearest, second);
  for (size_t r = 0; !whole && r < n; r++) {
    if (doubtful >> r & 1) {
      waiting *rows = &b->waiting[q];
      rows->row[rows->n++] = row[r];
    } else {
      count_row(p, b, q, row[r], label[r], nearest[r], second[r]);
    }
  }
  sum_by_label(p, b, q, w, label, n, doubtful);
  b->n_distances += (contest.m + 2) * OCK_PANEL;
}

static void zero_block(const pass *p, block *b) {
  size_t d = p->frame->d;
  b->n_distances = 0;
  for (size_t q = 0; q < p->n_subjects; q++) {
    memset(b->sums + p->subjects[q].at, 0, p->subjects[q].k * (d + TOTALS) * sizeof(double));
    b->waiting[q].n = 0;
    b->farthest[q] = -1;
    b->far_row[q] = 0;
    b->n_ties[q] = 0;
  }
}

/* Rows of a stretch are gone when the next one comes. */
static void keep_farthest(const pass *p, block *b) {
  size_t d = p->frame->d;
  for (size_t q = 0; q < p->n_subjects; q++) {
    size_t at = b->far_row[q] - p->first;
    for (size_t l = 0; b->farthest[q] >= 0 && at < p->x.n_rows && l < d; l++)
      b->far_at[q * d + l] = (ock_rows_get(p->x, at, l) - p->frame->origin[l]) * p->frame->unit;
  }
}

/* A share of the panels of a stretch. */
static void measure_block(void *arg, size_t number, size_t worker) {
  const pass *p = arg;
  block *b = &p->blocks[number];
  worker_scratch *w = &p->workers[worker];
  double half_squares[OCK_PANEL];
  if (p->first == 0) zero_block(p, b);
  for (size_t panel = p->n_panels * number / p->n_blocks; panel < p->n_panels * (number + 1) / p->n_blocks; panel++) {
    size_t first = panel * OCK_PANEL, n = p->x.n_rows - first < OCK_PANEL ? p->x.n_rows - first : OCK_PANEL;
    size_t row[OCK_PANEL];
    for (size_t r = 0; r < n; r++) row[r] = p->options->order ? p->options->order[first + r] : p->first + first + r;
    load_panel(p, row, n, w);
    sum_rows(p, row, n, w);
    double most = round_panel(p, w, half_squares);
    for (size_t q = 0; q < p->n_subjects; q++) measure_panel(p, b, q, w, half_squares, most, row, n);
    for (size_t q = 0; q < p->n_subjects; q++)
      if (b->waiting[q].n >= OCK_PANEL) search_waiting(p, b, q, w); /* in the panel's scratch */
  }
  for (size_t q = 0; q < p->n_subjects; q++) search_waiting(p, b, q, w);
  keep_farthest(p, b);
}

/* ---- subjects ---- */

static void round_centroids(const pass *p, subject *s) {
  size_t d = p->frame->d;
  bool wide = p->search->element_bytes == sizeof(double);
  s->reach = 0;
  for (size_t j = 0; j < s->k; j++) {
    double norm = 0;
    for (size_t l = 0; l < d; l++) {
      ock_element_set(s->centres, j * d + l, wide, s->centroids[j * d + l]);
      double value = ock_element(s->centres, j * d + l, wide);
      norm += value * value;
    }
    ock_element_set(s->half_norms, j, wide, norm / 2);
    s->reach = fmax(s->reach, sqrt(norm) * (1 + 1e-6));
  }
}

/* Compare the centroids of a subject with those of the one before it. */
static void find_succession(void *arg, size_t q, size_t worker) {
  (void)worker;
  const pass *p = arg;
  subject *s = &p->subjects[q];
  s->inherits = q > 0 && !p->options->plain && (s - 1)->k * OCK_PANEL < p->n_rows;
  if (s->inherits) ock_find_parents((s - 1)->centroids, (s - 1)->k, s->centroids, s->k, p->frame->d, &s->succession);
  /* Searches see rounded centroids. */
  float rounding = (float)(s->reach * 0x1p-22);
  for (size_t j = 0; s->inherits && j < s->k; j++) s->succession.gap[j] += rounding;
  for (size_t a = 0; s->inherits && a < (s - 1)->k; a++) s->succession.shift[a] += rounding;
}

/* The blocks' sums, in order, into those of block 0. */
static void reduce(const pass *p, size_t q) {
  const subject *s = &p->subjects[q];
  block *first = &p->blocks[0];
  for (size_t b = 1; b < p->n_blocks; b++) {
    const block *other = &p->blocks[b];
    for (size_t i = 0; i < s->k * (p->frame->d + TOTALS); i++) first->sums[s->at + i] += other->sums[s->at + i];
    first->n_ties[q] += other->n_ties[q];
    if (other->farthest[q] > first->farthest[q]) {
      first->farthest[q] = other->farthest[q];
      first->far_row[q] = other->far_row[q];
      memcpy(first->far_at + q * p->frame->d, other->far_at + q * p->frame->d, p->frame->d * sizeof(double));
    }
  }
}

/* The order of the clusters into ranks; true when they stand in it already. */
static bool rank_clusters(const pass *p, const subject *s, ock_ranked *ranks) {
  const double *weights = totals_of(p, &p->blocks[0], s, WEIGHT);
  bool sorted = true;
  for (size_t j = 0; j < s->k; j++)
    ranks[j] = (ock_ranked){weights[j], s->centroids + j * p->frame->d, p->frame->d, (uint32_t)j};
  for (size_t j = 1; j < s->k; j++) sorted = sorted && ock_compare_ranked(&ranks[j - 1], &ranks[j]) < 0;
  if (!sorted) qsort(ranks, s->k, sizeof *ranks, ock_compare_ranked);
  return sorted;
}

/* New labels for old ones in the outputs. ranks[new].j is the old number. */
static void renumber_labels(const pass *p, const subject *s, const ock_ranked *ranks, uint32_t *number) {
  for (size_t j = 0; j < s->k; j++) number[ranks[j].j] = (uint32_t)j;
  for (size_t i = 0; p->options->labels && i < p->n_rows; i++) {
    uint16_t *label = &p->options->labels[i * p->n_fits + s->column];
    *label = (uint16_t)number[*label];
  }
  for (size_t i = 0; p->options->label && s->column == 0 && i < p->n_rows; i++)
    p->options->label[i] = number[p->options->label[i]];
}

static void write_fit(const pass *p, const subject *s, const ock_ranked *ranks, bool converged) {
  ock_fit *fit = s->fit;
  size_t d = p->frame->d, k = s->k;
  const double *total = totals_of(p, &p->blocks[0], s, 0);
  double silhouette = 0;
  fit->inertia = 0;
  for (size_t j = 0; j < k; j++) {
    size_t old = ranks[j].j;
    memcpy(fit->centroids + j * d, s->centroids + old * d, d * sizeof(double));
    fit->sizes[j] = (uint64_t)(total[COUNT * k + old] + 0.5);
    fit->weights[j] = total[WEIGHT * k + old];
    fit->within[j] = total[WITHIN * k + old];
    fit->spread[j] = total[SPREAD * k + old];
    fit->inertia += fit->within[j];
    if (fit->weights[j] > 1) silhouette += total[SILHOUETTE * k + old]; /* a row alone has silhouette 0 */
  }
  fit->simplified_silhouette = p->options->silhouettes && k > 1 ? silhouette / p->frame->total : NAN;
  fit->n_passes = s->n_passes;
  fit->settled = true;
  fit->converged = converged;
}

/* Centroids for the next pass: the means, numbered by rank; one empty cluster gets the row farthest from its
 * centroid, others wait.
 * Returns whether anything is different from what this pass searched with; false in *possible when there is no row to
 * give. */
static bool move_centroids(const pass *p, size_t q, const ock_ranked *ranks, double *previous, bool *possible) {
  subject *s = &p->subjects[q];
  size_t d = p->frame->d;
  const block *b = &p->blocks[0];
  const double *weights = totals_of(p, b, s, WEIGHT);
  bool moved = false, given = false;
  *possible = true;
  memcpy(previous, s->centroids, s->k * d * sizeof(double));
  for (size_t j = 0; j < s->k; j++) {
    size_t old = ranks[j].j;
    double *centroid = s->centroids + j * d;
    for (size_t l = 0; l < d; l++) {
      if (weights[old] > 0)
        centroid[l] = b->sums[s->at + old * d + l] / weights[old];
      else if (given)
        centroid[l] = previous[old * d + l];
      else
        centroid[l] = b->far_at[q * d + l];
      moved = moved || centroid[l] != previous[j * d + l];
    }
    given = given || !(weights[old] > 0);
    if (!(weights[old] > 0) && !(b->farthest[q] > 0)) *possible = false;
  }
  return moved;
}

/* Without its empty clusters, which stand last: they are ranked by falling weight. */
static void drop_empty(const pass *p, subject *s) {
  const double *counts = totals_of(p, &p->blocks[0], s, COUNT);
  size_t k = 0;
  for (size_t j = 0; j < s->k; j++) k += counts[j] > 0;
  s->fit->k = s->k = k;
  s->n_passes = s->n_repairs = 0;
  s->previous = INFINITY;
  round_centroids(p, s);
}

/* What a pass told of the centroids that it searched with: passes over a source are long, and may be stopped. */
static void write_measured(const pass *p, subject *s, const ock_ranked *ranks, double *searched) {
  double *moved = s->centroids;
  s->centroids = searched;
  write_fit(p, s, ranks, false);
  s->centroids = moved;
}

/* After a pass: the subject is done, or gets centroids for another one. */
static void conclude(const pass *p, size_t q, ock_ranked *ranks, uint32_t *number, double *previous) {
  subject *s = &p->subjects[q];
  size_t d = p->frame->d;
  const double *counts = totals_of(p, &p->blocks[0], s, COUNT), *within = totals_of(p, &p->blocks[0], s, WITHIN);
  bool sorted = rank_clusters(p, s, ranks), whole = true, possible;
  double inertia = 0;
  for (size_t j = 0; j < s->k; j++) {
    inertia += within[j];
    whole = whole && counts[j] > 0;
  }
  bool moved = move_centroids(p, q, ranks, previous, &possible);
  s->n_passes++;
  if (!whole && s->n_repairs < s->k) s->n_repairs++;
  size_t most_passes = p->options->most_passes + s->n_repairs;
  bool near =
      whole && s->n_passes > 1 && p->options->tolerance > 0 && s->previous - inertia <= p->options->tolerance * inertia;
  bool ties_go_elsewhere = !sorted && p->blocks[0].n_ties[q] > 0;
  s->previous = inertia;
  s->done =
      !moved || s->n_passes >= most_passes + 2 || ((near || s->n_passes >= most_passes) && !ties_go_elsewhere && whole);
  if (!s->done && possible) {
    if (whole && p->feed->source) write_measured(p, s, ranks, previous);
    round_centroids(p, s);
    return;
  }
  s->done = true;
  if (!whole && p->options->may_drop) {
    drop_empty(p, s);
    s->done = false;
    return;
  }
  if (!whole) {
    ock_fit_clear(s->fit);
    return;
  }
  memcpy(s->centroids, previous, s->k * d * sizeof(double));
  if (!sorted) renumber_labels(p, s, ranks, number);
  write_fit(p, s, ranks, !moved || near);
}

/* ---- passes ---- */

static bool allocate_worker(const pass *p, worker_scratch *w, ock_arena *arena, size_t most_k) {
  size_t d = p->frame->d, element = p->search->element_bytes;
  *w = (worker_scratch){.panel = ock_arena_array(arena, ock_size_product(d, OCK_PANEL), sizeof(double)),
                        .by_row = ock_arena_array(arena, ock_size_product(d, OCK_PANEL), sizeof(double)),
                        .rounded = ock_arena_array(arena, ock_size_product(d, OCK_PANEL), element),
                        .row_sum = ock_arena_array(arena, d, sizeof(double)),
                        .lower = ock_arena_array(arena, most_k, sizeof(float)),
                        .inherited = ock_arena_array(arena, most_k, sizeof(float)),
                        .near = ock_arena_array(arena, most_k, sizeof(uint32_t)),
                        .centres = ock_arena_array(arena, ock_size_product(most_k, d), element),
                        .half_norms = ock_arena_array(arena, most_k, element),
                        .least = ock_arena_array(arena, most_k, sizeof(float)),
                        .seen = ock_arena_array(arena, most_k, sizeof(size_t))};
  if (w->seen) memset(w->seen, 0, most_k * sizeof(size_t));
  return w->panel && w->by_row && w->rounded && w->row_sum && w->lower && w->inherited && w->near && w->centres &&
         w->half_norms && w->least && w->seen;
}

static ockham_status allocate_group(pass *p, ock_arena *arena, size_t n_workers, size_t n_doubles, size_t most_k) {
  p->blocks = ock_arena_array(arena, p->n_blocks, sizeof *p->blocks);
  p->workers = ock_arena_array(arena, n_workers, sizeof *p->workers);
  bool fits = p->blocks && p->workers;
  for (size_t b = 0; fits && b < p->n_blocks; b++) {
    p->blocks[b] = (block){.sums = ock_arena_array(arena, n_doubles, sizeof(double)),
                           .waiting = ock_arena_array(arena, p->n_subjects, sizeof(waiting)),
                           .farthest = ock_arena_array(arena, p->n_subjects, sizeof(double)),
                           .far_row = ock_arena_array(arena, p->n_subjects, sizeof(size_t)),
                           .far_at = ock_arena_array(arena, ock_size_product(p->n_subjects, p->frame->d), 8),
                           .n_ties = ock_arena_array(arena, p->n_subjects, sizeof(uint64_t))};
    fits = p->blocks[b].sums && p->blocks[b].waiting && p->blocks[b].farthest && p->blocks[b].far_row &&
           p->blocks[b].far_at && p->blocks[b].n_ties;
  }
  for (size_t w = 0; fits && w < n_workers; w++) fits = allocate_worker(p, &p->workers[w], arena, most_k);
  return fits ? OCKHAM_OK : OCKHAM_NO_MEMORY;
}

static bool prepare_subject(const pass *p, subject *s, size_t k_before, ock_arena *arena) {
  size_t values = ock_size_product(s->k, p->frame->d);
  s->centroids = ock_arena_array(arena, values, sizeof(double));
  s->centres = ock_arena_array(arena, values, p->search->element_bytes);
  s->half_norms = ock_arena_array(arena, s->k, p->search->element_bytes);
  s->succession = (ock_succession){.parent = ock_arena_array(arena, s->k, sizeof(uint32_t)),
                                   .gap = ock_arena_array(arena, s->k, sizeof(float)),
                                   .shift = ock_arena_array(arena, k_before, sizeof(float)),
                                   .heir = ock_arena_array(arena, k_before, sizeof(uint32_t))};
  if (!s->succession.parent || !s->succession.gap || !s->succession.shift || !s->succession.heir) return false;
  if (!s->centroids || !s->centres || !s->half_norms) return false;
  memcpy(s->centroids, s->fit->centroids, values * sizeof(double));
  round_centroids(p, s);
  return true;
}

/* One pass for all subjects of the group; false in *whole when it was stopped. */
static ockham_status measure_rows(pass *p, ock_pool *pool, ock_ticker *ticker, bool *whole, ockham_error *err) {
  ock_feed *feed = p->feed;
  *whole = false;
  ock_pool_run(pool, p->n_subjects, find_succession, p);
  OCK_TRY(ock_feed_rewind(feed, err));
  for (;;) {
    OCK_TRY(ock_feed_next(feed, err));
    if (feed->rows.n_rows == 0) break;
    p->x = feed->rows;
    p->first = feed->first;
    p->n_panels = (p->x.n_rows + OCK_PANEL - 1) / OCK_PANEL;
    if (!ock_pool_run_watched(pool, ticker, p->n_blocks, measure_block, p)) return OCKHAM_OK;
    if (!feed->source || !ticker) continue;
    ticker->done = feed->first + p->x.n_rows;
    ticker->total = feed->n;
    if (ock_ticker_stopped(ticker)) return OCKHAM_OK;
  }
  *whole = true;
  return OCKHAM_OK;
}

/* The same; a source may find out itself that it is to stop. */
static ockham_status make_pass(pass *p, ock_pool *pool, ock_ticker *ticker, bool *whole, ockham_error *err) {
  ockham_error problem = {0};
  ockham_status status = measure_rows(p, pool, ticker, whole, &problem);
  if (status == OCKHAM_INTERRUPTED && ticker) {
    ticker->stopped = true;
    return OCKHAM_OK;
  }
  if (status && err) *err = problem;
  return status;
}

/* Passes for the subjects of one group until all are done. */
static ockham_status settle_group(pass *p, ock_pool *pool, ock_ticker *ticker, ockham_work *work, ockham_error *err) {
  ock_arena arena = {0};
  size_t d = p->frame->d, n_doubles = 0, most_k = 0, n_open = p->n_subjects;
  bool fits = true;
  for (size_t q = 0; q < p->n_subjects; q++) {
    subject *s = &p->subjects[q];
    s->at = n_doubles;
    n_doubles += s->k * (d + TOTALS);
    most_k = s->k > most_k ? s->k : most_k;
    fits = fits && prepare_subject(p, s, most_k, &arena); /* whichever of those before it is left */
  }
  ock_ranked *ranks = ock_arena_array(&arena, most_k, sizeof *ranks);
  uint32_t *number = ock_arena_array(&arena, most_k, sizeof *number);
  double *previous = ock_arena_array(&arena, ock_size_product(most_k, d), sizeof(double));
  if (!fits || !ranks || !number || !previous ||
      allocate_group(p, &arena, ock_pool_size(pool), n_doubles, most_k) != OCKHAM_OK) {
    ock_arena_clear(&arena);
    return ock_fail_memory(err, "the sums of all clusters", ock_size_product(n_doubles * 8, p->n_blocks));
  }
  subject *all = p->subjects;
  ockham_status status = OCKHAM_OK;
  while (n_open > 0) {
    bool whole;
    if (ticker && ock_ticker_stopped(ticker)) break;
    status = make_pass(p, pool, ticker, &whole, err);
    if (status || !whole) break;
    for (size_t b = 0; b < p->n_blocks; b++) work->distances += p->blocks[b].n_distances;
    for (size_t q = 0; q < p->n_subjects; q++) work->plain_distances += (uint64_t)p->n_rows * p->subjects[q].k;
    work->passes++;
    size_t n_left = 0;
    for (size_t q = 0; q < p->n_subjects; q++) {
      reduce(p, q);
      conclude(p, q, ranks, number, previous);
      if (p->subjects[q].done && ticker && !p->feed->source) ticker->done++;
    }
    for (size_t q = 0; q < p->n_subjects; q++)
      if (!all[q].done) all[n_left++] = all[q];
    n_open = p->n_subjects = n_left;
  }
  ock_arena_clear(&arena);
  return status;
}

static double sums_bytes(const ock_fit *fit, size_t d, size_t n_blocks) {
  return (double)fit->k * (double)(d + TOTALS) * sizeof(double) * (double)n_blocks;
}

/* Rows of a source are read again for every group: rather fewer blocks than more groups. */
static size_t choose_blocks(const ock_feed *feed, ock_fit *const *fits, size_t n_fits, double most_bytes) {
  size_t n = (feed->n + OCK_PANEL - 1) / OCK_PANEL / PANELS_A_BLOCK;
  double bytes = 0;
  n = n < 1 ? 1 : n > OCK_SETTLE_BLOCKS ? OCK_SETTLE_BLOCKS : n;
  for (size_t i = 0; i < n_fits; i++) {
    double one = sums_bytes(fits[i], feed->d, 1);
    bytes = feed->source ? bytes + one : fmax(bytes, one);
  }
  while (n > FEWEST_BLOCKS && bytes * (double)n > most_bytes) n /= 2;
  return n;
}

ockham_status ock_settle_feed(ock_feed *feed, const ock_frame *frame, ock_fit *const *fits, size_t n_fits,
                              const ock_settle_options *options, ock_pool *pool, ock_ticker *ticker, ockham_work *work,
                              ockham_error *err) {
  const ock_kernels *kernels = ock_kernels_pick();
  subject *subjects = ock_alloc_array(n_fits, sizeof *subjects);
  if (!subjects) return ock_fail_memory(err, "the fits", n_fits * sizeof *subjects);
  double most_bytes = options->partial_bytes > 0 ? options->partial_bytes : ock_settle_bytes;
  pass p = {.feed = feed,
            .n_rows = feed->n,
            .frame = frame,
            .options = options,
            .kernels = kernels,
            .search = options->wide ? kernels->wide : kernels->narrow,
            .n_fits = n_fits,
            .n_blocks = choose_blocks(feed, fits, n_fits, most_bytes)};
  ockham_status status = OCKHAM_OK;
  for (size_t first = 0, end; first < n_fits && !status; first = end) {
    double bytes = 0;
    p.subjects = subjects;
    p.n_subjects = 0;
    for (end = first; end < n_fits; end++) {
      double more = sums_bytes(fits[end], frame->d, p.n_blocks);
      if (end > first && bytes + more > most_bytes) break;
      bytes += more;
      if (fits[end]->centroids)
        subjects[p.n_subjects++] = (subject){.fit = fits[end], .k = fits[end]->k, .column = end, .previous = INFINITY};
    }
    status = settle_group(&p, pool, ticker, work, err);
  }
  ock_free(subjects);
  return status;
}
