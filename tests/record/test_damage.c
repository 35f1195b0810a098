/* SPDX-License-Identifier: Apache-2.0 */
/* Bits that flipped, files that were cut, and bytes that look like entries. */
#include "folder.h"

#include <sqlite3.h>

enum { N = 60 };

static unsigned char *sound; /* a segment with N entries */
static size_t sound_size, starts[N + 1];

static void read_sound(const char *folder) {
  char path[128];
  struct stat info;
  const ock_recorder_options options = {.segment_bytes = 1 << 20, .keep_bytes = 1 << 26, .keep_seconds = FOR_EVER};
  ock_recorder *recorder = open_recorder(folder, &options);
  for (uint64_t i = 1; i <= N; i++) assert_int_equal(put_made(recorder, i), i);
  ock_recorder_close(recorder);
  snprintf(path, sizeof path, "%s/requests-%020d.seg", folder, 1);
  int fd = open(path, O_RDONLY);
  assert_int_equal(fstat(fd, &info), 0);
  sound_size = (size_t)info.st_size;
  sound = malloc(sound_size);
  assert_non_null(sound);
  assert_int_equal(read(fd, sound, sound_size), sound_size);
  close(fd);
  size_t at = OCK_SEGMENT_HEADER;
  for (size_t i = 0; i <= N; i++) {
    starts[i] = at;
    if (i < N) at += ock_entry_size(sound + at, sound_size - at);
  }
  assert_int_equal(at, sound_size);
}

static size_t entry_of(size_t byte) {
  size_t i = 0;
  while (i < N && byte >= starts[i + 1]) i++;
  return i;
}

static void write_file(const char *path, const void *bytes, size_t size) {
  int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
  assert_true(fd >= 0);
  assert_int_equal(write(fd, bytes, size), size);
  close(fd);
}

/* All are read but those that are marked as bad, in both directions; the places passed over are counted. */
static void check_all_but(const char *path, const bool *bad, uint64_t least_damaged, uint64_t most_damaged) {
  ockham_recording *recording = open_recording(path);
  for (int newest_first = 0; newest_first < 2; newest_first++) {
    ockham_request request;
    ockham_recording_rewind(recording, newest_first);
    for (size_t k = 0; k < N; k++) {
      size_t i = newest_first ? N - 1 - k : k;
      if (bad[i]) continue;
      assert_true(next_request(recording, NULL, &request));
      assert_int_equal(request.number, i + 1);
      assert_true(is_as_made(&request));
    }
    assert_false(next_request(recording, NULL, &request));
    uint64_t n = ockham_recording_damaged(recording);
    assert_true(n >= least_damaged && n <= most_damaged);
  }
  ockham_recording_close(recording);
}

/* One bit anywhere behind the header: that entry is lost, no other, and one is counted. */
static void test_one_bit(void **state) {
  const char *path = *state;
  unsigned char *bytes = malloc(sound_size);
  assert_non_null(bytes);
  for (size_t i = 0; i < 300; i++) {
    bool bad[N + 1] = {false};
    size_t at = i < 120 ? starts[i % N] + i / N : OCK_SEGMENT_HEADER + mix(i) % (sound_size - OCK_SEGMENT_HEADER);
    memcpy(bytes, sound, sound_size);
    bytes[at] ^= (unsigned char)(1u << mix(i + 1) % 8);
    bad[entry_of(at)] = true;
    write_file(path, bytes, sound_size);
    check_all_but(path, bad, 1, 1);
  }
  free(bytes);
}

/* In the header: where it is the checksummed part, the first entry tells the marker, and all is there. */
static void test_header(void **state) {
  const char *path = *state;
  bool bad[N + 1] = {false};
  unsigned char *bytes = malloc(sound_size);
  assert_non_null(bytes);
  for (size_t bit = 8 * 16; bit < 8 * OCK_SEGMENT_HEADER; bit++) {
    memcpy(bytes, sound, sound_size);
    bytes[bit / 8] ^= (unsigned char)(1u << bit % 8);
    write_file(path, bytes, sound_size);
    check_all_but(path, bad, 0, 1);
  }
  free(bytes);
}

/* Many at once. */
static void test_many_bits(void **state) {
  const char *path = *state;
  unsigned char *bytes = malloc(sound_size);
  assert_non_null(bytes);
  for (uint64_t seed = 0; seed < 60; seed++) {
    bool bad[N + 1] = {false};
    uint64_t n_bad = 0;
    memcpy(bytes, sound, sound_size);
    for (uint64_t k = 0; k < 1 + seed / 4; k++) {
      size_t at = OCK_SEGMENT_HEADER + mix(seed * 1000 + k) % (sound_size - OCK_SEGMENT_HEADER);
      bytes[at] = (unsigned char)(bytes[at] + 1);
      n_bad += !bad[entry_of(at)];
      bad[entry_of(at)] = true;
    }
    write_file(path, bytes, sound_size);
    check_all_but(path, bad, 1, n_bad);
  }
  free(bytes);
}

static void test_cut(void **state) {
  const char *path = *state;
  for (size_t i = 0; i < 150; i++) {
    bool bad[N + 1] = {false};
    size_t size = OCK_SEGMENT_HEADER + mix(i) % (sound_size - OCK_SEGMENT_HEADER);
    for (size_t k = 0; k < N; k++) bad[k] = starts[k + 1] > size;
    write_file(path, sound, size);
    check_all_but(path, bad, 0, 1);
  }
}

/* A client sends a body that holds whole entries: they are never taken for requests, also when what is around them is
 * damaged. */
static void test_forged(void **state) {
  const char *path = *state;
  ockham_capture *capture;
  struct stat info;
  ockham_request request = {.id = "true", .number = 1, .status = 200};
  request.body = sound + OCK_SEGMENT_HEADER;
  request.body_size = sound_size - OCK_SEGMENT_HEADER;
  assert_ok(ockham_capture_create(path, &capture, err));
  for (request.number = 1; request.number <= 3; request.number++) assert_ok(ockham_capture_put(capture, &request, err));
  assert_ok(ockham_capture_commit(capture, err));
  assert_int_equal(stat(path, &info), 0);
  int fd = open(path, O_RDWR);
  assert_int_equal(pwrite(fd, "\xff\xff\xff", 3, OCK_SEGMENT_HEADER + info.st_size / 3),
                   3); /* of the second, its marker */
  close(fd);
  ockham_recording *recording = open_recording(path);
  uint64_t n = 0;
  while (next_request(recording, NULL, &request)) {
    assert_string_equal(request.id, "true");
    assert_int_equal(request.number, n++ ? 3 : 1);
  }
  assert_int_equal(n, 2);
  ockham_recording_close(recording);
}

/* A recorder that starts on damage keeps what is whole, and numbers on. */
static void test_recovery(void **state) {
  const char *path = *state;
  char folder[64], segment[128];
  (void)path;
  for (int i = 0; i < 12; i++) {
    make_folder(folder);
    snprintf(segment, sizeof segment, "%s/requests-%020d.seg", folder, 1);
    unsigned char *bytes = calloc(1, 1 << 20); /* as it is while it is written: longer */
    assert_non_null(bytes);
    memcpy(bytes, sound, sound_size);
    memset(bytes + 40, 0, 8); /* and without an end */
    size_t at = starts[mix((uint64_t)i) % (N - 1)];
    bytes[at + mix((uint64_t)i + 7) % 180] ^= 0x10;
    if (i % 3 == 0) memset(bytes + starts[N - 1], 0, 8); /* the last one's marker was never set */
    write_file(segment, bytes, 1 << 20);
    free(bytes);
    const ock_recorder_options options = {.segment_bytes = 1 << 16, .keep_bytes = 1 << 26, .keep_seconds = FOR_EVER};
    ock_recorder *recorder = open_recorder(folder, &options);
    uint64_t next = i % 3 ? N + 1 : N;
    assert_int_equal(put_made(recorder, next), next);
    ock_recorder_figures figures;
    ock_recorder_look(recorder, &figures);
    assert_int_equal(figures.n_requests, next - 1);
    ockham_recording *recording = open_recording(folder);
    ockham_request request;
    uint64_t n = 0;
    while (next_request(recording, NULL, &request)) {
      n++;
      assert_true(is_as_made(&request));
      assert_int_equal(number_of_id(request.id), request.number);
    }
    assert_int_equal(n, next - 1);
    assert_int_equal(ockham_recording_damaged(recording), 1);
    ockham_recording_close(recording);
    ock_recorder_close(recorder);
    remove_folder(folder);
  }
}

static void test_damaged_metadata(void **state) {
  (void)state;
  char folder[64], path[128], text[512];
  ockham_request request;
  ockham_event event;
  bool found;
  make_folder(folder);
  ock_recorder_options options = {.segment_bytes = 1 << 16, .keep_bytes = 1 << 26, .keep_seconds = FOR_EVER};
  ock_recorder *recorder = open_recorder(folder, &options);
  for (uint64_t i = 1; i <= 200; i++) assert_int_equal(put_made(recorder, i), i);
  ock_recorder_close(recorder);
  snprintf(path, sizeof path, "%s/ockham.db", folder);
  memset(text, 'x', sizeof text);
  write_file(path, text, sizeof text);
  ockham_recording *recording = open_recording(folder);
  for (uint64_t i = 1; i <= 200; i++) assert_true(next_request(recording, NULL, &request));
  ockham_recording_close(recording);
  recorder = open_recorder(folder, &options);
  assert_int_equal(put_made(recorder, 201), 201);
  ock_recorder_close(recorder);
  recording = open_recording(folder);
  for (uint64_t i = 1; i <= 201; i++) assert_true(next_request(recording, NULL, &request));
  assert_ok(ockham_recording_event(recording, 0, "damage", &event, &found, err));
  assert_true(found);
  ockham_recording_close(recording);
  remove_folder(folder);
}

/* Metadata of a later Ockham: it is not written over, and requests can be read all the same. */
static void test_later_schema(void **state) {
  (void)state;
  char folder[64], path[128], wanted[256];
  sqlite3 *database;
  ockham_request request;
  ockham_error err = {0};
  make_folder(folder);
  ock_recorder *recorder = open_recorder(folder, &(ock_recorder_options){.keep_seconds = FOR_EVER});
  assert_int_equal(put_made(recorder, 1), 1);
  ock_recorder_close(recorder);
  snprintf(path, sizeof path, "%s/ockham.db", folder);
  assert_int_equal(sqlite3_open(path, &database), SQLITE_OK);
  assert_int_equal(sqlite3_exec(database, "PRAGMA user_version = 99", NULL, NULL, NULL), SQLITE_OK);
  sqlite3_close(database);
  assert_int_equal(ock_recorder_open(folder, NULL, &recorder, &err), OCKHAM_UNSUPPORTED);
  snprintf(wanted, sizeof wanted, "%s: expected schema 2 or earlier, found 99: it is from a later Ockham", path);
  assert_string_equal(err.message, wanted);
  ockham_recording *recording = open_recording(folder);
  assert_true(next_request(recording, NULL, &request));
  ockham_recording_close(recording);
  remove_folder(folder);
}

static void test_crc(void **state) {
  (void)state;
  /* RFC 3720, B.4: 32 bytes of 0, of 0xff, ascending; and "123456789" (the check value of the catalogues). */
  unsigned char bytes[4096] = {0};
  assert_int_equal(ock_crc32c(0, bytes, 32), 0x8a9136aau);
  memset(bytes, 0xff, 32);
  assert_int_equal(ock_crc32c(0, bytes, 32), 0x62a8ab43u);
  for (unsigned i = 0; i < 32; i++) bytes[i] = (unsigned char)i;
  assert_int_equal(ock_crc32c(0, bytes, 32), 0x46dd794eu);
  assert_int_equal(ock_crc32c(0, "123456789", 9), 0xe3069283u);
  for (size_t i = 0; i < sizeof bytes; i++) bytes[i] = (unsigned char)mix(i);
  for (uint64_t i = 0; i < 3000; i++) {
    size_t from = mix(i) % 100, size = mix(i + 1) % (sizeof bytes - from);
    uint32_t seed = (uint32_t)mix(i + 2);
    assert_int_equal(ock_crc32c(seed, bytes + from, size), ock_crc32c_plain(seed, bytes + from, size));
  }
}

int main(void) {
  char folder[64], path[128];
  make_folder(folder);
  read_sound(folder);
  snprintf(path, sizeof path, "%s/some.requests", folder);
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_prestate(test_one_bit, path),
      cmocka_unit_test_prestate(test_header, path),
      cmocka_unit_test_prestate(test_many_bits, path),
      cmocka_unit_test_prestate(test_cut, path),
      cmocka_unit_test_prestate(test_forged, path),
      cmocka_unit_test_prestate(test_recovery, path),
      cmocka_unit_test(test_damaged_metadata),
      cmocka_unit_test(test_later_schema),
      cmocka_unit_test(test_crc),
  };
  int failed = cmocka_run_group_tests(tests, NULL, NULL);
  free(sound);
  remove_folder(folder);
  return failed;
}
