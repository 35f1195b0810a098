/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "data/csv.h"

enum { SHOWN_BYTES = 40, LISTED_COLUMNS = 4, LIST_BYTES = 240 };

typedef struct place {
  const ock_source *source;
  const bool *text_only;
  uint64_t row, line; /* from 1 */
  size_t column;      /* from 0 */
  char shown[SHOWN_BYTES + 4];
} place;

/* At most SHOWN_BYTES of a text, not cut within a UTF-8 character. */
static void shorten(const char *text, size_t length, char shown[SHOWN_BYTES + 4]) {
  size_t n = length < SHOWN_BYTES ? length : SHOWN_BYTES;
  if (n < length)
    while (n > 0 && ((unsigned char)text[n] & 0xc0) == 0x80) n--;
  if (n) memcpy(shown, text, n);
  memcpy(shown + n, "...", 4);
  if (n == length) shown[n] = '\0';
}

/* How a command line would name column j: by its number where the name would not survive a shell or a list. */
static void write_choice(const ock_source *source, size_t j, char *text, size_t size) {
  const char *name = source->names[j];
  bool plain = *name && *name != '-' && strlen(name) <= SHOWN_BYTES && !strpbrk(name, " ,;'\"\\$`&|<>()*?!~#\t\r\n");
  for (size_t i = 0; plain && i < source->n_columns; i++) plain = i == j || strcmp(source->names[i], name) != 0;
  if (plain)
    snprintf(text, size, "%s", name);
  else
    snprintf(text, size, "%zu", j + 1);
}

typedef struct text_list {
  char columns[LIST_BYTES], choices[LIST_BYTES];
  size_t n;
} text_list;

static void add_to_list(text_list *list, const ock_source *source, size_t j) {
  char name[SHOWN_BYTES + 4], choice[SHOWN_BYTES + 4];
  shorten(source->names[j], strlen(source->names[j]), name);
  write_choice(source, j, choice, sizeof choice);
  size_t a = strlen(list->columns), b = strlen(list->choices);
  snprintf(list->columns + a, LIST_BYTES - a, "%s%zu '%s'", list->n ? ", " : "", j + 1, name);
  snprintf(list->choices + b, LIST_BYTES - b, "%s%s", list->n ? "," : "", choice);
  list->n++;
}

/* A cell of text in a column that holds nothing else: name all such columns at once. */
static ockham_status fail_text_columns(const place *at, ockham_error *err) {
  const ock_source *source = at->source;
  text_list list = {.n = 0};
  for (size_t j = 0; j < source->n_columns && list.n < LISTED_COLUMNS; j++)
    if (at->text_only[j] && source->role[j] == OCK_ROLE_FEATURE) add_to_list(&list, source, j);
  if (list.n == 1)
    return ock_fail_at(err, OCKHAM_BAD_DATA, at->row, at->column + 1,
                       "%s:%llu: column %s holds text ('%s'), expected numbers; leave it out with --ignore %s, or take "
                       "it as the known labels with --label-column %s",
                       source->path, (unsigned long long)at->line, list.columns, at->shown, list.choices, list.choices);
  return ock_fail_at(err, OCKHAM_BAD_DATA, at->row, at->column + 1,
                     "%s:%llu: columns %s hold text ('%s'), expected numbers; leave them out with --ignore %s",
                     source->path, (unsigned long long)at->line, list.columns, at->shown, list.choices);
}

OCK_PRINTF(3, 4)
static ockham_status fail_cell(const place *at, ockham_error *err, const char *format, ...) {
  char what[320], name[SHOWN_BYTES + 4];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(what, sizeof what, format, arguments);
  va_end(arguments);
  if (at->column >= at->source->n_columns)
    return ock_fail_at(err, OCKHAM_BAD_DATA, at->row, at->column + 1, "%s:%llu: column %zu %s", at->source->path,
                       (unsigned long long)at->line, at->column + 1, what);
  shorten(at->source->names[at->column], strlen(at->source->names[at->column]), name);
  return ock_fail_at(err, OCKHAM_BAD_DATA, at->row, at->column + 1, "%s:%llu: column %zu '%s' %s", at->source->path,
                     (unsigned long long)at->line, at->column + 1, name, what);
}

static ockham_status fail_text(const place *at, const ock_csv_cell *cell, ockham_error *err) {
  if (ock_csv_has_number_commas(cell))
    return fail_cell(at, err,
                     "holds '%s': commas in numbers are not understood; write a decimal point, and nothing between "
                     "thousands",
                     at->shown);
  if (at->text_only[at->column]) return fail_text_columns(at, err);
  return fail_cell(at, err, "holds text ('%s'), expected a number", at->shown);
}

static ockham_status fail_missing(const place *at, const ock_csv_cell *cell, ockham_error *err) {
  static const char advice[] = "--missing drop leaves out such rows, --missing mean fills them in";
  if (cell->length == 0) return fail_cell(at, err, "is empty; %s", advice);
  return fail_cell(at, err, "is missing ('%s'); %s", at->shown, advice);
}

static ockham_status fail_time(const place *at, const ock_csv_cell *cell, ockham_error *err) {
  double number;
  if (ock_number_parse(cell->text, cell->length, &number))
    return fail_cell(at, err, "holds '%s', expected seconds since 1970 in the years 1 to 9999 (not milliseconds)",
                     at->shown);
  return fail_cell(at, err, "holds '%s', expected a time such as 2026-03-01T12:30:00Z, or seconds since 1970",
                   at->shown);
}

static ockham_status fail_ragged(const place *at, size_t n_found, ockham_error *err) {
  size_t n = at->source->n_columns;
  return ock_fail_at(err, OCKHAM_BAD_DATA, at->row, 0, "%s:%llu: expected %zu cell%s, found %zu", at->source->path,
                     (unsigned long long)at->line, n, n == 1 ? "" : "s", n_found);
}

static ockham_status fail_too_long(const place *at, ockham_error *err) {
  return ock_fail_at(err, OCKHAM_BAD_DATA, at->row, 0, "%s:%llu: the row is longer than %zu MiB", at->source->path,
                     (unsigned long long)at->line, OCK_CSV_MAX_ROW >> 20);
}

ockham_status ock_csv_fail(const ock_source *source, const bool *text_only, const ock_csv_piece *piece, uint64_t row,
                           uint64_t line, ockham_error *err) {
  const ock_csv_cell *cell = &piece->fault_cell;
  place at = {.source = source,
              .text_only = text_only,
              .row = row + piece->n_rows + 1,
              .line = line + piece->n_lines + 1,
              .column = piece->fault_column};
  shorten(cell->text, cell->length, at.shown);
  switch (piece->fault) {
    case OCK_CSV_HOLDS_NUL:
      return fail_cell(&at, err, "holds a NUL byte, so this is not a text file");
    case OCK_CSV_UNCLOSED:
      return fail_cell(&at, err, "starts with a quote that is never closed");
    case OCK_CSV_AFTER_QUOTE:
      return fail_cell(&at, err, "holds text after its closing quote");
    case OCK_CSV_RAGGED:
      return fail_ragged(&at, piece->n_cells_found, err);
    case OCK_CSV_TEXT:
      return fail_text(&at, cell, err);
    case OCK_CSV_MISSING:
      return fail_missing(&at, cell, err);
    case OCK_CSV_INFINITE:
      return fail_cell(&at, err, "holds '%s', which is not finite", at.shown);
    case OCK_CSV_NO_TIME:
      return fail_time(&at, cell, err);
    case OCK_CSV_TOO_LONG:
      return fail_too_long(&at, err);
    case OCK_CSV_NO_MEMORY:
      return ock_fail_memory(err, "the rows of the file", (size_t)(piece->end - piece->begin));
    case OCK_CSV_FINE:
      break;
  }
  return OCKHAM_OK;
}
