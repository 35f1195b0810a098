/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "lm/corpus.h"

enum { TRAIN, HELD };

/* ---- where documents end ---- */

/* Behind the first blank line that ends at or after `from`; 0: there is none before size. */
static size_t blank_line_after(const unsigned char *text, size_t size, size_t from) {
  for (size_t at = from; at < size;) {
    const unsigned char *found = memchr(text + at, '\n', size - at);
    if (!found) return 0;
    size_t next = (size_t)(found - text) + 1, line = next;
    while (next < size && (text[next] == ' ' || text[next] == '\t' || text[next] == '\r')) next++;
    if (next < size && text[next] == '\n') {
      while (next < size && text[next] == '\n') next++;
      return next;
    }
    at = line;
  }
  return 0;
}

static size_t line_after(const unsigned char *text, size_t size, size_t from) {
  const unsigned char *found = memchr(text + from, '\n', size - from);
  return found ? (size_t)(found - text) + 1 : 0;
}

size_t ock_corpus_document_end(const unsigned char *text, size_t size, size_t document_bytes) {
  if (size <= document_bytes) return size;
  size_t most = size - document_bytes <= document_bytes ? size : 2 * document_bytes;
  size_t end = blank_line_after(text, most, document_bytes - 1);
  if (!end && most == size) return size;
  if (!end) end = line_after(text, most, document_bytes - 1);
  if (end) return end;
  end = most;
  while (end > document_bytes && (text[end] & 0xc0) == 0x80) end--; /* not inside a letter of UTF-8 */
  return end;
}

/* ---- which part they belong to ---- */

static uint64_t hash_of(const unsigned char *text, size_t size) {
  uint64_t hash = ock_mix64(size + 0x9e3779b97f4a7c15u);
  for (size_t at = 0; at < size; at += 8) {
    uint64_t word = 0;
    memcpy(&word, text + at, size - at < 8 ? size - at : 8);
    hash = ock_mix64(hash ^ word) + 0x9e3779b97f4a7c15u;
  }
  return ock_mix64(hash);
}

/* Room for `more` elements of size_bytes: a block half as large again. */
static bool grow(void **block, size_t *capacity, size_t n, size_t more, size_t size_bytes) {
  if (*capacity - n >= more) return true;
  if (more > SIZE_MAX / 2 - n || n > SIZE_MAX / 4) return false;
  size_t wanted = n + more + n / 2 + 256;
  void *larger = ock_realloc_array(*block, wanted, size_bytes);
  if (!larger) return false;
  *block = larger;
  *capacity = wanted;
  return true;
}

static ockham_status append(ock_corpus_half *half, const void *text, size_t size, ockham_error *err) {
  void *bytes = half->text, *ends = half->ends;
  bool fits = grow(&bytes, &half->capacity, half->n_bytes, size, 1);
  fits = fits && grow(&ends, &half->ends_capacity, half->n_documents, 1, sizeof *half->ends);
  half->text = bytes;
  half->ends = ends;
  if (!fits) return ock_fail_memory(err, "the text", half->n_bytes + size);
  memcpy(half->text + half->n_bytes, text, size);
  half->n_bytes += size;
  half->ends[half->n_documents++] = half->n_bytes;
  return OCKHAM_OK;
}

ockham_status ock_corpus_add_document(ock_corpus_builder *builder, const void *text, size_t size, ockham_error *err) {
  if (size == 0 || builder->full) return OCKHAM_OK;
  uint64_t total = builder->halves[TRAIN].n_bytes + builder->halves[HELD].n_bytes;
  if (builder->most_bytes && (size > builder->most_bytes || total > builder->most_bytes - size)) {
    builder->full = true;
    return OCKHAM_OK;
  }
  uint64_t hash = hash_of(text, size);
  int side = (double)(hash >> 11) * 0x1p-53 < builder->held_out ? HELD : TRAIN;
  size_t at = builder->halves[side].n_documents;
  OCK_TRY(append(&builder->halves[side], text, size, err));
  if (side == TRAIN && (at == 0 || hash < builder->least_hash)) {
    builder->least_hash = hash;
    builder->least_at = at;
  }
  if (side == HELD && (at == 0 || hash > builder->largest_hash)) {
    builder->largest_hash = hash;
    builder->largest_at = at;
  }
  return OCKHAM_OK;
}

static bool is_blank(const unsigned char *text, size_t size) {
  for (size_t i = 0; i < size; i++)
    if (!strchr(" \t\r\n\f", text[i]) || !text[i]) return false;
  return true;
}

ockham_status ock_corpus_add_text(ock_corpus_builder *builder, const unsigned char *text, size_t size,
                                  ockham_error *err) {
  for (size_t at = 0, end; at < size && !builder->full; at += end) {
    end = ock_corpus_document_end(text + at, size - at, builder->document_bytes);
    if (!is_blank(text + at, end)) OCK_TRY(ock_corpus_add_document(builder, text + at, end, err));
  }
  return OCKHAM_OK;
}

/* ---- the corpus ---- */

/* Take document `at` of `from`, and make it the only one of `to`. */
static ockham_status move_document(ock_corpus_half *from, size_t at, ock_corpus_half *to, ockham_error *err) {
  size_t begin = at ? (size_t)from->ends[at - 1] : 0, end = (size_t)from->ends[at], size = end - begin;
  OCK_TRY(append(to, from->text + begin, size, err));
  memmove(from->text + begin, from->text + end, from->n_bytes - end);
  for (size_t d = at + 1; d < from->n_documents; d++) from->ends[d - 1] = from->ends[d] - size;
  from->n_documents--;
  from->n_bytes -= size;
  return OCKHAM_OK;
}

static ock_corpus_part part_of(const ock_corpus_half *half) {
  return (ock_corpus_part){half->text, half->ends, half->n_documents, half->n_bytes};
}

ockham_status ock_corpus_finish(ock_corpus_builder *builder, ockham_corpus **corpus, ockham_error *err) {
  *corpus = NULL;
  ock_corpus_half *train = &builder->halves[TRAIN], *held = &builder->halves[HELD];
  size_t n = train->n_documents + held->n_documents;
  if (n < 2)
    return ock_fail(err, OCKHAM_BAD_DATA,
                    "a corpus needs at least 2 documents, one of them to be held out, found %zu; a document ends at "
                    "the blank line next after %zu bytes",
                    n, builder->document_bytes);
  if (held->n_documents == 0) OCK_TRY(move_document(train, builder->least_at, held, err));
  if (train->n_documents == 0) OCK_TRY(move_document(held, builder->largest_at, train, err));
  ockham_corpus *made = ock_alloc_zeroed(1, sizeof *made);
  if (!made) return ock_fail_memory(err, "a corpus", sizeof *made);
  made->train = part_of(train);
  made->held = part_of(held);
  made->byte_entropy = ock_corpus_byte_entropy(train->text, train->n_bytes);
  for (int half = 0; half < 2; half++) {
    made->texts[half] = builder->halves[half].text;
    made->ends[half] = builder->halves[half].ends;
    builder->halves[half] = (ock_corpus_half){0};
  }
  *corpus = made;
  return OCKHAM_OK;
}

void ock_corpus_builder_clear(ock_corpus_builder *builder) {
  for (int half = 0; half < 2; half++) {
    ock_free(builder->halves[half].text);
    ock_free(builder->halves[half].ends);
    builder->halves[half] = (ock_corpus_half){0};
  }
}
