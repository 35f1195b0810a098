/* SPDX-License-Identifier: Apache-2.0 */
/* What a segment looks like. Numbers are little-endian; all that starts, starts at a multiple of 8 bytes.
 *
 *   segment   header (64 bytes), then entries without gaps, in the order of their numbers. While it is being written
 *             the file is longer than what was written, and zero there. It is called requests-<first number>.seg, and
 *             next.seg until its first number is known.
 *
 *   header      0 "OCKREC\r\n"
 *               8 u32 version: 1
 *              12 u32 64
 *              16 u64 marker
 *              24 u64 first number
 *              32 u64 made, ns since 1970
 *              40 u64 end, the bytes used; 0 while it is written
 *              48 u64 ~end
 *              56 u32 CRC of bytes 0 to 40
 *              60 u32 0
 *
 *   entry       0 u64 marker
 *               8 u32 size of it all
 *              12 u32 CRC, beginning with the size, of bytes 16 to size
 *              16 u64 number
 *              24 u64 time_ns, u64 phase_ns[5], total_ns, cpu_ns, hash, n_rows, bytes_in, bytes_out
 *             120 u64 body_size, json_size, answer_size, answer_json_size
 *             152 u32 status
 *             156 u32 marks
 *             160 u32 1: body is kept, 2: answer is kept
 *             164 u16 text_size[9], in the order of OCK_TEXT_LIST
 *             182 u16 0
 *             184 the texts, each with a zero byte behind it; then the body; then the answer; each of these three is
 *                 followed by zeros to a multiple of 8
 *
 *   marker    Random, one a segment. It is stored last, when all else of an entry is there: an entry without it is
 *             being written, or was never finished. After damage the next marker is where to go on; what clients send
 *             cannot hold it but by chance.
 *
 *   CRC       CRC-32C (Castagnoli), as in iSCSI. */
#ifndef OCK_RECORD_SEGMENT_H
#define OCK_RECORD_SEGMENT_H

#include "record/internal.h"

enum { OCK_SEGMENT_HEADER = 64, OCK_ENTRY_FIXED = 184, OCK_SEGMENT_VERSION = 1 };
#define OCK_SEGMENT_MOST ((uint64_t)1 << 32) /* bytes of a segment; an entry has at most half of that */

#define OCK_TEXT_LIST(X) X(id) X(model) X(version) X(route) X(key) X(client) X(error) X(content_type) X(answer_type)
#define OCK_TEXT_ENUM(name) OCK_TEXT_##name,
enum { OCK_TEXT_LIST(OCK_TEXT_ENUM) OCK_TEXTS };
#undef OCK_TEXT_ENUM

typedef struct ock_segment_header {
  unsigned char magic[8];
  uint32_t version, size;
  uint64_t marker, first_number, made_ns, end, not_end;
  uint32_t crc, zero;
} ock_segment_header;

typedef struct ock_entry {
  uint64_t marker;
  uint32_t size, crc;
  uint64_t number, time_ns, phase_ns[5], total_ns, cpu_ns, hash, n_rows, bytes_in, bytes_out;
  uint64_t body_size, json_size, answer_size, answer_json_size;
  uint32_t status, marks, kept;
  uint16_t text_size[OCK_TEXTS], zero;
} ock_entry;
_Static_assert(sizeof(ock_segment_header) == OCK_SEGMENT_HEADER, "the header is written as memory holds it");
_Static_assert(sizeof(ock_entry) == OCK_ENTRY_FIXED, "the fixed part is written as memory holds it");
_Static_assert(OCKHAM_PHASE_COUNT == 5, "another phase is another version of the format");
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "numbers are written as memory holds them");

/* ---- headers ---- */

void ock_segment_begin(ock_segment_header *header, uint64_t marker, uint64_t first_number, uint64_t made_ns);
void ock_segment_end(ock_segment_header *header, uint64_t end);
bool ock_segment_is_sound(const ock_segment_header *header);
/* Where it ends; 0 when it is being written, or its end is damaged. */
uint64_t ock_segment_known_end(const ock_segment_header *header, uint64_t file_size);
/* "requests-<20 digits>.seg" */
enum { OCK_SEGMENT_NAME = 40 };
void ock_segment_name(uint64_t first_number, char name[OCK_SEGMENT_NAME]);
bool ock_segment_parse_name(const char *name, uint64_t *first_number);
#define OCK_SEGMENT_NEXT "next.seg"

/* ---- entries ---- */

/* How a request will lie: made by ock_entry_plan(). */
typedef struct ock_plan {
  const char *texts[OCK_TEXTS];
  uint16_t text_size[OCK_TEXTS];
  uint64_t body_size, answer_size; /* of what is kept */
  uint64_t size;                   /* of the entry */
  uint32_t marks, kept;
} ock_plan;
/* Keep what fits into `most` bytes: without bodies, and marked CUT, where they do not. False when nothing does. */
bool ock_entry_plan(const ockham_request *request, uint64_t most, ock_plan *plan);
/* Write plan->size bytes, which are zero so far. The marker comes last, so that readers see all or nothing. */
void ock_entry_write(unsigned char *to, const ock_plan *plan, const ockham_request *request, uint64_t number,
                     uint64_t marker);
/* The size that an entry claims to have: 0 unless it could be one, with `room` bytes from its start. */
uint64_t ock_entry_size(const unsigned char *entry, uint64_t room);
/* What ock_entry_size() bytes hold is whole and makes sense; the marker is the caller's to look at. */
bool ock_entry_is_sound(const unsigned char *entry);
/* A sound entry as a request that points into it. */
void ock_entry_view(const unsigned char *entry, ockham_request *request);

/* ---- CRC-32C ---- */

uint32_t ock_crc32c(uint32_t crc, const void *bytes, size_t size);
bool ock_crc32c_by_hardware(void);

#endif
