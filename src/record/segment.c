/* SPDX-License-Identifier: Apache-2.0 */
#include "record/segment.h"

#include <assert.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

static const unsigned char magic[8] = {'O', 'C', 'K', 'R', 'E', 'C', '\r', '\n'};
enum { KEPT_BODY = 1, KEPT_ANSWER = 2, CRC_FROM = 16 };

static uint64_t padded(uint64_t size) {
  return (size + 7) & ~(uint64_t)7;
}

/* ---- headers ---- */

void ock_segment_begin(ock_segment_header *header, uint64_t marker, uint64_t first_number, uint64_t made_ns) {
  *header = (ock_segment_header){.version = OCK_SEGMENT_VERSION,
                                 .size = OCK_SEGMENT_HEADER,
                                 .marker = marker,
                                 .first_number = first_number,
                                 .made_ns = made_ns,
                                 .not_end = ~(uint64_t)0};
  memcpy(header->magic, magic, sizeof magic);
  header->crc = ock_crc32c(0, header, offsetof(ock_segment_header, end));
}

void ock_segment_end(ock_segment_header *header, uint64_t end) {
  header->end = end;
  header->not_end = ~end;
}

bool ock_segment_is_sound(const ock_segment_header *header) {
  return memcmp(header->magic, magic, sizeof magic) == 0 && header->version == OCK_SEGMENT_VERSION &&
         header->size == OCK_SEGMENT_HEADER && header->crc == ock_crc32c(0, header, offsetof(ock_segment_header, end));
}

uint64_t ock_segment_known_end(const ock_segment_header *header, uint64_t file_size) {
  bool holds = header->end == ~header->not_end && header->end >= OCK_SEGMENT_HEADER && header->end <= file_size;
  return holds && header->end % 8 == 0 ? header->end : 0;
}

void ock_segment_name(uint64_t first_number, char name[OCK_SEGMENT_NAME]) {
  snprintf(name, OCK_SEGMENT_NAME, "requests-%020llu.seg", (unsigned long long)first_number);
}

bool ock_segment_parse_name(const char *name, uint64_t *first_number) {
  unsigned long long number;
  char again[OCK_SEGMENT_NAME];
  if (sscanf(name, "requests-%20llu.seg", &number) != 1) return false;
  ock_segment_name(number, again);
  *first_number = number;
  return strcmp(name, again) == 0;
}

/* ---- writing an entry ---- */

static bool give_up_bodies(ock_plan *plan, uint64_t texts_end, uint64_t most) {
  if (plan->body_size || plan->answer_size) plan->marks |= OCKHAM_MARK_CUT;
  plan->body_size = plan->answer_size = plan->kept = 0;
  plan->size = texts_end;
  return texts_end <= most;
}

bool ock_entry_plan(const ockham_request *request, uint64_t most, ock_plan *plan) {
#define TEXT(name) plan->texts[OCK_TEXT_##name] = request->name ? request->name : "";
  OCK_TEXT_LIST(TEXT)
#undef TEXT
  uint64_t size = OCK_ENTRY_FIXED;
  for (int i = 0; i < OCK_TEXTS; i++) {
    plan->text_size[i] = (uint16_t)strnlen(plan->texts[i], UINT16_MAX);
    size += plan->text_size[i] + 1u;
  }
  size = padded(size);
  plan->marks = request->marks;
  plan->kept = (request->body ? KEPT_BODY : 0u) | (request->answer ? KEPT_ANSWER : 0u);
  plan->body_size = request->body ? request->body_size : 0;
  plan->answer_size = request->answer ? request->answer_size : 0;
  if (plan->body_size > most || plan->answer_size > most) return give_up_bodies(plan, size, most);
  plan->size = size + padded(plan->body_size) + padded(plan->answer_size);
  return plan->size <= most || give_up_bodies(plan, size, most);
}

static unsigned char *put_texts(unsigned char *at, const ock_plan *plan) {
  for (int i = 0; i < OCK_TEXTS; i++) {
    memcpy(at, plan->texts[i], plan->text_size[i]);
    at += plan->text_size[i];
    *at++ = 0;
  }
  return at;
}

static void put_rest(unsigned char *to, const ock_plan *plan, const ockham_request *request) {
  unsigned char *at = put_texts(to + OCK_ENTRY_FIXED, plan);
  at = to + padded((uint64_t)(at - to));
  if (plan->body_size) memcpy(at, request->body, plan->body_size);
  at += padded(plan->body_size);
  if (plan->answer_size) memcpy(at, request->answer, plan->answer_size);
  assert((uint64_t)(at + padded(plan->answer_size) - to) == plan->size);
}

void ock_entry_write(unsigned char *to, const ock_plan *plan, const ockham_request *request, uint64_t number,
                     uint64_t marker) {
  ock_entry entry = {.number = number,
                     .time_ns = request->time_ns,
                     .total_ns = request->total_ns,
                     .cpu_ns = request->cpu_ns,
                     .hash = request->hash,
                     .n_rows = request->n_rows,
                     .bytes_in = request->bytes_in,
                     .bytes_out = request->bytes_out,
                     .body_size = plan->body_size,
                     .json_size = request->json_size,
                     .answer_size = plan->answer_size,
                     .answer_json_size = request->answer_json_size,
                     .status = request->status,
                     .marks = plan->marks,
                     .kept = plan->kept,
                     .size = (uint32_t)plan->size};
  memcpy(entry.phase_ns, request->phase_ns, sizeof entry.phase_ns);
  memcpy(entry.text_size, plan->text_size, sizeof entry.text_size);
  memcpy(to + CRC_FROM, (unsigned char *)&entry + CRC_FROM, sizeof entry - CRC_FROM);
  put_rest(to, plan, request);
  entry.crc = ock_crc32c(entry.size, to + CRC_FROM, entry.size - CRC_FROM);
  memcpy(to + 8, &entry.size, 8);
  __atomic_store_n((uint64_t *)(void *)to, marker, __ATOMIC_RELEASE);
}

/* ---- reading an entry ---- */

uint64_t ock_entry_size(const unsigned char *entry, uint64_t room) {
  uint32_t size;
  if (room < OCK_ENTRY_FIXED) return 0;
  memcpy(&size, entry + offsetof(ock_entry, size), sizeof size);
  return size >= OCK_ENTRY_FIXED && size % 8 == 0 && size <= room ? size : 0;
}

/* The parts lie where their sizes say, and these cannot be trusted only because the CRC is right. */
static bool parts_fit(const unsigned char *bytes, const ock_entry *entry) {
  uint64_t at = OCK_ENTRY_FIXED;
  for (int i = 0; i < OCK_TEXTS; i++) {
    at += entry->text_size[i];
    if (at >= entry->size || bytes[at] != 0) return false;
    at++;
  }
  at = padded(at);
  if (entry->body_size > entry->size || entry->answer_size > entry->size) return false;
  return at + padded(entry->body_size) + padded(entry->answer_size) == entry->size;
}

bool ock_entry_is_sound(const unsigned char *bytes) {
  ock_entry entry;
  memcpy(&entry, bytes, sizeof entry);
  return entry.crc == ock_crc32c(entry.size, bytes + CRC_FROM, entry.size - CRC_FROM) && parts_fit(bytes, &entry);
}

void ock_entry_view(const unsigned char *bytes, ockham_request *request) {
  ock_entry entry;
  memcpy(&entry, bytes, sizeof entry);
  *request = (ockham_request){.number = entry.number,
                              .time_ns = entry.time_ns,
                              .total_ns = entry.total_ns,
                              .cpu_ns = entry.cpu_ns,
                              .hash = entry.hash,
                              .n_rows = entry.n_rows,
                              .bytes_in = entry.bytes_in,
                              .bytes_out = entry.bytes_out,
                              .status = entry.status,
                              .marks = entry.marks,
                              .body_size = entry.body_size,
                              .json_size = entry.json_size,
                              .answer_size = entry.answer_size,
                              .answer_json_size = entry.answer_json_size};
  memcpy(request->phase_ns, entry.phase_ns, sizeof entry.phase_ns);
  uint64_t at = OCK_ENTRY_FIXED;
#define TEXT(name)                          \
  request->name = (const char *)bytes + at; \
  at += entry.text_size[OCK_TEXT_##name] + 1u;
  OCK_TEXT_LIST(TEXT)
#undef TEXT
  at = padded(at);
  if (entry.kept & KEPT_BODY) request->body = bytes + at;
  if (entry.kept & KEPT_ANSWER) request->answer = bytes + at + padded(entry.body_size);
}
