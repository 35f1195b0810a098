/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "ablate/study.h"

enum { MOST_BYTES = 1 << 20 };

static ockham_status read_stream(FILE *stream, const char *path, char **text, size_t *size, ockham_error *err) {
  *text = ock_alloc(MOST_BYTES + 1);
  *size = 0;
  if (!*text) return ock_fail_memory(err, "the study", MOST_BYTES);
  *size = fread(*text, 1, MOST_BYTES + 1, stream);
  if (ferror(stream)) return ock_fail(err, OCKHAM_IO, "%s: %s", ock_show(path).text, strerror(errno));
  if (*size > MOST_BYTES)
    return ock_fail(err, OCKHAM_BAD_FILE, "%s: expected a study of at most 1 MiB, found more", ock_show(path).text);
  return OCKHAM_OK;
}

/* A corpus is beside its study; else, where there is none and there is one as written, in the working folder. What is
 * written stays as it is: by that a journal knows its study, from whichever folder it is run. */
static ockham_status find_corpus(ock_study_file *file, const char *path, ockham_error *err) {
  ockham_study *study = &file->study;
  const char *slash = strrchr(path, '/');
  size_t folder = slash ? (size_t)(slash + 1 - path) : 0;
  study->corpus_path = study->corpus;
  if (!study->corpus || study->corpus[0] == '/' || !folder) return OCKHAM_OK;
  size_t n = strlen(study->corpus);
  char *beside = ock_arena_array(&file->arena, folder + n + 1, 1);
  if (!beside) return ock_fail_memory(err, "the study", folder + n + 1);
  memcpy(beside, path, folder);
  memcpy(beside + folder, study->corpus, n + 1);
  if (access(beside, F_OK) == 0 || access(study->corpus, F_OK) != 0) study->corpus_path = beside;
  return OCKHAM_OK;
}

ockham_status ockham_study_read(const char *path, const ockham_trainer *trainer, ockham_study **study,
                                ockham_error *err) {
  bool is_input = strcmp(path, "-") == 0;
  char *text;
  size_t size;
  *study = NULL;
  FILE *stream = is_input ? stdin : fopen(path, "rbe");
  if (!stream) return ock_fail(err, OCKHAM_IO, "%s: %s", ock_show(path).text, strerror(errno));
  ockham_status status = read_stream(stream, path, &text, &size, err);
  if (!is_input) fclose(stream);
  if (!status) status = ockham_study_parse(is_input ? "standard input" : path, text, size, trainer, study, err);
  ock_free(text);
  if (status) return status;
  status = find_corpus((ock_study_file *)*study, is_input ? "" : path, err); /* its first member */
  if (!status) return OCKHAM_OK;
  ockham_study_free(*study);
  *study = NULL;
  return status;
}

void ockham_study_free(ockham_study *study) {
  if (!study) return;
  ock_study_file *file = (ock_study_file *)study; /* its first member */
  ock_arena_clear(&file->arena);
  ock_free(file);
}
