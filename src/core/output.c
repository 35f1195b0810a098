/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/internal.h"

static bool is_standard_output(const ock_output *output) {
  return output->stream == stdout;
}

/* What a new file's permissions would be without us: mkstemp makes it private, so widen it to the umask's. */
static void widen_permissions(int descriptor) {
  mode_t mask = umask(0);
  umask(mask);
  if (fchmod(descriptor, 0666 & ~mask) != 0) { /* a file system without permissions: nothing to widen */
  }
}

ockham_status ock_output_open(ock_output *output, const char *path, ockham_error *err) {
  *output = (ock_output){0};
  if (strcmp(path, "-") == 0) {
    output->stream = stdout;
    return OCKHAM_OK;
  }
  size_t size = strlen(path) + sizeof ".XXXXXX";
  output->path = ock_string_copy(path);
  output->temporary_path = ock_alloc(size);
  if (!output->path || !output->temporary_path) {
    ock_output_abandon(output);
    return ock_fail_memory(err, "an output path", size);
  }
  snprintf(output->temporary_path, size, "%s.XXXXXX", path);
  int descriptor = mkstemp(output->temporary_path);
  if (descriptor >= 0) output->stream = fdopen(descriptor, "wb");
  if (!output->stream) {
    int reason = errno;
    if (descriptor >= 0) {
      close(descriptor);
      unlink(output->temporary_path);
    }
    ock_output_abandon(output);
    return ock_fail(err, OCKHAM_IO, "%s: cannot write beside it: %s", path, strerror(reason));
  }
  widen_permissions(descriptor);
  return OCKHAM_OK;
}

ockham_status ock_output_commit(ock_output *output, ockham_error *err) {
  const char *name = is_standard_output(output) ? "standard output" : output->path;
  bool failed = fflush(output->stream) != 0 || ferror(output->stream);
  if (is_standard_output(output)) {
    output->stream = NULL;
    return failed ? ock_fail(err, OCKHAM_IO, "%s: %s", name, strerror(errno)) : OCKHAM_OK;
  }
  failed |= fsync(fileno(output->stream)) != 0 && errno != EINVAL && errno != ENOTSUP;
  failed |= fclose(output->stream) != 0;
  output->stream = NULL;
  failed = failed || rename(output->temporary_path, output->path) != 0;
  ockham_status status = OCKHAM_OK;
  if (failed) {
    status = ock_fail(err, OCKHAM_IO, "%s: %s", name, strerror(errno));
    unlink(output->temporary_path);
  }
  ock_free(output->temporary_path);
  output->temporary_path = NULL;
  ock_output_abandon(output);
  return status;
}

void ock_output_abandon(ock_output *output) {
  if (output->stream && !is_standard_output(output)) {
    fclose(output->stream);
    unlink(output->temporary_path);
  }
  ock_free(output->temporary_path);
  ock_free(output->path);
  *output = (ock_output){0};
}
