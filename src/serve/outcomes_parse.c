/* SPDX-License-Identifier: Apache-2.0 */
/* Outcomes as they are sent, and what answers gave. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "serve/config.h"
#include "serve/outcomes.h"

enum { MOST_OUTCOMES = 100000, MOST_ID = 127 };

/* ---- one of them ---- */

static bool is_number(const json_t *value) {
  return json_is_number(value) && isfinite(json_number_value(value));
}

static bool is_value(const json_t *value) {
  return is_number(value) || json_is_string(value) || json_is_boolean(value);
}

static const char *type_of(const json_t *value) {
  static const char *const words[] = {
      [JSON_OBJECT] = "an object", [JSON_ARRAY] = "an array", [JSON_STRING] = "a text", [JSON_INTEGER] = "a number",
      [JSON_REAL] = "a number",    [JSON_TRUE] = "true",      [JSON_FALSE] = "false",   [JSON_NULL] = "null"};
  return words[json_typeof(value)];
}

/* Seconds since 1970, or 2026-11-29T01:04:05Z. */
static bool read_time(const json_t *value, double *seconds) {
  struct tm parts = {0};
  *seconds = json_number_value(value);
  if (is_number(value)) return *seconds > 0 && *seconds < 1e11;
  const char *text = json_string_value(value), *end = text ? strptime(text, "%Y-%m-%dT%H:%M:%S", &parts) : NULL;
  if (!end) return false;
  char *rest = (char *)(uintptr_t)end;
  double fraction = *end == '.' ? strtod(end, &rest) : 0;
  *seconds = (double)timegm(&parts) + fraction;
  return strcmp(rest, "Z") == 0 && *seconds > 0;
}

static const char *read_text(const json_t *value, size_t most, const char **to) {
  const char *text = json_string_value(value);
  if (!text) return "a text";
  if (!*text) return "a text that is not empty";
  if (strlen(text) > most) return "a shorter text";
  *to = text;
  return NULL;
}

/* NULL, or what was expected. */
static const char *read_member(const char *key, const json_t *value, ock_truth_said *said) {
  if (strcmp(key, "id") == 0) return read_text(value, MOST_ID, &said->id);
  if (strcmp(key, "model") == 0) return read_text(value, OCK_NAME_SIZE - 1, &said->model);
  if (strcmp(key, "version") == 0) return read_text(value, OCK_NAME_SIZE - 1, &said->version);
  if (strcmp(key, "output") == 0) return read_text(value, 1000, &said->output);
  if (strcmp(key, "time") == 0)
    return read_time(value, &said->time_s) ? NULL : "seconds since 1970 or a time such as 2026-11-29T01:04:05Z";
  if (strcmp(key, "row") == 0) {
    said->row = (uint64_t)json_integer_value(value);
    return json_is_integer(value) && json_integer_value(value) >= 0 ? NULL : "the number of a row, from 0";
  }
  if (strcmp(key, "actual") == 0) {
    said->actual = value;
    return is_value(value) ? NULL : "a number, a text, true or false";
  }
  if (strcmp(key, "predicted") == 0) {
    said->predicted = value;
    return is_value(value) ? NULL : "a number, a text, true or false";
  }
  said->error = json_is_boolean(value) ? json_is_true(value) : json_number_value(value);
  return json_is_boolean(value) || (is_number(value) && said->error >= 0) ? NULL : "a number that is not negative";
}

static bool is_key(const char *key) {
  static const char *const keys[] = {"id", "model", "version", "output", "time", "row", "actual", "predicted", "error"};
  for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
    if (strcmp(key, keys[i]) == 0) return true;
  return false;
}

/* NULL, or what is wrong with it as a whole. */
static const char *check_whole(const ock_truth_said *said) {
  bool named = said->model && said->version, has_error = !isnan(said->error);
  if (!said->id && !named) return "expected the id of a request, or a model and its version, found neither";
  if (said->actual && has_error) return "expected either actual or error, found both";
  if (!said->actual && !has_error) return "expected either actual or error, found neither";
  if (said->predicted && has_error) return "expected predicted with actual, found it with error";
  if (!said->id && said->actual && !said->predicted) return "expected predicted where there is no id, found none";
  return NULL;
}

static ockham_status read_one(const json_t *object, size_t i, ock_truth_said *said, ockham_error *err) {
  const char *key;
  json_t *value;
  *said = (ock_truth_said){.error = (double)NAN};
  if (!json_is_object(object))
    return ock_fail(err, OCKHAM_BAD_DATA, "outcomes[%zu]: expected an object, found %s", i, type_of(object));
  json_object_foreach((json_t *)(uintptr_t)object, key, value) {
    if (!is_key(key))
      return ock_fail(err, OCKHAM_BAD_DATA, "outcomes[%zu]: there is no key '%s'", i, ock_show(key).text);
    const char *expected = read_member(key, value, said);
    if (expected)
      return ock_fail(err, OCKHAM_BAD_DATA, "outcomes[%zu].%s: expected %s, found %s", i, key, expected,
                      type_of(value));
  }
  const char *problem = check_whole(said);
  return problem ? ock_fail(err, OCKHAM_BAD_DATA, "outcomes[%zu]: %s", i, problem) : OCKHAM_OK;
}

/* ---- all of them ---- */

static ockham_status parse_lines(const char *body, size_t size, json_t **root, ockham_error *err) {
  const char *end = body + size;
  *root = json_array();
  if (!*root) return ock_fail_memory(err, "outcomes", size);
  for (size_t n = 1; body < end; n++) {
    const char *line = body, *stop = memchr(body, '\n', (size_t)(end - body));
    json_error_t problem;
    size_t length = stop ? (size_t)(stop - line) : (size_t)(end - line);
    body = stop ? stop + 1 : end;
    while (length && strchr(" \t\r", line[length - 1])) length--;
    if (!length) continue;
    json_t *one = json_loadb(line, length, JSON_REJECT_DUPLICATES, &problem);
    if (!one)
      return ock_fail(err, OCKHAM_BAD_DATA, "line %zu: expected JSON, found a mistake: %.200s", n, problem.text);
    if (json_array_append_new(*root, one)) return ock_fail_memory(err, "outcomes", size);
  }
  return OCKHAM_OK;
}

static ockham_status parse_json(const char *body, size_t size, json_t **root, ockham_error *err) {
  json_error_t problem;
  *root = json_loadb(body, size, JSON_REJECT_DUPLICATES, &problem);
  if (json_is_array(*root)) return OCKHAM_OK;
  if (json_is_object(*root)) { /* one of them */
    json_t *list = json_array();
    if (!list || json_array_append(list, *root)) {
      json_decref(list);
      return ock_fail_memory(err, "outcomes", size);
    }
    json_decref(*root);
    *root = list;
    return OCKHAM_OK;
  }
  json_decref(*root);
  *root = NULL;
  size_t blank = 0;
  while (blank < size && strchr(" \t\r\n", body[blank])) blank++;
  if (blank < size && body[blank] == '{') return parse_lines(body, size, root, err);
  return ock_fail(err, OCKHAM_BAD_DATA, "expected a list of outcomes, or one a line, found %s%.200s",
                  blank < size ? "a mistake: " : "nothing", blank < size ? problem.text : "");
}

static ockham_status read_all(const json_t *root, ock_truth_said **said, size_t *n, ockham_error *err) {
  *n = json_array_size(root);
  if (*n > MOST_OUTCOMES)
    return ock_fail(err, OCKHAM_BAD_DATA, "expected at most %d outcomes at once, found %zu", MOST_OUTCOMES, *n);
  *said = ock_alloc_array(*n, sizeof **said);
  if (!*said) return ock_fail_memory(err, "outcomes", *n * sizeof **said);
  for (size_t i = 0; i < *n; i++) OCK_TRY(read_one(json_array_get(root, i), i, &(*said)[i], err));
  return OCKHAM_OK;
}

ockham_status ock_outcomes_parse(const char *body, size_t size, json_t **root, ock_truth_said **said, size_t *n,
                                 ockham_error *err) {
  *root = NULL;
  *said = NULL;
  *n = 0;
  ockham_status status = parse_json(body, size, root, err);
  if (!status) status = read_all(*root, said, n, err);
  if (!status) return OCKHAM_OK;
  json_decref(*root);
  ock_free(*said);
  *root = NULL;
  *said = NULL;
  return status;
}

/* ---- what was answered ---- */

/* The first value of a row, however lists are nested in it. */
static const json_t *first_value(const json_t *value) {
  while (json_is_array(value)) value = json_array_get(value, 0);
  return is_value(value) ? value : NULL;
}

static const json_t *of_row(const json_t *list, uint64_t row) {
  return json_is_array(list) ? json_array_get(list, row) : row == 0 ? list : NULL;
}

static const json_t *first_member(const json_t *object) {
  void *first = json_object_iter((json_t *)(uintptr_t)object);
  return first ? json_object_iter_value(first) : NULL;
}

/* An object of outputs, or a value that stands for the only one. */
static const json_t *of_output(const json_t *row, const char *output) {
  if (!json_is_object(row)) return output ? NULL : first_value(row);
  return first_value(output ? json_object_get(row, output) : first_member(row));
}

/* [{"name", "shape", "data"}, ...]: data may be flat. */
static const json_t *of_tensors(const json_t *tensors, const char *output, uint64_t row) {
  for (size_t i = 0; i < json_array_size(tensors); i++) {
    const json_t *tensor = json_array_get(tensors, i), *data = json_object_get(tensor, "data");
    const char *name = json_string_value(json_object_get(tensor, "name"));
    if (!name || (output && strcmp(name, output) != 0)) continue;
    json_int_t n_rows = json_integer_value(json_array_get(json_object_get(tensor, "shape"), 0));
    size_t n = json_array_size(data), width = n_rows > 0 && n % (size_t)n_rows == 0 ? n / (size_t)n_rows : 1;
    return first_value(json_array_get(data, (size_t)row * width));
  }
  return NULL;
}

const json_t *ock_truth_predicted(const json_t *answer, const char *output, uint64_t row) {
  const json_t *inner = json_object_get(answer, "json"), *outputs = json_object_get(answer, "outputs");
  if (json_is_array(outputs) && json_is_object(json_array_get(outputs, 0))) return of_tensors(outputs, output, row);
  if (inner) answer = inner;
  const json_t *predictions = json_object_get(answer, "predictions");
  if (predictions) return of_output(of_row(predictions, row), output);
  outputs = json_object_get(answer, "outputs"); /* a column a name */
  if (outputs) {
    const json_t *column = !json_is_object(outputs) ? outputs
                           : output                 ? json_object_get(outputs, output)
                                                    : first_member(outputs);
    return first_value(of_row(column, row));
  }
  return of_output(of_row(answer, row), output);
}

/* ---- errors ---- */

/* A class may come as 1, 1.0, "1" or true. */
static void write_class(const json_t *value, char text[64]) {
  if (json_is_string(value))
    snprintf(text, 64, "%s", json_string_value(value));
  else if (json_is_boolean(value))
    snprintf(text, 64, "%d", json_is_true(value));
  else
    snprintf(text, 64, "%.15g", json_number_value(value));
}

double ock_truth_error(const json_t *predicted, const json_t *actual, bool classes) {
  if (json_is_number(predicted) && json_is_number(actual) && !classes)
    return fabs(json_number_value(predicted) - json_number_value(actual));
  if (json_is_string(predicted) && json_is_string(actual))
    return strcmp(json_string_value(predicted), json_string_value(actual)) != 0;
  char a[64], b[64];
  write_class(predicted, a);
  write_class(actual, b);
  return strcmp(a, b) != 0;
}
