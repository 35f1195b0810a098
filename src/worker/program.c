/* SPDX-License-Identifier: Apache-2.0 */
/* Which program is meant. */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "worker/internal.h"

static bool can_run(const char *path) {
  struct stat info;
  return stat(path, &info) == 0 && S_ISREG(info.st_mode) && access(path, X_OK) == 0;
}

/* An empty folder in PATH is the one that the server runs in. */
static bool find_in_path(const char *name, char *path, size_t size) {
  const char *folders = getenv("PATH");
  if (!folders) folders = "/usr/local/bin:/usr/bin:/bin";
  for (const char *end; *folders; folders = end + (*end == ':')) {
    end = folders + strcspn(folders, ":");
    bool here = end == folders;
    int n = snprintf(path, size, "%.*s/%s", here ? 1 : (int)(end - folders), here ? "." : folders, name);
    if (n > 0 && (size_t)n < size && can_run(path)) return true;
  }
  return false;
}

bool ock_program_find(const char *name, const char *folder, char path[OCK_PROGRAM_PATH]) {
  if (!strchr(name, '/')) return find_in_path(name, path, OCK_PROGRAM_PATH);
  bool beside = folder && name[0] != '/';
  int n = snprintf(path, OCK_PROGRAM_PATH, "%s%s%s", beside ? folder : "", beside ? "/" : "", name);
  return n > 0 && n < OCK_PROGRAM_PATH && can_run(path);
}
