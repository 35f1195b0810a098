/* SPDX-License-Identifier: Apache-2.0 */
/* HTML to text, by examples; entities are those of HTML 4. */
#include "lm/corpus.h"
#include "test.h"

static const struct {
  const char *markup, *text;
} examples[] = {
    {"plain  text\nhere ", "plain text here"},
    {"<p>One</p><p>two<br>three</p>", "One\n\ntwo\nthree"},
    {"<!DOCTYPE html>\n<html><head><title>A &amp; B</title></head><body>\n<h1>Head</h1> text", "A & B\n\nHead\n\ntext"},
    {"a<!-- no <b> > -->b", "ab"},
    {"a<!-- never ends", "a"},
    {"x <script type=\"a>b\">if (a < b) { '</p>' }</script> y", "x y"},
    {"x<STYLE>p { }</Style>y<script>never ends", "xy"},
    {"<a href=\"a>b\" title='c>d'>link</a>", "link"},
    {"<a href=\"never closed>link</a>", "link"},
    {"1 < 2 and 3 <4 and <> & so", "1 < 2 and 3 <4 and <> & so"},
    {"<b", "<b"},
    {"<", "<"},
    {"a</", "a</"},
    {"&eacute;&Eacute;&yuml;&szlig;&Omega;&omega;&sigmaf;&euro;",
     "\xc3\xa9\xc3\x89\xc3\xbf\xc3\x9f\xce\xa9\xcf\x89\xcf\x82\xe2\x82\xac"},
    {"&#233;&#xe9;&#XE9;&#128512;&#x1F600;", "\xc3\xa9\xc3\xa9\xc3\xa9\xf0\x9f\x98\x80\xf0\x9f\x98\x80"},
    {"&#0; &#xd800; &#1114112; &#; &#x; &unknown; &amp &; &#99999999999;",
     "&#0; &#xd800; &#1114112; &#; &#x; &unknown; &amp &; &#99999999999;"},
    {"a&nbsp;&nbsp;b&shy;c", "a bc"},
    {"&mdash;&ldquo;x&rdquo;&hellip;", "\xe2\x80\x94\xe2\x80\x9cx\xe2\x80\x9d\xe2\x80\xa6"},
    {"&amp;lt;", "&lt;"},
    {"<pre>a  b\r\n\tc</pre>d  e", "a  b\n\tc\n\nd e"},
    {"<ul><li>one<li>two</ul>three", "one\ntwo\n\nthree"},
    {"<table><tr><td>a<td>b</tr><tr><th>c</th><th>d</th></table>", "a b\nc d"},
    {"\xef\xbb\xbf<p>mark", "mark"},
    {"<?xml version='1.0'?><x:y>z</x:y>", "z"},
    {"i<i>n</i>l<em>i</em>ne", "inline"},
    {"", ""},
};

static void test_examples(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof examples / sizeof *examples; i++) {
    size_t size = strlen(examples[i].markup), n;
    /* To the byte: a sanitizer sees what is read behind it. */
    unsigned char *exact = memcpy(malloc(size ? size : 1), examples[i].markup, size);
    n = ock_markup_strip(exact, size);
    if (n != strlen(examples[i].text) || memcmp(exact, examples[i].text, n) != 0)
      fail_msg("'%s' became '%.*s', expected '%s'", examples[i].markup, (int)n, exact, examples[i].text);
    free(exact);
  }
}

static void test_likely(void **state) {
  (void)state;
  static const struct {
    const char *text;
    bool likely;
  } expected[] = {{"<p>", true}, {" \r\n\t<html>", true}, {"\xef\xbb\xbf <p>", true}, {"a <p>", false},
                  {"", false},   {"  ", false},           {"\xef\xbb", false}};
  for (size_t i = 0; i < sizeof expected / sizeof *expected; i++)
    assert_int_equal(ock_markup_is_likely((const unsigned char *)expected[i].text, strlen(expected[i].text)),
                     expected[i].likely);
}

/* Any markup: never longer, and without <pre> no blank at either end, nor two spaces. */
static void test_any_markup(void **state) {
  (void)state;
  static const char *const parts[] = {"<",   ">",      "&", ";",  "p", "td", "/", "\"",
                                      "!--", "script", " ", "\n", "#", "9",  "lt"};
  ock_rng rng = ock_rng_make(1, 2);
  for (int round = 0; round < 3000; round++) {
    char text[400] = "";
    for (int i = 0; i < 60; i++) strcat(text, parts[ock_rng_below(&rng, 15)]);
    size_t size = strlen(text), n = ock_markup_strip((unsigned char *)text, size);
    assert_true(n <= size);
    text[n] = '\0';
    assert_null(strstr(text, "  "));
    assert_null(strstr(text, "\n "));
    if (n > 0) assert_true(text[0] > ' ' && text[n - 1] > ' ');
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_examples),
      cmocka_unit_test(test_likely),
      cmocka_unit_test(test_any_markup),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
