/* SPDX-License-Identifier: Apache-2.0 */
/* Text to tokens and back: bytes, or pieces of byte pair encoding (Sennrich et al., 2015, arXiv:1508.07909). Text is
 * cut into chunks first (a word with the space before it, a run of digits, of other signs, of blanks), and pieces never
 * cross them. Piece 256 + r is what merge r makes of two pieces; of pairs that are equally frequent the one with the
 * smaller left, then right piece is merged first. */
#ifndef OCK_LM_TEXT_H
#define OCK_LM_TEXT_H

#include "lm/corpus.h"

enum { OCK_LM_LONGEST_CHUNK = 48, OCK_LM_LEARNT_BYTES = 1 << 24 };

/* The size of the chunk that begins a text of at least 1 byte: 1 ... OCK_LM_LONGEST_CHUNK. */
size_t ock_lm_chunk(const unsigned char *text, size_t size);

/* Learn up to `most` merges from documents of OCK_LM_LEARNT_BYTES in all, evenly spread; fewer where no pair is there
 * twice. *merges: n x 2 pieces, to be freed. */
ockham_status ock_lm_learn_merges(const ock_corpus_part *part, size_t most, int32_t **merges, size_t *n_merges,
                                  ockham_error *err);

/* The same of a corpus's text, but learnt once: merges_kept.c. The bits are those of learning. */
ockham_status ock_lm_merges_of(const ockham_corpus *corpus, size_t most, int32_t **merges, size_t *n_merges,
                               ockham_error *err);

/* A coder of text. Encoding keeps what it found for chunks: one thread. */
typedef struct ock_lm_text {
  size_t n_merges;
  int32_t *merges;      /* n_merges x 2 */
  unsigned char *bytes; /* of all pieces */
  uint32_t *starts;     /* 256 + n_merges + 1: where each piece's begin */
  uint64_t *slots;      /* open addressing: pair + 1, then its rank */
  size_t n_slots;       /* a power of two */
  struct ock_lm_known *known;
} ock_lm_text;
/* n_merges 0: bytes. BAD_FILE where a merge is of pieces that are not there yet, or pieces grow beyond a chunk. */
ockham_status ock_lm_text_init(ock_lm_text *text, const int32_t *merges, size_t n_merges, ockham_error *err);
void ock_lm_text_clear(ock_lm_text *text);
/* tokens has room for size; returns how many. */
size_t ock_lm_text_encode(ock_lm_text *text, const unsigned char *bytes, size_t size, int32_t *tokens);

/* The letters of UTF-8 in opposite order, each kept as it is; bytes that are none count as letters. */
void ock_lm_reverse_letters(const unsigned char *text, size_t size, unsigned char *reversed);

#endif
