/* SPDX-License-Identifier: Apache-2.0 */
/* Schemas: what they say, which requests fit them, and the rows as a matrix. */
#include "wire_test.h"

#define IN(name, datatype, shape) "{\"name\":\"" name "\",\"datatype\":\"" datatype "\",\"shape\":" shape "}"
#define OUT ",\"outputs\":[" IN("y", "FP64", "[-1]") "]"
#define ONE(field) "{\"inputs\":[" field "]" OUT "}"

/* ---- reading ---- */

static void show_schema(const ock_schema *s, ock_buffer *out) {
  static const char *const layouts[] = {"none", "matrix", "columns"};
  ock_buffer_print(out, "%s %zu:", layouts[s->layout], s->n_columns);
  for (size_t i = 0; s->columns && i < s->n_columns; i++) ock_buffer_print(out, " %s", s->columns[i]);
  ock_buffer_text(out, " | ");
  ock_schema_write(s, out);
}

static const rule schemas[] = {
    {"{\"name\":\"m\",\"versions\":[],\"inputs\":[" IN("x", "FP32", "[-1,3]") "]" OUT "}",
     "matrix 3: | \"inputs\":[" IN("x", "FP32", "[-1,3]") "]" OUT},
    {"{\"columns\":[\"a\",\"b\"],\"inputs\":[" IN("x", "FP32", "[-1,-1]") "]" OUT "}",
     "matrix 2: a b | \"inputs\":[" IN("x", "FP32", "[-1,-1]") "]" OUT ",\"columns\":[\"a\",\"b\"]"},
    {"{\"columns\":[\"a\"],\"inputs\":[" IN("x", "FP32", "[-1,1]") "]" OUT "}",
     "matrix 1: a | \"inputs\":[" IN("x", "FP32", "[-1,1]") "]" OUT ",\"columns\":[\"a\"]"},
    {"{\"inputs\":[" IN("a", "BYTES", "[-1]") "," IN("b", "BOOL", "[-1,1]") "]" OUT "}",
     "columns 2: a b | \"inputs\":[" IN("a", "BYTES", "[-1]") "," IN("b", "BOOL", "[-1,1]") "]" OUT},
    {ONE(IN("x", "FP32", "[-1,1]")), "columns 1: x | \"inputs\":[" IN("x", "FP32", "[-1,1]") "]" OUT},
    {ONE(IN("x", "FP32", "[-1,-1]")), "none 0: | \"inputs\":[" IN("x", "FP32", "[-1,-1]") "]" OUT},
    {ONE(IN("x", "FP16", "[-1,4]")), "none 0: | \"inputs\":[" IN("x", "FP16", "[-1,4]") "]" OUT},
    {ONE(IN("x", "BYTES", "[-1,4]")), "none 0: | \"inputs\":[" IN("x", "BYTES", "[-1,4]") "]" OUT},
    {ONE(IN("x", "INT8", "[1,4]")), "none 0: | \"inputs\":[" IN("x", "INT8", "[1,4]") "]" OUT},
    {ONE(IN("x", "INT8", "[]")), "none 0: | \"inputs\":[" IN("x", "INT8", "[]") "]" OUT},
    {"[]", "!at byte 0: expected an object, found '['"},
    {"{" OUT "}", "!at byte 1: expected a key in quotes, found ','"},
    {"{\"inputs\":[]" OUT "}", "!inputs at byte 10: expected at least one entry"},
    {"{\"inputs\":[" IN("x", "INT8", "[1]") "]}",
     "!at byte 54: expected \"outputs\" in the object that ends here, found none"},
    {ONE("{\"name\":\"x\"}"), "!inputs[0] at byte 22: expected \"datatype\" in the object that ends here, found none"},
    {ONE(IN("x", "INT", "[1]")),
     "!inputs[0].datatype at byte 34: expected BOOL, UINT8 to UINT64, INT8 to INT64, FP16, BF16, FP32, FP64 or BYTES, "
     "found '\"INT\"'"},
    {ONE(IN("x", "INT8", "[-2]")),
     "!inputs[0].shape[0] at byte 50: expected a whole number, or -1 for any, found '-2'"},
    {ONE(IN("x", "INT8", "[1.5]")),
     "!inputs[0].shape[0] at byte 50: expected a whole number, or -1 for any, found '1.5'"},
    {ONE(IN("x", "INT8", "[1]") "," IN("x", "INT8", "[1]")), "!inputs[1] at byte 95: the name 'x' comes twice"},
    {"{\"columns\":[\"a\",\"a\"]}", "!columns[1] at byte 18: the name 'a' comes twice"},
    {"{\"columns\":[\"a\"],\"inputs\":[" IN("x", "FP32", "[-1,2]") "]" OUT "}",
     "!columns: 1 names belong to a single numeric input of shape [-1, 1], and there is none"},
    {ONE(IN("x", "INT8", "[1]")) "x", "!at byte 111: expected the end, found 'x'"},
};

static void test_schemas(void **state) {
  (void)state;
  size_t broken = 0;
  for (size_t i = 0; i < sizeof schemas / sizeof *schemas; i++) {
    ock_schema schema;
    ockham_error err = {0};
    ock_buffer out = {0};
    if (ock_schema_parse(schemas[i].input, strlen(schemas[i].input), &schema, &err))
      ock_buffer_print(&out, "!%s", err.message);
    else
      show_schema(&schema, &out);
    broken += rule_broken(schemas[i].input, schemas[i].expected, text_of(&out));
    ock_schema_clear(&schema);
    ock_buffer_clear(&out);
  }
  assert_int_equal(broken, 0);
}

/* ---- requests ---- */

/* A request as "name:DATATYPE:shape name:..." with all data 0, then " ?output" for each that is wanted. */
static void make_request(const char *text, ock_message *request) {
  char copy[256], *rest = NULL;
  snprintf(copy, sizeof copy, "%s", text);
  *request = (ock_message){0};
  for (char *word = strtok_r(copy, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
    if (*word == '?') {
      char *name = ock_arena_array(&request->arena, strlen(word), 1);
      strcpy(name, word + 1);
      *ock_message_wanted_slot(request) = (ock_wanted){name, -1};
      continue;
    }
    char *inside = NULL, *name = strtok_r(word, ":", &inside), *type = strtok_r(NULL, ":", &inside);
    ock_datatype datatype;
    uint64_t shape[4];
    size_t n = 0;
    assert_true(ock_datatype_find(type, strlen(type), &datatype));
    for (char *d = strtok_r(NULL, "x", &inside); d; d = strtok_r(NULL, "x", &inside)) shape[n++] = strtoul(d, NULL, 10);
    ock_tensor *t = ock_message_add(request, name, datatype, shape, n, 0);
    memset(t->data, 0, t->size_bytes);
  }
}

#define MATRIX "{\"columns\":[\"a\",\"b\"],\"inputs\":[" IN("x", "FP64", "[-1,2]") "]" OUT "}"
#define COLUMNS "{\"inputs\":[" IN("a", "INT32", "[-1]") "," IN("b", "BYTES", "[-1,1]") "]" OUT "}"

static const struct check_rule {
  const char *schema, *request, *exactly, *converting; /* NULL: fine */
} checks[] = {
    {MATRIX, "x:FP64:3x2", NULL, NULL},
    {MATRIX, "x:FP64:0x2 ?y", NULL, NULL},
    {MATRIX, "x:INT8:3x2", "input 'x': expected datatype FP64, found INT8", NULL},
    {MATRIX, "x:BYTES:3x2", "input 'x': expected datatype FP64, found BYTES",
     "input 'x': expected datatype FP64, found BYTES"},
    {MATRIX, "x:FP64:3x3", "input 'x': expected shape [-1, 2], found [3, 3]",
     "input 'x': expected shape [-1, 2], found [3, 3]"},
    {MATRIX, "x:FP64:2", "input 'x': expected shape [-1, 2], found [2]",
     "input 'x': expected shape [-1, 2], found [2]"},
    {MATRIX, "z:FP64:3x2", "expected the input 'x', found z", "expected the input 'x', found z"},
    {MATRIX, "", "expected the input 'x', found none", "expected the input 'x', found none"},
    {MATRIX, "x:FP64:3x2 z:FP64:3", "expected the inputs x, found also 'z'", "expected the inputs x, found also 'z'"},
    {MATRIX, "x:FP64:3x2 ?z", "expected outputs out of y, found 'z'", "expected outputs out of y, found 'z'"},
    {MATRIX, "a:INT8:3 b:FP32:3x1", "expected the input 'x', found a, b", NULL},
    {MATRIX, "a:INT8:3 b:FP32:2", "expected the input 'x', found a, b",
     "input 'b': expected 3 rows as in 'a', found 2"},
    {MATRIX, "a:INT8:3", "expected the input 'x', found a", "expected the input 'b', found a"},
    {MATRIX, "a:INT8:3 b:INT8:3 c:INT8:3", "expected the input 'x', found a, b, c",
     "expected one input a column, 2 in all, found 3"},
    {MATRIX, "a:INT8:3x2 b:INT8:3", "expected the input 'x', found a, b",
     "input 'a': expected shape [-1, 1], found [3, 2]"},
    {COLUMNS, "b:BYTES:0x1 a:INT32:0", NULL, NULL},
    {COLUMNS, "a:INT64:0 b:BYTES:0x1", "input 'a': expected datatype INT32, found INT64", NULL},
    {COLUMNS, "a:INT32:4 b:BYTES:0x1", "input 'b': expected 4 rows as in 'a', found 0",
     "input 'b': expected 4 rows as in 'a', found 0"},
    {COLUMNS, "a:INT32:0 b:INT8:0x1", "input 'b': expected datatype BYTES, found INT8",
     "input 'b': expected datatype BYTES, found INT8"},
};

static size_t check_request(const struct check_rule *r, bool convert) {
  ock_schema schema;
  ock_message request;
  ockham_error err = {0};
  const char *expected = convert ? r->converting : r->exactly;
  assert_int_equal(ock_schema_parse(r->schema, strlen(r->schema), &schema, &err), OCKHAM_OK);
  make_request(r->request, &request);
  ockham_status status = ock_schema_check(&schema, &request, convert, &err);
  assert_int_equal(status, expected ? OCKHAM_BAD_DATA : OCKHAM_OK);
  size_t broken = rule_broken(r->request, expected ? expected : "", err.message);
  ock_message_clear(&request);
  ock_schema_clear(&schema);
  return broken;
}

static void test_checks(void **state) {
  (void)state;
  size_t broken = 0;
  for (size_t i = 0; i < sizeof checks / sizeof *checks; i++)
    broken += check_request(&checks[i], false) + check_request(&checks[i], true);
  assert_int_equal(broken, 0);
}

/* ---- as a matrix ---- */

static void test_matrix(void **state) {
  (void)state;
  ock_schema schema;
  ock_message request;
  ockham_rows rows;
  ockham_error error = {0};
  assert_ok(ock_schema_parse(MATRIX, strlen(MATRIX), &schema, err));

  make_request("x:FP64:2x2", &request);
  memcpy(request.tensors[0].data, (double[]){1, 2, 3, 4}, 32);
  assert_ok(ock_message_matrix(&schema, &request, &rows, err));
  assert_ptr_equal(rows.data, request.tensors[0].data);
  assert_true(rows.n_rows == 2 && rows.n_columns == 2 && rows.dtype == OCKHAM_FLOAT64);
  ((double *)(void *)request.tensors[0].data)[3] = (double)NAN;
  assert_int_equal(ock_message_matrix(&schema, &request, &rows, &error), OCKHAM_BAD_DATA);
  assert_string_equal(error.message, "row 2, column 'b': expected a finite number, found NaN");
  assert_true(error.row == 2 && error.column == 2);
  ock_message_clear(&request);

  make_request("b:INT8:2x1 a:FP32:2", &request);
  memcpy(request.tensors[0].data, (int8_t[]){-2, 4}, 2);
  memcpy(request.tensors[1].data, (float[]){1.5F, 3}, 8);
  assert_ok(ock_message_matrix(&schema, &request, &rows, err));
  const double expected[] = {1.5, -2, 3, 4};
  assert_memory_equal(rows.data, expected, sizeof expected);
  ock_message_clear(&request);
  ock_schema_clear(&schema);
}

/* Numbers of every datatype, against what the C library makes of them; halves against their definition. */
static void test_numbers(void **state) {
  (void)state;
  static const struct {
    ock_datatype datatype;
    unsigned char bytes[8];
    double value;
  } numbers[] = {
      {OCK_BOOL, {1}, 1},
      {OCK_UINT8, {200}, 200},
      {OCK_UINT16, {0x34, 0x82}, 0x8234},
      {OCK_UINT32, {0, 0, 0, 0x80}, 2147483648.0},
      {OCK_UINT64, {0, 0, 0, 0, 0, 0, 0, 0x80}, 9223372036854775808.0},
      {OCK_INT8, {0x80}, -128},
      {OCK_INT16, {0xff, 0xff}, -1},
      {OCK_INT32, {0, 0, 0, 0x80}, -2147483648.0},
      {OCK_INT64, {0, 0, 0, 0, 0, 0, 0, 0x80}, -9223372036854775808.0},
      {OCK_FP16, {0x00, 0x3c}, 1},
      {OCK_FP16, {0xff, 0xfb}, -65504},
      {OCK_FP16, {0x01, 0x00}, 0x1p-24},
      {OCK_FP16, {0x00, 0x04}, 0x1p-14},
      {OCK_FP16, {0x00, 0x7c}, (double)INFINITY},
      {OCK_BF16, {0x80, 0x3f}, 1},
      {OCK_BF16, {0x49, 0xc0}, -3.140625},
      {OCK_FP32, {0, 0, 0x80, 0x3f}, 1},
      {OCK_FP64, {0, 0, 0, 0, 0, 0, 0xf0, 0x3f}, 1},
  };
  for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
    unsigned char bytes[8];
    memcpy(bytes, numbers[i].bytes, sizeof bytes);
    ock_tensor tensor = {.datatype = numbers[i].datatype, .data = bytes};
    assert_true(ock_tensor_number(&tensor, 0) == numbers[i].value);
  }
}

static void test_no_memory(void **state) {
  (void)state;
  for_each_allocation_failure(n) {
    ock_schema schema;
    ock_fault_after(n);
    ockham_status status = ock_schema_parse(MATRIX, strlen(MATRIX), &schema, NULL);
    if (!status) ock_schema_clear(&schema);
    if (!status) status = ock_schema_parse(COLUMNS, strlen(COLUMNS), &schema, NULL);
    assert_int_equal(status, ock_fault_hits() ? OCKHAM_NO_MEMORY : OCKHAM_OK);
    if (!status) ock_schema_clear(&schema);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_schemas), cmocka_unit_test(test_checks),    cmocka_unit_test(test_matrix),
      cmocka_unit_test(test_numbers), cmocka_unit_test(test_no_memory),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
