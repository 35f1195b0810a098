/* SPDX-License-Identifier: Apache-2.0 */
#include "worker/limits.h"

#include <string.h>
#include <unistd.h>

void ock_limits_size_text(uint64_t bytes, char *text, size_t size) {
  static const char *const units[] = {"bytes", "KB", "MB", "GB", "TB"};
  double value = (double)bytes;
  size_t unit = 0;
  while (value >= 1024 && unit < 4) value /= 1024, unit++;
  snprintf(text, size, value < 10 && value != (double)(int)value ? "%.1f %s" : "%.0f %s", value, units[unit]);
}

static void add(char *text, size_t size, const char *separator, const char *more) {
  size_t used = strlen(text);
  snprintf(text + used, size - used, "%s%s", used ? separator : "", more);
}

static void add_version(const ock_cgroups *groups, int version, char *text, size_t size) {
  for (int i = 0; i < OCK_CONTROLLERS; i++) {
    if (groups->version[i] != version) continue;
    add(text, size, ", ", version == 2 ? "cgroup v2" : "cgroup v1");
    return;
  }
}

void ock_limits_describe(const ock_limits *limits, char *text, size_t size) {
  const ock_cgroups *groups = ock_cgroups_find();
  text[0] = '\0';
  add_version(groups, 2, text, size);
  add_version(groups, 1, text, size);
  if (!text[0]) add(text, size, "", "rlimits");
  if (limits->memory_bytes && !groups->version[OCK_CONTROL_MEMORY])
    add(text, size, "; ", "memory as what a process asks for, not what it uses");
  if (limits->cpus > 0 && !groups->version[OCK_CONTROL_CPU]) add(text, size, "; ", "CPU time is not limited");
  if (limits->n_processes && !groups->version[OCK_CONTROL_PIDS])
    add(text, size, "; ", geteuid() ? "processes count with all others of this user" : "processes are not limited");
}

/* ---- in the child ---- */

bool ock_cage_enter(const ock_cage *cage) {
  for (int i = 0; i < OCK_CONTROLLERS; i++)
    if (cage->join[i] >= 0 && write(cage->join[i], "0", 1) != 1) return false;
  return true;
}

static bool limit(int resource, uint64_t value) {
  struct rlimit now, wanted = {.rlim_cur = value, .rlim_max = value};
  if (!value) return true;
  if (getrlimit((__rlimit_resource_t)resource, &now)) return false;
  if (now.rlim_max < wanted.rlim_max) wanted.rlim_max = now.rlim_max; /* what is lower already stays */
  if (wanted.rlim_cur > wanted.rlim_max) wanted.rlim_cur = wanted.rlim_max;
  return setrlimit((__rlimit_resource_t)resource, &wanted) == 0;
}

bool ock_limits_apply(const ock_cage *cage) {
  const ock_limits *limits = &cage->limits;
  return (cage->version[OCK_CONTROL_MEMORY] || limit(RLIMIT_DATA, limits->memory_bytes)) &&
         (cage->version[OCK_CONTROL_PIDS] || limit(RLIMIT_NPROC, limits->n_processes)) &&
         limit(RLIMIT_NOFILE, limits->n_files) && limit(RLIMIT_FSIZE, limits->file_bytes);
}
