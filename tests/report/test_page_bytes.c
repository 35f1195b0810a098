/* SPDX-License-Identifier: Apache-2.0 */
/* Whatever bytes names are made of, the page holds them as text, and nothing that it did not hold without them. */
#include "paging.h"
#include "report/page.h"

/* ---- UTF-8 ---- */

static void assert_cleaned(const char *text, size_t most, const char *expected) {
  char *clean = ock_text_clean(text, most);
  assert_non_null(clean);
  assert_string_equal(clean, expected);
  ock_free(clean);
}

#define UNKNOWN "\xef\xbf\xbd"

static void test_texts_become_utf8(void **unused) {
  (void)unused;
  assert_cleaned("", 5, "");
  assert_cleaned("plain", 5, "plain");
  assert_cleaned("plainly", 5, "plain\xe2\x80\xa6");
  assert_cleaned("\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80", 3, "\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80"); /* 2, 3, 4 bytes */
  assert_cleaned("\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80", 2, "\xc3\xa4\xe2\x82\xac\xe2\x80\xa6");
  assert_cleaned(
      "a\xff\xfe"
      "b",
      9, "a" UNKNOWN UNKNOWN "b");
  assert_cleaned("\xc0\xaf", 9, UNKNOWN UNKNOWN);                         /* an overlong slash */
  assert_cleaned("\xe0\x80\xaf", 9, UNKNOWN UNKNOWN UNKNOWN);             /* and a longer one */
  assert_cleaned("\xed\xa0\x80", 9, UNKNOWN UNKNOWN UNKNOWN);             /* a surrogate */
  assert_cleaned("\xf4\x90\x80\x80", 9, UNKNOWN UNKNOWN UNKNOWN UNKNOWN); /* beyond U+10FFFF */
  assert_cleaned("\xf8\x88\x80\x80\x80", 1, UNKNOWN "\xe2\x80\xa6");
  assert_cleaned("\xe2\x82", 9, UNKNOWN UNKNOWN); /* cut short by the end */
  assert_cleaned("\xe2\x28\xa1", 9, UNKNOWN "(" UNKNOWN);
}

/* ---- pages ---- */

static const char *const hostile[] = {"</script><script>alert(1)</script>",
                                      "<!--<script>",
                                      "-->",
                                      "\"'><img src=x onerror=alert(1)>",
                                      "&lt;b&gt;&amp;",
                                      "line\nbreak\r\ttab",
                                      "\xe2\x80\xa8\xe2\x80\xa9",
                                      "\xff\xfe\xc0\x80",
                                      "\xe2\x80\xae\xd7\xa9\xd7\x9c\xd7\x95\xd7\x9d",
                                      "{{data}}@@fill@@",
                                      "${alert(1)}",
                                      "\\u003c/script\\u003e",
                                      "]]>",
                                      "\x01\x02\x7f",
                                      "constructor",
                                      "__proto__"};
enum { N_HOSTILE = sizeof hostile / sizeof *hostile };

static size_t count(const char *text, const char *wanted) {
  size_t n = 0;
  for (; (text = strstr(text, wanted)); text += strlen(wanted)) n++;
  return n;
}

static void assert_same_markup(const char *html, const char *tame) {
  static const char *const marks[] = {"<script", "</script", "<!--", "-->", "<img"};
  for (size_t m = 0; m < sizeof marks / sizeof *marks; m++)
    if (count(html, marks[m]) != count(tame, marks[m]))
      fail_msg("'%s' is there %zu times, not %zu", marks[m], count(html, marks[m]), count(tame, marks[m]));
}

static ockham_page_options hostile_options(const char **names, size_t d) {
  for (size_t j = 0; j < d; j++) names[j] = hostile[j % N_HOSTILE];
  return (ockham_page_options){.column_names = names, .source = hostile[0], .command = hostile[0]};
}

/* In data that nothing ends, nothing begins, and that are ASCII. */
static void assert_data_harmless(const char *html) {
  size_t size;
  const char *data = paged_data(html, &size);
  for (size_t i = 0; i < size; i++) {
    assert_in_range((unsigned char)data[i], ' ', 0x7f);
    assert_true(data[i] != '<' && data[i] != '>' && data[i] != '&');
  }
}

static void test_hostile_names_inject_nothing(void **unused) {
  (void)unused;
  enum { D = N_HOSTILE };
  const char *names[D];
  paged p = paged_blobs(90, D, 3, (ockham_sweep_options){.k_max = 5, .no_silhouette = true});
  uint32_t known[90];
  for (size_t i = 0; i < 90; i++) known[i] = (uint32_t)(i % N_HOSTILE);
  char *tame = paged_html(&p, (ockham_page_options){.source = "x"});
  for (size_t h = 0; h < N_HOSTILE; h++) {
    ockham_page_options options = hostile_options(names, D);
    options.known_labels = known;
    options.known_label_texts = hostile;
    options.report.n_label_values = N_HOSTILE;
    options.source = options.command = hostile[h];
    char *html = paged_html(&p, options);
    assert_same_markup(html, tame);
    assert_data_harmless(html);
    free(html);
  }
  free(tame);
  paged_free(&p);
}

/* What was given comes back, made UTF-8 and cut. */
static void test_names_come_back(void **unused) {
  (void)unused;
  enum { D = N_HOSTILE };
  const char *names[D];
  paged p = paged_blobs(60, D, 3, (ockham_sweep_options){.k_max = 4, .no_silhouette = true});
  json_t *object = paged_json(&p, hostile_options(names, D));
  const json_t *columns = at_path(object, "columns", NULL);
  assert_int_equal(json_array_size(columns), D);
  for (size_t c = 0; c < D; c++) {
    const json_t *column = json_array_get(columns, c);
    size_t j = (size_t)json_integer_value(json_object_get(column, "number")) - 1;
    char *expected = ock_text_clean(names[j], 120);
    assert_string_equal(json_string_value(json_object_get(column, "name")), expected);
    ock_free(expected);
  }
  assert_string_equal(json_string_value(at_path(object, "command", NULL)), hostile[0]);
  json_decref(object);
  paged_free(&p);
}

static void test_long_names_are_cut(void **unused) {
  (void)unused;
  static char name[10001];
  memset(name, 'w', sizeof name - 1);
  const char *names[] = {name, name, name};
  paged p = paged_blobs(60, 3, 3, (ockham_sweep_options){.k_max = 4, .no_silhouette = true});
  char *tame = paged_html(&p, (ockham_page_options){0});
  char *html = paged_html(&p, (ockham_page_options){.column_names = names, .source = name, .command = name});
  assert_true(strlen(html) < strlen(tame) + 20000); /* the command is all there */
  free(tame);
  free(html);
  paged_free(&p);
}

static void test_title_is_escaped(void **unused) {
  (void)unused;
  paged p = paged_blobs(60, 2, 3, (ockham_sweep_options){.k_max = 4, .no_silhouette = true});
  char *html = paged_html(&p, (ockham_page_options){.source = "a<b>&\"c\".csv"});
  assert_non_null(strstr(html, "<title>3 clusters \xe2\x80\x93 a&lt;b&gt;&amp;&quot;c&quot;.csv</title>"));
  free(html);
  paged_free(&p);
}

/* It asks for nothing from elsewhere, and says what it is made of. */
static void test_page_is_whole(void **unused) {
  (void)unused;
  paged p = paged_blobs(60, 2, 3, (ockham_sweep_options){.k_max = 4, .no_silhouette = true});
  char *html = paged_html(&p, (ockham_page_options){0}), *again = paged_html(&p, (ockham_page_options){0});
  assert_string_equal(html, again);
  assert_memory_equal(html, "<!DOCTYPE html>", 15);
  assert_null(strstr(html, " src=\"http"));
  assert_null(strstr(html, "<link"));
  assert_non_null(strstr(html, "Content-Security-Policy\" content=\"default-src 'none'; script-src 'sha256-"));
  assert_null(strstr(html, "'unsafe-eval'"));
  assert_non_null(strstr(html, "Redistribution and use in source and binary forms"));
  assert_non_null(strstr(html, "<noscript><pre class=\"plain\">3 clusters "));
  free(html);
  free(again);
  paged_free(&p);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_texts_become_utf8),
  };
  const struct CMUnitTest pages[] = {
      cmocka_unit_test(test_hostile_names_inject_nothing),
      cmocka_unit_test(test_names_come_back),
      cmocka_unit_test(test_long_names_are_cut),
      cmocka_unit_test(test_title_is_escaped),
      cmocka_unit_test(test_page_is_whole),
  };
  int failed = cmocka_run_group_tests(tests, NULL, NULL);
  return failed || !ockham_report_has_page() ? failed : cmocka_run_group_tests(pages, NULL, NULL);
}
