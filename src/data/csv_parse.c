/* SPDX-License-Identifier: Apache-2.0 */
/* The inner loop: cells that are what most are take the short way; whatever else a cell may be is left to
 * read_odd_cell(). */
#include <math.h>
#include <string.h>

#include "data/csv.h"
#include "data/csv_scan.h"
#include "data/number_scan.h"

enum { FIRST_VALUES = 32 * 1024 };

typedef struct parser {
  const ock_csv_plan *plan;
  ock_csv_piece *piece;
  uint64_t n_lines_inside; /* line ends in the cells of the row so far */
  ock_csv_scanner scanner;
  char final_stop; /* what ends a row's last cell; NUL where that takes a closer look */
  bool holds_nul;  /* somewhere in the piece, which only a closer look at each cell finds */
} parser;

static inline const char *skip_blanks(const parser *s, const char *p) {
  while ((unsigned char)*p <= ' ' && s->plan->dialect->kind[(unsigned char)*p] & OCK_CSV_BLANK) p++;
  return p;
}

static const char *fail(parser *s, ock_csv_fault fault, size_t column, const ock_csv_cell *cell) {
  s->piece->fault = fault;
  s->piece->fault_column = column;
  s->piece->fault_cell = *cell;
  s->piece->n_lines += s->n_lines_inside;
  return NULL;
}

/* The number of cells in the row that `cell`, its j-th, belongs to. */
static size_t count_cells(const parser *s, size_t j, ock_csv_cell cell) {
  size_t n = j + 1;
  for (; !cell.fault && !cell.last; n++) cell = ock_csv_cell_read(s->plan->dialect, cell.next, s->piece->end);
  bool trailing = s->plan->dialect->trailing && cell.length == 0 && !cell.quoted;
  return n - (trailing && n > 1);
}

/* A row with too many or too few cells is told as such, even where a cell is wrong as well. */
static const char *fail_value(parser *s, ock_csv_fault fault, size_t j, const ock_csv_cell *cell) {
  size_t n = count_cells(s, j, *cell);
  s->piece->n_cells_found = n;
  return fail(s, n == s->plan->n_columns ? fault : OCK_CSV_RAGGED, j, cell);
}

static ock_csv_fault treat_missing(const ock_csv_plan *plan, double *value) {
  *value = (double)NAN;
  return plan->missing == OCKHAM_MISSING_ERROR ? OCK_CSV_MISSING : OCK_CSV_FINE;
}

static ock_csv_fault read_number(const ock_csv_plan *plan, size_t j, const ock_csv_cell *cell, double *value) {
  if (!ock_number_parse(cell->text, cell->length, value)) {
    *value = (double)NAN;
    return ock_csv_has_number_commas(cell) || !ock_source_note_text(plan->source, j) ? OCK_CSV_TEXT : OCK_CSV_FINE;
  }
  if (isnan(*value)) return treat_missing(plan, value);
  bool refused = plan->missing != OCKHAM_MISSING_DROP && plan->missing != OCKHAM_MISSING_KEEP;
  return isinf(*value) && refused ? OCK_CSV_INFINITE : OCK_CSV_FINE;
}

static ock_csv_fault read_category(const ock_csv_plan *plan, ock_csv_piece *piece, size_t j, const ock_csv_cell *cell,
                                   double *value) {
  uint32_t number;
  const char *text = cell->text;
  size_t length = cell->length;
  char *copy = cell->escaped ? ock_csv_cell_copy(text, length, true, &length) : NULL;
  if (cell->escaped && !copy) return OCK_CSV_NO_MEMORY;
  ockham_status status = ock_labels_intern(&piece->texts[plan->category[j]], copy ? copy : text, length, &number, NULL);
  ock_free(copy);
  *value = number;
  return status ? OCK_CSV_NO_MEMORY : OCK_CSV_FINE;
}

/* The value of column j, which has one. */
static ock_csv_fault read_value(const ock_csv_plan *plan, ock_csv_piece *piece, size_t j, const ock_csv_cell *cell,
                                double *value) {
  bool time = plan->role[j] == OCK_ROLE_TIME;
  if (cell->length <= 4 && ock_text_is_missing(cell->text, cell->length)) {
    ock_csv_fault fault = treat_missing(plan, value);
    return time && plan->missing == OCKHAM_MISSING_MEAN ? OCK_CSV_MISSING : fault; /* no mean makes sense */
  }
  if (plan->role[j] == OCK_ROLE_FEATURE) return read_number(plan, j, cell, value);
  if (!time) return read_category(plan, piece, j, cell, value);
  return ock_time_parse(cell->text, cell->length, value) ? OCK_CSV_FINE : OCK_CSV_NO_TIME;
}

/* True when the row may go on, or end, after `cell`, its j-th. */
static bool is_in_shape(const ock_csv_plan *plan, size_t j, const ock_csv_cell *cell) {
  bool final = j + 1 == plan->n_columns;
  if (plan->dialect->delimiter == ' ' && cell->length == 0 && !cell->quoted) return false; /* the row ended early */
  return cell->last == final || (final && plan->dialect->trailing);
}

/* What follows the cell at p when it is a plain number in quotes, as some programs write all their cells; or NULL. */
static const char *take_quoted_number(const parser *s, size_t j, const char *p, double *value) {
  const ock_csv_dialect *dialect = s->plan->dialect;
  bool final = j + 1 == s->plan->n_columns;
  p = skip_blanks(s, p);
  if (*p != '"' || s->plan->role[j] != OCK_ROLE_FEATURE) return NULL;
  const char *after = ock_number_scan(p + 1, value);
  if (!after || *after++ != '"') return NULL;
  if (final && *after == '\r' && dialect->eol != '\r') after++;
  return *after == (final ? s->final_stop : dialect->delimiter) ? after + 1 : NULL;
}

static const char *read_odd_cell(parser *s, size_t j, const char *p, double *value) {
  const char *next = take_quoted_number(s, j, p, value);
  if (next) return next;
  ock_csv_cell cell = ock_csv_cell_read(s->plan->dialect, p, s->piece->end);
  if (cell.fault) return fail(s, cell.fault, j, &cell);
  if (!is_in_shape(s->plan, j, &cell)) {
    bool early = s->plan->dialect->delimiter == ' ' && cell.length == 0 && !cell.quoted;
    s->piece->n_cells_found = early ? j : count_cells(s, j, cell);
    return fail(s, OCK_CSV_RAGGED, j, &cell);
  }
  if (s->plan->role[j] == OCK_ROLE_LABEL) {
    s->piece->labels[s->piece->n_rows] = (ock_csv_label){cell.text, cell.length, cell.escaped};
  } else if (ock_role_has_value(s->plan->role[j])) {
    ock_csv_fault fault = read_value(s->plan, s->piece, j, &cell, value);
    if (fault) return fail_value(s, fault, j, &cell);
  }
  s->n_lines_inside += cell.n_lines;
  if (j + 1 < s->plan->n_columns || cell.last) return cell.next;
  ock_csv_cell trailing = ock_csv_cell_read(s->plan->dialect, cell.next, s->piece->end);
  if (trailing.fault) return fail(s, trailing.fault, j + 1, &trailing);
  if (trailing.last && trailing.length == 0 && !trailing.quoted) return trailing.next;
  s->piece->n_cells_found = count_cells(s, j + 1, trailing);
  return fail(s, OCK_CSV_RAGGED, j + 1, &trailing);
}

/* Take the unquoted cell [p, end) of a column that holds no numbers; false where it takes a closer look. */
static bool take_text(parser *s, size_t j, const char *p, const char *end, double *value) {
  if (*p == '"' || s->holds_nul) return false;
  if (s->plan->role[j] == OCK_ROLE_SKIP) return true;
  while (end > p && s->plan->dialect->kind[(unsigned char)end[-1]] & OCK_CSV_BLANK) end--;
  ock_csv_cell cell = {.text = p, .length = (size_t)(end - p)};
  if (s->plan->role[j] != OCK_ROLE_LABEL) return read_value(s->plan, s->piece, j, &cell, value) == OCK_CSV_FINE;
  s->piece->labels[s->piece->n_rows] = (ock_csv_label){.text = cell.text, .length = cell.length};
  return true;
}

static inline bool number_ends(const char *after, const char *end, bool final) {
  return after == end || (final && after && *after == '\r' && after + 1 == end);
}

/* The end of the row at p, or NULL at a fault. */
static const char *read_row(parser *s, const char *p) {
  const ock_csv_plan *plan = s->plan;
  double *value = s->piece->values + s->piece->n_rows * plan->n_values;
  const ock_csv_scanner scanner = s->scanner;
  const size_t n_columns = plan->n_columns;
  for (size_t j = 0; j < n_columns; j++) {
    const char *cell = p, *end = ock_csv_scan(&scanner, p);
    bool final = j + 1 == n_columns, feature = plan->role[j] == OCK_ROLE_FEATURE, plain = false;
    if (*end == (final ? s->final_stop : plan->dialect->delimiter)) {
      p = skip_blanks(s, p);
      plain = feature ? number_ends(ock_number_scan(p, value), end, final) : take_text(s, j, p, end, value);
    }
    p = plain ? end + 1 : read_odd_cell(s, j, cell, value);
    if (__builtin_expect(!p, 0)) return NULL;
    value += feature;
    if (__builtin_expect(!feature, 0)) value += ock_role_has_value(plan->role[j]);
  }
  return p;
}

/* The same where blanks are the delimiter: a cell's end says little there, so numbers are taken as they come. */
static const char *read_row_between_blanks(parser *s, const char *p) {
  const ock_csv_plan *plan = s->plan;
  double *value = s->piece->values + s->piece->n_rows * plan->n_values;
  for (size_t j = 0; j < plan->n_columns; j++) {
    bool feature = plan->role[j] == OCK_ROLE_FEATURE;
    p = skip_blanks(s, p);
    const char *after = feature ? ock_number_scan(p, value) : NULL;
    bool plain = after && *after == (j + 1 == plan->n_columns ? s->final_stop : ' ');
    p = plain ? after + 1 : read_odd_cell(s, j, p, value);
    if (!p) return NULL;
    value += ock_role_has_value(plan->role[j]);
  }
  return p;
}

static bool grow(const ock_csv_plan *plan, ock_csv_piece *piece) {
  size_t width = plan->n_values ? plan->n_values : 1;
  size_t capacity = piece->capacity_rows ? 2 * piece->capacity_rows : FIRST_VALUES / width + 1;
  double *values = ock_realloc_array(piece->values, ock_size_product(capacity, width), sizeof *values);
  if (!values) return false;
  piece->values = values;
  if (plan->has_label) {
    ock_csv_label *labels = ock_realloc_array(piece->labels, capacity, sizeof *labels);
    if (!labels) return false;
    piece->labels = labels;
  }
  piece->capacity_rows = capacity;
  return true;
}

/* Begin with no texts. */
static bool clear_texts(const ock_csv_plan *plan, ock_csv_piece *piece) {
  for (size_t i = 0; i < piece->n_texts; i++) ock_labels_clear(&piece->texts[i]);
  if (piece->n_texts >= plan->n_categories) return true;
  ock_free(piece->texts);
  piece->texts = ock_alloc_zeroed(plan->n_categories, sizeof *piece->texts);
  piece->n_texts = piece->texts ? plan->n_categories : 0;
  return piece->texts;
}

void ock_csv_parse_piece(const ock_csv_plan *plan, ock_csv_piece *piece) {
  parser s = {.plan = plan,
              .piece = piece,
              .scanner = ock_csv_scanner_make(plan->dialect->delimiter, plan->dialect->eol),
              .final_stop = plan->dialect->trailing ? '\0' : plan->dialect->eol,
              .holds_nul = memchr(piece->begin, '\0', (size_t)(piece->end - piece->begin)) != NULL};
  piece->n_rows = 0;
  piece->n_lines = 0;
  piece->fault = clear_texts(plan, piece) ? OCK_CSV_FINE : OCK_CSV_NO_MEMORY;
  if (piece->fault) return;
  const unsigned char *kind = plan->dialect->kind;
  for (const char *p = piece->begin;;) {
    if (p < piece->end && kind[(unsigned char)*p] & (OCK_CSV_BLANK | OCK_CSV_EOL))
      p = ock_csv_skip_blank_lines(plan->dialect, p, piece->end, &piece->n_lines);
    if (p >= piece->end) break;
    if (piece->n_rows == piece->capacity_rows && !grow(plan, piece)) {
      piece->fault = OCK_CSV_NO_MEMORY;
      return;
    }
    s.n_lines_inside = 0;
    p = plan->dialect->delimiter == ' ' ? read_row_between_blanks(&s, p) : read_row(&s, p);
    if (!p) break;
    piece->n_rows++;
    piece->n_lines += 1 + s.n_lines_inside;
  }
  if (!piece->cut_off || piece->fault == OCK_CSV_UNCLOSED) return;
  if (!piece->fault && piece->n_rows > 0) piece->n_rows--, piece->n_lines--; /* it only looked whole */
  piece->fault = OCK_CSV_TOO_LONG;
}

void ock_csv_piece_clear(ock_csv_piece *piece) {
  ock_free(piece->values);
  ock_free(piece->labels);
  for (size_t i = 0; i < piece->n_texts; i++) ock_labels_clear(&piece->texts[i]);
  ock_free(piece->texts);
  *piece = (ock_csv_piece){0};
}
