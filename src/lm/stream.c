/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "lm/feed.h"

/* ---- shuffling: a Feistel network over the next even power of two, walked until it is below n ---- */

uint64_t ock_lm_shuffled(uint64_t key, uint64_t n, uint64_t i) {
  int half = 1;
  while (half < 32 && (uint64_t)1 << 2 * half < n) half++;
  uint64_t mask = half < 32 ? ((uint64_t)1 << half) - 1 : UINT32_MAX;
  do {
    uint64_t left = i >> half, right = i & mask;
    for (uint64_t round = 1; round <= 6; round++) {
      uint64_t then = left ^ (ock_mix64(key + round * 0x9e3779b97f4a7c15u + ock_mix64(right)) & mask);
      left = right;
      right = then;
    }
    i = left << half | right;
  } while (i >= n);
  return i;
}

/* ---- the stream ---- */

void ock_lm_stream_clear(ock_lm_stream *stream) {
  ock_free(stream->owned[0]);
  ock_free(stream->owned[1]);
  *stream = (ock_lm_stream){0};
}

static ockham_status reverse_bytes(ock_lm_stream *stream, const ock_corpus_part *part, ockham_error *err) {
  unsigned char *reversed = stream->owned[0] = ock_alloc((size_t)part->n_bytes);
  if (!reversed) return ock_fail_memory(err, "the reversed text", (size_t)part->n_bytes);
  uint64_t begin = 0;
  for (uint64_t d = 0; d < part->n_documents; begin = part->ends[d++])
    ock_lm_reverse_letters(part->text + begin, (size_t)(part->ends[d] - begin), reversed + begin);
  stream->bytes = reversed;
  return OCKHAM_OK;
}

static void reverse_pieces(uint16_t *pieces, size_t n) {
  for (size_t i = 0; i < n / 2; i++) {
    uint16_t kept = pieces[i];
    pieces[i] = pieces[n - 1 - i];
    pieces[n - 1 - i] = kept;
  }
}

/* Make room for a chunk more. */
static bool widen(uint16_t **pieces, size_t n, size_t *room) {
  if (*room - n >= OCK_LM_LONGEST_CHUNK) return true;
  size_t wanted = n + n / 2 + 4096;
  uint16_t *larger = ock_realloc_array(*pieces, wanted, sizeof *larger);
  if (!larger) return false;
  *pieces = larger;
  *room = wanted;
  return true;
}

static bool encode_part(const ock_corpus_part *part, bool reverse, ock_lm_text *text, uint16_t **pieces,
                        uint64_t *ends) {
  size_t n = 0, room = 0;
  int32_t tokens[OCK_LM_LONGEST_CHUNK];
  uint64_t at = 0;
  for (uint64_t d = 0; d < part->n_documents; d++) {
    size_t first = n;
    for (size_t size; at < part->ends[d]; at += size) {
      size = ock_lm_chunk(part->text + at, (size_t)(part->ends[d] - at));
      if (!widen(pieces, n, &room)) return false;
      size_t n_tokens = ock_lm_text_encode(text, part->text + at, size, tokens);
      for (size_t i = 0; i < n_tokens; i++) (*pieces)[n++] = (uint16_t)tokens[i];
    }
    if (reverse) reverse_pieces(*pieces + first, n - first);
    ends[d] = n;
  }
  return true;
}

static ockham_status init_pieces(ock_lm_stream *stream, const ock_corpus_part *part, bool reverse, ock_lm_text *text,
                                 ockham_error *err) {
  uint64_t *ends = stream->owned[0] = ock_alloc_array((size_t)part->n_documents, sizeof *ends);
  uint16_t *pieces = NULL;
  bool done = ends && encode_part(part, reverse, text, &pieces, ends);
  stream->owned[1] = pieces;
  stream->pieces = pieces;
  stream->ends = ends;
  return done ? OCKHAM_OK : ock_fail_memory(err, "the tokens of a corpus", (size_t)part->n_bytes);
}

ockham_status ock_lm_stream_init(ock_lm_stream *stream, const ockham_lm_config *config, const ock_corpus_part *part,
                                 ock_lm_text *text, ockham_error *err) {
  bool reverse = config->order == OCKHAM_LM_ORDER_REVERSE;
  *stream = (ock_lm_stream){.bytes = part->text, .ends = part->ends, .n_documents = part->n_documents};
  stream->begin = (int32_t)(ock_lm_n_pieces(config) + OCK_LM_BEGIN);
  ockham_status status = OCKHAM_OK;
  if (config->tokens == OCKHAM_LM_TOKENS_BPE)
    status = init_pieces(stream, part, reverse, text, err);
  else if (reverse)
    status = reverse_bytes(stream, part, err);
  if (!status) stream->length = stream->ends[stream->n_documents - 1] + stream->n_documents;
  return status;
}

/* The document that place `at` of the stream is in. */
static uint64_t document_of(const ock_lm_stream *stream, uint64_t at) {
  uint64_t low = 0, high = stream->n_documents - 1;
  while (low < high) {
    uint64_t middle = low + (high - low) / 2;
    if (stream->ends[middle] + middle + 1 > at)
      high = middle;
    else
      low = middle + 1;
  }
  return low;
}

void ock_lm_stream_copy(const ock_lm_stream *stream, uint64_t at, size_t n, int32_t *tokens) {
  at %= stream->length;
  uint64_t d = document_of(stream, at);
  while (n > 0) {
    uint64_t begin = d ? stream->ends[d - 1] : 0, piece = at - d - 1; /* of a BEGIN: one before begin */
    if (at == begin + d) {
      *tokens++ = stream->begin;
      piece++;
      at++;
      n--;
    }
    size_t some = stream->ends[d] - piece < n ? (size_t)(stream->ends[d] - piece) : n;
    for (size_t i = 0; i < some; i++) tokens[i] = stream->pieces ? stream->pieces[piece + i] : stream->bytes[piece + i];
    tokens += some;
    n -= some;
    at += some;
    if (++d == stream->n_documents) d = 0;
    if (d == 0) at = 0;
  }
}
