/* SPDX-License-Identifier: Apache-2.0 */
/* Rows: for each form and schema a body, the tensors it becomes or the message, and how answers look. */
#include "wire_test.h"

static const char people[] =
    "{\"inputs\":[{\"name\":\"age\",\"datatype\":\"INT32\",\"shape\":[-1]},{\"name\":\"height\",\"datatype\":\"FP64\","
    "\"shape\":[-1,1]},{\"name\":\"name\",\"datatype\":\"BYTES\",\"shape\":[-1]},{\"name\":\"new\",\"datatype\":"
    "\"BOOL\",\"shape\":[-1]}],\"outputs\":[{\"name\":\"y\",\"datatype\":\"FP64\",\"shape\":[-1]}]}";
static const char matrix[] =
    "{\"inputs\":[{\"name\":\"x\",\"datatype\":\"FP64\",\"shape\":[-1,2]}],\"outputs\":[{\"name\":\"y\",\"datatype\":"
    "\"FP64\",\"shape\":[-1]}],\"columns\":[\"a\",\"b\"]}";
static const char nameless[] =
    "{\"inputs\":[{\"name\":\"x\",\"datatype\":\"FP32\",\"shape\":[-1,2]}],\"outputs\":[{\"name\":\"y\",\"datatype\":"
    "\"FP64\",\"shape\":[-1]}]}";
static const char single[] =
    "{\"inputs\":[{\"name\":\"v\",\"datatype\":\"UINT8\",\"shape\":[-1]}],\"outputs\":[{\"name\":\"y\",\"datatype\":"
    "\"FP64\",\"shape\":[-1]}]}";
static const char texts[] =
    "{\"inputs\":[{\"name\":\"t\",\"datatype\":\"BYTES\",\"shape\":[-1,1]}],\"outputs\":[{\"name\":\"y\",\"datatype\":"
    "\"FP64\",\"shape\":[-1]}]}";
static const char picture[] =
    "{\"inputs\":[{\"name\":\"p\",\"datatype\":\"UINT8\",\"shape\":[-1,8,8]}],\"outputs\":[{\"name\":\"y\","
    "\"datatype\":\"FP64\",\"shape\":[-1]}]}";

/* ---- what bodies become ---- */

static void show_tensors(const ock_message *m, ock_buffer *out) {
  static const char *const answering[] = {"", " single", " columns"};
  for (size_t i = 0; i < m->n_tensors; i++) {
    const ock_tensor *t = &m->tensors[i];
    ock_cursor cursor = ock_cursor_make(t);
    ock_buffer_print(out, "%s%s", i ? " " : "", t->name);
    ock_buffer_shape(out, t->shape, t->n_dimensions);
    for (size_t j = 0; j < t->n_elements; j++) {
      ock_buffer_text(out, j ? "," : "=");
      ock_cursor_json(&cursor, out);
    }
  }
  ock_buffer_text(out, answering[m->answering]);
}

static size_t check(ock_form form, const char *schema_text, const char *input, const char *expected) {
  ock_schema schema;
  ock_message message = {0};
  ockham_error error = {0};
  ock_buffer out = {0};
  char *body = padded(input, strlen(input));
  assert_ok(ock_schema_parse(schema_text, strlen(schema_text), &schema, err));
  ockham_status status = ock_rows_decode(form, body, strlen(input), &schema, &message, &error);
  if (status)
    ock_buffer_print(&out, "!%llu,%llu %s", (unsigned long long)error.row, (unsigned long long)error.column,
                     error.message);
  else
    show_tensors(&message, &out);
  if (!status) assert_ok(ock_schema_check(&schema, &message, false, err));
  size_t broken = rule_broken(input, expected, text_of(&out));
  ock_buffer_clear(&out);
  ock_message_clear(&message);
  ock_schema_clear(&schema);
  free(body);
  return broken;
}

typedef struct rows_rule {
  const char *schema, *input, *expected;
} rows_rule;

static void check_rules(ock_form form, const rows_rule *rules, size_t n) {
  size_t broken = 0;
  for (size_t i = 0; i < n; i++) broken += check(form, rules[i].schema, rules[i].input, rules[i].expected);
  assert_int_equal(broken, 0);
}

#define CHECK_RULES(form, ...)                              \
  do {                                                      \
    static const rows_rule rules[] = {__VA_ARGS__};         \
    check_rules(form, rules, sizeof rules / sizeof *rules); \
  } while (0)

#define ANN "{\"age\":3,\"height\":1.5,\"name\":\"Ann\",\"new\":true}"
#define BOB "{\"new\":false,\"name\":\"\",\"height\":-2,\"age\":4.0}"
#define BOTH "age[2]=3,4 height[2,1]=1.5,-2 name[2]=\"Ann\",\"\" new[2]=true,false"
#define JUST_ANN "age[1]=3 height[1,1]=1.5 name[1]=\"Ann\" new[1]=true"

static void test_rows(void **state) {
  (void)state;
  CHECK_RULES(
      OCK_FORM_ROWS, {people, "[" ANN "," BOB "]", BOTH}, {people, " {\"rows\" : [" ANN " , " BOB "]} ", BOTH},
      {people, ANN, JUST_ANN " single"}, {people, "{\"rows\":" ANN "}", JUST_ANN " single"},
      {people, "[" ANN "]", JUST_ANN}, {people, "[[3,1.5,\"Ann\",true],[4,[-2],\"\",false]]", BOTH},
      {people, "[3,1.5,\"Ann\",true]", JUST_ANN " single"},
      {people, "{\"\\u0061ge\":3,\"height\":1.5,\"name\":\"\\u0041nn\",\"new\":true}", JUST_ANN " single"},
      {matrix, "[{\"b\":2,\"a\":1},{\"a\":3,\"b\":4}]", "x[2,2]=1,2,3,4"}, {matrix, "[[1,2],[3,4]]", "x[2,2]=1,2,3,4"},
      {matrix, "[1,2]", "x[1,2]=1,2 single"}, {matrix, "{\"x\":[1,2]}", "x[1,2]=1,2 single"},
      {nameless, "[[1,0.1]]", "x[1,2]=1,0.1"}, {single, "[1,2,3]", "v[3]=1,2,3"}, {single, "[[1],[2]]", "v[2]=1,2"},
      {single, "7", "v[1]=7 single"}, {texts, "[\"a\",\"b\"]", "t[2,1]=\"a\",\"b\""},
      {texts, "{\"t\":[\"a\"]}", "t[1,1]=\"a\" single"},
      {picture, "[1]",
       "!0,0 rows cannot become the tensors that this model takes (p): send them by the Open Inference Protocol"},
      {people, "[]", "age[0] height[0,1] name[0] new[0]"}, {matrix, "[]", "x[0,2]"},
      {people, "", "!1,0 row 1 at byte 0: expected a row: an object or an array, found the end"},
      {people, "[1]", "!1,0 row 1 at byte 2: expected 4 values, found 1"},
      {people, "[" ANN ",7]", "!2,0 row 2 at byte 48: expected a row: an object or an array, found '7'"},
      {people, "[" ANN ",{\"age\":3,\"name\":\"B\",\"new\":true}]",
       "!2,2 row 2, column 'height' at byte 78: expected a value for each column, found none for this one"},
      {people, "[{\"age\":3,\"Age\":3}]",
       "!1,0 row 1 at byte 10: the column 'Age' is not known: expected age, height, name, new"},
      {people, "[{\"age\":3,\"age\":3}]", "!1,1 row 1, column 'age' at byte 16: the column comes twice"},
      {people, "[{\"age\":\"3\"}]",
       "!1,1 row 1, column 'age' at byte 8: expected an integer, found '\"3\"'; a number in quotes is not taken as "
       "one"},
      {people, "[{\"age\":null}]",
       "!1,1 row 1, column 'age' at byte 8: expected an integer, found 'null'; missing values are not taken"},
      {people, "[{\"age\":2.5}]", "!1,1 row 1, column 'age' at byte 8: expected an integer for INT32, found '2.5'"},
      {people, "[{\"name\":3}]", "!1,3 row 1, column 'name' at byte 9: expected a string, found '3'"},
      {people, "[{\"new\":1}]", "!1,4 row 1, column 'new' at byte 8: expected true or false, found '1'"},
      {people, "[{\"height\":NaN}]",
       "!1,2 row 1, column 'height' at byte 11: expected a number, found 'NaN', which JSON does not have"},
      {people, "[{\"height\":[1,2]}]", "!1,2 row 1, column 'height' at byte 13: expected ']', found ','"},
      {people, "[" ANN "] 1", "!0,0 at byte 49: expected the end, found '1'"},
      {people, "{\"rows\":[" ANN "],\"x\":1}", "!0,0 at byte 56: expected nothing beside \"rows\""},
      {matrix, "[[1,2],[3]]", "!2,0 row 2 at byte 9: expected 2 values, found 1"},
      {matrix, "[[1,2,3]]", "!1,0 row 1 at byte 6: expected 2 values, found more"},
      {matrix, "{\"x\":[1,2],\"a\":1}", "!1,1 row 1, column 'a' at byte 15: the column comes twice"},
      {matrix, "[[1,\"2\"]]",
       "!1,2 row 1, column 'b' at byte 4: expected a number, found '\"2\"'; a number in quotes is not taken as one"},
      {nameless, "[{\"a\":1}]",
       "!1,0 row 1 at byte 2: the column 'a' is not known: the model names none, and takes arrays of 2"},
      {nameless, "[[1,true]]", "!1,2 row 1, column 2 at byte 4: expected a number, found 'true'"},
      {single, "[1,256]",
       "!2,1 row 2, column 'v' at byte 3: expected a number between 0 and 255 for UINT8, found '256'"});
}

static void test_instances(void **state) {
  (void)state;
  CHECK_RULES(
      OCK_FORM_INSTANCES, {people, "{\"instances\":[" ANN "," BOB "]}", BOTH},
      {people, "{\"signature_name\":\"s\",\"instances\":[" ANN "]}", JUST_ANN},
      {matrix, "{\"instances\":[[1,2],{\"b\":4,\"a\":3},{\"x\":[5,6]}]}", "x[3,2]=1,2,3,4,5,6"},
      {single, "{\"instances\":[1,2]}", "v[2]=1,2"}, {matrix, "{\"inputs\":[[1,2]]}", "x[1,2]=1,2 columns"},
      {matrix, "{\"inputs\":{\"x\":[[1,2],[3,4]]}}", "x[2,2]=1,2,3,4 columns"},
      {matrix, "{\"inputs\":{\"b\":[2,4],\"a\":[1,3]}}", "x[2,2]=1,2,3,4 columns"},
      {people, "{\"inputs\":{\"age\":[3,4],\"height\":[[1.5],[-2]],\"name\":[\"Ann\",\"\"],\"new\":[true,false]}}",
       BOTH " columns"},
      {people, "{\"inputs\":{\"age\":[3,4],\"height\":[1.5]}}",
       "!0,0 inputs.height at byte 32: column 'height': expected 2 values as in the one before, found 1"},
      {people, "{\"inputs\":{\"age\":[3,\"4\"]}}",
       "!2,1 row 2, column 'age' at byte 20: expected an integer, found '\"4\"'; a number in quotes is not taken as "
       "one"},
      {people, "{\"inputs\":{\"age\":[3,4]}}", "!0,0 inputs at byte 22: expected the column 'height' also, found none"},
      {people, "{\"inputs\":{\"age\":[]}}",
       "!0,0 inputs.age at byte 17: column 'age': expected at least one value, found none"},
      {matrix, "{\"inputs\":{\"a\":[1],\"a\":[1]}}",
       "!0,0 inputs at byte 19: the key '\"a\"' comes twice in one object"},
      {matrix, "{\"inputs\":{\"c\":[1]}}", "!0,0 inputs.c at byte 15: the column 'c' is not known: expected a, b"},
      {matrix, "{\"instances\":[[1,2]],\"inputs\":[[1,2]]}",
       "!0,0 inputs at byte 30: expected one of \"instances\" or \"inputs\", found two"},
      {matrix, "{\"dataframe_records\":[]}",
       "!0,0 at byte 23: expected \"instances\" or \"inputs\" in the object that ends here, found none"},
      {matrix, "[[1,2]]", "!0,0 at byte 0: expected an object, found '['"});
}

static void test_frames(void **state) {
  (void)state;
  CHECK_RULES(OCK_FORM_FRAME, {people, "{\"dataframe_records\":[" ANN "," BOB "]}", BOTH},
              {matrix, "{\"dataframe_split\":{\"columns\":[\"b\",\"a\"],\"index\":[0,1],\"data\":[[2,1],[4,3]]}}",
               "x[2,2]=1,2,3,4"},
              {matrix, "{\"dataframe_split\":{\"data\":[[2,1],[4,3]],\"columns\":[\"b\",\"a\"]},\"params\":{}}",
               "x[2,2]=1,2,3,4"},
              {matrix, "{\"dataframe_split\":{\"data\":[[1,2]]}}", "x[1,2]=1,2"},
              {nameless, "{\"dataframe_split\":{\"columns\":[\"p\",\"q\"],\"data\":[[1,2]]}}", "x[1,2]=1,2"},
              {matrix, "{\"inputs\":{\"a\":[1],\"b\":[2]}}", "x[1,2]=1,2"},
              {matrix, "{\"instances\":[[1,2]]}", "x[1,2]=1,2"},
              {matrix, "{\"dataframe_split\":{\"columns\":[\"a\",\"c\"]}}",
               "!0,0 dataframe_split.columns[1] at byte 35: the column 'c' is not known: expected a, b"},
              {matrix, "{\"dataframe_split\":{\"columns\":[\"a\",\"a\"]}}",
               "!0,0 dataframe_split.columns[1] at byte 35: the column 'a' comes twice"},
              {matrix, "{\"dataframe_split\":{\"columns\":[\"a\"]}}",
               "!0,0 dataframe_split.columns at byte 34: expected 2 columns: a, b, found 1"},
              {nameless, "{\"dataframe_split\":{\"columns\":[\"a\"]}}",
               "!0,0 dataframe_split.columns at byte 34: expected 2 columns, found 1"},
              {matrix, "{\"dataframe_split\":{\"columns\":[\"b\",\"a\"],\"data\":[[2,\"x\"]]}}",
               "!1,1 row 1, column 'a' at byte 51: expected a number, found '\"x\"'"},
              {matrix, "{\"dataframe_split\":{\"columns\":[\"b\",\"a\"]}}",
               "!0,0 dataframe_split at byte 39: expected \"data\" in the object that ends here, found none"},
              {matrix, "{}",
               "!0,0 at byte 1: expected \"dataframe_split\", \"dataframe_records\", \"instances\" or \"inputs\" in "
               "the object that ends here, found none"});
}

static void test_csv(void **state) {
  (void)state;
  CHECK_RULES(
      OCK_FORM_CSV, {people, "age,height,name,new\n3,1.5,Ann,true\n4,-2,\"\",False\n", BOTH},
      {people, "new,name,extra,age,height\r\n1,\"Ann\",zzz,+3,1.50\r\n0,,,4.0,\"-2\"\r\n", BOTH},
      {people, "\xEF\xBB\xBF\n\n\"age\"; height ;name;new\n3;1.5;Ann;TRUE", JUST_ANN},
      {people, "age\theight\tname\tnew\n3\t1.5\tAnn\ttrue", JUST_ANN},
      {people, "age,height,name,new\r3,1.5,Ann,1\r", JUST_ANN},
      {people, "age,height,name,new\n3,1.5,\"A \"\"x\"\",\n\",1",
       "age[1]=3 height[1,1]=1.5 name[1]=\"A \\\"x\\\",\\n\" new[1]=true"},
      {matrix, "1,2\n\n3,4\n", "x[2,2]=1,2,3,4"}, {matrix, "b,a\n2,1", "x[1,2]=1,2"},
      {matrix, " .5 , 1.\n+1e2,-0\n", "x[2,2]=0.5,1,100,-0"}, {nameless, "1,2", "x[1,2]=1,2"},
      {nameless, "p,q\n1,2\n", "x[1,2]=1,2"}, {single, "7\n8", "v[2]=7,8"}, {single, "\" 1e1 \"\n", "v[1]=10"},
      {texts, "t\nhello; you\n\"a,b\"\n", "t[2,1]=\"hello; you\",\"a,b\""},
      {people, "", "!0,0 at byte 1: expected rows of CSV, found none"},
      {people, "age,height,name,new\n", "age[0] height[0,1] name[0] new[0]"},
      {people, "3,1.5,Ann,true\n", "!0,0 at byte 0: expected the column 'age' in the header, found '3,1.5,Ann,true'"},
      {people, "age,height,name\n3,1.5,Ann\n",
       "!0,0 at byte 0: expected the column 'new' in the header, found 'age,height,name'"},
      {people, "age,height,name,new,age\n", "!0,0 at byte 20: the column 'age' comes twice in the header"},
      {people, "age,height,name,new\n3,1.5,Ann,true\n3,1.5,Ann\n", "!2,0 row 2 at byte 35: expected 4 cells, found 3"},
      {people, "age,height,name,new\n3,1.5,Ann,true,1\n", "!1,0 row 1 at byte 20: expected 4 cells, found 5"},
      {people, "age,height,name,new\n3,x,Ann,true\n",
       "!1,2 row 1, column 'height' at byte 22: expected a number, found 'x'"},
      {people, "age,height,name,new\n3,,Ann,true\n",
       "!1,2 row 1, column 'height' at byte 22: expected a number, found ''; missing values are not taken"},
      {people, "age,height,name,new\n3,NA,Ann,true\n",
       "!1,2 row 1, column 'height' at byte 22: expected a number, found 'NA'; missing values are not taken"},
      {people, "age,height,name,new\n3,nan,Ann,true\n",
       "!1,2 row 1, column 'height' at byte 22: expected a finite number, found 'nan'; missing values are not taken"},
      {people, "age,height,name,new\n3,-inf,Ann,true\n",
       "!1,2 row 1, column 'height' at byte 22: expected a finite number, found '-inf'"},
      {people, "age,height,name,new\n3,1e999,Ann,true\n",
       "!1,2 row 1, column 'height' at byte 22: expected a number that FP64 can hold, found '1e999'"},
      {people, "age,height,name,new\n3.5,1,Ann,true\n",
       "!1,1 row 1, column 'age' at byte 20: expected an integer for INT32, found '3.5'"},
      {people, "age,height,name,new\n3,1,Ann,yes\n",
       "!1,4 row 1, column 'new' at byte 28: expected true or false, found 'yes'"},
      {people, "age,height,name,new\n3,1,\xff,1\n",
       "!1,3 row 1, column 'name' at byte 24: expected UTF-8, found the byte 0xff"},
      {people, "age,height,name,new\n3,1,\"x,1\n",
       "!1,3 row 1, column 3 at byte 24: the quote that opens here is not closed"},
      {people, "age,height,name,new\n3,1,\"x\"y,1\n",
       "!1,3 row 1, column 3 at byte 24: expected a delimiter after the closing quote"},
      {single, "256", "!1,1 row 1, column 'v' at byte 0: expected a number between 0 and 255 for UINT8, found '256'"},
      {matrix, "1,2,3\n", "!0,0 at byte 0: expected 2 columns, or a header with their names, found 3 cells"},
      {nameless, "p,q,r\n1,2,3\n", "!0,0 at byte 0: expected 2 columns, or a header with their names, found 3 cells"});
}

static void test_ndjson(void **state) {
  (void)state;
  CHECK_RULES(OCK_FORM_NDJSON, {people, ANN "\n" BOB "\n", BOTH}, {people, "\n " ANN " \r\n\r\n" BOB, BOTH},
              {matrix, "[1,2]\n{\"b\":4,\"a\":3}\n", "x[2,2]=1,2,3,4"}, {single, "1\n2\n", "v[2]=1,2"},
              {people, "", "age[0] height[0,1] name[0] new[0]"},
              {matrix, "[1,2] [3,4]", "!1,0 row 1 at byte 6: expected the end of the line, found '['"},
              {matrix, "[1,2]\n[3,\n4]", "!2,0 row 2 at byte 9: expected one row a line, found one that goes on"},
              {matrix, "[1,2]\n[3,x]", "!2,2 row 2, column 'b' at byte 9: expected a number, found 'x'"});
}

/* ---- how answers look ---- */

static void add_numbers(ock_message *m, const char *name, const uint64_t *shape, size_t n_dimensions) {
  ock_tensor *t = ock_message_add(m, name, OCK_FP64, shape, n_dimensions, 0);
  for (size_t i = 0; i < t->n_elements; i++) ((double *)(void *)t->data)[i] = (double)i + 0.5;
}

static size_t check_answer(ock_form form, ock_message *request, const ock_message *answer, const char *expected) {
  ock_buffer out = {0};
  assert_ok(ock_rows_encode(form, request, answer, &out, err));
  size_t broken = rule_broken("answer", expected, text_of(&out));
  ock_buffer_clear(&out);
  return broken;
}

static void test_answers(void **state) {
  (void)state;
  ock_message one = {0}, several = {0}, request = {.n_rows = 2};
  size_t broken = 0;
  add_numbers(&one, "y", (uint64_t[]){2, 1}, 2);
  add_numbers(&several, "y", (uint64_t[]){2}, 1);
  ock_tensor *t = ock_message_add(&several, "z,", OCK_BYTES, (uint64_t[]){2, 2}, 2, 20);
  memcpy(t->data, "\1\0\0\0a\0\0\0\0\2\0\0\0\"b\1\0\0\0c", 20);
  broken += check_answer(OCK_FORM_ROWS, &request, &one, "[{\"y\":0.5},{\"y\":1.5}]");
  broken += check_answer(OCK_FORM_INSTANCES, &request, &one, "{\"predictions\":[[0.5],[1.5]]}");
  broken += check_answer(OCK_FORM_CSV, &request, &one, "y\n0.5\n1.5\n");
  broken += check_answer(OCK_FORM_NDJSON, &request, &several,
                         "{\"y\":0.5,\"z,\":[\"a\",\"\"]}\n{\"y\":1.5,\"z,\":[\"\\\"b\",\"c\"]}\n");
  broken += check_answer(OCK_FORM_FRAME, &request, &several,
                         "{\"predictions\":[{\"y\":0.5,\"z,\":[\"a\",\"\"]},{\"y\":1.5,\"z,\":[\"\\\"b\",\"c\"]}]}");
  broken += check_answer(OCK_FORM_CSV, &request, &several, "y,\"z,_0\",\"z,_1\"\n0.5,a,\"\"\n1.5,\"\"\"b\",c\n");
  request.answering = OCK_ANSWER_COLUMNS;
  broken += check_answer(OCK_FORM_INSTANCES, &request, &one, "{\"outputs\":[[0.5],[1.5]]}");
  broken += check_answer(OCK_FORM_INSTANCES, &request, &several,
                         "{\"outputs\":{\"y\":[0.5,1.5],\"z,\":[[\"a\",\"\"],[\"\\\"b\",\"c\"]]}}");
  ock_wanted wanted = {"y", -1};
  request = (ock_message){.n_rows = 2, .wanted = &wanted, .n_wanted = 1};
  broken += check_answer(OCK_FORM_INSTANCES, &request, &several, "{\"predictions\":[0.5,1.5]}");
  ((double *)(void *)several.tensors[0].data)[1] = (double)-INFINITY;
  broken += check_answer(OCK_FORM_CSV, &request, &several, "y\n0.5\n-inf\n");
  broken += check_answer(OCK_FORM_ROWS, &request, &several, "[{\"y\":0.5},{\"y\":null}]");
  ock_message_clear(&one);
  add_numbers(&one, "y", (uint64_t[]){1, 2, 2}, 3);
  request = (ock_message){.n_rows = 1, .answering = OCK_ANSWER_SINGLE};
  broken += check_answer(OCK_FORM_ROWS, &request, &one, "{\"y\":[[0.5,1.5],[2.5,3.5]]}");
  broken += check_answer(OCK_FORM_CSV, &request, &one, "y_0,y_1,y_2,y_3\n0.5,1.5,2.5,3.5\n");
  assert_int_equal(broken, 0);
  ock_message_clear(&one);
  ock_message_clear(&several);
}

static void test_answer_without_rows(void **state) {
  (void)state;
  ock_message answer = {0}, request = {.n_rows = 2};
  ock_buffer out = {0};
  ockham_error err = {0};
  add_numbers(&answer, "y", (uint64_t[]){3}, 1);
  assert_int_equal(ock_rows_encode(OCK_FORM_ROWS, &request, &answer, &out, &err), OCKHAM_UNSUPPORTED);
  assert_string_equal(
      err.message,
      "output 'y': expected a value for each of 2 rows, found shape [3]: ask for it by the Open Inference Protocol");
  ock_message_clear(&answer);
  ock_buffer_clear(&out);
}

/* ---- memory ---- */

static void check_no_memory(ock_form form, const char *schema_text, const char *text) {
  ock_schema schema;
  char *body = padded(text, strlen(text));
  assert_ok(ock_schema_parse(schema_text, strlen(schema_text), &schema, err));
  for_each_allocation_failure(n) {
    ock_message message = {0};
    ock_buffer out = {0};
    ock_fault_after(n);
    ockham_status status = ock_rows_decode(form, body, strlen(text), &schema, &message, NULL);
    if (!status) status = ock_rows_encode(form, &message, &message, &out, NULL);
    assert_int_equal(status, ock_fault_hits() ? OCKHAM_NO_MEMORY : OCKHAM_OK);
    ock_message_clear(&message);
    ock_buffer_clear(&out);
  }
  ock_schema_clear(&schema);
  free(body);
}

static void test_no_memory(void **state) {
  (void)state;
  check_no_memory(OCK_FORM_ROWS, people, "[" ANN "," BOB "]");
  check_no_memory(OCK_FORM_NDJSON, people, ANN "\n" BOB);
  check_no_memory(OCK_FORM_CSV, people, "new,age,height,name\n1,3,1,\"A\"\"b\"");
  check_no_memory(OCK_FORM_INSTANCES, matrix, "{\"inputs\":{\"\\u0062\":[1,2],\"a\":[1,2]}}");
  check_no_memory(OCK_FORM_FRAME, matrix, "{\"dataframe_split\":{\"data\":[[1,2]],\"columns\":[\"b\",\"a\"]}}");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_rows),
      cmocka_unit_test(test_instances),
      cmocka_unit_test(test_frames),
      cmocka_unit_test(test_csv),
      cmocka_unit_test(test_ndjson),
      cmocka_unit_test(test_answers),
      cmocka_unit_test(test_answer_without_rows),
      cmocka_unit_test(test_no_memory),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
