/* SPDX-License-Identifier: Apache-2.0 */
/* The source that drives the parts: while workers parse the pieces of one buffer, one of them reads the next buffer and
 * cuts it. Pieces end with the first row that ends at or after a multiple of piece_bytes, so blocks do not depend on
 * the number of threads or on how reads fall. */
#include "data/csv.h"

#include <string.h>

#include "data/number_scan.h"

enum { PIECE_BYTES = 256 * 1024, FIRST_BYTES = 64 * 1024, PIECES_PER_THREAD = 2, PIECES_AT_LEAST = 4 };
#define SECONDS_BETWEEN_REPORTS 0.01

typedef struct span {
  const char *begin, *end;
} span;

/* Text from the file that starts with a row. */
typedef struct buffer {
  char *text; /* with OCK_NUMBER_PADDING readable bytes after it */
  size_t n, capacity;
  uint64_t offset; /* of text[0] in the file's text */
  span *pieces;
  size_t n_pieces, capacity_pieces;
  size_t used;     /* bytes in pieces; the rest belongs to the next buffer */
  bool ended;      /* nothing follows in the file */
  bool cut_off;    /* the last piece ends inside a row that is too long */
  uint64_t n_done; /* bytes of the file that were read so far */
} buffer;

typedef struct csv_source {
  ock_source base; /* first, so that a pointer to it is one to this */
  ock_csv_input input;
  ock_csv_dialect dialect;
  char *spool; /* all text of an input that cannot be read twice, where it may have to be; NULL: of another */
  size_t spool_bytes;
  const void *memory; /* what it was opened on, if not a file */
  size_t memory_bytes;
  size_t data_offset; /* of the first row of data in the text */
  uint64_t n_lines_before;
  bool *text_only;
  ock_csv_plan plan;
  size_t n_threads, piece_bytes;
  ock_pool *pool; /* NULL until there is more than one piece */
  buffer front, back;
  ock_csv_piece *pieces; /* of front, parsed */
  size_t n_pieces, capacity_pieces, next_piece;
  ockham_status load_status; /* of back, told when front is used up */
  ockham_error load_error;
  bool primed;              /* front was cut */
  uint64_t n_rows, n_lines; /* given out so far; lines from the start of the file */
  uint32_t *label;          /* of the block given out last */
  size_t capacity_label;
  ockham_progress progress;
  double last_report_seconds;
} csv_source;

/* ---- buffers ---- */

static ockham_status reserve(buffer *b, size_t capacity, ockham_error *err) {
  if (capacity <= b->capacity) return OCKHAM_OK;
  char *text = ock_realloc_array(b->text, capacity + 1 + OCK_NUMBER_PADDING, 1);
  if (!text) return ock_fail_memory(err, "the text of the file", capacity);
  b->text = text;
  b->capacity = capacity;
  return OCKHAM_OK;
}

/* Append up to n_wanted bytes of the file, and an end of line where its last line has none. */
static ockham_status read_more(csv_source *csv, buffer *b, size_t n_wanted, ockham_error *err) {
  OCK_TRY(reserve(b, b->n + n_wanted, err));
  size_t n;
  OCK_TRY(ock_csv_input_read(&csv->input, b->text + b->n, n_wanted, &n, err));
  b->n += n;
  b->ended = csv->input.at_hand ? n == 0 : n < n_wanted;
  b->n_done = csv->input.n_done;
  memset(b->text + b->n, 0, 1 + OCK_NUMBER_PADDING);
  return OCKHAM_OK;
}

static void end_last_line(buffer *b, char eol) {
  if (b->n > 0 && b->text[b->n - 1] != eol) b->text[b->n++] = eol;
}

static ockham_status add_piece(buffer *b, const char *end, ockham_error *err) {
  if (b->n_pieces == b->capacity_pieces) {
    size_t capacity = 2 * b->capacity_pieces + 8;
    span *pieces = ock_realloc_array(b->pieces, capacity, sizeof *pieces);
    if (!pieces) return ock_fail_memory(err, "the pieces of the file", capacity * sizeof *pieces);
    b->pieces = pieces;
    b->capacity_pieces = capacity;
  }
  b->pieces[b->n_pieces++] = (span){b->text + b->used, end};
  b->used = (size_t)(end - b->text);
  return OCKHAM_OK;
}

/* The end of the last row that is complete; NULL: none is. */
static const char *complete_rows(const csv_source *csv, const char *row, const char *end) {
  const char *last = NULL;
  while (row && row < end && (row = ock_csv_row_end(&csv->dialect, row, row, end))) last = row;
  return last;
}

/* Cut what is in the buffer, from b->used on. */
static ockham_status cut(const csv_source *csv, buffer *b, ockham_error *err) {
  if (b->ended) end_last_line(b, csv->dialect.eol);
  const char *end = b->text + b->n;
  while (b->used < b->n) {
    uint64_t at = b->offset + b->used;
    uint64_t target = (at / csv->piece_bytes + 1) * csv->piece_bytes - b->offset;
    const char *row = b->text + b->used;
    const char *row_end = target < b->n ? ock_csv_row_end(&csv->dialect, row, b->text + target, end) : NULL;
    if (!row_end && !b->ended && csv->input.at_hand) row_end = complete_rows(csv, row, end);
    if (!row_end && !b->ended) break;
    OCK_TRY(add_piece(b, row_end ? row_end : end, err));
  }
  return OCKHAM_OK;
}

static size_t batch_bytes(const csv_source *csv) {
  size_t n = csv->pool ? ock_pool_size(csv->pool) * PIECES_PER_THREAD : 0;
  return (n > PIECES_AT_LEAST ? n : PIECES_AT_LEAST) * csv->piece_bytes;
}

/* Read and cut until there is a piece, or the end of the file; a row longer than the buffer doubles it. */
static ockham_status fill(csv_source *csv, buffer *b, ockham_error *err) {
  OCK_TRY(cut(csv, b, err));
  while (b->n_pieces == 0 && !b->ended) {
    size_t n_wanted = b->n > batch_bytes(csv) ? b->n : batch_bytes(csv);
    OCK_TRY(read_more(csv, b, n_wanted, err));
    OCK_TRY(cut(csv, b, err));
    if (b->n_pieces == 0 && !b->ended && b->n >= OCK_CSV_MAX_ROW) {
      b->cut_off = b->ended = true;
      OCK_TRY(cut(csv, b, err));
    }
  }
  return OCKHAM_OK;
}

/* Fill `to` with what follows in the file after the pieces of `from`, which may be parsed at the same time. */
static ockham_status fill_after(csv_source *csv, const buffer *from, buffer *to, ockham_error *err) {
  size_t n_left = from->n - from->used;
  to->n = to->n_pieces = to->used = 0;
  to->offset = from->offset + from->used;
  to->ended = from->ended;
  to->cut_off = from->cut_off;
  if (from->ended) return OCKHAM_OK; /* its pieces were everything */
  OCK_TRY(reserve(to, n_left + batch_bytes(csv), err));
  memcpy(to->text, from->text + from->used, n_left);
  to->n = n_left;
  OCK_TRY(read_more(csv, to, batch_bytes(csv), err));
  return fill(csv, to, err);
}

/* ---- batches ---- */

static void work_on_batch(void *arg, size_t i, size_t worker) {
  (void)worker;
  csv_source *csv = arg;
  if (i == 0 && csv->input.at_hand) return; /* rows are not kept back until there are more */
  if (i == 0)
    csv->load_status = fill_after(csv, &csv->front, &csv->back, &csv->load_error);
  else
    ock_csv_parse_piece(&csv->plan, &csv->pieces[i - 1]);
}

static ockham_status set_out_pieces(csv_source *csv, ockham_error *err) {
  const buffer *b = &csv->front;
  if (b->n_pieces > csv->capacity_pieces) {
    ock_csv_piece *pieces = ock_realloc_array(csv->pieces, b->n_pieces, sizeof *pieces);
    if (!pieces) return ock_fail_memory(err, "the pieces of the file", b->n_pieces * sizeof *pieces);
    memset(pieces + csv->capacity_pieces, 0, (b->n_pieces - csv->capacity_pieces) * sizeof *pieces);
    csv->pieces = pieces;
    csv->capacity_pieces = b->n_pieces;
  }
  for (size_t i = 0; i < b->n_pieces; i++) {
    csv->pieces[i].begin = b->pieces[i].begin;
    csv->pieces[i].end = b->pieces[i].end;
    csv->pieces[i].cut_off = b->cut_off && i + 1 == b->n_pieces;
  }
  csv->n_pieces = b->n_pieces;
  csv->next_piece = 0;
  return OCKHAM_OK;
}

static ockham_status report(csv_source *csv, ockham_error *err) {
  double now = ock_clock_seconds();
  if (now - csv->last_report_seconds < SECONDS_BETWEEN_REPORTS) return OCKHAM_OK;
  csv->last_report_seconds = now;
  if (ock_progress_stopped(&csv->progress, "reading", csv->front.n_done, csv->input.n_total))
    return ock_fail(err, OCKHAM_INTERRUPTED, "%s: reading was stopped", csv->base.path);
  return OCKHAM_OK;
}

/* Parse the pieces of front while back is read. */
static ockham_status run_batch(csv_source *csv, ockham_error *err) {
  OCK_TRY(report(csv, err));
  if (!csv->pool && csv->n_threads != 1 && csv->front.n_pieces > 1)
    OCK_TRY(ock_pool_new(csv->n_threads, &csv->pool, err));
  OCK_TRY(set_out_pieces(csv, err));
  if (csv->pool)
    ock_pool_run(csv->pool, csv->n_pieces + 1, work_on_batch, csv);
  else
    for (size_t i = 0; i <= csv->n_pieces; i++) work_on_batch(csv, i, 0);
  return OCKHAM_OK;
}

static ockham_status number_categories(csv_source *csv, ockham_error *err) {
  ock_csv_plan *plan = &csv->plan;
  ock_free(plan->category);
  plan->n_categories = 0;
  plan->category = ock_alloc_array(plan->n_columns, sizeof *plan->category);
  if (!plan->category) return ock_fail_memory(err, "the columns", plan->n_columns * sizeof *plan->category);
  for (size_t j = 0; j < plan->n_columns; j++) {
    plan->category[j] = plan->n_categories;
    plan->n_categories += plan->role[j] == OCK_ROLE_CATEGORY;
  }
  return OCKHAM_OK;
}

static ockham_status make_plan(csv_source *csv, ockham_error *err) {
  ock_source *base = &csv->base;
  csv->plan = (ock_csv_plan){.dialect = &csv->dialect,
                             .role = base->role,
                             .source = base,
                             .category = csv->plan.category,
                             .n_columns = base->n_columns,
                             .missing = base->missing};
  for (size_t j = 0; j < base->n_columns; j++) {
    csv->plan.n_values += ock_role_has_value(base->role[j]);
    csv->plan.has_label |= base->role[j] == OCK_ROLE_LABEL;
  }
  return base->texts ? number_categories(csv, err) : OCKHAM_OK;
}

/* Make the next batch the current one; without pieces at the end of the file. */
static ockham_status next_batch(csv_source *csv, ockham_error *err) {
  if (!csv->primed) {
    OCK_TRY(make_plan(csv, err));
    OCK_TRY(fill(csv, &csv->front, err));
    csv->primed = true;
  } else {
    if (csv->input.at_hand) csv->load_status = fill_after(csv, &csv->front, &csv->back, &csv->load_error);
    if (csv->load_status && err) *err = csv->load_error;
    OCK_TRY(csv->load_status);
    buffer used_up = csv->front;
    csv->front = csv->back;
    csv->back = used_up;
  }
  return run_batch(csv, err);
}

/* ---- giving out ---- */

static ockham_status intern(csv_source *csv, const ock_csv_label *label, uint32_t *value, ockham_error *err) {
  if (!label->escaped) return ock_labels_intern(csv->base.labels, label->text, label->length, value, err);
  size_t length;
  char *text = ock_csv_cell_copy(label->text, label->length, true, &length);
  if (!text) return ock_fail_memory(err, "a label", label->length);
  ockham_status status = ock_labels_intern(csv->base.labels, text, length, value, err);
  ock_free(text);
  return status;
}

static ockham_status number_labels(csv_source *csv, const ock_csv_piece *piece, ockham_error *err) {
  if (piece->n_rows > csv->capacity_label) {
    ock_free(csv->label);
    csv->label = ock_alloc_array(piece->n_rows, sizeof *csv->label);
    csv->capacity_label = csv->label ? piece->n_rows : 0;
    if (!csv->label) return ock_fail_memory(err, "the labels", piece->n_rows * sizeof *csv->label);
  }
  for (size_t i = 0; i < piece->n_rows; i++) OCK_TRY(intern(csv, &piece->labels[i], &csv->label[i], err));
  return OCKHAM_OK;
}

/* From the piece's numbers of a text to the file's. */
static ockham_status renumber_column(csv_source *csv, ock_csv_piece *piece, size_t j, size_t place, ockham_error *err) {
  const ock_labels *found = &piece->texts[csv->plan.category[j]];
  uint32_t *number = ock_alloc_array(found->n, sizeof *number);
  if (!number) return ock_fail_memory(err, "the texts of a column", found->n * sizeof *number);
  ockham_status status = OCKHAM_OK;
  bool same = true;
  for (size_t i = 0; i < found->n && !status; i++) {
    status = ock_labels_intern(&csv->base.texts[j], found->texts[i], strlen(found->texts[i]), &number[i], err);
    same = same && number[i] == i;
  }
  double *value = piece->values + place;
  for (size_t i = 0; i < piece->n_rows && !status && !same; i++, value += csv->plan.n_values)
    if (*value >= 0) *value = number[(size_t)*value]; /* not where it is missing */
  ock_free(number);
  return status;
}

static ockham_status renumber(csv_source *csv, ock_csv_piece *piece, ockham_error *err) {
  if (piece->n_rows == 0) return OCKHAM_OK; /* nor values */
  for (size_t j = 0, place = 0; j < csv->base.n_columns; place += ock_role_has_value(csv->base.role[j++]))
    if (csv->base.role[j] == OCK_ROLE_CATEGORY) OCK_TRY(renumber_column(csv, piece, j, place, err));
  return OCKHAM_OK;
}

static ockham_status give_out(csv_source *csv, ock_csv_piece *piece, ock_block *block, ockham_error *err) {
  if (piece->fault) return ock_csv_fail(&csv->base, csv->text_only, piece, csv->n_rows, csv->n_lines, err);
  if (csv->plan.has_label) OCK_TRY(number_labels(csv, piece, err));
  if (csv->plan.n_categories > 0) OCK_TRY(renumber(csv, piece, err));
  csv->n_rows += piece->n_rows;
  csv->n_lines += piece->n_lines;
  *block = (ock_block){.values = piece->values,
                       .label = csv->plan.has_label ? csv->label : NULL,
                       .n_rows = piece->n_rows,
                       .dtype = OCKHAM_FLOAT64};
  return OCKHAM_OK;
}

static ockham_status csv_next(ock_source *source, ock_block *block, ockham_error *err) {
  csv_source *csv = (csv_source *)source;
  *block = (ock_block){0};
  while (block->n_rows == 0) {
    if (csv->next_piece == csv->n_pieces) {
      OCK_TRY(next_batch(csv, err));
      if (csv->n_pieces == 0) break;
    }
    OCK_TRY(give_out(csv, &csv->pieces[csv->next_piece], block, err));
    csv->next_piece++;
  }
  return OCKHAM_OK;
}

static void buffer_clear(buffer *b) {
  ock_free(b->text);
  ock_free(b->pieces);
}

static void csv_close(ock_source *source) {
  csv_source *csv = (csv_source *)source;
  ock_pool_free(csv->pool);
  for (size_t i = 0; i < csv->capacity_pieces; i++) ock_csv_piece_clear(&csv->pieces[i]);
  ock_free(csv->pieces);
  buffer_clear(&csv->front);
  buffer_clear(&csv->back);
  ock_free(csv->text_only);
  ock_free(csv->plan.category);
  ock_free(csv->label);
  ock_free(csv->spool);
  ock_csv_input_close(&csv->input);
  ock_source_clear(source);
  ock_free(csv);
}

/* ---- once more ---- */

static ockham_status reopen(csv_source *csv, ockham_error *err) {
  ock_csv_input_close(&csv->input);
  csv->input = (ock_csv_input){.fd = -1};
  if (csv->spool) return ock_csv_input_open_bytes(&csv->input, csv->base.path, csv->spool, csv->spool_bytes, err);
  if (csv->memory) return ock_csv_input_open_bytes(&csv->input, csv->base.path, csv->memory, csv->memory_bytes, err);
  return ock_csv_input_open(&csv->input, csv->base.path, err);
}

static ockham_status csv_restart(ock_source *source, ockham_error *err) {
  csv_source *csv = (csv_source *)source;
  OCK_TRY(reopen(csv, err));
  buffer *b = &csv->front;
  b->n = b->n_pieces = b->used = 0;
  b->offset = 0;
  b->ended = b->cut_off = false;
  OCK_TRY(read_more(csv, b, FIRST_BYTES > csv->data_offset ? FIRST_BYTES : csv->data_offset, err));
  if (b->n < csv->data_offset) return ock_fail(err, OCKHAM_IO, "%s: became shorter while it was read", source->path);
  b->used = csv->data_offset;
  csv->n_pieces = csv->next_piece = 0;
  csv->load_status = OCKHAM_OK;
  csv->primed = false;
  csv->n_rows = 0;
  csv->n_lines = csv->n_lines_before;
  return OCKHAM_OK;
}

/* Take in all of an input that cannot be read twice. */
static ockham_status spool(csv_source *csv, ockham_error *err) {
  size_t capacity = 0, n_read = 0;
  do {
    if (csv->spool_bytes == capacity) {
      capacity = capacity ? 2 * capacity : FIRST_BYTES;
      char *text = ock_realloc_array(csv->spool, capacity, 1);
      if (!text) return ock_fail_memory(err, "the text of the file", capacity);
      csv->spool = text;
    }
    OCK_TRY(ock_csv_input_read(&csv->input, csv->spool + csv->spool_bytes, capacity - csv->spool_bytes, &n_read, err));
    csv->spool_bytes += n_read;
  } while (csv->spool_bytes == capacity);
  return reopen(csv, err);
}

/* ---- opening ---- */

static ockham_status sniff(csv_source *csv, const ockham_read_options *options, ock_csv_shape *shape,
                           ockham_error *err) {
  buffer *b = &csv->front;
  bool more = true;
  for (size_t n_wanted = FIRST_BYTES; more; n_wanted = b->n) {
    OCK_TRY(read_more(csv, b, n_wanted, err));
    if (!b->ended && b->n >= OCK_CSV_MAX_ROW) b->cut_off = b->ended = true;
    if (b->ended) end_last_line(b, memchr(b->text, '\n', b->n) || !memchr(b->text, '\r', b->n) ? '\n' : '\r');
    OCK_TRY(
        ock_csv_sniff(csv->base.path, b->text, b->text + b->n, b->ended, options, &csv->dialect, shape, &more, err));
  }
  return OCKHAM_OK;
}

/* Move what was learnt into the source. */
static ockham_status take_shape(csv_source *csv, ock_csv_shape *shape, ockham_error *err) {
  csv->text_only = shape->text_only;
  shape->text_only = NULL;
  csv->front.used = (size_t)(shape->data - csv->front.text);
  csv->data_offset = csv->front.used;
  csv->n_lines = csv->n_lines_before = shape->n_lines_before;
  /* A cell takes at least one byte, whatever the first rows look like. */
  double row_bytes = shape->row_bytes > (double)shape->n_columns ? shape->row_bytes : (double)shape->n_columns;
  if (!csv->input.inflater) csv->base.n_rows_expected = (uint64_t)((double)csv->input.n_total / row_bytes);
  OCK_TRY(ock_source_set_columns(&csv->base, shape->n_columns, true, err));
  memcpy(csv->base.found_text, shape->text, shape->n_columns * sizeof *shape->text);
  for (size_t j = 0; shape->names && j < shape->n_columns; j++) {
    if (!shape->names[j]) continue;
    ock_free(csv->base.names[j]);
    csv->base.names[j] = shape->names[j];
    shape->names[j] = NULL;
  }
  return OCKHAM_OK;
}

static ockham_status prepare(csv_source *csv, const ockham_read_options *options, ockham_error *err) {
  csv->n_threads = options->threads;
  if (options->progress) csv->progress = *options->progress;
  csv->input.at_hand = options->as_they_come && !csv->input.inflater;
  csv->input.progress = &csv->progress;
  ock_csv_shape shape = {0};
  ockham_status status = sniff(csv, options, &shape, err);
  if (!status) status = take_shape(csv, &shape, err);
  ock_csv_shape_clear(&shape);
  return status;
}

static csv_source *new_source(const char *path, size_t piece_bytes, const ockham_read_options *options) {
  csv_source *csv = ock_alloc_zeroed(1, sizeof *csv);
  if (!csv) return NULL;
  csv->base = (ock_source){.path = path,
                           .missing = options->missing,
                           .reads_texts = true,
                           .next = csv_next,
                           .restart = csv_restart,
                           .close = csv_close};
  csv->input.fd = -1;
  csv->piece_bytes = piece_bytes ? piece_bytes : PIECE_BYTES;
  return csv;
}

static ockham_status finish_opening(csv_source *csv, const ockham_read_options *options, ockham_status status,
                                    ock_source **source, ockham_error *err) {
  if (!status) status = prepare(csv, options, err);
  if (status)
    csv_close(&csv->base);
  else
    *source = &csv->base;
  return status;
}

ockham_status ock_csv_open(const char *path, const ockham_read_options *options, ock_source **source,
                           ockham_error *err) {
  *source = NULL;
  csv_source *csv = new_source(strcmp(path, "-") == 0 ? "stdin" : path, 0, options);
  if (!csv) return ock_fail_memory(err, "reading the file", sizeof *csv);
  ockham_status status = ock_csv_input_open(&csv->input, path, err);
  if (!status && options->find_categories && !ock_csv_input_is_regular(&csv->input)) status = spool(csv, err);
  return finish_opening(csv, options, status, source, err);
}

ockham_status ock_csv_open_bytes(const char *path, const void *bytes, size_t size, size_t piece_bytes,
                                 const ockham_read_options *options, ock_source **source, ockham_error *err) {
  *source = NULL;
  csv_source *csv = new_source(path, piece_bytes, options);
  if (!csv) return ock_fail_memory(err, "reading the file", sizeof *csv);
  csv->memory = bytes;
  csv->memory_bytes = size;
  ockham_status status = ock_csv_input_open_bytes(&csv->input, path, bytes, size, err);
  return finish_opening(csv, options, status, source, err);
}
