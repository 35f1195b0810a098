/* SPDX-License-Identifier: Apache-2.0 */
/* For tests: rows in memory as a source that gives them in blocks, and can go wrong. */
#ifndef OCK_BLOCKS_H
#define OCK_BLOCKS_H

#include "test.h"

typedef struct blocks {
  ockham_rows x;
  size_t block_rows;
  size_t at;       /* rows given out in this round */
  size_t n_rounds; /* begun */
  /* What goes wrong: from round `bad_round` on (counted from 1; 0: never), after `bad_row` rows, with this status; with
   * OCKHAM_OK the rows just end there. */
  size_t bad_round, bad_row;
  ockham_status bad_status;
} blocks;

static inline bool blocks_are_bad(const blocks *b) {
  return b->bad_round > 0 && b->n_rounds >= b->bad_round;
}

static inline ockham_status blocks_rewind(void *user, ockham_error *err) {
  blocks *b = user;
  (void)err;
  b->at = 0;
  b->n_rounds++;
  return OCKHAM_OK;
}

static inline ockham_status blocks_next(void *user, ockham_rows *rows, ockham_error *err) {
  blocks *b = user;
  size_t end = blocks_are_bad(b) && b->bad_row < b->x.n_rows ? b->bad_row : b->x.n_rows, n = end - b->at;
  if (n == 0 && blocks_are_bad(b) && b->bad_status) return ock_fail(err, b->bad_status, "the source failed");
  *rows = b->x;
  rows->n_rows = n < b->block_rows ? n : b->block_rows;
  size_t size = b->x.dtype == OCKHAM_FLOAT32 ? sizeof(float) : sizeof(double);
  rows->data = (const char *)b->x.data + b->at * ock_rows_stride(b->x) * size;
  b->at += rows->n_rows;
  return OCKHAM_OK;
}

static inline ockham_row_source blocks_source(blocks *b) {
  return (ockham_row_source){.n_columns = b->x.n_columns, .rewind = blocks_rewind, .next = blocks_next, .user = b};
}

#endif
