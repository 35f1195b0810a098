/* SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "data/internal.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "the container is written as memory holds it: little-endian");

static const unsigned char magic[8] = {'O', 'C', 'K', 'H', 'A', 'M', '\r', '\n'};
#define END_TAG OCK_TAG('E', 'N', 'D', ' ')
enum { FILE_HEADER_SIZE = 16, CHUNK_HEADER_SIZE = 16, CHUNK_TRAILER_SIZE = 8 };

/* ---- writing ---- */

static size_t padding_after(uint64_t size) {
  return (size_t)(-size & 7);
}

static void put_bytes(ock_container_writer *writer, const void *bytes, size_t size) {
  writer->crc = ock_crc32(writer->crc, bytes, size);
  ock_output_write(&writer->output, bytes, size);
}

static void put_chunk(ock_container_writer *writer, uint32_t tag, const void *payload, size_t size_bytes) {
  static const unsigned char zeros[8];
  struct {
    uint32_t tag, zero;
    uint64_t size;
  } header = {tag, 0, size_bytes};
  put_bytes(writer, &header, sizeof header);
  put_bytes(writer, payload, size_bytes);
  put_bytes(writer, zeros, padding_after(size_bytes));
  uint32_t trailer[2] = {writer->crc, 0};
  ock_output_write(&writer->output, trailer, sizeof trailer);
}

ockham_status ock_container_create(ock_container_writer *writer, const char *path, uint32_t kind, uint32_t version,
                                   ockham_error *err) {
  *writer = (ock_container_writer){0};
  OCK_TRY(ock_output_open(&writer->output, path, err));
  put_bytes(writer, magic, sizeof magic);
  put_bytes(writer, &version, sizeof version);
  put_bytes(writer, &kind, sizeof kind);
  return OCKHAM_OK;
}

void ock_container_put(ock_container_writer *writer, uint32_t tag, const void *payload, size_t size_bytes) {
  assert(tag != END_TAG);
  put_chunk(writer, tag, payload, size_bytes);
  writer->n_chunks++;
}

ockham_status ock_container_commit(ock_container_writer *writer, ockham_error *err) {
  put_chunk(writer, END_TAG, &writer->n_chunks, sizeof writer->n_chunks);
  return ock_output_commit(&writer->output, err);
}

/* ---- reading ---- */

static uint32_t u32_at(const unsigned char *bytes) {
  uint32_t value;
  memcpy(&value, bytes, sizeof value);
  return value;
}

static uint64_t u64_at(const unsigned char *bytes) {
  uint64_t value;
  memcpy(&value, bytes, sizeof value);
  return value;
}

/* A tag or kind as its four letters, with ? for bytes that do not print. */
typedef struct tag_text {
  char letters[5];
} tag_text;

static tag_text tag_letters(uint32_t tag) {
  tag_text text = {""};
  for (int i = 0; i < 4; i++) {
    unsigned char c = (unsigned char)(tag >> (8 * i));
    text.letters[i] = c >= 0x20 && c < 0x7f ? (char)c : '?';
  }
  return text;
}

static ockham_status check_file_header(const ock_container *container, const char *path, uint32_t kind,
                                       uint32_t newest_version, ockham_error *err) {
  const unsigned char *bytes = container->bytes;
  if (container->size < 6 || memcmp(bytes, magic, 6) != 0)
    return ock_fail(err, OCKHAM_BAD_FILE, "%s: not a file of ockham: it does not start with the letters OCKHAM", path);
  if (container->size >= sizeof magic && memcmp(bytes, magic, sizeof magic) != 0)
    return ock_fail(err, OCKHAM_BAD_FILE, "%s: damaged at byte 6, as by a transfer that changes line ends", path);
  if (container->size < FILE_HEADER_SIZE)
    return ock_fail(err, OCKHAM_BAD_FILE, "%s: cut short: %zu bytes, less than the header of %d", path, container->size,
                    FILE_HEADER_SIZE);
  if (container->kind != kind)
    return ock_fail(err, OCKHAM_BAD_FILE, "%s: holds '%s' (byte 12), expected '%s'", path,
                    tag_letters(container->kind).letters, tag_letters(kind).letters);
  if (container->version == 0)
    return ock_fail(err, OCKHAM_BAD_FILE, "%s: damaged at byte 8: format 0, which never was", path);
  if (container->version > newest_version)
    return ock_fail(err, OCKHAM_BAD_FILE,
                    "%s: was written by a newer version of ockham (format %u, this one reads up to %u)", path,
                    (unsigned)container->version, (unsigned)newest_version);
  return OCKHAM_OK;
}

/* Check the chunk at *at, whose checksum continues from *crc, and move both behind it. */
static ockham_status check_chunk(const ock_container *container, const char *path, size_t *at, uint32_t *crc,
                                 ockham_error *err) {
  const unsigned char *chunk = container->bytes + *at;
  size_t left = container->size - *at;
  if (left < CHUNK_HEADER_SIZE + CHUNK_TRAILER_SIZE)
    return ock_fail(err, OCKHAM_BAD_FILE, "%s: cut short: a chunk should start at byte %zu of %zu", path, *at,
                    container->size);
  tag_text tag = tag_letters(u32_at(chunk));
  uint64_t size = u64_at(chunk + 8);
  if (u32_at(chunk + 4) != 0)
    return ock_fail(err, OCKHAM_BAD_FILE, "%s: chunk '%s' at byte %zu: the reserved bytes after its tag are not zero",
                    path, tag.letters, *at);
  uint64_t room = left - CHUNK_HEADER_SIZE - CHUNK_TRAILER_SIZE;
  if (size > room || padding_after(size) > room - size)
    return ock_fail(err, OCKHAM_BAD_FILE, "%s: chunk '%s' at byte %zu says %llu bytes, but only %llu are left", path,
                    tag.letters, *at, (unsigned long long)size, (unsigned long long)room);
  size_t checked_size = CHUNK_HEADER_SIZE + (size_t)size + padding_after(size);
  for (size_t i = CHUNK_HEADER_SIZE + (size_t)size; i < checked_size; i++)
    if (chunk[i] != 0)
      return ock_fail(err, OCKHAM_BAD_FILE, "%s: chunk '%s': padding at byte %zu is not zero", path, tag.letters,
                      *at + i);
  *crc = ock_crc32(*crc, chunk, checked_size);
  if (u32_at(chunk + checked_size) != *crc)
    return ock_fail(err, OCKHAM_BAD_FILE, "%s: chunk '%s' at byte %zu is damaged: its checksum does not match", path,
                    tag.letters, *at);
  if (u32_at(chunk + checked_size + 4) != 0)
    return ock_fail(err, OCKHAM_BAD_FILE,
                    "%s: chunk '%s' at byte %zu: the reserved bytes after its checksum are not zero", path, tag.letters,
                    *at);
  *at += checked_size + CHUNK_TRAILER_SIZE;
  return OCKHAM_OK;
}

static ockham_status check_end(const ock_container *container, const char *path, size_t end_at, size_t behind,
                               uint64_t n_chunks, ockham_error *err) {
  const unsigned char *chunk = container->bytes + end_at;
  if (u64_at(chunk + 8) != sizeof(uint64_t) || u64_at(chunk + CHUNK_HEADER_SIZE) != n_chunks)
    return ock_fail(err, OCKHAM_BAD_FILE, "%s: the end at byte %zu does not count the %llu chunks before it", path,
                    end_at, (unsigned long long)n_chunks);
  if (behind != container->size)
    return ock_fail(err, OCKHAM_BAD_FILE, "%s: ends at byte %zu, but %zu more bytes follow", path, behind,
                    container->size - behind);
  return OCKHAM_OK;
}

ockham_status ock_container_parse(ock_container *container, const char *path, unsigned char *bytes, size_t size,
                                  uint32_t kind, uint32_t newest_version, ockham_error *err) {
  ock_container parsed = {.bytes = bytes, .size = size};
  if (size >= FILE_HEADER_SIZE) {
    parsed.version = u32_at(bytes + 8);
    parsed.kind = u32_at(bytes + 12);
  }
  OCK_TRY(check_file_header(&parsed, path, kind, newest_version, err));
  uint32_t crc = ock_crc32(0, bytes, FILE_HEADER_SIZE);
  size_t at = FILE_HEADER_SIZE;
  for (uint64_t n_chunks = 0;; n_chunks++) {
    size_t chunk_at = at;
    OCK_TRY(check_chunk(&parsed, path, &at, &crc, err));
    if (u32_at(bytes + chunk_at) != END_TAG) continue;
    OCK_TRY(check_end(&parsed, path, chunk_at, at, n_chunks, err));
    *container = parsed;
    return OCKHAM_OK;
  }
}

/* Read a stream whose file has size bytes: no fewer, no more. */
static ockham_status read_whole(FILE *stream, const char *path, size_t size, unsigned char **bytes, ockham_error *err) {
  unsigned char *buffer = ock_alloc(size);
  if (!buffer) return ock_fail_memory(err, "a file", size);
  size_t got = fread(buffer, 1, size, stream);
  if (got == size && getc(stream) == EOF && !ferror(stream)) {
    *bytes = buffer;
    return OCKHAM_OK;
  }
  ock_free(buffer);
  if (ferror(stream)) return ock_fail(err, OCKHAM_IO, "%s: cannot be read: %s", path, strerror(errno));
  return ock_fail(err, OCKHAM_IO, "%s: changed its size while it was read", path);
}

bool ock_container_is_other(const char *path) {
  char start[6];
  FILE *stream = fopen(path, "rb");
  bool is = stream && fread(start, sizeof start, 1, stream) == 1 && memcmp(start, magic, sizeof start) != 0;
  if (stream) fclose(stream);
  return is;
}

ockham_status ock_container_open(ock_container *container, const char *path, uint32_t kind, uint32_t newest_version,
                                 ockham_error *err) {
  *container = (ock_container){0};
  FILE *stream = fopen(path, "rb");
  struct stat facts;
  if (!stream || fstat(fileno(stream), &facts) != 0) {
    ockham_status status = ock_fail(err, OCKHAM_IO, "%s: cannot be opened: %s", path, strerror(errno));
    if (stream) fclose(stream);
    return status;
  }
  unsigned char *bytes = NULL;
  ockham_status status = OCKHAM_OK;
  if (!S_ISREG(facts.st_mode))
    status = ock_fail(err, OCKHAM_BAD_FILE, "%s: not a regular file", path);
  else
    status = read_whole(stream, path, (size_t)facts.st_size, &bytes, err);
  fclose(stream);
  if (!status) status = ock_container_parse(container, path, bytes, (size_t)facts.st_size, kind, newest_version, err);
  if (status) ock_free(bytes);
  return status;
}

bool ock_container_get(const ock_container *container, uint32_t tag, const void **payload, size_t *size_bytes) {
  const unsigned char *chunk = container->bytes + FILE_HEADER_SIZE;
  while (u32_at(chunk) != END_TAG) {
    uint64_t size = u64_at(chunk + 8);
    if (u32_at(chunk) == tag) {
      *payload = chunk + CHUNK_HEADER_SIZE;
      *size_bytes = (size_t)size;
      return true;
    }
    chunk += CHUNK_HEADER_SIZE + (size_t)size + padding_after(size) + CHUNK_TRAILER_SIZE;
  }
  return false;
}

void ock_container_clear(ock_container *container) {
  ock_free(container->bytes);
  *container = (ock_container){0};
}
