/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <string.h>

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
  if (!status) status = ock_study_parse(is_input ? "standard input" : path, text, size, trainer, study, err);
  ock_free(text);
  return status;
}

void ockham_study_free(ockham_study *study) {
  if (!study) return;
  ock_study_file *file = (ock_study_file *)study; /* its first member */
  ock_arena_clear(&file->arena);
  ock_free(file);
}
