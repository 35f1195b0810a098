/* SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "worker/limits.h"

static const char *const controller_names[OCK_CONTROLLERS] = {"memory", "cpu", "pids"};

/* ---- files of a group ---- */

static bool write_file(const char *folder, const char *name, const char *text) {
  char path[768];
  snprintf(path, sizeof path, "%s/%s", folder, name);
  int file = open(path, O_WRONLY | O_CLOEXEC);
  if (file < 0) return false;
  size_t size = strlen(text);
  bool written = write(file, text, size) == (ssize_t)size;
  int failure = errno;
  close(file);
  errno = failure;
  return written;
}

static bool write_number(const char *folder, const char *name, uint64_t number) {
  char text[24];
  snprintf(text, sizeof text, "%" PRIu64, number);
  return write_file(folder, name, text);
}

static bool read_file(const char *folder, const char *name, char *text, size_t size) {
  char path[768];
  snprintf(path, sizeof path, "%s/%s", folder, name);
  int file = open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return false;
  ssize_t n = read(file, text, size - 1);
  close(file);
  text[n > 0 ? n : 0] = '\0';
  return n >= 0;
}

static bool has_word(const char *text, const char *separators, const char *word) {
  size_t length = strlen(word);
  for (const char *at = text; *at; at += strcspn(at, separators)) {
    at += strspn(at, separators);
    if (strcspn(at, separators) == length && strncmp(at, word, length) == 0) return true;
  }
  return false;
}

/* The number after "key " in a file of such lines; 0 when there is none. */
static uint64_t read_counter(const char *folder, const char *name, const char *key) {
  char text[1024];
  size_t length = strlen(key);
  if (!folder[0] || !read_file(folder, name, text, sizeof text)) return 0;
  for (const char *line = text; line; line = strchr(line, '\n')) {
    line += *line == '\n';
    if (strncmp(line, key, length) == 0 && line[length] == ' ') return strtoull(line + length, NULL, 10);
  }
  return 0;
}

/* ---- where this server is ---- */

/* This server's group in a hierarchy: the line of /proc/self/cgroup whose controllers have this one ("": version 2). */
static bool find_own_path(const char *controller, char *path, size_t size) {
  char line[768];
  FILE *file = fopen("/proc/self/cgroup", "re");
  bool found = false;
  while (file && !found && fgets(line, sizeof line, file)) {
    char *controllers = strchr(line, ':');
    char *own = controllers ? strchr(controllers + 1, ':') : NULL;
    if (!own) continue;
    *own++ = '\0';
    own[strcspn(own, "\n")] = '\0';
    found = controller[0] ? has_word(controllers + 1, ",", controller) : controllers[1] == '\0';
    if (found) snprintf(path, size, "%s", own);
  }
  if (file) fclose(file);
  return found;
}

/* A line of mountinfo: "36 35 98:0 /root /mount/point options ... - type source super,options". In a container the root
 * of the mount is often the own group: what is below it is what counts. */
static bool match_mount(char *line, const char *type, const char *controller, const char *own, char *folder,
                        size_t size) {
  char root[512], point[512];
  char *tail = strstr(line, " - ");
  if (!tail || sscanf(line, "%*s %*s %*s %511s %511s", root, point) != 2) return false;
  char found_type[32], options[256];
  if (sscanf(tail, " - %31s %*s %255s", found_type, options) != 2 || strcmp(found_type, type) != 0) return false;
  if (controller[0] && !has_word(options, ",\n", controller)) return false;
  size_t length = strcmp(root, "/") == 0 ? 0 : strlen(root);
  if (strncmp(own, root, length) == 0) own += length;
  snprintf(folder, size, "%.400s%.100s", point, strcmp(own, "/") == 0 ? "" : own);
  return access(folder, F_OK) == 0;
}

static bool find_folder(const char *type, const char *controller, char *folder, size_t size) {
  char own[512], line[2048];
  if (!find_own_path(controller, own, sizeof own)) return false;
  FILE *file = fopen("/proc/self/mountinfo", "re");
  bool found = false;
  while (file && !found && fgets(line, sizeof line, file))
    found = match_mount(line, type, controller, own, folder, size);
  if (file) fclose(file);
  return found;
}

/* ---- may groups be made there? ---- */

static void remove_left_behind(const char *folder) {
  DIR *directory = opendir(folder);
  if (!directory) return;
  for (struct dirent *entry; (entry = readdir(directory));) {
    long process;
    char path[1024];
    if (sscanf(entry->d_name, "ockham-%ld-", &process) != 1 || kill((pid_t)process, 0) == 0 || errno != ESRCH) continue;
    snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
    (void)rmdir(path); /* it stays while something lives in it */
  }
  closedir(directory);
}

static void name_group(const char *folder, char *path, size_t size) {
  static atomic_ulong count;
  snprintf(path, size, "%s/ockham-%ld-%lu", folder, (long)getpid(), atomic_fetch_add(&count, 1));
}

static bool can_make_groups(const char *folder, const char *needed_file) {
  char path[640], file[704];
  name_group(folder, path, sizeof path);
  if (mkdir(path, 0755)) return false;
  snprintf(file, sizeof file, "%s/%s", path, needed_file);
  bool fine = access(file, W_OK) == 0;
  (void)rmdir(path);
  return fine;
}

/* Controllers for groups below this one. A group that holds processes cannot have them: this server then moves into a
 * group below, and back when that did not help, as others are in the group too. */
static bool enable(const char *folder, const char *controllers) {
  char leaf[640];
  if (write_file(folder, "cgroup.subtree_control", controllers)) return true;
  if (errno != EBUSY) return false;
  snprintf(leaf, sizeof leaf, "%s/ockham-%ld-server", folder, (long)getpid());
  if (mkdir(leaf, 0755) && errno != EEXIST) return false;
  bool moved = write_number(leaf, "cgroup.procs", (uint64_t)getpid());
  if (moved && write_file(folder, "cgroup.subtree_control", controllers)) return true;
  if (moved) (void)write_number(folder, "cgroup.procs", (uint64_t)getpid());
  (void)rmdir(leaf);
  return false;
}

static void find_version2(ock_cgroups *groups) {
  static const char *const files[OCK_CONTROLLERS] = {"memory.max", "cpu.max", "pids.max"};
  char folder[512], there[256], wanted[64] = "";
  if (!find_folder("cgroup2", "", folder, sizeof folder)) return;
  if (!read_file(folder, "cgroup.controllers", there, sizeof there)) return;
  for (int i = 0; i < OCK_CONTROLLERS; i++) {
    if (!has_word(there, " \n", controller_names[i])) continue;
    snprintf(wanted + strlen(wanted), sizeof wanted - strlen(wanted), "%s+%s", wanted[0] ? " " : "",
             controller_names[i]);
  }
  if (!wanted[0] || !enable(folder, wanted)) return;
  remove_left_behind(folder);
  for (int i = 0; i < OCK_CONTROLLERS; i++) {
    if (!strstr(wanted, controller_names[i]) || !can_make_groups(folder, files[i])) continue;
    groups->version[i] = 2;
    snprintf(groups->folder[i], sizeof groups->folder[i], "%s", folder);
  }
}

static void find_version1(ock_cgroups *groups) {
  static const char *const files[OCK_CONTROLLERS] = {"memory.limit_in_bytes", "cpu.cfs_quota_us", "pids.max"};
  for (int i = 0; i < OCK_CONTROLLERS; i++) {
    char *folder = groups->folder[i];
    if (groups->version[i] || !find_folder("cgroup", controller_names[i], folder, sizeof groups->folder[i])) continue;
    remove_left_behind(folder);
    if (can_make_groups(folder, files[i])) groups->version[i] = 1;
  }
}

static ock_cgroups found;

static void find_groups(void) {
  const char *chosen = getenv("OCKHAM_LIMITS"); /* "rlimits": as where no group may be made */
  if (chosen && strcmp(chosen, "rlimits") == 0) return;
  find_version2(&found);
  find_version1(&found);
}

const ock_cgroups *ock_cgroups_find(void) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, find_groups);
  return &found;
}

/* ---- a cage ---- */

static bool limit_memory(const char *folder, int version, uint64_t bytes) {
  if (version == 2) {
    (void)write_file(folder, "memory.swap.max", "0");
    (void)write_file(folder, "memory.oom.group", "1");
    return write_number(folder, "memory.max", bytes);
  }
  bool limited = write_number(folder, "memory.limit_in_bytes", bytes);
  (void)write_number(folder, "memory.memsw.limit_in_bytes", bytes); /* not there without swap accounting */
  return limited;
}

static bool limit_cpus(const char *folder, int version, double cpus) {
  char text[64];
  uint64_t quota_us = (uint64_t)(cpus * 100000);
  if (quota_us < 1000) quota_us = 1000; /* the least there is */
  if (version == 1)
    return write_number(folder, "cpu.cfs_period_us", 100000) && write_number(folder, "cpu.cfs_quota_us", quota_us);
  snprintf(text, sizeof text, "%" PRIu64 " 100000", quota_us);
  return write_file(folder, "cpu.max", text);
}

static bool set_limit(const ock_cage *cage, int i) {
  const char *folder = cage->folder[i];
  if (i == OCK_CONTROL_MEMORY) return limit_memory(folder, cage->version[i], cage->limits.memory_bytes);
  if (i == OCK_CONTROL_CPU) return limit_cpus(folder, cage->version[i], cage->limits.cpus);
  return write_number(folder, "pids.max", cage->limits.n_processes);
}

/* One group of version 2 has all controllers. */
static bool share_group(ock_cage *cage, int i) {
  for (int j = 0; j < i && cage->version[i] == 2; j++) {
    if (cage->version[j] != 2 || !cage->folder[j][0]) continue;
    memcpy(cage->folder[i], cage->folder[j], sizeof cage->folder[i]);
    return true;
  }
  return false;
}

static ockham_status make_group(const ock_cgroups *groups, ock_cage *cage, int i, ockham_error *err) {
  char path[704];
  cage->version[i] = groups->version[i];
  bool shared = share_group(cage, i);
  if (!shared) {
    name_group(groups->folder[i], cage->folder[i], sizeof cage->folder[i]);
    if (mkdir(cage->folder[i], 0755))
      return ock_fail(err, OCKHAM_IO, "cannot make the group %s: %s", cage->folder[i], strerror(errno));
  }
  if (!set_limit(cage, i))
    return ock_fail(err, OCKHAM_IO, "cannot limit %s in %s: %s", controller_names[i], cage->folder[i], strerror(errno));
  if (shared) return OCKHAM_OK;
  snprintf(path, sizeof path, "%s/cgroup.procs", cage->folder[i]);
  cage->join[i] = open(path, O_WRONLY | O_CLOEXEC);
  return cage->join[i] < 0 ? ock_fail(err, OCKHAM_IO, "cannot open %s: %s", path, strerror(errno)) : OCKHAM_OK;
}

ockham_status ock_cage_make(const ock_limits *limits, ock_cage *cage, ockham_error *err) {
  const bool wanted[OCK_CONTROLLERS] = {limits->memory_bytes > 0, limits->cpus > 0, limits->n_processes > 0};
  const ock_cgroups *groups = ock_cgroups_find();
  *cage = (ock_cage){.limits = *limits, .join = {-1, -1, -1}};
  ockham_status status = OCKHAM_OK;
  for (int i = 0; i < OCK_CONTROLLERS && !status; i++)
    if (wanted[i] && groups->version[i]) status = make_group(groups, cage, i, err);
  if (status) ock_cage_remove(cage);
  return status;
}

/* ---- what became of it ---- */

static uint64_t count_oom(const ock_cage *cage) {
  const char *file = cage->version[OCK_CONTROL_MEMORY] == 2 ? "memory.events" : "memory.oom_control";
  return read_counter(cage->folder[OCK_CONTROL_MEMORY], file, "oom_kill");
}

static uint64_t count_refused_forks(const ock_cage *cage) {
  return read_counter(cage->folder[OCK_CONTROL_PIDS], "pids.events", "max");
}

void ock_cage_mark(ock_cage *cage) {
  cage->oom_before = count_oom(cage);
  cage->pids_before = count_refused_forks(cage);
}

void ock_cage_reached(const ock_cage *cage, char *text, size_t size) {
  char limit[32];
  text[0] = '\0';
  if (count_oom(cage) > cage->oom_before) {
    ock_limits_size_text(cage->limits.memory_bytes, limit, sizeof limit);
    snprintf(text, size, "memory limit of %s reached", limit);
  }
  if (count_refused_forks(cage) > cage->pids_before) {
    size_t used = strlen(text);
    snprintf(text + used, size - used, "%slimit of %" PRIu64 " processes reached", used ? ", " : "",
             cage->limits.n_processes);
  }
}

static size_t kill_members(const char *folder) {
  char path[704];
  snprintf(path, sizeof path, "%s/cgroup.procs", folder);
  FILE *file = fopen(path, "re");
  size_t n = 0;
  for (long process; file && fscanf(file, "%ld", &process) == 1; n++) (void)kill((pid_t)process, SIGKILL);
  if (file) fclose(file);
  return n;
}

void ock_cage_kill(const ock_cage *cage) {
  const struct timespec pause = {.tv_nsec = 2000000};
  for (int i = 0; i < OCK_CONTROLLERS; i++) {
    if (!cage->folder[i][0]) continue;
    for (int try = 0; try < 500 && kill_members(cage->folder[i]) > 0; try++) nanosleep(&pause, NULL);
  }
}

void ock_cage_remove(ock_cage *cage) {
  const struct timespec pause = {.tv_nsec = 2000000};
  for (int i = 0; i < OCK_CONTROLLERS; i++) {
    if (cage->join[i] >= 0) close(cage->join[i]);
    cage->join[i] = -1;
    for (int try = 0; cage->folder[i][0] && try < 100 && rmdir(cage->folder[i]) && errno == EBUSY; try++)
      nanosleep(&pause, NULL);
    cage->folder[i][0] = '\0';
  }
}
