/* SPDX-License-Identifier: Apache-2.0 */
/* A page is whole, or there is none and the caller is told why. */
#include <unistd.h>

#include "paging.h"

static ockham_status try_page(const paged *p, const ockham_page_options *options, ockham_error *err) {
  char *html = (char *)p; /* must become NULL */
  ockham_status status = ockham_report_page(p->sweep, p->rows, p->labels, options, &html, err);
  assert_true(status == OCKHAM_OK ? html != NULL : html == NULL);
  ockham_text_free(html);
  return status;
}

static void assert_refused(const paged *p, const ockham_page_options *options, ockham_status expected,
                           const char *message) {
  ockham_error err = {0};
  assert_int_equal(try_page(p, options, &err), expected);
  if (!strstr(err.message, message)) fail_msg("%s", err.message);
}

static void test_bad_arguments(void **unused) {
  (void)unused;
  paged p = paged_blobs(60, 2, 3, (ockham_sweep_options){.k_max = 4}), other = p;
  double weights[60] = {0};
  assert_refused(&p, &(ockham_page_options){.weights = weights}, OCKHAM_BAD_DATA, "all weights are 0");
  weights[4] = -1;
  assert_refused(&p, &(ockham_page_options){.weights = weights}, OCKHAM_BAD_DATA,
                 "row 5: a weight must be 0 or a number from 1e-100 to 1e+100, found -1");
  other.rows.n_columns = 1;
  assert_refused(&other, NULL, OCKHAM_BAD_ARGUMENT, "the sweep has 2 columns, and the rows 1");
  other = p;
  other.labels = NULL;
  assert_refused(&other, NULL, OCKHAM_BAD_ARGUMENT, "labels must not be NULL");
  p.labels[7] = 3;
  assert_refused(&p, NULL, OCKHAM_BAD_ARGUMENT, "labels must be below 3: that of row 8 is 3");
  p.x[5] = NAN;
  assert_refused(&p, NULL, OCKHAM_BAD_DATA, "row 3, column 2");
  paged_free(&p);
}

static void test_want_of_memory(void **unused) {
  (void)unused;
  uint32_t known[60];
  for (size_t i = 0; i < 60; i++) known[i] = (uint32_t)i % 5;
  for (size_t d = 1; d <= 3; d += 2) {
    paged p = paged_blobs(60, d, 2, (ockham_sweep_options){.k_max = 3, .no_silhouette = true});
    const ockham_page_options options = {.known_labels = known, .source = "a", .command = "b", .threads = 2};
    size_t n_refused = 0;
    for_each_allocation_failure(n) {
      ockham_error err = {0};
      ock_fault_after(n);
      ockham_status status = try_page(&p, &options, &err);
      bool told = status == OCKHAM_NO_MEMORY && strstr(err.message, "memory");
      assert_true(ock_fault_hits() ? told : status == OCKHAM_OK);
      n_refused += told;
    }
    assert_true(n_refused > 5);
    paged_free(&p);
  }
}

/* jansson asks malloc, not us: let it run out, too. */
static long jansson_left;

static void *allocate_until_none_is_left(size_t size) {
  return jansson_left-- > 0 ? malloc(size) : NULL;
}

static void test_json_is_whole_or_not_there(void **unused) {
  (void)unused;
  enum { EVERY = 100, STEP = 23 }; /* the first ones each, then some of those that are alike */
  paged p = paged_blobs(12, 3, 2, (ockham_sweep_options){.k_max = 2, .criterion = "bic", .no_silhouette = true});
  bool whole = false;
  json_set_alloc_funcs(allocate_until_none_is_left, free);
  for (long n = 0; !whole && n < 100000; n += n < EVERY ? 1 : STEP) {
    jansson_left = n;
    ockham_status status = try_page(&p, NULL, NULL);
    whole = jansson_left >= 0;
    assert_int_equal(status, whole ? OCKHAM_OK : OCKHAM_NO_MEMORY);
  }
  json_set_alloc_funcs(malloc, free);
  assert_true(whole);
  paged_free(&p);
}

static void test_without_the_page(void **unused) {
  (void)unused;
  paged p = paged_blobs(60, 2, 2, (ockham_sweep_options){.k_max = 3});
  if (ockham_report_has_page())
    assert_int_equal(try_page(&p, NULL, NULL), OCKHAM_OK);
  else
    assert_refused(&p, NULL, OCKHAM_UNSUPPORTED, "no HTML report");
  paged_free(&p);
}

static void test_texts_are_written(void **unused) {
  (void)unused;
  char path[] = "/tmp/ockham-text-XXXXXX", read[16] = {0};
  int file = mkstemp(path);
  assert_true(file >= 0);
  assert_ok(ockham_text_write("one line\n", path, err));
  close(file);
  FILE *in = fopen(path, "r");
  assert_int_equal(fread(read, 1, sizeof read, in), 9);
  assert_string_equal(read, "one line\n");
  fclose(in);
  unlink(path);
  ockham_error err = {0};
  assert_int_equal(ockham_text_write("x", "/nowhere/at/all", &err), OCKHAM_CANNOT_WRITE);
  assert_non_null(strstr(err.message, "/nowhere/at/all"));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_bad_arguments),
      cmocka_unit_test(test_want_of_memory),
      cmocka_unit_test(test_json_is_whole_or_not_there),
  };
  const struct CMUnitTest always[] = {
      cmocka_unit_test(test_without_the_page),
      cmocka_unit_test(test_texts_are_written),
  };
  int failed = cmocka_run_group_tests(always, NULL, NULL);
  return failed || !ockham_report_has_page() ? failed : cmocka_run_group_tests(tests, NULL, NULL);
}
