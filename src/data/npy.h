/* SPDX-License-Identifier: Apache-2.0 */
/* The NPY opener on bytes in memory: what fuzzing and tests use. */
#ifndef OCK_DATA_NPY_H
#define OCK_DATA_NPY_H

#include "data/internal.h"

/* Like ock_npy_open(), on bytes that are borrowed until the source is closed; path is for messages only. */
ockham_status ock_npy_open_bytes(const char *path, const unsigned char *bytes, size_t size, ock_source **source,
                                 ockham_error *err);

#endif
