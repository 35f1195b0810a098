/* SPDX-License-Identifier: Apache-2.0 */
/* What is encoded decodes to the same bytes: all datatypes, JSON and binary; and no allocation that fails is lost. */
#include "data/internal.h"
#include "wire_test.h"

/* ---- random messages ---- */

static size_t below(ock_rng *rng, size_t n) {
  return (size_t)ock_rng_below(rng, n);
}

/* Any bits, apart from numbers that JSON cannot say where `finite` is set. */
static void fill_number(ock_rng *rng, ock_tensor *t, size_t i, bool finite) {
  size_t size = ock_datatype_size(t->datatype);
  do {
    uint64_t bits = ock_rng_next(rng) >> (below(rng, 3) ? below(rng, 64) : 0);
    if (t->datatype == OCK_BOOL) bits &= 1;
    memcpy(t->data + i * size, &bits, size);
  } while (finite && !isfinite(ock_tensor_number(t, i)));
}

static void fill_texts(ock_rng *rng, ock_tensor *t) {
  static const char *const texts[] = {"", "a", "\"\\/\b\f\n\r\t\x01", "\u00e9\u4e2d\U0001F600", "0123456789abcdef"};
  ock_buffer bytes = {0};
  for (size_t i = 0; i < t->n_elements; i++) {
    const char *text = texts[below(rng, 5)];
    ock_buffer_element(&bytes, text, strlen(text));
  }
  assert_true(bytes.size <= t->size_bytes);
  t->size_bytes = bytes.size;
  if (bytes.size) memcpy(t->data, bytes.bytes, bytes.size);
  ock_buffer_clear(&bytes);
}

static void add_random(ock_rng *rng, ock_message *message, size_t number, bool finite) {
  char name[32];
  uint64_t shape[3];
  size_t n_dimensions = below(rng, 4);
  for (size_t i = 0; i < n_dimensions; i++) shape[i] = below(rng, 5);
  snprintf(name, sizeof name, "t\"%zu", number);
  ock_datatype datatype = (ock_datatype)below(rng, OCK_DATATYPE_COUNT);
  ock_tensor *t = ock_message_add(message, name, datatype, shape, n_dimensions, 64 * 24);
  assert_non_null(t);
  if (datatype == OCK_BYTES) {
    fill_texts(rng, t);
    return;
  }
  for (size_t i = 0; i < t->n_elements; i++) fill_number(rng, t, i, finite);
}

static void make_random(ock_rng *rng, ock_message *message, bool finite) {
  *message = (ock_message){.id = below(rng, 2) ? "id\n1" : NULL, .parameters = below(rng, 2) ? "{\"k\":[1]}" : NULL};
  for (size_t i = 0, n = below(rng, 5); i < n; i++) add_random(rng, message, i, finite);
}

static void assert_same_text(const char *a, const char *b) {
  assert_int_equal(a == NULL, b == NULL);
  if (a) assert_string_equal(a, b);
}

static void assert_same_tensors(const ock_message *a, const ock_message *b) {
  assert_int_equal(a->n_tensors, b->n_tensors);
  assert_int_equal(a->n_rows, b->n_rows);
  for (size_t i = 0; i < a->n_tensors; i++) {
    const ock_tensor *x = &a->tensors[i], *y = &b->tensors[i];
    assert_string_equal(x->name, y->name);
    assert_int_equal(x->datatype, y->datatype);
    assert_int_equal(x->n_dimensions, y->n_dimensions);
    assert_memory_equal(x->shape, y->shape, x->n_dimensions * sizeof *x->shape);
    assert_int_equal(x->n_elements, y->n_elements);
    assert_int_equal(x->size_bytes, y->size_bytes);
    assert_memory_equal(x->data, y->data, x->size_bytes);
    assert_int_equal((uintptr_t)y->data % 8, 0);
  }
}

static void check_request(const ock_message *message, bool binary) {
  ock_buffer out = {0};
  ock_message back = {0};
  size_t json_size;
  ock_oip_encode_request(message, binary, &out, &json_size);
  assert_false(out.failed);
  char *body = padded(out.bytes, out.size);
  assert_ok(ock_oip_decode_request(body, out.size, json_size ? json_size : out.size, &back, err));
  assert_same_tensors(message, &back);
  assert_same_text(message->id, back.id);
  assert_same_text(message->parameters, back.parameters);
  for (size_t i = 0; binary && i < back.n_tensors; i++) assert_true(back.tensors[i].binary);
  ock_message_clear(&back);
  ock_buffer_clear(&out);
  free(body);
}

static void check_answer(const ock_message *message, bool binary) {
  ock_buffer out = {0};
  ock_message back = {0}, request = {.id = message->id, .binary_output = binary};
  size_t json_size;
  ock_oip_encode_answer("m", "1", &request, message, &out, &json_size);
  char *body = padded(out.bytes, out.size);
  assert_ok(ock_oip_decode_answer(body, out.size, json_size ? json_size : out.size, &back, err));
  assert_same_tensors(message, &back);
  assert_same_text(message->id, back.id);
  ock_message_clear(&back);
  ock_buffer_clear(&out);
  free(body);
}

static void test_round_trips(void **state) {
  (void)state;
  ock_rng rng = ock_rng_make(1, 0);
  for (int round = 0; round < 3000; round++) {
    ock_message message;
    bool binary = below(&rng, 2);
    make_random(&rng, &message, !binary);
    check_request(&message, binary);
    check_answer(&message, binary);
    ock_message_clear(&message);
  }
}

/* ---- what an answer says ---- */

static void check_encoded(const ock_message *request, const char *expected, size_t expected_json_size) {
  ock_message answer = {0};
  ock_buffer out = {0};
  size_t json_size;
  ock_tensor *t = ock_message_add(&answer, "y", OCK_FP64, (uint64_t[]){2}, 1, 0);
  memcpy(t->data, (double[]){0.5, (double)NAN}, 16);
  t = ock_message_add(&answer, "z", OCK_UINT8, (uint64_t[]){1, 1}, 2, 0);
  t->data[0] = 'Z';
  ock_oip_encode_answer("m", request->id ? "3" : NULL, request, &answer, &out, &json_size);
  assert_string_equal(text_of(&out), expected);
  assert_int_equal(json_size, expected_json_size);
  ock_buffer_clear(&out);
  ock_message_clear(&answer);
}

#define Y "{\"name\":\"y\",\"shape\":[2],\"datatype\":\"FP64\",\"data\":[0.5,null]}"
#define Z "{\"name\":\"z\",\"shape\":[1,1],\"datatype\":\"UINT8\",\"data\":[90]}"
#define BINARY_Z "{\"name\":\"z\",\"shape\":[1,1],\"datatype\":\"UINT8\",\"parameters\":{\"binary_data_size\":1}}"

static void test_answers(void **state) {
  (void)state;
  check_encoded(&(ock_message){0}, "{\"model_name\":\"m\",\"outputs\":[" Y "," Z "]}", 0);
  check_encoded(&(ock_message){.id = "a\""},
                "{\"model_name\":\"m\",\"model_version\":\"3\",\"id\":\"a\\\"\",\"outputs\":[" Y "," Z "]}", 0);
  ock_wanted wanted[] = {{"z", 1}, {"y", -1}};
  const char *json = "{\"model_name\":\"m\",\"outputs\":[" BINARY_Z "]}";
  check_encoded(&(ock_message){.wanted = wanted, .n_wanted = 1}, "{\"model_name\":\"m\",\"outputs\":[" BINARY_Z "]}Z",
                strlen(json));
  json = "{\"model_name\":\"m\",\"outputs\":[" BINARY_Z "," Y "]}";
  check_encoded(&(ock_message){.wanted = wanted, .n_wanted = 2},
                "{\"model_name\":\"m\",\"outputs\":[" BINARY_Z "," Y "]}Z", strlen(json));
  wanted[0].binary = 0;
  check_encoded(&(ock_message){.wanted = wanted, .n_wanted = 1, .binary_output = true},
                "{\"model_name\":\"m\",\"outputs\":[" Z "]}", 0);
}

static void test_wanted_round_trip(void **state) {
  (void)state;
  ock_wanted wanted[] = {{"p", -1}, {"q", 0}, {"r", 1}};
  ock_message request = {.wanted = wanted, .n_wanted = 3, .binary_output = true}, back = {0};
  ock_buffer out = {0};
  size_t json_size;
  ock_oip_encode_request(&request, false, &out, &json_size);
  char *body = padded(out.bytes, out.size);
  assert_ok(ock_oip_decode_request(body, out.size, out.size, &back, err));
  assert_true(back.binary_output && back.n_wanted == 3);
  for (size_t i = 0; i < 3; i++) {
    assert_string_equal(back.wanted[i].name, wanted[i].name);
    assert_int_equal(back.wanted[i].binary, wanted[i].binary);
  }
  ock_message_clear(&back);
  ock_buffer_clear(&out);
  free(body);
}

/* ---- numbers as text: what is written reads back ---- */

static void test_numbers(void **state) {
  (void)state;
  ock_rng rng = ock_rng_make(2, 0);
  ock_buffer out = {0};
  for (int i = 0; i < 100000; i++) {
    uint64_t bits = ock_rng_next(&rng);
    uint32_t half = (uint32_t)bits;
    double value;
    float single;
    memcpy(&value, &bits, sizeof value);
    memcpy(&single, &half, sizeof single);
    if (i % 2) value = (double)(int64_t)(bits >> (bits & 63)) / 1000;
    out.size = 0;
    ock_buffer_json_number(&out, value);
    if (isfinite(value)) assert_true(strtod(text_of(&out), NULL) == value);
    if (!isfinite(value)) assert_string_equal(text_of(&out), "null");
    out.size = 0;
    ock_buffer_json_single(&out, single);
    if (isfinite(single)) assert_true(strtof(text_of(&out), NULL) == single);
    if (isfinite(single)) assert_true((float)strtod(text_of(&out), NULL) == single);
  }
  ock_buffer_clear(&out);
}

/* ---- memory ---- */

static void test_no_memory(void **state) {
  (void)state;
  const char *text =
      "{\"id\":\"i\\n\",\"x\":{\"a\":1,\"b\\n\":{}},\"parameters\":{},\"inputs\":[{\"name\":\"a\",\"datatype\":"
      "\"BYTES\","
      "\"shape\":[2],\"data\":[\"x\",\"\\u00e9\"]},{\"data\":[1],\"name\":\"b\",\"shape\":[1],\"datatype\":\"INT8\"}],"
      "\"outputs\":[{\"name\":\"o\"}]}";
  size_t size = strlen(text);
  char *body = padded(text, size);
  for_each_allocation_failure(n) {
    ock_message message = {0};
    ock_buffer out = {0};
    size_t json_size;
    ock_fault_after(n);
    ockham_status status = ock_oip_decode_request(body, size, size, &message, NULL);
    if (!status) ock_oip_encode_request(&message, true, &out, &json_size);
    assert_int_equal(status, status ? OCKHAM_NO_MEMORY : OCKHAM_OK);
    if (!status) assert_int_equal(out.failed, ock_fault_hits() > 0);
    if (ock_fault_hits()) assert_true(status || out.failed);
    ock_message_clear(&message);
    ock_buffer_clear(&out);
  }
  free(body);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_round_trips), cmocka_unit_test(test_answers),   cmocka_unit_test(test_wanted_round_trip),
      cmocka_unit_test(test_numbers),     cmocka_unit_test(test_no_memory),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
