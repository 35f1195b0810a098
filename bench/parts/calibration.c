/* SPDX-License-Identifier: Apache-2.0 */
/* How long a monitor really runs without drift, beside what it was asked for: a C program, for it watches some 1e9
 * rows. One line of CSV a setting: bench/calibration.py runs it and writes bench/calibration.md.
 *
 *   calibration column K N_REF STICKINESS STREAMS SEED   one column of K categories, budgets of 1,000 ... 100,000 rows
 *   calibration monitor COLUMNS N_REF CORRELATION STREAMS SEED ASKED   whole monitors of COLUMNS numbers
 *   calibration serial COLUMNS N_REF CORRELATION STREAMS SEED ASKED   the same, each column an AR(1) process of its own
 *   calibration delay COLUMNS N_REF SHIFT STREAMS SEED ASKED   rows until a shift of one column is noticed
 *
 * Every stream has a truth and a reference of its own, whose profile, stickiness and limits are found as for any user.
 */
#include <math.h>
#include <ockham/drift.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- random numbers that are not the library's: PCG (O'Neill, 2014) ---- */

static uint64_t random_state;

static double uniform(void) {
  uint64_t x = random_state;
  random_state = x * 6364136223846793005u + 1442695040888963407u;
  uint32_t mixed = (uint32_t)(((x >> 18) ^ x) >> 27), turn = (uint32_t)(x >> 59);
  return ((mixed >> turn | mixed << (-turn & 31)) + .5) / 4294967296.;
}

static double normal(void) {
  return sqrt(-2 * log(uniform())) * cos(2 * M_PI * uniform());
}

static void die(const ockham_error *error) {
  fprintf(stderr, "calibration: %s\n", error->message);
  exit(1);
}

/* ---- a column of categories ---- */

enum { MOST_BINS = 60, CHUNK = 1024 };
typedef struct source {
  int k, latest;
  double stickiness, cumulative[MOST_BINS];
} source;

/* Dirichlet(2, ..., 2): the largest of 8 shares is some ten times the least. */
static source make_source(int k, double stickiness) {
  source s = {.k = k, .stickiness = stickiness};
  double total = 0;
  for (int j = 0; j < k; j++) s.cumulative[j] = total += -log(uniform() * uniform());
  for (int j = 0; j < k; j++) s.cumulative[j] /= total;
  s.latest = k / 2;
  return s;
}

static void draw(source *s, double *values, size_t n) {
  for (size_t i = 0; i < n; i++) {
    if (uniform() >= s->stickiness) {
      double u = uniform();
      int low = 0, high = s->k - 1;
      while (low < high) {
        int middle = (low + high) / 2;
        if (u < s->cumulative[middle]) {
          high = middle;
        } else {
          low = middle + 1;
        }
      }
      s->latest = low;
    }
    values[i] = s->latest;
  }
}

static ockham_profile *profile_of(const double *values, size_t n, int k) {
  static const char *texts[MOST_BINS];
  static char names[MOST_BINS][8];
  for (int j = 0; j < k; j++) snprintf(names[j], sizeof names[j], "%d", j), texts[j] = names[j];
  ockham_profile_column column = {"c", OCKHAM_COLUMN_CATEGORY, OCKHAM_COLUMN_INPUT, texts, (size_t)k};
  ockham_profile_options options = {.columns = &column, .threads = 1};
  ockham_profile *profile;
  ockham_error error;
  ockham_rows rows = {.data = values, .n_rows = n, .n_columns = 1};
  if (ockham_profile_fit(rows, &options, &profile, &error)) die(&error);
  return profile;
}

enum { N_ASKED = 3 };
static const double asked[N_ASKED] = {1e3, 1e4, 1e5};
static const double longest = 30; /* times what was asked: then a stream is given up */

/* The column's is the only signal with a part of the budget. It alarms at a budget as soon as its statistic is as high
 * as it is once in so many rows: one monitor tells of all three. */
static const ockham_drift_signal *watched_signal(const ockham_drift_state *state) {
  size_t s = 0;
  while (state->signals[s].signal->kind != OCKHAM_SIGNAL_COLUMN) s++;
  return &state->signals[s];
}

static void watch_column(ockham_drift_monitor *monitor, source *s, double *lengths) {
  double rows[OCKHAM_DRIFT_BLOCK], length = 0;
  ockham_rows x = {.data = rows, .n_rows = OCKHAM_DRIFT_BLOCK, .n_columns = 1};
  ockham_error error;
  for (int a = 0; a < N_ASKED && length < longest * asked[N_ASKED - 1];) {
    draw(s, rows, OCKHAM_DRIFT_BLOCK);
    if (ockham_drift_monitor_put(monitor, x, NULL, NULL, &error)) die(&error);
    length += OCKHAM_DRIFT_BLOCK;
    double run_length = watched_signal(ockham_drift_monitor_look(monitor))->run_length;
    for (; a < N_ASKED && run_length > asked[a]; a++) lengths[a] = length;
  }
  for (int a = 0; a < N_ASKED; a++) {
    if (lengths[a] == 0) lengths[a] = length;
  }
}

static void run_column(int k, size_t n_reference, double stickiness, double *lengths) {
  source s = make_source(k, stickiness);
  double *reference = malloc(n_reference * sizeof *reference), between[CHUNK];
  draw(&s, reference, n_reference);
  ockham_profile *profile = profile_of(reference, n_reference, k);
  draw(&s, between, CHUNK); /* so that the stream does not begin where the reference ended */
  ockham_drift_options options = {.rows_per_false_alarm = asked[N_ASKED - 1], .min_effect = -1, .threads = 1};
  options.shares[OCKHAM_GROUP_INPUTS] = 1;
  ockham_drift_monitor *monitor;
  ockham_error error;
  if (ockham_drift_monitor_new(profile, &options, &monitor, &error)) die(&error);
  watch_column(monitor, &s, lengths);
  ockham_drift_monitor_free(monitor);
  ockham_profile_free(profile);
  free(reference);
}

/* ---- whole monitors ---- */

enum { MOST_COLUMNS = 64 };
typedef struct numbers {
  size_t d;
  double correlation;          /* of any two columns of a row */
  double serial;               /* of a column with itself, a row later */
  double shift;                /* of column 0, once there is one */
  double before[MOST_COLUMNS]; /* the row before */
} numbers;

static void draw_numbers(numbers *s, double *x, size_t n) {
  for (size_t i = 0; i < n; i++) {
    double common = sqrt(s->correlation) * normal();
    for (size_t j = 0; j < s->d; j++) {
      double fresh = common + sqrt(1 - s->correlation) * normal();
      x[i * s->d + j] = s->before[j] = s->serial * s->before[j] + sqrt(1 - s->serial * s->serial) * fresh;
    }
  }
}

/* Rows until the first alarm; with a shift from row CHANGE on, from there on, or negative for an alarm before. */
static double run_monitor(numbers s, size_t n_reference, double rows_asked) {
  enum { K = 8, CHANGE = 4096 };
  size_t chunk = s.shift ? 64 : CHUNK, d = s.d;
  double *x = malloc((n_reference + chunk) * d * sizeof *x), *rows = x + n_reference * d;
  for (size_t j = 0; j < d; j++) s.before[j] = normal();
  draw_numbers(&s, x, n_reference);
  ockham_profile_options how = {.k = K, .centroids = x, .threads = 1};
  ockham_drift_options options = {.rows_per_false_alarm = rows_asked, .min_effect = s.shift ? 0 : -1, .threads = 1};
  ockham_profile *profile;
  ockham_drift_monitor *monitor;
  ockham_error error;
  if (ockham_profile_fit((ockham_rows){.data = x, .n_rows = n_reference, .n_columns = d}, &how, &profile, &error))
    die(&error);
  if (ockham_drift_monitor_new(profile, &options, &monitor, &error)) die(&error);
  for (int i = 0; i < 16; i++) draw_numbers(&s, rows, chunk); /* so that the stream has forgotten the reference */
  double length = 0;
  for (size_t n_alarms = 0; length < longest * rows_asked; length += (double)chunk) {
    draw_numbers(&s, rows, chunk);
    for (size_t i = 0; i < chunk && s.shift && length >= CHANGE; i++) rows[i * d] += s.shift;
    if (ockham_drift_monitor_put(monitor, (ockham_rows){.data = rows, .n_rows = chunk, .n_columns = d}, NULL, &n_alarms,
                                 &error))
      die(&error);
    if (!n_alarms) continue;
    length = (double)ockham_drift_monitor_look(monitor)->episodes[0].noticed_row - (s.shift ? CHANGE : 0);
    break;
  }
  ockham_drift_monitor_free(monitor);
  ockham_profile_free(profile);
  free(x);
  return length;
}

/* ---- results ---- */

static int compare(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static void print(const char *setting, double rows_asked, double *lengths, size_t n) {
  double sum = 0, squares = 0;
  size_t n_used = 0, n_early = 0;
  for (size_t i = 0; i < n; i++) {
    if (lengths[i] <= 0) {
      n_early++;
      continue;
    }
    lengths[n_used++] = lengths[i];
    sum += lengths[i], squares += lengths[i] * lengths[i];
  }
  double mean = sum / (double)n_used, error = sqrt((squares / (double)n_used - mean * mean) / (double)n_used);
  qsort(lengths, n_used, sizeof *lengths, compare);
  printf("%s,%g,%zu,%zu,%g,%g,%g\n", setting, rows_asked, n_used, n_early, mean, error, lengths[n_used / 2]);
}

int main(int n_arguments, char **arguments) {
  if (n_arguments < 7) return fprintf(stderr, "usage: see the source\n"), 2;
  const char *what = arguments[1];
  bool is_column = !strcmp(what, "column");
  size_t first = strtoul(arguments[2], NULL, 10), n_reference = strtoul(arguments[3], NULL, 10);
  double third = atof(arguments[4]), rows_asked = n_arguments > 7 ? atof(arguments[7]) : 10000;
  size_t n = strtoul(arguments[5], NULL, 10);
  random_state = strtoul(arguments[6], NULL, 10) * 7919 + first * 104729 + n_reference + (uint64_t)(third * 1000);
  for (int i = 0; i < 10; i++) uniform();
  double *lengths[N_ASKED];
  for (int a = 0; a < N_ASKED; a++) lengths[a] = malloc(n * sizeof **lengths);
  for (size_t i = 0; i < n; i++) {
    double one[N_ASKED] = {0};
    if (is_column)
      run_column((int)first, n_reference, third, one);
    else
      one[0] = run_monitor((numbers){.d = first,
                                     .correlation = strcmp(what, "monitor") ? 0 : third,
                                     .serial = strcmp(what, "serial") ? 0 : third,
                                     .shift = strcmp(what, "delay") ? 0 : third},
                           n_reference, rows_asked);
    for (int a = 0; a < N_ASKED; a++) lengths[a][i] = one[a];
  }
  char setting[100];
  snprintf(setting, sizeof setting, "%s,%zu,%zu,%g", what, first, n_reference, third);
  for (int a = 0; a < (is_column ? N_ASKED : 1); a++) print(setting, is_column ? asked[a] : rows_asked, lengths[a], n);
  for (int a = 0; a < N_ASKED; a++) free(lengths[a]);
  return 0;
}
