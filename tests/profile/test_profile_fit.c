/* SPDX-License-Identifier: Apache-2.0 */
#include "profile/example.h"

/* ---- clusters ---- */

/* The same rule, said once more: stretches of n / 64 rows, from 1 to 1000, the second of each two is counted. */
static bool is_held_out(size_t row, size_t n) {
  size_t stretch = n / 64 < 1 ? 1 : n / 64 > 1000 ? 1000 : n / 64;
  return row / stretch % 2 == 1;
}

static void test_counts_are_of_the_other_half(void **state) {
  (void)state;
  static const size_t sizes[] = {20, 63, 128, 1000, 20000};
  for (size_t c = 0; c < sizeof sizes / sizeof *sizes; c++) {
    blobs b = make_blobs(sizes[c], 3, 3, 100, c);
    ockham_profile *profile = profile_of_blobs(&b);
    const ockham_signal *clusters = signal_named(profile, "clusters");
    uint64_t expected[3] = {0}, held_out = 0;
    for (size_t i = 0; i < b.n; i++) expected[b.label[i]] += is_held_out(i, b.n);
    for (size_t i = 0; i < 3; i++) {
      held_out += expected[i];
      assert_in_range(clusters->counts[i], expected[i] - clusters->counts[3], expected[i]);
    }
    assert_int_equal(clusters->n_bins, 5);
    assert_int_equal(clusters->n_counted, held_out);
    assert_int_equal(ockham_profile_look(profile)->n_fitted, b.n - held_out);
    assert_int_equal(clusters->counts[4], 0);
    assert_int_equal(signal_named(profile, "x2")->n_counted, b.n);
    assert_int_equal(signal_named(profile, "distance")->n_counted, held_out);
    ockham_profile_free(profile);
    free_blobs(&b);
  }
}

/* Squared distances of normal rows in two columns are chi-squared with 2 degrees of freedom: quantiles are
 * -2 log(1 - q), 13.8155 at 0.999 (scipy.stats.chi2.ppf gives the same). */
static void test_distances_are_chi_squared(void **state) {
  (void)state;
  blobs b = make_blobs(100000, 2, 1, 0, 5);
  ockham_profile *profile = profile_of_blobs(&b);
  const ockham_profile_parts *parts = ockham_profile_look(profile);
  assert_true(fabs(parts->radii[0] - 13.8155) < 1);
  for (size_t e = 0; e < 7; e++)
    assert_true(fabs(parts->distance_edges[e] / (-2 * log(1 - (double)(e + 1) / 8)) - 1) < 0.03);
  for (size_t j = 0; j < 2; j++) {
    assert_true(fabs(parts->deviations[j] - 1) < 0.015 && fabs(parts->centroids[j]) < 0.02);
    assert_true(fabs(parts->ranges[j].sd - 1) < 0.01 && fabs(parts->ranges[j].mean) < 0.015);
  }
  const ockham_signal *distance = signal_named(profile, "distance");
  for (size_t e = 0; e < 8; e++) assert_true(fabs((double)distance->counts[e] / 50000 - 0.125) < 0.007);
  ockham_profile_free(profile);
  free_blobs(&b);
}

/* However few rows set the radius, about one in a thousand new ones is outside. */
static void test_outside_is_one_in_a_thousand(void **state) {
  (void)state;
  static const size_t sizes[] = {100, 300, 1000, 5000}, repeats[] = {400, 200, 100, 20};
  blobs live = make_blobs(2000, 4, 2, 30, 99);
  uint16_t codes[2000 * 16];
  for (size_t c = 0; c < 4; c++) {
    double outside = 0;
    for (size_t repeat = 0; repeat < repeats[c]; repeat++) {
      blobs b = make_blobs(sizes[c], 4, 2, 30, repeat);
      ockham_profile *profile = profile_of_blobs(&b);
      size_t n_signals = ockham_profile_look(profile)->n_signals;
      assert_ok(ockham_profile_bin(profile, rows_of(live.x, live.n, 4), codes, NULL, err));
      for (size_t i = 0; i < live.n; i++) outside += codes[i * n_signals] == 2;
      ockham_profile_free(profile);
      free_blobs(&b);
    }
    double share = outside / (2000.0 * (double)repeats[c]);
    if (!(share > 0.0003 && share < 0.003)) fail_msg("%zu rows: %g are outside", sizes[c], share);
  }
  free_blobs(&live);
}

static void test_centroids_are_moved_to_the_rows(void **state) {
  (void)state;
  blobs b = make_blobs(4000, 2, 3, 20, 8);
  double start[] = {3, 3, 17, -2, 44, 1, -500, 7}; /* the last is near no row, and stays */
  ockham_profile *profile =
      profile_with(rows_of(b.x, b.n, 2), (ockham_profile_options){.k = 4, .centroids = start, .threads = 1});
  const ockham_profile_parts *parts = ockham_profile_look(profile);
  for (size_t i = 0; i < 6; i++) assert_true(fabs(parts->centroids[i] - b.centres[i]) < 0.15);
  assert_true(parts->centroids[6] == -500 && parts->centroids[7] == 7);
  assert_int_equal(signal_named(profile, "clusters")->counts[3], 0);
  assert_true(parts->radii[3] > 0 && isfinite(parts->radii[3]));
  ockham_profile_free(profile);
  free_blobs(&b);
}

static void test_one_wild_row_changes_nothing(void **state) {
  (void)state;
  static const size_t sizes[] = {60, 500, 1900, 10000};
  for (size_t c = 0; c < 4; c++) {
    blobs b = make_blobs(sizes[c], 3, 2, 20, 4);
    ockham_profile *tame = profile_of_blobs(&b);
    for (size_t j = 0; j < 3; j++) b.x[j] = 1000;
    ockham_profile *wild = profile_of_blobs(&b);
    const ockham_profile_parts *before = ockham_profile_look(tame), *after = ockham_profile_look(wild);
    double noise = 20 / sqrt((double)sizes[c]);
    for (size_t j = 0; j < 3; j++) {
      assert_true(fabs(after->ranges[j].mean - before->ranges[j].mean) < noise);
      assert_true(after->ranges[j].sd < before->ranges[j].sd * sqrt(1 + 600 / (double)b.n)); /* at 4 ranges */
      assert_true(after->ranges[j].most == 1000 && after->ranges[j].clip_high < 200);
    }
    for (size_t i = 0; i < 2 && b.n >= 500; i++) /* of 15 rows it moves the centre too */
      assert_true(after->radii[i] < 1.5 * before->radii[i]);
    for (size_t i = 0; i < 6; i++) assert_true(fabs(after->centroids[i] - before->centroids[i]) < noise);
    ockham_profile_free(tame);
    ockham_profile_free(wild);
    free_blobs(&b);
  }
}

/* ---- columns ---- */

static void test_bins_between_quantiles(void **state) {
  (void)state;
  double x[1000];
  for (size_t i = 0; i < 1000; i++) x[i] = (double)(i * 387 % 1000); /* each of 0 ... 999 once */
  ockham_profile *profile = profile_of_columns(x, 1000, 1, NULL);
  const ockham_signal *column = signal_named(profile, "x1");
  assert_int_equal(column->n_edges, 11);
  for (size_t e = 0; e < 10; e++) assert_true(column->edges[e] == (double)(100 * e));
  assert_true(column->edges[10] == 999);
  assert_string_equal(bins_of(column),
                      "below 0:0 | 0 to 100:100 | 100 to 200:100 | 200 to 300:100 | 300 to 400:100 | 400 to 500:100 | "
                      "500 to 600:100 | 600 to 700:100 | 700 to 800:100 | 800 to 900:100 | 900 to 999:100 | "
                      "above 999:0 | missing:0");
  assert_int_equal(ockham_profile_look(profile)->n_directions, 0);
  ockham_profile_free(profile);
}

static void test_few_values_have_bins_of_their_own(void **state) {
  (void)state;
  double x[60 * 4];
  for (size_t i = 0; i < 60; i++) {
    x[4 * i] = (double)(i % 3);
    x[4 * i + 1] = 7.25;
    x[4 * i + 2] = NAN;
    x[4 * i + 3] = i % 2 ? (double)i : 0; /* half are 0, the others differ */
  }
  x[4 * 5] = INFINITY;
  x[4 * 8] = -INFINITY;
  x[4 * 9] = NAN;
  ockham_profile *profile = profile_of_columns(x, 60, 4, NULL);
  assert_string_equal(bins_of(signal_named(profile, "x1")), "below 0:1 | 0:19 | 1:20 | 2:18 | above 2:1 | missing:1");
  assert_string_equal(bins_of(signal_named(profile, "x2")), "below 7.25:0 | 7.25:60 | above 7.25:0 | missing:0");
  assert_string_equal(bins_of(signal_named(profile, "x3")), "present:0 | missing:60");
  const ockham_signal *half = signal_named(profile, "x4");
  assert_string_equal(half->bin_names[1], "0");
  assert_int_equal(half->counts[1], 30);
  assert_int_equal(signal_named(profile, "missing")->counts[0], 0);
  assert_string_equal(bins_of(signal_named(profile, "missing")), "0:0 | 1:59 | 2:1 | 3 or 4:0");
  const ockham_column_range *ranges = ockham_profile_look(profile)->ranges;
  assert_true(ranges[0].least == 0 && ranges[0].most == 2 && ranges[0].n_missing == 1);
  assert_true(ranges[1].sd == 0 && ranges[1].mean == 7.25 && ranges[2].n_missing == 60);
  ockham_profile_free(profile);
}

/* Names tell edges apart, however near each other they are. */
static void test_names_of_near_edges(void **state) {
  (void)state;
  double x[200];
  for (size_t i = 0; i < 200; i++) x[i] = 1000000 + (double)i / 1024;
  ockham_profile *profile = profile_of_columns(x, 200, 1, NULL);
  const ockham_signal *column = signal_named(profile, "x1");
  for (size_t b = 0; b < column->n_bins; b++)
    for (size_t c = 0; c < b; c++) assert_string_not_equal(column->bin_names[b], column->bin_names[c]);
  assert_string_equal(column->bin_names[2], "1000000.02 to 1000000.04");
  ockham_profile_free(profile);
}

/* 100 texts: number t is in 300 - t rows, those above 60 the commonest are "other". */
static void test_categories(void **state) {
  (void)state;
  enum { N_TEXTS = 100 };
  static char names[N_TEXTS][8];
  const char *texts[N_TEXTS];
  static double x[N_TEXTS * 300];
  size_t n = 0;
  for (size_t t = 0; t < N_TEXTS; t++) {
    snprintf(names[t], sizeof *names, "t%zu", t);
    texts[t] = names[t];
    for (size_t i = 0; i < 300 - t; i++) x[n++] = (double)t;
  }
  x[n++] = N_TEXTS;
  x[n++] = -1;
  x[n++] = 0.5;
  x[n++] = INFINITY;
  x[n++] = NAN;
  ockham_profile_column column = {.name = "c", .kind = OCKHAM_COLUMN_CATEGORY, .texts = texts, .n_texts = N_TEXTS};
  ockham_profile *profile = profile_of_columns(x, n, 1, &column);
  const ockham_signal *signal = signal_named(profile, "c");
  assert_int_equal(ockham_profile_look(profile)->k, 0);
  assert_int_equal(ockham_profile_look(profile)->n_signals, 2);
  assert_int_equal(signal->n_bins, 63);
  assert_null(signal->edges);
  uint64_t other = 0;
  for (size_t t = 0; t < N_TEXTS; t++) {
    if (t >= 60) other += 300 - t;
    if (t >= 60) continue;
    assert_string_equal(signal->bin_names[t], names[t]);
    assert_int_equal(signal->counts[t], 300 - t);
  }
  assert_string_equal(signal->bin_names[60], "other");
  assert_int_equal(signal->counts[60], other);
  assert_string_equal(signal->bin_names[61], "new");
  assert_int_equal(signal->counts[61], 4);
  assert_string_equal(signal->bin_names[62], "missing");
  assert_int_equal(signal->counts[62], 1);
  for (size_t t = 0; t < N_TEXTS; t++)
    assert_int_equal(ockham_profile_category(profile, 0, texts[t], strlen(texts[t])), t);
  assert_int_equal(ockham_profile_category(profile, 0, "t1000", 3), 10);
  assert_int_equal(ockham_profile_category(profile, 0, "t1000", 5), N_TEXTS);
  assert_int_equal(ockham_profile_category(profile, 0, "", 0), N_TEXTS);
  ockham_profile_free(profile);
}

/* What a model answers has bins, and no say in clusters or directions. */
static void test_outputs_stand_apart(void **state) {
  (void)state;
  double *x = make_mixed(1000, 3);
  ockham_profile *one = profile_of_mixed(x, 1000, NULL, 1);
  for (size_t i = 0; i < 1000; i++) x[i * MIXED_COLUMNS + 1] = (double)i;
  ockham_profile *other = profile_of_mixed(x, 1000, NULL, 1);
  const ockham_profile_parts *a = ockham_profile_look(one), *b = ockham_profile_look(other);
  assert_memory_equal(a->centroids, b->centroids, 6 * sizeof(double));
  assert_memory_equal(a->directions, b->directions, a->n_directions * 3 * sizeof(double));
  assert_int_equal(a->n_numbers, 3);
  assert_int_equal(signal_named(other, "answer")->kind, OCKHAM_SIGNAL_OUTPUT);
  assert_int_equal(signal_named(other, "answer")->group, OCKHAM_GROUP_OUTPUTS);
  for (size_t e = 0; e < 10; e++) assert_true(signal_named(other, "answer")->edges[e] == (double)(100 * e));
  for (size_t s = 0; s < a->n_signals; s++) {
    if (a->signals[s].kind == OCKHAM_SIGNAL_OUTPUT) continue;
    assert_memory_equal(a->signals[s].counts, b->signals[s].counts, a->signals[s].n_bins * sizeof(uint64_t));
  }
  ockham_profile_free(one);
  ockham_profile_free(other);
  free(x);
}

static void test_order_of_signals(void **state) {
  (void)state;
  static const char *const names[] = {"clusters", "distance", "direction 1", "direction 2", "direction 3", "length",
                                      "colour",   "width",    "count",       "answer",      "missing"};
  double *x = make_mixed(500, 3);
  ockham_profile *profile = profile_of_mixed(x, 500, NULL, 1);
  const ockham_profile_parts *parts = ockham_profile_look(profile);
  assert_int_equal(parts->n_signals, 11);
  for (size_t s = 0; s < 11; s++) assert_string_equal(parts->signals[s].name, names[s]);
  ockham_profile_free(profile);
  free(x);
}

/* ---- directions ---- */

/* Two columns that go together: along the last axis, their difference, nothing varies. */
static void test_directions(void **state) {
  (void)state;
  enum { N = 5000, D = 12 };
  static double x[N * D];
  ock_rng rng = ock_rng_make(1, 0);
  for (size_t i = 0; i < N; i++) {
    for (size_t j = 0; j < D; j++) x[i * D + j] = ock_rng_normal(&rng);
    x[i * D + 1] = 50 * (x[i * D] + 0.05 * x[i * D + 1]);
    x[i * D + 11] = 3; /* constant: has no part */
  }
  ockham_profile *profile = profile_of_columns(x, N, D, NULL);
  const ockham_profile_parts *parts = ockham_profile_look(profile);
  assert_int_equal(parts->n_directions, 8);
  const double *last = parts->directions + 7 * D;
  assert_true(fabs(fabs(last[0]) - sqrt(0.5)) < 0.02 && fabs(last[0] + last[1]) < 0.02);
  for (size_t a = 0; a < 8; a++) {
    assert_true(fabs(parts->directions[a * D + 11]) < 1e-9);
    for (size_t b = 0; b < 8; b++) {
      double product = 0;
      for (size_t j = 0; j < D; j++) product += parts->directions[a * D + j] * parts->directions[b * D + j];
      assert_true(fabs(product - (a == b)) < 1e-9);
    }
    const ockham_signal *signal = &parts->signals[2 + a];
    assert_int_equal(signal->n_bins, 10);
    assert_int_equal(signal->n_edges, 9);
    for (size_t bin = 0; bin < 10; bin++)
      assert_in_range(signal->counts[bin], 248, 252); /* of the half that is counted */
  }
  ockham_profile_free(profile);
}

/* ---- time ---- */

static void test_hours_of_the_week(void **state) {
  (void)state;
  enum { N = 24 * 7 * 3 };
  double x[N], *times = make_times(N, 3600);
  for (size_t i = 0; i < N; i++) x[i] = (double)(i % 24 / 6); /* four values, six hours each */
  double origin = 0;
  ockham_profile_options options = {.k = 1, .centroids = &origin, .times = times};
  ockham_profile *profile = profile_with(rows_of(x, N, 1), options);
  const ockham_signal *column = signal_named(profile, "x1");
  assert_non_null(column->by_hour);
  for (size_t hour = 0; hour < 168; hour++)
    for (size_t b = 0; b < column->n_bins; b++)
      assert_int_equal(column->by_hour[hour * column->n_bins + b], b == hour % 24 / 6 + 1 ? 3 : 0);
  assert_int_equal(ockham_profile_look(profile)->since_s, 1772409600);
  assert_int_equal(ockham_profile_look(profile)->until_s, 1772409600 + (N - 1) * 3600);
  uint64_t counted = 0;
  const ockham_signal *clusters = signal_named(profile, "clusters");
  for (size_t i = 0; i < 168 * clusters->n_bins; i++) counted += clusters->by_hour[i];
  assert_int_equal(counted, clusters->n_counted);
  ockham_profile_free(profile);
  profile = profile_with(rows_of(x, 24 * 14, 1), options); /* an hour less than two weeks */
  assert_null(signal_named(profile, "x1")->by_hour);
  ockham_profile_free(profile);
  free(times);
}

static void test_unordered_rows_are_not_sticky(void **state) {
  (void)state;
  double x[2000], origin = 0;
  for (size_t i = 0; i < 2000; i++) x[i] = (double)(i / 500);
  ockham_profile *profile = profile_with(rows_of(x, 2000, 1), (ockham_profile_options){.k = 1, .centroids = &origin});
  assert_true(signal_named(profile, "x1")->stickiness > 0.9);
  ockham_profile_free(profile);
  ockham_profile_options options = {.k = 1, .centroids = &origin, .unordered = true};
  profile = profile_with(rows_of(x, 2000, 1), options);
  assert_true(signal_named(profile, "x1")->stickiness == 0);
  ockham_profile_free(profile);
}

/* ---- what goes wrong ---- */

static void assert_refused(ockham_rows x, ockham_profile_options options, ockham_status status, const char *message) {
  ockham_profile *profile = (ockham_profile *)&x;
  ockham_error err = {0};
  assert_int_equal(ockham_profile_fit(x, &options, &profile, &err), status);
  assert_null(profile);
  assert_string_equal(err.message, message);
}

static void test_refusals(void **state) {
  (void)state;
  double x[60] = {0}, centroid[] = {0, INFINITY}, factor[] = {1, -1};
  ockham_profile_options options = {.k = 1, .centroids = x};
  assert_refused(rows_of(x, 19, 2), options, OCKHAM_BAD_DATA, "a profile needs at least 20 rows, found 19");
  assert_refused(rows_of(x, 20, 0), options, OCKHAM_BAD_ARGUMENT, "the data must have at least one column, found 0");
  options.k = 0;
  assert_refused(rows_of(x, 30, 2), options, OCKHAM_BAD_ARGUMENT, "k must be from 1 to 258, found 0");
  options.k = 259;
  assert_refused(rows_of(x, 30, 2), options, OCKHAM_BAD_ARGUMENT, "k must be from 1 to 258, found 259");
  options = (ockham_profile_options){.k = 1, .centroids = centroid};
  assert_refused(rows_of(x, 30, 2), options, OCKHAM_BAD_ARGUMENT,
                 "the centroid of cluster 0 must be finite, found inf");
  options = (ockham_profile_options){.k = 1, .centroids = x, .centre = x, .factor = factor};
  assert_refused(rows_of(x, 30, 2), options, OCKHAM_BAD_ARGUMENT,
                 "the scaling of number 2 must have a finite centre and a finite positive factor, found 0 and -1");
  options.factor = NULL;
  assert_refused(rows_of(x, 30, 2), options, OCKHAM_BAD_ARGUMENT, "centre and factor must be given both or not at all");
  const ockham_profile_column category = {.name = "c", .kind = OCKHAM_COLUMN_CATEGORY};
  options = (ockham_profile_options){.columns = &category, .k = 1, .centroids = x};
  assert_refused(rows_of(x, 30, 1), options, OCKHAM_BAD_ARGUMENT,
                 "k must be 0 without a column of numbers among the inputs, found 1");
  for (size_t i = 0; i < 60; i++) x[i] = i % 2 ? 1e200 : -1e200;
  options = (ockham_profile_options){.k = 1, .centroids = factor};
  assert_refused(rows_of(x, 60, 1), options, OCKHAM_BAD_DATA, "column 'x1' is so wide that squares overflow");
}

static bool stop_at_once(void *user, const char *stage, uint64_t done, uint64_t total) {
  (void)user, (void)stage, (void)done, (void)total;
  return false;
}

static void test_it_can_be_stopped(void **state) {
  (void)state;
  blobs b = make_blobs(1000, 2, 2, 10, 1);
  const ockham_progress progress = {.report = stop_at_once};
  ockham_profile_options options = {.k = 2, .centroids = b.centres, .progress = &progress};
  assert_refused(rows_of(b.x, b.n, 2), options, OCKHAM_INTERRUPTED, "stopped while the profile was taken");
  free_blobs(&b);
}

static void test_memory_runs_out(void **state) {
  (void)state;
  double *x = make_mixed(100, 3), *times = make_times(100, 86400);
  ockham_profile_options options = {
      .columns = mixed_columns, .k = 2, .centroids = mixed_centroids, .times = times, .threads = 1};
  long n_refusals = 0;
  for_each_allocation_failure(n) {
    ockham_profile *profile = (ockham_profile *)x;
    ockham_error err = {0};
    ock_fault_after(n);
    ockham_status status = ockham_profile_fit(rows_of(x, 100, MIXED_COLUMNS), &options, &profile, &err);
    if (ock_fault_hits()) {
      n_refusals++;
      assert_int_equal(status, OCKHAM_NO_MEMORY);
      assert_int_equal(err.status, OCKHAM_NO_MEMORY);
      assert_null(profile);
    } else {
      assert_int_equal(status, OCKHAM_OK);
    }
    ockham_profile_free(profile);
  }
  assert_true(n_refusals >= 5);
  free(x);
  free(times);
}

/* By sorting the weights of the profile by hand. */
static void test_columns_of_directions(void **state) {
  (void)state;
  blobs b = make_blobs(400, 5, 1, 0, 9);
  ockham_profile *profile = profile_of_blobs(&b);
  const ockham_profile_parts *parts = ockham_profile_look(profile);
  assert_int_equal(parts->n_directions, 5);
  for (size_t s = 0; s < parts->n_directions; s++) {
    size_t columns[8], n = ockham_profile_direction_columns(parts, s, 3, columns, (double[8]){0});
    double weights[8], left[5], sum = 0;
    assert_int_equal(n, 3);
    memcpy(left, parts->directions + s * 5, sizeof left);
    n = ockham_profile_direction_columns(parts, s, 8, columns, weights);
    assert_int_equal(n, 5);
    for (size_t i = 0; i < n; i++) {
      for (size_t j = 0; j < 5; j++) assert_true(fabs(left[j]) <= fabs(weights[i]));
      assert_true(left[columns[i]] == weights[i]);
      left[columns[i]] = 0;
      sum += weights[i] * weights[i];
    }
    assert_float_equal(sum, 1, 1e-12);
  }
  assert_int_equal(ockham_profile_direction_columns(parts, 5, 3, (size_t[3]){0}, (double[3]){0}), 0);
  ockham_profile_free(profile);
  free_blobs(&b);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_columns_of_directions),
      cmocka_unit_test(test_counts_are_of_the_other_half),
      cmocka_unit_test(test_distances_are_chi_squared),
      cmocka_unit_test(test_outside_is_one_in_a_thousand),
      cmocka_unit_test(test_centroids_are_moved_to_the_rows),
      cmocka_unit_test(test_one_wild_row_changes_nothing),
      cmocka_unit_test(test_bins_between_quantiles),
      cmocka_unit_test(test_few_values_have_bins_of_their_own),
      cmocka_unit_test(test_names_of_near_edges),
      cmocka_unit_test(test_categories),
      cmocka_unit_test(test_outputs_stand_apart),
      cmocka_unit_test(test_order_of_signals),
      cmocka_unit_test(test_directions),
      cmocka_unit_test(test_hours_of_the_week),
      cmocka_unit_test(test_unordered_rows_are_not_sticky),
      cmocka_unit_test(test_refusals),
      cmocka_unit_test(test_it_can_be_stopped),
      cmocka_unit_test(test_memory_runs_out),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
