/* SPDX-License-Identifier: Apache-2.0 */
/* What bins are called. */
#include <math.h>
#include <string.h>

#include "profile/internal.h"

enum { NUMBER_SIZE = 32, NAME_SIZE = 2 * NUMBER_SIZE + 16 };
typedef char number_text[NUMBER_SIZE];

/* As few digits, from three on, as tell neighbours apart. */
static void print_numbers(const double *edges, size_t n, number_text *texts) {
  bool apart = false;
  for (int digits = 3; digits <= 17 && !apart; digits++) {
    apart = true;
    for (size_t i = 0; i < n; i++) {
      snprintf(texts[i], NUMBER_SIZE, "%.*g", digits, edges[i]);
      if (i && edges[i] > edges[i - 1] && strcmp(texts[i], texts[i - 1]) == 0) apart = false;
    }
  }
}

static const char *name_between(ockham_profile *p, const char *low, const char *high) {
  char name[NAME_SIZE];
  int size = !low    ? snprintf(name, sizeof name, "below %s", high)
             : !high ? snprintf(name, sizeof name, "above %s", low)
                     : snprintf(name, sizeof name, "%s to %s", low, high);
  return ock_arena_text(&p->arena, name, (size_t)size);
}

/* The bins between edges, and below and above; returns false when memory runs out. */
static bool name_numbers(ockham_profile *p, const ockham_signal *signal, uint32_t single, const char **names) {
  number_text texts[OCK_PROFILE_MOST_EDGES];
  size_t n = signal->n_edges;
  print_numbers(signal->edges, n, texts);
  for (size_t b = 0; b <= n; b++) {
    bool alone = b > 0 && single >> (b - 1) & 1;
    names[b] = alone ? ock_arena_text(&p->arena, texts[b - 1], strlen(texts[b - 1]))
                     : name_between(p, b ? texts[b - 1] : NULL, b < n ? texts[b] : NULL);
    if (!names[b]) return false;
  }
  return true;
}

static bool name_column(ockham_profile *p, const ockham_signal *signal, uint32_t single, const char **names) {
  const ockham_profile_column *column = &p->columns[signal->index];
  size_t n = signal->n_bins;
  names[n - 1] = "missing";
  if (column->kind == OCKHAM_COLUMN_NUMBER) {
    names[0] = "present";
    return !signal->n_edges || name_numbers(p, signal, single, names);
  }
  names[n - 2] = "new";
  names[n - 3] = "other";
  for (size_t b = 0; b + 3 < n; b++) names[b] = "unused"; /* where few texts have more than one row */
  for (size_t t = 0; t < column->n_texts; t++) {
    size_t bin = p->text_bins[signal->index][t];
    if (bin < n - 3) names[bin] = column->texts[t];
  }
  return true;
}

static bool name_clusters(ockham_profile *p, const char **names) {
  size_t k = p->parts.k;
  for (size_t i = 0; i < k; i++) {
    char name[NUMBER_SIZE];
    int size = snprintf(name, sizeof name, "%zu", i);
    if (!(names[i] = ock_arena_text(&p->arena, name, (size_t)size))) return false;
  }
  names[k] = "outside";
  names[k + 1] = "empty";
  return true;
}

static bool name_signal(ockham_profile *p, const ockham_signal *signal, uint32_t single, const char **names) {
  static const char *const distances[] = {"nearest of 8", "2nd of 8", "3rd of 8",      "4th of 8", "5th of 8",
                                          "6th of 8",     "7th of 8", "farthest of 8", "unknown"};
  static const char *const missing[] = {"0", "1", "2", "3 or 4", "5 or more"};
  switch (signal->kind) {
    case OCKHAM_SIGNAL_CLUSTERS:
      return name_clusters(p, names);
    case OCKHAM_SIGNAL_DISTANCE:
      memcpy(names, distances, sizeof distances);
      return true;
    case OCKHAM_SIGNAL_DIRECTION:
      return name_numbers(p, signal, 0, names);
    case OCKHAM_SIGNAL_MISSING:
      memcpy(names, missing, signal->n_bins * sizeof *names);
      if (p->n_inputs == 3) names[3] = "3";
      return true;
    default:
      return name_column(p, signal, single, names);
  }
}

/* ---- directions ---- */

/* The weights that are farthest from 0, into which; columns in their order where two are alike. */
static size_t find_heaviest(const double *along, size_t n, size_t most, size_t *which) {
  size_t n_found = 0;
  for (size_t m = 0; m < n; m++) {
    size_t at = n_found < most ? n_found++ : most;
    for (; at > 0 && fabs(along[which[at - 1]]) < fabs(along[m]); at--)
      if (at < most) which[at] = which[at - 1];
    if (at < most) which[at] = m;
  }
  return n_found;
}

size_t ockham_profile_direction_columns(const ockham_profile_parts *parts, size_t direction, size_t most,
                                        size_t *columns, double *weights) {
  size_t which[OCKHAM_PROFILE_MOST_DIRECTIONS];
  if (most > OCKHAM_PROFILE_MOST_DIRECTIONS) most = OCKHAM_PROFILE_MOST_DIRECTIONS;
  if (direction >= parts->n_directions) return 0;
  const double *along = parts->directions + direction * parts->n_numbers;
  size_t n = find_heaviest(along, parts->n_numbers, most, which);
  for (size_t i = 0; i < n; i++) {
    columns[i] = parts->numbers[which[i]];
    weights[i] = along[which[i]];
  }
  return n;
}

bool ock_name_bins(ockham_profile *p, size_t s) {
  ockham_signal *signal = &p->signals[s];
  const char **names = ock_profile_array(p, signal->n_bins, sizeof *names);
  signal->bin_names = names;
  return names && name_signal(p, signal, p->single[s], names);
}
