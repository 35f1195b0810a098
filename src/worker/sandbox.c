/* SPDX-License-Identifier: Apache-2.0 */
#include "worker/sandbox.h"

#include <errno.h>
#include <sched.h>
#include <seccomp.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

/* The deny list: everything else is allowed, as a list of what a Python with its libraries needs would break with their
 * next version. X(system call, the error it gets, why). A call that this libseccomp does not know is passed over, and
 * so is one that this architecture does not have. */
#define DENY_LIST(X)                                                                  \
  /* other processes: their memory, registers, descriptors */                         \
  X("ptrace", EPERM, "debugs a process")                                              \
  X("process_vm_readv", EPERM, "reads a process's memory")                            \
  X("process_vm_writev", EPERM, "writes it")                                          \
  X("process_madvise", EPERM, "drops it")                                             \
  X("pidfd_getfd", EPERM, "takes a process's descriptor")                             \
  X("kcmp", EPERM, "compares processes")                                              \
  /* another view of files, users, the network */                                     \
  X("mount", EPERM, "mounts")                                                         \
  X("umount2", EPERM, "unmounts")                                                     \
  X("umount", EPERM, "unmounts")                                                      \
  X("pivot_root", EPERM, "changes the root")                                          \
  X("chroot", EPERM, "changes the root")                                              \
  X("fsopen", EPERM, "mounts, new interface")                                         \
  X("fsconfig", EPERM, "mounts, new interface")                                       \
  X("fsmount", EPERM, "mounts, new interface")                                        \
  X("fspick", EPERM, "mounts, new interface")                                         \
  X("open_tree", EPERM, "mounts, new interface")                                      \
  X("move_mount", EPERM, "mounts, new interface")                                     \
  X("mount_setattr", EPERM, "mounts, new interface")                                  \
  X("unshare", EPERM, "makes namespaces, where rights are those of root")             \
  X("setns", EPERM, "enters a namespace")                                             \
  X("clone3", ENOSYS, "makes namespaces; what it is asked cannot be seen: use clone") \
  X("swapon", EPERM, "swap space")                                                    \
  X("swapoff", EPERM, "swap space")                                                   \
  X("quotactl", EPERM, "quotas")                                                      \
  X("quotactl_fd", EPERM, "quotas")                                                   \
  X("open_by_handle_at", EPERM, "opens files past their folders' rights")             \
  X("fanotify_init", EPERM, "watches all files")                                      \
  /* the kernel and the machine */                                                    \
  X("init_module", EPERM, "loads into the kernel")                                    \
  X("finit_module", EPERM, "loads into the kernel")                                   \
  X("delete_module", EPERM, "unloads from it")                                        \
  X("create_module", EPERM, "loads into the kernel, old")                             \
  X("kexec_load", EPERM, "replaces the kernel")                                       \
  X("kexec_file_load", EPERM, "replaces the kernel")                                  \
  X("bpf", EPERM, "programs in the kernel")                                           \
  X("perf_event_open", EPERM, "watches the kernel and others")                        \
  X("userfaultfd", EPERM, "holds the kernel up: a tool of exploits")                  \
  X("io_uring_setup", ENOSYS, "asks for calls that no filter sees")                   \
  X("io_uring_enter", ENOSYS, "asks for calls that no filter sees")                   \
  X("io_uring_register", ENOSYS, "asks for calls that no filter sees")                \
  X("reboot", EPERM, "reboots")                                                       \
  X("syslog", EPERM, "reads the kernel's log")                                        \
  X("acct", EPERM, "process accounting")                                              \
  X("settimeofday", EPERM, "sets the clock")                                          \
  X("stime", EPERM, "sets the clock")                                                 \
  X("clock_settime", EPERM, "sets the clock")                                         \
  X("clock_adjtime", EPERM, "sets the clock")                                         \
  X("adjtimex", EPERM, "sets the clock")                                              \
  X("sethostname", EPERM, "names the machine")                                        \
  X("setdomainname", EPERM, "names the machine")                                      \
  X("iopl", EPERM, "hardware")                                                        \
  X("ioperm", EPERM, "hardware")                                                      \
  X("vhangup", EPERM, "hangs terminals up")                                           \
  X("lookup_dcookie", EPERM, "reads the kernel's caches")                             \
  X("nfsservctl", EPERM, "serves files")                                              \
  X("_sysctl", EPERM, "sets the kernel, old")                                         \
  X("uselib", EPERM, "loads libraries, old")                                          \
  /* keys of the kernel, which know no namespaces */                                  \
  X("add_key", EPERM, "kernel keys")                                                  \
  X("request_key", EPERM, "kernel keys")                                              \
  X("keyctl", EPERM, "kernel keys")
/* And by their arguments: clone() with any flag of a namespace; ioctl(TIOCSTI), which types into a terminal; kill() of
 * the server, of its process group and of all processes, as nothing else protects one from others of its user; without
 * network also socket() of any family but AF_UNIX, and io_uring, which makes sockets too. A call by the numbers of
 * another architecture (32 bits, x32) ends the process with SIGSYS: for those this list would not be right. */

#define ENTRY(name, error, why) {name, error},
static const struct denial {
  const char *name;
  int error;
} denials[] = {DENY_LIST(ENTRY)};

static const unsigned long namespaces[] = {CLONE_NEWNS,   CLONE_NEWCGROUP, CLONE_NEWUTS, CLONE_NEWIPC,
                                           CLONE_NEWUSER, CLONE_NEWPID,    CLONE_NEWNET};

static int deny(scmp_filter_ctx context, const char *name, int error) {
  int number = seccomp_syscall_resolve_name(name);
  if (number == __NR_SCMP_ERROR || number < 0) return 0;
  return seccomp_rule_add(context, SCMP_ACT_ERRNO((uint32_t)error), number, 0);
}

static int deny_where(scmp_filter_ctx context, int number, int error, struct scmp_arg_cmp argument) {
  return seccomp_rule_add_array(context, SCMP_ACT_ERRNO((uint32_t)error), number, 1, &argument);
}

static int deny_signals(scmp_filter_ctx context) {
  const pid_t spared[] = {getpid(), -getpgrp(), -1};
  for (size_t i = 0; i < sizeof spared / sizeof spared[0]; i++) {
    struct scmp_arg_cmp is_it = {
        .arg = 0, .op = SCMP_CMP_MASKED_EQ, .datum_a = 0xffffffffu, .datum_b = (uint32_t)spared[i]};
    int failure = deny_where(context, SCMP_SYS(kill), EPERM, is_it);
    if (failure) return failure;
  }
  return 0;
}

static int deny_all(scmp_filter_ctx context) {
  for (size_t i = 0; i < sizeof denials / sizeof denials[0]; i++) {
    int failure = deny(context, denials[i].name, denials[i].error);
    if (failure) return failure;
  }
  for (size_t i = 0; i < sizeof namespaces / sizeof namespaces[0]; i++) {
    struct scmp_arg_cmp has_flag = {
        .arg = 0, .op = SCMP_CMP_MASKED_EQ, .datum_a = namespaces[i], .datum_b = namespaces[i]};
    int failure = deny_where(context, SCMP_SYS(clone), EPERM, has_flag);
    if (failure) return failure;
  }
  struct scmp_arg_cmp types_in = {.arg = 1, .op = SCMP_CMP_MASKED_EQ, .datum_a = 0xffffffffu, .datum_b = TIOCSTI};
  int failure = deny_where(context, SCMP_SYS(ioctl), EPERM, types_in);
  return failure ? failure : deny_signals(context);
}

static int deny_network(scmp_filter_ctx context, bool denied_all) {
  struct scmp_arg_cmp is_other = {.arg = 0, .op = SCMP_CMP_NE, .datum_a = AF_UNIX};
  int failure = deny_where(context, SCMP_SYS(socket), EACCES, is_other);
  if (!failure && !denied_all) failure = deny(context, "io_uring_setup", ENOSYS);
  return failure;
}

/* What libseccomp writes, as the array that prctl() takes. */
static ockham_status read_program(int file, struct sock_fprog *program, ockham_error *err) {
  off_t size = lseek(file, 0, SEEK_END);
  if (size <= 0 || (size_t)size % sizeof *program->filter || (size_t)size / sizeof *program->filter > BPF_MAXINSNS)
    return ock_fail(err, OCKHAM_UNSUPPORTED, "expected a filter of system calls, found %lld bytes", (long long)size);
  struct sock_filter *filter = ock_alloc((size_t)size);
  if (!filter) return ock_fail_memory(err, "a filter of system calls", (size_t)size);
  if (pread(file, filter, (size_t)size, 0) != (ssize_t)size) {
    ock_free(filter);
    return ock_fail(err, OCKHAM_IO, "cannot read the filter of system calls: %s", strerror(errno));
  }
  *program = (struct sock_fprog){.len = (unsigned short)((size_t)size / sizeof *filter), .filter = filter};
  return OCKHAM_OK;
}

static ockham_status export_program(scmp_filter_ctx context, struct sock_fprog *program, ockham_error *err) {
  int file = memfd_create("ockham-filter", MFD_CLOEXEC);
  if (file < 0) return ock_fail(err, OCKHAM_IO, "cannot make a filter of system calls: %s", strerror(errno));
  int failure = seccomp_export_bpf(context, file);
  ockham_status status =
      failure ? ock_fail(err, OCKHAM_UNSUPPORTED, "cannot make a filter of system calls: %s", strerror(-failure))
              : read_program(file, program, err);
  close(file);
  return status;
}

ockham_status ock_sandbox_make(bool deny_syscalls, bool no_network, ock_sandbox *sandbox, ockham_error *err) {
  sandbox->no_network = no_network;
  if (!deny_syscalls && !no_network) return OCKHAM_OK;
  scmp_filter_ctx context = seccomp_init(SCMP_ACT_ALLOW);
  if (!context) return ock_fail_memory(err, "a filter of system calls", 0);
  int failure = seccomp_attr_set(context, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
  if (!failure && deny_syscalls) failure = deny_all(context);
  if (!failure && no_network) failure = deny_network(context, deny_syscalls);
  ockham_status status =
      failure ? ock_fail(err, OCKHAM_UNSUPPORTED, "cannot make a filter of system calls: %s", strerror(-failure))
              : export_program(context, &sandbox->program, err);
  seccomp_release(context);
  return status;
}

void ock_sandbox_clear(ock_sandbox *sandbox) {
  ock_free(sandbox->program.filter);
  *sandbox = (ock_sandbox){0};
}

bool ock_sandbox_enter(const ock_sandbox *sandbox) {
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)) return false;
  if (sandbox->no_network) (void)unshare(CLONE_NEWNET); /* where it may; the filter denies sockets anyway */
  return sandbox->program.len == 0 || prctl(PR_SET_SECCOMP, 2 /* SECCOMP_MODE_FILTER */, &sandbox->program) == 0;
}
