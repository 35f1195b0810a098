/* SPDX-License-Identifier: Apache-2.0 */
/* Strings: UTF-8, escapes, and nothing that is neither. */
#include "wire/json.h"

static bool continues(const char *p) {
  return ((unsigned char)*p & 0xC0) == 0x80;
}

size_t ock_utf8_size(const char *p, const char *end) {
  const unsigned char *b = (const unsigned char *)p;
  size_t left = (size_t)(end - p);
  if (left == 0) return 0;
  if (b[0] < 0x80) return 1;
  if (b[0] < 0xC2 || b[0] > 0xF4) return 0;
  if (b[0] < 0xE0) return left >= 2 && continues(p + 1) ? 2 : 0;
  if (left < 3 || !continues(p + 1) || !continues(p + 2)) return 0;
  if (b[0] < 0xF0) {
    bool overlong = b[0] == 0xE0 && b[1] < 0xA0, surrogate = b[0] == 0xED && b[1] > 0x9F;
    return overlong || surrogate ? 0 : 3;
  }
  bool outside = (b[0] == 0xF0 && b[1] < 0x90) || (b[0] == 0xF4 && b[1] > 0x8F);
  return left >= 4 && continues(p + 3) && !outside ? 4 : 0;
}

/* The first byte at p or behind that is a quote, a backslash, a control character or not ASCII. The padding behind a
 * body stops it. */
static const char *plain_end(const char *p) {
  const uint64_t ones = 0x0101010101010101u, tops = 0x8080808080808080u;
  for (;; p += 8) {
    uint64_t v;
    memcpy(&v, p, sizeof v);
    uint64_t quote = v ^ (ones * '"'), slash = v ^ (ones * '\\');
    /* Exact where no byte has its top bit, and those stop it anyway. */
    uint64_t stops = ((quote - ones) | (slash - ones) | (v - ones * 0x20) | v) & tops;
    if (stops) break;
  }
  while ((unsigned char)*p >= 0x20 && (unsigned char)*p < 0x80 && *p != '"' && *p != '\\') p++;
  return p;
}

/* ---- escapes ---- */

static bool hex4(const char *p, uint32_t *value) {
  *value = 0;
  for (int i = 0; i < 4; i++) {
    char c = p[i], low = (char)(c | 0x20);
    uint32_t digit = ock_is_digit(c) ? (uint32_t)(c - '0') : low >= 'a' && low <= 'f' ? (uint32_t)(low - 'a' + 10) : 16;
    if (digit == 16) return false;
    *value = *value << 4 | digit;
  }
  return true;
}

static size_t put_utf8(uint32_t c, char out[4]) {
  size_t n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
  static const unsigned char lead[5] = {0, 0, 0xC0, 0xE0, 0xF0};
  for (size_t i = n; i-- > 1; c >>= 6) out[i] = (char)(0x80 | (c & 0x3F));
  out[0] = (char)(lead[n] | c);
  return n;
}

/* The \u at p, with the second half of a pair. Returns its end, NULL when it is none. */
static const char *unicode_escape(const char *p, char out[4], size_t *size) {
  uint32_t c, low;
  if (!hex4(p + 2, &c)) return NULL;
  p += 6;
  if (c >= 0xDC00 && c <= 0xDFFF) return NULL;
  if (c >= 0xD800 && c <= 0xDBFF) {
    if (p[0] != '\\' || p[1] != 'u' || !hex4(p + 2, &low) || low < 0xDC00 || low > 0xDFFF) return NULL;
    c = 0x10000 + ((c - 0xD800) << 10 | (low - 0xDC00));
    p += 6;
  }
  *size = put_utf8(c, out);
  return p;
}

static const char *escape(const char *p, char out[4], size_t *size) {
  static const char codes[] = "\"\\/bfnrt", meanings[] = "\"\\/\b\f\n\r\t";
  if (p[1] == 'u') return unicode_escape(p, out, size);
  const char *code = p[1] ? strchr(codes, p[1]) : NULL;
  if (!code) return NULL;
  out[0] = meanings[code - codes];
  *size = 1;
  return p + 2;
}

/* ---- strings ---- */

static ockham_status fail_in_string(ock_json *json, const char *begin, const char *p) {
  if (p >= json->end) return ock_json_fail(json, begin, "the string that begins here is not closed");
  if (*p == '\\')
    return ock_json_expected(
        json, p, p[1] == 'u' ? "\\u and four hexadecimal digits, surrogates only in pairs" : "an escape that JSON has");
  if ((unsigned char)*p < 0x20)
    return ock_json_fail(json, p, "expected text, found the control character 0x%02x: write it as \\u%04x",
                         (unsigned char)*p, (unsigned char)*p);
  return ock_json_fail(json, p, "expected UTF-8, found the byte 0x%02x", (unsigned char)*p);
}

/* Go on from p, where something special is, to the closing quote; with `out`, append what the text says. NULL: *fault
 * is where it is wrong. */
static const char *string_rest(ock_json *json, const char *p, ock_buffer *out, const char **fault) {
  for (;;) {
    const char *begin = p;
    p = plain_end(p);
    ock_buffer_put(out, begin, (size_t)(p - begin));
    *fault = p;
    if (p >= json->end) return NULL;
    if (*p == '"') return p;
    char bytes[4];
    size_t size = 0;
    const char *next = *p == '\\' ? escape(p, bytes, &size) : NULL;
    if (!next && (unsigned char)*p >= 0x80) {
      size = ock_utf8_size(p, json->end);
      memcpy(bytes, p, size);
      next = size ? p + size : NULL;
    }
    if (!next) return NULL;
    ock_buffer_put(out, bytes, size);
    p = next;
  }
}

/* Where the text from p on has no escapes, its end; else where the first is, or what is wrong. */
static const char *unescaped_end(const char *p, const char *end) {
  for (;;) {
    p = plain_end(p);
    size_t size = (unsigned char)*p >= 0x80 && p < end ? ock_utf8_size(p, end) : 0;
    if (!size) return p;
    p += size;
  }
}

ockham_status ock_json_string(ock_json *json, ock_text *text) {
  json->p = ock_json_blanks(json->p);
  if (*json->p != '"' || json->p >= json->end) return ock_json_expected_number(json, json->p, OCK_BYTES);
  const char *begin = json->p + 1, *p = unescaped_end(begin, json->end), *fault = p;
  if (*p == '"' && p < json->end) {
    *text = (ock_text){begin, (size_t)(p - begin)};
    json->p = p + 1;
    return OCKHAM_OK;
  }
  json->scratch.size = 0;
  ock_buffer_put(&json->scratch, begin, (size_t)(p - begin));
  p = string_rest(json, p, &json->scratch, &fault);
  if (json->scratch.failed) return ock_fail_memory(json->err, "a string", (size_t)(fault - begin));
  if (!p) return fail_in_string(json, begin - 1, fault);
  *text = (ock_text){json->scratch.bytes ? json->scratch.bytes : "", json->scratch.size};
  json->p = p + 1;
  return OCKHAM_OK;
}

const char *ock_json_keep(ock_json *json, ock_text text) {
  enum { SPARE = 1024 };
  size_t size = text.size + 1;
  char *copy;
  if (size > SPARE / 2) {
    copy = ock_arena_array(json->arena, size, 1);
  } else {
    if (json->n_spare < size) {
      json->spare = ock_arena_array(json->arena, SPARE, 1);
      json->n_spare = json->spare ? SPARE : 0;
    }
    copy = json->spare;
    if (copy) json->spare += size, json->n_spare -= size;
  }
  if (!copy) return NULL;
  memcpy(copy, text.bytes, text.size);
  copy[text.size] = '\0';
  return copy;
}

ockham_status ock_json_name(ock_json *json, const char *what, const char **name) {
  json->p = ock_json_blanks(json->p);
  if (*json->p != '"') return ock_json_expected(json, json->p, what);
  const char *at = json->p;
  ock_text text;
  OCK_TRY(ock_json_string(json, &text));
  if (memchr(text.bytes, '\0', text.size)) return ock_json_fail(json, at, "expected %s, found one with \\u0000", what);
  *name = ock_json_keep(json, text);
  return *name ? OCKHAM_OK : ock_fail_memory(json->err, "a name", text.size);
}
