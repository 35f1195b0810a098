/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#ifdef OCK_HAVE_ZLIB
#include <zlib.h>
#endif

#include "data/csv.h"

enum { RAW_BYTES = 256 * 1024, MAGIC_BYTES = 2 };

/* ---- bytes as stored ---- */

static bool is_stopped(const ock_csv_input *input) {
  return input->at_hand && ock_progress_stopped(input->progress, "reading", input->n_done, input->n_total);
}

static ockham_status read_some(ock_csv_input *input, void *to, size_t wanted, size_t *n_read, ockham_error *err) {
  if (input->fd < 0) {
    *n_read = wanted < input->memory_left ? wanted : input->memory_left;
    if (*n_read) memcpy(to, input->memory, *n_read);
    input->memory += *n_read;
    input->memory_left -= *n_read;
  } else {
    ssize_t n;
    do n = read(input->fd, to, wanted < INT_MAX ? wanted : INT_MAX);
    while (n < 0 && errno == EINTR && !is_stopped(input));
    if (n < 0 && errno == EINTR) return ock_fail(err, OCKHAM_INTERRUPTED, "%s: reading was stopped", input->path);
    if (n < 0) return ock_fail(err, OCKHAM_IO, "%s: cannot be read: %s", input->path, strerror(errno));
    *n_read = (size_t)n;
  }
  input->n_done += *n_read;
  return OCKHAM_OK;
}

/* Read ahead until `wanted` raw bytes are there, or the end is. */
static ockham_status fill_raw(ock_csv_input *input, size_t wanted, ockham_error *err) {
  if (input->raw_begin == input->raw_end) input->raw_begin = input->raw_end = 0;
  while (!input->raw_ended && input->raw_end - input->raw_begin < wanted) {
    size_t n;
    OCK_TRY(read_some(input, input->raw + input->raw_end, RAW_BYTES - input->raw_end, &n, err));
    input->raw_end += n;
    input->raw_ended = n == 0;
  }
  return OCKHAM_OK;
}

static ockham_status read_plain(ock_csv_input *input, char *text, size_t wanted, size_t *n_read, ockham_error *err) {
  size_t n = input->raw_end - input->raw_begin;
  if (n > wanted) n = wanted;
  memcpy(text, input->raw + input->raw_begin, n);
  input->raw_begin += n;
  while (n < wanted && !input->raw_ended && !(input->at_hand && n > 0)) {
    size_t n_more;
    OCK_TRY(read_some(input, text + n, wanted - n, &n_more, err));
    input->raw_ended = n_more == 0;
    n += n_more;
  }
  *n_read = n;
  return OCKHAM_OK;
}

/* ---- gzip ---- */

#ifdef OCK_HAVE_ZLIB
static void *zlib_allocate(void *user, unsigned count, unsigned size_bytes) {
  (void)user;
  return ock_alloc_array(count, size_bytes);
}

static void zlib_release(void *user, void *block) {
  (void)user;
  ock_free(block);
}

static ockham_status start_gzip(ock_csv_input *input, ockham_error *err) {
  z_stream *z = ock_alloc_zeroed(1, sizeof *z);
  if (!z) return ock_fail_memory(err, "unpacking gzip", sizeof *z);
  z->zalloc = zlib_allocate;
  z->zfree = zlib_release;
  if (inflateInit2(z, MAX_WBITS + 16) != Z_OK) {
    ock_free(z);
    return ock_fail_memory(err, "unpacking gzip", 1 << MAX_WBITS);
  }
  input->inflater = z;
  return OCKHAM_OK;
}

static void stop_gzip(ock_csv_input *input) {
  if (input->inflater) inflateEnd(input->inflater);
  ock_free(input->inflater);
}

/* After the end of one gzip member: true when there is another. Zeros that pad the file are skipped. */
static ockham_status next_member(ock_csv_input *input, bool *more, ockham_error *err) {
  do {
    OCK_TRY(fill_raw(input, 1, err));
    while (input->raw_begin < input->raw_end && input->raw[input->raw_begin] == 0) input->raw_begin++;
  } while (input->raw_begin == input->raw_end && !input->raw_ended);
  *more = input->raw_begin < input->raw_end;
  return OCKHAM_OK;
}

static ockham_status fail_gzip(const ock_csv_input *input, int code, ockham_error *err) {
  if (code == Z_MEM_ERROR) return ock_fail_memory(err, "unpacking gzip", 1 << MAX_WBITS);
  const z_stream *z = input->inflater;
  return ock_fail(err, OCKHAM_BAD_FILE, "%s: the gzip data are damaged (%s)", input->path,
                  z->msg ? z->msg : "no reason");
}

static ockham_status read_gzip(ock_csv_input *input, char *text, size_t wanted, size_t *n_read, ockham_error *err) {
  z_stream *z = input->inflater;
  z->next_out = (Bytef *)text;
  z->avail_out = wanted < UINT_MAX ? (unsigned)wanted : UINT_MAX;
  size_t n_asked = z->avail_out;
  while (z->avail_out > 0) {
    OCK_TRY(fill_raw(input, 1, err));
    z->next_in = input->raw + input->raw_begin;
    z->avail_in = (unsigned)(input->raw_end - input->raw_begin);
    int code = inflate(z, Z_NO_FLUSH);
    input->raw_begin = input->raw_end - z->avail_in;
    if (code == Z_STREAM_END) {
      bool more;
      OCK_TRY(next_member(input, &more, err));
      if (!more) break;
      inflateReset(z);
    } else if (code == Z_BUF_ERROR && input->raw_ended) {
      return ock_fail(err, OCKHAM_BAD_FILE, "%s: the gzip data end early: the file is cut off", input->path);
    } else if (code != Z_OK && code != Z_BUF_ERROR) {
      return fail_gzip(input, code, err);
    }
  }
  *n_read = n_asked - z->avail_out;
  return OCKHAM_OK;
}
#else
static ockham_status start_gzip(ock_csv_input *input, ockham_error *err) {
  return ock_fail(err, OCKHAM_UNSUPPORTED, "%s: is gzipped, and this build has no zlib; unpack it first", input->path);
}
static void stop_gzip(ock_csv_input *input) {
  (void)input;
}
static ockham_status read_gzip(ock_csv_input *input, char *text, size_t wanted, size_t *n_read, ockham_error *err) {
  (void)text, (void)wanted, (void)n_read;
  return start_gzip(input, err);
}
#endif

ockham_status ock_csv_input_read(ock_csv_input *input, char *text, size_t wanted, size_t *n_read, ockham_error *err) {
  if (!input->inflater) return read_plain(input, text, wanted, n_read, err);
  size_t n = 0, n_more = 1;
  for (; n < wanted && n_more > 0; n += n_more) OCK_TRY(read_gzip(input, text + n, wanted - n, &n_more, err));
  *n_read = n;
  return OCKHAM_OK;
}

/* ---- opening ---- */

static ockham_status start(ock_csv_input *input, ockham_error *err) {
  input->raw = ock_alloc(RAW_BYTES);
  if (!input->raw) return ock_fail_memory(err, "reading the file", RAW_BYTES);
  OCK_TRY(fill_raw(input, MAGIC_BYTES, err));
  bool gzip = input->raw_end >= MAGIC_BYTES && input->raw[0] == 0x1f && input->raw[1] == 0x8b;
  return gzip ? start_gzip(input, err) : OCKHAM_OK;
}

static ockham_status open_file(ock_csv_input *input, const char *path, ockham_error *err) {
  input->fd = open(path, O_RDONLY | O_CLOEXEC);
  if (input->fd < 0) return ock_fail(err, OCKHAM_IO, "%s: cannot be opened: %s", path, strerror(errno));
  struct stat info;
  if (fstat(input->fd, &info) == 0 && S_ISREG(info.st_mode)) input->n_total = (uint64_t)info.st_size;
#ifdef POSIX_FADV_SEQUENTIAL
  posix_fadvise(input->fd, 0, 0, POSIX_FADV_SEQUENTIAL);
#endif
  return OCKHAM_OK;
}

ockham_status ock_csv_input_open(ock_csv_input *input, const char *path, ockham_error *err) {
  bool standard_input = strcmp(path, "-") == 0;
  *input = (ock_csv_input){.path = standard_input ? "stdin" : path, .fd = STDIN_FILENO};
  ockham_status status = standard_input ? OCKHAM_OK : open_file(input, path, err);
  if (!status) status = start(input, err);
  if (status) ock_csv_input_close(input);
  return status;
}

ockham_status ock_csv_input_open_bytes(ock_csv_input *input, const char *path, const void *bytes, size_t size,
                                       ockham_error *err) {
  *input = (ock_csv_input){.path = path, .fd = -1, .memory = bytes, .memory_left = size, .n_total = size};
  ockham_status status = start(input, err);
  if (status) ock_csv_input_close(input);
  return status;
}

bool ock_csv_input_is_regular(const ock_csv_input *input) {
  return input->fd >= 0 && input->n_total > 0;
}

void ock_csv_input_close(ock_csv_input *input) {
  stop_gzip(input);
  ock_free(input->raw);
  if (input->fd > STDERR_FILENO) close(input->fd);
  *input = (ock_csv_input){.fd = -1};
}
