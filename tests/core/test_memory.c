/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

static void products_that_overflow_are_refused(void **state) {
  (void)state;
  assert_true(ock_size_product(6, 7) == 42);
  assert_true(ock_size_product(0, SIZE_MAX) == 0);
  assert_true(ock_size_product(SIZE_MAX / 8 + 1, 8) == SIZE_MAX);
  assert_true(ock_size_product(ock_size_product(SIZE_MAX, 2), 8) == SIZE_MAX); /* it stays too much */
  assert_null(ock_alloc(SIZE_MAX));
  assert_null(ock_alloc_array(SIZE_MAX / 8 + 1, 8));
  assert_null(ock_alloc_zeroed(SIZE_MAX / 8 + 1, 8));
  void *block = ock_alloc(8);
  assert_null(ock_realloc_array(block, SIZE_MAX / 2, 3));
  ock_free(block);
}

static void nothing_can_be_allocated_and_freed(void **state) {
  (void)state;
  void *blocks[3] = {ock_alloc(0), ock_alloc_zeroed(0, 8), ock_realloc_array(NULL, 0, 8)};
  for (size_t i = 0; i < 3; i++) {
    assert_non_null(blocks[i]);
    ock_free(blocks[i]);
  }
  ock_free(NULL);
}

static void contents_are_kept(void **state) {
  (void)state;
  unsigned char *bytes = ock_alloc_zeroed(1000, 3);
  for (size_t i = 0; i < 3000; i++) assert_int_equal(bytes[i], 0);
  for (size_t i = 0; i < 3000; i++) bytes[i] = (unsigned char)i;
  bytes = ock_realloc_array(bytes, 100, 60);
  for (size_t i = 0; i < 3000; i++) assert_int_equal(bytes[i], (unsigned char)i);
  ock_free(bytes);
  char *copy = ock_string_copy("text");
  assert_string_equal(copy, "text");
  ock_free(copy);
}

static void faults_come_when_told(void **state) {
  (void)state;
  ock_fault_after(2);
  void *first = ock_alloc(1), *second = ock_alloc_zeroed(1, 1);
  assert_true(first && second && ock_fault_hits() == 0);
  assert_null(ock_alloc(1));
  assert_null(ock_string_copy("x"));
  assert_null(ock_realloc_array(first, 2, 1)); /* and first lives on */
  assert_int_equal(ock_fault_hits(), 3);
  ock_fault_clear();
  first = ock_realloc_array(first, 2, 1);
  assert_non_null(first);
  ock_free(first);
  ock_free(second);
  size_t rounds = 0;
  for_each_allocation_failure(n) {
    ock_fault_after(n);
    void *a = ock_alloc(1), *b = a ? ock_alloc(1) : NULL;
    assert_true((n >= 1) == (a != NULL) && (n >= 2) == (b != NULL));
    ock_free(a);
    ock_free(b);
    rounds++;
  }
  assert_int_equal(rounds, 3);
}

static void arenas_hand_out_aligned_separate_blocks(void **state) {
  (void)state;
  enum { N = 200 };
  static unsigned char *blocks[N];
  static const size_t sizes[] = {1, 64, 63, 65, 1000, 4096, 70000, 0, 65536, 65535};
  ock_arena arena = {0};
  for (size_t i = 0; i < N; i++) {
    size_t size = sizes[i % 10];
    blocks[i] = ock_arena_array(&arena, size, 1);
    assert_non_null(blocks[i]);
    assert_int_equal((uintptr_t)blocks[i] % 64, 0);
    memset(blocks[i], (int)i, size);
  }
  for (size_t i = 0; i < N; i++)
    for (size_t at = 0; at < sizes[i % 10]; at++) assert_int_equal(blocks[i][at], (unsigned char)i);
  ock_arena_clear(&arena);
  assert_null(arena.newest);
  ock_arena_clear(&arena);
}

static void arenas_refuse_what_overflows(void **state) {
  (void)state;
  ock_arena arena = {0};
  assert_null(ock_arena_array(&arena, SIZE_MAX, 1));
  assert_null(ock_arena_array(&arena, SIZE_MAX - 100, 1));
  assert_null(ock_arena_array(&arena, SIZE_MAX / 8 + 1, 8));
  assert_null(arena.newest);
  for_each_allocation_failure(n) {
    ock_fault_after(n);
    for (size_t i = 0; i < 4; i++) assert_true((ock_arena_array(&arena, 50000, 1) == NULL) == ((long)i >= n));
    ock_arena_clear(&arena);
  }
}

/* ---- a caller's allocator ---- */

typedef struct ledger {
  long live, calls;
} ledger;

static void *ledger_allocate(void *user, size_t size) {
  ledger *l = user;
  l->live++;
  l->calls++;
  return malloc(size);
}

static void *ledger_reallocate(void *user, void *block, size_t size) {
  ledger *l = user;
  if (!block) l->live++;
  l->calls++;
  return realloc(block, size);
}

static void ledger_release(void *user, void *block) {
  ((ledger *)user)->live--;
  free(block);
}

static void the_callers_allocator_is_used(void **state) {
  (void)state;
  ledger l = {0};
  ockham_set_allocator(&(ockham_allocator){ledger_allocate, ledger_reallocate, ledger_release, &l});
  ock_arena arena = {0};
  assert_non_null(ock_arena_array(&arena, 10, 8));
  void *block = ock_realloc_array(ock_alloc_array(2, 2), 4, 4);
  void *fresh = ock_realloc_array(NULL, 4, 4);
  assert_int_equal(l.live, 3);
  assert_int_equal(l.calls, 4);
  ock_free(block);
  ock_free(fresh);
  ock_free(NULL);
  ock_arena_clear(&arena);
  assert_int_equal(l.live, 0);
  ockham_set_allocator(NULL);
  ock_free(ock_alloc(1));
  assert_int_equal(l.calls, 4);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(products_that_overflow_are_refused),
      cmocka_unit_test(nothing_can_be_allocated_and_freed),
      cmocka_unit_test(contents_are_kept),
      cmocka_unit_test(faults_come_when_told),
      cmocka_unit_test(arenas_hand_out_aligned_separate_blocks),
      cmocka_unit_test(arenas_refuse_what_overflows),
      cmocka_unit_test(the_callers_allocator_is_used),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
