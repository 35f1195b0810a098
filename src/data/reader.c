/* SPDX-License-Identifier: Apache-2.0 */
/* Blocks pass through untouched where nothing is to be reordered or left out, which is the usual case. */
#include "data/reader.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LISTED_NAMES = 8, MAGIC_BYTES = 16 };

typedef enum { FORMAT_CSV, FORMAT_NPY, FORMAT_HDF5, FORMAT_SQLITE } file_format;

struct ockham_reader {
  char *path;       /* of the file, which source->path may point to; NULL when the source was given */
  const char *part; /* in it, or NULL */
  file_format format;
  ockham_read_options options; /* what opening the source anew needs of them */
  char *query;
  ockham_progress progress;
  ock_source *source;
  ockham_missing missing;
  ock_labels labels;
  bool has_label, has_weight;
  size_t weight_column;   /* among the source's columns, where it is a feature like others ... */
  size_t weight_position; /* ... and among these */
  size_t n_features;      /* without it */
  size_t *column;         /* n_features: where each is among the source's columns */
  size_t *position;       /* n_features: where each is in the source's rows; NULL when they are in order */
  void *rows;             /* the block given out last, where it is not the source's own */
  uint32_t *label;
  double *weight;
  size_t capacity_rows;
  uint64_t *source_row; /* under DROP: which rows of the file the block's are */
  size_t capacity_source_rows;
  const ockham_scaling *scaling; /* of the rows given out, or NULL */
  const uint32_t *block_label;   /* of the block given out last, or NULL */
  double *converted;             /* rows as float64, or scaled */
  size_t capacity_converted;
  uint64_t n_rows_read, n_rows_before, n_rows_dropped; /* before: those of earlier blocks */
  bool ended;
};

/* ---- which columns ---- */

static ockham_status fail_unknown(const ock_source *source, const char *wanted, ockham_error *err) {
  char list[320] = "";
  size_t n = 0;
  for (size_t j = 0; j < source->n_columns && j < LISTED_NAMES && n + 48 < sizeof list; j++)
    n += (size_t)snprintf(list + n, sizeof list - n, "%s'%.32s'", j ? ", " : "", source->names[j]);
  if (source->n_columns > LISTED_NAMES) snprintf(list + n, sizeof list - n, ", ...");
  return ock_fail(err, OCKHAM_BAD_ARGUMENT, "%s: no column '%.64s'; it has %s", source->path, wanted, list);
}

/* The column of that name, or else of that number. */
static ockham_status find_column(const ock_source *source, const char *wanted, size_t *column, ockham_error *err) {
  size_t n_found = 0;
  for (size_t j = source->n_columns; j-- > 0;) {
    if (strcmp(source->names[j], wanted) != 0) continue;
    n_found++;
    *column = j;
  }
  if (n_found == 1) return OCKHAM_OK;
  if (n_found > 1)
    return ock_fail(err, OCKHAM_BAD_ARGUMENT, "%s: %zu columns are named '%.64s'; choose by number", source->path,
                    n_found, wanted);
  size_t number = ock_column_number(wanted);
  if (number == 0 || number > source->n_columns) return fail_unknown(source, wanted, err);
  *column = number - 1;
  return OCKHAM_OK;
}

static ockham_status choose_listed(ockham_reader *reader, const ockham_read_options *options, ockham_error *err) {
  ock_source *source = reader->source;
  for (size_t i = 0; i < options->n_columns; i++) {
    size_t j;
    OCK_TRY(find_column(source, options->columns[i], &j, err));
    if (source->role[j] == OCK_ROLE_FEATURE)
      return ock_fail(err, OCKHAM_BAD_ARGUMENT, "%s: column '%.64s' was chosen twice", source->path,
                      options->columns[i]);
    source->role[j] = OCK_ROLE_FEATURE;
    reader->column[i] = j;
  }
  reader->n_features = options->n_columns;
  return OCKHAM_OK;
}

static void choose_all(ockham_reader *reader) {
  ock_source *source = reader->source;
  for (size_t j = 0; j < source->n_columns; j++) {
    source->role[j] = OCK_ROLE_FEATURE;
    reader->column[j] = j;
  }
  reader->n_features = source->n_columns;
}

static ockham_status choose_weight(ockham_reader *reader, const char *wanted, ockham_error *err) {
  ock_source *source = reader->source;
  OCK_TRY(find_column(source, wanted, &reader->weight_column, err));
  if (source->role[reader->weight_column] == OCK_ROLE_LABEL)
    return ock_fail(err, OCKHAM_BAD_ARGUMENT, "%s: column '%.64s' cannot hold both labels and weights", source->path,
                    wanted);
  source->role[reader->weight_column] = OCK_ROLE_SKIP;
  reader->has_weight = true;
  return OCKHAM_OK;
}

/* Columns that are ignored, or hold labels or weights, are no features even where they were listed. */
static ockham_status leave_out(ockham_reader *reader, const ockham_read_options *options, ockham_error *err) {
  ock_source *source = reader->source;
  size_t j;
  for (size_t i = 0; i < options->n_ignore; i++) {
    OCK_TRY(find_column(source, options->ignore[i], &j, err));
    source->role[j] = OCK_ROLE_SKIP;
  }
  if (options->label_column) {
    OCK_TRY(find_column(source, options->label_column, &j, err));
    source->role[j] = OCK_ROLE_LABEL;
    reader->has_label = true;
  }
  if (options->weight_column) OCK_TRY(choose_weight(reader, options->weight_column, err));
  size_t n = 0;
  for (size_t k = 0; k < reader->n_features; k++)
    if (source->role[reader->column[k]] == OCK_ROLE_FEATURE) reader->column[n++] = reader->column[k];
  reader->n_features = n;
  if (reader->has_weight) source->role[reader->weight_column] = OCK_ROLE_FEATURE; /* numbers, like others */
  if (n > 0) return OCKHAM_OK;
  return ock_fail(err, OCKHAM_BAD_ARGUMENT, "%s: none of its %zu column%s is left as a feature", source->path,
                  source->n_columns, source->n_columns == 1 ? "" : "s");
}

/* Values in a row of the source's. */
static size_t row_width(const ockham_reader *reader) {
  return reader->n_features + reader->has_weight;
}

/* Sources give features in the order of the file. */
static ockham_status find_positions(ockham_reader *reader, ockham_error *err) {
  bool in_order = !reader->has_weight;
  for (size_t k = 1; k < reader->n_features; k++) in_order &= reader->column[k - 1] < reader->column[k];
  if (in_order) return OCKHAM_OK;
  const ock_source *source = reader->source;
  size_t *position_of_column = ock_alloc_array(source->n_columns, sizeof(size_t));
  reader->position = ock_alloc_array(reader->n_features, sizeof(size_t));
  if (position_of_column && reader->position) {
    size_t n = 0;
    for (size_t j = 0; j < source->n_columns; j++) {
      position_of_column[j] = n;
      n += source->role[j] == OCK_ROLE_FEATURE;
    }
    for (size_t k = 0; k < reader->n_features; k++) reader->position[k] = position_of_column[reader->column[k]];
    if (reader->has_weight) reader->weight_position = position_of_column[reader->weight_column];
  }
  bool done = position_of_column && reader->position;
  ock_free(position_of_column);
  return done ? OCKHAM_OK : ock_fail_memory(err, "the columns", source->n_columns * sizeof(size_t));
}

static ockham_status choose_columns(ockham_reader *reader, const ockham_read_options *options, ockham_error *err) {
  size_t n = reader->source->n_columns;
  reader->column = ock_alloc_array(n > options->n_columns ? n : options->n_columns, sizeof *reader->column);
  if (!reader->column) return ock_fail_memory(err, "the columns", ock_size_product(n, sizeof *reader->column));
  if (options->columns)
    OCK_TRY(choose_listed(reader, options, err));
  else
    choose_all(reader);
  OCK_TRY(leave_out(reader, options, err));
  return find_positions(reader, err);
}

/* ---- which format ---- */

static file_format format_of_magic(const char magic[MAGIC_BYTES]) {
  if (memcmp(magic, "\x93NUMPY", 6) == 0) return FORMAT_NPY;
  if (memcmp(magic, "\x89HDF\r\n\x1a\n", 8) == 0) return FORMAT_HDF5;
  return memcmp(magic, "SQLite format 3", 16) == 0 ? FORMAT_SQLITE : FORMAT_CSV;
}

/* Look at the first bytes; only of regular files, because what is read from a pipe is gone. */
static ockham_status find_format(const char *path, file_format *format, ockham_error *err) {
  *format = FORMAT_CSV;
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

static ockham_status open_format(file_format format, const char *path, const char *part,
                                 const ockham_read_options *options, ock_source **source, ockham_error *err) {
  if (options->query && format != FORMAT_SQLITE)
    return ock_fail(err, OCKHAM_BAD_ARGUMENT, "%s: a query needs an SQLite file", path);
  switch (format) {
    case FORMAT_NPY:
      if (!part) return ock_npy_open(path, options, source, err);
      break;
    case FORMAT_HDF5:
      return ock_hdf5_open(path, part, options, source, err);
    case FORMAT_SQLITE:
      return ock_sqlite_open(path, part, options, source, err);
    case FORMAT_CSV:
      if (!part) return ock_csv_open(path, options, source, err);
      break;
  }
  return ock_fail(err, OCKHAM_BAD_ARGUMENT, "%s:%s: only HDF5 and SQLite files have parts to choose", path, part);
}

/* ---- opening ---- */

static const ockham_read_options all_defaults = {0};

static ockham_status check_options(const ockham_read_options *options, ockham_error *err) {
  if ((unsigned)options->missing > OCKHAM_MISSING_MEAN || (unsigned)options->header > OCKHAM_HEADER_ABSENT)
    return ock_fail(err, OCKHAM_BAD_ARGUMENT, "unknown policy for %s",
                    (unsigned)options->missing > OCKHAM_MISSING_MEAN ? "missing cells" : "the header");
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
  ockham_status status = choose_columns(reader, options, err);
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
  r->options.columns = r->options.ignore = NULL;
  r->options.n_columns = r->options.n_ignore = 0;
  r->options.label_column = NULL;
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
  file_format format;
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
  return ock_reader_open(path, options, reader, err);
}

void ockham_reader_close(ockham_reader *reader) {
  if (!reader) return;
  if (reader->source) reader->source->close(reader->source);
  ock_free(reader->query);
  ock_labels_clear(&reader->labels);
  ock_free(reader->column);
  ock_free(reader->position);
  ock_free(reader->rows);
  ock_free(reader->label);
  ock_free(reader->weight);
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
  source->missing = reader->missing;
  old->close(old);
  reader->source = source;
  reader->n_rows_read = reader->n_rows_before = reader->n_rows_dropped = 0;
  reader->ended = false;
  return OCKHAM_OK;
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

/* ---- rows ---- */

static bool is_finite_double(const double *x, size_t n) {
  uint64_t found = 0;
  for (size_t i = 0; i < n; i++) {
    uint64_t bits;
    memcpy(&bits, &x[i], sizeof bits);
    found |= (bits & 0x7fffffffffffffffu) + 0x0010000000000000u; /* carries into the sign for nan and inf */
  }
  return found >> 63 == 0;
}

static bool is_finite_float(const float *x, size_t n) {
  uint32_t found = 0;
  for (size_t i = 0; i < n; i++) {
    uint32_t bits;
    memcpy(&bits, &x[i], sizeof bits);
    found |= (bits & 0x7fffffffu) + 0x00800000u;
  }
  return found >> 31 == 0;
}

static bool is_finite(const ock_block *block, size_t first, size_t n) {
  return block->dtype == OCKHAM_FLOAT32 ? is_finite_float((const float *)block->values + first, n)
                                        : is_finite_double((const double *)block->values + first, n);
}

static double value_at(const ock_block *block, size_t i) {
  return block->dtype == OCKHAM_FLOAT32 ? (double)((const float *)block->values)[i]
                                        : ((const double *)block->values)[i];
}

/* The source's column behind the n-th feature of its rows. */
static size_t nth_feature(const ock_source *source, size_t n) {
  size_t j = 0;
  for (;; j++)
    if (source->role[j] == OCK_ROLE_FEATURE && n-- == 0) return j;
}

static ockham_status fail_value(const ockham_reader *reader, size_t row, size_t feature, double value,
                                ockham_error *err) {
  const ock_source *source = reader->source;
  size_t j = nth_feature(source, feature);
  unsigned long long number = reader->n_rows_read + row + 1;
  if (isnan(value))
    return ock_fail_at(err, OCKHAM_BAD_DATA, number, j + 1,
                       "%s: row %llu, column %zu '%.64s' is missing (NaN); --missing drop leaves out such rows, "
                       "--missing mean fills them in",
                       source->path, number, j + 1, source->names[j]);
  return ock_fail_at(err, OCKHAM_BAD_DATA, number, j + 1,
                     "%s: row %llu, column %zu '%.64s' holds %g, which is not finite", source->path, number, j + 1,
                     source->names[j], value);
}

/* Find the first value that the policy does not allow. */
static ockham_status check_values(const ockham_reader *reader, const ock_block *block, ockham_error *err) {
  size_t n = row_width(reader);
  for (size_t i = 0; i < block->n_rows; i++) {
    if (is_finite(block, i * n, n)) continue;
    for (size_t j = 0; j < n; j++) {
      double value = value_at(block, i * n + j);
      if (isinf(value) || (isnan(value) && reader->missing == OCKHAM_MISSING_ERROR))
        return fail_value(reader, i, j, value, err);
    }
  }
  return OCKHAM_OK;
}

static ockham_status reserve_rows(ockham_reader *reader, size_t n_rows, size_t value_bytes, ockham_error *err) {
  if (n_rows <= reader->capacity_rows) return OCKHAM_OK;
  ock_free(reader->rows);
  ock_free(reader->label);
  ock_free(reader->weight);
  size_t size = ock_size_product(n_rows, reader->n_features);
  reader->rows = ock_alloc_array(size, value_bytes);
  reader->label = ock_alloc_array(n_rows, sizeof *reader->label);
  reader->weight = ock_alloc_array(reader->has_weight ? n_rows : 0, sizeof *reader->weight);
  reader->capacity_rows = reader->rows && reader->label && reader->weight ? n_rows : 0;
  return reader->capacity_rows ? OCKHAM_OK
                               : ock_fail_memory(err, "a block of rows", ock_size_product(size, value_bytes));
}

static void copy_row(const ockham_reader *reader, const ock_block *block, size_t from, size_t to) {
  size_t n = reader->n_features, width = row_width(reader);
  const size_t *position = reader->position;
  if (block->dtype == OCKHAM_FLOAT32) {
    const float *x = (const float *)block->values + from * width;
    float *y = (float *)reader->rows + to * n;
    for (size_t k = 0; k < n; k++) y[k] = x[position ? position[k] : k];
  } else {
    const double *x = (const double *)block->values + from * width;
    double *y = (double *)reader->rows + to * n;
    for (size_t k = 0; k < n; k++) y[k] = x[position ? position[k] : k];
  }
}

static ockham_status number_rows(ockham_reader *reader, size_t n_rows, ockham_error *err) {
  if (n_rows > reader->capacity_source_rows) {
    ock_free(reader->source_row);
    reader->source_row = ock_alloc_array(n_rows, sizeof *reader->source_row);
    reader->capacity_source_rows = reader->source_row ? n_rows : 0;
    if (!reader->source_row) return ock_fail_memory(err, "the row numbers", n_rows * sizeof *reader->source_row);
  }
  for (size_t i = 0; i < n_rows; i++) reader->source_row[i] = reader->n_rows_read + i + 1;
  return OCKHAM_OK;
}

static ockham_status copy_weight(ockham_reader *reader, const ock_block *block, size_t from, size_t to,
                                 ockham_error *err) {
  const ock_source *source = reader->source;
  size_t j = reader->weight_column;
  double weight = value_at(block, from * row_width(reader) + reader->weight_position);
  reader->weight[to] = weight;
  if (ock_is_weight(weight)) return OCKHAM_OK;
  unsigned long long number = reader->n_rows_read + from + 1;
  return ock_fail_at(err, OCKHAM_BAD_DATA, number, j + 1,
                     "%s: row %llu, column %zu '%.64s': a weight must be 0 or a number from %g to %g, found %g",
                     source->path, number, j + 1, source->names[j], OCKHAM_LEAST_WEIGHT, OCKHAM_LARGEST_WEIGHT, weight);
}

/* Copy the rows that stay, their features in the order asked for, and their weights. */
static ockham_status rearrange(ockham_reader *reader, ock_block *block, bool drop, ockham_error *err) {
  size_t value_bytes = block->dtype == OCKHAM_FLOAT32 ? sizeof(float) : sizeof(double);
  OCK_TRY(reserve_rows(reader, block->n_rows, value_bytes, err));
  size_t n_kept = 0;
  for (size_t i = 0; i < block->n_rows; i++) {
    if (drop && !is_finite(block, i * row_width(reader), row_width(reader))) continue;
    copy_row(reader, block, i, n_kept);
    if (block->label) reader->label[n_kept] = block->label[i];
    if (reader->has_weight) OCK_TRY(copy_weight(reader, block, i, n_kept, err));
    if (drop) reader->source_row[n_kept] = reader->n_rows_read + i + 1;
    n_kept++;
  }
  reader->n_rows_dropped += block->n_rows - n_kept;
  block->values = reader->rows;
  if (block->label) block->label = reader->label;
  if (reader->has_weight) block->weight = reader->weight;
  block->n_rows = n_kept;
  return OCKHAM_OK;
}

ockham_status ock_reader_next_block(ockham_reader *reader, ock_block *block, ockham_error *err) {
  do {
    OCK_TRY(reader->source->next(reader->source, block, err));
    size_t n_rows = block->n_rows;
    if (n_rows == 0) break;
    bool drop = false;
    block->source_row = NULL;
    block->weight = NULL;
    if (reader->missing == OCKHAM_MISSING_DROP) {
      OCK_TRY(number_rows(reader, n_rows, err));
      block->source_row = reader->source_row;
    }
    if (!is_finite(block, 0, n_rows * row_width(reader))) {
      drop = reader->missing == OCKHAM_MISSING_DROP;
      if (!drop) OCK_TRY(check_values(reader, block, err));
    }
    if (drop || reader->position) OCK_TRY(rearrange(reader, block, drop, err));
    reader->n_rows_before = reader->n_rows_read;
    reader->n_rows_read += n_rows;
  } while (block->n_rows == 0);
  return OCKHAM_OK;
}

/* Into a copy of float64, scaled. */
static ockham_status convert(ockham_reader *reader, ockham_rows *rows, ockham_error *err) {
  size_t n = rows->n_rows * reader->n_features;
  if (n > reader->capacity_converted) {
    ock_free(reader->converted);
    reader->converted = ock_alloc_array(n, sizeof(double));
    reader->capacity_converted = reader->converted ? n : 0;
    if (!reader->converted) return ock_fail_memory(err, "a block of rows", n * sizeof(double));
  }
  if (rows->dtype == OCKHAM_FLOAT32) {
    for (size_t i = 0; i < n; i++) reader->converted[i] = (double)((const float *)rows->data)[i];
    rows->data = reader->converted;
    rows->dtype = OCKHAM_FLOAT64;
  }
  if (reader->scaling) ockham_scaling_apply(reader->scaling, *rows, reader->converted);
  rows->data = reader->converted;
  return OCKHAM_OK;
}

ockham_status ockham_reader_next(ockham_reader *reader, ockham_rows *rows, ockham_error *err) {
  ock_block block;
  OCK_TRY(ock_reader_next_block(reader, &block, err));
  reader->block_label = block.label;
  reader->ended = block.n_rows == 0;
  ockham_rows found = {.data = block.values,
                       .n_rows = block.n_rows,
                       .n_columns = reader->n_features,
                       .stride = reader->n_features,
                       .dtype = block.n_rows > 0 ? block.dtype : OCKHAM_FLOAT64};
  if (block.n_rows > 0 && (block.dtype == OCKHAM_FLOAT32 || reader->scaling)) OCK_TRY(convert(reader, &found, err));
  *rows = found;
  return OCKHAM_OK;
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

bool ock_reader_has_label(const ockham_reader *reader) {
  return reader->has_label;
}

uint64_t ock_reader_n_rows_expected(const ockham_reader *reader) {
  return reader->source->n_rows_expected;
}

ock_labels *ock_reader_labels(ockham_reader *reader) {
  return &reader->labels;
}
