/* SPDX-License-Identifier: Apache-2.0 */
/* What is wrong with JSON, and where, in words. */
#include <ctype.h>

#include "wire/json.h"

/* Append what fits; a path or token that is longer ends in dots. */
typedef struct line {
  char *text;
  size_t size, capacity;
} line;

OCK_PRINTF(2, 3) static void add(line *l, const char *format, ...) {
  if (l->size + 1 >= l->capacity) return;
  va_list arguments;
  va_start(arguments, format);
  int n = vsnprintf(l->text + l->size, l->capacity - l->size, format, arguments);
  va_end(arguments);
  size_t left = l->capacity - l->size - 1;
  l->size += n < 0 ? 0 : (size_t)n < left ? (size_t)n : left;
}

/* Text as it is where it can be shown, else its bytes as \xNN. */
static void add_text(line *l, const char *p, const char *end, size_t most) {
  for (const char *stop = end; p < stop;) {
    size_t size = ock_utf8_size(p, end);
    if (most < (size ? size : 1)) {
      add(l, "...");
      return;
    }
    if (size > 1 || (size == 1 && isprint((unsigned char)*p)))
      add(l, "%.*s", (int)size, p);
    else
      add(l, "\\x%02x", (unsigned char)*p);
    p += size ? size : 1;
    most -= size ? size : 1;
  }
}

static void add_path(const ock_json *json, line *l) {
  for (size_t i = 0; i < json->depth; i++) {
    const ock_json_level *level = &json->levels[i];
    if (level->array) {
      add(l, "[%llu]", (unsigned long long)level->index);
    } else if (level->key.bytes) {
      if (l->size) add(l, ".");
      add_text(l, level->key.bytes, level->key.bytes + level->key.size, 48);
    }
  }
}

static void add_place(const ock_json *json, line *l) {
  if (json->row) {
    add(l, "row %llu", (unsigned long long)json->row);
    if (json->column_name) add(l, ", column '%s'", json->column_name);
    if (json->column && !json->column_name) add(l, ", column %llu", (unsigned long long)json->column);
  } else {
    add_path(json, l);
  }
}

ockham_status ock_json_fail(ock_json *json, const char *at, const char *format, ...) {
  char place[200], why[280];
  line l = {place, 0, sizeof place};
  place[0] = '\0';
  add_place(json, &l);
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(why, sizeof why, format, arguments);
  va_end(arguments);
  return ock_fail_at(json->err, OCKHAM_BAD_DATA, json->row, json->column, "%s%sat byte %zu: %s", place,
                     l.size ? " " : "", (size_t)(at - json->begin), why);
}

static const char *string_end(const char *p, const char *end) {
  for (p++; p < end && *p != '"'; p++)
    if (*p == '\\' && p + 1 < end) p++;
  return p < end ? p + 1 : end;
}

static const char *token_end(const char *p, const char *end) {
  if (*p == '"') return string_end(p, end);
  const char *begin = p;
  while (p < end && !strchr(" \t\r\n,:[]{}\"", *p)) p++;
  return p > begin ? p : begin + 1;
}

void ock_json_token(const char *at, const char *end, char shown[OCK_TOKEN_SHOWN]) {
  line l = {shown, 0, OCK_TOKEN_SHOWN};
  if (at >= end) {
    snprintf(shown, OCK_TOKEN_SHOWN, "the end");
    return;
  }
  /* A character of four bytes shown as \xNN takes 16: 15 of them fit. */
  add(&l, "'");
  add_text(&l, at, token_end(at, end), *at == '"' ? 24 : 16);
  add(&l, "'");
}

void ock_text_show(ock_text text, char shown[OCK_TOKEN_SHOWN]) {
  line l = {shown, 0, OCK_TOKEN_SHOWN};
  add(&l, "'");
  add_text(&l, text.bytes, text.bytes + text.size, 16);
  add(&l, "'");
}

ockham_status ock_json_expected(ock_json *json, const char *at, const char *what) {
  char shown[OCK_TOKEN_SHOWN];
  ock_json_token(at, json->end, shown);
  return ock_json_fail(json, at, "expected %s, found %s", what, shown);
}

static bool begins(const char *at, const char *word) {
  return strncmp(at, word, strlen(word)) == 0;
}

static const char *hint(const char *at) {
  if (begins(at, "null")) return "; missing values are not taken";
  if (begins(at, "NaN") || begins(at, "nan") || begins(at, "Inf") || begins(at, "inf") || begins(at, "-Inf") ||
      begins(at, "-inf"))
    return ", which JSON does not have";
  if (*at != '"') return "";
  double value;
  const char *end = ock_json_number_slow(at + 1, &value);
  return end && *end == '"' ? "; a number in quotes is not taken as one" : "";
}

ockham_status ock_json_expected_number(ock_json *json, const char *at, ock_datatype datatype) {
  char shown[OCK_TOKEN_SHOWN];
  ock_json_token(at, json->end, shown);
  bool any = datatype == OCK_DATATYPE_COUNT;
  const char *what = any                        ? "a value"
                     : datatype == OCK_BOOL     ? "true or false"
                     : datatype == OCK_BYTES    ? "a string"
                     : ock_is_integer(datatype) ? "an integer"
                                                : "a number";
  return ock_json_fail(json, at, "expected %s, found %s%s", what, shown, at < json->end ? hint(at) : "");
}

ockham_status ock_json_fail_range(ock_json *json, const char *at, ock_datatype datatype, ock_integer why,
                                  const char *found) {
  const char *name = ock_datatype_name(datatype);
  if (why == OCK_INTEGER_FRACTION) return ock_json_fail(json, at, "expected an integer for %s, found %s", name, found);
  ock_range range = ock_integer_ranges[datatype];
  if (!ock_is_integer(datatype))
    return ock_json_fail(json, at, "expected a number that %s can hold, found %s", name, found);
  return ock_json_fail(json, at, "expected a number between %s%llu and %llu for %s, found %s", range.least ? "-" : "",
                       (unsigned long long)range.least, (unsigned long long)range.most, name, found);
}
