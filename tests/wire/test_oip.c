/* SPDX-License-Identifier: Apache-2.0 */
/* The rules of the Open Inference Protocol and its binary extension, a line each: a body, and what becomes of it. */
#include "wire_test.h"

/* A tensor in the tables below: most rules concern one. */
#define T(datatype, shape, data) \
  "{\"inputs\":[{\"name\":\"a\",\"shape\":" shape ",\"datatype\":\"" datatype "\",\"data\":" data "}]}"
#define B(datatype, shape, size)                                              \
  "{\"inputs\":[{\"name\":\"a\",\"shape\":" shape ",\"datatype\":\"" datatype \
  "\","                                                                       \
  "\"parameters\":{\"binary_data_size\":" size "}}]}"

/* Everything a message holds, on one line: "id=.. name:DATATYPE[shape]=[data] ... want name:binary". */
static void show_message(const ock_message *m, ock_buffer *out) {
  if (m->id) ock_buffer_print(out, "id=%s ", m->id);
  if (m->parameters) ock_buffer_print(out, "parameters=%s ", m->parameters);
  for (size_t i = 0; i < m->n_tensors; i++) {
    const ock_tensor *t = &m->tensors[i];
    ock_cursor cursor = ock_cursor_make(t);
    ock_buffer_print(out, "%s%s:%s", i ? " " : "", t->name, ock_datatype_name(t->datatype));
    ock_buffer_shape(out, t->shape, t->n_dimensions);
    ock_buffer_text(out, t->binary ? "~" : "=");
    for (size_t j = 0; j < t->n_elements; j++) {
      if (j) ock_buffer_text(out, ",");
      ock_cursor_json(&cursor, out);
    }
  }
  for (size_t i = 0; i < m->n_wanted; i++) ock_buffer_print(out, " want %s:%d", m->wanted[i].name, m->wanted[i].binary);
  if (m->binary_output) ock_buffer_text(out, " binary");
}

static size_t check(const char *input, size_t size, size_t json_size, const char *expected, bool answer) {
  char *body = padded(input, size);
  ock_message message = {0};
  ockham_error err = {0};
  ock_buffer out = {0};
  ockham_status status = answer ? ock_oip_decode_answer(body, size, json_size, &message, &err)
                                : ock_oip_decode_request(body, size, json_size, &message, &err);
  if (status)
    ock_buffer_print(&out, "!%s", err.message);
  else
    show_message(&message, &out);
  assert_true(status == OCKHAM_OK || status == OCKHAM_BAD_DATA);
  size_t broken = rule_broken(input, expected, text_of(&out));
  ock_buffer_clear(&out);
  ock_message_clear(&message);
  free(body);
  return broken;
}

static void check_rules(const rule *rules, size_t n, bool answer) {
  size_t broken = 0;
  for (size_t i = 0; i < n; i++) {
    size_t size = strlen(rules[i].input);
    broken += check(rules[i].input, size, size, rules[i].expected, answer);
  }
  assert_int_equal(broken, 0);
}

static const rule forms[] = {
    {T("FP64", "[2,2]", "[1,2,3,4]"), "a:FP64[2,2]=1,2,3,4"},
    {T("FP64", "[2,2]", "[[1,2],[3,4]]"), "a:FP64[2,2]=1,2,3,4"},
    {T("FP64", " [ 2 , 2 ] ", " [ [ 1 , 2 ] , [ 3 ,\n\t4\r] ] "), "a:FP64[2,2]=1,2,3,4"},
    {T("FP64", "[1,2,2]", "[[1,2],[3,4]]"), "a:FP64[1,2,2]=1,2,3,4"},
    {T("FP64", "[2,2]", "[[[1,2],[3,4]]]"), "a:FP64[2,2]=1,2,3,4"},
    {T("FP64", "[2,1]", "[[1],[2]]"), "a:FP64[2,1]=1,2"},
    {T("FP64", "[]", "[7]"), "a:FP64[]=7"},
    {T("FP64", "[0,3]", "[]"), "a:FP64[0,3]="},
    {T("FP64", "[2,0]", "[[],[]]"), "a:FP64[2,0]="},
    {T("INT32", "[2]", "[-0,1.0]"), "a:INT32[2]=0,1"},
    {T("INT32", "[3]", "[1e3,10e-1,120000000000000000000000e-20]"), "a:INT32[3]=1000,1,1200"},
    {T("UINT64", "[2]", "[18446744073709551615,0]"), "a:UINT64[2]=18446744073709551615,0"},
    {T("INT64", "[2]", "[-9223372036854775808,9223372036854775807]"),
     "a:INT64[2]=-9223372036854775808,9223372036854775807"},
    {T("INT64", "[1]", "[9007199254740993.0]"), "a:INT64[1]=9007199254740993"},
    {T("INT8", "[2]", "[-128,127]"), "a:INT8[2]=-128,127"},
    {T("UINT8", "[2]", "[0,255]"), "a:UINT8[2]=0,255"},
    {T("INT16", "[1]", "[-32768]"), "a:INT16[1]=-32768"},
    {T("UINT16", "[1]", "[65535]"), "a:UINT16[1]=65535"},
    {T("UINT32", "[1]", "[4294967295]"), "a:UINT32[1]=4294967295"},
    {T("INT64", "[1]", "[0e99999999999]"), "a:INT64[1]=0"},
    {T("BOOL", "[2]", "[true, false]"), "a:BOOL[2]=true,false"},
    {T("FP32", "[2]", "[0.1,-3e38]"), "a:FP32[2]=0.1,-3e+38"},
    {T("FP64", "[3]", "[1e-400,-0,4.9e-324]"), "a:FP64[3]=0,-0,5e-324"},
    {T("FP64", "[1]", "[0.1000000000000000055511151231257827021181583404541015625]"), "a:FP64[1]=0.1"},
    {T("BYTES", "[3]", "[\"x\",\"\",\"\\u00e9\\ud83d\\ude00\\n\\u0000\"]"),
     "a:BYTES[3]=\"x\",\"\",\"\u00e9\U0001F600\\n\\u0000\""},
    {"{\"inputs\":[{\"data\":[[1,2]],\"name\":\"a\",\"datatype\":\"INT8\",\"shape\":[1,2]}]}", "a:INT8[1,2]=1,2"},
    {"{\"id\":\"4\\u0032\",\"other\":{\"x\":[1,{}]},\"parameters\":{\"k\": [1]},\"inputs\":[]}",
     "id=42 parameters={\"k\": [1]} "},
    {"{\"id\":null,\"parameters\":null,\"outputs\":null,\"inputs\":[]}", ""},
    {"{\"inputs\":[],\"outputs\":[{\"name\":\"o\"},{\"name\":\"p\",\"parameters\":{\"binary_data\":true}},{\"name\":"
     "\"q\",\"parameters\":{\"binary_data\":false,\"classification\":3}}]}",
     " want o:-1 want p:1 want q:0"},
    {"{\"parameters\":{\"binary_data_output\":true},\"inputs\":[]}",
     "parameters={\"binary_data_output\":true}  binary"},
};

/* JSON, and the bytes behind it. */
static const struct binary_rule {
  const char *json, *bytes;
  size_t n_bytes;
  const char *expected;
} binary_rules[] = {
    {B("INT32", "[2]", "8"), "\1\0\0\0\376\377\377\377", 8, "a:INT32[2]~1,-2"},
    {B("BOOL", "[2]", "2"), "\1\0", 2, "a:BOOL[2]~true,false"},
    {B("BYTES", "[2]", "9"), "\1\0\0\0x\0\0\0\0", 9, "a:BYTES[2]~\"x\",\"\""},
    {B("FP16", "[3]", "6"), "\0\x3c\1\0\0\xfc", 6, "a:FP16[3]~1,5.9604645e-08,null"},
    {B("BF16", "[1]", "2"), "\x80\x3f", 2, "a:BF16[1]~1"},
    {B("FP32", "[1]", "4"), "\0\0\xc0\x7f", 4, "a:FP32[1]~null"},
    {B("INT8", "[0]", "0"), "", 0, "a:INT8[0]~"},
    {B("INT8", "[1]", "1") "  ", " ", 1, "a:INT8[1]~32"}, /* blanks up to binary data that look like more */
    {B("INT32", "[2]", "7"), "1234567", 7,
     "!inputs[0] at byte 87: expected a binary_data_size of 8 for INT32 of shape [2], found 7"},
    {B("INT8", "[4]", "4"), "123", 3,
     "!inputs[0] at byte 86: expected 4 bytes of binary data, found 3 left in the body"},
    {B("INT8", "[2]", "2"), "123", 3,
     "!expected the body to end at byte 93, after the last tensor's binary data, found 1 bytes more"},
    {B("BOOL", "[1]", "1"), "\2", 1, "!inputs[0] at byte 86: expected 0 or 1 in the binary data, found 2 at element 0"},
    {B("BYTES", "[1]", "5"), "\2\0\0\0x", 5,
     "!inputs[0] at byte 87: element 0 of the binary data goes beyond their end by its length"},
    {B("BYTES", "[1]", "6"), "\1\0\0\0xy", 6,
     "!inputs[0] at byte 87: element 1 of the binary data goes beyond their end by its length"},
    {B("BYTES", "[2]", "5"), "\1\0\0\0x", 5, "!inputs[0] at byte 87: expected 2 elements in the binary data, found 1"},
    /* JSON that would go on in the binary data. */
    {"{\"inputs\":[", "]}", 2, "!at byte 11: the JSON is not complete here, where its part of the body ends"},
    {"{\"inputs\":", "[]}", 3, "!inputs at byte 10: expected an array, found the end"},
    {"{\"inputs\":[],\"x\":12", "34}", 3,
     "!at byte 19: the JSON is not complete here, where its part of the body ends"},
    {"{\"inputs\":[],\"x\":\"12", "34\"}", 4, "!x at byte 17: the string that begins here is not closed"},
};

static const rule refusals[] = {
    {"", "!at byte 0: expected an object, found the end"},
    {"\xEF\xBB\xBF{}", "!at byte 0: expected JSON, found a byte order mark in front of it"},
    {"{}", "!at byte 1: expected \"inputs\" in the object that ends here, found none"},
    {"{\"inputs\":[]} x", "!at byte 14: expected the end, found 'x'"},
    {"{\"inputs\":[]}{}", "!at byte 13: expected the end, found '{'"},
    {"{\"inputs\":[],}", "!at byte 13: expected a key in quotes, found '}'"},
    {"{\"inputs\":[],\"inputs\":[]}", "!at byte 13: the key '\"inputs\"' comes twice in one object"},
    {"{\"inputs\":[],\"x\":1,\"\\u0078\":2}", "!at byte 19: the key '\"\\u0078\"' comes twice in one object"},
    {"{\"inputs\":{}}", "!inputs at byte 10: expected an array, found '{'"},
    {"{\"inputs\":[1]}", "!inputs[0] at byte 11: expected an object, found '1'"},
    {"{\"inputs\":[],\"id\":7}", "!id at byte 18: expected an id in quotes, found '7'"},
    {"{\"inputs\":[],\"id\":\"a\\u0000\"}", "!id at byte 18: expected an id in quotes, found one with \\u0000"},
    {"{\"inputs\":[],\"parameters\":[]}", "!parameters at byte 26: expected an object, found '['"},
    {"{\"inputs\":[{\"shape\":[1],\"datatype\":\"INT8\",\"data\":[1]}]}",
     "!inputs[0] at byte 52: expected \"name\" in the object that ends here, found none"},
    {"{\"inputs\":[{\"name\":\"a\",\"datatype\":\"INT8\",\"data\":[1]}]}",
     "!inputs[0] at byte 51: expected \"shape\" in the object that ends here, found none"},
    {"{\"inputs\":[{\"name\":\"a\",\"shape\":[1],\"data\":[1]}]}",
     "!inputs[0] at byte 45: expected \"datatype\" in the object that ends here, found none"},
    {"{\"inputs\":[{\"name\":\"a\",\"shape\":[1],\"datatype\":\"INT8\"}]}",
     "!inputs[0] at byte 52: expected \"data\" or a binary_data_size in the object that "
     "ends here, found none"},
    {T("FLOAT", "[1]", "[1]"),
     "!inputs[0].datatype at byte 46: expected BOOL, UINT8 to UINT64, INT8 to INT64, FP16, BF16, FP32, FP64 or BYTES, "
     "found '\"FLOAT\"'"},
    {T("INT8", "[-1]", "[1]"), "!inputs[0].shape[0] at byte 32: expected a whole number of 0 or more, found '-1'"},
    {T("INT8", "[1,1,1,1,1,1,1,1,1]", "[1]"), "!inputs[0].shape[8] at byte 48: expected at most 8 dimensions"},
    {T("INT8", "[4294967296,4294967296]", "[1]"),
     "!inputs[0].shape at byte 31: the shape has more elements than any tensor can"},
    {T("FP64", "[1000000,1000000]", "[1,2]"),
     "!inputs[0].data at byte 74: expected 1000000000000 values for shape [1000000, 1000000], found 2"},
    {T("INT8", "[3]", "[1,2]"), "!inputs[0].data at byte 60: expected 3 values for shape [3], found 2"},
    {T("INT8", "[1]", "[1,2]"), "!inputs[0].data[1] at byte 63: expected 1 values for shape [1], found more"},
    {T("INT8", "[2,2]", "[[1,2],[3]]"),
     "!inputs[0].data[1] at byte 69: expected 2 values as in the arrays beside it, found 1"},
    {T("INT8", "[2,3]", "[[1,2],[3,4],[5,6]]"),
     "!inputs[0].data at byte 62: expected values nested as shape [2, 3] says, found [3, 2]"},
    {T("INT8", "[2]", "[1,[2]]"), "!inputs[0].data[1] at byte 63: expected an integer, found '['"},
    {T("INT8", "[2]", "[[1],2]"), "!inputs[0].data[1] at byte 65: expected an array, as before, found '2'"},
    {T("INT8", "[2]", "1"), "!inputs[0].data at byte 60: expected an array, found '1'"},
    {T("FP64", "[2]", "[1,\"a\"]"), "!inputs[0].data[1] at byte 63: expected a number, found '\"a\"'"},
    {T("FP64", "[1]", "[\"1\"]"),
     "!inputs[0].data[0] at byte 61: expected a number, found '\"1\"'; a number in quotes is not taken as one"},
    {T("FP64", "[1]", "[null]"),
     "!inputs[0].data[0] at byte 61: expected a number, found 'null'; missing values are not taken"},
    {T("FP64", "[1]", "[NaN]"),
     "!inputs[0].data[0] at byte 61: expected a number, found 'NaN', which JSON does not have"},
    {T("FP64", "[1]", "[-Infinity]"),
     "!inputs[0].data[0] at byte 61: expected a number, found '-Infinity', which JSON does not have"},
    {T("FP64", "[1]", "[true]"), "!inputs[0].data[0] at byte 61: expected a number, found 'true'"},
    {T("FP64", "[1]", "[+1]"), "!inputs[0].data[0] at byte 61: expected a number, found '+1'"},
    {T("FP64", "[1]", "[01]"), "!inputs[0].data[0] at byte 61: expected a number, found '01'"},
    {T("FP64", "[1]", "[.5]"), "!inputs[0].data[0] at byte 61: expected a number, found '.5'"},
    {T("FP64", "[1]", "[1.]"), "!inputs[0].data[0] at byte 61: expected a number, found '1.'"},
    {T("FP64", "[1]", "[1e]"), "!inputs[0].data[0] at byte 61: expected a number, found '1e'"},
    {T("FP64", "[1]", "[0x10]"), "!inputs[0].data[0] at byte 62: expected ',' or ']', found 'x10'"},
    {T("FP64", "[1]", "[-]"), "!inputs[0].data[0] at byte 61: expected a number, found '-'"},
    {T("FP64", "[1]", "[1e400]"), "!inputs[0].data[0] at byte 61: expected a number that FP64 can hold, found '1e400'"},
    {T("FP32", "[1]", "[1e39]"), "!inputs[0].data[0] at byte 61: expected a number that FP32 can hold, found '1e39'"},
    {T("INT8", "[1]", "[128]"),
     "!inputs[0].data[0] at byte 61: expected a number between -128 and 127 for INT8, found '128'"},
    {T("UINT8", "[1]", "[-1]"),
     "!inputs[0].data[0] at byte 62: expected a number between 0 and 255 for UINT8, found '-1'"},
    {T("INT64", "[1]", "[9223372036854775808]"),
     "!inputs[0].data[0] at byte 62: expected a number between -9223372036854775808 and 9223372036854775807 for INT64, "
     "found '9223372036854775...'"},
    {T("INT64", "[1]", "[1e99999999999999]"),
     "!inputs[0].data[0] at byte 62: expected a number between -9223372036854775808 and 9223372036854775807 for INT64, "
     "found '1e99999999999999'"},
    {T("INT32", "[1]", "[1.5]"), "!inputs[0].data[0] at byte 62: expected an integer for INT32, found '1.5'"},
    {T("INT32", "[1]", "[1e-1]"), "!inputs[0].data[0] at byte 62: expected an integer for INT32, found '1e-1'"},
    {T("BOOL", "[1]", "[1]"), "!inputs[0].data[0] at byte 61: expected true or false, found '1'"},
    {T("BYTES", "[1]", "[1]"), "!inputs[0].data[0] at byte 62: expected a string, found '1'"},
    {T("FP16", "[1]", "[1]"), "!inputs[0].data[0] at byte 61: FP16 has no JSON form: send it as binary data"},
    {T("BF16", "[1]", "[1]"), "!inputs[0].data[0] at byte 61: BF16 has no JSON form: send it as binary data"},
    {T("BYTES", "[1]", "[\"\\ud800\"]"),
     "!inputs[0].data[0] at byte 63: expected \\u and four hexadecimal digits, surrogates only in pairs, found "
     "'\\ud800'"},
    {T("BYTES", "[1]", "[\"\\udc00\\ud800\"]"),
     "!inputs[0].data[0] at byte 63: expected \\u and four hexadecimal digits, surrogates only in pairs, found "
     "'\\udc00\\ud800'"},
    {T("BYTES", "[1]", "[\"\\x41\"]"),
     "!inputs[0].data[0] at byte 63: expected an escape that JSON has, found '\\x41'"},
    {T("BYTES", "[1]", "[\"a\tb\"]"),
     "!inputs[0].data[0] at byte 64: expected text, found the control character 0x09: write it as \\u0009"},
    {T("BYTES", "[1]", "[\"a\xff\"]"), "!inputs[0].data[0] at byte 64: expected UTF-8, found the byte 0xff"},
    {T("BYTES", "[1]", "[\"\xed\xa0\x80\"]"), "!inputs[0].data[0] at byte 63: expected UTF-8, found the byte 0xed"},
    {T("BYTES", "[1]", "[\"\xc0\xaf\"]"), "!inputs[0].data[0] at byte 63: expected UTF-8, found the byte 0xc0"},
    {"{\"inputs\":[{\"name\":\"a", "!inputs[0].name at byte 19: the string that begins here is not closed"},
    {"{\"inputs\":[{\"name\":\"a\",\"shape\":[1],\"datatype\":\"INT8\",\"data\":[1],\"parameters\":{\"binary_data_"
     "size\":1}}]}",
     "!inputs[0] at byte 97: expected \"data\" or a binary_data_size, found both"},
    {"{\"inputs\":[{\"name\":\"a\",\"parameters\":{\"shared_memory_region\":\"r\"}}]}",
     "!inputs[0].parameters.shared_memory_region at byte 60: expected data in the request: shared memory is not taken"},
    {"{\"inputs\":[{\"name\":\"a\",\"shape\":[1],\"datatype\":\"INT8\",\"data\":[1]},{\"name\":\"a\",\"shape\":[1],"
     "\"datatype\":\"INT8\",\"data\":[1]}]}",
     "!inputs[1] at byte 117: the name 'a' comes twice"},
    {"{\"inputs\":[],\"outputs\":[{\"name\":\"o\"},{\"name\":\"o\"}]}",
     "!outputs[1] at byte 48: the name 'o' comes twice"},
    {"{\"inputs\":[{\"data\":[1,\"x\"],\"name\":\"a\",\"datatype\":\"INT8\",\"shape\":[2]}]}",
     "!inputs[0].data[1] at byte 22: expected an integer, found '\"x\"'"},
    {"{\"x\":[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]}",
     "!x[0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0] at byte 36: "
     "expected at most 32 levels of nesting"},
};

static const rule answers[] = {
    {"{\"model_name\":\"m\",\"model_version\":\"1\",\"id\":\"i\",\"outputs\":[{\"name\":\"y\",\"shape\":[1],"
     "\"datatype\":\"INT64\",\"data\":[3]}]}",
     "id=i y:INT64[1]=3"},
    {"{\"inputs\":[]}", "!at byte 12: expected \"outputs\" in the object that ends here, found none"},
};

#define CHECK_RULES(table, answer) check_rules(table, sizeof table / sizeof *table, answer)

static void test_forms(void **state) {
  (void)state;
  CHECK_RULES(forms, false);
}

static void test_refusals(void **state) {
  (void)state;
  CHECK_RULES(refusals, false);
}

static void test_answers(void **state) {
  (void)state;
  CHECK_RULES(answers, true);
}

static void test_binary(void **state) {
  (void)state;
  size_t broken = 0;
  for (size_t i = 0; i < sizeof binary_rules / sizeof *binary_rules; i++) {
    const struct binary_rule *r = &binary_rules[i];
    ock_buffer body = {0};
    ock_buffer_text(&body, r->json);
    ock_buffer_put(&body, r->bytes, r->n_bytes);
    broken += check(text_of(&body), body.size, body.size - r->n_bytes, r->expected, false);
    ock_buffer_clear(&body);
  }
  assert_int_equal(broken, 0);
}

/* More JSON than there is body. */
static void test_json_size(void **state) {
  (void)state;
  const char *expected = "!the JSON part is said to have 3 bytes, but the body has 2";
  assert_int_equal(check("{}", 2, 3, expected, false), 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_forms),  cmocka_unit_test(test_refusals),  cmocka_unit_test(test_answers),
      cmocka_unit_test(test_binary), cmocka_unit_test(test_json_size),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
