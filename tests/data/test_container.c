/* SPDX-License-Identifier: Apache-2.0 */
#include "data/internal.h"
#include "source_test.h"

#define KIND OCK_TAG('T', 'E', 'S', 'T')
#define TAG_A OCK_TAG('A', 'A', 'A', 'A')
#define TAG_B OCK_TAG('B', 'B', 'B', 'B')
#define TAG_C OCK_TAG('C', 'C', 'C', 'C')

static ockham_status write_example(const char *path, uint32_t version, ockham_error *err) {
  ock_container_writer writer;
  OCK_TRY(ock_container_create(&writer, path, KIND, version, err));
  ock_container_put(&writer, TAG_A, "hello", 5);
  ock_container_put(&writer, TAG_B, NULL, 0);
  ock_container_put(&writer, TAG_C, "12345678", 8);
  return ock_container_commit(&writer, err);
}

static unsigned char *example_bytes(uint32_t version, size_t *size) {
  char *path = make_path(".ock");
  assert_ok(write_example(path, version, err));
  unsigned char *bytes = read_file(path, size);
  drop_path(path);
  return bytes;
}

static ockham_status parse(unsigned char *bytes, size_t size, uint32_t newest_version, ockham_error *err) {
  ock_container container;
  return ock_container_parse(&container, "x.ock", bytes, size, KIND, newest_version, err);
}

/* The check value of CRC-32/ISO-HDLC in Cook's catalogue of parametrised CRC algorithms: 0xcbf43926. */
static void test_crc32(void **state) {
  (void)state;
  assert_int_equal(ock_crc32(0, "123456789", 9), 0xcbf43926);
  assert_int_equal(ock_crc32(0, "", 0), 0);
  assert_int_equal(ock_crc32(0, "The quick brown fox jumps over the lazy dog", 43), 0x414fa339);
  assert_int_equal(ock_crc32(ock_crc32(0, "The quick brown", 15), " fox jumps over the lazy dog", 28), 0x414fa339);
}

static void test_round_trip(void **state) {
  (void)state;
  char *path = make_path(".ock");
  ock_container container = {0};
  const void *payload;
  size_t size;
  assert_ok(write_example(path, 1, err));
  assert_ok(ock_container_open(&container, path, KIND, 1, err));
  assert_int_equal(container.version, 1);
  assert_true(ock_container_get(&container, TAG_A, &payload, &size));
  assert_int_equal(size, 5);
  assert_memory_equal(payload, "hello", 5);
  assert_int_equal((uintptr_t)payload % 8, 0);
  assert_true(ock_container_get(&container, TAG_B, &payload, &size));
  assert_int_equal(size, 0);
  assert_true(ock_container_get(&container, TAG_C, &payload, &size));
  assert_memory_equal(payload, "12345678", 8);
  assert_int_equal((uintptr_t)payload % 8, 0);
  assert_false(ock_container_get(&container, KIND, &payload, &size));
  assert_false(ock_container_get(&container, OCK_TAG('E', 'N', 'D', ' '), &payload, &size));
  ock_container_clear(&container);
  drop_path(path);
}

/* The bytes on disk, spelled out: what other programs may rely on. */
static void test_layout(void **state) {
  (void)state;
  size_t size;
  unsigned char *bytes = example_bytes(3, &size);
  assert_int_equal(size, 16 + (16 + 8 + 8) + (16 + 8) + (16 + 8 + 8) + (16 + 8 + 8));
  assert_memory_equal(bytes, "OCKHAM\r\n\3\0\0\0TESTAAAA\0\0\0\0\5\0\0\0\0\0\0\0hello\0\0\0", 40);
  uint32_t crc = ock_crc32(0, bytes, 40);
  assert_memory_equal(bytes + 40, &crc, 4);
  assert_memory_equal(bytes + 44, "\0\0\0\0BBBB", 8);
  crc = ock_crc32(crc, bytes + 48, 16);
  assert_memory_equal(bytes + 64, &crc, 4);
  assert_memory_equal(bytes + 104, "END \0\0\0\0\10\0\0\0\0\0\0\0\3\0\0\0\0\0\0\0", 24);
  free(bytes);
}

static void test_every_changed_byte_is_refused(void **state) {
  (void)state;
  size_t size;
  unsigned char *bytes = example_bytes(3, &size);
  for (size_t i = 0; i < size; i++)
    for (unsigned flip = 1; flip < 256; flip++) {
      bytes[i] ^= (unsigned char)flip;
      ockham_error err = {0};
      assert_int_equal(parse(bytes, size, 5, &err), OCKHAM_BAD_FILE);
      assert_ptr_equal(strstr(err.message, "x.ock: "), err.message);
      bytes[i] ^= (unsigned char)flip;
    }
  assert_ok(parse(bytes, size, 5, err));
  free(bytes);
}

static void test_every_truncation_and_extension_is_refused(void **state) {
  (void)state;
  size_t size;
  unsigned char *bytes = example_bytes(1, &size);
  for (size_t cut = 0; cut < size; cut++) {
    unsigned char *exact = malloc(cut ? cut : 1); /* so that a sanitizer sees reading beyond */
    memcpy(exact, bytes, cut);
    assert_int_equal(parse(exact, cut, 1, NULL), OCKHAM_BAD_FILE);
    free(exact);
  }
  for (size_t more = 1; more < 40; more++) {
    unsigned char *longer = calloc(1, size + more);
    memcpy(longer, bytes, size);
    ockham_error err = {0};
    assert_int_equal(parse(longer, size + more, 1, &err), OCKHAM_BAD_FILE);
    assert_non_null(strstr(err.message, "more bytes follow"));
    free(longer);
  }
  free(bytes);
}

static void test_swapped_chunks_are_refused(void **state) {
  (void)state;
  size_t size;
  unsigned char *bytes = example_bytes(1, &size), first[32];
  memcpy(first, bytes + 16, 32); /* AAAA and CCCC take 32 bytes each */
  memcpy(bytes + 16, bytes + 72, 32);
  memcpy(bytes + 72, first, 32);
  assert_int_equal(parse(bytes, size, 1, NULL), OCKHAM_BAD_FILE);
  free(bytes);
}

static void check_message(unsigned char *bytes, size_t size, size_t at, unsigned char byte, const char *words) {
  unsigned char kept = bytes[at];
  ockham_error err = {0};
  bytes[at] = byte;
  assert_int_equal(parse(bytes, size, 1, &err), OCKHAM_BAD_FILE);
  if (!strstr(err.message, words)) fail_msg("'%s' lacks '%s'", err.message, words);
  bytes[at] = kept;
}

static void test_messages(void **state) {
  (void)state;
  size_t size;
  unsigned char *bytes = example_bytes(1, &size);
  check_message(bytes, size, 0, 'X', "not a file of ockham");
  check_message(bytes, size, 6, '\n', "line ends");
  check_message(bytes, size, 8, 3, "was written by a newer version of ockham (format 3, this one reads up to 1)");
  check_message(bytes, size, 8, 0, "format 0");
  check_message(bytes, size, 12, 'B', "holds 'BEST' (byte 12), expected 'TEST'");
  check_message(bytes, size, 16, 'Z', "chunk 'ZAAA' at byte 16 is damaged");
  check_message(bytes, size, 20, 1, "reserved bytes");
  check_message(bytes, size, 24, 6, "chunk 'AAAA' at byte 16 is damaged");
  check_message(bytes, size, 31, 0xff, "bytes, but only");
  check_message(bytes, size, 38, 1, "padding at byte 38");
  check_message(bytes, size, 40, (unsigned char)~bytes[40], "checksum");
  check_message(bytes, size, 44, 1, "reserved bytes after its checksum");
  free(bytes);
}

static void test_wrong_count_is_refused(void **state) {
  (void)state;
  size_t size;
  unsigned char *bytes = example_bytes(1, &size);
  bytes[120] = 2; /* and a checksum that fits: a forged file, not a damaged one */
  uint32_t crc = ock_crc32(0, bytes, 40);
  crc = ock_crc32(crc, bytes + 48, 16);
  crc = ock_crc32(crc, bytes + 72, 24);
  crc = ock_crc32(crc, bytes + 104, 24);
  memcpy(bytes + 128, &crc, 4);
  ockham_error err = {0};
  assert_int_equal(parse(bytes, size, 1, &err), OCKHAM_BAD_FILE);
  assert_non_null(strstr(err.message, "does not count"));
  free(bytes);
}

static void test_random_mutations(void **state) {
  (void)state;
  size_t size;
  unsigned char *bytes = example_bytes(1, &size);
  ock_rng rng = ock_rng_make(2, 0);
  for (int i = 0; i < 1000; i++) {
    unsigned char *changed = malloc(size);
    memcpy(changed, bytes, size);
    for (uint64_t n = 1 + ock_rng_below(&rng, 8); n > 0; n--)
      changed[ock_rng_below(&rng, size)] = (unsigned char)ock_rng_next(&rng);
    size_t kept = ock_rng_below(&rng, 4) ? size : (size_t)ock_rng_below(&rng, size);
    bool same = kept == size && memcmp(changed, bytes, size) == 0;
    assert_int_equal(parse(changed, kept, 1, NULL), same ? OCKHAM_OK : OCKHAM_BAD_FILE);
    free(changed);
  }
  free(bytes);
}

static void test_files_that_cannot_be_opened(void **state) {
  (void)state;
  ock_container container;
  ockham_error err = {0};
  assert_int_equal(ock_container_open(&container, "/nonexistent/x", KIND, 1, &err), OCKHAM_IO);
  assert_int_equal(ock_container_open(&container, "/tmp", KIND, 1, &err), OCKHAM_BAD_FILE);
  assert_null(container.bytes);
}

/* /dev/full refuses every byte: the writer keeps that for the commit. */
static void test_write_error_is_kept_for_commit(void **state) {
  (void)state;
  ock_container_writer writer;
  char *path = make_path(".ock");
  FILE *full = fopen("/dev/full", "wb");
  if (!full) skip();
  assert_ok(ock_container_create(&writer, path, KIND, 1, err));
  fclose(writer.output.stream);
  writer.output.stream = full;
  void *large = calloc(1, 1 << 20);
  ock_container_put(&writer, TAG_A, large, 1 << 20);
  ock_container_put(&writer, TAG_B, large, 1 << 20);
  free(large);
  ockham_error err = {0};
  assert_int_equal(ock_container_commit(&writer, &err), OCKHAM_CANNOT_WRITE);
  assert_ptr_equal(strstr(err.message, path), err.message);
  drop_path(path);
}

static void test_allocation_failures(void **state) {
  (void)state;
  char *path = make_path(".ock");
  for_each_allocation_failure(n) {
    ock_container container = {0};
    ock_fault_after(n);
    ockham_status status = write_example(path, 1, NULL);
    if (!status) status = ock_container_open(&container, path, KIND, 1, NULL);
    assert_int_equal(status, ock_fault_hits() ? OCKHAM_NO_MEMORY : OCKHAM_OK);
    ock_container_clear(&container);
  }
  drop_path(path);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_crc32),
      cmocka_unit_test(test_round_trip),
      cmocka_unit_test(test_layout),
      cmocka_unit_test(test_every_changed_byte_is_refused),
      cmocka_unit_test(test_every_truncation_and_extension_is_refused),
      cmocka_unit_test(test_swapped_chunks_are_refused),
      cmocka_unit_test(test_messages),
      cmocka_unit_test(test_wrong_count_is_refused),
      cmocka_unit_test(test_random_mutations),
      cmocka_unit_test(test_files_that_cannot_be_opened),
      cmocka_unit_test(test_write_error_is_kept_for_commit),
      cmocka_unit_test(test_allocation_failures),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
