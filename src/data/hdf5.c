/* SPDX-License-Identifier: Apache-2.0 */
/* Datasets of HDF5 files: one or two dimensions of integers or floats, in blocks of rows that are whole chunks of the
 * file. HDF5 keeps state that threads share, so one lock surrounds every entry from here into it; inside, its own
 * printing of errors is off, and the innermost of them becomes part of our line. What HDF5 itself does not check in a
 * damaged file (1.10: the size of a decompressed chunk) is not checked here either. */
#include "data/internal.h"

#ifndef OCK_HAVE_HDF5

ockham_status ock_hdf5_open(const char *path, const char *part, const ockham_read_options *options, ock_source **source,
                            ockham_error *err) {
  (void)part;
  (void)options;
  *source = NULL;
  return ock_fail(err, OCKHAM_UNSUPPORTED, "%s: this build has no HDF5; install libhdf5 and build again", path);
}

#else

#define H5_USE_110_API
#include <errno.h>
#include <hdf5.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

enum {
  BLOCK_SIZE = 1024 * 1024,                /* bytes of float64 */
  LARGEST_CHUNK_BLOCK = 256 * 1024 * 1024, /* the most memory that is spent on reading each chunk only once */
  MOST_COLUMNS = 1 << 24,
  LARGEST_CHUNK_EXPANSION = 1 << 16, /* beyond it, extents are taken for damage */
  SHOWN_CANDIDATES = 8
};

typedef struct hdf5_source {
  ock_source base;
  hid_t file, dataset;
  bool is_signed, is_integer;
  size_t n_rows, next_row, block_rows;
  size_t n_features;
  size_t *feature;     /* the columns that are features; allocated, like what follows, by the first call of next */
  size_t label_column; /* n_columns when there is none */
  void *raw;           /* a block with all columns; the same as values when all are features */
  void *values;
  void *raw_label; /* int64, uint64 or double */
  uint32_t *label;
} hdf5_source;

/* ---- the lock and the errors ---- */

static pthread_mutex_t hdf5_lock = PTHREAD_MUTEX_INITIALIZER;

typedef struct error_printing {
  H5E_auto2_t function;
  void *data;
} error_printing;

static error_printing hdf5_enter(void) {
  error_printing kept = {NULL, NULL};
  pthread_mutex_lock(&hdf5_lock);
  H5Eget_auto2(H5E_DEFAULT, &kept.function, &kept.data);
  H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
  return kept;
}

static void hdf5_leave(error_printing kept) {
  H5Eset_auto2(H5E_DEFAULT, kept.function, kept.data);
  pthread_mutex_unlock(&hdf5_lock);
}

/* The search for plugins is left out: that a filter is missing, which comes next, says more. */
static herr_t keep_first_message(unsigned n, const H5E_error2_t *error, void *text) {
  (void)n;
  if (*(char *)text == '\0' && error->desc && error->maj_num != H5E_PLUGIN) snprintf(text, 200, "%s", error->desc);
  return 0;
}

static ockham_status fail_hdf5(ockham_error *err, const char *path, const char *what) {
  char text[200] = "";
  H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, keep_first_message, text);
  return ock_fail(err, OCKHAM_BAD_FILE, "%s: %s: %s", path, what, *text ? text : "unknown error");
}

/* ---- which dataset ---- */

typedef struct dataset_facts {
  int n_dimensions;
  hsize_t shape[2];
  H5T_class_t type_class;
  size_t element_size;
  bool is_signed;
} dataset_facts;

static bool get_dataset_facts(hid_t dataset, dataset_facts *facts) {
  *facts = (dataset_facts){.type_class = H5T_NO_CLASS};
  hid_t type = H5Dget_type(dataset), space = H5Dget_space(dataset);
  if (type >= 0) {
    facts->type_class = H5Tget_class(type);
    facts->element_size = H5Tget_size(type);
    facts->is_signed = facts->type_class == H5T_INTEGER && H5Tget_sign(type) == H5T_SGN_2;
    H5Tclose(type);
  }
  if (space >= 0) {
    facts->n_dimensions = H5Sget_simple_extent_ndims(space);
    if (facts->n_dimensions == 1 || facts->n_dimensions == 2) H5Sget_simple_extent_dims(space, facts->shape, NULL);
    if (facts->n_dimensions == 1) facts->shape[1] = 1;
    H5Sclose(space);
  }
  return type >= 0 && space >= 0;
}

static bool is_numeric(const dataset_facts *facts) {
  return facts->type_class == H5T_INTEGER || facts->type_class == H5T_FLOAT;
}

/* The datasets of a file that could be meant. */
typedef struct candidates {
  size_t n;
  char *only; /* the path of the first */
  bool out_of_memory;
  char list[300]; /* "/a, /b" */
} candidates;

static void add_candidate(candidates *found, const char *name) {
  if (found->n == 0) {
    size_t size = strlen(name) + 2;
    found->only = ock_alloc(size);
    if (found->only) snprintf(found->only, size, "/%s", name);
    found->out_of_memory = !found->only;
  }
  size_t used = strlen(found->list);
  const char *separator = found->n ? ", " : "";
  if (found->n < SHOWN_CANDIDATES && used + strlen(name) + 8 < sizeof found->list)
    snprintf(found->list + used, sizeof found->list - used, "%s/%s", separator, name);
  else if (used >= 3 && strcmp(found->list + used - 3, "...") != 0)
    snprintf(found->list + used, sizeof found->list - used, ", ...");
  found->n++;
}

static herr_t visit_object(hid_t file, const char *name, const H5O_info_t *info, void *found) {
  if (info->type != H5O_TYPE_DATASET) return 0;
  hid_t dataset = H5Dopen2(file, name, H5P_DEFAULT);
  if (dataset < 0) return 0; /* damaged or of a filter that is not there: not a candidate */
  dataset_facts facts;
  if (get_dataset_facts(dataset, &facts) && is_numeric(&facts) && (facts.n_dimensions == 1 || facts.n_dimensions == 2))
    add_candidate(found, name);
  H5Dclose(dataset);
  return 0;
}

/* List the datasets of the file; found->only is to be freed, even after a failure. */
static ockham_status find_candidates(const hdf5_source *h5, candidates *found, ockham_error *err) {
  *found = (candidates){0};
  if (H5Ovisit(h5->file, H5_INDEX_NAME, H5_ITER_INC, visit_object, found) < 0)
    return fail_hdf5(err, h5->base.path, "HDF5 cannot list its datasets");
  return found->out_of_memory ? ock_fail_memory(err, "the name of a dataset", 0) : OCKHAM_OK;
}

static ockham_status open_only_dataset(hdf5_source *h5, ockham_error *err) {
  candidates found;
  ockham_status status = find_candidates(h5, &found, err);
  if (!status && found.n == 0)
    status = ock_fail(err, OCKHAM_BAD_DATA, "%s: holds no dataset of numbers in one or two dimensions", h5->base.path);
  if (!status && found.n > 1)
    status = ock_fail(err, OCKHAM_BAD_ARGUMENT, "%s: holds %zu datasets (%s); name one as in %s:%s", h5->base.path,
                      found.n, found.list, h5->base.path, found.only);
  if (!status && (h5->dataset = H5Dopen2(h5->file, found.only, H5P_DEFAULT)) < 0)
    status = fail_hdf5(err, h5->base.path, "HDF5 cannot open its dataset");
  ock_free(found.only);
  return status;
}

static ockham_status open_named_dataset(hdf5_source *h5, const char *part, ockham_error *err) {
  h5->dataset = H5Dopen2(h5->file, part, H5P_DEFAULT);
  if (h5->dataset >= 0) return OCKHAM_OK;
  candidates found;
  ockham_status status = find_candidates(h5, &found, err);
  if (!status)
    status = ock_fail(err, OCKHAM_BAD_ARGUMENT, "%s: has no dataset '%.100s'; it holds %s", h5->base.path, part,
                      found.n ? found.list : "none of numbers");
  ock_free(found.only);
  return status;
}

/* ---- opening ---- */

static ockham_status check_type(const hdf5_source *h5, const dataset_facts *facts, ockham_error *err) {
  static const char *const classes[] = {"integers",     "floats",       "times",     "text",
                                        "bit fields",   "opaque bytes", "compounds", "references",
                                        "enumerations", "lists",        "arrays"};
  if (!is_numeric(facts)) {
    int number = (int)facts->type_class;
    bool known = number >= 0 && number < (int)(sizeof classes / sizeof *classes);
    return ock_fail(err, OCKHAM_UNSUPPORTED, "%s: the dataset holds %s, expected integers or floats", h5->base.path,
                    known ? classes[number] : "something unknown");
  }
  if (facts->n_dimensions != 1 && facts->n_dimensions != 2)
    return ock_fail(err, OCKHAM_BAD_DATA, "%s: the dataset has %d dimensions, expected 1 or 2", h5->base.path,
                    facts->n_dimensions);
  return OCKHAM_OK;
}

/* How many bytes of data a stored byte may stand for: compression lets few hold many. 0 when data lie elsewhere. */
static uint64_t largest_expansion(const hdf5_source *h5) {
  hid_t properties = H5Dget_create_plist(h5->dataset);
  if (properties < 0) return 1;
  H5D_layout_t layout = H5Pget_layout(properties);
  bool elsewhere = layout == H5D_VIRTUAL || H5Pget_external_count(properties) > 0;
  H5Pclose(properties);
  return elsewhere ? 0 : layout == H5D_CHUNKED ? LARGEST_CHUNK_EXPANSION : 1;
}

static ockham_status check_shape(const hdf5_source *h5, const dataset_facts *facts, ockham_error *err) {
  unsigned long long rows = facts->shape[0], columns = facts->shape[1];
  uint64_t size, stored = H5Dget_storage_size(h5->dataset), expansion = largest_expansion(h5);
  if (rows == 0 || columns == 0)
    return ock_fail(err, OCKHAM_BAD_DATA, "%s: the dataset holds %llu rows of %llu columns, expected at least one",
                    h5->base.path, rows, columns);
  if (columns > MOST_COLUMNS)
    return ock_fail(err, OCKHAM_BAD_DATA, "%s: the dataset has %llu columns, expected at most %d", h5->base.path,
                    columns, MOST_COLUMNS);
  bool too_large = __builtin_mul_overflow(rows, columns, &size) ||
                   __builtin_mul_overflow(size, facts->element_size, &size) || size > SIZE_MAX / 16;
  if (too_large || (expansion > 0 && size / expansion > stored))
    return ock_fail(err, OCKHAM_BAD_FILE,
                    "%s: the dataset says it holds %llu x %llu values, but only %llu bytes are stored for them",
                    h5->base.path, rows, columns, (unsigned long long)stored);
  return OCKHAM_OK;
}

/* A block is a whole number of chunks high, so that each chunk is decompressed once. */
static size_t choose_block_rows(const hdf5_source *h5) {
  size_t row_size = h5->base.n_columns * sizeof(double);
  size_t rows = BLOCK_SIZE / row_size > 0 ? BLOCK_SIZE / row_size : 1;
  hid_t properties = H5Dget_create_plist(h5->dataset);
  hsize_t chunk[2] = {0, 0};
  if (properties >= 0 && H5Pget_layout(properties) == H5D_CHUNKED && H5Pget_chunk(properties, 2, chunk) > 0 &&
      chunk[0] > 0 && chunk[0] <= LARGEST_CHUNK_BLOCK / row_size)
    rows = (rows + (size_t)chunk[0] - 1) / (size_t)chunk[0] * (size_t)chunk[0];
  if (properties >= 0) H5Pclose(properties);
  return rows < h5->n_rows ? rows : h5->n_rows;
}

static ockham_status open_dataset(hdf5_source *h5, const char *part, ockham_error *err) {
  dataset_facts facts;
  OCK_TRY(part ? open_named_dataset(h5, part, err) : open_only_dataset(h5, err));
  if (!get_dataset_facts(h5->dataset, &facts)) return fail_hdf5(err, h5->base.path, "HDF5 cannot describe the dataset");
  OCK_TRY(check_type(h5, &facts, err));
  OCK_TRY(check_shape(h5, &facts, err));
  OCK_TRY(ock_source_set_columns(&h5->base, (size_t)facts.shape[1], true, err));
  h5->n_rows = (size_t)facts.shape[0];
  h5->is_integer = facts.type_class == H5T_INTEGER;
  h5->is_signed = facts.is_signed;
  h5->block_rows = choose_block_rows(h5);
  h5->base.dtype = facts.type_class == H5T_FLOAT && facts.element_size == 4 ? OCKHAM_FLOAT32 : OCKHAM_FLOAT64;
  h5->base.n_rows_expected = h5->n_rows;
  return OCKHAM_OK;
}

/* ---- blocks ---- */

static size_t value_size(const hdf5_source *h5) {
  return h5->base.dtype == OCKHAM_FLOAT32 ? sizeof(float) : sizeof(double);
}

static ockham_status prepare(hdf5_source *h5, ockham_error *err) {
  size_t n_columns = h5->base.n_columns;
  h5->feature = ock_alloc_array(n_columns, sizeof *h5->feature);
  if (!h5->feature) return ock_fail_memory(err, "a list of columns", n_columns * sizeof *h5->feature);
  h5->label_column = n_columns;
  for (size_t j = 0; j < n_columns; j++) {
    if (ock_role_has_value(h5->base.role[j])) h5->feature[h5->n_features++] = j;
    if (h5->base.role[j] == OCK_ROLE_LABEL) h5->label_column = j;
  }
  size_t elements = ock_size_product(h5->block_rows, h5->n_features);
  size_t raw_elements = ock_size_product(h5->block_rows, n_columns);
  h5->values = ock_alloc_array(elements, value_size(h5));
  h5->raw = h5->n_features == n_columns ? h5->values : ock_alloc_array(raw_elements, value_size(h5));
  h5->raw_label = ock_alloc_array(h5->block_rows, sizeof(uint64_t));
  h5->label = ock_alloc_array(h5->block_rows, sizeof *h5->label);
  if (!h5->values || !h5->raw || !h5->raw_label || !h5->label)
    return ock_fail_memory(err, "a block of rows", ock_size_product(raw_elements, value_size(h5)));
  return OCKHAM_OK;
}

/* Read the block of n rows and some columns, converted to a type of memory. */
static ockham_status read_block(const hdf5_source *h5, size_t n, size_t first_column, size_t n_columns, hid_t type,
                                void *to, ockham_error *err) {
  hsize_t start[2] = {h5->next_row, first_column}, count[2] = {n, n_columns};
  hid_t file_space = H5Dget_space(h5->dataset);
  hid_t memory_space = H5Screate_simple(2, count, NULL);
  bool fine = file_space >= 0 && memory_space >= 0 &&
              H5Sselect_hyperslab(file_space, H5S_SELECT_SET, start, NULL, count, NULL) >= 0 &&
              H5Dread(h5->dataset, type, memory_space, file_space, H5P_DEFAULT, to) >= 0;
  ockham_status status = OCKHAM_OK;
  if (!fine) status = fail_hdf5(err, h5->base.path, "HDF5 cannot read the dataset");
  if (memory_space >= 0) H5Sclose(memory_space);
  if (file_space >= 0) H5Sclose(file_space);
  return status;
}

/* Move the features of n rows from raw to values. */
static void pick_features(hdf5_source *h5, size_t n) {
  size_t size = value_size(h5), n_columns = h5->base.n_columns;
  const unsigned char *from = h5->raw;
  unsigned char *to = h5->values;
  for (size_t i = 0; i < n; i++, from += n_columns * size)
    for (size_t f = 0; f < h5->n_features; f++, to += size) memcpy(to, from + h5->feature[f] * size, size);
}

static size_t label_text(const hdf5_source *h5, size_t i, char text[32]) {
  if (!h5->is_integer) return ock_number_format(((const double *)h5->raw_label)[i], text);
  if (h5->is_signed) return (size_t)snprintf(text, 32, "%lld", (long long)((const int64_t *)h5->raw_label)[i]);
  return (size_t)snprintf(text, 32, "%llu", (unsigned long long)((const uint64_t *)h5->raw_label)[i]);
}

static ockham_status read_labels(hdf5_source *h5, size_t n, ockham_error *err) {
  hid_t type = !h5->is_integer ? H5T_NATIVE_DOUBLE : h5->is_signed ? H5T_NATIVE_INT64 : H5T_NATIVE_UINT64;
  OCK_TRY(read_block(h5, n, h5->label_column, 1, type, h5->raw_label, err));
  for (size_t i = 0; i < n; i++) {
    char text[32];
    size_t length = label_text(h5, i, text);
    OCK_TRY(ock_labels_intern(h5->base.labels, text, length, &h5->label[i], err));
  }
  return OCKHAM_OK;
}

static ockham_status read_rows(hdf5_source *h5, size_t n, ockham_error *err) {
  hid_t type = h5->base.dtype == OCKHAM_FLOAT32 ? H5T_NATIVE_FLOAT : H5T_NATIVE_DOUBLE;
  OCK_TRY(read_block(h5, n, 0, h5->base.n_columns, type, h5->raw, err));
  if (h5->raw != h5->values) pick_features(h5, n);
  return h5->label_column < h5->base.n_columns ? read_labels(h5, n, err) : OCKHAM_OK;
}

static ockham_status hdf5_next(ock_source *source, ock_block *block, ockham_error *err) {
  hdf5_source *h5 = (hdf5_source *)source;
  if (!h5->label) OCK_TRY(prepare(h5, err));
  size_t left = h5->n_rows - h5->next_row;
  size_t n = left < h5->block_rows ? left : h5->block_rows;
  if (n > 0) {
    error_printing kept = hdf5_enter();
    ockham_status status = read_rows(h5, n, err);
    hdf5_leave(kept);
    if (status) return status;
  }
  h5->next_row += n;
  *block = (ock_block){.values = h5->values, .n_rows = n, .dtype = source->dtype};
  if (h5->label_column < source->n_columns) block->label = h5->label;
  return OCKHAM_OK;
}

static void hdf5_close(ock_source *source) {
  hdf5_source *h5 = (hdf5_source *)source;
  error_printing kept = hdf5_enter();
  if (h5->dataset >= 0) H5Dclose(h5->dataset);
  if (h5->file >= 0) H5Fclose(h5->file);
  hdf5_leave(kept);
  ock_source_clear(source);
  ock_free(h5->feature);
  if (h5->raw != h5->values) ock_free(h5->raw);
  ock_free(h5->values);
  ock_free(h5->raw_label);
  ock_free(h5->label);
  ock_free(h5);
}

ockham_status ock_hdf5_open(const char *path, const char *part, const ockham_read_options *options, ock_source **source,
                            ockham_error *err) {
  (void)options; /* none of them concerns the format */
  *source = NULL;
  if (access(path, R_OK) != 0) return ock_fail(err, OCKHAM_IO, "%s: cannot be opened: %s", path, strerror(errno));
  hdf5_source *h5 = ock_alloc_zeroed(1, sizeof *h5);
  if (!h5) return ock_fail_memory(err, "an HDF5 file", sizeof *h5);
  h5->base = (ock_source){.path = path, .next = hdf5_next, .close = hdf5_close};
  h5->dataset = -1;
  error_printing kept = hdf5_enter();
  h5->file = H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT);
  ockham_status status = h5->file < 0 ? fail_hdf5(err, path, "HDF5 cannot open it") : open_dataset(h5, part, err);
  hdf5_leave(kept);
  if (status)
    hdf5_close(&h5->base);
  else
    *source = &h5->base;
  return status;
}

#endif
