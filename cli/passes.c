/* SPDX-License-Identifier: Apache-2.0 */
/* A file that does not fit the memory, read a block at a time: an overview with a sample first, and labels last. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"

/* What a thread that reads CSV may take, and the share of the memory that is for reading. */
enum { READER_BYTES_A_THREAD = 3 * 1024 * 1024, SHARE_TO_READ = 8, SHARE_FOR_COUNTS = 8 };

/* ---- the first pass ---- */

/* What every column holds beyond the number of its row, as long as that is the same. */
static void watch_row_numbers(cli_passes *passes, ockham_rows rows) {
  bool begins = isinf(passes->excess[0]); /* as all do */
  for (size_t i = 0; i < rows.n_rows; i++, begins = false)
    for (size_t j = 0; j < rows.n_columns; j++) {
      double found =
          ((const double *)rows.data)[i * rows.n_columns + j] - (double)ockham_reader_source_row(passes->reader, i);
      if (begins)
        passes->excess[j] = found;
      else if (found != passes->excess[j])
        passes->excess[j] = NAN;
    }
}

static ockham_status rewind_rows(void *user, ockham_error *err) {
  cli_passes *passes = user;
  ockham_status status = ockham_reader_rewind(passes->reader, err);
  passes->reader_failed = status != OCKHAM_OK;
  return status;
}

static ockham_status next_rows(void *user, ockham_rows *rows, ockham_error *err) {
  cli_passes *passes = user;
  ockham_status status = ockham_reader_next(passes->reader, rows, err);
  passes->reader_failed = status != OCKHAM_OK;
  if (!status && passes->first) watch_row_numbers(passes, *rows);
  return status;
}

/* Reading in parallel takes memory for each thread. */
static size_t reader_threads(size_t threads, size_t memory_bytes) {
  size_t most = memory_bytes / SHARE_TO_READ / READER_BYTES_A_THREAD;
  long cores = sysconf(_SC_NPROCESSORS_ONLN);
  size_t wanted = threads ? threads : cores > 0 ? (size_t)cores : 1;
  return wanted <= most ? threads : most > 0 ? most : 1;
}

static ockham_status open_reader(cli_passes *passes, const char *path, const ockham_read_options *options,
                                 size_t memory_bytes, ockham_error *err) {
  ockham_read_options quiet = *options;
  quiet.progress = NULL; /* passes tell themselves how far they are */
  quiet.threads = reader_threads(options->threads, memory_bytes);
  ockham_status status = ockham_reader_open(path, &quiet, &passes->reader, err);
  if (!status) status = ockham_reader_source(passes->reader, &passes->rows, err);
  if (status) return status;
  size_t d = passes->rows.n_columns;
  passes->rows = (ockham_row_source){.n_columns = d, .rewind = rewind_rows, .next = next_rows, .user = passes};
  passes->excess = malloc(d * sizeof *passes->excess);
  if (!passes->excess) return cli_no_memory("the columns", err);
  for (size_t j = 0; j < d; j++) passes->excess[j] = INFINITY;
  return OCKHAM_OK;
}

/* The same line as for a table that is read whole. */
static ockham_status explain_no_rows(const cli_passes *passes, const char *path, ockham_status status,
                                     ockham_error *err) {
  uint64_t n_dropped = ockham_reader_n_rows_dropped(passes->reader);
  if (status != OCKHAM_BAD_DATA || passes->reader_failed) return status;
  if (n_dropped > 0)
    snprintf(err->message, sizeof err->message, "no rows are left: all %llu have a missing or infinite cell",
             (unsigned long long)n_dropped);
  return cli_name_file(path, status, err);
}

static ockham_status take_overview(cli_passes *passes, const char *path, size_t memory_bytes,
                                   const ockham_sweep_options *options, ockham_error *err) {
  size_t n_rows = 0;
  ockham_status status = ockham_sweep_sample_rows(passes->rows.n_columns, memory_bytes, options, &n_rows, err);
  if (status) return status;
  passes->first = true;
  status = ockham_overview_take(&passes->rows, n_rows, options->seed, options->progress, &passes->overview, err);
  passes->first = false;
  passes->n_rows_dropped = ockham_reader_n_rows_dropped(passes->reader);
  return status ? explain_no_rows(passes, path, status, err) : OCKHAM_OK;
}

static void note_columns(const cli_passes *passes, const ockham_scaling *scaling) {
  enum { FEW_ROWS = 10 };
  size_t d = passes->rows.n_columns;
  bool may_number = d > 1 && passes->overview.n_rows >= FEW_ROWS;
  for (size_t j = 0; j < d; j++)
    cli_note_column(ockham_reader_column_name(passes->reader, j), may_number && !isnan(passes->excess[j]));
  if (scaling->kind == OCKHAM_SCALE_ROBUST && passes->overview.stretch > 1)
    fprintf(stderr, "ockham: note: medians and quartiles are those of a sample of %zu rows\n",
            passes->overview.sample.n_rows);
}

ockham_status cli_passes_open(cli_passes *passes, const char *path, const cli_input *input,
                              const ockham_read_options *options, size_t memory_bytes,
                              const ockham_sweep_options *sweep_options, bool *fits, ockham_scaling *scaling,
                              ockham_error *err) {
  cli_interrupt_ends_at_once(true);
  ockham_status status = open_reader(passes, path, options, memory_bytes, err);
  if (!status) status = take_overview(passes, path, memory_bytes, sweep_options, err);
  cli_interrupt_ends_at_once(false);
  if (status) return status;
  *fits = ockham_sweep_fits(passes->overview.n_rows, passes->rows.n_columns, memory_bytes);
  if (*fits) return OCKHAM_OK;
  status = cli_name_file(path, ockham_overview_fit_scaling(&passes->overview, (ockham_scale)input->scale, scaling, err),
                         err);
  if (status) return status;
  if (!input->quiet) note_columns(passes, scaling);
  ockham_overview_scale(&passes->overview, scaling);
  ockham_reader_scale(passes->reader, scaling);
  return OCKHAM_OK;
}

void cli_passes_close(cli_passes *passes) {
  ockham_overview_clear(&passes->overview);
  ockham_reader_close(passes->reader);
  free(passes->excess);
  *passes = (cli_passes){0};
}

/* ---- the last passes ---- */

/* Labels of one block. */
typedef struct labelled {
  ockham_rows rows;
  size_t capacity;
  uint32_t *labels;
  double *cells; /* number and label side by side, as they are written */
} labelled;

static void clear_labelled(labelled *block) {
  free(block->labels);
  free(block->cells);
}

static bool grow(labelled *block, size_t n) {
  if (n <= block->capacity) return true;
  clear_labelled(block);
  block->labels = malloc(n * sizeof *block->labels);
  block->cells = malloc(2 * n * sizeof *block->cells);
  block->capacity = block->labels && block->cells ? n : 0;
  return block->capacity == n;
}

/* The next block with its labels; without rows at the end. */
static ockham_status label_block(cli_passes *passes, const ockham_sweep *sweep, size_t point, size_t threads,
                                 labelled *block, ockham_error *err) {
  ockham_status status = ockham_reader_next(passes->reader, &block->rows, err);
  if (status || block->rows.n_rows == 0) return status;
  if (!grow(block, block->rows.n_rows)) return cli_no_memory("the labels of a block", err);
  return ockham_sweep_labels(sweep, block->rows, point, threads, block->labels, err);
}

/* How many rows each cluster shares with each known label, of which there may come more. */
typedef struct shared_rows {
  size_t k, n_values; /* n_values: room for so many */
  uint64_t *counts;   /* k x n_values */
  size_t most_bytes;
} shared_rows;

static ockham_status widen(shared_rows *shared, size_t n_values, ockham_error *err) {
  if (n_values <= shared->n_values) return OCKHAM_OK;
  size_t room = 2 * n_values;
  if (room > shared->most_bytes / sizeof(uint64_t) / shared->k) {
    *err = (ockham_error){.status = OCKHAM_BAD_ARGUMENT,
                          .message = "the label column holds too many different values for --memory"};
    return OCKHAM_BAD_ARGUMENT;
  }
  uint64_t *counts = calloc(shared->k * room, sizeof *counts);
  if (!counts) return cli_no_memory("the table of two labellings", err);
  for (size_t j = 0; j < shared->k && shared->counts; j++)
    memcpy(counts + j * room, shared->counts + j * shared->n_values, shared->n_values * sizeof *counts);
  free(shared->counts);
  shared->counts = counts;
  shared->n_values = room;
  return OCKHAM_OK;
}

static ockham_status count_shared(cli_passes *passes, const ockham_sweep *sweep, size_t point, size_t threads,
                                  shared_rows *shared, labelled *block, ockham_error *err) {
  ockham_status status = ockham_reader_rewind(passes->reader, err);
  while (!status && !(status = label_block(passes, sweep, point, threads, block, err)) && block->rows.n_rows > 0) {
    const uint32_t *known = ockham_reader_labels(passes->reader);
    status = widen(shared, ockham_reader_n_label_values(passes->reader), err);
    for (size_t i = 0; !status && i < block->rows.n_rows; i++)
      shared->counts[block->labels[i] * shared->n_values + known[i]]++;
  }
  return status;
}

ockham_status cli_passes_agree(cli_passes *passes, const ockham_sweep *sweep, size_t point, size_t threads,
                               size_t memory_bytes, ockham_agreement *agreement, ockham_error *err) {
  labelled block = {0};
  shared_rows shared = {.k = ockham_sweep_curve(sweep)->points[point].k, .most_bytes = memory_bytes / SHARE_FOR_COUNTS};
  ockham_status status = count_shared(passes, sweep, point, threads, &shared, &block, err);
  if (!status) status = ockham_agreement_of_counts(shared.counts, shared.k, shared.n_values, agreement, err);
  free(shared.counts);
  clear_labelled(&block);
  return status;
}

static ockham_status write_blocks(cli_passes *passes, const ockham_sweep *sweep, size_t point, size_t threads,
                                  labelled *block, ockham_writer *writer, ockham_error *err) {
  ockham_status status = ockham_reader_rewind(passes->reader, err);
  while (!status && !(status = label_block(passes, sweep, point, threads, block, err)) && block->rows.n_rows > 0) {
    for (size_t i = 0; i < block->rows.n_rows; i++) {
      block->cells[2 * i] = (double)ockham_reader_source_row(passes->reader, i);
      block->cells[2 * i + 1] = (double)block->labels[i];
    }
    ockham_rows cells = {.data = block->cells, .n_rows = block->rows.n_rows, .n_columns = 2};
    status = ockham_writer_put(writer, cells, err);
  }
  return status;
}

ockham_status cli_passes_write_labels(cli_passes *passes, const ockham_sweep *sweep, size_t point, size_t threads,
                                      const char *path, ockham_error *err) {
  static const char *const names[] = {"row", "cluster"};
  labelled block = {0};
  ockham_writer *writer;
  ockham_status status = ockham_writer_open(path, names, 2, &writer, err);
  if (status) return status;
  status = write_blocks(passes, sweep, point, threads, &block, writer, err);
  clear_labelled(&block);
  if (!status) return ockham_writer_close(writer, err);
  ockham_writer_abandon(writer);
  return status;
}
