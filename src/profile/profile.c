/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "profile/internal.h"

/* ---- room ---- */

void *ock_profile_array(ockham_profile *profile, size_t count, size_t size_bytes) {
  void *array = ock_arena_array(&profile->arena, count, size_bytes);
  return array && count ? memset(array, 0, count * size_bytes) : array;
}

static bool copy_column(ockham_profile *p, size_t j, const ockham_profile_column *from) {
  ockham_profile_column *to = &p->columns[j];
  *to = *from;
  to->name = ock_arena_text(&p->arena, from->name, strlen(from->name));
  const char **texts = ock_arena_array(&p->arena, from->n_texts, sizeof *texts);
  if (!to->name || !texts) return false;
  for (size_t t = 0; t < from->n_texts; t++)
    if (!(texts[t] = ock_arena_text(&p->arena, from->texts[t], strlen(from->texts[t])))) return false;
  to->texts = from->n_texts ? texts : NULL;
  if (from->kind == OCKHAM_COLUMN_NUMBER) return true;
  return (p->text_bins[j] = ock_profile_array(p, from->n_texts, sizeof **p->text_bins)) != NULL;
}

static bool copy_columns(ockham_profile *p, const ockham_profile_column *columns, size_t n) {
  p->columns = ock_profile_array(p, n, sizeof *p->columns);
  p->ranges = ock_profile_array(p, n, sizeof *p->ranges);
  p->numbers = ock_profile_array(p, n, sizeof *p->numbers);
  p->text_bins = ock_profile_array(p, n, sizeof *p->text_bins);
  if (!p->columns || !p->ranges || !p->numbers || !p->text_bins) return false;
  for (size_t j = 0; j < n; j++) {
    char name[32];
    snprintf(name, sizeof name, "x%zu", j + 1);
    ockham_profile_column unnamed = {.name = name};
    const ockham_profile_column *column = columns ? &columns[j] : &unnamed;
    if (!copy_column(p, j, column)) return false;
    if (column->role == OCKHAM_COLUMN_OUTPUT) continue;
    p->n_inputs++;
    if (column->kind == OCKHAM_COLUMN_NUMBER) p->numbers[p->parts.n_numbers++] = j;
  }
  size_t d = p->parts.n_numbers;
  p->centre = ock_profile_array(p, d, sizeof(double));
  p->factor = ock_profile_array(p, d, sizeof(double));
  return p->centre && p->factor;
}

ockham_status ock_profile_new(const ockham_profile_column *columns, size_t n_columns, ockham_profile **profile,
                              ockham_error *err) {
  ockham_profile *p = ock_alloc_zeroed(1, sizeof *p);
  *profile = NULL;
  if (!p || !copy_columns(p, columns, n_columns)) {
    ockham_profile_free(p);
    return ock_fail_memory(err, "the columns of a profile", ock_size_product(n_columns, sizeof *p->columns));
  }
  p->kernels = ock_kernels_pick();
  p->parts.n_columns = n_columns;
  p->parts.columns = p->columns;
  p->parts.ranges = p->ranges;
  p->parts.numbers = p->numbers;
  p->parts.centre = p->centre;
  p->parts.factor = p->factor;
  p->parts.rehearsals = p->rehearsals;
  *profile = p;
  return OCKHAM_OK;
}

bool ock_profile_add_clusters(ockham_profile *p, size_t k) {
  size_t d = p->parts.n_numbers;
  p->parts.k = k;
  p->parts.centroids = p->centroids = ock_profile_array(p, ock_size_product(k, d), sizeof(double));
  p->parts.radii = p->radii = ock_profile_array(p, k, sizeof(double));
  p->parts.distance_edges = p->distance_edges = ock_profile_array(p, k * OCK_DISTANCE_EDGES, sizeof(double));
  p->parts.deviations = p->deviations = ock_profile_array(p, ock_size_product(k, d), sizeof(double));
  return p->centroids && p->radii && p->distance_edges && p->deviations;
}

bool ock_profile_add_directions(ockham_profile *p, size_t n_directions) {
  p->parts.n_directions = n_directions;
  p->parts.directions = p->directions =
      ock_profile_array(p, ock_size_product(n_directions, p->parts.n_numbers), sizeof(double));
  return p->directions != NULL;
}

/* ---- signals ---- */

static void add_signal(ockham_profile *p, ockham_signal_kind kind, size_t index, const char *name) {
#define GROUP_OF(name, word, meaning, group) OCKHAM_GROUP_##group,
  static const ockham_signal_group groups[] = {OCKHAM_SIGNAL_LIST(GROUP_OF)};
#undef GROUP_OF
  p->signals[p->parts.n_signals++] = (ockham_signal){.kind = kind, .group = groups[kind], .index = index, .name = name};
}

static void add_columns(ockham_profile *p, ockham_column_role role, ockham_signal_kind kind) {
  for (size_t j = 0; j < p->parts.n_columns; j++)
    if (p->columns[j].role == role) add_signal(p, kind, j, p->columns[j].name);
}

bool ock_profile_add_signals(ockham_profile *p) {
  static const char *const directions[OCKHAM_PROFILE_MOST_DIRECTIONS] = {"direction 1", "direction 2", "direction 3",
                                                                         "direction 4", "direction 5", "direction 6",
                                                                         "direction 7", "direction 8"};
  size_t most = p->parts.n_columns + OCKHAM_PROFILE_MOST_DIRECTIONS + 3;
  p->parts.signals = p->signals = ock_profile_array(p, most, sizeof *p->signals);
  p->cuts = ock_profile_array(p, most, sizeof *p->cuts);
  p->single = ock_profile_array(p, most, sizeof *p->single);
  if (!p->signals || !p->cuts || !p->single) return false;
  if (p->parts.k) {
    add_signal(p, OCKHAM_SIGNAL_CLUSTERS, 0, "clusters");
    add_signal(p, OCKHAM_SIGNAL_DISTANCE, 0, "distance");
  }
  for (size_t i = 0; i < p->parts.n_directions; i++) add_signal(p, OCKHAM_SIGNAL_DIRECTION, i, directions[i]);
  add_columns(p, OCKHAM_COLUMN_INPUT, OCKHAM_SIGNAL_COLUMN);
  add_columns(p, OCKHAM_COLUMN_OUTPUT, OCKHAM_SIGNAL_OUTPUT);
  if (p->n_inputs) add_signal(p, OCKHAM_SIGNAL_MISSING, 0, "missing");
  return true;
}

bool ock_signal_has_edges(const ockham_profile *p, const ockham_signal *signal) {
  if (signal->kind == OCKHAM_SIGNAL_COLUMN || signal->kind == OCKHAM_SIGNAL_OUTPUT)
    return p->columns[signal->index].kind == OCKHAM_COLUMN_NUMBER;
  return signal->kind == OCKHAM_SIGNAL_DIRECTION;
}

size_t ock_signal_fixed_bins(const ockham_profile *p, const ockham_signal *signal) {
  static const size_t missing_bins[OCK_MOST_MISSING_BINS] = {1, 2, 3, 4, 4};
  size_t n_texts = p->columns[signal->index].n_texts;
  switch (signal->kind) {
    case OCKHAM_SIGNAL_CLUSTERS:
      return p->parts.k + 2;
    case OCKHAM_SIGNAL_DISTANCE:
      return OCKHAM_PROFILE_DISTANCE_BINS + 1;
    case OCKHAM_SIGNAL_MISSING:
      return p->n_inputs < OCK_MOST_MISSING_BINS ? missing_bins[p->n_inputs] : OCK_MOST_MISSING_BINS;
    default:
      return (n_texts < OCKHAM_PROFILE_MOST_CATEGORIES ? n_texts : OCKHAM_PROFILE_MOST_CATEGORIES) + 3;
  }
}

size_t ock_signal_ordered(const ockham_signal *signal) {
  switch (signal->kind) {
    case OCKHAM_SIGNAL_DIRECTION:
      return signal->n_bins;
    case OCKHAM_SIGNAL_DISTANCE:
      return signal->n_bins - 1;
    case OCKHAM_SIGNAL_COLUMN:
    case OCKHAM_SIGNAL_OUTPUT:
      return signal->edges ? signal->n_bins - 1 : 0;
    default:
      return 0;
  }
}

/* ---- what follows from the parts ---- */

static double keep_square(double value) {
  return fmin(fmax(value, -OCK_PROFILE_LARGEST), OCK_PROFILE_LARGEST);
}

/* Of few rows only one is beyond either quantile, which the limits are three ranges from: it is no cluster, and must
 * not draw one away. */
bool ock_profile_set_limits(ockham_profile *p) {
  bool few = p->parts.n_rows < 2000;
  size_t d = p->parts.n_numbers;
  double *limits = ock_profile_array(p, ock_size_product(8, d), sizeof *limits);
  if (!limits) return false;
  p->low = limits;
  p->high = limits + d;
  p->scaled_low = limits + 2 * d;
  p->scaled_high = limits + 3 * d;
  p->mean = limits + 4 * d;
  p->gain = limits + 5 * d;
  p->sum_low = limits + 6 * d;
  p->sum_high = limits + 7 * d;
  for (size_t m = 0; m < d; m++) {
    const ockham_column_range *range = &p->ranges[p->numbers[m]];
    p->low[m] = range->clip_low;
    p->high[m] = range->clip_high;
    p->scaled_low[m] = keep_square((range->clip_low - p->centre[m]) * p->factor[m]);
    p->scaled_high[m] = keep_square((range->clip_high - p->centre[m]) * p->factor[m]);
    double beyond = few ? (p->scaled_high[m] - p->scaled_low[m]) * (3 / 7.0) : 0;
    p->sum_low[m] = p->scaled_low[m] + beyond;
    p->sum_high[m] = p->scaled_high[m] - beyond;
    p->mean[m] = range->mean;
    p->gain[m] = range->sd > 0 && isfinite(1 / range->sd) ? 1 / range->sd : 0;
  }
  return true;
}

static bool set_cuts(ockham_profile *p, size_t s) {
  const ockham_signal *signal = &p->signals[s];
  if (!signal->n_edges) return true;
  double *cuts = ock_profile_array(p, signal->n_edges, sizeof *cuts);
  if (!cuts) return false;
  memcpy(cuts, signal->edges, signal->n_edges * sizeof *cuts);
  if (signal->kind != OCKHAM_SIGNAL_DIRECTION)
    cuts[signal->n_edges - 1] = nextafter(cuts[signal->n_edges - 1], INFINITY);
  p->cuts[s] = cuts;
  return true;
}

typedef struct text_number {
  const char *text;
  uint32_t number;
} text_number;

static int compare_texts(const void *a, const void *b) {
  const text_number *x = a, *y = b;
  int order = strcmp(x->text, y->text);
  return order ? order : (x->number > y->number) - (x->number < y->number);
}

static bool sort_texts(ockham_profile *p, size_t j) {
  size_t n = p->columns[j].n_texts;
  text_number *items = ock_alloc_array(n, sizeof *items);
  uint32_t *order = ock_profile_array(p, n, sizeof *order);
  if (items && order) {
    for (size_t t = 0; t < n; t++) items[t] = (text_number){p->columns[j].texts[t], (uint32_t)t};
    qsort(items, n, sizeof *items, compare_texts);
    for (size_t t = 0; t < n; t++) order[t] = items[t].number;
    p->text_order[j] = order;
  }
  ock_free(items);
  return items && order;
}

bool ock_profile_finish(ockham_profile *p) {
  p->text_order = ock_profile_array(p, p->parts.n_columns, sizeof *p->text_order);
  if (!p->text_order) return false;
  for (size_t j = 0; j < p->parts.n_columns; j++)
    if (p->columns[j].kind == OCKHAM_COLUMN_CATEGORY && !sort_texts(p, j)) return false;
  for (size_t s = 0; s < p->parts.n_signals; s++)
    if (!set_cuts(p, s)) return false;
  return true;
}

/* ---- the handle ---- */

void ockham_profile_free(ockham_profile *profile) {
  if (!profile) return;
  ock_arena_clear(&profile->arena);
  ock_free(profile);
}

const ockham_profile_parts *ockham_profile_look(const ockham_profile *profile) {
  return &profile->parts;
}

void ock_profile_set_rehearsals(ockham_profile *profile, const ockham_rehearsal *rehearsals, size_t n) {
  n = n < OCKHAM_PROFILE_MOST_REHEARSALS ? n : OCKHAM_PROFILE_MOST_REHEARSALS;
  for (size_t i = 0; i < n; i++) profile->rehearsals[i] = rehearsals[i];
  profile->parts.n_rehearsals = n;
}

void ockham_profile_match(const ockham_profile *profile, const char *const *names, size_t n_names, size_t *order,
                          size_t *n_extra) {
  size_t n_used = 0;
  for (size_t j = 0; j < profile->parts.n_columns; j++) {
    order[j] = SIZE_MAX;
    for (size_t i = 0; i < n_names && order[j] == SIZE_MAX; i++)
      if (strcmp(names[i], profile->columns[j].name) == 0) order[j] = i;
    n_used += order[j] != SIZE_MAX;
  }
  if (n_extra) *n_extra = n_names - n_used;
}

/* As strcmp() of two texts, one of which is given by its length and holds no NUL. */
static int compare_to_text(const char *text, size_t length, const char *known) {
  int order = strncmp(text, known, length);
  return order ? order : known[length] ? -1 : 0;
}

size_t ockham_profile_category(const ockham_profile *profile, size_t column, const char *text, size_t text_length) {
  const ockham_profile_column *known = &profile->columns[column];
  if (known->kind != OCKHAM_COLUMN_CATEGORY || memchr(text, 0, text_length)) return known->n_texts;
  size_t low = 0, high = known->n_texts;
  while (low < high) {
    size_t middle = low + (high - low) / 2, number = profile->text_order[column][middle];
    int order = compare_to_text(text, text_length, known->texts[number]);
    if (order == 0) return number;
    if (order < 0)
      high = middle;
    else
      low = middle + 1;
  }
  return known->n_texts;
}
