/* SPDX-License-Identifier: Apache-2.0 */
/* Paths are split at their slashes first and decoded after that, so that an encoded slash stays part of a name (and
 * makes it one that no model has). */
#include <string.h>

#include "serve/internal.h"

enum { MOST_PARTS = 8 };

typedef struct part {
  const char *text;
  size_t length;
} part;

static bool part_is(part p, const char *text) {
  return strlen(text) == p.length && memcmp(p.text, text, p.length) == 0;
}

static int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  c |= 0x20;
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool is_name_byte(char c, bool first) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' ||
         (c == '.' && !first);
}

/* The name that a part of a path says; false when no model can have it. */
static bool decode_name(part p, char name[OCK_NAME_SIZE]) {
  size_t n = 0;
  for (size_t i = 0; i < p.length; i++) {
    char c = p.text[i];
    if (c == '%') {
      int high = i + 2 < p.length ? hex_digit(p.text[i + 1]) : -1;
      int low = i + 2 < p.length ? hex_digit(p.text[i + 2]) : -1;
      if (high < 0 || low < 0) return false;
      c = (char)(high * 16 + low);
      i += 2;
    }
    if (n + 1 >= OCK_NAME_SIZE || !is_name_byte(c, n == 0)) return false;
    name[n++] = c;
  }
  name[n] = '\0';
  return n > 0;
}

static bool decode_number(part p, uint64_t *number) {
  *number = 0;
  for (size_t i = 0; i < p.length; i++) {
    if (p.text[i] < '0' || p.text[i] > '9' || *number > UINT64_MAX / 10 - 1) return false;
    *number = *number * 10 + (uint64_t)(p.text[i] - '0');
  }
  return p.length > 0;
}

static size_t split(const char *path, part parts[MOST_PARTS]) {
  size_t n = 0;
  while (*path == '/') {
    const char *begin = ++path;
    path += strcspn(path, "/");
    if (n == MOST_PARTS) return MOST_PARTS + 1;
    parts[n++] = (part){begin, (size_t)(path - begin)};
  }
  return *path ? MOST_PARTS + 1 : n;
}

static bool cut_suffix(part *p, part suffix) {
  if (p->length <= suffix.length || memcmp(p->text + p->length - suffix.length, suffix.text, suffix.length) != 0)
    return false;
  p->length -= suffix.length;
  return true;
}

/* "{m}" and what is behind it in its part of the pattern (":predict"), from parts[*i - 1] on: a name, or a name and
 * "/versions/{v}", the last of which has the suffix. */
static bool match_model(part suffix, const part *parts, size_t n, size_t *i, ock_target *target) {
  part p = parts[*i - 1];
  if (*i + 1 < n && part_is(parts[*i], "versions")) {
    part version = parts[*i + 1];
    *i += 2;
    return decode_name(p, target->model) && cut_suffix(&version, suffix) && decode_name(version, target->version);
  }
  return cut_suffix(&p, suffix) && decode_name(p, target->model);
}

/* "/v2/models/{m}/infer" against the parts of a path. "{m}" also takes "/versions/{v}" behind it. */
static bool matches(const char *pattern, const part *parts, size_t n, ock_target *target) {
  size_t i = 0;
  while (*pattern == '/') {
    const char *begin = ++pattern;
    pattern += strcspn(pattern, "/");
    size_t length = (size_t)(pattern - begin);
    if (i >= n) return false;
    part p = parts[i++];
    if (length >= 3 && memcmp(begin, "{m}", 3) == 0) {
      if (!match_model((part){begin + 3, length - 3}, parts, n, &i, target)) return false;
    } else if (length == 3 && memcmp(begin, "{n}", 3) == 0) {
      if (!decode_number(p, &target->number)) return false;
    } else if (p.length != length || memcmp(p.text, begin, length) != 0) {
      return false;
    }
  }
  return i == n;
}

typedef struct route_row {
  ock_route route;
  const char *method, *pattern;
} route_row;

static const route_row rows[] = {
#define ROW(name, method, path, admin) {OCK_ROUTE_##name, method, path},
    OCK_ROUTE_LIST(ROW)
#undef ROW
};

ock_target ock_route_find(const char *method, const char *path) {
  part parts[MOST_PARTS];
  size_t n = split(path, parts);
  if (n > 1 && n <= MOST_PARTS && parts[n - 1].length == 0) n--; /* a slash at the end means nothing */
  ock_target none = {.route = OCK_ROUTE_NONE};
  if (n > MOST_PARTS) return none;
  bool head = strcmp(method, "HEAD") == 0;
  for (size_t i = 1; i < sizeof rows / sizeof rows[0]; i++) {
    ock_target target = {.route = rows[i].route};
    if (!matches(rows[i].pattern, parts, n, &target)) continue;
    if (strcmp(rows[i].method, head ? "GET" : method) == 0) return target;
    none.allow = rows[i].method[0] == 'G' ? "GET, HEAD" : rows[i].method;
  }
  return none;
}

bool ock_route_is_inference(ock_route route) {
  return route == OCK_ROUTE_INFER || route == OCK_ROUTE_ROWS || route == OCK_ROUTE_PREDICT ||
         route == OCK_ROUTE_INVOCATIONS;
}
