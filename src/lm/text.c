/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "lm/text.h"

/* ---- chunks ---- */

enum { LETTER, DIGIT, BLANK, SIGN };

static int kind_of(unsigned char c) {
  if (c >= 0x80 || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')) return LETTER;
  if (c >= '0' && c <= '9') return DIGIT;
  return c == ' ' || (c >= '\t' && c <= '\r') ? BLANK : SIGN;
}

static size_t run_end(const unsigned char *text, size_t from, size_t most) {
  size_t end = from + 1;
  while (end < most && kind_of(text[end]) == kind_of(text[from])) end++;
  return end;
}

size_t ock_lm_chunk(const unsigned char *text, size_t size) {
  size_t most = size < OCK_LM_LONGEST_CHUNK ? size : OCK_LM_LONGEST_CHUNK, end = run_end(text, 0, most);
  if (kind_of(text[0]) != BLANK || end == most || text[end - 1] != ' ') return end;
  return end > 1 ? end - 1 : run_end(text, 1, most); /* the last space goes with what follows */
}

/* ---- pairs to ranks ---- */

static uint64_t pair_key(int32_t left, int32_t right) {
  return ((uint64_t)(uint32_t)left << 32 | (uint32_t)right) + 1;
}

static size_t slot_of(const ock_lm_text *text, uint64_t key) {
  size_t slot = (size_t)(key * 0x9e3779b97f4a7c15u >> 20) & (text->n_slots - 1);
  while (text->slots[2 * slot] && text->slots[2 * slot] != key) slot = (slot + 1) & (text->n_slots - 1);
  return slot;
}

static int64_t rank_of(const ock_lm_text *text, int32_t left, int32_t right) {
  const uint64_t *slot = &text->slots[2 * slot_of(text, pair_key(left, right))];
  return slot[0] ? (int64_t)slot[1] : INT64_MAX;
}

/* ---- chunks that were met lately ---- */

enum { N_KNOWN = 1 << 15, LONGEST_KNOWN = 16 };

typedef struct ock_lm_known {
  unsigned char size, n_tokens;
  unsigned char bytes[LONGEST_KNOWN];
  uint16_t tokens[LONGEST_KNOWN];
} known_chunk;

static known_chunk *known_of(ock_lm_text *text, const unsigned char *bytes, size_t size) {
  uint64_t hash = ock_fnv1a(size, bytes, size);
  return &text->known[(hash ^ hash >> 29) % N_KNOWN];
}

/* Merge the first pair of least rank, as long as there is one: what it makes has no pair of a lower rank, so this is
 * the merges in their order. ranks[i] is that of pieces i and i + 1. */
static size_t encode_chunk(const ock_lm_text *text, const unsigned char *bytes, size_t size, int32_t *tokens) {
  int64_t ranks[OCK_LM_LONGEST_CHUNK];
  size_t n = size;
  for (size_t i = 0; i < n; i++) tokens[i] = bytes[i];
  for (size_t i = 0; i + 1 < n; i++) ranks[i] = rank_of(text, tokens[i], tokens[i + 1]);
  while (n > 1) {
    size_t least = 0;
    for (size_t i = 1; i + 1 < n; i++)
      if (ranks[i] < ranks[least]) least = i;
    if (ranks[least] == INT64_MAX) break;
    tokens[least] = (int32_t)(256 + ranks[least]);
    n--;
    memmove(tokens + least + 1, tokens + least + 2, (n - least - 1) * sizeof *tokens);
    memmove(ranks + least, ranks + least + 1, (n - least - 1) * sizeof *ranks);
    if (least > 0) ranks[least - 1] = rank_of(text, tokens[least - 1], tokens[least]);
    if (least + 1 < n) ranks[least] = rank_of(text, tokens[least], tokens[least + 1]);
  }
  return n;
}

static size_t encode_known(ock_lm_text *text, const unsigned char *bytes, size_t size, int32_t *tokens) {
  if (size > LONGEST_KNOWN) return encode_chunk(text, bytes, size, tokens);
  known_chunk *known = known_of(text, bytes, size);
  if (known->size != size || memcmp(known->bytes, bytes, size) != 0) {
    size_t n = encode_chunk(text, bytes, size, tokens);
    known->size = (unsigned char)size;
    known->n_tokens = (unsigned char)n;
    memcpy(known->bytes, bytes, size);
    for (size_t i = 0; i < n; i++) known->tokens[i] = (uint16_t)tokens[i];
  }
  for (size_t i = 0; i < known->n_tokens; i++) tokens[i] = known->tokens[i];
  return known->n_tokens;
}

size_t ock_lm_text_encode(ock_lm_text *text, const unsigned char *bytes, size_t size, int32_t *tokens) {
  size_t n = 0;
  if (text->n_merges == 0) {
    for (; n < size; n++) tokens[n] = bytes[n];
    return n;
  }
  for (size_t at = 0, chunk; at < size; at += chunk) {
    chunk = ock_lm_chunk(bytes + at, size - at);
    n += encode_known(text, bytes + at, chunk, tokens + n);
  }
  return n;
}

/* ---- making one ---- */

/* What each piece's bytes are; they add up to at most `sizes` in all. */
static ockham_status spell_pieces(ock_lm_text *text, ockham_error *err) {
  size_t n = 256 + text->n_merges, room = 256 + text->n_merges * OCK_LM_LONGEST_CHUNK, used = 256;
  text->bytes = ock_alloc(room);
  text->starts = ock_alloc_array(n + 1, sizeof *text->starts);
  if (!text->bytes || !text->starts) return ock_fail_memory(err, "the pieces of words", room);
  for (size_t c = 0; c <= 256; c++) text->starts[c] = (uint32_t)c;
  for (size_t c = 0; c < 256; c++) text->bytes[c] = (unsigned char)c;
  for (size_t r = 0; r < text->n_merges; r++) {
    for (int side = 0; side < 2; side++) {
      int32_t piece = text->merges[2 * r + (size_t)side];
      if (piece < 0 || (size_t)piece >= 256 + r)
        return ock_fail(err, OCKHAM_BAD_FILE, "merge %zu is of piece %d, expected one below %zu", r + 1, (int)piece,
                        256 + r);
      size_t size = text->starts[piece + 1] - text->starts[piece];
      if (used - text->starts[256 + r] + size > OCK_LM_LONGEST_CHUNK)
        return ock_fail(err, OCKHAM_BAD_FILE, "merge %zu makes a piece of more than %d bytes", r + 1,
                        OCK_LM_LONGEST_CHUNK);
      memcpy(text->bytes + used, text->bytes + text->starts[piece], size);
      used += size;
    }
    text->starts[257 + r] = (uint32_t)used;
  }
  return OCKHAM_OK;
}

static ockham_status fill(ock_lm_text *text, const int32_t *merges, ockham_error *err) {
  text->n_slots = 64;
  while (text->n_slots < 2 * text->n_merges) text->n_slots *= 2;
  text->merges = ock_alloc_array(text->n_merges, 2 * sizeof *merges);
  text->slots = ock_alloc_zeroed(text->n_slots, 2 * sizeof *text->slots);
  text->known = ock_alloc_zeroed(N_KNOWN, sizeof *text->known);
  if (!text->merges || !text->slots || !text->known)
    return ock_fail_memory(err, "the merges", text->n_slots * 2 * sizeof *text->slots);
  if (text->n_merges) memcpy(text->merges, merges, text->n_merges * 2 * sizeof *merges);
  for (size_t r = 0; r < text->n_merges; r++) {
    uint64_t key = pair_key(merges[2 * r], merges[2 * r + 1]);
    uint64_t *slot = &text->slots[2 * slot_of(text, key)];
    if (!slot[0]) slot[1] = r; /* a pair that is there twice keeps its first rank */
    slot[0] = key;
  }
  return spell_pieces(text, err);
}

ockham_status ock_lm_text_init(ock_lm_text *text, const int32_t *merges, size_t n_merges, ockham_error *err) {
  *text = (ock_lm_text){.n_merges = n_merges};
  if (n_merges > UINT16_MAX - 255)
    return ock_fail(err, OCKHAM_BAD_FILE, "expected at most %d merges, found %zu", UINT16_MAX - 255, n_merges);
  ockham_status status = fill(text, merges, err);
  if (status) ock_lm_text_clear(text);
  return status;
}

void ock_lm_text_clear(ock_lm_text *text) {
  ock_free(text->merges);
  ock_free(text->bytes);
  ock_free(text->starts);
  ock_free(text->slots);
  ock_free(text->known);
  *text = (ock_lm_text){0};
}

/* ---- the other way round ---- */

/* The size of the letter that begins a text: what its first byte says, where the bytes that follow agree. */
static size_t letter_size(const unsigned char *text, size_t size) {
  size_t wanted = text[0] >= 0xf0 ? 4 : text[0] >= 0xe0 ? 3 : text[0] >= 0xc0 ? 2 : 1;
  if (wanted > size) return 1;
  for (size_t i = 1; i < wanted; i++)
    if ((text[i] & 0xc0) != 0x80) return 1;
  return wanted;
}

void ock_lm_reverse_letters(const unsigned char *text, size_t size, unsigned char *reversed) {
  for (size_t at = 0, n; at < size; at += n) {
    n = letter_size(text + at, size - at);
    memcpy(reversed + size - at - n, text + at, n);
  }
}
