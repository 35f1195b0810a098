/* SPDX-License-Identifier: Apache-2.0 */
/* Frames, cut into pieces of every size. */
#include <fcntl.h>
#include <unistd.h>

#include "test.h"
#include "worker/frame.h"

enum { MOST = 100000 };

static void test_headers(void **state) {
  (void)state;
  static const unsigned char golden[] = {'O', 'C', 'K', 1, 3, 0, 0, 0, 0x44, 0x33, 0x22, 0x11, 0x88, 0x77, 0x66, 0x55};
  unsigned char header[OCK_FRAME_HEADER];
  ock_frame frame = {.type = OCK_FRAME_RESULT, .length = 0x11223344, .id = 0x55667788}, read_back;
  ock_frame_pack(&frame, header);
  assert_memory_equal(header, golden, sizeof golden);
  assert_ok(ock_frame_unpack(header, &read_back, err));
  assert_int_equal(read_back.type, OCK_FRAME_RESULT);
  assert_int_equal(read_back.length, 0x11223344);
  assert_int_equal(read_back.id, 0x55667788);
  ockham_error error;
  header[4] = 9;
  assert_int_equal(ock_frame_unpack(header, &read_back, &error), OCKHAM_BAD_DATA);
  header[4] = 3;
  header[6] = 1;
  assert_int_equal(ock_frame_unpack(header, &read_back, &error), OCKHAM_BAD_DATA);
  header[3] = 2;
  assert_int_equal(ock_frame_unpack(header, &read_back, &error), OCKHAM_BAD_DATA);
  assert_string_equal(error.message, "expected a frame that begins with 0x014b434f, found 0x024b434f");
  assert_string_equal(ock_frame_name(OCK_FRAME_SHUTDOWN), "SHUTDOWN");
  assert_null(ock_frame_name(0));
}

static void put_frame(ock_rng *rng, unsigned char *bytes, size_t *n, size_t length) {
  ock_frame frame = {
      .type = 1 + (unsigned)ock_rng_below(rng, 7), .length = (uint32_t)length, .id = (uint32_t)length * 7};
  ock_frame_pack(&frame, bytes + *n);
  for (size_t i = 0; i < length; i++) bytes[*n + 16 + i] = (unsigned char)(length + i * 31);
  *n += 16 + length;
}

static void check_frame(const ock_frame_reader *reader, size_t length) {
  assert_int_equal(reader->frame.length, length);
  assert_int_equal(reader->n_payload, length);
  assert_int_equal(reader->frame.id, length * 7);
  for (size_t i = 0; i < length; i++)
    assert_int_equal((unsigned char)reader->payload[i], (unsigned char)(length + i * 31));
  for (size_t i = 0; i < 64; i++) assert_int_equal(reader->payload[length + i], 0);
}

/* Frames of random lengths through a pipe in random pieces: the same frames come out. */
static void test_pieces(void **state) {
  (void)state;
  enum { FRAMES = 30 };
  static const size_t lengths[] = {0, 1, 15, 16, 4079, 4080, 4081, 4096, 8192, 20000};
  static unsigned char bytes[FRAMES * 20016];
  ock_rng rng = ock_rng_make(1, 1);
  ock_frame_reader reader = {0};
  for (int round = 0; round < 200; round++) {
    size_t n = 0, sent = 0, frame_lengths[FRAMES], n_read = 0;
    for (int i = 0; i < FRAMES; i++) {
      frame_lengths[i] = ock_rng_below(&rng, 2) ? lengths[ock_rng_below(&rng, 10)] : ock_rng_below(&rng, 300);
      put_frame(&rng, bytes, &n, frame_lengths[i]);
    }
    int ends[2];
    assert_int_equal(pipe2(ends, O_NONBLOCK | O_CLOEXEC), 0);
    while (n_read < FRAMES) {
      size_t piece = 1 + ock_rng_below(&rng, round % 2 ? 40 : 30000);
      if (piece > n - sent) piece = n - sent;
      ssize_t written = write(ends[1], bytes + sent, piece);
      if (written > 0) sent += (size_t)written;
      ock_frame_state found;
      while ((found = ock_frame_read(&reader, ends[0], MOST, NULL)) == OCK_FRAME_READY)
        check_frame(&reader, frame_lengths[n_read++]);
      assert_int_equal(found, OCK_FRAME_WAIT);
    }
    close(ends[1]);
    assert_int_equal(ock_frame_read(&reader, ends[0], MOST, NULL), OCK_FRAME_END);
    close(ends[0]);
    ock_frame_reader_reset(&reader);
  }
  ock_frame_reader_clear(&reader);
}

static void test_cut_and_long(void **state) {
  (void)state;
  unsigned char bytes[200];
  ock_rng rng = ock_rng_make(1, 1);
  ockham_error error;
  for (size_t cut = 1; cut < 116; cut++) {
    size_t n = 0;
    ock_frame_reader reader = {0};
    int ends[2];
    put_frame(&rng, bytes, &n, 100);
    assert_int_equal(pipe2(ends, O_NONBLOCK | O_CLOEXEC), 0);
    assert_int_equal(write(ends[1], bytes, cut), (ssize_t)cut);
    assert_int_equal(ock_frame_read(&reader, ends[0], cut > 50 ? 100 : 99, &error),
                     cut >= 16 && cut <= 50 ? OCK_FRAME_BAD : OCK_FRAME_WAIT); /* 99 are allowed: 100 are too many */
    close(ends[1]);
    if (cut < 16 || cut > 50) {
      assert_int_equal(ock_frame_read(&reader, ends[0], 100, &error), OCK_FRAME_BAD);
      assert_true(reader.ended);
    }
    close(ends[0]);
    ock_frame_reader_clear(&reader);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_headers), cmocka_unit_test(test_pieces),
                                     cmocka_unit_test(test_cut_and_long)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
