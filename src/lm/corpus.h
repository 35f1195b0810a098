/* SPDX-License-Identifier: Apache-2.0 */
/* Corpora inside: files become text (corpus_read.c, corpus_markup.c), text becomes documents in two parts
 * (corpus_build.c), and these a file (corpus.c).
 * The file: a container of kind "TEXT", format 1, with chunks
 *   "FACT"  u64: documents to train on, documents held out;
 *   "ENDS"  u64 for each document, those to train on first: where it ends in its part;
 *   "TRAI"  the bytes of the one part, "HELD" those of the other. */
#ifndef OCK_LM_CORPUS_H
#define OCK_LM_CORPUS_H

#include "data/internal.h"
#include "lm/internal.h"

#define OCK_CORPUS_KIND OCK_TAG('T', 'E', 'X', 'T')
enum { OCK_CORPUS_VERSION = 1 };

/* Documents one after another. */
typedef struct ock_corpus_part {
  const unsigned char *text;
  const uint64_t *ends; /* of each document; above 0 and ascending */
  uint64_t n_documents, n_bytes;
} ock_corpus_part;

struct ockham_corpus {
  ock_corpus_part train, held;
  double byte_entropy;
  char *path;              /* of the file, from the root; NULL: of none */
  ock_container file;      /* whose bytes the parts are, or */
  unsigned char *texts[2]; /* the parts' own */
  uint64_t *ends[2];
};

/* A container's bytes (kept: *container is emptied on success) as a corpus; path is for messages. */
ockham_status ock_corpus_of_container(ock_container *container, const char *path, ockham_corpus **corpus,
                                      ockham_error *err);
/* Bits a byte by counts of single bytes. */
double ock_corpus_byte_entropy(const unsigned char *text, uint64_t size);

/* ---- documents into parts ---- */

typedef struct ock_corpus_half {
  unsigned char *text;
  uint64_t *ends;
  size_t n_bytes, capacity, n_documents, ends_capacity;
} ock_corpus_half;

/* Zero-initialise but for the options; _clear after all. */
typedef struct ock_corpus_builder {
  size_t document_bytes;
  double held_out;
  uint64_t most_bytes; /* 0: any */
  bool full;           /* most_bytes are there */
  ock_corpus_half halves[2];
  /* Which document would be the first to change sides, were a side empty. */
  uint64_t least_hash, largest_hash;
  size_t least_at, largest_at;
} ock_corpus_builder;
/* One document; nothing when it is empty or the builder full. */
ockham_status ock_corpus_add_document(ock_corpus_builder *builder, const void *text, size_t size, ockham_error *err);
/* A file's text, cut into documents. */
ockham_status ock_corpus_add_text(ock_corpus_builder *builder, const unsigned char *text, size_t size,
                                  ockham_error *err);
/* The end of the document that begins a text: 1 ... size. */
size_t ock_corpus_document_end(const unsigned char *text, size_t size, size_t document_bytes);
/* BAD_DATA with fewer than two documents. The builder is left empty. */
ockham_status ock_corpus_finish(ock_corpus_builder *builder, ockham_corpus **corpus, ockham_error *err);
void ock_corpus_builder_clear(ock_corpus_builder *builder);

/* ---- markup ---- */

/* Whether a text begins with '<', apart from blanks and a byte order mark. */
bool ock_markup_is_likely(const unsigned char *text, size_t size);
/* HTML to plain text, in place; returns its size, which is never above `size`. Tags and comments vanish, and what
 * stands in <script> and <style> with them; block elements begin a line or, as headings and paragraphs do, one after a
 * blank line; runs of blanks become one space outside <pre>; named and numbered entities become UTF-8. What is no
 * markup stays as it is. */
size_t ock_markup_strip(unsigned char *text, size_t size);

#endif
