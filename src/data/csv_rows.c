/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "data/csv.h"

ock_csv_dialect ock_csv_dialect_make(char delimiter, char eol) {
  ock_csv_dialect dialect = {.delimiter = delimiter, .eol = eol};
  unsigned char *kind = dialect.kind;
  kind[' '] = kind['\t'] = kind['\r'] = kind['\n'] = OCK_CSV_BLANK;
  kind[(unsigned char)eol] = OCK_CSV_EOL;
  kind['\0'] = OCK_CSV_NUL;
  if (delimiter == ' ')
    kind[' '] = kind['\t'] = OCK_CSV_BLANK | OCK_CSV_DELIMITER;
  else
    kind[(unsigned char)delimiter] = OCK_CSV_DELIMITER;
  return dialect;
}

static inline unsigned kind_of(const ock_csv_dialect *dialect, const char *p) {
  return dialect->kind[(unsigned char)*p];
}

static const char *skip_blanks(const ock_csv_dialect *dialect, const char *p) {
  while (kind_of(dialect, p) & OCK_CSV_BLANK) p++;
  return p;
}

/* The quote that closes the cell whose content starts at p; NULL when none does. */
static const char *closing_quote(const char *p, const char *end, bool *escaped) {
  for (; (p = memchr(p, '"', (size_t)(end - p))); p += 2) {
    if (p + 1 == end || p[1] != '"') return p;
    *escaped = true;
  }
  return NULL;
}

static size_t count_char(const char *p, const char *end, char c) {
  size_t n = 0;
  for (; (p = memchr(p, c, (size_t)(end - p))); p++) n++;
  return n;
}

/* The cell's content ended at p: find what comes next. */
static void finish_cell(const ock_csv_dialect *dialect, const char *p, ock_csv_cell *cell) {
  const char *after = skip_blanks(dialect, p);
  unsigned kind = kind_of(dialect, after);
  cell->last = kind == OCK_CSV_EOL;
  cell->next = after + 1;
  if (kind == OCK_CSV_NUL)
    cell->fault = OCK_CSV_HOLDS_NUL;
  else if (dialect->delimiter == ' ' && !cell->last && after > p)
    cell->next = after; /* the blanks were the delimiter */
  else if (!(kind & (OCK_CSV_DELIMITER | OCK_CSV_EOL)))
    cell->fault = OCK_CSV_AFTER_QUOTE;
}

static void read_quoted(const ock_csv_dialect *dialect, const char *p, const char *end, ock_csv_cell *cell) {
  cell->text = p + 1;
  cell->quoted = true;
  const char *close = closing_quote(p + 1, end, &cell->escaped);
  if (!close) {
    cell->fault = OCK_CSV_UNCLOSED;
    cell->next = end;
    return;
  }
  cell->length = (size_t)(close - cell->text);
  cell->n_lines = count_char(cell->text, close, dialect->eol);
  finish_cell(dialect, close + 1, cell);
  if (memchr(cell->text, '\0', cell->length)) cell->fault = OCK_CSV_HOLDS_NUL;
}

static void read_unquoted(const ock_csv_dialect *dialect, const char *p, ock_csv_cell *cell) {
  cell->text = p;
  while (!(kind_of(dialect, p) & (OCK_CSV_DELIMITER | OCK_CSV_EOL | OCK_CSV_NUL))) p++;
  const char *text_end = p;
  while (text_end > cell->text && kind_of(dialect, text_end - 1) & OCK_CSV_BLANK) text_end--;
  cell->length = (size_t)(text_end - cell->text);
  finish_cell(dialect, p, cell);
}

ock_csv_cell ock_csv_cell_read(const ock_csv_dialect *dialect, const char *p, const char *end) {
  ock_csv_cell cell = {0};
  p = skip_blanks(dialect, p);
  if (*p == '"')
    read_quoted(dialect, p, end, &cell);
  else
    read_unquoted(dialect, p, &cell);
  return cell;
}

const char *ock_csv_skip_blank_lines(const ock_csv_dialect *dialect, const char *p, const char *end,
                                     uint64_t *n_lines) {
  while (p < end) {
    const char *after = skip_blanks(dialect, p);
    if (kind_of(dialect, after) != OCK_CSV_EOL) break;
    p = after + 1;
    ++*n_lines;
  }
  return p;
}

/* A quote opens a cell when only blanks lie between it and the start of its row or a delimiter. */
static bool quote_opens(const ock_csv_dialect *dialect, const char *row, const char *quote) {
  while (quote > row && kind_of(dialect, quote - 1) == OCK_CSV_BLANK) quote--;
  return quote == row || kind_of(dialect, quote - 1) & (OCK_CSV_DELIMITER | OCK_CSV_EOL);
}

/* Goes from quote to quote with memchr, so text without quotes costs next to nothing. */
const char *ock_csv_row_end(const ock_csv_dialect *dialect, const char *row, const char *target, const char *end) {
  const char *p = row, *eol = NULL;
  for (;;) {
    const char *from = p > target ? p : target;
    if (!eol || eol < p) eol = from < end ? memchr(from, dialect->eol, (size_t)(end - from)) : NULL;
    const char *quote = memchr(p, '"', (size_t)((eol ? eol : end) - p));
    if (!quote) return eol ? eol + 1 : NULL;
    p = quote + 1;
    if (!quote_opens(dialect, row, quote)) continue;
    bool escaped;
    const char *close = closing_quote(p, end, &escaped);
    if (!close) return NULL;
    p = close + 1;
  }
}

char *ock_csv_cell_copy(const char *text, size_t length, bool escaped, size_t *copy_length) {
  char *copy = ock_alloc(length + 1);
  if (!copy) return NULL;
  size_t n = 0;
  for (size_t i = 0; i < length; i++) {
    copy[n++] = text[i];
    if (escaped && text[i] == '"') i++; /* the second of a pair */
  }
  copy[n] = '\0';
  if (copy_length) *copy_length = n;
  return copy;
}
