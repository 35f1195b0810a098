/* SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "data/csv.h"
#include "lm/corpus.h"

enum { BLOCK_BYTES = 1 << 20, LOOKED_AT = 8192, MOST_DEPTH = 64 };

typedef struct reading {
  const ockham_corpus_options *options;
  ock_corpus_builder builder;
  unsigned char *text; /* of a file */
  size_t capacity;
  uint64_t n_done; /* bytes of text */
  uint64_t n_left_out;
} reading;

/* ---- files ---- */

static ockham_status read_file(reading *r, const char *path, size_t *size, ockham_error *err) {
  ock_csv_input input;
  OCK_TRY(ock_csv_input_open(&input, path, err));
  ockham_status status = OCKHAM_OK;
  *size = 0;
  for (size_t n = 1; n > 0 && !status; *size += n) {
    n = 0;
    if (ock_progress_stopped(&r->options->progress, "reading", r->n_done + *size, r->options->most_bytes)) {
      status = ock_fail(err, OCKHAM_INTERRUPTED, "%s: reading was stopped", path);
      break;
    }
    if (r->capacity - *size < BLOCK_BYTES) {
      size_t wanted = *size + *size / 2 + BLOCK_BYTES;
      unsigned char *larger = ock_realloc_array(r->text, wanted, 1);
      if (!larger) {
        status = ock_fail_memory(err, "the text of a file", wanted);
        break;
      }
      r->text = larger;
      r->capacity = wanted;
    }
    status = ock_csv_input_read(&input, (char *)r->text + *size, BLOCK_BYTES, &n, err);
  }
  ock_csv_input_close(&input);
  return status;
}

static ockham_status add_file(reading *r, const char *path, bool named, ockham_error *err) {
  size_t size;
  OCK_TRY(read_file(r, path, &size, err));
  r->n_done += size;
  if (!named && size > 0 && memchr(r->text, 0, size < LOOKED_AT ? size : LOOKED_AT)) {
    r->n_left_out++;
    return OCKHAM_OK;
  }
  if (r->options->strip_markup && ock_markup_is_likely(r->text, size)) size = ock_markup_strip(r->text, size);
  return ock_corpus_add_text(&r->builder, r->text, size, err);
}

/* ---- folders ---- */

typedef struct names {
  char **items;
  size_t n, capacity;
} names;

static int by_bytes(const void *a, const void *b) {
  return strcmp(*(char *const *)a, *(char *const *)b);
}

static char *join(const char *folder, const char *name) {
  size_t n = strlen(folder), size = n + strlen(name) + 2;
  char *path = ock_alloc(size);
  if (path) snprintf(path, size, "%s%s%s", folder, n && folder[n - 1] == '/' ? "" : "/", name);
  return path;
}

static bool add_name(names *list, const char *folder, const char *name) {
  if (list->n == list->capacity) {
    size_t wanted = 2 * list->capacity + 16;
    char **larger = ock_realloc_array(list->items, wanted, sizeof *larger);
    if (!larger) return false;
    list->items = larger;
    list->capacity = wanted;
  }
  list->items[list->n] = join(folder, name);
  return list->items[list->n++] != NULL;
}

static ockham_status list_folder(const char *path, names *list, ockham_error *err) {
  DIR *folder = opendir(path);
  if (!folder) return ock_fail(err, OCKHAM_IO, "%s: cannot be opened: %s", path, strerror(errno));
  ockham_status status = OCKHAM_OK;
  while (!status) {
    errno = 0;
    const struct dirent *entry = readdir(folder);
    if (!entry && errno) status = ock_fail(err, OCKHAM_IO, "%s: cannot be read: %s", path, strerror(errno));
    if (!entry) break;
    if (entry->d_name[0] != '.' && !add_name(list, path, entry->d_name))
      status = ock_fail_memory(err, "the names in a folder", list->n * sizeof *list->items);
  }
  closedir(folder);
  if (!status && list->n > 1) qsort(list->items, list->n, sizeof *list->items, by_bytes);
  return status;
}

static ockham_status add_folder(reading *r, const char *path, int depth, ockham_error *err);

/* Links to folders are not followed: they may lead back. */
static ockham_status add_entry(reading *r, const char *path, int depth, ockham_error *err) {
  struct stat own, facts;
  if (lstat(path, &own) != 0 || stat(path, &facts) != 0)
    return errno == ENOENT ? OCKHAM_OK : ock_fail(err, OCKHAM_IO, "%s: cannot be read: %s", path, strerror(errno));
  if (S_ISDIR(own.st_mode)) return add_folder(r, path, depth + 1, err);
  return S_ISREG(facts.st_mode) ? add_file(r, path, false, err) : OCKHAM_OK;
}

static ockham_status add_folder(reading *r, const char *path, int depth, ockham_error *err) {
  if (depth > MOST_DEPTH) return ock_fail(err, OCKHAM_IO, "%s: expected folders up to %d deep", path, MOST_DEPTH);
  names list = {0};
  ockham_status status = list_folder(path, &list, err);
  for (size_t i = 0; i < list.n && !status && !r->builder.full; i++) status = add_entry(r, list.items[i], depth, err);
  for (size_t i = 0; i < list.n; i++) ock_free(list.items[i]);
  ock_free(list.items);
  return status;
}

/* ---- all ---- */

static ockham_status check_options(const ockham_corpus_options *options, ockham_error *err) {
  if (options->n_paths == 0) return ock_fail(err, OCKHAM_BAD_ARGUMENT, "expected at least one file, found none");
  if (!(options->held_out >= 0 && options->held_out <= .5))
    return ock_fail(err, OCKHAM_BAD_ARGUMENT, "the part held out must be above 0 and at most 0.5, found %g",
                    options->held_out);
  return OCKHAM_OK;
}

static ockham_status read_all(reading *r, ockham_corpus **corpus, ockham_error *err) {
  const ockham_corpus_options *options = r->options;
  for (size_t i = 0; i < options->n_paths && !r->builder.full; i++) {
    struct stat facts;
    bool folder = stat(options->paths[i], &facts) == 0 && S_ISDIR(facts.st_mode);
    if (folder)
      OCK_TRY(add_folder(r, options->paths[i], 0, err));
    else
      OCK_TRY(add_file(r, options->paths[i], true, err));
  }
  return ock_corpus_finish(&r->builder, corpus, err);
}

ockham_status ockham_corpus_prepare(const ockham_corpus_options *options, const char *path, ockham_corpus_facts *facts,
                                    ockham_error *err) {
  OCK_TRY(check_options(options, err));
  reading r = {.options = options};
  r.builder.document_bytes = options->document_bytes ? options->document_bytes : 4096;
  r.builder.held_out = options->held_out > 0 ? options->held_out : .02;
  r.builder.most_bytes = options->most_bytes;
  ockham_corpus *corpus = NULL;
  ockham_status status = read_all(&r, &corpus, err);
  if (!status) status = ockham_corpus_write(corpus, path, err);
  if (!status && facts) {
    *facts = ockham_corpus_look(corpus);
    facts->n_left_out = r.n_left_out;
  }
  ockham_corpus_free(corpus);
  ock_corpus_builder_clear(&r.builder);
  ock_free(r.text);
  return status;
}
