/* SPDX-License-Identifier: Apache-2.0 */
/* A dialect is judged by what it makes of the first rows: the share of rows with as many cells as the first, times the
 * share of cells that are numbers. */
#include <string.h>

#include "data/csv.h"
#include "data/reader.h"

enum { SAMPLE_BYTES = 64 * 1024, SAMPLE_ROWS = 100, NO_DELIMITER = 0x1f };

/* ---- cells ---- */

bool ock_csv_is_decimal_comma(const char *text, size_t length) {
  const char *comma = memchr(text, ',', length);
  if (!comma) return false;
  size_t n_before = (size_t)(comma - text), n_after = length - n_before - 1;
  double value;
  bool before = ock_number_parse(text, n_before, &value);
  return before && n_after > 0 && comma[1] >= '0' && comma[1] <= '9' && ock_number_parse(comma + 1, n_after, &value);
}

bool ock_csv_has_number_commas(const ock_csv_cell *cell) {
  char plain[64];
  size_t length = 0;
  double value;
  if (cell->length > sizeof plain || !memchr(cell->text, ',', cell->length)) return false;
  for (size_t i = 0; i < cell->length; i++)
    if (cell->text[i] != ',') plain[length++] = cell->text[i];
  return ock_number_parse(plain, length, &value);
}

typedef enum { MISSING, NUMBER, TEXT } cell_class;

static cell_class classify(const ock_csv_cell *cell) {
  double value;
  if (ock_text_is_missing(cell->text, cell->length)) return MISSING;
  if (ock_number_parse(cell->text, cell->length, &value)) return NUMBER;
  return ock_csv_is_decimal_comma(cell->text, cell->length) ? NUMBER : TEXT;
}

/* ---- the dialect ---- */

typedef struct candidate {
  ock_csv_dialect dialect;
  size_t n_cells; /* of the first row */
  size_t n_rows;
  double score;
  bool open; /* a quote is not closed in the first rows: there may be more of them */
} candidate;

typedef struct row_measure {
  size_t n_cells, n_numbers;
  bool last_empty;
  const char *next; /* the next row; NULL when this one is cut off or broken */
} row_measure;

/* A decimal comma speaks for another delimiter, but not for none at all: it may be the delimiter. */
static bool looks_numeric(const ock_csv_dialect *dialect, const ock_csv_cell *cell) {
  if (classify(cell) == TEXT) return false;
  return dialect->delimiter != NO_DELIMITER || !memchr(cell->text, ',', cell->length);
}

static row_measure measure_row(const ock_csv_dialect *dialect, const char *p, const char *end) {
  row_measure row = {0};
  ock_csv_cell cell;
  do {
    cell = ock_csv_cell_read(dialect, p, end);
    row.n_cells++;
    row.n_numbers += !cell.fault && looks_numeric(dialect, &cell);
    p = cell.next;
  } while (!cell.fault && !cell.last);
  row.last_empty = cell.length == 0 && !cell.quoted;
  row.next = cell.fault == OCK_CSV_UNCLOSED ? NULL : cell.fault ? end : cell.next;
  return row;
}

static candidate measure_dialect(char delimiter, char eol, const char *p, const char *end) {
  candidate c = {.dialect = ock_csv_dialect_make(delimiter, eol)};
  size_t n_alike = 0, n_trailing = 0, n_cells = 0, n_numbers = 0;
  uint64_t n_lines = 0;
  while (c.n_rows < SAMPLE_ROWS && (p = ock_csv_skip_blank_lines(&c.dialect, p, end, &n_lines)) < end) {
    row_measure row = measure_row(&c.dialect, p, end);
    if (!row.next) {
      c.open = c.n_rows < 2;
      break;
    }
    p = row.next;
    if (c.n_rows++ == 0) c.n_cells = row.n_cells;
    if (c.n_rows == 2) n_cells = n_numbers = 0; /* the first row may be a header: judge by the others */
    n_cells += row.n_cells;
    n_numbers += row.n_numbers;
    n_alike += row.n_cells == c.n_cells;
    n_trailing += row.n_cells == c.n_cells && row.last_empty;
  }
  if (c.n_rows == 0) return c;
  c.dialect.trailing = c.n_cells >= 2 && n_trailing == n_alike && delimiter != ' ';
  double share_alike = (double)n_alike / (double)c.n_rows;
  c.score = share_alike * (0.1 + (double)n_numbers / (double)n_cells);
  if (delimiter == NO_DELIMITER) c.score /= 2; /* the last resort: it is always consistent */
  return c;
}

static candidate choose_dialect(char forced, char eol, const char *p, const char *end) {
  if (forced) return measure_dialect(forced, eol, p, end);
  static const char delimiters[] = {NO_DELIMITER, ',', ';', '\t', '|', ' '};
  candidate best = {0};
  for (size_t i = 0; i < sizeof delimiters; i++) {
    candidate c = measure_dialect(delimiters[i], eol, p, end);
    bool better = c.score > best.score || (c.score == best.score && c.n_cells > best.n_cells);
    bool open = best.open || c.open;
    if (i == 0 || (better && c.n_cells >= 2)) best = c;
    best.open = open;
  }
  return best;
}

/* ---- the header ---- */

/* True when the user chose a column by this text, which is not one of the numbers 1 ... n_columns. */
static bool list_names(const char *const *list, size_t n, const ock_csv_cell *cell, size_t n_columns) {
  for (size_t i = 0; i < n; i++) {
    size_t number = ock_column_number(list[i]);
    if (number > 0 && number <= n_columns) continue;
    if (strlen(list[i]) == cell->length && memcmp(list[i], cell->text, cell->length) == 0) return true;
  }
  return false;
}

static bool list_numbers(const char *const *list, size_t n, size_t j) {
  for (size_t i = 0; i < n; i++)
    if (ock_column_number(list[i]) == j + 1) return true;
  return false;
}

static bool is_named(const ockham_read_options *options, const ock_csv_cell *cell, size_t n_columns) {
  return list_names(options->columns, options->n_columns, cell, n_columns) ||
         list_names(options->ignore, options->n_ignore, cell, n_columns) ||
         list_names(&options->label_column, options->label_column != NULL, cell, n_columns) ||
         list_names(&options->weight_column, options->weight_column != NULL, cell, n_columns) ||
         list_names(options->category_columns, options->n_category_columns, cell, n_columns) ||
         list_names(&options->time_column, options->time_column != NULL, cell, n_columns);
}

static bool are_numbers(const char *const *list, size_t n, size_t n_columns) {
  for (size_t i = 0; i < n; i++) {
    size_t number = ock_column_number(list[i]);
    if (number == 0 || number > n_columns) return false;
  }
  return true;
}

/* Would column j of n be a feature if the file had no header? Names and numbers that are not there tell nothing. */
static bool is_feature(const ockham_read_options *options, size_t j, size_t n) {
  if (list_numbers(&options->label_column, options->label_column != NULL, j)) return false;
  if (list_numbers(&options->weight_column, options->weight_column != NULL, j)) return true; /* numbers like others */
  if (options->columns && are_numbers(options->columns, options->n_columns, n))
    return list_numbers(options->columns, options->n_columns, j);
  return !list_numbers(options->ignore, options->n_ignore, j);
}

/* What the rows after the first hold in each column. */
typedef struct column_view {
  bool text, number;
} column_view;

/* Text in a feature's first cell makes a header, unless the row also holds numbers and that text stands over nothing
 * but text: then it is a row of data with a text column that somebody forgot to leave out. */
static bool is_header(const ockham_read_options *options, const ock_csv_cell *cells, const column_view *below, size_t n,
                      bool only_row) {
  size_t n_text = 0, n_numbers = 0;
  bool over_numbers = false;
  for (size_t j = 0; j < n; j++) {
    if (is_named(options, &cells[j], n)) return true;
    if (!is_feature(options, j, n)) continue;
    cell_class class = classify(&cells[j]);
    n_text += class == TEXT;
    n_numbers += class == NUMBER;
    over_numbers |= class == TEXT && !(below[j].text && !below[j].number);
  }
  return n_text > 0 && (over_numbers || n_numbers == 0 || only_row);
}

static ockham_status take_names(const ock_csv_cell *cells, ock_csv_shape *shape, ockham_error *err) {
  shape->names = ock_alloc_zeroed(shape->n_columns, sizeof *shape->names);
  if (!shape->names) return ock_fail_memory(err, "the column names", shape->n_columns * sizeof *shape->names);
  for (size_t j = 0; j < shape->n_columns; j++) {
    if (cells[j].length == 0) continue;
    shape->names[j] = ock_csv_cell_copy(cells[j].text, cells[j].length, cells[j].escaped, NULL);
    if (!shape->names[j]) return ock_fail_memory(err, "a column name", cells[j].length);
  }
  return OCKHAM_OK;
}

/* ---- all together ---- */

typedef struct sample {
  const char *path;
  const ockham_read_options *options;
  const ock_csv_dialect *dialect;
  const char *begin, *end; /* the first row; the end of the last that is complete */
  ock_csv_cell *first;     /* n_columns cells of the first row */
  column_view *below;
  uint64_t n_lines_first; /* lines of the first row and of the blank ones before it */
  size_t n_rows;
} sample;

static ockham_status fail_first_row(const sample *s, const ock_csv_shape *shape, const ock_csv_cell *cell, size_t j,
                                    ockham_error *err) {
  const char *what = cell->fault == OCK_CSV_UNCLOSED    ? "the quote that opens this cell is never closed"
                     : cell->fault == OCK_CSV_HOLDS_NUL ? "a NUL byte, so this is not a text file"
                                                        : "text follows a closing quote";
  return ock_fail_at(err, OCKHAM_BAD_DATA, 0, j + 1, "%s:%llu: column %zu: %s", s->path,
                     (unsigned long long)(shape->n_lines_before + s->n_lines_first + 1), j + 1, what);
}

/* The first row's cells, and shape->data behind it. */
static ockham_status read_first_row(sample *s, ock_csv_shape *shape, ockham_error *err) {
  const char *p = ock_csv_skip_blank_lines(s->dialect, s->begin, s->end, &s->n_lines_first);
  s->begin = p;
  bool last = false;
  for (size_t j = 0; j < shape->n_columns && !last; j++) {
    s->first[j] = ock_csv_cell_read(s->dialect, p, s->end);
    if (s->first[j].fault) return fail_first_row(s, shape, &s->first[j], j, err);
    p = s->first[j].next;
    last = s->first[j].last;
    s->n_lines_first += s->first[j].n_lines;
  }
  while (!last) { /* what a trailing delimiter started */
    ock_csv_cell cell = ock_csv_cell_read(s->dialect, p, s->end);
    if (cell.fault) return fail_first_row(s, shape, &cell, shape->n_columns, err);
    p = cell.next;
    last = cell.last;
  }
  shape->data = p;
  s->n_lines_first++;
  return OCKHAM_OK;
}

static void look_at_row(sample *s, const ock_csv_shape *shape, const char **row) {
  ock_csv_cell cell = {.next = *row};
  for (size_t j = 0; !cell.last; j++) {
    cell = ock_csv_cell_read(s->dialect, cell.next, s->end);
    if (cell.fault) {
      *row = s->end;
      return;
    }
    if (j >= shape->n_columns) continue;
    cell_class class = classify(&cell);
    s->below[j].text |= class == TEXT;
    s->below[j].number |= class == NUMBER;
  }
  *row = cell.next;
}

static void look_below(sample *s, ock_csv_shape *shape) {
  const char *p = shape->data;
  uint64_t n_lines = 0;
  while (s->n_rows < SAMPLE_ROWS && (p = ock_csv_skip_blank_lines(s->dialect, p, s->end, &n_lines)) < s->end) {
    look_at_row(s, shape, &p);
    s->n_rows++;
  }
  if (s->n_rows > 0) shape->row_bytes = (double)(p - shape->data) / (double)s->n_rows;
}

static ockham_status decide_header(sample *s, ock_csv_shape *shape, ockham_error *err) {
  ockham_header asked = s->options->header;
  bool header =
      asked == OCKHAM_HEADER_PRESENT ||
      (asked == OCKHAM_HEADER_FIND && is_header(s->options, s->first, s->below, shape->n_columns, s->n_rows == 0));
  for (size_t j = 0; j < shape->n_columns; j++) {
    cell_class class = header ? MISSING : classify(&s->first[j]);
    shape->text[j] = s->below[j].text || class == TEXT;
    shape->text_only[j] = shape->text[j] && !s->below[j].number && class != NUMBER;
  }
  if (header) {
    shape->n_lines_before += s->n_lines_first;
    return take_names(s->first, shape, err);
  }
  if (s->n_rows == 0) shape->row_bytes = (double)(shape->data - s->begin);
  shape->data = s->begin;
  shape->n_lines_before += s->n_lines_first - 1;
  for (size_t j = 0; j < shape->n_columns; j++) shape->n_lines_before -= s->first[j].n_lines;
  return OCKHAM_OK;
}

static ockham_status read_shape(sample *s, ock_csv_shape *shape, ockham_error *err) {
  size_t n = shape->n_columns;
  shape->text_only = ock_alloc_zeroed(n, sizeof *shape->text_only);
  shape->text = ock_alloc_zeroed(n, sizeof *shape->text);
  s->first = ock_alloc_zeroed(n, sizeof *s->first);
  s->below = ock_alloc_zeroed(n, sizeof *s->below);
  if (!shape->text_only || !shape->text || !s->first || !s->below)
    return ock_fail_memory(err, "the columns", ock_size_product(n, sizeof *s->first));
  OCK_TRY(read_first_row(s, shape, err));
  look_below(s, shape);
  return decide_header(s, shape, err);
}

/* Skip what may stand before the first row: a byte order mark, comments and empty lines. */
static const char *skip_preamble(const char *p, const char *end, char eol, uint64_t *n_lines) {
  if (end - p >= 3 && memcmp(p, "\xef\xbb\xbf", 3) == 0) p += 3;
  while (p < end && (*p == '#' || *p == eol || (*p == '\r' && p + 1 < end && p[1] == eol))) {
    const char *line_end = memchr(p, eol, (size_t)(end - p));
    if (!line_end) return end;
    p = line_end + 1;
    ++*n_lines;
  }
  return p;
}

static ockham_status check_text(const char *path, const char *text, const char *end, ockham_error *err) {
  if (end - text >= 2 && (memcmp(text, "\xff\xfe", 2) == 0 || memcmp(text, "\xfe\xff", 2) == 0))
    return ock_fail(err, OCKHAM_BAD_FILE, "%s: the text is UTF-16; write it as UTF-8", path);
  return OCKHAM_OK;
}

static const char *last_row_end(const char *begin, const char *end, char eol) {
  const char *last = end > begin ? memrchr(begin, eol, (size_t)(end - begin)) : NULL;
  return last ? last + 1 : begin;
}

static char find_eol(const char *text, const char *end) {
  size_t n = (size_t)(end - text);
  return memchr(text, '\n', n) || !memchr(text, '\r', n) ? '\n' : '\r';
}

static ockham_status check_delimiter(char delimiter, ockham_error *err) {
  if ((delimiter > ' ' && delimiter < 0x7f && !strchr("\"+-.", delimiter) && !strchr("0123456789eE#", delimiter)) ||
      delimiter == '\t' || delimiter == ' ' || delimiter == 0)
    return OCKHAM_OK;
  return ock_fail(err, OCKHAM_BAD_ARGUMENT, "the delimiter must be a character that numbers do not hold, found '%c'",
                  delimiter);
}

ockham_status ock_csv_sniff(const char *path, const char *text, const char *end, bool whole,
                            const ockham_read_options *options, ock_csv_dialect *dialect, ock_csv_shape *shape,
                            bool *more, ockham_error *err) {
  *shape = (ock_csv_shape){0};
  *more = false;
  OCK_TRY(check_delimiter(options->delimiter, err));
  OCK_TRY(check_text(path, text, end, err));
  char eol = find_eol(text, end);
  const char *begin = skip_preamble(text, end, eol, &shape->n_lines_before);
  const char *complete = last_row_end(begin, end, eol);
  const char *limit = last_row_end(begin, end - begin > SAMPLE_BYTES ? begin + SAMPLE_BYTES : end, eol);
  candidate best = choose_dialect(options->delimiter, eol, begin, limit);
  if (best.n_rows < 2 && limit < complete) best = choose_dialect(options->delimiter, eol, begin, limit = complete);
  bool may_change = best.open && end - begin < SAMPLE_BYTES; /* rows that have just begun to arrive */
  *more = (best.n_rows < 2 || may_change) && !whole;
  if (*more) return OCKHAM_OK;
  uint64_t n_blank = 0;
  if (best.n_rows == 0 && ock_csv_skip_blank_lines(&best.dialect, begin, limit, &n_blank) == limit)
    return ock_fail(err, OCKHAM_BAD_DATA, "%s: no rows of numbers%s", path, begin == text ? ": the file is empty" : "");
  *dialect = best.dialect;
  shape->n_columns = best.n_cells > 0 ? best.n_cells - best.dialect.trailing : 1;
  sample s = {.path = path, .options = options, .dialect = dialect, .begin = begin, .end = limit};
  ockham_status status = read_shape(&s, shape, err);
  ock_free(s.first);
  ock_free(s.below);
  if (status) ock_csv_shape_clear(shape);
  return status;
}

void ock_csv_shape_clear(ock_csv_shape *shape) {
  if (shape->names)
    for (size_t j = 0; j < shape->n_columns; j++) ock_free(shape->names[j]);
  ock_free(shape->names);
  ock_free(shape->text_only);
  ock_free(shape->text);
  *shape = (ock_csv_shape){0};
}
