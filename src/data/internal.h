/* SPDX-License-Identifier: Apache-2.0 */
/* data: tables of numbers out of files, and the chunked container that our own files are made of.
 * Main types: ock_source (one open file of one format, a table of functions), ockham_reader (a source, with columns
 *   chosen and missing cells treated), ockham_table (everything a reader gave), ock_container (our files).
 * Invariants: a source knows its columns before its first row; it parses only the columns that have a role; a number is
 *   the double nearest to the text, in any locale; nothing that a file says is believed before it is checked against
 *   the file's size.
 * Threads: a source may parse in parallel inside one call; results do not depend on the number of threads.
 * Source: NPY format 1.0-3.0 (numpy.lib.format); RFC 4180 for CSV, loosened as data.h says. */
#ifndef OCK_DATA_INTERNAL_H
#define OCK_DATA_INTERNAL_H

#include <ockham/data.h>

#include "core/internal.h"

/* What becomes of a column of the file. From FEATURE on each has a value in a row: a number, the number of a text, or
 * seconds since 1970. TIME is only for sources that read texts; others give the numbers of a CATEGORY as they are. */
typedef enum ock_role {
  OCK_ROLE_SKIP = 0,
  OCK_ROLE_LABEL,
  OCK_ROLE_FEATURE,
  OCK_ROLE_CATEGORY,
  OCK_ROLE_TIME
} ock_role;

/* The distinct texts of a column seen so far, numbered by first appearance. Zero-initialise. */
typedef struct ock_labels {
  char **texts;
  size_t n, capacity;
  uint32_t *slots; /* open-addressing hash of text -> number + 1; n_slots is 0 or a power of two */
  size_t n_slots;
} ock_labels;
ockham_status ock_labels_intern(ock_labels *labels, const char *text, size_t length, uint32_t *value,
                                ockham_error *err);
void ock_labels_clear(ock_labels *labels);

/* Rows as a source gives them: values is n_rows x the columns that have values, row-major float64 or (NPY, HDF5)
 * float32, in the order of the source's columns, with NaN for a missing cell; label is NULL without a label column. The
 * source owns both until its next call. */
typedef struct ock_block {
  const void *values;
  const uint32_t *label;
  const double *weight;       /* the reader's; NULL without a weight column, which for a source is a feature */
  const double *time;         /* the reader's; NULL without a time column */
  const uint64_t *source_row; /* the reader's, under DROP: number of each row in the file, from 1; else NULL */
  size_t n_rows;
  ockham_dtype dtype;
} ock_block;

/* One open file of one format. The opener fills names and n_columns; the reader then sets role (all SKIP before) and
 * calls next until n_rows is 0. */
typedef struct ock_source ock_source;
struct ock_source {
  const char *path; /* as the user wrote it, for messages; outlives the source */
  char **names;     /* n_columns; never NULL, made up as x1, x2, ... where the file has none */
  ock_role *role;   /* n_columns */
  size_t n_columns;
  uint64_t n_rows_expected; /* 0 when unknown: only a hint for memory */
  ockham_dtype dtype;       /* what blocks hold */
  ock_labels *labels;       /* the reader's: where label texts are numbered */
  ock_labels *texts;        /* the reader's, n_columns: where those of categories are; NULL: there are none */
  bool reads_texts;         /* it knows CATEGORY and TIME; else the reader makes them of numbers */
  const bool *find_texts; /* the reader's, n_columns, or NULL: features where a cell of text is no error, but NaN ... */
  bool *found_text;       /* ... and sets this; n_columns; the opener may set it as well */
  ockham_missing missing; /* under ERROR, a source that knows a better place than row and column may fail itself */
  ockham_status (*next)(ock_source *source, ock_block *block, ockham_error *err);
  /* Go back to before the first row, with other roles; NULL where nothing is ever found. It works on any input that was
   * opened with find_categories, and fails on others that cannot be read twice. */
  ockham_status (*restart)(ock_source *source, ockham_error *err);
  void (*close)(ock_source *source); /* frees the source itself */
};

/* Openers. `part` is what came after the colon of `x.h5:/dataset` or `x.db:table`, or NULL. */
ockham_status ock_csv_open(const char *path, const ockham_read_options *options, ock_source **source,
                           ockham_error *err);
ockham_status ock_npy_open(const char *path, const ockham_read_options *options, ock_source **source,
                           ockham_error *err);
ockham_status ock_hdf5_open(const char *path, const char *part, const ockham_read_options *options, ock_source **source,
                            ockham_error *err);
ockham_status ock_sqlite_open(const char *path, const char *part, const ockham_read_options *options,
                              ock_source **source, ockham_error *err);

/* Allocate names and roles for n_columns columns, all SKIP; with names x1, x2, ... when make_names is set (otherwise
 * NULLs to be filled). ock_source_clear() frees them. */
ockham_status ock_source_set_columns(ock_source *source, size_t n_columns, bool make_names, ockham_error *err);
void ock_source_clear(ock_source *source);

/* Whether a column has a value in each row. */
static inline bool ock_role_has_value(ock_role role) {
  return role >= OCK_ROLE_FEATURE;
}

/* Note that a feature's cell holds text, from any thread; false where that is an error. */
bool ock_source_note_text(ock_source *source, size_t j);

/* Seconds since 1970 of a text that fills [text, text + length): a number of them, or ISO 8601 as data.h says. False
 * when it is neither, or not in the years 1 to 9999. */
bool ock_time_parse(const char *text, size_t length, double *seconds);
bool ock_time_is_valid(double seconds);

/* True for the texts that count as a missing cell. */
bool ock_text_is_missing(const char *text, size_t length);

/* The double nearest to a decimal text that fills [text, text + length) apart from blanks around it: sign, digits,
 * fraction, exponent, "inf", "infinity", "nan", in any locale. False when it is not a number. */
bool ock_number_parse(const char *text, size_t length, double *value);
/* The shortest decimal text that reads back as value, NUL-terminated; returns its length (at most 24 + 1 bytes). */
size_t ock_number_format(double value, char text[32]);
/* The same for a float32: it reads back by way of the nearest double, too. */
size_t ock_number_format_single(float value, char text[32]);

/* ---- the container: our own files ----
 * 8 bytes "OCKHAM\r\n", u32 version, u32 kind (four letters), then chunks: u32 tag, u32 zero, u64 size, payload padded
 * with zeros to 8 bytes, u32 CRC-32, u32 zero; the last chunk has tag "END " and its payload is the u64 number of
 * chunks before it. A CRC is that of the whole file up to it, apart from earlier CRCs and the zeros that go with them,
 * so that neither the header nor the order of chunks can change unseen. Little-endian; floats are IEEE 754. Nothing may
 * follow the last chunk. */
#define OCK_TAG(a, b, c, d) ((uint32_t)(a) | (uint32_t)(b) << 8 | (uint32_t)(c) << 16 | (uint32_t)(d) << 24)

typedef struct ock_container_writer {
  ock_output output;
  uint64_t n_chunks;
  uint32_t crc; /* of all that was written so far, apart from the CRCs */
} ock_container_writer;
ockham_status ock_container_create(ock_container_writer *writer, const char *path, uint32_t kind, uint32_t version,
                                   ockham_error *err);
/* Errors are kept until _commit, which writes the END chunk and renames the file into place. */
void ock_container_put(ock_container_writer *writer, uint32_t tag, const void *payload, size_t size_bytes);
ockham_status ock_container_commit(ock_container_writer *writer, ockham_error *err);

/* A whole container in memory, every checksum and size verified on opening. */
typedef struct ock_container {
  unsigned char *bytes;
  size_t size;
  uint32_t kind, version;
} ock_container;
/* It can be read, and starts as none of our files does. */
bool ock_container_is_other(const char *path);
ockham_status ock_container_open(ock_container *container, const char *path, uint32_t kind, uint32_t newest_version,
                                 ockham_error *err);
/* The same on bytes in memory (what fuzzing and tests use); they are borrowed, so do not clear such a container. */
ockham_status ock_container_parse(ock_container *container, const char *path, unsigned char *bytes, size_t size,
                                  uint32_t kind, uint32_t newest_version, ockham_error *err);
/* The payload of the first chunk with this tag, 8-byte aligned; false when there is none. */
bool ock_container_get(const ock_container *container, uint32_t tag, const void **payload, size_t *size_bytes);
void ock_container_clear(ock_container *container);

#endif
