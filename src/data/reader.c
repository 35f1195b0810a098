/* SPDX-License-Identifier: Apache-2.0 */
/* A reader is opened, sent back and closed; reader_columns.c chooses columns, reader_rows.c gives out rows. */
#include "data/reader.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MAGIC_BYTES = 16 };

/* ---- which format ---- */

static ock_file_format format_of_magic(const char magic[MAGIC_BYTES]) {
  if (memcmp(magic, "\x93NUMPY", 6) == 0) return OCK_FILE_NPY;
  if (memcmp(magic, "\x89HDF\r\n\x1a\n", 8) == 0) return OCK_FILE_HDF5;
  return memcmp(magic, "SQLite format 3", 16) == 0 ? OCK_FILE_SQLITE : OCK_FILE_CSV;
}

/* Look at the first bytes; only of regular files, because what is read from a pipe is gone. */
static ockham_status find_format(const char *path, ock_file_format *format, ockham_error *err) {
  *format = OCK_FILE_CSV;
  if (strcmp(path, "-") == 0) return OCKHAM_OK;
  struct stat info;
  if (stat(path, &info) != 0) return ock_fail(err, OCKHAM_IO, "%s: cannot be opened: %s", path, strerror(errno));
  if (S_ISDIR(info.st_mode)) return ock_fail(err, OCKHAM_IO, "%s: is a directory, expected a file", path);
  if (!S_ISREG(info.st_mode)) return OCKHAM_OK;
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return ock_fail(err, OCKHAM_IO, "%s: cannot be opened: %s", path, strerror(errno));
  char magic[MAGIC_BYTES] = {0};
  ssize_t n = pread(fd, magic, sizeof magic, 0);
  int reason = errno;
  close(fd);
  if (n < 0) return ock_fail(err, OCKHAM_IO, "%s: cannot be read: %s", path, strerror(reason));
  if (memcmp(magic, "OCKHAM\r\n", 8) == 0 && memchr(magic + 8, '\0', MAGIC_BYTES - 8) && n == MAGIC_BYTES)
    return ock_fail(err, OCKHAM_BAD_DATA, "%s: is a model, expected a table", path);
  *format = format_of_magic(magic);
  return OCKHAM_OK;
}

/* Split `file:part` at the first colon that a file's name comes before, unless the whole is a file; returns part. */
static const char *split_part(char *path) {
  if (strcmp(path, "-") == 0 || access(path, F_OK) == 0) return NULL;
  for (char *colon = strchr(path, ':'); colon; colon = strchr(colon + 1, ':')) {
    *colon = '\0';
    if (colon > path && access(path, F_OK) == 0) return colon + 1;
    *colon = ':';
  }
  return NULL;
}

static ockham_status open_format(ock_file_format format, const char *path, const char *part,
                                 const ockham_read_options *options, ock_source **source, ockham_error *err) {
  if (options->query && format != OCK_FILE_SQLITE)
    return ock_fail(err, OCKHAM_BAD_ARGUMENT, "%s: a query needs an SQLite file", path);
  switch (format) {
    case OCK_FILE_NPY:
      if (!part) return ock_npy_open(path, options, source, err);
      break;
    case OCK_FILE_HDF5:
      return ock_hdf5_open(path, part, options, source, err);
    case OCK_FILE_SQLITE:
      return ock_sqlite_open(path, part, options, source, err);
    case OCK_FILE_CSV:
      if (!part) return ock_csv_open(path, options, source, err);
      break;
  }
  return ock_fail(err, OCKHAM_BAD_ARGUMENT, "%s:%s: only HDF5 and SQLite files have parts to choose", path, part);
}

/* ---- opening ---- */

static const ockham_read_options all_defaults = {0};

static ockham_status check_options(const ockham_read_options *options, ockham_error *err) {
  if ((unsigned)options->missing > OCKHAM_MISSING_KEEP || (unsigned)options->header > OCKHAM_HEADER_ABSENT)
    return ock_fail(err, OCKHAM_BAD_ARGUMENT, "unknown policy for %s",
                    (unsigned)options->missing > OCKHAM_MISSING_KEEP ? "missing cells" : "the header");
  return OCKHAM_OK;
}

ockham_status ock_reader_open_source(ock_source *source, const ockham_read_options *options, ockham_reader **out,
                                     ockham_error *err) {
  *out = NULL;
  if (!options) options = &all_defaults;
  ockham_reader *reader = ock_alloc_zeroed(1, sizeof *reader);
  if (!reader) {
    source->close(source);
    return ock_fail_memory(err, "the reader", sizeof *reader);
  }
  reader->source = source;
  reader->missing = options->missing;
  source->labels = &reader->labels;
  source->missing = options->missing;
  ockham_status status = ock_reader_choose_columns(reader, options, err);
  if (status)
    ockham_reader_close(reader);
  else
    *out = reader;
  return status;
}

/* Lists of columns have become roles; the query is copied. The reader is closed on failure. */
static ockham_status keep_options(ockham_reader **reader, const ockham_read_options *options, ockham_error *err) {
  ockham_reader *r = *reader;
  r->options = *options;
  r->options.columns = r->options.ignore = r->options.category_columns = NULL;
  r->options.n_columns = r->options.n_ignore = r->options.n_category_columns = 0;
  r->options.label_column = r->options.weight_column = r->options.time_column = NULL;
  if (options->progress) {
    r->progress = *options->progress;
    r->options.progress = &r->progress;
  }
  if (!options->query) return OCKHAM_OK;
  r->options.query = r->query = ock_string_copy(options->query);
  if (r->query) return OCKHAM_OK;
  ockham_reader_close(r);
  *reader = NULL;
  return ock_fail_memory(err, "the query", strlen(options->query));
}

ockham_status ock_reader_open(const char *path, const ockham_read_options *options, ockham_reader **reader,
                              ockham_error *err) {
  *reader = NULL;
  if (!options) options = &all_defaults;
  if (!path) return ock_fail(err, OCKHAM_BAD_ARGUMENT, "the path of a file to read must be given");
  OCK_TRY(check_options(options, err));
  char *copy = ock_string_copy(path);
  if (!copy) return ock_fail_memory(err, "the path", strlen(path));
  const char *part = split_part(copy);
  ock_file_format format;
  ock_source *source = NULL;
  ockham_status status = find_format(copy, &format, err);
  if (!status) status = open_format(format, copy, part, options, &source, err);
  if (!status) status = ock_reader_open_source(source, options, reader, err);
  if (status) {
    ock_free(copy);
    return status;
  }
  (*reader)->path = copy;
  (*reader)->part = part;
  (*reader)->format = format;
  return keep_options(reader, options, err);
}

ockham_status ockham_reader_open(const char *path, const ockham_read_options *options, ockham_reader **reader,
                                 ockham_error *err) {
  *reader = NULL;
  if (options && options->missing == OCKHAM_MISSING_MEAN)
    return ock_fail(err, OCKHAM_BAD_ARGUMENT,
                    "missing cells cannot become column means while reading in blocks: the means are not known yet");
  if (options && options->find_categories)
    return ock_fail(err, OCKHAM_BAD_ARGUMENT,
                    "columns of text cannot be found while reading in blocks: name them as categories");
  return ock_reader_open(path, options, reader, err);
}

void ockham_reader_close(ockham_reader *reader) {
  if (!reader) return;
  for (size_t j = 0; reader->texts && j < reader->source->n_columns; j++) ock_labels_clear(&reader->texts[j]);
  ock_free(reader->texts);
  ock_free(reader->may_be_text);
  if (reader->source) reader->source->close(reader->source);
  ock_free(reader->query);
  ock_labels_clear(&reader->labels);
  ock_free(reader->column);
  ock_free(reader->position);
  ock_free(reader->rows);
  ock_free(reader->label);
  ock_free(reader->weight);
  ock_free(reader->time);
  ock_free(reader->source_row);
  ock_free(reader->converted);
  ock_free(reader->path);
  ock_free(reader);
}

/* ---- once more ---- */

static ockham_status check_rereadable(const ockham_reader *reader, ockham_error *err) {
  struct stat info;
  if (!reader->path || strcmp(reader->path, "-") == 0)
    return ock_fail(err, OCKHAM_BAD_ARGUMENT, "standard input cannot be read twice; give a file");
  if (stat(reader->path, &info) == 0 && !S_ISREG(info.st_mode))
    return ock_fail(err, OCKHAM_BAD_ARGUMENT, "%s: cannot be read twice, for it is not a regular file", reader->path);
  return OCKHAM_OK;
}

static bool same_columns(const ock_source *a, const ock_source *b) {
  bool same = a->n_columns == b->n_columns && a->dtype == b->dtype;
  for (size_t j = 0; same && j < a->n_columns; j++) same = strcmp(a->names[j], b->names[j]) == 0;
  return same;
}

ockham_status ockham_reader_rewind(ockham_reader *reader, ockham_error *err) {
  OCK_TRY(check_rereadable(reader, err));
  ock_source *old = reader->source, *source;
  if (reader->n_rows_read == 0 && !reader->ended) return OCKHAM_OK;
  OCK_TRY(open_format(reader->format, reader->path, reader->part, &reader->options, &source, err));
  if (!same_columns(old, source)) {
    source->close(source);
    return ock_fail(err, OCKHAM_BAD_FILE, "%s: has other columns than when it was read before", reader->path);
  }
  memcpy(source->role, old->role, source->n_columns * sizeof *source->role);
  source->labels = &reader->labels;
  source->texts = reader->texts;
  source->missing = reader->missing;
  old->close(old);
  reader->source = source;
  reader->n_rows_read = reader->n_rows_before = reader->n_rows_dropped = 0;
  reader->ended = false;
  return OCKHAM_OK;
}

bool ock_reader_found_text(const ockham_reader *reader) {
  for (size_t k = 0; reader->may_be_text && k < reader->n_features; k++) {
    size_t j = reader->column[k];
    if (reader->source->role[j] == OCK_ROLE_FEATURE && reader->source->found_text[j]) return true;
  }
  return false;
}

ockham_status ock_reader_restart(ockham_reader *reader, ockham_error *err) {
  ock_source *source = reader->source;
  for (size_t k = 0; k < reader->n_features; k++)
    if (source->found_text[reader->column[k]]) OCK_TRY(ock_reader_make_category(reader, k, err));
  ock_labels_clear(&reader->labels);
  for (size_t j = 0; j < source->n_columns; j++) ock_labels_clear(&reader->texts[j]);
  reader->n_rows_read = reader->n_rows_before = reader->n_rows_dropped = 0;
  return source->restart(source, err);
}

static ockham_status rewind_reader(void *user, ockham_error *err) {
  return ockham_reader_rewind(user, err);
}

static ockham_status next_of_reader(void *user, ockham_rows *rows, ockham_error *err) {
  return ockham_reader_next(user, rows, err);
}

ockham_status ockham_reader_source(ockham_reader *reader, ockham_row_source *source, ockham_error *err) {
  OCK_TRY(check_rereadable(reader, err));
  *source = (ockham_row_source){
      .n_columns = reader->n_features, .rewind = rewind_reader, .next = next_of_reader, .user = reader};
  return OCKHAM_OK;
}

void ockham_reader_scale(ockham_reader *reader, const ockham_scaling *scaling) {
  reader->scaling = scaling && scaling->kind != OCKHAM_SCALE_NONE ? scaling : NULL;
}

/* ---- what a reader knows ---- */

uint64_t ockham_reader_source_row(const ockham_reader *reader, size_t i) {
  return reader->missing == OCKHAM_MISSING_DROP ? reader->source_row[i] : reader->n_rows_before + i + 1;
}

const uint32_t *ockham_reader_labels(const ockham_reader *reader) {
  return reader->block_label;
}

size_t ockham_reader_n_label_values(const ockham_reader *reader) {
  return reader->labels.n;
}

uint64_t ockham_reader_n_rows_dropped(const ockham_reader *reader) {
  return reader->n_rows_dropped;
}

size_t ockham_reader_n_columns(const ockham_reader *reader) {
  return reader->n_features;
}

size_t ockham_reader_n_unused_columns(const ockham_reader *reader) {
  size_t n = 0;
  for (size_t j = 0; j < reader->source->n_columns; j++) n += reader->source->role[j] == OCK_ROLE_SKIP;
  return n;
}

const char *ockham_reader_column_name(const ockham_reader *reader, size_t j) {
  return reader->source->names[reader->column[j]];
}

const char *ock_reader_path(const ockham_reader *reader) {
  return reader->source->path;
}

ockham_dtype ock_reader_dtype(const ockham_reader *reader) {
  return reader->source->dtype;
}

bool ock_reader_has_weight(const ockham_reader *reader) {
  return reader->has_weight;
}

const double *ockham_reader_weights(const ockham_reader *reader) {
  return reader->has_weight ? reader->weight : NULL;
}

bool ock_reader_has_time(const ockham_reader *reader) {
  return reader->has_time;
}

const double *ockham_reader_times(const ockham_reader *reader) {
  return reader->has_time ? reader->time : NULL;
}

ock_labels *ock_reader_texts(ockham_reader *reader, size_t k) {
  return reader->texts ? &reader->texts[reader->column[k]] : NULL;
}

size_t ockham_reader_n_texts(const ockham_reader *reader, size_t j) {
  return reader->texts ? reader->texts[reader->column[j]].n : 0;
}

const char *ockham_reader_text(const ockham_reader *reader, size_t j, size_t value) {
  return reader->texts[reader->column[j]].texts[value];
}

bool ock_reader_has_label(const ockham_reader *reader) {
  return reader->has_label;
}

uint64_t ock_reader_n_rows_expected(const ockham_reader *reader) {
  return reader->source->n_rows_expected;
}

ock_labels *ock_reader_labels(ockham_reader *reader) {
  return &reader->labels;
}
