/* SPDX-License-Identifier: Apache-2.0 */
/* Arrays of numpy: NPY versions 1.0 to 3.0, integers, floats and booleans of either byte order, in C or Fortran order.
 * Integers beyond 2^53 are rounded to the nearest double. */
#include "data/npy.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
  PRELUDE_SIZE = 8,             /* the magic and the version */
  LONGEST_HEADER = 1024 * 1024, /* far more than any that describes numbers */
  BLOCK_SIZE = 1024 * 1024,     /* bytes of a block of float64: what a second-level cache holds */
  FORTRAN_ROWS = 64,            /* least rows of a block in Fortran order: each column's piece is one read */
  TILE_ROWS = 32                /* rows that are transposed together */
};

/* Spread n elements of one type, `from_step` apart, as doubles or floats `to_step` apart. */
typedef void spread_function(const void *from, size_t from_step, void *to, size_t to_step, size_t n);

/* The text of one element, for labels; returns its length. */
typedef size_t text_function(const void *element, char text[32]);

typedef struct element_type {
  char code; /* of the descr: f, i, u or b */
  unsigned char size;
  spread_function *spread;
  text_function *text;
} element_type;

typedef struct npy_header {
  const element_type *type;
  bool other_byte_order, fortran_order;
  size_t n_dimensions;
  uint64_t shape[2];
} npy_header;

typedef struct npy_source {
  ock_source base;
  npy_header header;
  const unsigned char *bytes; /* the file in memory; NULL: read it through the descriptor */
  int descriptor;             /* -1: none */
  uint64_t data_offset;
  size_t n_rows, next_row, block_rows;
  size_t n_features;
  size_t *feature;     /* the columns that are features; allocated, like what follows, by the first call of next */
  size_t label_column; /* n_columns when there is none */
  void *raw;           /* a block as the file has it, with native byte order */
  void *values;        /* the block as we give it */
  uint32_t *label;
} npy_source;

/* ---- element types ---- */

/* IEEE 754 binary16. */
static double half_value(uint16_t bits) {
  union {
    uint32_t bits;
    float value;
  } magnitude = {(uint32_t)(bits & 0x7fff) << 13}; /* its exponent is now too small by 127 - 15 */
  magnitude.value *= 0x1p112f;
  if ((bits & 0x7c00) == 0x7c00) magnitude.value = bits & 0x3ff ? NAN : INFINITY;
  return bits & 0x8000 ? -(double)magnitude.value : (double)magnitude.value;
}

#define SPREAD(name, type, result, VALUE)                                                             \
  static void spread_##name(const void *from, size_t from_step, void *to, size_t to_step, size_t n) { \
    const type *in = from;                                                                            \
    result *out = to;                                                                                 \
    for (size_t i = 0; i < n; i++) out[i * to_step] = (result)VALUE(in[i * from_step]);               \
  }
#define AS_IT_IS(x) (x)
#define IS_SET(x) ((x) != 0)
SPREAD(f2, uint16_t, double, half_value)
SPREAD(f4, float, float, AS_IT_IS)
SPREAD(f8, double, double, AS_IT_IS)
SPREAD(i1, int8_t, double, AS_IT_IS)
SPREAD(i2, int16_t, double, AS_IT_IS)
SPREAD(i4, int32_t, double, AS_IT_IS)
SPREAD(i8, int64_t, double, AS_IT_IS)
SPREAD(u1, uint8_t, double, AS_IT_IS)
SPREAD(u2, uint16_t, double, AS_IT_IS)
SPREAD(u4, uint32_t, double, AS_IT_IS)
SPREAD(u8, uint64_t, double, AS_IT_IS)
SPREAD(b1, uint8_t, double, IS_SET)

#define INTEGER_TEXT(name, type, format, wide)                                 \
  static size_t text_##name(const void *element, char text[32]) {              \
    return (size_t)snprintf(text, 32, format, (wide) * (const type *)element); \
  }
INTEGER_TEXT(i1, int8_t, "%lld", long long)
INTEGER_TEXT(i2, int16_t, "%lld", long long)
INTEGER_TEXT(i4, int32_t, "%lld", long long)
INTEGER_TEXT(i8, int64_t, "%lld", long long)
INTEGER_TEXT(u1, uint8_t, "%llu", unsigned long long)
INTEGER_TEXT(u2, uint16_t, "%llu", unsigned long long)
INTEGER_TEXT(u4, uint32_t, "%llu", unsigned long long)
INTEGER_TEXT(u8, uint64_t, "%llu", unsigned long long)

static size_t text_b1(const void *element, char text[32]) {
  return (size_t)snprintf(text, 32, "%d", *(const uint8_t *)element != 0);
}

static size_t text_f2(const void *element, char text[32]) {
  return ock_number_format(half_value(*(const uint16_t *)element), text);
}

static size_t text_f4(const void *element, char text[32]) {
  return ock_number_format((double)*(const float *)element, text);
}

static size_t text_f8(const void *element, char text[32]) {
  return ock_number_format(*(const double *)element, text);
}

static const element_type element_types[] = {
    {'f', 2, spread_f2, text_f2}, {'f', 4, spread_f4, text_f4}, {'f', 8, spread_f8, text_f8},
    {'i', 1, spread_i1, text_i1}, {'i', 2, spread_i2, text_i2}, {'i', 4, spread_i4, text_i4},
    {'i', 8, spread_i8, text_i8}, {'u', 1, spread_u1, text_u1}, {'u', 2, spread_u2, text_u2},
    {'u', 4, spread_u4, text_u4}, {'u', 8, spread_u8, text_u8}, {'b', 1, spread_b1, text_b1},
};

static const element_type *find_element_type(char code, char size) {
  for (size_t i = 0; i < sizeof element_types / sizeof *element_types; i++)
    if (element_types[i].code == code && element_types[i].size == size - '0') return &element_types[i];
  return NULL;
}

static void swap_bytes(unsigned char *elements, size_t size, size_t n) {
  for (size_t i = 0; i < n; i++, elements += size)
    for (size_t b = 0; b < size / 2; b++) {
      unsigned char kept = elements[b];
      elements[b] = elements[size - 1 - b];
      elements[size - 1 - b] = kept;
    }
}

/* ---- the header: {'descr': '<f8', 'fortran_order': False, 'shape': (3, 2), }, keys in any order ---- */

typedef struct cursor {
  const char *start, *at, *end;
  const char *path;
  ockham_error *err;
} cursor;

typedef struct slice {
  const char *text;
  size_t length;
} slice;

static ockham_status fail_header(const cursor *c, const char *expected) {
  return ock_fail(c->err, OCKHAM_BAD_FILE, "%s: the NPY header is damaged at its character %zu: expected %s", c->path,
                  (size_t)(c->at - c->start) + 1, expected);
}

static void skip_blanks(cursor *c) {
  while (c->at < c->end && (*c->at == ' ' || *c->at == '\n' || *c->at == '\t' || *c->at == '\r')) c->at++;
}

/* Skip blanks, then take the character if it is next. */
static bool take(cursor *c, char character) {
  skip_blanks(c);
  if (c->at == c->end || *c->at != character) return false;
  c->at++;
  return true;
}

static bool take_word(cursor *c, const char *word) {
  size_t length = strlen(word);
  skip_blanks(c);
  if ((size_t)(c->end - c->at) < length || memcmp(c->at, word, length) != 0) return false;
  c->at += length;
  return true;
}

static bool slice_is(slice s, const char *text) {
  return s.length == strlen(text) && memcmp(s.text, text, s.length) == 0;
}

static ockham_status parse_string(cursor *c, slice *string) {
  skip_blanks(c);
  if (c->at == c->end || (*c->at != '\'' && *c->at != '"')) return fail_header(c, "a string in quotes");
  char quote = *c->at++;
  *string = (slice){.text = c->at};
  while (c->at < c->end && *c->at != quote && *c->at != '\\' && *c->at != '\n') c->at++;
  if (c->at == c->end || *c->at != quote) return fail_header(c, "the end of a string");
  string->length = (size_t)(c->at++ - string->text);
  return OCKHAM_OK;
}

static ockham_status parse_descr(cursor *c, npy_header *header) {
  skip_blanks(c);
  if (c->at < c->end && *c->at == '[')
    return ock_fail(c->err, OCKHAM_UNSUPPORTED, "%s: holds a structured array, expected plain numbers", c->path);
  slice descr;
  OCK_TRY(parse_string(c, &descr));
  if (descr.length == 3) header->type = find_element_type(descr.text[1], descr.text[2]);
  char order = descr.length > 0 ? descr.text[0] : 0;
  bool order_fits = order == '<' || order == '>' || (order == '|' && header->type && header->type->size == 1);
  if (!header->type || !order_fits) {
    int shown = descr.length < 40 ? (int)descr.length : 40;
    return ock_fail(c->err, OCKHAM_UNSUPPORTED,
                    "%s: holds elements of type '%.*s', expected integers, floats of 2, 4 or 8 bytes, or booleans",
                    c->path, shown, descr.text);
  }
  char host = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? '<' : '>';
  header->other_byte_order = header->type->size > 1 && order != host;
  return OCKHAM_OK;
}

static ockham_status parse_fortran_order(cursor *c, npy_header *header) {
  header->fortran_order = take_word(c, "True");
  return header->fortran_order || take_word(c, "False") ? OCKHAM_OK : fail_header(c, "True or False");
}

static ockham_status parse_length(cursor *c, uint64_t *length) {
  skip_blanks(c);
  const char *first = c->at;
  *length = 0;
  for (; c->at < c->end && *c->at >= '0' && *c->at <= '9'; c->at++)
    if (__builtin_mul_overflow(*length, 10, length) ||
        __builtin_add_overflow(*length, (uint64_t)(*c->at - '0'), length))
      return fail_header(c, "a length below 2^64");
  if (c->at == first) return fail_header(c, "a length");
  if (c->at < c->end && *c->at == 'L') c->at++; /* as Python 2 wrote long integers */
  return OCKHAM_OK;
}

static ockham_status parse_shape(cursor *c, npy_header *header) {
  if (!take(c, '(')) return fail_header(c, "the shape in parentheses");
  size_t n = 0;
  bool comma = true;
  while (!take(c, ')')) {
    if (!comma) return fail_header(c, "a comma or ')'");
    uint64_t length;
    OCK_TRY(parse_length(c, &length));
    if (n < 2) header->shape[n] = length;
    n++;
    comma = take(c, ',');
  }
  if (n == 1 && !comma) return fail_header(c, "a comma after a single length");
  if (n != 1 && n != 2)
    return ock_fail(c->err, OCKHAM_BAD_DATA, "%s: holds an array of %zu dimensions, expected 1 or 2", c->path, n);
  header->n_dimensions = n;
  return OCKHAM_OK;
}

static const struct {
  const char *name;
  ockham_status (*parse)(cursor *c, npy_header *header);
} header_keys[] = {{"descr", parse_descr}, {"fortran_order", parse_fortran_order}, {"shape", parse_shape}};
enum { N_HEADER_KEYS = 3 };

static ockham_status parse_entry(cursor *c, npy_header *header, bool seen[N_HEADER_KEYS]) {
  slice key;
  OCK_TRY(parse_string(c, &key));
  size_t i = 0;
  while (i < N_HEADER_KEYS && !slice_is(key, header_keys[i].name)) i++;
  if (i == N_HEADER_KEYS || seen[i]) return fail_header(c, "each of descr, fortran_order and shape once");
  seen[i] = true;
  if (!take(c, ':')) return fail_header(c, "':'");
  return header_keys[i].parse(c, header);
}

static ockham_status parse_dictionary(cursor *c, npy_header *header) {
  bool seen[N_HEADER_KEYS] = {false};
  bool comma = true;
  if (!take(c, '{')) return fail_header(c, "'{'");
  while (!take(c, '}')) {
    if (!comma) return fail_header(c, "a comma or '}'");
    OCK_TRY(parse_entry(c, header, seen));
    comma = take(c, ',');
  }
  if (!seen[0] || !seen[1] || !seen[2]) return fail_header(c, "each of descr, fortran_order and shape once");
  skip_blanks(c);
  return c->at == c->end ? OCKHAM_OK : fail_header(c, "nothing but blanks after '}'");
}

/* ---- bytes of the file ---- */

static ockham_status read_bytes(npy_source *npy, uint64_t offset, size_t size, void *to, ockham_error *err) {
  if (npy->bytes) {
    if (size > 0) memcpy(to, npy->bytes + offset, size);
    return OCKHAM_OK;
  }
  for (unsigned char *at = to; size > 0;) {
    ssize_t got = pread(npy->descriptor, at, size, (off_t)offset);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return ock_fail(err, OCKHAM_IO, "%s: cannot be read: %s", npy->base.path, strerror(errno));
    if (got == 0) return ock_fail(err, OCKHAM_IO, "%s: became shorter while it was read", npy->base.path);
    at += got;
    offset += (uint64_t)got;
    size -= (size_t)got;
  }
  return OCKHAM_OK;
}

/* Where the header's text starts and how long it is, checked against the file's size. */
static ockham_status find_header(npy_source *npy, uint64_t file_size, size_t *start, size_t *length,
                                 ockham_error *err) {
  const char *path = npy->base.path;
  unsigned char prelude[PRELUDE_SIZE + 4] = {0};
  if (file_size < PRELUDE_SIZE + 2) return ock_fail(err, OCKHAM_BAD_FILE, "%s: too short for an NPY file", path);
  OCK_TRY(read_bytes(npy, 0, file_size < sizeof prelude ? (size_t)file_size : sizeof prelude, prelude, err));
  if (memcmp(prelude, "\x93NUMPY", 6) != 0)
    return ock_fail(err, OCKHAM_BAD_FILE, "%s: not an NPY file: it does not start with \\x93NUMPY", path);
  unsigned major = prelude[6], minor = prelude[7];
  if (major < 1 || major > 3 || minor != 0)
    return ock_fail(err, OCKHAM_UNSUPPORTED, "%s: is of NPY version %u.%u, expected 1.0, 2.0 or 3.0", path, major,
                    minor);
  const unsigned char *digits = prelude + PRELUDE_SIZE;
  *start = PRELUDE_SIZE + (major == 1 ? 2 : 4);
  *length = major == 1 ? (size_t)(digits[0] | digits[1] << 8)
                       : digits[0] | (size_t)digits[1] << 8 | (size_t)digits[2] << 16 | (size_t)digits[3] << 24;
  if (*length > LONGEST_HEADER)
    return ock_fail(err, OCKHAM_BAD_FILE, "%s: says its header has %zu bytes, expected at most %d", path, *length,
                    LONGEST_HEADER);
  if (file_size < *start || file_size - *start < *length)
    return ock_fail(err, OCKHAM_BAD_FILE, "%s: cut short: its header of %zu bytes is not all there", path, *length);
  return OCKHAM_OK;
}

static ockham_status read_header(npy_source *npy, uint64_t file_size, ockham_error *err) {
  size_t start = 0, length = 0;
  OCK_TRY(find_header(npy, file_size, &start, &length, err));
  char *text = ock_alloc(length);
  if (!text) return ock_fail_memory(err, "an NPY header", length);
  ockham_status status = read_bytes(npy, start, length, text, err);
  cursor c = {.start = text, .at = text, .end = text + length, .path = npy->base.path, .err = err};
  if (!status) status = parse_dictionary(&c, &npy->header);
  ock_free(text);
  npy->data_offset = start + length;
  return status;
}

/* Check that the file holds just the array that its header tells of. */
static ockham_status check_size(npy_source *npy, uint64_t file_size, size_t *n_columns, ockham_error *err) {
  const npy_header *header = &npy->header;
  const char *path = npy->base.path;
  uint64_t rows = header->shape[0], columns = header->n_dimensions == 2 ? header->shape[1] : 1;
  uint64_t expected, found = file_size - npy->data_offset;
  if (rows == 0 || columns == 0)
    return ock_fail(err, OCKHAM_BAD_DATA, "%s: holds %llu rows of %llu columns, expected at least one of each", path,
                    (unsigned long long)rows, (unsigned long long)columns);
  bool too_large = __builtin_mul_overflow(rows, columns, &expected) ||
                   __builtin_mul_overflow(expected, header->type->size, &expected);
  if (too_large || expected != found)
    return ock_fail(err, OCKHAM_BAD_FILE, "%s: its header says %llu x %llu elements of %u bytes, but %s: %llu bytes",
                    path, (unsigned long long)rows, (unsigned long long)columns, (unsigned)header->type->size,
                    too_large || expected > found ? "it is cut short" : "more follows", (unsigned long long)found);
  if (expected > SIZE_MAX / 2) return ock_fail_memory(err, "an NPY file", SIZE_MAX);
  npy->n_rows = (size_t)rows;
  *n_columns = (size_t)columns;
  return OCKHAM_OK;
}

/* ---- blocks ---- */

static bool is_float32(const npy_source *npy) {
  return npy->base.dtype == OCKHAM_FLOAT32;
}

static size_t value_size(const npy_source *npy) {
  return is_float32(npy) ? sizeof(float) : sizeof(double);
}

static size_t smaller(size_t a, size_t b) {
  return a < b ? a : b;
}

/* Allocate what blocks need, once the roles are known. */
static ockham_status prepare(npy_source *npy, ockham_error *err) {
  const ock_source *base = &npy->base;
  npy->feature = ock_alloc_array(base->n_columns, sizeof *npy->feature);
  if (!npy->feature) return ock_fail_memory(err, "a list of columns", base->n_columns * sizeof *npy->feature);
  npy->label_column = base->n_columns;
  for (size_t j = 0; j < base->n_columns; j++) {
    if (ock_role_has_value(base->role[j])) npy->feature[npy->n_features++] = j;
    if (base->role[j] == OCK_ROLE_LABEL) npy->label_column = j;
  }
  size_t rows = BLOCK_SIZE / sizeof(double) / base->n_columns;
  if (npy->header.fortran_order && rows < FORTRAN_ROWS) rows = FORTRAN_ROWS;
  npy->block_rows = smaller(rows > 0 ? rows : 1, npy->n_rows);
  size_t width = npy->header.fortran_order ? npy->n_features + 1 : base->n_columns; /* + 1: the label's column */
  size_t raw_elements = ock_size_product(npy->block_rows, width);
  size_t elements = ock_size_product(npy->block_rows, npy->n_features);
  npy->raw = ock_alloc_array(raw_elements, npy->header.type->size);
  npy->values = ock_alloc_array(elements, value_size(npy));
  npy->label = ock_alloc_array(npy->block_rows, sizeof *npy->label);
  if (!npy->raw || !npy->values || !npy->label)
    return ock_fail_memory(err, "a block of rows", ock_size_product(elements, 2 * value_size(npy)));
  return OCKHAM_OK;
}

static ockham_status read_elements(npy_source *npy, uint64_t first, size_t n, void *to, ockham_error *err) {
  size_t size = npy->header.type->size;
  OCK_TRY(read_bytes(npy, npy->data_offset + first * size, n * size, to, err));
  if (npy->header.other_byte_order) swap_bytes(to, size, n);
  return OCKHAM_OK;
}

/* Number the labels of n rows whose texts come from elements `step` apart. */
static ockham_status intern_labels(npy_source *npy, const unsigned char *elements, size_t step, size_t n,
                                   ockham_error *err) {
  const element_type *type = npy->header.type;
  for (size_t i = 0; i < n; i++) {
    char text[32];
    size_t length = type->text(elements + i * step * type->size, text);
    OCK_TRY(ock_labels_intern(npy->base.labels, text, length, &npy->label[i], err));
  }
  return OCKHAM_OK;
}

static ockham_status read_c_order(npy_source *npy, size_t n, ockham_error *err) {
  size_t n_columns = npy->base.n_columns, size = npy->header.type->size;
  unsigned char *raw = npy->raw, *values = npy->values;
  OCK_TRY(read_elements(npy, (uint64_t)npy->next_row * n_columns, n * n_columns, raw, err));
  if (npy->n_features == n_columns)
    npy->header.type->spread(raw, 1, values, 1, n * n_columns);
  else
    for (size_t f = 0; f < npy->n_features; f++)
      npy->header.type->spread(raw + npy->feature[f] * size, n_columns, values + f * value_size(npy), npy->n_features,
                               n);
  if (npy->label_column == n_columns) return OCKHAM_OK;
  return intern_labels(npy, raw + npy->label_column * size, n_columns, n, err);
}

static ockham_status read_fortran_order(npy_source *npy, size_t n, ockham_error *err) {
  size_t size = npy->header.type->size, n_features = npy->n_features;
  unsigned char *raw = npy->raw, *values = npy->values;
  for (size_t f = 0; f < n_features; f++)
    OCK_TRY(read_elements(npy, (uint64_t)npy->feature[f] * npy->n_rows + npy->next_row, n, raw + f * n * size, err));
  for (size_t row = 0; row < n; row += TILE_ROWS)
    for (size_t f = 0; f < n_features; f++)
      npy->header.type->spread(raw + (f * n + row) * size, 1, values + (row * n_features + f) * value_size(npy),
                               n_features, smaller(TILE_ROWS, n - row));
  if (npy->label_column == npy->base.n_columns) return OCKHAM_OK;
  unsigned char *labels = raw + n_features * n * size;
  OCK_TRY(read_elements(npy, (uint64_t)npy->label_column * npy->n_rows + npy->next_row, n, labels, err));
  return intern_labels(npy, labels, 1, n, err);
}

static ockham_status npy_next(ock_source *source, ock_block *block, ockham_error *err) {
  npy_source *npy = (npy_source *)source;
  if (!npy->values) OCK_TRY(prepare(npy, err));
  size_t n = smaller(npy->block_rows, npy->n_rows - npy->next_row);
  if (n > 0) OCK_TRY((npy->header.fortran_order ? read_fortran_order : read_c_order)(npy, n, err));
  npy->next_row += n;
  *block = (ock_block){.values = npy->values, .n_rows = n, .dtype = npy->base.dtype};
  if (npy->label_column < source->n_columns) block->label = npy->label;
  return OCKHAM_OK;
}

/* ---- opening and closing ---- */

static void npy_close(ock_source *source) {
  npy_source *npy = (npy_source *)source;
  if (npy->descriptor >= 0) close(npy->descriptor);
  ock_source_clear(source);
  ock_free(npy->feature);
  ock_free(npy->raw);
  ock_free(npy->values);
  ock_free(npy->label);
  ock_free(npy);
}

static ockham_status read_layout(npy_source *npy, uint64_t file_size, ockham_error *err) {
  size_t n_columns = 0;
  OCK_TRY(read_header(npy, file_size, err));
  OCK_TRY(check_size(npy, file_size, &n_columns, err));
  OCK_TRY(ock_source_set_columns(&npy->base, n_columns, true, err));
  bool float32 = npy->header.type->code == 'f' && npy->header.type->size == 4;
  npy->base.dtype = float32 ? OCKHAM_FLOAT32 : OCKHAM_FLOAT64;
  npy->base.n_rows_expected = npy->n_rows;
  return OCKHAM_OK;
}

/* Make a source of bytes or of a descriptor, which it owns from here on, even on failure. */
static ockham_status make_source(const char *path, const unsigned char *bytes, int descriptor, uint64_t file_size,
                                 ock_source **source, ockham_error *err) {
  *source = NULL;
  npy_source *npy = ock_alloc_zeroed(1, sizeof *npy);
  if (!npy) {
    if (descriptor >= 0) close(descriptor);
    return ock_fail_memory(err, "an NPY file", sizeof *npy);
  }
  npy->base = (ock_source){.path = path, .next = npy_next, .close = npy_close};
  npy->bytes = bytes;
  npy->descriptor = descriptor;
  ockham_status status = read_layout(npy, file_size, err);
  if (status)
    npy_close(&npy->base);
  else
    *source = &npy->base;
  return status;
}

ockham_status ock_npy_open_bytes(const char *path, const unsigned char *bytes, size_t size, ock_source **source,
                                 ockham_error *err) {
  assert(bytes);
  return make_source(path, bytes, -1, size, source, err);
}

ockham_status ock_npy_open(const char *path, const ockham_read_options *options, ock_source **source,
                           ockham_error *err) {
  (void)options; /* none of them concerns the format */
  *source = NULL;
  struct stat facts;
  int descriptor = open(path, O_RDONLY | O_CLOEXEC);
  if (descriptor < 0 || fstat(descriptor, &facts) != 0) {
    ockham_status status = ock_fail(err, OCKHAM_IO, "%s: cannot be opened: %s", path, strerror(errno));
    if (descriptor >= 0) close(descriptor);
    return status;
  }
  if (!S_ISREG(facts.st_mode)) {
    close(descriptor);
    return ock_fail(err, OCKHAM_BAD_FILE, "%s: not a regular file", path);
  }
  return make_source(path, NULL, descriptor, (uint64_t)facts.st_size, source, err);
}
