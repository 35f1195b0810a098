/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/internal.h"

static bool is_standard_output(const ock_output *output) {
  return output->stream == stdout;
}

/* A device, a pipe or a folder: not to be replaced by a file. */
static bool is_special(const char *path) {
  struct stat info;
  return stat(path, &info) == 0 && !S_ISREG(info.st_mode);
}

static bool is_link(const char *path) {
  struct stat info;
  return lstat(path, &info) == 0 && S_ISLNK(info.st_mode);
}

/* A new file beside the destination, with the permissions that any new file gets; mkstemp would make it private. */
static int create_temporary(ock_output *output, size_t size) {
  enum { MAX_ATTEMPTS = 100 };
  for (unsigned attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
    snprintf(output->temporary_path, size, "%s.%ld-%u.tmp", output->path, (long)getpid(), attempt);
    int descriptor = open(output->temporary_path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (descriptor >= 0 || errno != EEXIST) return descriptor;
  }
  return -1;
}

static ockham_status open_special(ock_output *output, ockham_error *err) {
  ock_free(output->temporary_path);
  output->temporary_path = NULL;
  output->stream = fopen(output->path, "wb");
  return output->stream ? OCKHAM_OK : ock_fail(err, OCKHAM_CANNOT_WRITE, "%s: %s", output->path, strerror(errno));
}

static ockham_status open_beside(ock_output *output, size_t size, ockham_error *err) {
  int descriptor = create_temporary(output, size);
  if (descriptor >= 0) output->stream = fdopen(descriptor, "wb");
  if (output->stream) return OCKHAM_OK;
  int reason = errno;
  if (descriptor >= 0) {
    close(descriptor);
    unlink(output->temporary_path);
  }
  return ock_fail(err, OCKHAM_CANNOT_WRITE, "%s: cannot write beside it: %s", output->path, strerror(reason));
}

ockham_status ock_output_open(ock_output *output, const char *path, ockham_error *err) {
  *output = (ock_output){0};
  if (strcmp(path, "-") == 0) {
    output->stream = stdout;
    return OCKHAM_OK;
  }
  if (!*path) return ock_fail(err, OCKHAM_CANNOT_WRITE, "an output path is empty; '-' is standard output");
  char *target = is_link(path) ? realpath(path, NULL) : NULL; /* what a link stands for is replaced, not the link */
  size_t size = strlen(target ? target : path) + sizeof ".-.tmp" + 20 + 10; /* a process number and an attempt */
  output->path = ock_string_copy(target ? target : path);
  free(target);
  output->temporary_path = ock_alloc(size);
  ockham_status status;
  if (!output->path || !output->temporary_path)
    status = ock_fail_memory(err, "an output path", size);
  else if (is_special(path))
    status = open_special(output, err);
  else
    status = open_beside(output, size, err);
  if (status) ock_output_abandon(output);
  return status;
}

void ock_output_write(ock_output *output, const void *bytes, size_t size) {
  if (output->failure || size == 0) return;
  errno = 0;
  if (fwrite(bytes, 1, size, output->stream) != size) output->failure = errno ? errno : EIO;
}

/* Write out what is buffered; returns 0 or the reason (errno) that it failed for. */
static int finish_stream(const ock_output *output) {
  if (output->failure) return output->failure;
  errno = 0;
  bool failed = fflush(output->stream) != 0 || ferror(output->stream);
  if (!failed && output->temporary_path)
    failed = fsync(fileno(output->stream)) != 0 && errno != EINVAL && errno != ENOTSUP;
  return failed ? (errno ? errno : EIO) : 0;
}

ockham_status ock_output_commit(ock_output *output, ockham_error *err) {
  const char *name = is_standard_output(output) ? "standard output" : output->path;
  int reason = finish_stream(output);
  if (!is_standard_output(output) && fclose(output->stream) != 0 && !reason) reason = errno;
  output->stream = NULL;
  if (output->temporary_path && !reason && rename(output->temporary_path, output->path) != 0) reason = errno;
  ockham_status status = OCKHAM_OK;
  if (reason) {
    status = ock_fail(err, OCKHAM_CANNOT_WRITE, "%s: %s", name, strerror(reason));
    if (output->temporary_path) unlink(output->temporary_path);
  }
  ock_output_abandon(output);
  return status;
}

void ock_output_abandon(ock_output *output) {
  if (output->stream && !is_standard_output(output)) {
    fclose(output->stream);
    if (output->temporary_path) unlink(output->temporary_path);
  }
  ock_free(output->temporary_path);
  ock_free(output->path);
  *output = (ock_output){0};
}
