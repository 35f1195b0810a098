/* SPDX-License-Identifier: Apache-2.0 */
/* A source with known entropy. All that varies is drawn at places that somebody who counts from the last new line
 * knows: 16 letters, then whether they are copied. So the bits of a document are those of its letters and one for each
 * record, and its bytes 17 or 34 a record. Chains begin every document after "aa", so that the letters' bits follow
 * from the chain's distribution after 0, 1, 2, ... letters: no limit is taken. */
#include <math.h>
#include <string.h>

#include "lm/corpus.h"

enum { MOST_LETTERS = 26, RECORD = 16, RECORDS = 16, LEAST_BYTES = 4096 };
static const double copied = .5, held_out = .05;

typedef struct chain {
  size_t n;                                               /* letters */
  double next[MOST_LETTERS * MOST_LETTERS][MOST_LETTERS]; /* after two letters, the one before first */
} chain;

/* Each row is a softmax of normal numbers: a few letters are likely after each pair. */
static void make_chain(chain *source, size_t letters, uint64_t seed) {
  ock_rng rng = ock_rng_make(seed, 1);
  source->n = letters;
  for (size_t pair = 0; pair < letters * letters; pair++) {
    double sum = 0;
    for (size_t c = 0; c < letters; c++) sum += source->next[pair][c] = exp(1.5 * ock_rng_normal(&rng));
    for (size_t c = 0; c < letters; c++) source->next[pair][c] /= sum;
  }
}

static double entropy_of(const double *p, size_t n) {
  double bits = 0;
  for (size_t c = 0; c < n; c++)
    if (p[c] > 0) bits -= p[c] * log2(p[c]);
  return bits;
}

/* Bits of the letters of a document, over the distribution of pairs at each. */
static double letter_bits(const chain *source) {
  size_t n = source->n;
  double now[MOST_LETTERS * MOST_LETTERS] = {1}, bits = 0;
  for (int t = 0; t < RECORD * RECORDS; t++) {
    double then[MOST_LETTERS * MOST_LETTERS] = {0};
    for (size_t pair = 0; pair < n * n; pair++) {
      bits += now[pair] * entropy_of(source->next[pair], n);
      for (size_t c = 0; c < n; c++) then[pair % n * n + c] += now[pair] * source->next[pair][c];
    }
    memcpy(now, then, sizeof now);
  }
  return bits;
}

static double bits_a_byte(const chain *source) {
  const double choice[2] = {copied, 1 - copied};
  double bits = letter_bits(source) + RECORDS * entropy_of(choice, 2);
  return bits / (RECORDS * (1 + copied) * (RECORD + 1));
}

static size_t draw(const double *p, size_t n, ock_rng *rng) {
  double u = ock_rng_uniform(rng);
  for (size_t c = 0; c + 1 < n; c++)
    if ((u -= p[c]) < 0) return c;
  return n - 1;
}

static size_t make_document(const chain *source, ock_rng *rng, char *text) {
  size_t size = 0, pair = 0, n = source->n;
  for (int r = 0; r < RECORDS; r++) {
    char *record = text + size;
    for (int i = 0; i < RECORD; i++) {
      size_t c = draw(source->next[pair], n, rng);
      pair = pair % n * n + c;
      record[i] = (char)('a' + c);
    }
    size += RECORD;
    if (ock_rng_uniform(rng) < copied) {
      record[RECORD] = '=';
      memcpy(record + RECORD + 1, record, RECORD);
      size += 1 + RECORD;
    }
    text[size++] = '\n';
  }
  return size;
}

static ockham_status add_documents(const chain *source, uint64_t n_bytes, uint64_t seed, ock_corpus_builder *builder,
                                   ockham_error *err) {
  char text[RECORDS * 2 * (RECORD + 1)];
  ock_rng rng = ock_rng_make(seed, 2);
  for (uint64_t n = 0; n < n_bytes;) {
    size_t size = make_document(source, &rng, text);
    OCK_TRY(ock_corpus_add_document(builder, text, size, err));
    n += size;
  }
  return OCKHAM_OK;
}

ockham_status ockham_corpus_synthetic(uint64_t n_bytes, size_t letters, uint64_t seed, ockham_corpus **corpus,
                                      double *entropy, ockham_error *err) {
  *corpus = NULL;
  if (letters == 0) letters = 8;
  if (letters < 2 || letters > MOST_LETTERS)
    return ock_fail(err, OCKHAM_BAD_ARGUMENT, "a synthetic source has 2 to %d letters, found %zu", MOST_LETTERS,
                    letters);
  if (n_bytes < LEAST_BYTES)
    return ock_fail(err, OCKHAM_BAD_ARGUMENT, "a synthetic corpus has at least %d bytes, found %llu", LEAST_BYTES,
                    (unsigned long long)n_bytes);
  chain *source = ock_alloc(sizeof *source);
  if (!source) return ock_fail_memory(err, "a Markov chain", sizeof *source);
  make_chain(source, letters, seed);
  ock_corpus_builder builder = {.document_bytes = 1, .held_out = held_out};
  ockham_status status = add_documents(source, n_bytes, seed, &builder, err);
  if (!status) status = ock_corpus_finish(&builder, corpus, err);
  if (!status && entropy) *entropy = bits_a_byte(source);
  ock_corpus_builder_clear(&builder);
  ock_free(source);
  return status;
}
