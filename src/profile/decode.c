/* SPDX-License-Identifier: Apache-2.0 */
/* The layout is at the head of encode.c. Nothing is believed: room is made only for what the bytes that are left could
 * fill, and every relation that binning and drift rely on is checked. */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "profile/internal.h"

typedef struct source {
  const unsigned char *at;
  size_t left;
  const char *where;
  ockham_error *err;
} source;

static ockham_status fail_cut(const source *from) {
  return ock_fail(from->err, OCKHAM_BAD_FILE, "%s: the profile ends too early", from->where);
}

static ockham_status fail_what(const source *from, const char *what) {
  return ock_fail(from->err, OCKHAM_BAD_FILE, "%s: the profile's %s cannot be", from->where, what);
}

static ockham_status fail_memory(const source *from, size_t size) {
  return ock_fail_memory(from->err, "a profile", size);
}

/* ---- pieces ---- */

static ockham_status get(source *from, void *to, size_t count, size_t size_bytes) {
  size_t size = ock_size_product(count, size_bytes);
  if (size > from->left) return fail_cut(from);
  if (size) memcpy(to, from->at, size);
  from->at += size;
  from->left -= size;
  return OCKHAM_OK;
}

/* A number of things that take so many bytes each, at least. */
static ockham_status get_size(source *from, size_t least_bytes, size_t *value) {
  uint64_t count;
  OCK_TRY(get(from, &count, 1, sizeof count));
  if (count > from->left / least_bytes) return fail_cut(from);
  *value = (size_t)count;
  return OCKHAM_OK;
}

static ockham_status get_numbers(source *from, double *to, size_t n, double least, double most, const char *what) {
  OCK_TRY(get(from, to, n, sizeof *to));
  for (size_t i = 0; i < n; i++)
    if (!(to[i] >= least && to[i] <= most)) return fail_what(from, what);
  return OCKHAM_OK;
}

static ockham_status get_text(source *from, ock_arena *arena, const char **text) {
  size_t size = 0;
  OCK_TRY(get_size(from, 1, &size));
  if (size && memchr(from->at, 0, size)) return fail_what(from, "texts");
  *text = ock_arena_text(arena, size ? (const char *)from->at : "", size);
  if (!*text) return fail_memory(from, size);
  from->at += size;
  from->left -= size;
  return OCKHAM_OK;
}

/* ---- head and columns ---- */

enum { HEAD_COUNTS = 10, LEAST_COLUMN_BYTES = 11 * 8, LEAST_TEXT_BYTES = 8 + 2 };

typedef struct head {
  uint64_t version, n_rows, n_fitted, n_columns, k, n_directions, since_s, until_s, n_rehearsals, by_hour;
} head;
_Static_assert(sizeof(head) == HEAD_COUNTS * sizeof(uint64_t), "a head has no gaps");

static ockham_status get_head(source *from, head *h) {
  OCK_TRY(get(from, &h->version, 1, sizeof h->version));
  if (h->version != OCK_PROFILE_VERSION)
    return ock_fail(from->err, OCKHAM_BAD_FILE, "%s: the profile is of version %" PRIu64 " (this build reads %d)",
                    from->where, h->version, (int)OCK_PROFILE_VERSION);
  OCK_TRY(get(from, &h->n_rows, HEAD_COUNTS - 1, sizeof(uint64_t)));
  if (h->n_rows < OCK_PROFILE_FEWEST_ROWS || h->n_rows >= UINT32_MAX || h->n_fitted == 0 || h->n_fitted >= h->n_rows)
    return fail_what(from, "number of rows");
  if (h->n_columns == 0 || h->n_columns > from->left / LEAST_COLUMN_BYTES) return fail_what(from, "number of columns");
  if (h->k > OCK_PROFILE_MOST_CLUSTERS || h->n_directions > OCKHAM_PROFILE_MOST_DIRECTIONS)
    return fail_what(from, "number of clusters or directions");
  if (h->n_rehearsals > OCKHAM_PROFILE_MOST_REHEARSALS || h->by_hour > 1 || h->since_s > h->until_s)
    return fail_what(from, "time or number of rehearsals");
  return OCKHAM_OK;
}

static ockham_status get_texts(source *from, ock_arena *arena, ockham_profile_column *column, uint16_t **bins) {
  const char **texts = ock_arena_array(arena, column->n_texts, sizeof *texts);
  *bins = ock_arena_array(arena, column->n_texts, sizeof **bins);
  if (!texts || !*bins) return fail_memory(from, column->n_texts * sizeof *texts);
  for (size_t t = 0; t < column->n_texts; t++) {
    OCK_TRY(get_text(from, arena, &texts[t]));
    OCK_TRY(get(from, &(*bins)[t], 1, sizeof **bins));
  }
  column->texts = texts;
  return OCKHAM_OK;
}

/* Each of the bins that texts have of their own is one text's, or, where there are many texts, none's; the other texts
 * share the next bin, or are as good as new. */
static bool are_text_bins(const uint16_t *bins, size_t n_texts) {
  bool taken[OCKHAM_PROFILE_MOST_CATEGORIES] = {0};
  size_t n_own = n_texts < OCKHAM_PROFILE_MOST_CATEGORIES ? n_texts : OCKHAM_PROFILE_MOST_CATEGORIES, n_taken = 0;
  for (size_t t = 0; t < n_texts; t++) {
    if (n_texts > n_own && bins[t] == OCK_PROFILE_NEW_TEXT) continue;
    if (bins[t] > n_own || (bins[t] < n_own && taken[bins[t]])) return false;
    if (bins[t] == n_own) continue;
    taken[bins[t]] = true;
    n_taken++;
  }
  return n_taken == n_own || n_texts > n_own;
}

static ockham_status get_range(source *from, const head *h, ockham_column_range *range) {
  double values[6];
  OCK_TRY(get_numbers(from, values, 6, -__DBL_MAX__, __DBL_MAX__, "ranges"));
  *range = (ockham_column_range){values[0], values[1], values[2], values[3], values[4], values[5], 0};
  OCK_TRY(get(from, &range->n_missing, 1, sizeof range->n_missing));
  if (range->sd < 0 || range->least > range->most || range->clip_low > range->clip_high || range->n_missing > h->n_rows)
    return fail_what(from, "ranges");
  return OCKHAM_OK;
}

/* What the columns of a profile are made from, and what it knows of them besides. */
typedef struct columns {
  ock_arena arena;
  ockham_profile_column *columns;
  uint16_t **text_bins;
  ockham_column_range *ranges;
} columns;

static ockham_status get_column(source *from, const head *h, columns *c, size_t j) {
  uint64_t kind, role;
  ockham_profile_column *column = &c->columns[j];
  *column = (ockham_profile_column){0};
  OCK_TRY(get(from, &kind, 1, sizeof kind));
  OCK_TRY(get(from, &role, 1, sizeof role));
  OCK_TRY(get_text(from, &c->arena, &column->name));
  OCK_TRY(get_size(from, LEAST_TEXT_BYTES, &column->n_texts));
  if (kind > OCKHAM_COLUMN_CATEGORY || role > OCKHAM_COLUMN_OUTPUT || column->n_texts >= UINT32_MAX ||
      (kind == OCKHAM_COLUMN_NUMBER && column->n_texts))
    return fail_what(from, "columns");
  column->kind = (ockham_column_kind)kind;
  column->role = (ockham_column_role)role;
  OCK_TRY(get_texts(from, &c->arena, column, &c->text_bins[j]));
  if (!are_text_bins(c->text_bins[j], column->n_texts)) return fail_what(from, "bins of texts");
  return get_range(from, h, &c->ranges[j]);
}

static ockham_status get_columns(source *from, const head *h, columns *c) {
  size_t n = (size_t)h->n_columns;
  c->columns = ock_arena_array(&c->arena, n, sizeof *c->columns);
  c->text_bins = ock_arena_array(&c->arena, n, sizeof *c->text_bins);
  c->ranges = ock_arena_array(&c->arena, n, sizeof *c->ranges);
  if (!c->columns || !c->text_bins || !c->ranges) return fail_memory(from, n * sizeof *c->columns);
  for (size_t j = 0; j < n; j++) OCK_TRY(get_column(from, h, c, j));
  return OCKHAM_OK;
}

static ockham_status begin(source *from, const head *h, columns *c, ockham_profile **profile) {
  OCK_TRY(get_columns(from, h, c));
  OCK_TRY(ock_profile_new(c->columns, (size_t)h->n_columns, profile, from->err));
  ockham_profile *p = *profile;
  for (size_t j = 0; j < p->parts.n_columns; j++) {
    size_t n_texts = p->columns[j].n_texts;
    p->ranges[j] = c->ranges[j];
    if (n_texts) memcpy(p->text_bins[j], c->text_bins[j], n_texts * sizeof **p->text_bins);
  }
  p->parts.n_rows = h->n_rows;
  p->parts.n_fitted = h->n_fitted;
  p->parts.since_s = h->since_s;
  p->parts.until_s = h->until_s;
  return OCKHAM_OK;
}

/* ---- clusters and directions ---- */

static bool are_rising(const double *edges, size_t n, size_t n_strictly) {
  for (size_t i = 1; i < n; i++)
    if (!(edges[i] > edges[i - 1] || (i >= n_strictly && edges[i] == edges[i - 1]))) return false;
  return true;
}

static ockham_status get_clusters(source *from, ockham_profile *p, size_t k) {
  size_t d = p->parts.n_numbers, n_edges = k * OCK_DISTANCE_EDGES;
  double largest = __DBL_MAX__;
  if (!k != !d) return fail_what(from, "number of clusters");
  if (ock_size_product(ock_size_product(k, d), 2 * sizeof(double)) > from->left) return fail_cut(from);
  OCK_TRY(get_numbers(from, p->centre, d, -largest, largest, "scaling"));
  OCK_TRY(get_numbers(from, p->factor, d, __DBL_DENORM_MIN__, largest, "scaling"));
  if (!ock_profile_add_clusters(p, k) || !ock_profile_set_limits(p)) return fail_memory(from, k * d * sizeof(double));
  OCK_TRY(get_numbers(from, p->centroids, k * d, -2 * OCK_PROFILE_LARGEST, 2 * OCK_PROFILE_LARGEST, "centroids"));
  OCK_TRY(get_numbers(from, p->radii, k, 0, largest, "radii"));
  OCK_TRY(get_numbers(from, p->distance_edges, n_edges, 0, largest, "distances"));
  for (size_t i = 0; i < k; i++)
    if (!are_rising(p->distance_edges + i * OCK_DISTANCE_EDGES, OCK_DISTANCE_EDGES, 1))
      return fail_what(from, "distances");
  return get_numbers(from, p->deviations, k * d, 0, largest, "deviations");
}

static ockham_status get_directions(source *from, ockham_profile *p, size_t n) {
  size_t d = p->parts.n_numbers;
  double most = 1 + 1e-9;
  if (n > d || (n && d < 2)) return fail_what(from, "number of directions");
  if (!ock_profile_add_directions(p, n)) return fail_memory(from, n * d * sizeof(double));
  OCK_TRY(get_numbers(from, p->directions, n * d, -most, most, "directions"));
  for (size_t i = 0; i < n; i++) {
    double square = 0;
    for (size_t m = 0; m < d; m++) square += p->directions[i * d + m] * p->directions[i * d + m];
    if (!(fabs(square - 1) < 1e-6)) return fail_what(from, "directions");
  }
  return OCKHAM_OK;
}

/* ---- signals ---- */

static bool is_open(const ockham_signal *signal) {
  return signal->kind == OCKHAM_SIGNAL_DIRECTION;
}

static bool is_edge_count(const ockham_profile *p, const ockham_signal *signal, size_t n) {
  if (!ock_signal_has_edges(p, signal)) return n == 0;
  if (is_open(signal)) return n >= 1 && n <= OCK_PROFILE_MOST_EDGES - 2;
  return n <= OCK_PROFILE_MOST_EDGES && n != 1;
}

static ockham_status get_edges(source *from, ockham_profile *p, size_t s) {
  ockham_signal *signal = &p->signals[s];
  uint64_t n, single;
  OCK_TRY(get(from, &n, 1, sizeof n));
  OCK_TRY(get(from, &single, 1, sizeof single));
  if (n > SIZE_MAX || !is_edge_count(p, signal, (size_t)n)) return fail_what(from, "number of edges");
  if (single >= UINT64_C(1) << (n && !is_open(signal) ? n - 1 : 0)) return fail_what(from, "bins of one value");
  bool has_edges = ock_signal_has_edges(p, signal);
  signal->n_edges = (size_t)n;
  signal->n_bins = has_edges ? (size_t)n + (is_open(signal) ? 1 : 2) : ock_signal_fixed_bins(p, signal);
  p->single[s] = (uint32_t)single;
  if (n == 0) return OCKHAM_OK;
  double *edges = ock_profile_array(p, (size_t)n, sizeof *edges);
  if (!edges) return fail_memory(from, (size_t)n * sizeof *edges);
  signal->edges = edges;
  OCK_TRY(get_numbers(from, edges, (size_t)n, -__DBL_MAX__, __DBL_MAX__, "edges"));
  return are_rising(edges, (size_t)n, (size_t)n - !is_open(signal)) ? OCKHAM_OK : fail_what(from, "edges");
}

/* Rows that were to be counted are, each once; and missing cells are the column's. */
static bool are_counts(const ockham_profile *p, ockham_signal *signal) {
  const ockham_profile_parts *parts = &p->parts;
  bool of_half = ock_signal_is_of_half(signal->kind);
  bool of_column = signal->kind == OCKHAM_SIGNAL_COLUMN || signal->kind == OCKHAM_SIGNAL_OUTPUT;
  for (size_t b = 0; b < signal->n_bins; b++) {
    if (signal->counts[b] > parts->n_rows) return false;
    signal->n_counted += signal->counts[b];
  }
  if (of_column && signal->counts[signal->n_bins - 1] != p->ranges[signal->index].n_missing) return false;
  return signal->n_counted == (of_half ? parts->n_rows - parts->n_fitted : parts->n_rows);
}

/* Rows by the hour are among those counted. */
static bool are_hours(const ockham_signal *signal) {
  for (size_t b = 0; b < signal->n_bins; b++) {
    uint64_t sum = 0;
    for (size_t hour = 0; hour < OCKHAM_HOURS_A_WEEK; hour++) sum += signal->by_hour[hour * signal->n_bins + b];
    if (sum > signal->counts[b]) return false;
  }
  return true;
}

static ockham_status get_counts(source *from, ockham_profile *p, size_t s, bool by_hour) {
  ockham_signal *signal = &p->signals[s];
  size_t n = signal->n_bins, n_hours = OCKHAM_HOURS_A_WEEK * n;
  uint64_t *counts = ock_profile_array(p, n, sizeof *counts);
  if (!counts) return fail_memory(from, n * sizeof *counts);
  signal->counts = counts;
  OCK_TRY(get(from, counts, n, sizeof *counts));
  if (!are_counts(p, signal)) return fail_what(from, "counts");
  OCK_TRY(get_numbers(from, &signal->stickiness, 1, 0, OCK_PROFILE_MOST_STICKY, "stickiness"));
  OCK_TRY(get_numbers(from, &signal->stickiness_in_hours, 1, 0, OCK_PROFILE_MOST_STICKY, "stickiness in hours"));
  if (!by_hour) return OCKHAM_OK;
  if (n_hours * sizeof *signal->by_hour > from->left) return fail_cut(from);
  uint32_t *hours = ock_profile_array(p, n_hours, sizeof *hours);
  if (!hours) return fail_memory(from, n_hours * sizeof *hours);
  signal->by_hour = hours;
  OCK_TRY(get(from, hours, n_hours, sizeof *hours));
  return are_hours(signal) ? OCKHAM_OK : fail_what(from, "counts by hour");
}

static ockham_status get_signals(source *from, ockham_profile *p, bool by_hour) {
  if (!ock_profile_add_signals(p)) return fail_memory(from, p->parts.n_columns * sizeof *p->signals);
  for (size_t s = 0; s < p->parts.n_signals; s++) {
    OCK_TRY(get_edges(from, p, s));
    OCK_TRY(get_counts(from, p, s, by_hour));
    if (!ock_name_bins(p, s)) return fail_memory(from, p->signals[s].n_bins * sizeof(char *));
  }
  return OCKHAM_OK;
}

static ockham_status get_rehearsals(source *from, ockham_profile *p, size_t n) {
  for (size_t i = 0; i < n; i++) {
    double values[4];
    OCK_TRY(get_numbers(from, values, 4, 0, INFINITY, "rehearsals"));
    if (values[2] > values[3]) return fail_what(from, "rehearsals");
    p->rehearsals[i] = (ockham_rehearsal){values[0], values[1], values[2], values[3]};
  }
  p->parts.n_rehearsals = n;
  return OCKHAM_OK;
}

/* ---- all ---- */

static ockham_status get_rest(source *from, const head *h, ockham_profile *p) {
  OCK_TRY(get_clusters(from, p, (size_t)h->k));
  OCK_TRY(get_directions(from, p, (size_t)h->n_directions));
  OCK_TRY(get_signals(from, p, h->by_hour));
  OCK_TRY(get_rehearsals(from, p, (size_t)h->n_rehearsals));
  if (from->left)
    return ock_fail(from->err, OCKHAM_BAD_FILE, "%s: the profile must end %zu bytes earlier", from->where, from->left);
  return ock_profile_finish(p) ? OCKHAM_OK : fail_memory(from, p->parts.n_columns * sizeof(void *));
}

ockham_status ockham_profile_decode(const unsigned char *bytes, size_t size, const char *where,
                                    ockham_profile **profile, ockham_error *err) {
  source from = {bytes, size, where, err};
  head h;
  columns c = {0};
  ockham_profile *p = NULL;
  *profile = NULL;
  OCK_TRY(get_head(&from, &h));
  ockham_status status = begin(&from, &h, &c, &p);
  ock_arena_clear(&c.arena);
  if (!status) status = get_rest(&from, &h, p);
  if (status) {
    ockham_profile_free(p);
    return status;
  }
  *profile = p;
  return OCKHAM_OK;
}
