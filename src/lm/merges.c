/* SPDX-License-Identifier: Apache-2.0 */
/* Merges are learnt from the distinct chunks of a text, each with its count. A table holds for every pair of pieces how
 * often it is there and in which chunks, a heap what might be the most frequent: a merge touches only the chunks that
 * have it. An entry of the heap whose count has gone down since goes back with the count it has now. */
#include <string.h>

#include "lm/text.h"

typedef struct word {
  const unsigned char *bytes; /* in the text */
  uint64_t count;
  uint32_t size, at; /* pieces now, and where the first is */
} word;

typedef struct pair {
  uint64_t key; /* left and right piece, + 1; 0: free */
  uint64_t count;
  uint32_t words; /* newest of its list, + 1 */
  bool touched;
} pair;

typedef struct link {
  uint32_t word, older; /* + 1; 0: the oldest */
} link;

typedef struct entry {
  uint64_t count, key;
} entry;

typedef struct learner {
  word *words;
  uint32_t *word_slots; /* + 1 */
  size_t n_words, words_capacity, n_word_slots;
  uint16_t *pieces; /* of all words */
  pair *pairs;
  size_t n_pairs, n_pair_slots;
  link *links;
  size_t n_links, links_capacity;
  entry *heap;
  size_t n_heap, heap_capacity;
  uint64_t *grown; /* keys of pairs to be put on the heap */
  size_t n_grown, grown_capacity;
} learner;

/* Room for one more element in a block that doubles. */
static bool has_room(void *block, size_t n, size_t *capacity, size_t size_bytes) {
  if (n < *capacity) return true;
  void **place = block;
  size_t wanted = *capacity ? 2 * *capacity : 1024;
  void *larger = wanted <= UINT32_MAX ? ock_realloc_array(*place, wanted, size_bytes) : NULL;
  if (!larger) return false;
  *place = larger;
  *capacity = wanted;
  return true;
}

/* ---- words ---- */

static uint64_t word_hash(const unsigned char *bytes, size_t size) {
  uint64_t hash = ock_fnv1a(size, bytes, size);
  return hash ^ hash >> 32;
}

static size_t word_slot(const learner *l, const unsigned char *bytes, size_t size) {
  size_t slot = (size_t)word_hash(bytes, size) & (l->n_word_slots - 1);
  for (uint32_t w; (w = l->word_slots[slot]) != 0; slot = (slot + 1) & (l->n_word_slots - 1))
    if (l->words[w - 1].size == size && memcmp(l->words[w - 1].bytes, bytes, size) == 0) break;
  return slot;
}

static bool widen_words(learner *l) {
  if (2 * l->n_words < l->n_word_slots) return true;
  size_t wanted = l->n_word_slots ? 2 * l->n_word_slots : 4096;
  uint32_t *slots = ock_alloc_zeroed(wanted, sizeof *slots);
  if (!slots) return false;
  ock_free(l->word_slots);
  l->word_slots = slots;
  l->n_word_slots = wanted;
  for (size_t w = 0; w < l->n_words; w++) slots[word_slot(l, l->words[w].bytes, l->words[w].size)] = (uint32_t)w + 1;
  return true;
}

static bool count_word(learner *l, const unsigned char *bytes, size_t size) {
  if (!widen_words(l) || !has_room(&l->words, l->n_words, &l->words_capacity, sizeof *l->words)) return false;
  size_t slot = word_slot(l, bytes, size);
  if (l->word_slots[slot] == 0) {
    l->words[l->n_words++] = (word){.bytes = bytes, .size = (uint32_t)size};
    l->word_slots[slot] = (uint32_t)l->n_words;
  }
  l->words[l->word_slots[slot] - 1].count++;
  return true;
}

/* Every n-th document of a large corpus is enough. */
static bool count_words(learner *l, const ock_corpus_part *part) {
  uint64_t n = 1 + part->n_bytes / OCK_LM_LEARNT_BYTES;
  for (uint64_t d = 0; d < part->n_documents; d += n)
    for (uint64_t at = d ? part->ends[d - 1] : 0, size; at < part->ends[d]; at += size) {
      size = ock_lm_chunk(part->text + at, (size_t)(part->ends[d] - at));
      if (!count_word(l, part->text + at, size)) return false;
    }
  return true;
}

static bool spell_words(learner *l) {
  size_t total = 0;
  for (size_t w = 0; w < l->n_words; w++) total += l->words[w].size;
  l->pieces = total <= UINT32_MAX ? ock_alloc_array(total, sizeof *l->pieces) : NULL;
  if (!l->pieces) return false;
  uint32_t at = 0;
  for (size_t w = 0; w < l->n_words; w++) {
    l->words[w].at = at;
    for (uint32_t i = 0; i < l->words[w].size; i++) l->pieces[at++] = l->words[w].bytes[i];
  }
  return true;
}

/* ---- pairs ---- */

static uint64_t key_of(uint16_t left, uint16_t right) {
  return ((uint64_t)left << 16 | right) + 1;
}

static size_t pair_slot(const pair *pairs, size_t n_slots, uint64_t key) {
  size_t slot = (size_t)(key * 0x9e3779b97f4a7c15u >> 24) & (n_slots - 1);
  while (pairs[slot].key && pairs[slot].key != key) slot = (slot + 1) & (n_slots - 1);
  return slot;
}

static bool widen_pairs(learner *l) {
  if (2 * l->n_pairs < l->n_pair_slots) return true;
  size_t wanted = l->n_pair_slots ? 2 * l->n_pair_slots : 4096;
  pair *pairs = ock_alloc_zeroed(wanted, sizeof *pairs);
  if (!pairs) return false;
  for (size_t s = 0; s < l->n_pair_slots; s++)
    if (l->pairs[s].key) pairs[pair_slot(pairs, wanted, l->pairs[s].key)] = l->pairs[s];
  ock_free(l->pairs);
  l->pairs = pairs;
  l->n_pair_slots = wanted;
  return true;
}

/* Note that a word has the pair so many times more. */
static bool add_pair(learner *l, uint64_t key, uint32_t w) {
  if (!widen_pairs(l)) return false;
  pair *p = &l->pairs[pair_slot(l->pairs, l->n_pair_slots, key)];
  if (!p->key) {
    p->key = key;
    l->n_pairs++;
  }
  p->count += l->words[w].count;
  if (!p->words || l->links[p->words - 1].word != w) {
    if (!has_room(&l->links, l->n_links, &l->links_capacity, sizeof *l->links)) return false;
    l->links[l->n_links++] = (link){w, p->words};
    p->words = (uint32_t)l->n_links;
  }
  if (p->touched) return true;
  if (!has_room(&l->grown, l->n_grown, &l->grown_capacity, sizeof *l->grown)) return false;
  p->touched = true;
  l->grown[l->n_grown++] = key;
  return true;
}

static bool add_pairs(learner *l, uint32_t w) {
  const uint16_t *pieces = l->pieces + l->words[w].at;
  for (uint32_t i = 1; i < l->words[w].size; i++)
    if (!add_pair(l, key_of(pieces[i - 1], pieces[i]), w)) return false;
  return true;
}

static void remove_pairs(learner *l, uint32_t w) {
  const uint16_t *pieces = l->pieces + l->words[w].at;
  for (uint32_t i = 1; i < l->words[w].size; i++)
    l->pairs[pair_slot(l->pairs, l->n_pair_slots, key_of(pieces[i - 1], pieces[i]))].count -= l->words[w].count;
}

/* ---- the heap ---- */

static bool is_before(entry a, entry b) {
  return a.count != b.count ? a.count > b.count : a.key < b.key;
}

static void sift_down(entry *heap, size_t n, entry moved) {
  size_t at = 0;
  for (size_t child; (child = 2 * at + 1) < n; at = child) {
    if (child + 1 < n && is_before(heap[child + 1], heap[child])) child++;
    if (!is_before(heap[child], moved)) break;
    heap[at] = heap[child];
  }
  heap[at] = moved;
}

static bool push(learner *l, entry added) {
  if (!has_room(&l->heap, l->n_heap, &l->heap_capacity, sizeof *l->heap)) return false;
  size_t at = l->n_heap++;
  for (; at > 0 && is_before(added, l->heap[(at - 1) / 2]); at = (at - 1) / 2) l->heap[at] = l->heap[(at - 1) / 2];
  l->heap[at] = added;
  return true;
}

static bool push_grown(learner *l) {
  for (size_t i = 0; i < l->n_grown; i++) {
    pair *p = &l->pairs[pair_slot(l->pairs, l->n_pair_slots, l->grown[i])];
    p->touched = false;
    if (!push(l, (entry){p->count, p->key})) return false;
  }
  l->n_grown = 0;
  return true;
}

/* The most frequent pair, taken off; NULL when none is there twice. */
static pair *pop(learner *l) {
  while (l->n_heap > 0) {
    entry top = l->heap[0];
    pair *p = &l->pairs[pair_slot(l->pairs, l->n_pair_slots, top.key)];
    if (top.count == p->count && top.count < 2) return NULL;
    entry last = top.count == p->count || p->count < 2 ? l->heap[--l->n_heap] : (entry){p->count, p->key};
    if (l->n_heap > 0) sift_down(l->heap, l->n_heap, last);
    if (top.count == p->count) return p;
  }
  return NULL;
}

/* ---- merging ---- */

static void merge_word(learner *l, uint32_t w, uint16_t left, uint16_t right, uint16_t made) {
  uint16_t *pieces = l->pieces + l->words[w].at;
  uint32_t n = l->words[w].size, kept = 0;
  for (uint32_t i = 0; i < n; kept++) {
    bool merged = i + 1 < n && pieces[i] == left && pieces[i + 1] == right;
    pieces[kept] = merged ? made : pieces[i];
    i += merged ? 2 : 1;
  }
  l->words[w].size = kept;
}

static bool has_pair(const learner *l, uint32_t w, uint16_t left, uint16_t right) {
  const uint16_t *pieces = l->pieces + l->words[w].at;
  for (uint32_t i = 1; i < l->words[w].size; i++)
    if (pieces[i - 1] == left && pieces[i] == right) return true;
  return false;
}

static bool merge(learner *l, uint64_t key, uint32_t words, uint16_t made) {
  uint16_t left = (uint16_t)((key - 1) >> 16), right = (uint16_t)(key - 1);
  for (uint32_t at = words; at; at = l->links[at - 1].older) {
    uint32_t w = l->links[at - 1].word;
    if (!has_pair(l, w, left, right)) continue; /* an older merge took it */
    remove_pairs(l, w);
    merge_word(l, w, left, right, made);
    if (!add_pairs(l, w)) return false;
  }
  return push_grown(l);
}

static bool learn(learner *l, const ock_corpus_part *part, size_t most, int32_t *merges, size_t *n_merges) {
  if (!count_words(l, part) || !spell_words(l)) return false;
  for (uint32_t w = 0; w < l->n_words; w++)
    if (!add_pairs(l, w)) return false;
  if (!push_grown(l)) return false;
  for (*n_merges = 0; *n_merges < most; ++*n_merges) {
    const pair *best = pop(l);
    if (!best) return true;
    merges[2 * *n_merges] = (int32_t)((best->key - 1) >> 16);
    merges[2 * *n_merges + 1] = (int32_t)((best->key - 1) & 0xffff);
    if (!merge(l, best->key, best->words, (uint16_t)(256 + *n_merges))) return false;
  }
  return true;
}

ockham_status ock_lm_learn_merges(const ock_corpus_part *part, size_t most, int32_t **merges, size_t *n_merges,
                                  ockham_error *err) {
  learner l = {0};
  int32_t *learnt = ock_alloc_array(most, 2 * sizeof *learnt);
  bool done = learnt && learn(&l, part, most, learnt, n_merges);
  ock_free(l.words);
  ock_free(l.word_slots);
  ock_free(l.pieces);
  ock_free(l.pairs);
  ock_free(l.links);
  ock_free(l.heap);
  ock_free(l.grown);
  *merges = done ? learnt : NULL;
  if (done) return OCKHAM_OK;
  ock_free(learnt);
  return ock_fail_memory(err, "learning pieces of words", (size_t)part->n_bytes);
}
