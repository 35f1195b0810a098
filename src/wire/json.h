/* SPDX-License-Identifier: Apache-2.0 */
/* JSON as the decoders read it: they ask for what they expect next, and nothing is kept but where they are. Text is
 * RFC 8259 to the letter, with no key twice in an object, UTF-8 only, and at most OCK_NESTING levels. */
#ifndef OCK_WIRE_JSON_H
#define OCK_WIRE_JSON_H

#include "data/number_scan.h"
#include "wire/internal.h"

typedef struct ock_text {
  const char *bytes;
  size_t size;
} ock_text;

static inline bool ock_text_is(ock_text text, const char *word) {
  return strlen(word) == text.size && memcmp(text.bytes, word, text.size) == 0;
}

typedef struct ock_json_level {
  bool array, first;
  uint64_t index;   /* array: of the item that is being read */
  ock_text key;     /* object: of the member that is being read; bytes NULL: none */
  size_t first_key; /* object: where its keys begin in `keys` */
} ock_json_level;

/* ock_json_open(), ock_json_close(). begin ... end must be followed by readable bytes as bodies are: reading stops at
 * the first that cannot be JSON, and what went beyond `end` is refused by ock_json_end(). */
typedef struct ock_json {
  const char *begin, *p, *end;
  ock_arena *arena;
  ockham_error *err;
  ock_json_level levels[OCK_NESTING];
  size_t depth;
  ock_text *keys; /* of the objects that are open */
  size_t n_keys, capacity_keys;
  char *spare; /* room in the arena for small texts */
  size_t n_spare;
  ock_buffer scratch;      /* the last string that had escapes */
  uint64_t row, column;    /* rows: what is being read, from 1; 0: none */
  const char *column_name; /* NULL: none */
} ock_json;
/* Fails when the text begins with a byte order mark. */
ockham_status ock_json_open(ock_json *json, const char *begin, const char *end, ock_arena *arena, ockham_error *err);
void ock_json_close(ock_json *json);
/* Nothing but blanks follows. */
ockham_status ock_json_end(ock_json *json);

/* "inputs[0].data[17] at byte 311: ..." or "row 3, column 'age' at byte 311: ..." */
OCK_PRINTF(3, 4) ockham_status ock_json_fail(ock_json *json, const char *at, const char *format, ...);
/* "expected <what>, found '...'" */
ockham_status ock_json_expected(ock_json *json, const char *at, const char *what);
/* The same where a number of this datatype was expected; says more of NaN, null and numbers in quotes. */
ockham_status ock_json_expected_number(ock_json *json, const char *at, ock_datatype datatype);
/* For messages: the token at `at`, shortened, without line breaks. */
enum { OCK_TOKEN_SHOWN = 80 };
void ock_json_token(const char *at, const char *end, char shown[OCK_TOKEN_SHOWN]);
void ock_text_show(ock_text text, char shown[OCK_TOKEN_SHOWN]); /* all of the text as a token */

/* Objects: enter, then next until there are no more; each value must be read or skipped in between. Arrays alike. */
ockham_status ock_json_enter_object(ock_json *json);
ockham_status ock_json_next_key(ock_json *json, ock_text *key, bool *more);
/* The same where the caller finds keys that come twice: nothing is kept, and the key lives until the next string. */
ockham_status ock_json_next_row_key(ock_json *json, ock_text *key, bool *more);
ockham_status ock_json_enter_array(ock_json *json);
ockham_status ock_json_next_item(ock_json *json, bool *more);
/* Leave an array whose items the caller has read by itself, p being at its bracket. */
void ock_json_leave_array(ock_json *json);

/* The text of a string, valid until the next string is read. */
ockham_status ock_json_string(ock_json *json, ock_text *text);
/* The same, NUL-terminated in the arena; fails when there is a NUL inside. `what` is what was expected. */
ockham_status ock_json_name(ock_json *json, const char *what, const char **name);
ockham_status ock_json_boolean(ock_json *json, bool *value);
ockham_status ock_json_unsigned(ock_json *json, const char *what, uint64_t *value);
bool ock_json_null(ock_json *json); /* reads it if it is one */
ockham_status ock_json_skip(ock_json *json);
const char *ock_json_keep(ock_json *json, ock_text text); /* a copy in the arena; NULL: no memory */
/* Bytes of the UTF-8 character at p, 0 when it is none. */
size_t ock_utf8_size(const char *p, const char *end);

static inline const char *ock_json_blanks(const char *p) {
  while (*p == ' ' || *p == '\n' || *p == '\r' || *p == '\t') p++;
  return p;
}

static inline bool ock_is_digit(char c) {
  return (unsigned char)(c - '0') < 10;
}

/* ---- numbers ---- */

/* ock_number_scan() with JSON's grammar: no plus, no zeros in front, digits on both sides of a point. */
__attribute__((always_inline)) static inline const char *ock_json_number_scan(const char *p, double *value) {
  bool negative = *p == '-';
  p += negative;
  uint64_t digits = 0;
  int exponent = 0;
  const char *begin = p;
  p = ock_digits_scan(p, &digits);
  long n_digits = p - begin;
  if (n_digits == 0 || (*begin == '0' && n_digits > 1)) return NULL;
  if (*p == '.') {
    const char *fraction = ++p;
    p = ock_digits_scan(p, &digits);
    if (p == fraction) return NULL;
    exponent = -(int)(p - fraction > OCK_POWERS_LIMIT ? OCK_POWERS_LIMIT : p - fraction);
    n_digits += p - fraction;
  }
  if (n_digits > OCK_DIGITS_EXACT) return NULL;
  if ((*p | 0x20) == 'e') {
    p = ock_exponent_scan(p + 1, &exponent);
    if (!p || exponent < -OCK_POWERS_LIMIT || exponent > OCK_POWERS_LIMIT) return NULL;
  }
  *value = digits >> 53 == 0 && exponent <= 0 && exponent >= -22 ? ock_number_divide(negative, digits, exponent)
                                                                 : ock_number_compose(negative, digits, exponent);
  return p;
}

/* An integer as sign and magnitude, where it is written as one and has at most 19 digits; else NULL. */
__attribute__((always_inline)) static inline const char *ock_json_integer_scan(const char *p, bool *negative,
                                                                               uint64_t *magnitude) {
  *negative = *p == '-';
  p += *negative;
  uint64_t digits = 0;
  const char *begin = p;
  p = ock_digits_scan(p, &digits);
  long n_digits = p - begin;
  if (n_digits == 0 || (*begin == '0' && n_digits > 1) || n_digits > OCK_DIGITS_EXACT) return NULL;
  if (*p == '.' || (*p | 0x20) == 'e') return NULL;
  *magnitude = digits;
  return p;
}

/* The end of the JSON number at p, NULL when there is none. */
const char *ock_json_number_end(const char *p);
/* Any number; NULL when there is none at p. *value may be infinite. */
const char *ock_json_number_slow(const char *p, double *value);
typedef enum ock_integer { OCK_INTEGER_FINE = 0, OCK_INTEGER_FRACTION, OCK_INTEGER_LARGE } ock_integer;
/* The exact integer that a number p ... end stands for, in any notation: 10, 10.0, 1e1. */
ock_integer ock_integer_read(const char *p, const char *end, bool *negative, uint64_t *magnitude);
/* What an integer datatype can hold: 0 ... most, or -least ... most. */
typedef struct ock_range {
  uint64_t least, most;
} ock_range;
extern const ock_range ock_integer_ranges[OCK_DATATYPE_COUNT];
static inline bool ock_is_integer(ock_datatype datatype) {
  return ock_integer_ranges[datatype].most != 0;
}

/* ---- messages being filled ---- */

#define OCK_ELEMENTS ((size_t)1 << 40) /* more than any tensor has */
/* False when there are more than OCK_ELEMENTS. */
bool ock_shape_product(const uint64_t *shape, size_t n_dimensions, size_t *n_elements);
/* A new one at the end, all zero; NULL: no memory. Those before may move. */
ock_tensor *ock_message_slot(ock_message *message);
enum { OCK_TENSORS = 4096 }; /* more than any message has */
ock_wanted *ock_message_wanted_slot(ock_message *message);
void ock_message_count_rows(ock_message *message);

/* ---- cells: one value of a datatype ---- */

/* Read the number or boolean at json->p into `out`, as its datatype (not BYTES, FP16, BF16) has it. */
ockham_status ock_json_cell(ock_json *json, ock_datatype datatype, unsigned char *out);
ockham_status ock_json_fail_range(ock_json *json, const char *at, ock_datatype datatype, ock_integer why,
                                  const char *found);
/* Append a string at json->p as an element of BYTES. */
ockham_status ock_json_cell_text(ock_json *json, ock_buffer *out);
void ock_buffer_element(ock_buffer *buffer, const char *bytes, size_t size);
/* Read "data", nested or flat, into the tensor, whose datatype, shape and n_elements are set. */
ockham_status ock_json_data(ock_json *json, ock_tensor *tensor);

/* ---- writing ---- */

/* Element i of a tensor that is not BYTES. */
void ock_buffer_json_cell(ock_buffer *buffer, const ock_tensor *tensor, size_t i);
/* Elements of a tensor in order, as JSON: elements of BYTES must be gone through from the first. */
typedef struct ock_cursor {
  const ock_tensor *tensor;
  size_t i;
  const unsigned char *bytes; /* BYTES: the next element */
} ock_cursor;
ock_cursor ock_cursor_make(const ock_tensor *tensor);
ock_text ock_cursor_text(ock_cursor *cursor);                 /* BYTES: the next */
void ock_cursor_json(ock_cursor *cursor, ock_buffer *buffer); /* the next */
/* "[1, 2]" as text for messages and for JSON. */
void ock_buffer_shape(ock_buffer *buffer, const uint64_t *shape, size_t n_dimensions);
enum { OCK_SHAPE_SHOWN = 192 };
void ock_shape_show(const uint64_t *shape, size_t n_dimensions, char shown[OCK_SHAPE_SHOWN]);
/* "a, b, ...": names are n pointers, `stride` bytes apart. */
enum { OCK_NAMES_SHOWN = 240 };
void ock_names_show(const char *const *names, size_t n, size_t stride, char shown[OCK_NAMES_SHOWN]);

#endif
