/* SPDX-License-Identifier: Apache-2.0 */
/* Reports of drift: the verdict comes first and what stands out after it; JSON and the page hold what the library
 * found, whatever bytes names are made of; and want of memory is told. */
#include "drifting.h"

static void assert_holds(const char *text, const char *wanted) {
  if (!strstr(text, wanted)) fail_msg("'%s' is not in:\n%s", wanted, text);
}

static void assert_lacks(const char *text, const char *unwanted) {
  if (strstr(text, unwanted)) fail_msg("'%s' is in:\n%s", unwanted, text);
}

static size_t count_lines(const char *text) {
  size_t n = 0;
  for (; *text; text++) n += *text == '\n';
  return n;
}

/* ---- text ---- */

static void test_batch_with_drift(void **unused) {
  (void)unused;
  drifting d;
  drifting_make(&d);
  char *text = drifting_text(&d, (ockham_drift_report_options){0});
  assert_int_equal(strncmp(text, "Drift found  ", 13), 0);
  assert_holds(text, "2,000 rows of live.csv against 20,000 of people.ock\n");
  assert_holds(text, "p < 1e-16 for all signals together; without drift 1 % of batches are called drift\n");
  assert_holds(text, "a shift of 0.081 deviations in one column in 80 % of cases\n");
  assert_holds(text, "it begins about row 1,001 (row by row it would have been noticed at row 1,056)\n");
  assert_holds(text, "more missing cells: income 0.0 % \u2192 5.0 %\n");
  assert_holds(text, "texts that the reference has not: town 0.0 % \u2192 10.0 %\n");
  assert_holds(text, "  cluster 0: income 20,000 ");
  assert_holds(text, "60.0 %   40.0 %   -20.0 (-22.0 to -18.0)\n");
  assert_holds(text, "mean 40,000 \u2192 50,000"); /* 40,000 + 0.5 x 20,000 */
  assert_holds(text, "+0.50 (+0.45 to +0.55)   0.200\n");
  assert_holds(text, "\n  rows of what grew most: outside all clusters\n");
  assert_holds(text, "1,011       91,235          new            -\n");
  assert_lacks(text, "cluster 1"); /* it did not change */
  ockham_text_free(text);
}

static void test_every_signal(void **unused) {
  (void)unused;
  drifting d;
  drifting_make(&d);
  char *text = drifting_text(&d, (ockham_drift_report_options){.every = true});
  assert_holds(text, "  cluster 1: income 60,000 ");
  assert_holds(text, "  rows without a number ");
  assert_holds(text, "  direction 1 ");
  assert_holds(text, "  age ");
  ockham_text_free(text);
}

static void test_no_drift_is_short(void **unused) {
  (void)unused;
  drifting d;
  drifting_make(&d);
  d.batch.verdict = OCKHAM_DRIFT_NONE;
  d.batch.p_value = 0.4321;
  for (size_t s = 0; s < N_SIGNALS; s++) d.found[s].drifted = false;
  d.course.n_episodes = d.course.n_kept = 0;
  char *text = drifting_text(&d, (ockham_drift_report_options){0});
  assert_int_equal(strncmp(text, "No drift  ", 10), 0);
  assert_holds(text, "  p = 0.43 for all signals together");
  assert_int_equal(count_lines(text), 3);
  ockham_text_free(text);

  d.batch.verdict = OCKHAM_DRIFT_TRIVIAL;
  d.found[0].psi = 0.0031;
  for (size_t s = 1; s < N_SIGNALS; s++) d.found[s].psi = 0.001;
  text = drifting_text(&d, (ockham_drift_report_options){0});
  assert_int_equal(strncmp(text, "A difference too small to matter  ", 34), 0);
  assert_holds(text, "  but the stability index is at most 0.0031, and below 0.005 it is not called drift\n");
  ockham_text_free(text);
}

static void test_stream(void **unused) {
  (void)unused;
  drifting d;
  drifting_make(&d);
  d.account.batch = NULL;
  char *text = drifting_text(&d, (ockham_drift_report_options){0}), *alarm;
  assert_int_equal(strncmp(text, "Drift, and it lasts  ", 21), 0);
  assert_holds(text, "  1 alarm; without drift one comes every 100,000 rows on average\n");
  assert_holds(text, "  rehearsed on the reference: one in 1 times as many (95 %: 0.91 to 1.2)\n");
  assert_holds(text, "      1           1,001          1,056          lasts  shares of the clusters ");
  ockham_text_free(text);

  assert_ok(ockham_report_drift_alarm(&d.account, NULL, &alarm, err));
  assert_string_equal(alarm,
                      "row 1,056: drift since about row 1,001: cluster 0 (income 20,000) fell from 60.0 % to 40.0 %; "
                      "without drift once in 3e+09 rows\n");
  ockham_text_free(alarm);

  d.course.drifted = false;
  d.episode.until_row = 1500;
  d.episode.since_s = 1772368200; /* 2026-03-01T12:30:00Z by GNU date */
  text = drifting_text(&d, (ockham_drift_report_options){0});
  assert_int_equal(strncmp(text, "There was drift; it is over  ", 29), 0);
  assert_holds(text, "  1,500  ");
  assert_holds(text, "  2026-03-01T12:30:00Z\n");
  ockham_text_free(text);
}

/* What the data call a new text is told where it is known. */
static void test_texts_of_examples(void **unused) {
  (void)unused;
  drifting d;
  drifting_make(&d);
  static const char *const texts[N_EXAMPLES * N_COLUMNS] = {[2] = "Rome", [5] = "Ber\ngen"};
  d.account.example_texts = texts;
  char *text = drifting_text(&d, (ockham_drift_report_options){0});
  assert_holds(text, "1,011       91,235      Ber?gen            -\n");
  assert_holds(text, "1,003       90,000         Rome           31\n");
  ockham_text_free(text);
}

static void test_relations_alone(void **unused) {
  (void)unused;
  drifting d;
  drifting_make(&d);
  for (size_t s = 0; s < N_SIGNALS; s++) d.found[s].drifted = d.signals[s].kind == OCKHAM_SIGNAL_DIRECTION;
  char *text = drifting_text(&d, (ockham_drift_report_options){0});
  assert_holds(text,
               "  no column is beyond its own limit, but 1 combination of them is: how they go together changed\n");
  assert_holds(text, "  rows whose -0.80 age + 0.60 income is 0 (direction 1) fell from 100.0 % to 95.0 %\n");
  assert_holds(text, "\n  income                  mean 40,000"); /* the table is of what moved */
  assert_holds(text, "  none of these is beyond its own limit\n");
  assert_lacks(text, "\n  age ");
  ockham_text_free(text);
}

/* Each signal as an alarm tells of it, without a table beside. */
static void test_alarms_are_sentences(void **unused) {
  (void)unused;
  static const char *const said[N_SIGNALS] = {
      "cluster 0 (income 20,000) fell from 60.0 % to 40.0 %",
      "rows whose -0.80 age + 0.60 income is 0 (direction 1) fell from 100.0 % to 95.0 %",
      "the mean of income rose from 40,000 to 50,000",
      "rows with age below 1 rose from 0.0 % to 0.0 %",
      "rows with texts in town that the reference has not rose from 0.0 % to 10.0 %",
      "rows with 1 missing cell rose from 0.0 % to 5.0 %"};
  drifting d;
  drifting_make(&d);
  d.account.batch = NULL;
  for (size_t s = 0; s < N_SIGNALS; s++) {
    char *alarm, wanted[256];
    d.episode.signal = s;
    assert_ok(ockham_report_drift_alarm(&d.account, NULL, &alarm, err));
    snprintf(wanted, sizeof wanted, "since about row 1,001: %s; without drift", said[s]);
    assert_holds(alarm, wanted);
    ockham_text_free(alarm);
  }
}

/* Distances from one centre have a range; from several they are ranked within each cluster. */
static void test_distances(void **unused) {
  (void)unused;
  static const char *const names[] = {"nearest of 8", "2nd of 8", "3rd of 8",      "4th of 8", "5th of 8",
                                      "6th of 8",     "7th of 8", "farthest of 8", "unknown"};
  static const double edges[2 * 7] = {0.01, 0.04, 0.09, 0.16, 0.25, 0.36, 0.49};
  drifting d;
  drifting_make(&d);
  d.account.batch = NULL;
  d.profile.distance_edges = edges;
  ockham_drift_bin bins[9] = {{0}};
  d.signals[1] = signal_of(OCKHAM_SIGNAL_DISTANCE, 0, "distance", 9, names);
  d.bins[1] = bins;
  d.episode.signal = 1;
  const struct {
    size_t bin, k;
    const char *said;
  } cases[] = {{5, 2, "rows in the 6th of 8 bins of distance from their cluster's centre rose"},
               {5, 1, "rows at a distance 0.5 to 0.6 (6th of 8) from the centre rose"},
               {7, 1, "rows at a distance above 0.7 (farthest of 8) from the centre rose"},
               {0, 1, "rows at a distance below 0.1 (nearest of 8) from the centre rose"},
               {8, 1, "rows at an unknown distance from their cluster's centre rose"}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    char *alarm;
    memset(bins, 0, sizeof bins);
    bins[cases[i].bin].now = 0.2;
    d.profile.k = cases[i].k;
    assert_ok(ockham_report_drift_alarm(&d.account, NULL, &alarm, err));
    assert_holds(alarm, cases[i].said);
    ockham_text_free(alarm);
  }
}

/* Nothing is -0; what would be 0 in all digits has one more; nearly all is not all. */
static void test_small_numbers(void **unused) {
  (void)unused;
  drifting d;
  drifting_make(&d);
  d.found[3].psi = -0.0002;
  ockham_drift_bin shares[4] = {
      {0.6, 0.4, -0.22, -0.0003}, {0.4, 0.6, 0.0004, 0.21}, {0, 0, -0.00001, 0}, {0, 0, 0, 0}};
  d.bins[0] = shares;
  ockham_drift_bin missing[2] = {{0.9998, 0.9992, -0.1, 0.1}, {0.0002, 0.0008, -0.1, 0.1}};
  d.bins[5] = missing;
  char *text = drifting_text(&d, (ockham_drift_report_options){.every = true});
  assert_holds(text, " (-22.0 to -0.03)\n");
  assert_holds(text, " (+0.04 to +21.0)\n");
  assert_holds(text, "   0.0 (0.0 to 0.0)\n");
  assert_lacks(text, "-0.0 ");
  assert_lacks(text, "-0.0)");
  assert_lacks(text, "-0.000");
  assert_holds(text, "1 missing cell: 0.02 % \u2192 0.08 %");
  assert_holds(text, "\n  direction 1: -0.80 age + 0.60 income\n");
  ockham_text_free(text);
}

static void test_columns_that_differ(void **unused) {
  (void)unused;
  drifting d;
  drifting_make(&d);
  static const char *const absent[] = {"age", "to\nwn"};
  d.account.absent_columns = absent;
  d.account.n_absent = 2;
  d.account.n_extra = 1;
  char *text = drifting_text(&d, (ockham_drift_report_options){0});
  assert_holds(text, "  columns that the data lack, taken as missing: age, to?wn\n");
  assert_holds(text, "  1 column of the data is not in the profile and not looked at\n");
  ockham_text_free(text);
}

/* What the data hold does not control a terminal, and is all that is not ASCII when that is asked for. */
static void test_plain_characters(void **unused) {
  (void)unused;
  drifting d;
  drifting_make(&d);
  d.columns[0].name = d.signals[2].name = "\x1b[31mred\n";
  d.account.source = "a\tb";
  char *text = drifting_text(&d, (ockham_drift_report_options){.ascii = true, .every = true});
  for (const char *c = text; *c; c++)
    if (*c != '\n') assert_in_range((unsigned char)*c, ' ', 0x7e);
  assert_holds(text, "?[31mred?");
  ockham_text_free(text);
}

/* A long name is cut between characters, and lines stay lines. */
static void test_long_names(void **unused) {
  (void)unused;
  drifting d;
  drifting_make(&d);
  char name[1001];
  for (size_t i = 0; i + 1 < sizeof name; i += 2) memcpy(name + i, "\xc3\xa4", 2);
  name[1000] = '\0';
  d.columns[0].name = d.signals[2].name = name;
  char *text = drifting_text(&d, (ockham_drift_report_options){.every = true});
  assert_holds(text, "\xc3\xa4\xc3\xa4 ");
  for (const char *c = text; *c; c++)
    if ((unsigned char)*c == 0xc3) assert_int_equal((unsigned char)c[1], 0xa4);
  ockham_text_free(text);
}

/* ---- JSON ---- */

static json_t *drifting_json(const drifting *d) {
  char *text = drifting_text(d, (ockham_drift_report_options){.format = OCKHAM_FORMAT_JSON});
  json_error_t problem;
  json_t *object = json_loads(text, JSON_REJECT_DUPLICATES, &problem);
  if (!object) fail_msg("%s", problem.text);
  assert_null(strchr(text, '\n'));
  ockham_text_free(text);
  return object;
}

static const json_t *member(const json_t *object, const char *key) {
  const json_t *value = json_object_get(object, key);
  if (!value) fail_msg("there is no '%s'", key);
  return value;
}

static void assert_text(const json_t *object, const char *key, const char *expected) {
  assert_string_equal(json_string_value(member(object, key)), expected);
}

static const json_t *find_signal(const json_t *object, const char *name) {
  size_t i;
  const json_t *signal;
  json_array_foreach(member(object, "signals"), i, signal) {
    if (strcmp(json_string_value(member(signal, "name")), name) == 0) return signal;
  }
  fail_msg("there is no signal '%s'", name);
  return NULL;
}

static void test_json_of_a_batch(void **unused) {
  (void)unused;
  drifting d;
  drifting_make(&d);
  json_t *object = drifting_json(&d);
  assert_int_equal(json_integer_value(member(object, "format")), 1);
  assert_text(object, "kind", "batch");
  assert_text(object, "verdict", "found");
  assert_text(object, "leading", "clusters");
  assert_close(json_real_value(member(object, "smallest_shift")), 0.0812, 1e-15);
  const json_t *income = find_signal(object, "income"), *town = find_signal(object, "town");
  assert_true(json_is_true(member(income, "drifted")));
  assert_close(json_real_value(member(income, "mean_now")), 50000, 1e-12);
  assert_true(json_is_null(member(town, "shift")));
  assert_true(json_is_null(member(town, "mean_now")));
  assert_int_equal(json_array_size(member(town, "bins")), 5);
  assert_close(json_real_value(member(json_array_get(member(town, "bins"), 3), "now")), 0.1, 1e-15);
  const json_t *row = json_array_get(member(member(object, "examples"), "rows"), 1);
  assert_int_equal(json_integer_value(member(row, "row")), 1011);
  assert_true(json_is_null(json_array_get(member(row, "values"), 1)));
  const json_t *episode = json_array_get(member(member(object, "course"), "episodes"), 0);
  assert_int_equal(json_integer_value(member(episode, "since_row")), 1001);
  assert_true(json_is_null(member(episode, "until_row")));
  json_decref(object);
}

static void test_json_without_a_course(void **unused) {
  (void)unused;
  drifting d;
  drifting_make(&d);
  d.account.course = NULL;
  d.account.n_examples = 0;
  json_t *object = drifting_json(&d);
  assert_true(json_is_null(member(object, "course")));
  assert_true(json_is_null(member(object, "examples")));
  json_decref(object);

  drifting_make(&d);
  d.account.batch = NULL;
  object = drifting_json(&d);
  assert_text(object, "kind", "stream");
  assert_null(json_object_get(object, "p_value"));
  json_decref(object);
}

/* Names are text, whatever their bytes are. */
static void test_json_of_odd_bytes(void **unused) {
  (void)unused;
  drifting d;
  drifting_make(&d);
  d.columns[0].name = d.signals[2].name = "\xff</script>\"";
  json_t *object = drifting_json(&d);
  (void)find_signal(object, "\xef\xbf\xbd</script>\"");
  json_decref(object);
}

/* ---- the page ---- */

static void test_page(void **unused) {
  (void)unused;
  drifting d;
  char *html;
  drifting_make(&d);
  d.columns[0].name = d.signals[2].name = "</script><script>alert(1)</script>";
  d.account.source = "<live>.csv";
  if (!ockham_report_has_page()) {
    assert_int_equal(ockham_report_drift_page(&d.account, &html, NULL), OCKHAM_UNSUPPORTED);
    assert_null(html);
    return;
  }
  assert_ok(ockham_report_drift_page(&d.account, &html, err));
  assert_holds(html, "<title>Drift found \xe2\x80\x93 &lt;live&gt;.csv</title>");
  assert_lacks(html, "alert(1)</script>");
  const char *data = strstr(html, "id=\"report\">");
  assert_non_null(data);
  data = strchr(data, '>') + 1;
  json_error_t problem;
  json_t *object = json_loadb(data, (size_t)(strstr(data, "</script>") - data), JSON_REJECT_DUPLICATES, &problem);
  assert_non_null(object);
  assert_text(object, "headline", "Drift found");
  assert_text(object, "command", "ockham drift people.ock live.csv --report drift.html");
  assert_text(member(object, "drift"), "verdict", "found");
  (void)find_signal(member(object, "drift"), d.columns[0].name);
  json_decref(object);
  ockham_text_free(html);
}

/* ---- want of memory ---- */

static void test_no_memory(void **unused) {
  (void)unused;
  drifting d;
  drifting_make(&d);
  ockham_error error;
  for (int format = 0; format <= OCKHAM_FORMAT_JSON; format++) for_each_allocation_failure(n) {
      ockham_drift_report_options options = {.format = (ockham_format)format, .every = true};
      char *text = NULL;
      ock_fault_after(n);
      ockham_status status = ockham_report_drift(&d.account, &options, &text, &error);
      assert_int_equal(status, ock_fault_hits() ? OCKHAM_NO_MEMORY : OCKHAM_OK);
      assert_int_equal(status == OCKHAM_OK, text != NULL);
      ockham_text_free(text);
    }
  if (!ockham_report_has_page()) return;
  for_each_allocation_failure(n) {
    char *html = NULL;
    ock_fault_after(n);
    ockham_status status = ockham_report_drift_page(&d.account, &html, &error);
    assert_int_equal(status, ock_fault_hits() ? OCKHAM_NO_MEMORY : OCKHAM_OK);
    ockham_text_free(html);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_batch_with_drift),  cmocka_unit_test(test_every_signal),
      cmocka_unit_test(test_no_drift_is_short), cmocka_unit_test(test_stream),
      cmocka_unit_test(test_relations_alone),   cmocka_unit_test(test_alarms_are_sentences),
      cmocka_unit_test(test_distances),         cmocka_unit_test(test_small_numbers),
      cmocka_unit_test(test_texts_of_examples), cmocka_unit_test(test_columns_that_differ),
      cmocka_unit_test(test_plain_characters),  cmocka_unit_test(test_long_names),
      cmocka_unit_test(test_json_of_a_batch),   cmocka_unit_test(test_json_without_a_course),
      cmocka_unit_test(test_json_of_odd_bytes), cmocka_unit_test(test_page),
      cmocka_unit_test(test_no_memory),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
