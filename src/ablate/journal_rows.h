/* SPDX-License-Identifier: Apache-2.0 */
/* A journal's runs in memory: in the order of their numbers, and found by their keys. */
#ifndef OCK_ABLATE_JOURNAL_ROWS_H
#define OCK_ABLATE_JOURNAL_ROWS_H

#include "ablate/internal.h"

/* Zero-initialise but for n_factors; ock_journal_rows_clear(). */
typedef struct ock_journal_rows {
  size_t n_factors, n, room;
  ockham_run *runs;                    /* ids ascend */
  const char **keys;                   /* of runs */
  struct ock_journal_rows_slot *slots; /* open addressing by the key: the run's id */
  size_t n_slots, n_used_slots;        /* n_slots: a power of two */
  ock_arena arena;                     /* keys and levels */
} ock_journal_rows;

/* Where the run of that key is; SIZE_MAX: there is none. */
size_t ock_journal_rows_find(const ock_journal_rows *rows, const char *key);
/* A copy of a run, in place of one of the same key. NO_MEMORY leaves all as it was. */
ockham_status ock_journal_rows_keep(ock_journal_rows *rows, const ockham_run *run, const char *key, ockham_error *err);
void ock_journal_rows_empty(ock_journal_rows *rows); /* levels that were handed out stay */
void ock_journal_rows_clear(ock_journal_rows *rows);

#endif
