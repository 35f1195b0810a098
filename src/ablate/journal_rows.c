/* SPDX-License-Identifier: Apache-2.0 */
#include "ablate/journal_rows.h"

#include <string.h>

typedef struct ock_journal_rows_slot {
  const char *key; /* NULL: free */
  uint64_t id;
} slot;

/* ---- finding ---- */

static slot *slot_of(slot *slots, size_t n_slots, const char *key) {
  uint64_t hash = ock_mix64(ock_fnv1a(OCK_FNV1A_START, key, strlen(key)));
  size_t at = (size_t)hash & (n_slots - 1);
  while (slots[at].key && strcmp(slots[at].key, key) != 0) at = (at + 1) & (n_slots - 1);
  return &slots[at];
}

/* The first run whose number is not below. */
static size_t place_of(const ock_journal_rows *rows, uint64_t id) {
  size_t low = 0, high = rows->n;
  if (high && rows->runs[high - 1].id < id) return high; /* most come in their order */
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    if (rows->runs[middle].id < id)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

size_t ock_journal_rows_find(const ock_journal_rows *rows, const char *key) {
  const slot *found = rows->n_slots ? slot_of(rows->slots, rows->n_slots, key) : NULL;
  return found && found->key ? place_of(rows, found->id) : SIZE_MAX;
}

/* ---- keeping ---- */

static bool widen_runs(ock_journal_rows *rows) {
  if (rows->n < rows->room) return true;
  size_t room = rows->room ? 2 * rows->room : 64;
  ockham_run *runs = ock_realloc_array(rows->runs, room, sizeof *runs);
  if (runs) rows->runs = runs;
  const char **keys = runs ? ock_realloc_array((void *)rows->keys, room, sizeof *keys) : NULL;
  if (!keys) return false;
  rows->keys = keys;
  rows->room = room;
  return true;
}

static bool widen_slots(ock_journal_rows *rows) {
  if (2 * rows->n_used_slots < rows->n_slots) return true;
  size_t n_slots = rows->n_slots ? 2 * rows->n_slots : 128;
  slot *slots = ock_alloc_zeroed(n_slots, sizeof *slots);
  if (!slots) return false;
  for (size_t i = 0; i < rows->n_slots; i++)
    if (rows->slots[i].key) *slot_of(slots, n_slots, rows->slots[i].key) = rows->slots[i];
  ock_free(rows->slots);
  rows->slots = slots;
  rows->n_slots = n_slots;
  return true;
}

static void take_out(ock_journal_rows *rows, size_t at) {
  rows->n--;
  memmove(rows->runs + at, rows->runs + at + 1, (rows->n - at) * sizeof *rows->runs);
  memmove(rows->keys + at, rows->keys + at + 1, (rows->n - at) * sizeof *rows->keys);
}

static void put_in(ock_journal_rows *rows, size_t at, const ockham_run *run, const char *key) {
  memmove(rows->runs + at + 1, rows->runs + at, (rows->n - at) * sizeof *rows->runs);
  memmove(rows->keys + at + 1, rows->keys + at, (rows->n - at) * sizeof *rows->keys);
  rows->runs[at] = *run;
  rows->keys[at] = key;
  rows->n++;
}

/* Of one that is there already key and levels stay: they are the same. */
ockham_status ock_journal_rows_keep(ock_journal_rows *rows, const ockham_run *run, const char *key, ockham_error *err) {
  size_t before = ock_journal_rows_find(rows, key), n = rows->n_factors;
  bool is_new = before == SIZE_MAX;
  uint8_t *made = is_new ? ock_arena_array(&rows->arena, n, 1) : NULL;
  const uint8_t *levels = is_new ? made : rows->runs[before].levels;
  const char *kept = is_new ? ock_arena_text(&rows->arena, key, strlen(key)) : rows->keys[before];
  if (!levels || !kept || !widen_runs(rows) || !widen_slots(rows))
    return ock_fail_memory(err, "the journal's runs", (rows->n + 1) * sizeof *rows->runs);
  if (made) memcpy(made, run->levels, n);
  ockham_run copy = *run;
  copy.levels = levels;
  if (!is_new) take_out(rows, before);
  put_in(rows, place_of(rows, run->id), &copy, kept);
  slot *to = slot_of(rows->slots, rows->n_slots, kept);
  rows->n_used_slots += !to->key;
  *to = (slot){kept, run->id};
  return OCKHAM_OK;
}

void ock_journal_rows_empty(ock_journal_rows *rows) {
  if (rows->n_slots) memset(rows->slots, 0, rows->n_slots * sizeof *rows->slots);
  rows->n = rows->n_used_slots = 0;
}

void ock_journal_rows_clear(ock_journal_rows *rows) {
  ock_arena_clear(&rows->arena);
  ock_free(rows->runs);
  ock_free((void *)rows->keys);
  ock_free(rows->slots);
  *rows = (ock_journal_rows){0};
}
