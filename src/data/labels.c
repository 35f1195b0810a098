/* SPDX-License-Identifier: Apache-2.0 */
/* Open addressing with linear probing; the table is at most half full. */
#include <string.h>

#include "data/internal.h"

enum { FIRST_SLOTS = 64 };

static uint64_t hash_text(const char *text, size_t length) {
  uint64_t hash = ock_fnv1a(OCK_FNV1A_START, text, length);
  return hash ^ hash >> 32;
}

/* The slot that holds this text, or the empty one where it belongs. */
static size_t find_slot(const ock_labels *labels, const char *text, size_t length) {
  size_t mask = labels->n_slots - 1;
  size_t slot = (size_t)hash_text(text, length) & mask;
  for (; labels->slots[slot]; slot = (slot + 1) & mask) {
    const char *known = labels->texts[labels->slots[slot] - 1];
    if (strncmp(known, text, length) == 0 && known[length] == '\0') break;
  }
  return slot;
}

static ockham_status grow_slots(ock_labels *labels, ockham_error *err) {
  size_t n_slots = labels->n_slots ? 2 * labels->n_slots : FIRST_SLOTS;
  uint32_t *slots = ock_alloc_zeroed(n_slots, sizeof *slots);
  if (!slots) return ock_fail_memory(err, "the texts of a column", ock_size_product(n_slots, sizeof *slots));
  ock_free(labels->slots);
  labels->slots = slots;
  labels->n_slots = n_slots;
  for (size_t i = 0; i < labels->n; i++)
    slots[find_slot(labels, labels->texts[i], strlen(labels->texts[i]))] = (uint32_t)i + 1;
  return OCKHAM_OK;
}

static ockham_status grow_texts(ock_labels *labels, ockham_error *err) {
  size_t capacity = labels->capacity ? 2 * labels->capacity : FIRST_SLOTS / 2;
  char **texts = ock_realloc_array(labels->texts, capacity, sizeof *texts);
  if (!texts) return ock_fail_memory(err, "the texts of a column", ock_size_product(capacity, sizeof *texts));
  labels->texts = texts;
  labels->capacity = capacity;
  return OCKHAM_OK;
}

ockham_status ock_labels_intern(ock_labels *labels, const char *text, size_t length, uint32_t *value,
                                ockham_error *err) {
  length = strnlen(text, length); /* a NUL, which only binary files can hold, ends a text */
  if (2 * (labels->n + 1) > labels->n_slots) OCK_TRY(grow_slots(labels, err));
  size_t slot = find_slot(labels, text, length);
  if (!labels->slots[slot]) {
    if (labels->n == UINT32_MAX - 1)
      return ock_fail(err, OCKHAM_BAD_DATA, "there are too many different texts in a column");
    if (labels->n == labels->capacity) OCK_TRY(grow_texts(labels, err));
    char *copy = ock_alloc(length + 1);
    if (!copy) return ock_fail_memory(err, "a text", length + 1);
    memcpy(copy, text, length);
    copy[length] = '\0';
    labels->texts[labels->n++] = copy;
    labels->slots[slot] = (uint32_t)labels->n;
  }
  *value = labels->slots[slot] - 1;
  return OCKHAM_OK;
}

void ock_labels_clear(ock_labels *labels) {
  for (size_t i = 0; i < labels->n; i++) ock_free(labels->texts[i]);
  ock_free(labels->texts);
  ock_free(labels->slots);
  *labels = (ock_labels){0};
}
