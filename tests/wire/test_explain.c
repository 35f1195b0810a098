/* SPDX-License-Identifier: Apache-2.0 */
/* Bodies as people see them; and the hash that both sides of a recording share. */
#include "wire_test.h"

static const struct explain_rule {
  const char *content_type;
  size_t json_size;
  const char *body;
  size_t size; /* 0: strlen */
  const char *expected;
} rules[] = {
    {"application/json", 0,
     "{\"id\":\"7\",\"parameters\":{\"k\":1},\"inputs\":[{\"name\":\"a\",\"shape\":[1,2],\"datatype\":\"FP32\","
     "\"data\":"
     "[[1,2]]}],\"outputs\":[{\"name\":\"y\"}]}",
     0,
     "{\"kind\":\"request\",\"id\":\"7\",\"parameters\":{\"k\":1},\"inputs\":[{\"name\":\"a\",\"datatype\":\"FP32\","
     "\"shape\":[1,2],\"data\":[1,2]}],\"outputs\":[\"y\"]}"},
    {"application/octet-stream", 94,
     "{\"outputs\":[{\"name\":\"y\",\"shape\":[1],\"datatype\":\"FP16\",\"parameters\":{\"binary_data_size\":2}}]}  "
     "\0\x3e",
     96, "{\"kind\":\"answer\",\"outputs\":[{\"name\":\"y\",\"datatype\":\"FP16\",\"shape\":[1],\"data\":[1.5]}]}"},
    {NULL, 0, "[{\"age\":3}]", 0, "{\"json\":[{\"age\":3}]}"},
    {"text/csv; charset=utf-8", 0, "a,b\n1,\"x\"\n", 0, "{\"csv\":\"a,b\\n1,\\\"x\\\"\\n\"}"},
    {"application/x-ndjson", 0, "{}\n{}\n", 0, "{\"ndjson\":\"{}\\n{}\\n\"}"},
    {"application/json", 0, "{\"inputs\":[1]", 0,
     "{\"note\":\"inputs[0] at byte 11: expected an object, found '1'\",\"text\":\"{\\\"inputs\\\":[1]\"}"},
    {NULL, 0, "hello", 0, "{\"note\":\"at byte 0: expected an object, found 'hello'\",\"text\":\"hello\"}"},
    {NULL, 0, "\0\xff", 2, "{\"note\":\"at byte 0: expected an object, found '\\\\x00'\",\"base64\":\"AP8=\"}"},
    {"text/csv", 0, "\xff\xfe\xfd", 3,
     "{\"note\":\"at byte 0: expected an object, found '\\\\xff\\\\xfe\\\\xfd'\",\"base64\":\"//79\"}"},
    {NULL, 0, "", 0, "{\"note\":\"at byte 0: expected an object, found the end\",\"text\":\"\"}"},
};

static void test_explain(void **state) {
  (void)state;
  size_t broken = 0;
  for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
    const struct explain_rule *r = &rules[i];
    ock_buffer out = {0};
    size_t size = r->size ? r->size : strlen(r->body);
    char *body = malloc(size + 1); /* no padding: what was recorded has none */
    memcpy(body, r->body, size);
    ock_body_explain(r->content_type, r->json_size, body, size, &out);
    broken += rule_broken(r->body, r->expected, text_of(&out));
    ock_buffer_clear(&out);
    free(body);
  }
  assert_int_equal(broken, 0);
}

static void test_no_memory(void **state) {
  (void)state;
  const char *body = rules[0].body;
  for_each_allocation_failure(n) {
    ock_buffer out = {0};
    ock_fault_after(n);
    ock_body_explain(NULL, 0, body, strlen(body), &out);
    if (!ock_fault_hits()) assert_false(out.failed);
    ock_buffer_clear(&out);
  }
}

/* The reference vector of XXH3 for no bytes, and that each byte matters. */
static void test_hash(void **state) {
  (void)state;
  assert_true(ock_hash("", 0) == 0x2D06800538D394C2u);
  char bytes[300] = {0};
  for (size_t i = 0; i < sizeof bytes; i++) {
    uint64_t before = ock_hash(bytes, sizeof bytes);
    bytes[i] = 1;
    assert_true(ock_hash(bytes, sizeof bytes) != before);
  }
}

static void test_buffer(void **state) {
  (void)state;
  ock_buffer buffer = {0};
  for (int i = 0; i < 3000; i++) ock_buffer_print(&buffer, "%d,", i % 10);
  assert_int_equal(buffer.size, 6000);
  for (size_t i = 0; i < 6000; i += 2)
    assert_true(buffer.bytes[i] == '0' + (char)(i / 2 % 10) && buffer.bytes[i + 1] == ',');
  assert_null(ock_buffer_room(&buffer, SIZE_MAX - 100));
  assert_true(buffer.failed);
  ock_buffer_text(&buffer, "nothing more");
  assert_int_equal(buffer.size, 6000);
  ock_buffer_clear(&buffer);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_explain),
      cmocka_unit_test(test_no_memory),
      cmocka_unit_test(test_hash),
      cmocka_unit_test(test_buffer),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
