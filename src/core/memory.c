/* SPDX-License-Identifier: Apache-2.0 */
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "core/internal.h"

static void *libc_allocate(void *user, size_t size) {
  (void)user;
  return malloc(size);
}

static void *libc_reallocate(void *user, void *block, size_t size) {
  (void)user;
  return realloc(block, size);
}

static void libc_release(void *user, void *block) {
  (void)user;
  free(block);
}

static const ockham_allocator libc_allocator = {libc_allocate, libc_reallocate, libc_release, NULL};
static ockham_allocator current = {libc_allocate, libc_reallocate, libc_release, NULL};

void ockham_set_allocator(const ockham_allocator *allocator) {
  current = allocator ? *allocator : libc_allocator;
}

/* ---- fault injection ---- */

static atomic_bool fault_armed;
static atomic_long fault_successes_left;
static atomic_long fault_refusals;

void ock_fault_after(long successes) {
  atomic_store(&fault_successes_left, successes);
  atomic_store(&fault_refusals, 0);
  atomic_store(&fault_armed, true);
}

void ock_fault_clear(void) {
  atomic_store(&fault_armed, false);
}

long ock_fault_hits(void) {
  return atomic_load(&fault_refusals);
}

static bool fault_refuses(void) {
  if (!atomic_load_explicit(&fault_armed, memory_order_relaxed)) return false;
  if (atomic_fetch_sub(&fault_successes_left, 1) > 0) return false;
  atomic_fetch_add(&fault_refusals, 1);
  return true;
}

/* ---- allocation ---- */

size_t ock_size_product(size_t count, size_t size_bytes) {
  size_t product;
  return __builtin_mul_overflow(count, size_bytes, &product) ? SIZE_MAX : product;
}

void *ock_alloc(size_t size_bytes) {
  if (size_bytes == SIZE_MAX || fault_refuses()) return NULL;
  return current.allocate(current.user, size_bytes ? size_bytes : 1);
}

void *ock_alloc_array(size_t count, size_t size_bytes) {
  return ock_alloc(ock_size_product(count, size_bytes));
}

void *ock_alloc_zeroed(size_t count, size_t size_bytes) {
  size_t size = ock_size_product(count, size_bytes);
  void *block = ock_alloc(size);
  if (block) memset(block, 0, size);
  return block;
}

void *ock_realloc_array(void *block, size_t count, size_t size_bytes) {
  size_t size = ock_size_product(count, size_bytes);
  if (size == SIZE_MAX || fault_refuses()) return NULL;
  return current.reallocate(current.user, block, size ? size : 1);
}

void ock_free(void *block) {
  if (block) current.release(current.user, block);
}

char *ock_string_copy(const char *text) {
  size_t size = strlen(text) + 1;
  char *copy = ock_alloc(size);
  if (copy) memcpy(copy, text, size);
  return copy;
}

/* ---- arena ---- */

enum { ARENA_ALIGNMENT = 64, ARENA_CHUNK_SIZE = 64 * 1024 };

struct ock_arena_chunk {
  struct ock_arena_chunk *older;
  size_t used, size; /* bytes of the payload, which starts at the first aligned address after this header */
};

static unsigned char *chunk_payload(struct ock_arena_chunk *chunk) {
  uintptr_t address = (uintptr_t)(chunk + 1);
  return (unsigned char *)((address + ARENA_ALIGNMENT - 1) & ~(uintptr_t)(ARENA_ALIGNMENT - 1));
}

void *ock_arena_array(ock_arena *arena, size_t count, size_t size_bytes) {
  size_t size = ock_size_product(count, size_bytes);
  size_t slack = sizeof(struct ock_arena_chunk) + 2 * ARENA_ALIGNMENT;
  if (size > SIZE_MAX - slack - ARENA_CHUNK_SIZE) return NULL;
  size = (size + ARENA_ALIGNMENT - 1) & ~(size_t)(ARENA_ALIGNMENT - 1);
  struct ock_arena_chunk *chunk = arena->newest;
  if (!chunk || chunk->size - chunk->used < size) {
    size_t chunk_size = size > ARENA_CHUNK_SIZE ? size : ARENA_CHUNK_SIZE;
    chunk = ock_alloc(chunk_size + slack);
    if (!chunk) return NULL;
    *chunk = (struct ock_arena_chunk){.older = arena->newest, .used = 0, .size = chunk_size};
    arena->newest = chunk;
  }
  void *block = chunk_payload(chunk) + chunk->used;
  chunk->used += size;
  return block;
}

char *ock_arena_text(ock_arena *arena, const char *text, size_t size) {
  char *copy = size < SIZE_MAX ? ock_arena_array(arena, size + 1, 1) : NULL;
  if (!copy) return NULL;
  if (size) memcpy(copy, text, size);
  copy[size] = '\0';
  return copy;
}

void ock_arena_clear(ock_arena *arena) {
  while (arena->newest) {
    struct ock_arena_chunk *older = arena->newest->older;
    ock_free(arena->newest);
    arena->newest = older;
  }
}
