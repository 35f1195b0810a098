/* SPDX-License-Identifier: Apache-2.0 */
/* Some of the rows, or all, in a store with a state over it; and how many are enough to search on. */
#include "cluster/internal.h"

size_t ock_sketch_rows(size_t n, size_t d, size_t k) {
  enum { ROWS = 25000, VALUES = 1000000, ROWS_A_CLUSTER = 100, WORTH_IT = 2 };
  size_t enough = VALUES / d < ROWS ? VALUES / d : ROWS;
  if (enough < k * ROWS_A_CLUSTER) enough = k * ROWS_A_CLUSTER;
  return enough <= n / WORTH_IT ? enough : n;
}

ockham_status ock_sketch_init(ock_sketch *sketch, ockham_rows x, const ock_frame *frame,
                              const ock_sketch_options *options, ock_pool *pool, ock_ticker *ticker,
                              ockham_error *err) {
  uint32_t *some;
  ock_store *store = &sketch->store;
  OCK_TRY(ock_rows_sample(x.n_rows, options->n, options->seed, &some, err));
  ockham_status status = ock_store_init(store, frame, x, some, some ? options->n : x.n_rows, options->wide, pool, err);
  ock_free(some);
  OCK_TRY(status);
  size_t k_max = options->k_max < store->n ? options->k_max : store->n;
  status = ock_lloyd_init(&sketch->state, store, k_max, options->seed, pool, ticker, err);
  if (status) ock_store_clear(store);
  sketch->state.plain = options->plain;
  return status;
}

void ock_sketch_clear(ock_sketch *sketch, uint32_t **order) {
  ock_store *store = &sketch->store;
  if (order && store->n == store->frame->n && sketch->state.k_regrouped > 0) {
    ock_free(*order);
    *order = store->row;
    store->row = NULL;
  }
  ock_lloyd_clear(&sketch->state);
  ock_store_clear(store);
}
