/* SPDX-License-Identifier: Apache-2.0 */
/* Where an unquoted cell ends, found without parsing it. The parser's loop goes from cell to cell by this alone, so
 * that the processor works on several numbers at once: their digits are not on the path to the next cell. */
#ifndef OCK_DATA_CSV_SCAN_H
#define OCK_DATA_CSV_SCAN_H

#include <stdint.h>
#include <string.h>

#if defined(__SSE2__)
#include <emmintrin.h>

enum { OCK_CSV_SCAN_BYTES = 32 }; /* how far beyond its end a text must be readable */

typedef struct ock_csv_scanner {
  __m128i delimiter, eol;
} ock_csv_scanner;

static inline ock_csv_scanner ock_csv_scanner_make(char delimiter, char eol) {
  return (ock_csv_scanner){_mm_set1_epi8(delimiter), _mm_set1_epi8(eol)};
}

static inline uint32_t ock_csv_stops(const ock_csv_scanner *scanner, const char *p) {
  __m128i text = _mm_loadu_si128((const __m128i *)(const void *)p);
  __m128i stops = _mm_or_si128(_mm_cmpeq_epi8(text, scanner->delimiter), _mm_cmpeq_epi8(text, scanner->eol));
  return (uint32_t)_mm_movemask_epi8(stops);
}

/* The first delimiter or end of line at or after p; there must be one. */
static inline const char *ock_csv_scan(const ock_csv_scanner *scanner, const char *p) {
  for (;; p += 32) {
    uint32_t stops = ock_csv_stops(scanner, p) | ock_csv_stops(scanner, p + 16) << 16;
    if (stops) return p + __builtin_ctz(stops);
  }
}

#else

enum { OCK_CSV_SCAN_BYTES = 8 };

typedef struct ock_csv_scanner {
  uint64_t delimiter, eol; /* the character in each byte */
} ock_csv_scanner;

static inline ock_csv_scanner ock_csv_scanner_make(char delimiter, char eol) {
  const uint64_t ones = 0x0101010101010101u;
  return (ock_csv_scanner){ones * (unsigned char)delimiter, ones * (unsigned char)eol};
}

/* The high bit of each byte that is zero; the lowest such bit is exact. */
static inline uint64_t ock_csv_zero_bytes(uint64_t x) {
  return (x - 0x0101010101010101u) & ~x & 0x8080808080808080u;
}

static inline const char *ock_csv_scan(const ock_csv_scanner *scanner, const char *p) {
  for (;; p += 8) {
    uint64_t text = 0;
    for (unsigned i = 0; i < 8; i++) text |= (uint64_t)(unsigned char)p[i] << 8 * i; /* one load */
    uint64_t stops = ock_csv_zero_bytes(text ^ scanner->delimiter) | ock_csv_zero_bytes(text ^ scanner->eol);
    if (stops) return p + __builtin_ctzll(stops) / 8;
  }
}

#endif
#endif
