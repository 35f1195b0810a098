/* SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

#include "test.h"

static char folder[64];

static int make_folder(void **state) {
  (void)state;
  strcpy(folder, "/tmp/ockham-output-XXXXXX");
  return mkdtemp(folder) ? 0 : -1;
}

static const char *path_of(const char *name) {
  static char path[256];
  snprintf(path, sizeof path, "%s/%s", folder, name);
  return path;
}

static size_t count_files(void) {
  DIR *directory = opendir(folder);
  size_t n = 0;
  assert_non_null(directory);
  for (struct dirent *entry; (entry = readdir(directory));) n += entry->d_name[0] != '.';
  closedir(directory);
  return n;
}

static void remove_file(const char *name) {
  assert_int_equal(unlink(path_of(name)), 0);
}

static int remove_folder(void **state) {
  (void)state;
  return rmdir(folder);
}

static void write_plain(const char *name, const char *text) {
  FILE *stream = fopen(path_of(name), "wb");
  assert_non_null(stream);
  fputs(text, stream);
  fclose(stream);
}

static void check_content(const char *name, const char *expected) {
  char text[64] = {0};
  FILE *stream = fopen(path_of(name), "rb");
  assert_non_null(stream);
  size_t length = fread(text, 1, sizeof text - 1, stream);
  fclose(stream);
  assert_int_equal(length, strlen(expected));
  assert_string_equal(text, expected);
}

static void check_cleared(const ock_output *output) {
  assert_true(output->stream == NULL && output->path == NULL && output->temporary_path == NULL);
}

static void a_commit_replaces_the_file(void **state) {
  (void)state;
  write_plain("a", "old and longer");
  ock_output output = {0};
  assert_ok(ock_output_open(&output, path_of("a"), err));
  fputs("new", output.stream);
  fflush(output.stream);
  check_content("a", "old and longer"); /* until it is done */
  assert_ok(ock_output_commit(&output, err));
  check_cleared(&output);
  ock_output_abandon(&output);
  check_content("a", "new");
  assert_int_equal(count_files(), 1);
  remove_file("a");
}

static void abandoning_leaves_what_was_there(void **state) {
  (void)state;
  write_plain("a", "old");
  ock_output output = {0};
  for (int exists = 1; exists >= 0; exists--) {
    assert_ok(ock_output_open(&output, path_of("a"), err));
    fputs("half of it", output.stream);
    ock_output_abandon(&output);
    check_cleared(&output);
    assert_int_equal(count_files(), exists);
    if (exists) check_content("a", "old");
    if (exists) remove_file("a");
  }
}

static void permissions_follow_the_umask(void **state) {
  (void)state;
  static const mode_t masks[] = {022, 077, 002, 0};
  mode_t before = umask(0);
  for (size_t m = 0; m < 4; m++) {
    ock_output output = {0};
    struct stat info;
    umask(masks[m]);
    assert_ok(ock_output_open(&output, path_of("a"), err));
    assert_ok(ock_output_commit(&output, err));
    assert_int_equal(umask(masks[m]), masks[m]);
    assert_int_equal(stat(path_of("a"), &info), 0);
    assert_int_equal(info.st_mode & 0777, 0666 & ~masks[m]);
    remove_file("a");
  }
  umask(before);
}

static void check_refused(const char *path, const char *reason) {
  ock_output output = {0};
  ockham_error err = {0};
  assert_int_equal(ock_output_open(&output, path, &err), OCKHAM_CANNOT_WRITE);
  check_cleared(&output);
  assert_memory_equal(err.message, path, strlen(path));
  assert_non_null(strstr(err.message, reason));
}

static void what_cannot_be_written_is_refused_at_once(void **state) {
  (void)state;
  check_refused(path_of("missing/a"), "No such file or directory");
  check_refused(folder, "Is a directory");
  check_refused("", "empty");
  write_plain("file", "x");
  check_refused(path_of("file/a"), "Not a directory");
  remove_file("file");
  assert_int_equal(count_files(), 0);
  if (geteuid() == 0) return; /* root may write anywhere */
  assert_int_equal(chmod(folder, 0500), 0);
  check_refused(path_of("a"), "Permission denied");
  assert_int_equal(chmod(folder, 0700), 0);
}

/* A device is written to, not replaced by a file. */
static void devices_are_written_in_place(void **state) {
  (void)state;
  struct stat info;
  ock_output output = {0};
  assert_ok(ock_output_open(&output, "/dev/null", err));
  fputs("text", output.stream);
  assert_ok(ock_output_commit(&output, err));
  assert_ok(ock_output_open(&output, "/dev/null", err));
  ock_output_abandon(&output);
  assert_int_equal(stat("/dev/null", &info), 0);
  assert_true(S_ISCHR(info.st_mode));
}

static void a_full_device_is_an_error(void **state) {
  (void)state;
  struct stat info;
  if (stat("/dev/full", &info) != 0) skip();
  ock_output output = {0};
  ockham_error found = {0};
  assert_ok(ock_output_open(&output, "/dev/full", err));
  fputs("text", output.stream);
  assert_int_equal(ock_output_commit(&output, &found), OCKHAM_CANNOT_WRITE);
  assert_string_equal(found.message, "/dev/full: No space left on device");
  check_cleared(&output);
}

static void a_folder_that_goes_away_is_an_error(void **state) {
  (void)state;
  ock_output output = {0};
  ockham_error found = {0};
  assert_int_equal(mkdir(path_of("gone"), 0700), 0);
  assert_ok(ock_output_open(&output, path_of("gone/a"), err));
  unlink(output.temporary_path);
  assert_int_equal(rmdir(path_of("gone")), 0);
  assert_int_equal(ock_output_commit(&output, &found), OCKHAM_CANNOT_WRITE);
  assert_non_null(strstr(found.message, "gone/a: No such file or directory"));
  check_cleared(&output);
}

static void a_dash_is_standard_output(void **state) {
  (void)state;
  ock_output output = {0};
  assert_ok(ock_output_open(&output, "-", err));
  assert_ptr_equal(output.stream, stdout);
  ock_output_abandon(&output);
  check_cleared(&output);
  assert_ok(ock_output_open(&output, "-", err));
  assert_ok(ock_output_commit(&output, err));
  assert_true(printf(" ") == 1 && fflush(stdout) == 0); /* it is still open */
  assert_int_equal(count_files(), 0);
}

static void memory_runs_out(void **state) {
  (void)state;
  for_each_allocation_failure(n) {
    ock_output output = {0};
    ockham_error err;
    ock_fault_after(n);
    ockham_status status = ock_output_open(&output, path_of("a"), &err);
    assert_int_equal(status, ock_fault_hits() ? OCKHAM_NO_MEMORY : OCKHAM_OK);
    ock_output_abandon(&output);
    assert_int_equal(count_files(), 0);
  }
}

static void a_link_stays_a_link(void **state) {
  (void)state;
  char place[] = "/tmp/ockham-link-XXXXXX", target[64], path[64], buffer[8] = {0};
  assert_non_null(mkdtemp(place));
  snprintf(target, sizeof target, "%s/target", place);
  snprintf(path, sizeof path, "%s/link", place);
  FILE *file = fopen(target, "w");
  assert_non_null(file);
  fclose(file);
  assert_int_equal(symlink("target", path), 0);
  ock_output output;
  assert_ok(ock_output_open(&output, path, err));
  ock_output_write(&output, "new", 3);
  assert_ok(ock_output_commit(&output, err));
  struct stat info;
  assert_int_equal(lstat(path, &info), 0);
  assert_true(S_ISLNK(info.st_mode));
  file = fopen(target, "r");
  assert_non_null(file);
  assert_int_equal(fread(buffer, 1, sizeof buffer, file), 3);
  fclose(file);
  assert_string_equal(buffer, "new");
  unlink(path);
  unlink(target);
  rmdir(place);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_link_stays_a_link),
      cmocka_unit_test(a_commit_replaces_the_file),
      cmocka_unit_test(abandoning_leaves_what_was_there),
      cmocka_unit_test(permissions_follow_the_umask),
      cmocka_unit_test(what_cannot_be_written_is_refused_at_once),
      cmocka_unit_test(devices_are_written_in_place),
      cmocka_unit_test(a_full_device_is_an_error),
      cmocka_unit_test(a_folder_that_goes_away_is_an_error),
      cmocka_unit_test(a_dash_is_standard_output),
      cmocka_unit_test(memory_runs_out),
  };
  return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
