/* SPDX-License-Identifier: Apache-2.0 */
/* Ockham's monitor on streams that come through standard input, as int64 and float64 in the machine's order:
 *
 *   watch rows DETECTOR RUN_LENGTH K [WINDOW [MIN_EFFECT]]
 *     n d, reference (n x d); then for each stream: n, rows (n x d); K 0: the usual criterion's
 *   watch columns DETECTOR RUN_LENGTH [WINDOW [MIN_EFFECT]]
 *     the same; all columns are outputs, and nothing but each of them is watched
 *   watch compare LEVEL K
 *     n d, reference; then for each batch: n, rows
 *   watch errors RUN_LENGTH MOST
 *     n, errors to learn from (n); then for each stream: n, errors (n); no more than MOST alarms
 *   watch cost K D ROWS
 *     nothing; prints nanoseconds a row: prediction, monitor, and both
 *
 * Prints a line about the reference (clusters, seconds of calibration) and one for each stream: the rows at which an
 * alarm came (after each the watch begins anew); of batches verdict, p-value, and each column's PSI and shift. */
#include <ockham/drift.h>
#include <ockham/ockham.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/** Of the processor: other work on the machine does not count. */
static double seconds_now(void) {
  struct timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void check(ockham_status status, const ockham_error *err) {
  if (!status) return;
  fprintf(stderr, "watch: %s\n", err->message);
  exit(1);
}

static int64_t read_count(void) {
  int64_t n;
  return fread(&n, sizeof n, 1, stdin) == 1 ? n : 0;
}

static double *read_numbers(size_t n) {
  double *x = malloc((n ? n : 1) * sizeof *x);
  if (!x || fread(x, sizeof *x, n, stdin) != n) {
    fprintf(stderr, "watch: expected %zu numbers\n", n);
    exit(1);
  }
  return x;
}

static ockham_detector find_detector(const char *word) {
#define DETECTOR(name, text, statistic, source) \
  if (strcmp(word, text) == 0) return OCKHAM_DETECTOR_##name;
  OCKHAM_DETECTOR_LIST(DETECTOR)
#undef DETECTOR
  fprintf(stderr, "watch: there is no detector %s\n", word);
  exit(2);
}

/** The profile that the command makes: as many clusters as the usual criterion says. */
static ockham_profile *make_profile(ockham_rows x, size_t k) {
  ockham_error err = {0};
  ockham_scaling scaling = {0};
  check(ockham_scaling_fit(x, OCKHAM_SCALE_AUTO, &scaling, &err), &err);
  double *scaled = malloc(x.n_rows * x.n_columns * sizeof *scaled);
  ockham_scaling_apply(&scaling, x, scaled);
  ockham_rows rows = {.data = scaled, .n_rows = x.n_rows, .n_columns = x.n_columns};
  ockham_sweep_options options = {.no_silhouette = true, .k_min = k ? k : 1, .k_max = k};
  if (k) options.criterion = "bic";
  ockham_sweep *sweep;
  check(ockham_sweep_run(rows, &options, &sweep, &err), &err);
  ockham_verdict verdict = ockham_sweep_verdict(sweep);
  const ockham_curve_point *point = &ockham_sweep_curve(sweep)->points[verdict.point];
  ockham_profile_options about = {
      .k = point->k, .centroids = point->centroids, .centre = scaling.centre, .factor = scaling.factor};
  ockham_profile *profile;
  check(ockham_profile_fit(x, &about, &profile, &err), &err);
  ockham_sweep_free(sweep);
  ockham_scaling_clear(&scaling);
  free(scaled);
  return profile;
}

// ---- rows ----

static void watch_stream(ockham_drift_monitor *monitor, ockham_rows x) {
  ockham_error err = {0};
  const double *data = x.data;
  ockham_drift_monitor_reset(monitor);
  for (size_t start = 0; start < x.n_rows; start += OCKHAM_DRIFT_BLOCK) {
    ockham_rows block = x;
    block.data = data + start * x.n_columns;
    block.n_rows = x.n_rows - start < OCKHAM_DRIFT_BLOCK ? x.n_rows - start : OCKHAM_DRIFT_BLOCK;
    size_t n_alarms;
    check(ockham_drift_monitor_put(monitor, block, NULL, &n_alarms, &err), &err);
    if (!n_alarms) continue;
    printf("%zu ", start + block.n_rows);
    ockham_drift_monitor_reset(monitor);
  }
  printf("\n");
  fflush(stdout);
}

/** Of outputs only: no clusters, no distance, no directions. */
static ockham_profile *make_profile_of_outputs(ockham_rows x) {
  ockham_error err = {0};
  ockham_profile_column *columns = calloc(x.n_columns, sizeof *columns);
  char names[1000][8];
  for (size_t c = 0; c < x.n_columns && c < 1000; c++) {
    snprintf(names[c], sizeof names[c], "c%zu", c);
    columns[c] = (ockham_profile_column){.name = names[c], .role = OCKHAM_COLUMN_OUTPUT};
  }
  ockham_profile_options about = {.columns = columns, .threads = 1};
  ockham_profile *profile;
  check(ockham_profile_fit(x, &about, &profile, &err), &err);
  free(columns);
  return profile;
}

/** words: run length, and what else there is. */
static void watch_rows(const char *detector, bool outputs, size_t k, char **words) {
  ockham_error err = {0};
  size_t n = (size_t)read_count(), d = (size_t)read_count();
  ockham_rows x = {.data = read_numbers(n * d), .n_rows = n, .n_columns = d};
  ockham_profile *profile = outputs ? make_profile_of_outputs(x) : make_profile(x, k);
  ockham_drift_options options = {.detector = find_detector(detector),
                                  .rows_per_false_alarm = strtod(words[0], NULL),
                                  .reference = x,
                                  .window = words[1] ? strtoul(words[1], NULL, 10) : 0,
                                  .min_effect = words[1] && words[2] ? strtod(words[2], NULL) : 0,
                                  .threads = 1};
  ockham_drift_monitor *monitor;
  double start = seconds_now();
  check(ockham_drift_monitor_new(profile, &options, &monitor, &err), &err);
  printf("%zu %.3f\n", ockham_profile_look(profile)->k, seconds_now() - start);
  for (int64_t n_rows; (n_rows = read_count()) > 0;) {
    double *rows = read_numbers((size_t)n_rows * d);
    ockham_rows live = {.data = rows, .n_rows = (size_t)n_rows, .n_columns = d};
    watch_stream(monitor, live);
    free(rows);
  }
  ockham_drift_monitor_free(monitor);
  ockham_profile_free(profile);
  free((void *)x.data);
}

// ---- batches ----

static void print_comparison(const ockham_drift_comparison *found) {
  printf("%d %.9g", (int)found->verdict, found->p_value);
  for (size_t s = 0; s < found->n_signals; s++)
    if (found->signals[s].signal->kind == OCKHAM_SIGNAL_COLUMN)
      printf(" %.9g %.9g", found->signals[s].psi, found->signals[s].shift);
  printf("\n");
}

static void compare_batches(double level, size_t k) {
  ockham_error err = {0};
  size_t n = (size_t)read_count(), d = (size_t)read_count();
  ockham_rows x = {.data = read_numbers(n * d), .n_rows = n, .n_columns = d};
  ockham_profile *profile = make_profile(x, k);
  ockham_drift_options options = {.level = level, .threads = 1};
  printf("%zu 0\n", ockham_profile_look(profile)->k);
  for (int64_t n_rows; (n_rows = read_count()) > 0;) {
    double *rows = read_numbers((size_t)n_rows * d);
    ockham_rows live = {.data = rows, .n_rows = (size_t)n_rows, .n_columns = d};
    ockham_drift_comparison *found;
    check(ockham_drift_compare(profile, live, &options, NULL, &found, &err), &err);
    print_comparison(found);
    ockham_drift_comparison_free(found);
    free(rows);
  }
  ockham_profile_free(profile);
  free((void *)x.data);
}

// ---- errors ----

static ockham_stream *learned(double run_length, const double *errors, size_t n) {
  ockham_error err = {0};
  ockham_stream_options options = {.events = true, .rows_per_false_alarm = run_length, .n_learn = n};
  ockham_stream *stream;
  check(ockham_stream_new(&options, &stream, &err), &err);
  for (size_t i = 0; i < n; i++) (void)ockham_stream_put(stream, errors[i]);
  return stream;
}

static void watch_errors(double run_length, size_t most) {
  size_t n = (size_t)read_count();
  double *errors = read_numbers(n);
  printf("0 0\n");
  for (int64_t n_values; (n_values = read_count()) > 0;) {
    double *values = read_numbers((size_t)n_values);
    ockham_stream *stream = learned(run_length, errors, n);
    size_t n_alarms = 0;
    for (int64_t i = 0; i < n_values && n_alarms < most; i++) {
      if (!ockham_stream_put(stream, values[i])) continue;
      n_alarms++;
      printf("%lld ", (long long)i + 1);
      ockham_stream_free(stream);
      stream = learned(run_length, errors, n);
    }
    printf("\n");
    fflush(stdout);
    ockham_stream_free(stream);
    free(values);
  }
  free(errors);
}

// ---- cost ----

static double normal(uint64_t *state) {
  double sum = 0;
  for (int i = 0; i < 12; i++) {
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    sum += (double)(*state >> 11) * 0x1p-53;
  }
  return sum - 6;
}

static double *make_blobs(size_t n, size_t d, size_t k, uint64_t seed) {
  double *x = malloc(n * d * sizeof *x), *centres = malloc(k * d * sizeof *centres);
  uint64_t fixed = 7;
  for (size_t i = 0; i < k * d; i++) centres[i] = 4 * normal(&fixed);
  for (size_t i = 0; i < n * d; i++) x[i] = centres[i / d % k * d + i % d] + normal(&seed);
  free(centres);
  return x;
}

/** Seconds for all rows, in calls of `step` rows: as a server gets them. */
static double time_rows(ockham_drift_monitor *monitor, const double *centroids, size_t k, ockham_rows x, size_t step,
                        uint32_t *labels) {
  ockham_error err = {0};
  const double *data = x.data;
  double start = seconds_now();
  for (size_t i = 0; i < x.n_rows; i += step) {
    ockham_rows block = x;
    block.data = data + i * x.n_columns;
    block.n_rows = x.n_rows - i < step ? x.n_rows - i : step;
    if (centroids) check(ockham_nearest(block, centroids, k, 1, labels, NULL, &err), &err);
    if (monitor) check(ockham_drift_monitor_put(monitor, block, NULL, NULL, &err), &err);
  }
  return seconds_now() - start;
}

static void measure_cost(size_t k, size_t d, size_t n) {
  ockham_error err = {0};
  ockham_rows old = {.data = make_blobs(20000, d, k, 1), .n_rows = 20000, .n_columns = d};
  ockham_rows live = {.data = make_blobs(n, d, k, 2), .n_rows = n, .n_columns = d};
  ockham_profile *profile = make_profile(old, k);
  ockham_drift_options options = {.rows_per_false_alarm = 100000, .threads = 1};
  ockham_drift_monitor *monitor;
  check(ockham_drift_monitor_new(profile, &options, &monitor, &err), &err);
  const ockham_profile_parts *parts = ockham_profile_look(profile);
  uint32_t *labels = malloc(n * sizeof *labels);
  for (size_t step = 1; step <= 256; step *= 256) {
    double best[3] = {1e9, 1e9, 1e9};
    for (int run = 0; run < 5; run++)
      for (int what = 0; what < 3; what++) {
        double took =
            time_rows(what ? monitor : NULL, what != 1 ? parts->centroids : NULL, parts->k, live, step, labels);
        if (took < best[what]) best[what] = took;
      }
    printf("%zu %zu %zu %.1f %.1f %.1f\n", parts->k, d, step, 1e9 * best[0] / (double)n, 1e9 * best[1] / (double)n,
           1e9 * best[2] / (double)n);
  }
  free(labels);
  ockham_drift_monitor_free(monitor);
  ockham_profile_free(profile);
  free((void *)old.data);
  free((void *)live.data);
}

int main(int argc, char **argv) {
  if (argc >= 5 && argc <= 7 && strcmp(argv[1], "rows") == 0) {
    char *words[] = {argv[3], argv[5], argc > 6 ? argv[6] : NULL};
    watch_rows(argv[2], false, strtoul(argv[4], NULL, 10), words);
  } else if (argc >= 4 && argc <= 6 && strcmp(argv[1], "columns") == 0) {
    char *words[] = {argv[3], argv[4], argc > 5 ? argv[5] : NULL};
    watch_rows(argv[2], true, 0, words);
  } else if (argc == 4 && strcmp(argv[1], "compare") == 0) {
    compare_batches(strtod(argv[2], NULL), strtoul(argv[3], NULL, 10));
  } else if (argc == 4 && strcmp(argv[1], "errors") == 0) {
    watch_errors(strtod(argv[2], NULL), strtoul(argv[3], NULL, 10));
  } else if (argc == 5 && strcmp(argv[1], "cost") == 0) {
    measure_cost(strtoul(argv[2], NULL, 10), strtoul(argv[3], NULL, 10), strtoul(argv[4], NULL, 10));
  } else {
    fprintf(stderr,
            "usage: watch rows DETECTOR RUN_LENGTH K [WINDOW [MIN_EFFECT]] | watch columns DETECTOR RUN_LENGTH [WINDOW "
            "[MIN_EFFECT]] | watch compare LEVEL K | watch errors RUN_LENGTH MOST | watch cost K D ROWS\n");
    return 2;
  }
  return 0;
}
