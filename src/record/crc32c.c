/* SPDX-License-Identifier: Apache-2.0 */
/* CRC-32C by the instruction where there is one, else by tables. */
#include <string.h>

#include "record/segment.h"

#if defined(__aarch64__) && defined(__linux__)
#include <arm_acle.h>
#include <sys/auxv.h>
#ifndef HWCAP_CRC32
#define HWCAP_CRC32 (1 << 7)
#endif
#endif

#if defined(__x86_64__)

#define BY_HARDWARE __attribute__((target("sse4.2")))
#define STEP_8(crc, word) __builtin_ia32_crc32di(crc, word)
#define STEP_1(crc, byte) __builtin_ia32_crc32qi(crc, byte)

bool ock_crc32c_by_hardware(void) {
  return __builtin_cpu_supports("sse4.2");
}

#elif defined(__aarch64__) && defined(__linux__)

#if defined(__clang__)
#define BY_HARDWARE __attribute__((target("crc")))
#else
#define BY_HARDWARE __attribute__((target("+crc")))
#endif
#define STEP_8(crc, word) __crc32cd((uint32_t)(crc), word)
#define STEP_1(crc, byte) __crc32cb(crc, byte)

bool ock_crc32c_by_hardware(void) {
  return getauxval(AT_HWCAP) & HWCAP_CRC32;
}

#else

bool ock_crc32c_by_hardware(void) {
  return false;
}

#endif

#ifdef BY_HARDWARE
BY_HARDWARE static uint32_t crc_by_hardware(uint32_t crc, const void *bytes, size_t size) {
  const unsigned char *at = bytes;
  uint64_t wide = ~crc;
  for (; size >= 8; at += 8, size -= 8) {
    uint64_t word;
    memcpy(&word, at, 8);
    wide = STEP_8(wide, word);
  }
  crc = (uint32_t)wide;
  for (; size; at++, size--) crc = STEP_1(crc, *at);
  return ~crc;
}
#endif

uint32_t ock_crc32c(uint32_t crc, const void *bytes, size_t size) {
#ifdef BY_HARDWARE
  static int has = -1; /* every thread finds the same */
  int known = __atomic_load_n(&has, __ATOMIC_RELAXED);
  if (known < 0) __atomic_store_n(&has, known = ock_crc32c_by_hardware(), __ATOMIC_RELAXED);
  if (known) return crc_by_hardware(crc, bytes, size);
#endif
  return ock_crc32c_plain(crc, bytes, size);
}
