/* SPDX-License-Identifier: Apache-2.0 */
/* Merges that were learnt, kept beside the corpus for the runs that follow: CORPUS.merges-MOST-KEY, where the key is a
 * hash of what they depend on. The file is a container of kind "MERG", format 1, with chunks
 *   "FACT"  u64: the key, the most merges that were asked for, bytes and documents of the text;
 *   "MERG"  pairs of int32.
 * It only saves time: one that is not there, damaged or of something else is learnt anew and written over, and where
 * nothing can be written nothing is kept. Processes that learn at the same time write the same bytes, each its own
 * file, and rename it. */
#include <inttypes.h>
#include <string.h>

#include "lm/text.h"

enum {
  KIND = OCK_TAG('M', 'E', 'R', 'G'),
  VERSION = 1,
  TAG_FACTS = OCK_TAG('F', 'A', 'C', 'T'),
  TAG_MERGES = OCK_TAG('M', 'E', 'R', 'G'),
  LEARNING = 1,           /* goes up when the same text gives other merges */
  WORTH_KEEPING = 1 << 20 /* bytes of text; less is learnt sooner than a file is safe on the disk */
};

typedef struct facts {
  uint64_t key, most, n_bytes, n_documents;
} facts;

static facts facts_of(const ock_corpus_part *part, size_t most) {
  uint64_t key = ock_fnv1a(OCK_FNV1A_START + LEARNING, part->text, (size_t)part->n_bytes);
  key = ock_fnv1a(key, part->ends, (size_t)part->n_documents * sizeof *part->ends);
  return (facts){ock_fnv1a(key, &(uint64_t){OCK_LM_LEARNT_BYTES}, sizeof(uint64_t)), most, part->n_bytes,
                 part->n_documents};
}

static char *path_of(const char *corpus, const facts *of) {
  size_t size = strlen(corpus) + sizeof ".merges--" + 20 + 16;
  char *path = ock_alloc(size);
  if (path) snprintf(path, size, "%s.merges-%" PRIu64 "-%016" PRIx64, corpus, of->most, of->key);
  return path;
}

/* Merges that an encoder takes, of just these facts; NULL: they are not. */
static const int32_t *find_merges(const ock_container *file, const facts *expected, size_t *n) {
  const void *there, *merges;
  size_t there_size, size, unit = 2 * sizeof(int32_t);
  ock_lm_text text;
  if (!ock_container_get(file, TAG_FACTS, &there, &there_size) || there_size != sizeof *expected ||
      memcmp(there, expected, there_size) != 0 || !ock_container_get(file, TAG_MERGES, &merges, &size))
    return NULL;
  *n = size / unit;
  if (size % unit != 0 || *n > expected->most || ock_lm_text_init(&text, merges, *n, NULL)) return NULL;
  ock_lm_text_clear(&text);
  return merges;
}

/* *merges is NULL where none are kept. */
static ockham_status read_kept(const char *path, const facts *of, int32_t **merges, size_t *n, ockham_error *err) {
  ock_container file;
  *merges = NULL;
  if (ock_container_open(&file, path, KIND, VERSION, NULL)) return OCKHAM_OK;
  const int32_t *kept = find_merges(&file, of, n);
  if (kept) *merges = ock_alloc_array(*n, 2 * sizeof *kept);
  if (*merges && *n) memcpy(*merges, kept, *n * 2 * sizeof *kept);
  ock_container_clear(&file);
  return kept && !*merges ? ock_fail_memory(err, "the merges", *n * 2 * sizeof *kept) : OCKHAM_OK;
}

/* Where that fails the next run learns again. */
static void keep(const char *path, const facts *of, const int32_t *merges, size_t n) {
  ock_container_writer writer;
  if (ock_container_create(&writer, path, KIND, VERSION, NULL)) return;
  ock_container_put(&writer, TAG_FACTS, of, sizeof *of);
  ock_container_put(&writer, TAG_MERGES, merges, n * 2 * sizeof *merges);
  ock_container_commit(&writer, NULL);
}

ockham_status ock_lm_merges_of(const ockham_corpus *corpus, size_t most, int32_t **merges, size_t *n_merges,
                               ockham_error *err) {
  if (!corpus->path || corpus->train.n_bytes < WORTH_KEEPING)
    return ock_lm_learn_merges(&corpus->train, most, merges, n_merges, err);
  facts of = facts_of(&corpus->train, most);
  char *path = path_of(corpus->path, &of);
  if (!path) return ock_fail_memory(err, "the name of a file", strlen(corpus->path));
  ockham_status status = read_kept(path, &of, merges, n_merges, err);
  if (!status && !*merges) {
    status = ock_lm_learn_merges(&corpus->train, most, merges, n_merges, err);
    if (!status) keep(path, &of, *merges, *n_merges);
  }
  ock_free(path);
  return status;
}
