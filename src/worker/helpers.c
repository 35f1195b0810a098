/* SPDX-License-Identifier: Apache-2.0 */
/* The modules that programs include to become workers, carried in the library, so that they are there wherever it is.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <ockham/worker.h>

#include "worker/internal.h"

/* OCK_HELPERS is the folder of their sources. */
#define CARRY(symbol, file)                                                                                           \
  __asm__(".pushsection .rodata\n.global " #symbol "\n.hidden " #symbol "\n" #symbol ":\n.incbin \"" OCK_HELPERS      \
          "/" file "\"\n.global " #symbol "_end\n.hidden " #symbol "_end\n" #symbol "_end:\n.byte 0\n.popsection\n"); \
  extern const char symbol[], symbol##_end[]
CARRY(ock_helper_py, "ockham_worker.py");
CARRY(ock_helper_h, "ockham_worker.h");

static ockham_status write_whole(const char *path, const char *bytes, size_t size, ockham_error *err) {
  ock_output output = {0};
  OCK_TRY(ock_output_open(&output, path, err));
  ock_output_write(&output, bytes, size);
  ockham_status status = ock_output_commit(&output, err);
  ock_output_abandon(&output);
  return status;
}

ockham_status ock_helpers_write(const char *folder, ockham_error *err) {
  char path[4096];
  if (strlen(folder) + 32 > sizeof path)
    return ock_fail(err, OCKHAM_BAD_ARGUMENT, "%.200s...: the path is too long", folder);
  if (mkdir(folder, 0755) != 0 && errno != EEXIST)
    return ock_fail(err, OCKHAM_CANNOT_WRITE, "cannot make %s: %s", folder, strerror(errno));
  snprintf(path, sizeof path, "%s/ockham_worker.py", folder);
  OCK_TRY(write_whole(path, ock_helper_py, (size_t)(ock_helper_py_end - ock_helper_py), err));
  snprintf(path, sizeof path, "%s/ockham_worker.h", folder);
  return write_whole(path, ock_helper_h, (size_t)(ock_helper_h_end - ock_helper_h), err);
}

ockham_status ockham_worker_helpers(const char *folder, ockham_error *err) {
  return ock_helpers_write(folder, err);
}

ockham_status ock_helpers_make(char folder[OCK_HELPERS_PATH], ockham_error *err) {
  const char *temporary = getenv("TMPDIR");
  int n = snprintf(folder, OCK_HELPERS_PATH, "%s/ockham-XXXXXX", temporary && *temporary ? temporary : "/tmp");
  if (n < 0 || n >= OCK_HELPERS_PATH || !mkdtemp(folder)) {
    ockham_status status = ock_fail(err, OCKHAM_CANNOT_WRITE, "cannot make %.200s: %s", folder, strerror(errno));
    folder[0] = '\0';
    return status;
  }
  ockham_status status = ock_helpers_write(folder, err);
  if (status) {
    ock_helpers_remove(folder);
    folder[0] = '\0';
  }
  return status;
}

void ock_helpers_remove(const char *folder) {
  char path[OCK_HELPERS_PATH + 32];
  if (!*folder) return;
  snprintf(path, sizeof path, "%s/ockham_worker.py", folder);
  unlink(path);
  snprintf(path, sizeof path, "%s/ockham_worker.h", folder);
  unlink(path);
  snprintf(path, sizeof path, "%s/__pycache__", folder);
  if (access(path, F_OK) == 0) { /* what Python makes of the module */
    int at = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *inside = at >= 0 ? fdopendir(at) : NULL;
    for (struct dirent *entry; inside && (entry = readdir(inside));) unlinkat(at, entry->d_name, 0);
    if (inside) closedir(inside);
    rmdir(path);
  }
  rmdir(folder);
}
