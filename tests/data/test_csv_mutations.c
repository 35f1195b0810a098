/* SPDX-License-Identifier: Apache-2.0 */
/* 1,000 small damages to valid files: each gives finite numbers or one line that says what is wrong. */
#include "csv_text.h"

enum { N_MUTATIONS = 1000, MAX_BYTES = 4096 };

static const char *const valid[] = {
    "a,b,c\n1,2,3\n4.5,-6e7,.8\n\"9\",10,\"11\"\n",
    "x;kind;y\r\n1;\"a;\"\"b\"\"\";2\r\n3;c;4\r\n5;\"d\ne\";6\r\n",
    "# made by hand\n  1   2 \n 3 4\n\n5 6\n",
    "a\tb\tc\t\n1\t2\t3\t\n4\tNA\t6\t\n",
    "0.1234567890123456\n12345678901234567890123\n-1e-300\n",
};

typedef struct text {
  char bytes[MAX_BYTES];
  size_t n;
} text;

static void flip(text *t, ock_rng *rng) {
  t->bytes[ock_rng_below(rng, t->n)] ^= (char)(1 << ock_rng_below(rng, 8));
}

static void cut(text *t, ock_rng *rng) {
  size_t at = ock_rng_below(rng, t->n), n = ock_rng_below(rng, t->n - at) + 1;
  memmove(t->bytes + at, t->bytes + at + n, t->n - at - n);
  t->n -= n;
}

static void insert(text *t, ock_rng *rng) {
  static const char characters[] = ",;\t| \"\r\n#-.e0123456789NAxi";
  size_t at = ock_rng_below(rng, t->n);
  memmove(t->bytes + at + 1, t->bytes + at, t->n - at);
  t->bytes[at] = characters[ock_rng_below(rng, sizeof characters)]; /* with the NUL */
  t->n++;
}

static void duplicate(text *t, ock_rng *rng) {
  size_t at = ock_rng_below(rng, t->n), n = ock_rng_below(rng, t->n - at) + 1;
  memmove(t->bytes + at + n, t->bytes + at, t->n - at);
  t->n += n;
}

static void mutate(text *t, ock_rng *rng) {
  static void (*const damages[])(text *, ock_rng *) = {flip, cut, insert, duplicate};
  for (uint64_t n = ock_rng_below(rng, 4) + 1; n > 0 && t->n > 0 && t->n < MAX_BYTES / 2; n--)
    damages[ock_rng_below(rng, 4)](t, rng);
}

static bool check_result(const text *t, ockham_read_options options) {
  ockham_table *table;
  ockham_error error = {0};
  ockham_status status = csv_read(t->bytes, t->n, 16, options, &table, &error);
  assert_int_equal(status, error.status);
  if (status) {
    assert_null(table);
    assert_true(strncmp(error.message, "t.csv:", 6) == 0);
    assert_null(strpbrk(error.message, "\n\r\t"));
    return false;
  }
  assert_true(table->n_rows > 0 && table->n_columns > 0);
  bool kept = options.missing == OCKHAM_MISSING_KEEP;
  for (size_t i = 0; i < table->n_rows * table->n_columns; i++)
    assert_true(kept || isfinite(((double *)table->values)[i]));
  ockham_table_free(table);
  return true;
}

static void damaged_files_never_mislead(void **state) {
  (void)state;
  ock_rng rng = ock_rng_make(4, 0);
  size_t n_read = 0;
  for (int i = 0; i < N_MUTATIONS; i++) {
    text t = {.n = 0};
    const char *source = valid[i % 5];
    t.n = strlen(source);
    memcpy(t.bytes, source, t.n);
    mutate(&t, &rng);
    ockham_read_options options = {.missing = (ockham_missing)(i % 4), .label_column = i % 5 == 1 ? "2" : NULL};
    options.find_categories = i % 7 == 0;
    options.time_column = i % 11 == 0 ? "1" : NULL;
    options.threads = 1 + i % 2;
    n_read += check_result(&t, options);
  }
  assert_in_range(n_read, N_MUTATIONS / 10, N_MUTATIONS * 9 / 10); /* both ends are met */
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(damaged_files_never_mislead)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
