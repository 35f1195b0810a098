/* SPDX-License-Identifier: Apache-2.0 */
/* Bodies made to cost: memory stays within a small multiple of their size, whatever becomes of them. */
#include "wire_test.h"

enum { BODY = 1 << 20, MULTIPLE = 20, SLACK = 1 << 18 };

/* ---- an allocator that counts ---- */

static size_t live, peak;

static void count(size_t size) {
  live += size;
  if (live > peak) peak = live;
}

static void *counted_allocate(void *user, size_t size) {
  (void)user;
  size_t *block = malloc(size + 16);
  if (!block) return NULL;
  *block = size;
  count(size);
  return block + 2;
}

static void counted_release(void *user, void *block) {
  (void)user;
  live -= ((size_t *)block)[-2];
  free((size_t *)block - 2);
}

static void *counted_reallocate(void *user, void *block, size_t size) {
  void *moved = counted_allocate(user, size);
  if (!moved || !block) return moved;
  size_t before = ((size_t *)block)[-2];
  memcpy(moved, block, before < size ? before : size);
  counted_release(user, block);
  return moved;
}

/* ---- bodies: a beginning, then something as often as it fits, then an end ---- */

static char *body_of(const char *begin, const char *again, const char *end, size_t *size) {
  char *body = calloc(BODY + 4096, 1);
  size_t n = strlen(begin), length = strlen(again);
  memcpy(body, begin, n);
  for (; n + length < BODY; n += length) memcpy(body + n, again, length);
  memcpy(body + n, end, strlen(end));
  *size = n + strlen(end);
  return body;
}

#define TENSOR(shape, datatype) \
  "{\"inputs\":[{\"name\":\"a\",\"shape\":" shape ",\"datatype\":\"" datatype "\",\"data\":["

static const struct hostile {
  const char *begin, *again, *end;
} oip[] = {
    {TENSOR("[1099511627775]", "FP64"), "1,", "1]}]}"},
    {TENSOR("[524000]", "FP64"), "1,", "1]}]}"},
    {TENSOR("[1099511627775]", "BYTES"), "\"\",", "\"\"]}]}"},
    {TENSOR("[1000000]", "INT8"), "[],", "[]]}]}"},
    {"{\"inputs\":[", "{\"name\":\"a\",\"shape\":[9999999],\"datatype\":\"BYTES\",\"data\":[]},", "]}"},
    {"{\"inputs\":[", "{\"data\":[],\"shape\":[],\"datatype\":\"BYTES\"},", "]}"},
    {"{\"outputs\":[", "{\"name\":\"\\n\"},", "]}"},
    {"{\"x\":{", "\"\\n\":1,", "\"\":1}}"},
    {"{\"x\":[", "{\"a\":{}},", "1]}"},
    {"{\"x\":", "[", "1]}"},
    {"{\"x\":\"", "\\u0041", "\"}"},
};

static const char wide[] =
    "{\"inputs\":[{\"name\":\"x\",\"datatype\":\"FP64\",\"shape\":[-1,100000]}],\"outputs\":[{\"name\":\"y\","
    "\"datatype\":\"FP64\",\"shape\":[-1]}]}";
static const char named[] =
    "{\"inputs\":[{\"name\":\"x\",\"datatype\":\"FP64\",\"shape\":[-1,4]}],\"outputs\":[{\"name\":\"y\",\"datatype\":"
    "\"FP64\",\"shape\":[-1]}],\"columns\":[\"a\",\"b\",\"c\",\"d\"]}";

static const struct hostile_rows {
  const char *schema;
  ock_form form;
  struct hostile body;
} rows[] = {
    {wide, OCK_FORM_ROWS, {"[", "[],", "[]]"}},
    {named, OCK_FORM_ROWS, {"[", "[1,1,1,1],", "[1,1,1,1]]"}},
    {named, OCK_FORM_ROWS, {"[{", "\"\\n\":1,", "}]"}},
    {named, OCK_FORM_INSTANCES, {"{\"inputs\":{\"a\":[", "1,", "1]}}"}},
    {named, OCK_FORM_INSTANCES, {"{\"x\":{},\"instances\":[", "{\"x\":[1,1,1,1]},", "0]}"}},
    {named, OCK_FORM_FRAME, {"{\"dataframe_split\":{\"columns\":[", "\"a\",", "\"b\"]}}"}},
    {named, OCK_FORM_CSV, {"a", ",", "\n"}},
    {named, OCK_FORM_CSV, {"a,b,c,d\n", "1,1,1,1\n", ""}},
    {named, OCK_FORM_CSV, {"a,b,c,d\n", "\n", "1"}},
    {named, OCK_FORM_NDJSON, {"", "[1,1,1,1]\n", "[]"}},
};

static void check_peak(const struct hostile *body, size_t size) {
  if (peak > MULTIPLE * size + SLACK)
    fail_msg("%s %s...: %zu bytes of memory for %zu of body", body->begin, body->again, peak, size);
  assert_int_equal(live, 0);
}

static void test_oip(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof oip / sizeof *oip; i++) {
    size_t size;
    ock_message message = {0};
    char *body = body_of(oip[i].begin, oip[i].again, oip[i].end, &size);
    peak = live = 0;
    ockham_status status = ock_oip_decode_request(body, size, size, &message, NULL);
    assert_true(status == OCKHAM_OK || status == OCKHAM_BAD_DATA);
    ock_message_clear(&message);
    check_peak(&oip[i], size);
    free(body);
  }
}

static void test_rows(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    size_t size;
    ock_schema schema;
    ock_message message = {0};
    char *body = body_of(rows[i].body.begin, rows[i].body.again, rows[i].body.end, &size);
    live = 0;
    assert_ok(ock_schema_parse(rows[i].schema, strlen(rows[i].schema), &schema, err));
    size_t before = live;
    peak = live = 0;
    ockham_status status = ock_rows_decode(rows[i].form, body, size, &schema, &message, NULL);
    assert_true(status == OCKHAM_OK || status == OCKHAM_BAD_DATA);
    ock_message_clear(&message);
    check_peak(&rows[i].body, size);
    live = before;
    ock_schema_clear(&schema);
    free(body);
  }
}

int main(void) {
  const ockham_allocator counted = {counted_allocate, counted_reallocate, counted_release, NULL};
  ockham_set_allocator(&counted);
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_oip), cmocka_unit_test(test_rows)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
