/* SPDX-License-Identifier: Apache-2.0 */
/* JSON against jansson: random documents and damaged ones are taken or refused alike, and say the same. */
#include <jansson.h>

#include "wire_test.h"

static size_t below(ock_rng *rng, size_t n) {
  return (size_t)ock_rng_below(rng, n);
}

/* ---- random documents ---- */

static void put_number(ock_rng *rng, ock_buffer *out) {
  static const char *const odd[] = {"0",
                                    "-0",
                                    "1e5",
                                    "1E+2",
                                    "-1.5e-3",
                                    "123456789012345678",
                                    "1e308",
                                    "5e-324",
                                    "0.1",
                                    "1e-400",
                                    "9007199254740993",
                                    "0.30000000000000004440892098500626161694526672363281250001"};
  uint64_t bits = ock_rng_next(rng);
  double value;
  memcpy(&value, &bits, sizeof value);
  switch (below(rng, 4)) {
    case 0:
      ock_buffer_text(out, odd[below(rng, sizeof odd / sizeof *odd)]);
      break;
    case 1:
      ock_buffer_print(out, "%d", (int)below(rng, 2000) - 1000);
      break;
    case 2:
      ock_buffer_print(out, "%.*f", (int)below(rng, 8), (double)(int64_t)bits / 1e12);
      break;
    default:
      ock_buffer_print(out, "%.*g", 1 + (int)below(rng, 20), isfinite(value) ? value : 1.0);
  }
}

static void put_text(ock_rng *rng, ock_buffer *out) {
  static const char *const pieces[] = {
      "a",          "key",  "\\n",  "\\u0041", "\\u00e9", "\\ud83d\\ude00", "\u00e9",
      "\U0001F600", "\\\"", "\\\\", "\\/",     "\\u0000", "\u20ac",         "                long enough"};
  ock_buffer_text(out, "\"");
  for (size_t n = below(rng, 4); n; n--) ock_buffer_text(out, pieces[below(rng, sizeof pieces / sizeof *pieces)]);
  ock_buffer_text(out, "\"");
}

static void put_blank(ock_rng *rng, ock_buffer *out) {
  static const char *const blanks[] = {"", "", "", " ", "\n", "\t", "\r\n", "  "};
  ock_buffer_text(out, blanks[below(rng, 8)]);
}

static void put_value(ock_rng *rng, ock_buffer *out, size_t depth) {
  static const char *const words[] = {"true", "false", "null"};
  size_t kind = below(rng, depth ? 7 : 4), n = below(rng, 5);
  put_blank(rng, out);
  if (kind < 2) put_number(rng, out);
  if (kind == 2) put_text(rng, out);
  if (kind == 3) ock_buffer_text(out, words[below(rng, 3)]);
  if (kind > 3) {
    bool object = kind == 4;
    ock_buffer_text(out, object ? "{" : "[");
    for (size_t i = 0; i < n; i++) {
      if (i) ock_buffer_text(out, ",");
      put_blank(rng, out);
      if (object) ock_buffer_print(out, "\"%zu", below(rng, 20));
      if (object) ock_buffer_text(out, below(rng, 2) ? "\\u0061\":" : "a\" :");
      put_value(rng, out, depth - 1);
    }
    ock_buffer_text(out, object ? "}" : "]");
  }
  put_blank(rng, out);
}

/* ---- both read it ---- */

static bool ours_takes(const char *text, size_t size) {
  char *body = padded(text, size);
  ock_arena arena = {0};
  ock_json json;
  ockham_status status = ock_json_open(&json, body, body + size, &arena, NULL);
  if (!status) status = ock_json_skip(&json);
  if (!status) status = ock_json_end(&json);
  ock_json_close(&json);
  ock_arena_clear(&arena);
  free(body);
  return !status;
}

/* jansson also refuses numbers beyond its types, which is no matter of JSON, and takes deeper nesting. */
static bool jansson_takes(const char *text, size_t size, bool *judges) {
  json_error_t error;
  size_t flags = JSON_REJECT_DUPLICATES | JSON_DECODE_ANY | JSON_ALLOW_NUL | JSON_DECODE_INT_AS_REAL;
  json_t *root = json_loadb(text, size, flags, &error);
  *judges = root || json_error_code(&error) != json_error_numeric_overflow;
  json_decref(root);
  return root != NULL;
}

static void check_document(const char *text, size_t size) {
  bool judges, theirs = jansson_takes(text, size, &judges);
  if (judges && ours_takes(text, size) != theirs)
    fail_msg("jansson %s, we do not: %s", theirs ? "takes" : "refuses", text);
}

/* Remove, double or replace a few bytes. */
static void damage(ock_rng *rng, ock_buffer *text) {
  static const char bytes[] = "{}[]\",:\\0123456789.eE+-tfn u\n\t\x01\x1f\x7f\xff\xc3\xa9";
  for (size_t n = 1 + below(rng, 3); n && text->size > 1; n--) {
    size_t at = below(rng, text->size), length = below(rng, 3);
    if (length > text->size - at) length = text->size - at;
    switch (below(rng, 3)) {
      case 0:
        memmove(text->bytes + at, text->bytes + at + length, text->size - at - length);
        text->size -= length;
        break;
      case 1:
        text->bytes[at] = bytes[below(rng, sizeof bytes - 1)];
        break;
      default:
        text->bytes[at] = text->bytes[below(rng, text->size)];
    }
  }
}

static void test_documents(void **state) {
  (void)state;
  ock_rng rng = ock_rng_make(3, 0);
  ock_buffer text = {0};
  size_t n_taken = 0;
  for (int i = 0; i < 15000; i++) {
    text.size = 0;
    put_value(&rng, &text, 4);
    check_document(text_of(&text), text.size);
    n_taken += ours_takes(text.bytes, text.size);
    for (int j = 0; j < 4; j++) {
      damage(&rng, &text);
      check_document(text_of(&text), text.size);
    }
  }
  assert_true(n_taken > 5000);
  ock_buffer_clear(&text);
}

/* ---- numbers, bit for bit ---- */

static void check_numbers(const char *text, size_t size, const json_t *theirs, ock_datatype datatype) {
  char *body = padded(text, size);
  ock_arena arena = {0};
  ock_json json;
  ock_tensor t = {.datatype = datatype, .n_dimensions = 1, .n_elements = json_array_size(theirs)};
  t.shape[0] = t.n_elements;
  assert_ok(ock_json_open(&json, body, body + size, &arena, err));
  assert_int_equal(ock_json_data(&json, &t), OCKHAM_OK);
  assert_int_equal(ock_json_end(&json), OCKHAM_OK);
  for (size_t i = 0; i < t.n_elements; i++) {
    const json_t *element = json_array_get(theirs, i);
    double value = json_number_value(element);
    float single = (float)value;
    int64_t integer = json_integer_value(element);
    const void *expected = datatype == OCK_FP64 ? (void *)&value : datatype == OCK_FP32 ? (void *)&single : &integer;
    if (memcmp(t.data + i * ock_datatype_size(datatype), expected, ock_datatype_size(datatype)) != 0)
      fail_msg("number %zu of %s differs", i, text);
  }
  ock_json_close(&json);
  ock_arena_clear(&arena);
  free(body);
}

static void test_numbers(void **state) {
  (void)state;
  ock_rng rng = ock_rng_make(4, 0);
  ock_buffer text = {0};
  for (int round = 0; round < 2000; round++) {
    ock_datatype datatype = (ock_datatype[]){OCK_FP64, OCK_FP32, OCK_INT64}[round % 3];
    text.size = 0;
    ock_buffer_text(&text, "[");
    for (int i = 0; i < 50; i++) {
      put_blank(&rng, &text);
      if (i) ock_buffer_text(&text, ",");
      put_blank(&rng, &text);
      int64_t integer = (int64_t)ock_rng_next(&rng) >> below(&rng, 64);
      if (datatype == OCK_FP64) put_number(&rng, &text);
      if (datatype == OCK_FP32) ock_buffer_print(&text, "%.*g", 1 + (int)below(&rng, 17), (double)integer / 3e10);
      if (datatype == OCK_INT64) ock_buffer_print(&text, "%lld", (long long)integer);
    }
    ock_buffer_text(&text, "]");
    size_t flags = datatype == OCK_INT64 ? 0 : JSON_DECODE_INT_AS_REAL;
    json_t *theirs = json_loadb(text_of(&text), text.size, flags, NULL);
    if (theirs) check_numbers(text.bytes, text.size, theirs, datatype);
    if (!theirs) fail_msg("jansson refuses %s", text.bytes);
    json_decref(theirs);
  }
  ock_buffer_clear(&text);
}

/* ---- strings, byte for byte ---- */

static void test_texts(void **state) {
  (void)state;
  ock_rng rng = ock_rng_make(5, 0);
  ock_buffer text = {0}, again = {0};
  for (int round = 0; round < 20000; round++) {
    text.size = again.size = 0;
    put_text(&rng, &text);
    char *body = padded(text.bytes, text.size);
    ock_arena arena = {0};
    ock_json json;
    ock_text ours;
    json_t *theirs = json_loadb(body, text.size, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
    assert_non_null(theirs);
    assert_ok(ock_json_open(&json, body, body + text.size, &arena, err));
    assert_int_equal(ock_json_string(&json, &ours), OCKHAM_OK);
    assert_int_equal(ours.size, json_string_length(theirs));
    assert_memory_equal(ours.bytes, json_string_value(theirs), ours.size);
    ock_buffer_json_string(&again, ours.bytes, ours.size);
    json_t *written = json_loadb(again.bytes, again.size, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
    assert_true(json_equal(written, theirs));
    json_decref(written);
    json_decref(theirs);
    ock_json_close(&json);
    ock_arena_clear(&arena);
    free(body);
  }
  ock_buffer_clear(&text);
  ock_buffer_clear(&again);
}

/* What is written of any bytes is JSON in UTF-8. */
static void test_any_bytes(void **state) {
  (void)state;
  ock_rng rng = ock_rng_make(6, 0);
  ock_buffer out = {0};
  for (int round = 0; round < 20000; round++) {
    char bytes[24];
    size_t size = below(&rng, sizeof bytes);
    for (size_t i = 0; i < size; i++) bytes[i] = (char)(below(&rng, 2) ? ock_rng_next(&rng) : 0xC0 + below(&rng, 64));
    out.size = 0;
    ock_buffer_json_string(&out, bytes, size);
    json_t *root = json_loadb(out.bytes, out.size, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
    assert_non_null(root);
    json_decref(root);
  }
  ock_buffer_json_string(&out,
                         "\xff"
                         "a\xe2\x82",
                         4);
  assert_memory_equal(out.bytes + out.size - 12,
                      "\"\uFFFD"
                      "a\uFFFD\uFFFD\"",
                      12);
  ock_buffer_clear(&out);
}

/* Many keys in one object, where duplicates are found by sorting. */
static void test_many_keys(void **state) {
  (void)state;
  for (int twice = 0; twice < 2; twice++) {
    ock_buffer text = {0};
    ock_buffer_text(&text, "{");
    for (int i = 0; i < 1000; i++) ock_buffer_print(&text, "\"k%d\":{\"k0\":%d},", i, i);
    ock_buffer_print(&text, "\"k%s\":0}", twice ? "\\u0035" : "x");
    assert_int_equal(ours_takes(text.bytes, text.size), !twice);
    check_document(text_of(&text), text.size);
    ock_buffer_clear(&text);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_documents), cmocka_unit_test(test_numbers),   cmocka_unit_test(test_texts),
      cmocka_unit_test(test_any_bytes), cmocka_unit_test(test_many_keys),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
