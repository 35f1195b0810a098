/* SPDX-License-Identifier: Apache-2.0 */
/* Checksums by tables, eight bytes a step (M. Kounavis & F. Berry, "A systematic approach to building high performance
 * software-based CRC generators", 2005). */
#include <pthread.h>
#include <string.h>

#include "core/internal.h"

typedef uint32_t crc_table[8][256];

static void fill(crc_table table, uint32_t polynomial) {
  for (uint32_t i = 0; i < 256; i++) {
    uint32_t crc = i;
    for (int bit = 0; bit < 8; bit++) crc = crc >> 1 ^ (crc & 1 ? polynomial : 0);
    table[0][i] = crc;
  }
  for (uint32_t i = 0; i < 256; i++)
    for (int k = 1; k < 8; k++) table[k][i] = table[k - 1][i] >> 8 ^ table[0][table[k - 1][i] & 0xff];
}

static uint32_t update(const uint32_t (*table)[256], uint32_t crc, const void *bytes, size_t size) {
  const unsigned char *at = bytes;
  crc = ~crc;
  for (; size >= 8; at += 8, size -= 8) {
    uint64_t word;
    memcpy(&word, at, 8);
    word ^= crc;
    crc = 0;
    for (int k = 0; k < 8; k++) crc ^= table[7 - k][word >> (8 * k) & 0xff];
  }
  for (; size; at++, size--) crc = crc >> 8 ^ table[0][(crc ^ *at) & 0xff];
  return ~crc;
}

static crc_table tables_32, tables_32c;
static pthread_once_t filled = PTHREAD_ONCE_INIT;

static void fill_both(void) {
  fill(tables_32, 0xedb88320u);
  fill(tables_32c, 0x82f63b78u);
}

uint32_t ock_crc32(uint32_t crc, const void *bytes, size_t size) {
  pthread_once(&filled, fill_both);
  return update((const uint32_t(*)[256])tables_32, crc, bytes, size);
}

uint32_t ock_crc32c_plain(uint32_t crc, const void *bytes, size_t size) {
  pthread_once(&filled, fill_both);
  return update((const uint32_t(*)[256])tables_32c, crc, bytes, size);
}
