/* SPDX-License-Identifier: Apache-2.0 */
/* A batch against a profile: nothing is found where there is nothing, and what was done to rows is found by the signal
 * that should. Rows are standard normal, in clusters, unless said otherwise. */
#include "drift/internal.h"
#include "test.h"

enum { N_COLUMNS = 4, N_REFERENCE = 6000, MOST_ROWS = 6000 };
static const char *const colours[] = {"red", "green", "blue"};
static const ockham_profile_column columns[N_COLUMNS] = {
    {.name = "a"},
    {.name = "b"},
    {.name = "colour", .kind = OCKHAM_COLUMN_CATEGORY, .texts = colours, .n_texts = 3},
    {.name = "answer", .role = OCKHAM_COLUMN_OUTPUT}};
static const double centroids[2 * 2] = {-3, 0, 3, 0};

static double rows_of_batch[MOST_ROWS * N_COLUMNS], rows_of_reference[N_REFERENCE * N_COLUMNS];

static ockham_rows make_rows(double *data, size_t n, uint64_t seed) {
  ock_rng rng = ock_rng_make(seed, 0);
  for (size_t i = 0; i < n; i++) {
    size_t cluster = ock_rng_below(&rng, 2);
    double *row = data + i * N_COLUMNS;
    row[0] = centroids[2 * cluster] + ock_rng_normal(&rng);
    row[1] = ock_rng_normal(&rng);
    row[2] = (double)ock_rng_below(&rng, 3);
    row[3] = row[0] + ock_rng_normal(&rng);
  }
  return (ockham_rows){.data = data, .n_rows = n, .n_columns = N_COLUMNS, .dtype = OCKHAM_FLOAT64};
}

static ockham_profile *make_profile(size_t n) {
  ockham_profile *profile = NULL;
  ockham_profile_options options = {
      .columns = columns, .k = 2, .centroids = centroids, .unordered = true, .seed = 1, .threads = 1};
  assert_ok(ockham_profile_fit(make_rows(rows_of_reference, n, 1), &options, &profile, err));
  return profile;
}

static ockham_drift_comparison *compare(const ockham_profile *profile, ockham_rows x, double level) {
  ockham_drift_comparison *comparison = NULL;
  ockham_drift_options options = {.level = level, .threads = 1};
  assert_ok(ockham_drift_compare(profile, x, &options, NULL, &comparison, err));
  return comparison;
}

static const ockham_drift_signal *find_signal(const ockham_drift_comparison *c, const char *name) {
  for (size_t s = 0; s < c->n_signals; s++) {
    if (!strcmp(c->signals[s].signal->name, name)) return &c->signals[s];
  }
  fail_msg("no signal %s", name);
  return NULL;
}

/* Four standard deviations above what the level promises; signals here depend on each other. */
static void rejects_as_often_as_asked(void **unused) {
  (void)unused;
  enum { TIMES = 400 };
  ockham_profile *profile = make_profile(N_REFERENCE);
  size_t at_1 = 0, at_5 = 0;
  for (uint64_t i = 0; i < TIMES; i++) {
    ockham_drift_comparison *c = compare(profile, make_rows(rows_of_batch, i % 2 ? 500 : 150, 100 + i), .05);
    at_1 += c->p_value < .01;
    at_5 += c->p_value < .05;
    assert_true(c->verdict == OCKHAM_DRIFT_NONE || c->p_value < .05);
    ockham_drift_comparison_free(c);
  }
  assert_true((double)at_1 < .01 * TIMES + 4 * sqrt(.01 * TIMES));
  assert_true((double)at_5 < .05 * TIMES + 4 * sqrt(.05 * TIMES) && at_5 > 2);
  ockham_profile_free(profile);
}

static void a_tenth_of_a_deviation_is_found(void **unused) {
  (void)unused;
  ockham_profile *profile = make_profile(N_REFERENCE);
  size_t found = 0;
  enum { TIMES = 20 };
  for (uint64_t i = 0; i < TIMES; i++) {
    ockham_rows x = make_rows(rows_of_batch, 5000, 500 + i);
    for (size_t row = 0; row < x.n_rows; row++) rows_of_batch[row * N_COLUMNS + 1] += .1;
    ockham_drift_comparison *c = compare(profile, x, .05);
    const ockham_drift_signal *b = find_signal(c, "b");
    found += c->verdict == OCKHAM_DRIFT_FOUND && b->drifted;
    assert_true(b->shift_low < .1 + .05 && b->shift_high > .1 - .05 && b->shift_high - b->shift_low < .09);
    assert_true(c->smallest_shift > .05 && c->smallest_shift < .15);
    ockham_drift_comparison_free(c);
  }
  assert_true(found >= TIMES * 7 / 10);
  ockham_profile_free(profile);
}

/* Signals that its cell is no part of stay as they are, others are as significant as before; a mean is of clipped
 * values: a value of 1,000 deviations moves it by what one at the limit does. */
static void one_wild_value_changes_nothing(void **unused) {
  (void)unused;
  ockham_profile *profile = make_profile(N_REFERENCE);
  for (size_t n = 100; n <= 5000; n *= 7) {
    for (int shifted = 0; shifted < 2; shifted++) {
      ockham_rows x = make_rows(rows_of_batch, n, 7 + n);
      for (size_t row = 0; row < n && shifted; row++) rows_of_batch[row * N_COLUMNS + 1] += 1;
      ockham_drift_comparison *tame = compare(profile, x, .01);
      rows_of_batch[1] = 1000;
      ockham_drift_comparison *wild = compare(profile, x, .01);
      assert_int_equal(tame->verdict, shifted ? OCKHAM_DRIFT_FOUND : OCKHAM_DRIFT_NONE);
      assert_int_equal(wild->verdict, tame->verdict);
      for (size_t s = 0; s < tame->n_signals; s++) {
        const ockham_drift_signal *before = &tame->signals[s], *after = &wild->signals[s];
        bool has_row = !strchr("acm", before->signal->name[0]) || !strcmp(before->signal->name, "clusters");
        assert_true(has_row ? (before->p_value < .001) == (after->p_value < .001) : before->p_value == after->p_value);
      }
      assert_true(fabs(find_signal(wild, "b")->shift - find_signal(tame, "b")->shift) < 60. / (double)n);
      ockham_drift_comparison_free(tame);
      ockham_drift_comparison_free(wild);
    }
  }
  ockham_profile_free(profile);
}

/* What is done to rows, and which signal must lead. */
typedef void spoil(double *row, size_t i);
static void lose_number(double *row, size_t i) {
  if (i % 10 == 0) row[1] = NAN;
}
static void lose_column(double *row, size_t i) {
  (void)i, row[1] = NAN;
}
static void new_colour(double *row, size_t i) {
  if (i % 40 == 0) row[2] = 3;
}
static void more_red(double *row, size_t i) {
  if (i % 5 == 0) row[2] = 0;
}
static void new_cluster(double *row, size_t i) {
  if (i % 20 == 0) row[0] = 0, row[1] = 9;
}
static void other_answer(double *row, size_t i) {
  (void)i, row[3] += 1;
}
static void one_cluster(double *row, size_t i) {
  (void)i, row[0] = fabs(row[0]);
}
static void wide(double *row, size_t i) {
  (void)i, row[1] *= 1.3;
}

static void the_right_signals_find_it(void **unused) {
  (void)unused;
  static const struct {
    spoil *spoil;
    const char *signal, *bin;
  } cases[] = {{lose_number, "missing", NULL},       {lose_number, "b", "missing"}, {lose_column, "b", "missing"},
               {lose_column, "missing", NULL},       {new_colour, "colour", "new"}, {more_red, "colour", "red"},
               {new_cluster, "clusters", "outside"}, {new_cluster, "b", "above"},   {other_answer, "answer", NULL},
               {one_cluster, "clusters", NULL},      {one_cluster, "a", NULL},      {wide, "b", NULL}};
  ockham_profile *profile = make_profile(N_REFERENCE);
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    ockham_rows x = make_rows(rows_of_batch, 2000, 11);
    for (size_t row = 0; row < x.n_rows; row++) cases[i].spoil(rows_of_batch + row * N_COLUMNS, row);
    ockham_drift_comparison *c = compare(profile, x, .01);
    const ockham_drift_signal *d = find_signal(c, cases[i].signal);
    assert_int_equal(c->verdict, OCKHAM_DRIFT_FOUND);
    if (!d->drifted || d->p_value > 1e-4)
      fail_msg("case %zu: %s has p %g, psi %g", i, cases[i].signal, d->p_value, d->psi);
    assert_true(d->psi > d->psi_low && d->psi < d->psi_high && d->js > 0);
    if (cases[i].bin) { /* what was put in is what grew, with an interval that says so */
      size_t bin = 0;
      while (strncmp(d->signal->bin_names[bin], cases[i].bin, strlen(cases[i].bin))) bin++;
      assert_true(c->bins[d - c->signals][bin].low > 0);
    }
    for (size_t e = 0; e < 5; e++) assert_true(c->example_rows[e] <= x.n_rows && c->example_rows[e]);
    assert_true(c->grown_to > c->grown_from);
    ockham_drift_comparison_free(c);
  }
  ockham_profile_free(profile);
}

static void only_what_moved_is_named(void **unused) {
  (void)unused;
  ockham_profile *profile = make_profile(N_REFERENCE);
  ockham_rows x = make_rows(rows_of_batch, 2000, 12);
  for (size_t row = 0; row < x.n_rows; row++) other_answer(rows_of_batch + row * N_COLUMNS, row);
  ockham_drift_comparison *c = compare(profile, x, .01);
  for (size_t s = 0; s < c->n_signals; s++)
    assert_int_equal(c->signals[s].drifted, !strcmp(c->signals[s].signal->name, "answer"));
  assert_string_equal(c->signals[c->leading].signal->name, "answer");
  ockham_drift_comparison_free(c);
  ockham_profile_free(profile);
}

/* Examples are rows of the grown bin, the first ones; checked by binning all rows at once. */
static void examples_lie_in_the_grown_bin(void **unused) {
  (void)unused;
  ockham_profile *profile = make_profile(N_REFERENCE);
  ockham_rows x = make_rows(rows_of_batch, 3000, 13);
  for (size_t row = 2990; row < x.n_rows; row++) rows_of_batch[row * N_COLUMNS + 2] = NAN;
  ockham_drift_comparison *c = compare(profile, x, .01);
  uint16_t *codes = calloc(x.n_rows * c->n_signals, sizeof *codes);
  assert_ok(ockham_profile_bin(profile, x, codes, NULL, err));
  size_t found = 0;
  for (size_t i = 0; i < x.n_rows && found < 5; i++) {
    if (codes[i * c->n_signals + c->leading] == c->grown_bin) assert_true(c->example_rows[found++] == i + 1);
  }
  while (found < 5) assert_true(c->example_rows[found++] == 0);
  const uint64_t first_rows[] = {0, 1, c->example_rows[2], c->example_rows[2] + 1, x.n_rows, x.n_rows + 9};
  for (size_t f = 0; f < sizeof first_rows / sizeof *first_rows; f++) { /* from any row on, by going through all */
    uint64_t rows[OCKHAM_DRIFT_EXAMPLES];
    assert_ok(ockham_drift_examples(profile, x, c->leading, c->grown_bin, first_rows[f], rows, err));
    found = 0;
    for (size_t i = first_rows[f] ? first_rows[f] - 1 : 0; i < x.n_rows && found < 5; i++)
      if (codes[i * c->n_signals + c->leading] == c->grown_bin) assert_true(rows[found++] == i + 1);
    while (found < 5) assert_true(rows[found++] == 0);
  }
  free(codes);
  ockham_drift_comparison_free(c);
  ockham_profile_free(profile);
}

static void a_significant_trifle_is_trivial(void **unused) {
  (void)unused;
  ockham_profile *profile = make_profile(N_REFERENCE);
  ockham_rows x = make_rows(rows_of_batch, 6000, 14);
  for (size_t row = 0; row < x.n_rows; row++) rows_of_batch[row * N_COLUMNS + 1] += .15;
  static const struct {
    double min_effect;
    ockham_drift_verdict verdict;
  } cases[] = {{0, OCKHAM_DRIFT_FOUND}, {-1, OCKHAM_DRIFT_FOUND}, {.1, OCKHAM_DRIFT_TRIVIAL}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    ockham_drift_comparison *c = NULL;
    ockham_drift_options options = {.min_effect = cases[i].min_effect, .threads = 1};
    assert_ok(ockham_drift_compare(profile, x, &options, NULL, &c, err));
    assert_int_equal(c->verdict, cases[i].verdict);
    assert_true(c->p_value < c->level);
    ockham_drift_comparison_free(c);
  }
  ockham_profile_free(profile);
}

/* Neither their number nor the order of rows, their type or gaps between them. */
static void threads_and_order_do_not_matter(void **unused) {
  (void)unused;
  ockham_profile *profile = make_profile(N_REFERENCE);
  ockham_rows x = make_rows(rows_of_batch, 6000, 15);
  static double wide_rows[MOST_ROWS * (N_COLUMNS + 1)];
  for (size_t row = 0; row < x.n_rows; row++)
    memcpy(wide_rows + row * (N_COLUMNS + 1), rows_of_batch + (x.n_rows - 1 - row) * N_COLUMNS,
           N_COLUMNS * sizeof(double));
  ockham_rows turned = {
      .data = wide_rows, .n_rows = x.n_rows, .n_columns = N_COLUMNS, .stride = N_COLUMNS + 1, .dtype = OCKHAM_FLOAT64};
  ockham_drift_comparison *one = compare(profile, x, .01), *three = NULL, *other = compare(profile, turned, .01);
  ockham_drift_options options = {.level = .01, .threads = 3};
  assert_ok(ockham_drift_compare(profile, x, &options, NULL, &three, err));
  assert_memory_equal(&one->p_value, &three->p_value, sizeof one->p_value);
  for (size_t s = 0; s < one->n_signals; s++) {
    const ockham_drift_signal *a = &one->signals[s], *b = &three->signals[s];
    assert_true(a->p_value == b->p_value && a->psi == b->psi && a->psi_low == b->psi_low && a->js == b->js);
    assert_true(isnan(a->shift) ? isnan(b->shift) : a->shift == b->shift && a->shift_low == b->shift_low);
    assert_true(one->signals[s].p_value == other->signals[s].p_value);
    assert_true(isnan(one->signals[s].shift) || fabs(one->signals[s].shift - other->signals[s].shift) < 1e-12);
  }
  ockham_drift_comparison_free(one);
  ockham_drift_comparison_free(three);
  ockham_drift_comparison_free(other);
  ockham_profile_free(profile);
}

static bool stop(void *user, const char *stage, uint64_t done, uint64_t total) {
  (void)user, (void)stage, (void)done, (void)total;
  return false;
}

static void what_cannot_be_is_refused(void **unused) {
  (void)unused;
  ockham_profile *profile = make_profile(200);
  ockham_rows x = make_rows(rows_of_batch, 100, 16), narrow = x, empty = x;
  narrow.n_columns = 3, narrow.stride = N_COLUMNS, empty.n_rows = 0;
  ockham_drift_comparison *c = NULL;
  ockham_error err = {0};
  assert_int_equal(ockham_drift_compare(profile, narrow, NULL, NULL, &c, &err), OCKHAM_BAD_ARGUMENT);
  assert_string_equal(err.message, "the data must have the profile's 4 columns, found 3");
  assert_int_equal(ockham_drift_compare(profile, empty, NULL, NULL, &c, &err), OCKHAM_BAD_DATA);
  assert_string_equal(err.message, "expected rows to compare, found none");
  assert_int_equal(ockham_drift_compare(NULL, x, NULL, NULL, &c, &err), OCKHAM_BAD_ARGUMENT);
  ockham_drift_options options = {.level = 2};
  assert_int_equal(ockham_drift_compare(profile, x, &options, NULL, &c, &err), OCKHAM_BAD_ARGUMENT);
  assert_string_equal(err.message, "expected a level between 0 and 1, found 2");
  options = (ockham_drift_options){.shares = {[OCKHAM_GROUP_INPUTS] = 1, [OCKHAM_GROUP_OUTPUTS] = -.5}};
  assert_int_equal(ockham_drift_compare(profile, x, &options, NULL, &c, &err), OCKHAM_BAD_ARGUMENT);
  assert_string_equal(err.message, "shares of the budget must not be negative, found -0.5");
  ockham_progress progress = {.report = stop};
  assert_int_equal(ockham_drift_compare(profile, x, NULL, &progress, &c, &err), OCKHAM_INTERRUPTED);
  assert_null(c);
  ockham_drift_comparison_free(NULL);
  ockham_profile_free(profile);
}

static void memory_may_run_out_anywhere(void **unused) {
  (void)unused;
  ockham_profile *profile = make_profile(200);
  ockham_rows x = make_rows(rows_of_batch, 100, 17);
  ockham_drift_options options = {.threads = 1};
  for_each_allocation_failure(n) {
    ockham_drift_comparison *c = NULL;
    ockham_error err = {0};
    ock_fault_after(n);
    ockham_status status = ockham_drift_compare(profile, x, &options, NULL, &c, &err);
    long hits = ock_fault_hits();
    assert_true(status == (hits ? OCKHAM_NO_MEMORY : OCKHAM_OK) && (c != NULL) == !hits);
    ockham_drift_comparison_free(c);
  }
  ockham_profile_free(profile);
}

/* One row, and a profile of the least size. */
static void the_least_is_enough(void **unused) {
  (void)unused;
  for (size_t n_reference = 20; n_reference < 100; n_reference += 30) {
    ockham_profile *profile = make_profile(n_reference);
    for (size_t n = 1; n < 40; n += 13) {
      ockham_drift_comparison *c = compare(profile, make_rows(rows_of_batch, n, 18), .001);
      assert_int_equal(c->verdict, OCKHAM_DRIFT_NONE);
      assert_true(c->p_value > .001 && c->p_value <= 1);
      ockham_drift_comparison_free(c);
    }
    ockham_profile_free(profile);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(rejects_as_often_as_asked),
      cmocka_unit_test(a_tenth_of_a_deviation_is_found),
      cmocka_unit_test(one_wild_value_changes_nothing),
      cmocka_unit_test(the_right_signals_find_it),
      cmocka_unit_test(only_what_moved_is_named),
      cmocka_unit_test(examples_lie_in_the_grown_bin),
      cmocka_unit_test(a_significant_trifle_is_trivial),
      cmocka_unit_test(threads_and_order_do_not_matter),
      cmocka_unit_test(what_cannot_be_is_refused),
      cmocka_unit_test(memory_may_run_out_anywhere),
      cmocka_unit_test(the_least_is_enough),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
