/* SPDX-License-Identifier: Apache-2.0 */
/* The page of a study, and the JSON that it draws from: what they say is what the analysis found, of a study whose
 * truth is known. */
#include "ablating.h"

static ablating *made;

static int set_up(void **unused) {
  (void)unused;
  made = abl_make();
  return 0;
}

static int tear_down(void **unused) {
  (void)unused;
  abl_free(made);
  return 0;
}

/* ---- reading ---- */

static void make_page(const ockham_ablation_account *account, char **html) {
  assert_ok(ockham_report_ablation_page(account, html, err));
}

/* The object that the page draws from. */
static json_t *data_of(const char *html) {
  static const char before[] = "<script type=\"application/json\" id=\"report\">";
  const char *begin = strstr(html, before);
  json_error_t problem;
  assert_non_null(begin);
  begin += sizeof before - 1;
  json_t *object = json_loadb(begin, (size_t)(strstr(begin, "</script>") - begin), JSON_REJECT_DUPLICATES, &problem);
  if (!object) fail_msg("%s", problem.text);
  return object;
}

static json_t *report_of(const ockham_ablation_account *account) {
  ockham_ablation_report_options options = {.format = OCKHAM_FORMAT_JSON};
  char *text = NULL;
  assert_ok(ockham_report_ablation(account, &options, &text, err));
  json_t *object = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
  assert_non_null(object);
  ockham_text_free(text);
  return object;
}

/* "mains.1.ceg.0.2": members and elements. */
static const json_t *at(const json_t *from, const char *path) {
  char part[64];
  for (int n; *path; path += n + (path[n] == '.')) {
    n = (int)strcspn(path, ".");
    snprintf(part, sizeof part, "%.*s", n, path);
    from = json_is_array(from) ? json_array_get(from, strtoul(part, NULL, 10)) : json_object_get(from, part);
    if (!from) fail_msg("there is no %s", part);
  }
  return from;
}

static double real(const json_t *from, const char *path) {
  return json_is_null(at(from, path)) ? (double)NAN : json_number_value(at(from, path));
}

static void assert_text(const json_t *from, const char *path, const char *expected) {
  assert_string_equal(json_string_value(at(from, path)), expected);
}

/* ---- what is said ---- */

static void test_json_is_what_was_found(void **unused) {
  (void)unused;
  json_t *report = report_of(&made->account);
  const ockham_ablation *a = made->ablation;
  assert_int_equal(a->n_mains, 3);
  for (size_t i = 0; i < a->n_mains; i++)
    for (size_t s = 0; s < ABL_SCALES; s++) {
      char path[64];
      snprintf(path, sizeof path, "mains.%zu.ceg.%zu.0", i, s);
      assert_close(real(report, path), a->mains[i].ceg[s].value, 1e-15);
      snprintf(path, sizeof path, "beside.iso-time.%zu.%zu.1", i, s);
      assert_close(real(report, path), made->by_time->mains[i].ceg[s].low, 1e-15);
    }
  assert_int_equal(json_array_size(at(report, "runs")), ABL_RUNS);
  assert_text(report, "runs.46.outcome", "diverged");
  assert_true(json_is_null(at(report, "runs.46.loss")));
  assert_true(json_is_true(at(report, "runs.4.transition")));
  assert_text(report, "study.design", "full");
  assert_int_equal(real(report, "study.scales.0.design.cells"), ABL_CELLS);
  assert_text(report, "claims.0.answer", "yes");
  assert_text(report, "claims.1.answer", "no");
  assert_true(json_is_true(at(report, "claims.1.made_after")));
  json_decref(report);
}

/* The truth: exp(.08 / .15), and a harm that vanishes as compute to the power of .03 / .15. */
static void test_truth_is_told(void **unused) {
  (void)unused;
  json_t *report = report_of(&made->account);
  double truth = exp(0.08 / 0.15), elasticity = 0.03 / 0.15;
  assert_text(report, "mains.0.verdict", "helps");
  assert_true(real(report, "mains.0.ceg.1.1") < truth * 1.02 && real(report, "mains.0.ceg.1.2") > truth / 1.02);
  assert_text(report, "mains.2.verdict", "hurts");
  assert_text(report, "mains.2.trend", "vanishes");
  assert_true(real(report, "mains.2.elasticity.1") < elasticity + 0.01);
  assert_true(real(report, "mains.2.elasticity.2") > elasticity - 0.01);
  double predicted = 0.5 + exp(0.2 - 0.15 * 3 * log(4)); /* the baseline's at width 256 */
  assert_true(real(report, "held_out.predicted.1") < predicted && real(report, "held_out.predicted.2") > predicted);
  json_decref(report);
}

/* ---- the page ---- */

static void test_page_holds_the_report(void **unused) {
  (void)unused;
  char *html = NULL, *again = NULL;
  make_page(&made->account, &html);
  make_page(&made->account, &again);
  json_t *data = data_of(html), *report = report_of(&made->account);
  assert_string_equal(html, again);
  assert_true(json_equal(at(data, "ablation"), report));
  assert_text(data, "headline", "1 change helps, 1 hurts, 1 is negligible");
  assert_non_null(strstr(html, "<title>1 change helps, 1 hurts, 1 is negligible \xe2\x80\x93 made</title>"));
  assert_text(data, "source", "made");
  assert_text(data, "command", made->account.command);
  assert_close(real(data, "negligible"), 1.05, 0);
  assert_close(real(data, "false_calls"), 0.1, 0);
  assert_int_equal(real(data, "planned"), made->plan->n_runs);
  assert_non_null(strstr(html, "init fan-in \xe2\x86\x92 flat")); /* the text, for readers without scripts */
  json_decref(data);
  json_decref(report);
  ockham_text_free(html);
  ockham_text_free(again);
}

static void test_page_of_less(void **unused) {
  (void)unused;
  ockham_ablation_account account = {.study = &made->study,
                                     .runs = made->runs,
                                     .n_runs = ABL_RUNS,
                                     .ablation = made->ablation,
                                     .level = 0.9,
                                     .negligible = 1.2,
                                     .source = "another name"};
  char *html = NULL;
  make_page(&account, &html);
  json_t *data = data_of(html);
  assert_text(data, "source", "another name");
  assert_true(json_is_null(at(data, "command")));
  assert_null(json_object_get(data, "planned"));
  assert_true(json_is_null(at(data, "ablation.study.scales.0.design")));
  assert_close(real(data, "negligible"), 1.2, 0);
  json_decref(data);
  ockham_text_free(html);
}

static size_t count(const char *text, const char *wanted) {
  size_t n = 0;
  for (; (text = strstr(text, wanted)); text += strlen(wanted)) n++;
  return n;
}

static void test_hostile_texts(void **unused) {
  (void)unused;
  static const char bad[] = "</script><!--<script>alert(1)\xff</script>-->\"'<img src=x onerror=alert(2)>";
  static const char *const marks[] = {"<script", "</script", "<!--", "-->", "<img"}, *const levels[] = {"fan-in", bad,
                                                                                                        bad};
  ablating hostile = *made;
  hostile.factors[0].name = hostile.factors[1].name = hostile.scales[0].name = bad;
  hostile.factors[1].levels = levels;
  hostile.settings[1] = (ockham_study_setting){bad, bad};
  hostile.claims[0].text = bad;
  hostile.study.factors = hostile.factors, hostile.study.scales = hostile.scales, hostile.study.claims = hostile.claims;
  hostile.scales[1].settings = &hostile.settings[1];
  hostile.study.question = hostile.study.metric = bad;
  hostile.account.study = &hostile.study;
  hostile.account.source = hostile.account.command = bad;
  char *html = NULL, *tame = NULL;
  make_page(&hostile.account, &html);
  make_page(&made->account, &tame);
  for (size_t m = 0; m < sizeof marks / sizeof *marks; m++)
    assert_int_equal(count(html, marks[m]), count(tame, marks[m]));
  json_decref(data_of(html));
  ockham_text_free(html);
  ockham_text_free(tame);
}

/* ---- failures ---- */

static ockham_status try_page(ockham_error *err) {
  char *html = (char *)made; /* must become NULL */
  ockham_status status = ockham_report_ablation_page(&made->account, &html, err);
  assert_true(status == OCKHAM_OK ? html != NULL : html == NULL);
  ockham_text_free(html);
  return status;
}

static void fail_memory(ockham_status try(ockham_error *err), long step) {
  long n = 0, done = 0;
  for (; !done && n < 100000; n += n < 50 ? 1 : step) {
    ockham_error err = {0};
    ock_fault_after(n);
    ockham_status status = try(&err);
    done = ock_fault_hits() == 0;
    ock_fault_clear();
    assert_int_equal(status, done ? OCKHAM_OK : OCKHAM_NO_MEMORY);
    if (!done && !strstr(err.message, "memory")) fail_msg("%s", err.message);
  }
  assert_true(done && n > 1);
}

static void test_want_of_memory(void **unused) {
  (void)unused;
  fail_memory(try_page, 23);
}

/* jansson asks malloc, not us: let it run out, too. */
static long jansson_left;

static void *allocate_until_none_is_left(size_t size) {
  return jansson_left-- > 0 ? malloc(size) : NULL;
}

static void test_json_is_whole_or_not_there(void **unused) {
  (void)unused;
  bool whole = false;
  json_set_alloc_funcs(allocate_until_none_is_left, free);
  for (long n = 0; !whole && n < 1000000; n += n < 100 ? 1 : 97) {
    jansson_left = n;
    ockham_status status = try_page(NULL);
    whole = jansson_left >= 0;
    assert_int_equal(status, whole ? OCKHAM_OK : OCKHAM_NO_MEMORY);
  }
  json_set_alloc_funcs(malloc, free);
  assert_true(whole);
}

static void test_without_the_page(void **unused) {
  (void)unused;
  ockham_error err = {0};
  if (ockham_report_has_page()) {
    assert_int_equal(try_page(&err), OCKHAM_OK);
    return;
  }
  assert_int_equal(try_page(&err), OCKHAM_UNSUPPORTED);
  assert_non_null(strstr(err.message, "no HTML report"));
}

int main(void) {
  const struct CMUnitTest always[] = {cmocka_unit_test(test_json_is_what_was_found),
                                      cmocka_unit_test(test_truth_is_told), cmocka_unit_test(test_without_the_page)};
  const struct CMUnitTest paged[] = {cmocka_unit_test(test_page_holds_the_report), cmocka_unit_test(test_page_of_less),
                                     cmocka_unit_test(test_hostile_texts), cmocka_unit_test(test_want_of_memory),
                                     cmocka_unit_test(test_json_is_whole_or_not_there)};
  int failed = cmocka_run_group_tests(always, set_up, tear_down);
  return failed || !ockham_report_has_page() ? failed : cmocka_run_group_tests(paged, set_up, tear_down);
}
