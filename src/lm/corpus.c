/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "lm/corpus.h"

#define FACT_TAG OCK_TAG('F', 'A', 'C', 'T')
#define ENDS_TAG OCK_TAG('E', 'N', 'D', 'S')
#define TRAIN_TAG OCK_TAG('T', 'R', 'A', 'I')
#define HELD_TAG OCK_TAG('H', 'E', 'L', 'D')

double ock_corpus_byte_entropy(const unsigned char *text, uint64_t size) {
  uint64_t counts[256] = {0};
  for (uint64_t i = 0; i < size; i++) counts[text[i]]++;
  double bits = 0;
  for (int c = 0; c < 256; c++)
    if (counts[c]) bits -= (double)counts[c] / (double)size * log2((double)counts[c] / (double)size);
  return bits;
}

ockham_corpus_facts ockham_corpus_look(const ockham_corpus *corpus) {
  return (ockham_corpus_facts){
      .n_documents = corpus->train.n_documents + corpus->held.n_documents,
      .n_held_documents = corpus->held.n_documents,
      .n_bytes = corpus->train.n_bytes + corpus->held.n_bytes,
      .n_held_bytes = corpus->held.n_bytes,
      .byte_entropy = corpus->byte_entropy,
  };
}

void ockham_corpus_free(ockham_corpus *corpus) {
  if (!corpus) return;
  ock_container_clear(&corpus->file);
  ock_free(corpus->path);
  for (int half = 0; half < 2; half++) {
    ock_free(corpus->texts[half]);
    ock_free(corpus->ends[half]);
  }
  ock_free(corpus);
}

/* ---- writing ---- */

ockham_status ockham_corpus_write(const ockham_corpus *corpus, const char *path, ockham_error *err) {
  const ock_corpus_part *train = &corpus->train, *held = &corpus->held;
  uint64_t facts[2] = {train->n_documents, held->n_documents};
  size_t n = (size_t)(facts[0] + facts[1]);
  uint64_t *ends = ock_alloc_array(n, sizeof *ends);
  if (!ends) return ock_fail_memory(err, "the ends of documents", ock_size_product(n, sizeof *ends));
  memcpy(ends, train->ends, (size_t)facts[0] * sizeof *ends);
  memcpy(ends + facts[0], held->ends, (size_t)facts[1] * sizeof *ends);
  ock_container_writer writer;
  ockham_status status = ock_container_create(&writer, path, OCK_CORPUS_KIND, OCK_CORPUS_VERSION, err);
  if (!status) {
    ock_container_put(&writer, FACT_TAG, facts, sizeof facts);
    ock_container_put(&writer, ENDS_TAG, ends, n * sizeof *ends);
    ock_container_put(&writer, TRAIN_TAG, train->text, (size_t)train->n_bytes);
    ock_container_put(&writer, HELD_TAG, held->text, (size_t)held->n_bytes);
    status = ock_container_commit(&writer, err);
  }
  ock_output_abandon(&writer.output);
  ock_free(ends);
  return status;
}

/* ---- reading ---- */

static ockham_status get_chunk(const ock_container *file, const char *path, uint32_t tag, const char *what,
                               const void **payload, size_t *size, ockham_error *err) {
  if (ock_container_get(file, tag, payload, size)) return OCKHAM_OK;
  return ock_fail(err, OCKHAM_BAD_FILE, "%s: damaged: it lacks %s", path, what);
}

static ockham_status check_part(const ock_corpus_part *part, const char *path, const char *what, ockham_error *err) {
  if (part->n_documents == 0) return ock_fail(err, OCKHAM_BAD_FILE, "%s: damaged: no document %s", path, what);
  uint64_t before = 0;
  for (uint64_t d = 0; d < part->n_documents; before = part->ends[d++])
    if (part->ends[d] <= before || part->ends[d] > part->n_bytes)
      return ock_fail(err, OCKHAM_BAD_FILE, "%s: damaged: document %llu %s ends at byte %llu, expected %llu to %llu",
                      path, (unsigned long long)d + 1, what, (unsigned long long)part->ends[d],
                      (unsigned long long)before + 1, (unsigned long long)part->n_bytes);
  if (before != part->n_bytes)
    return ock_fail(err, OCKHAM_BAD_FILE, "%s: damaged: the documents %s end at byte %llu of %llu", path, what,
                    (unsigned long long)before, (unsigned long long)part->n_bytes);
  return OCKHAM_OK;
}

/* The parts as views of the file. */
static ockham_status read_parts(const ock_container *file, const char *path, ock_corpus_part *train,
                                ock_corpus_part *held, ockham_error *err) {
  const void *facts, *ends, *texts[2];
  size_t facts_size, ends_size, sizes[2];
  OCK_TRY(get_chunk(file, path, FACT_TAG, "its facts", &facts, &facts_size, err));
  OCK_TRY(get_chunk(file, path, ENDS_TAG, "the ends of documents", &ends, &ends_size, err));
  OCK_TRY(get_chunk(file, path, TRAIN_TAG, "the text to train on", &texts[0], &sizes[0], err));
  OCK_TRY(get_chunk(file, path, HELD_TAG, "the text held out", &texts[1], &sizes[1], err));
  uint64_t n[2];
  if (facts_size != sizeof n)
    return ock_fail(err, OCKHAM_BAD_FILE, "%s: damaged: its facts are %zu bytes, expected %zu", path, facts_size,
                    sizeof n);
  memcpy(n, facts, sizeof n);
  uint64_t n_ends = ends_size / sizeof(uint64_t);
  if (ends_size % sizeof(uint64_t) != 0 || n[0] > n_ends || n[1] != n_ends - n[0])
    return ock_fail(err, OCKHAM_BAD_FILE, "%s: damaged: %llu and %llu documents with %zu bytes of ends", path,
                    (unsigned long long)n[0], (unsigned long long)n[1], ends_size);
  *train = (ock_corpus_part){texts[0], ends, n[0], sizes[0]};
  *held = (ock_corpus_part){texts[1], (const uint64_t *)ends + n[0], n[1], sizes[1]};
  OCK_TRY(check_part(train, path, "to train on", err));
  return check_part(held, path, "held out", err);
}

ockham_status ock_corpus_of_container(ock_container *container, const char *path, ockham_corpus **corpus,
                                      ockham_error *err) {
  *corpus = NULL;
  ock_corpus_part train, held;
  OCK_TRY(read_parts(container, path, &train, &held, err));
  ockham_corpus *made = ock_alloc_zeroed(1, sizeof *made);
  if (!made) return ock_fail_memory(err, "a corpus", sizeof *made);
  made->train = train;
  made->held = held;
  made->byte_entropy = ock_corpus_byte_entropy(train.text, train.n_bytes);
  made->file = *container;
  *container = (ock_container){0};
  *corpus = made;
  return OCKHAM_OK;
}

ockham_status ockham_corpus_open(const char *path, ockham_corpus **corpus, ockham_error *err) {
  *corpus = NULL;
  ock_container file;
  if (ock_container_is_other(path)) /* most likely the text that one is to be made of */
    return ock_fail(err, OCKHAM_BAD_FILE, "%s: not a corpus; `ockham corpus` makes one of text", ock_show(path).text);
  OCK_TRY(ock_container_open(&file, path, OCK_CORPUS_KIND, OCK_CORPUS_VERSION, err));
  ockham_corpus *made;
  ockham_status status = ock_corpus_of_container(&file, path, &made, err);
  ock_container_clear(&file);
  if (status) return status;
  char *whole = realpath(path, NULL); /* a process may change its folder */
  if (whole) made->path = ock_string_copy(whole);
  bool kept = !whole || made->path;
  free(whole);
  if (!kept) {
    ockham_corpus_free(made);
    return ock_fail_memory(err, "the path of a corpus", 0);
  }
  *corpus = made;
  return OCKHAM_OK;
}
