/* SPDX-License-Identifier: Apache-2.0 */
/* Room that is limited: by the options, by the disk, by a limit of the process, and by memory. */
#include "folder.h"

#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>

static uint64_t folder_bytes(const char *path) {
  uint64_t bytes = 0;
  DIR *folder = opendir(path);
  assert_non_null(folder);
  for (const struct dirent *entry; (entry = readdir(folder));) {
    struct stat info;
    bool segment = strstr(entry->d_name, ".seg") != NULL;
    if (segment && fstatat(dirfd(folder), entry->d_name, &info, 0) == 0) bytes += (uint64_t)info.st_size;
  }
  closedir(folder);
  return bytes;
}

/* Never more than was allowed; what is there is the newest, without gaps; a reader that began before is no worse off.
 */
static void test_retention_by_bytes(void **state) {
  (void)state;
  enum { N = 4000, KEEP = 1 << 20 };
  char folder[64];
  ockham_request request;
  const ock_recorder_options options = {
      .segment_bytes = 64 << 10, .keep_bytes = KEEP, .keep_seconds = FOR_EVER, .flush_ms = 2};
  make_folder(folder);
  ock_recorder *recorder = open_recorder(folder, &options);
  ockham_recording *slow = open_recording(folder);
  uint64_t last = 0, first = 0;
  for (uint64_t i = 1; i <= N; i++) {
    assert_int_equal(put_made(recorder, i), i);
    if (i % 50 == 0) assert_true(folder_bytes(folder) <= KEEP);
    if (i % 10 == 0 && next_request(slow, NULL, &request)) {
      assert_true(request.number > last && is_as_made(&request));
      last = request.number;
    }
  }
  while (next_request(slow, NULL, &request)) {
    assert_true(request.number > last && is_as_made(&request));
    last = request.number;
  }
  assert_int_equal(last, N);
  assert_int_equal(ockham_recording_damaged(slow), 0);
  ockham_recording_close(slow);
  ock_recorder_close(recorder);
  ockham_recording *recording = open_recording(folder);
  for (last = 0; next_request(recording, NULL, &request); last = request.number) {
    if (!first) first = request.number;
    if (last) assert_int_equal(request.number, last + 1);
  }
  assert_int_equal(last, N);
  assert_true(first > 1 && folder_bytes(folder) > KEEP / 2);
  ockham_recording_close(recording);
  remove_folder(folder);
}

static void test_retention_by_age(void **state) {
  (void)state;
  char folder[64];
  ockham_request request, old = {.id = "old", .model = "m", .status = 200};
  const ock_recorder_options options = {.segment_bytes = 64 << 10, .keep_bytes = 1 << 20, .flush_ms = 1};
  make_folder(folder);
  ock_recorder *recorder = open_recorder(folder, &options);
  old.time_ns = ock_wall_ns() - (uint64_t)15 * 86400 * 1000000000u;
  assert_int_equal(ock_recorder_put(recorder, &old), 1);
  ock_recorder_figures figures;
  for (int i = 0; i < 2000; i++) { /* the keeper ends the segment, though it is not full, and removes it */
    ock_recorder_look(recorder, &figures);
    if (figures.n_requests == 0) break;
    nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
  }
  assert_int_equal(figures.n_requests, 0);
  assert_int_equal(figures.n_put, 1); /* which never becomes less */
  old.time_ns = ock_wall_ns();
  assert_int_equal(ock_recorder_put(recorder, &old), 2);
  ockham_recording *recording = open_recording(folder);
  assert_true(next_request(recording, NULL, &request));
  assert_int_equal(request.number, 2);
  ockham_recording_close(recording);
  ock_recorder_close(recorder);
  remove_folder(folder);
}

/* Put until nothing can be kept, and return the last number. */
static uint64_t fill(ock_recorder *recorder, uint64_t from) {
  uint64_t last = from - 1;
  for (int refused = 0; refused < 300;) {
    made_request made;
    make_request(last + 1, &made);
    uint64_t number = ock_recorder_put(recorder, &made.request);
    refused = number ? 0 : refused + 1;
    if (number) assert_int_equal(number, ++last);
    if (!number) nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
  }
  return last;
}

static void wait_until_well(ock_recorder *recorder) {
  ock_recorder_figures figures;
  for (int i = 0; i < 5000; i++) {
    ock_recorder_look(recorder, &figures);
    if (!figures.problem) return;
    nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
  }
  fail_msg("still: %s", figures.problem);
}

static void check_all(const char *folder, uint64_t last) {
  ockham_recording *recording = open_recording(folder);
  ockham_request request;
  for (uint64_t i = 1; i <= last; i++) {
    assert_true(next_request(recording, NULL, &request));
    assert_int_equal(request.number, i);
    assert_true(is_as_made(&request));
  }
  assert_false(next_request(recording, NULL, &request));
  ockham_recording_close(recording);
}

static void test_full_disk(void **state) {
  (void)state;
  char folder[64], ballast[128];
  static char zeros[1 << 20];
  make_folder(folder);
  if (mount("none", folder, "tmpfs", 0, "size=4m,mode=0700")) {
    remove_folder(folder);
    skip(); /* only the administrator may mount: test_file_limit() is what there is */
  }
  snprintf(ballast, sizeof ballast, "%s/ballast", folder);
  int fd = open(ballast, O_WRONLY | O_CREAT, 0600);
  assert_int_equal(write(fd, zeros, sizeof zeros), sizeof zeros);
  close(fd);
  const ock_recorder_options options = {
      .segment_bytes = 256 << 10, .keep_bytes = 1 << 26, .keep_seconds = FOR_EVER, .flush_ms = 2};
  ock_recorder *recorder = open_recorder(folder, &options);
  uint64_t last = fill(recorder, 1);
  ock_recorder_event(recorder, &(ockham_event){.kind = "death", .text = "while the disk is full"});
  ock_recorder_figures figures;
  ock_recorder_look(recorder, &figures);
  assert_true(figures.n_lost >= 300);
  assert_string_equal(figures.problem, "no room can be made for more requests: No space left on device");
  check_all(folder, last);
  assert_int_equal(unlink(ballast), 0);
  wait_until_well(recorder);
  uint64_t more = fill(recorder, last + 1);
  assert_true(more > last);
  check_all(folder, more);
  ock_recorder_close(recorder);
  check_all(folder, more);
  assert_int_equal(umount(folder), 0);
  assert_int_equal(rmdir(folder), 0);
}

/* No segment can be made at the start: it starts, says why nothing is kept, and goes on once one can. */
static void test_file_limit(void **state) {
  (void)state;
  char folder[64];
  struct rlimit before, low;
  const ock_recorder_options options = {
      .segment_bytes = 8 << 20, .keep_bytes = 1 << 26, .keep_seconds = FOR_EVER, .flush_ms = 2};
  make_folder(folder);
  assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
  low = before;
  low.rlim_cur = 4 << 20;
  assert_int_equal(setrlimit(RLIMIT_FSIZE, &low), 0);
  ock_recorder *recorder = open_recorder(folder, &options);
  made_request made;
  make_request(1, &made);
  assert_int_equal(ock_recorder_put(recorder, &made.request), 0);
  ock_recorder_figures figures;
  ock_recorder_look(recorder, &figures);
  assert_string_equal(figures.problem, "no room can be made for more requests: File too large");
  assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
  wait_until_well(recorder);
  assert_int_equal(put_made(recorder, 1), 1);
  ock_recorder_close(recorder);
  check_all(folder, 1);
  remove_folder(folder);
}

/* With every allocation failing in turn: nothing but NO_MEMORY, what was acknowledged is there at the end. */
static void test_memory(void **state) {
  (void)state;
  char folder[64];
  const ock_recorder_options options = {.segment_bytes = 16 << 10, .keep_bytes = 1 << 22, .keep_seconds = FOR_EVER};
  make_folder(folder);
  uint64_t last = 0;
  for_each_allocation_failure(n) {
    ock_recorder *recorder;
    ockham_error err = {0};
    ock_fault_after(n);
    ockham_status status = ock_recorder_open(folder, &options, &recorder, &err);
    if (status) {
      assert_int_equal(status, OCKHAM_NO_MEMORY);
      assert_null(recorder);
      continue;
    }
    ockham_request request = {.id = "r", .status = 200};
    for (int i = 0; i < 10; i++) {
      uint64_t number = ock_recorder_put(recorder, &request);
      if (number) assert_int_equal(number, ++last);
    }
    ock_recorder_event(recorder, &(ockham_event){.kind = "load"});
    ock_recorder_close(recorder);
  }
  assert_true(last > 20);
  for_each_allocation_failure(n) {
    ockham_recording *recording;
    ockham_request r;
    ockham_event event;
    bool found = true;
    uint64_t read = 0;
    ock_fault_after(n);
    ockham_status status = ockham_recording_open(folder, &recording, NULL);
    for (int newest_first = 0; newest_first < 2 && !status; newest_first++) {
      ockham_recording_rewind(recording, newest_first);
      for (found = true; !status && found; read += found)
        status = ockham_recording_next(recording, NULL, &r, &found, NULL);
    }
    if (!status) status = ockham_recording_event(recording, 0, NULL, &event, &found, NULL);
    if (status)
      assert_int_equal(status, OCKHAM_NO_MEMORY);
    else if (!ock_fault_hits())
      assert_int_equal(read, 2 * last);
    ockham_recording_close(recording);
  }
  remove_folder(folder);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_retention_by_bytes),
      cmocka_unit_test(test_retention_by_age),
      cmocka_unit_test(test_full_disk),
      cmocka_unit_test(test_file_limit),
      cmocka_unit_test(test_memory),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
