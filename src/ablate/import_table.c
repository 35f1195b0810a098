/* SPDX-License-Identifier: Apache-2.0 */
/* Tables: CSV as RFC 4180 has it (tabs too), and a JSON object a line. */
#include <math.h>
#include <string.h>

#include "ablate/import.h"

enum { MOST_FIELDS = 4096 };

/* ---- CSV ---- */

/* The next cell, unquoted where it stands; *at goes behind what ended it. False: its quotes are not closed. */
static bool next_cell(char **at, char delimiter, char **cell, bool *last, uint64_t *n_lines) {
  char *from = *at, *to = *at;
  *cell = to;
  *last = false;
  if (*from == '"') {
    for (from++; *from != '"' || from[1] == '"'; from++) {
      if (!*from) return false;
      if (*from == '"') from++;
      *n_lines += *from == '\n';
      *to++ = *from;
    }
    from++;
  }
  while (*from && *from != delimiter && *from != '\n' && *from != '\r') *to++ = *from++;
  char end = *from;
  *at = from + (end != '\0');
  if (end == '\r' && **at == '\n') ++*at;
  *to = '\0';
  *last = end != delimiter;
  *n_lines += *last && end != '\0';
  return true;
}

static ockham_status read_record(ock_import *import, char **at, char delimiter, char **cells, size_t *n,
                                 ockham_error *err) {
  bool last = false;
  uint64_t n_lines = 0;
  for (*n = 0; !last; ++*n) {
    char *cell;
    if (!next_cell(at, delimiter, &cell, &last, &n_lines))
      return ock_fail_at(err, OCKHAM_BAD_DATA, import->row, 0, "%s, line %llu: a quote is not closed",
                         ock_show(import->path).text, (unsigned long long)import->row);
    if (*n == MOST_FIELDS)
      return ock_fail(err, OCKHAM_BAD_DATA, "%s: expected at most %d columns", ock_show(import->path).text,
                      MOST_FIELDS);
    cells[*n] = cell;
  }
  import->row += n_lines;
  return OCKHAM_OK;
}

static ockham_status check_any(const ock_import *import, size_t n_records, ockham_error *err) {
  if (n_records) return OCKHAM_OK;
  return ock_fail(err, OCKHAM_BAD_DATA, "%s: expected a row a run, found none", ock_show(import->path).text);
}

static ockham_status check_header(const ock_import *import, const ock_field *fields, size_t n, ockham_error *err) {
  for (size_t i = 0; i < n; i++)
    for (size_t j = 0; j < i; j++)
      if (*fields[i].name && strcmp(fields[i].name, fields[j].name) == 0)
        return ock_fail_at(err, OCKHAM_BAD_DATA, 1, 0, "%s, line 1: two columns are called '%s'",
                           ock_show(import->path).text, ock_show(fields[i].name).text);
  for (size_t i = 0; i < import->options->n_map; i++) {
    size_t j = 0;
    while (j < n && strcmp(fields[j].name, import->options->map[i].value) != 0) j++;
    if (j == n)
      return ock_fail_at(err, OCKHAM_BAD_DATA, 1, 0, "%s, line 1: expected a column '%s', which %s is mapped to",
                         ock_show(import->path).text, ock_show(import->options->map[i].value).text,
                         import->options->map[i].name);
  }
  return OCKHAM_OK;
}

static char delimiter_of(const char *header, size_t size) {
  static const char likely[] = ",\t;";
  for (const char *d = likely; *d; d++)
    if (memchr(header, *d, size)) return *d;
  return ',';
}

static ockham_status import_records(ock_import *import, char *text, char **cells, ock_field *fields,
                                    ockham_error *err) {
  char *at = text;
  size_t n_columns, n, n_records = 0;
  if (strncmp(at, "\xef\xbb\xbf", 3) == 0) at += 3;
  char delimiter = delimiter_of(at, strcspn(at, "\n"));
  OCK_TRY(read_record(import, &at, delimiter, cells, &n_columns, err));
  for (size_t i = 0; i < n_columns; i++) fields[i].name = cells[i];
  OCK_TRY(check_header(import, fields, n_columns, err));
  for (; *at; n_records++) {
    uint64_t row = import->row;
    OCK_TRY(read_record(import, &at, delimiter, cells, &n, err));
    uint64_t after = import->row;
    import->row = row;
    if (n == 1 && !*cells[0]) { /* an empty line */
      import->row = after;
      n_records--;
      continue;
    }
    if (n != n_columns)
      return ock_fail_at(err, OCKHAM_BAD_DATA, row, 0, "%s, line %llu: expected %zu cells, found %zu",
                         ock_show(import->path).text, (unsigned long long)row, n_columns, n);
    for (size_t i = 0; i < n; i++) fields[i].text = cells[i];
    OCK_TRY(ock_import_run(import, fields, n, err));
    import->row = after;
  }
  return check_any(import, n_records, err);
}

ockham_status ock_import_csv(ock_import *import, char *text, ockham_error *err) {
  char **cells = ock_alloc_array(MOST_FIELDS, sizeof *cells);
  ock_field *fields = ock_alloc_zeroed(MOST_FIELDS, sizeof *fields);
  ockham_status status =
      cells && fields ? import_records(import, text, cells, fields, err) : ock_fail_memory(err, "a table", MOST_FIELDS);
  ock_free(cells);
  ock_free(fields);
  return status;
}

/* ---- JSON lines ---- */

/* Without journals nothing is imported; and in a wheel, Python reads JSON. */
#if !defined(OCK_HAVE_JANSSON) || !defined(OCK_HAVE_SQLITE) || defined(OCK_WRITES_JSON_ONLY)

ockham_status ock_import_lines(ock_import *import, char *text, ockham_error *err) {
  (void)text;
  return ock_fail(err, OCKHAM_UNSUPPORTED, "%s: this build reads no JSON; install libjansson and build again",
                  ock_show(import->path).text);
}

#else

#include <jansson.h>

enum { MOST_DEPTH = 8 };

typedef struct flattening {
  ock_arena arena;
  ock_field *fields;
  size_t n;
  bool failed;
} flattening;

static void add_field(flattening *f, const char *name, const char *text) {
  if (f->n == MOST_FIELDS) return;
  f->fields[f->n].name = ock_arena_text(&f->arena, name, strlen(name));
  f->fields[f->n].text = ock_arena_text(&f->arena, text, strlen(text));
  f->failed = f->failed || !f->fields[f->n].name || !f->fields[f->n].text;
  f->n++;
}

static void flatten(flattening *f, const json_t *value, const char *name, int depth);

static void flatten_object(flattening *f, const json_t *object, const char *name, int depth) {
  const char *key;
  json_t *value;
  json_object_foreach((json_t *)(uintptr_t)object, key, value) {
    char inner[256];
    snprintf(inner, sizeof inner, "%s%s%s", name, *name ? "." : "", key);
    flatten(f, value, inner, depth + 1);
  }
}

static void flatten(flattening *f, const json_t *value, const char *name, int depth) {
  char number[64];
  if (json_is_object(value) && depth < MOST_DEPTH) {
    flatten_object(f, value, name, depth);
  } else if (json_is_string(value)) {
    add_field(f, name, json_string_value(value));
  } else if (json_is_integer(value)) {
    snprintf(number, sizeof number, "%lld", (long long)json_integer_value(value));
    add_field(f, name, number);
  } else if (json_is_real(value)) {
    snprintf(number, sizeof number, "%.17g", json_real_value(value));
    add_field(f, name, number);
  } else if (json_is_boolean(value)) {
    add_field(f, name, json_is_true(value) ? "true" : "false");
  } else if (json_is_null(value)) {
    add_field(f, name, "");
  }
}

/* Python writes NaN and Infinity, which JSON does not have: they become texts. */
static void quote_words(const char *line, size_t length, ock_line *out) {
  static const char *const words[] = {"-Infinity", "Infinity", "NaN"};
  static const char *const texts[] = {"\"-inf\"", "\"inf\"", "\"nan\""};
  bool in_text = false;
  for (size_t i = 0; i < length; i++) {
    size_t w = 3;
    if (in_text && line[i] == '\\' && i + 1 < length)
      ock_line_put(out, &line[i++], 1);
    else if (line[i] == '"')
      in_text = !in_text;
    else if (!in_text)
      for (w = 0; w < 3 && strncmp(line + i, words[w], strlen(words[w])) != 0; w++) {
      }
    if (w < 3 && !in_text) {
      ock_line_add(out, texts[w]);
      i += strlen(words[w]) - 1;
    } else {
      ock_line_put(out, &line[i], 1);
    }
  }
}

static ockham_status import_object(ock_import *import, const char *line, size_t length, ock_field *fields,
                                   ockham_error *err) {
  json_error_t error;
  ock_line clean = {0};
  quote_words(line, length, &clean);
  json_t *object = clean.failed ? NULL : json_loadb(clean.bytes, clean.size, 0, &error);
  bool no_memory = clean.failed;
  ock_free(clean.bytes);
  if (no_memory) return ock_fail_memory(err, "a line of JSON", length);
  if (!json_is_object(object)) {
    ockham_status status = ock_fail_at(
        err, OCKHAM_BAD_DATA, import->row, 0, "%s, line %llu: expected a JSON object%s%s", ock_show(import->path).text,
        (unsigned long long)import->row, object ? "" : ", found ", object ? "" : error.text);
    json_decref(object);
    return status;
  }
  flattening f = {.fields = fields};
  flatten(&f, object, "", 0);
  json_decref(object);
  ockham_status status =
      f.failed ? ock_fail_memory(err, "a line of JSON", length) : ock_import_run(import, f.fields, f.n, err);
  ock_arena_clear(&f.arena);
  return status;
}

ockham_status ock_import_lines(ock_import *import, char *text, ockham_error *err) {
  ock_field *fields = ock_alloc_array(MOST_FIELDS, sizeof *fields);
  if (!fields) return ock_fail_memory(err, "a table", MOST_FIELDS);
  ockham_status status = OCKHAM_OK;
  size_t n_records = 0;
  for (char *line = text; *line && !status; import->row++) {
    size_t length = strcspn(line, "\n"), blank = strspn(line, " \t\r");
    if (blank < length) status = import_object(import, line, length, fields, err);
    n_records += blank < length;
    line += length + (line[length] == '\n');
  }
  ock_free(fields);
  return status ? status : check_any(import, n_records, err);
}

#endif
