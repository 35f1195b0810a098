/* SPDX-License-Identifier: Apache-2.0 */
/* CSV inside: bytes come from an input (csv_input.c); the first rows tell the dialect and the names (csv_sniff.c); text
 * is cut at row ends into pieces (csv_rows.c) that workers parse (csv_parse.c); csv.c is the source that drives them,
 * and csv_fault.c says in words what was wrong.
 *
 * Grammar: rows end in LF, CRLF, or (where the first rows hold no LF) CR. Lines of nothing but blanks are skipped, so a
 * missing value in a file of one column must be written NA. Lines that start with '#' before the first row are
 * comments. A cell whose first character that is not blank is '"' runs to the closing quote and may hold anything, ""
 * being one quote; in other cells a quote is an ordinary character. Blanks around cells do not count. */
#ifndef OCK_DATA_CSV_H
#define OCK_DATA_CSV_H

#include "data/internal.h"

/* ---- bytes ---- */

/* Bytes of a file, of standard input or of memory; gunzipped on the way where they start with gzip's magic. */
typedef struct ock_csv_input {
  const char *path; /* for messages */
  int fd;           /* -1: memory */
  const unsigned char *memory;
  size_t memory_left;
  unsigned char *raw; /* bytes read ahead of their use: all of them for gzip, else just the first few */
  size_t raw_begin, raw_end;
  bool raw_ended;
  bool at_hand;                    /* give what has arrived, at least one byte, instead of filling the text */
  const ockham_progress *progress; /* asked when a signal interrupts a wait for what shall be at hand; or NULL */
  void *inflater;                  /* NULL: not gzip */
  uint64_t n_done, n_total;        /* bytes as stored; total 0 when unknown */
} ock_csv_input;
ockham_status ock_csv_input_open(ock_csv_input *input, const char *path, ockham_error *err); /* "-": standard input */
ockham_status ock_csv_input_open_bytes(ock_csv_input *input, const char *path, const void *bytes, size_t size,
                                       ockham_error *err);
/* False for a pipe, which can be read only once. */
bool ock_csv_input_is_regular(const ock_csv_input *input);
/* Fill text with `wanted` bytes; fewer only at the end, or (but for gzip) where those at hand are asked for. *n_read is
 * 0 only at the end. */
ockham_status ock_csv_input_read(ock_csv_input *input, char *text, size_t wanted, size_t *n_read, ockham_error *err);
void ock_csv_input_close(ock_csv_input *input);

/* ---- rows and cells ---- */

enum { OCK_CSV_BLANK = 1, OCK_CSV_DELIMITER = 2, OCK_CSV_EOL = 4, OCK_CSV_NUL = 8 }; /* what a character may be */

typedef struct ock_csv_dialect {
  char delimiter;          /* ' ' stands for any run of blanks and tabs */
  char eol;                /* '\n' or '\r' */
  bool trailing;           /* rows end in a delimiter that starts no cell */
  unsigned char kind[256]; /* of each character */
} ock_csv_dialect;
ock_csv_dialect ock_csv_dialect_make(char delimiter, char eol);

typedef enum ock_csv_fault {
  OCK_CSV_FINE = 0,
  OCK_CSV_HOLDS_NUL,
  OCK_CSV_UNCLOSED,
  OCK_CSV_AFTER_QUOTE, /* text follows a closing quote */
  OCK_CSV_RAGGED,
  OCK_CSV_TEXT,
  OCK_CSV_MISSING,
  OCK_CSV_INFINITE,
  OCK_CSV_NO_TIME,  /* expected seconds since 1970 or a date */
  OCK_CSV_TOO_LONG, /* a row beyond OCK_CSV_MAX_ROW */
  OCK_CSV_NO_MEMORY
} ock_csv_fault;

typedef struct ock_csv_cell {
  const char *text; /* without quotes and the blanks around */
  size_t length;
  const char *next; /* the next cell, or the next row where `last` */
  size_t n_lines;   /* line ends inside */
  bool quoted, escaped /* "" inside stands for " */, last;
  ock_csv_fault fault;
} ock_csv_cell;
/* The cell that starts at p. The last character before `end` must be an end of line. */
ock_csv_cell ock_csv_cell_read(const ock_csv_dialect *dialect, const char *p, const char *end);
/* Skip lines of blanks; *n_lines grows by their number. Returns the start of a row, or end. */
const char *ock_csv_skip_blank_lines(const ock_csv_dialect *dialect, const char *p, const char *end, uint64_t *n_lines);
/* The end of the first row that ends after `target`, where `row` starts a row; NULL when it is not before `end`. */
const char *ock_csv_row_end(const ock_csv_dialect *dialect, const char *row, const char *target, const char *end);
/* The cell's text, "" made ", NUL-terminated, for ock_free(); NULL when out of memory. */
char *ock_csv_cell_copy(const char *text, size_t length, bool escaped, size_t *copy_length);

/* ---- what the first rows tell ---- */

typedef struct ock_csv_shape {
  size_t n_columns;
  char **names;     /* of the header, NULL where empty; itself NULL without a header */
  bool *text_only;  /* the first rows hold nothing but text in this column */
  bool *text;       /* they hold text in it */
  const char *data; /* the first row of data */
  uint64_t n_lines_before;
  double row_bytes; /* on average, in the first rows of data; 0 when there are none */
} ock_csv_shape;
/* text ... end is the beginning of a file; `whole` tells that it is all of it. When it holds too little to tell, *more
 * is set and nothing else. */
ockham_status ock_csv_sniff(const char *path, const char *text, const char *end, bool whole,
                            const ockham_read_options *options, ock_csv_dialect *dialect, ock_csv_shape *shape,
                            bool *more, ockham_error *err);
void ock_csv_shape_clear(ock_csv_shape *shape);
/* 1,5 and 1,234.50 and 1,234,567. */
bool ock_csv_has_number_commas(const ock_csv_cell *cell);
/* A number but for a decimal comma, which is not understood but must be recognised. */
bool ock_csv_is_decimal_comma(const char *text, size_t length);

/* ---- parsing ---- */

#define OCK_CSV_MAX_ROW ((size_t)256 * 1024 * 1024)

typedef struct ock_csv_label {
  const char *text;
  size_t length;
  bool escaped;
} ock_csv_label;

/* What to take from each row. */
typedef struct ock_csv_plan {
  const ock_csv_dialect *dialect;
  const ock_role *role;
  ock_source *source; /* for noting what was found; pieces are parsed in parallel */
  size_t *category;   /* n_columns: which of the categories a column is; NULL without them */
  size_t n_columns, n_values, n_categories;
  bool has_label;
  ockham_missing missing;
} ock_csv_plan;

/* Some rows: their text, then what became of it. Lines, rows and columns count from the piece's start, from 0. */
typedef struct ock_csv_piece {
  const char *begin, *end;
  bool cut_off; /* its last row is longer than OCK_CSV_MAX_ROW */
  double *values;
  ock_csv_label *labels;
  ock_labels *texts; /* of the plan's categories, numbered by first appearance in the piece */
  size_t n_texts;    /* how many there is room for */
  size_t capacity_rows, n_rows;
  uint64_t n_lines;
  ock_csv_fault fault; /* the first, at row n_rows and line n_lines */
  size_t fault_column, n_cells_found;
  ock_csv_cell fault_cell;
} ock_csv_piece;
void ock_csv_parse_piece(const ock_csv_plan *plan, ock_csv_piece *piece);
void ock_csv_piece_clear(ock_csv_piece *piece);

/* Say what is wrong with the piece whose first row and line have these numbers (from 0). */
ockham_status ock_csv_fail(const ock_source *source, const bool *text_only, const ock_csv_piece *piece, uint64_t row,
                           uint64_t line, ockham_error *err);

/* ---- the source ---- */

/* CSV in memory, for tests and fuzzing; bytes are borrowed until the source is closed. piece_bytes 0 is what files get;
 * less makes many pieces of little text. */
ockham_status ock_csv_open_bytes(const char *path, const void *bytes, size_t size, size_t piece_bytes,
                                 const ockham_read_options *options, ock_source **source, ockham_error *err);

#endif
