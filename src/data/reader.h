/* SPDX-License-Identifier: Apache-2.0 */
/* What reading a table and reading blocks share: a source with columns chosen and missing cells treated. */
#ifndef OCK_DATA_READER_H
#define OCK_DATA_READER_H

#include "data/internal.h"

/* The same as ockham_reader_open(), with every policy for missing cells; MEAN leaves NaN for the caller to fill. */
ockham_status ock_reader_open(const char *path, const ockham_read_options *options, ockham_reader **reader,
                              ockham_error *err);
/* The same with a source that is open; it becomes the reader's, also on failure. */
ockham_status ock_reader_open_source(ock_source *source, const ockham_read_options *options, ockham_reader **reader,
                                     ockham_error *err);
/* The next rows: features in the order asked for, in the source's type, valid until the next call. */
ockham_status ock_reader_next_block(ockham_reader *reader, ock_block *block, ockham_error *err);
const char *ock_reader_path(const ockham_reader *reader);
ockham_dtype ock_reader_dtype(const ockham_reader *reader);
bool ock_reader_has_label(const ockham_reader *reader);
bool ock_reader_has_weight(const ockham_reader *reader);
uint64_t ock_reader_n_rows_expected(const ockham_reader *reader);
ock_labels *ock_reader_labels(ockham_reader *reader);

/* Read all of an open source; it is closed. */
ockham_status ock_table_read_source(ock_source *source, const ockham_read_options *options, ockham_table **table,
                                    ockham_error *err);

/* The number that a text of digits stands for; 0 for any other text. */
size_t ock_column_number(const char *text);

#endif
