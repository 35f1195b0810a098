/* SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <string.h>
#include <strings.h>

#include "lm/corpus.h"

bool ock_markup_is_likely(const unsigned char *text, size_t size) {
  size_t at = size >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
  while (at < size && (text[at] == ' ' || (text[at] >= '\t' && text[at] <= '\r'))) at++;
  return at < size && text[at] == '<';
}

/* ---- writing behind what was read ---- */

typedef struct stripper {
  unsigned char *text;
  size_t size, at, out;
  int breaks; /* new lines before the next letter */
  bool blank; /* a space before it */
  bool preformatted;
} stripper;

/* Breaks and blanks are written with the letter that follows, so that none begin or end the text; each was at least as
 * long in the markup. */
static void put(stripper *s, const void *bytes, size_t n) {
  if (s->out > 0) {
    for (int i = 0; i < s->breaks; i++) s->text[s->out++] = '\n';
    if (s->blank && s->breaks == 0) s->text[s->out++] = ' ';
  }
  s->breaks = 0;
  s->blank = false;
  assert(s->out + n <= s->at);
  memmove(s->text + s->out, bytes, n);
  s->out += n;
}

static void put_blank(stripper *s, unsigned char c) {
  if (!s->preformatted)
    s->blank = true;
  else if (c != '\r')
    put(s, &c, 1);
}

static void put_break(stripper *s, int breaks) {
  if (s->breaks < breaks) s->breaks = breaks;
}

/* ---- entities ---- */

static const char *const latin[] = {
    "nbsp",   "iexcl",  "cent",   "pound",  "curren", "yen",    "brvbar", "sect",   "uml",    "copy",   "ordf",
    "laquo",  "not",    "shy",    "reg",    "macr",   "deg",    "plusmn", "sup2",   "sup3",   "acute",  "micro",
    "para",   "middot", "cedil",  "sup1",   "ordm",   "raquo",  "frac14", "frac12", "frac34", "iquest", "Agrave",
    "Aacute", "Acirc",  "Atilde", "Auml",   "Aring",  "AElig",  "Ccedil", "Egrave", "Eacute", "Ecirc",  "Euml",
    "Igrave", "Iacute", "Icirc",  "Iuml",   "ETH",    "Ntilde", "Ograve", "Oacute", "Ocirc",  "Otilde", "Ouml",
    "times",  "Oslash", "Ugrave", "Uacute", "Ucirc",  "Uuml",   "Yacute", "THORN",  "szlig",  "agrave", "aacute",
    "acirc",  "atilde", "auml",   "aring",  "aelig",  "ccedil", "egrave", "eacute", "ecirc",  "euml",   "igrave",
    "iacute", "icirc",  "iuml",   "eth",    "ntilde", "ograve", "oacute", "ocirc",  "otilde", "ouml",   "divide",
    "oslash", "ugrave", "uacute", "ucirc",  "uuml",   "yacute", "thorn",  "yuml"};
static const char *const greek[] = {
    "alpha", "beta",    "gamma", "delta", "epsilon", "zeta",  "eta", "theta",   "iota", "kappa", "lambda", "mu",   "nu",
    "xi",    "omicron", "pi",    "rho",   "sigmaf",  "sigma", "tau", "upsilon", "phi",  "chi",   "psi",    "omega"};
static const struct {
  const char *name;
  uint32_t code;
} others[] = {{"amp", '&'},       {"lt", '<'},        {"gt", '>'},        {"quot", '"'},      {"apos", '\''},
              {"ndash", 0x2013},  {"mdash", 0x2014},  {"lsquo", 0x2018},  {"rsquo", 0x2019},  {"sbquo", 0x201a},
              {"ldquo", 0x201c},  {"rdquo", 0x201d},  {"bdquo", 0x201e},  {"dagger", 0x2020}, {"Dagger", 0x2021},
              {"bull", 0x2022},   {"hellip", 0x2026}, {"permil", 0x2030}, {"prime", 0x2032},  {"Prime", 0x2033},
              {"lsaquo", 0x2039}, {"rsaquo", 0x203a}, {"euro", 0x20ac},   {"trade", 0x2122},  {"larr", 0x2190},
              {"uarr", 0x2191},   {"rarr", 0x2192},   {"darr", 0x2193},   {"harr", 0x2194},   {"minus", 0x2212},
              {"infin", 0x221e},  {"asymp", 0x2248},  {"ne", 0x2260},     {"le", 0x2264},     {"ge", 0x2265},
              {"OElig", 0x152},   {"oelig", 0x153},   {"Scaron", 0x160},  {"scaron", 0x161},  {"Yuml", 0x178},
              {"ensp", ' '},      {"emsp", ' '},      {"thinsp", ' '}};

static bool is_name(const char *name, const unsigned char *text, size_t n) {
  return strlen(name) == n && memcmp(name, text, n) == 0;
}

/* 0: unknown. */
static uint32_t named(const unsigned char *name, size_t n) {
  for (size_t i = 0; i < sizeof others / sizeof *others; i++)
    if (is_name(others[i].name, name, n)) return others[i].code;
  for (size_t i = 0; i < sizeof latin / sizeof *latin; i++)
    if (is_name(latin[i], name, n)) return 0xa0 + (uint32_t)i;
  for (size_t i = 0; i < sizeof greek / sizeof *greek; i++) {
    if (is_name(greek[i], name, n)) return 0x3b1 + (uint32_t)i;
    if (n > 1 && name[0] == greek[i][0] - 'a' + 'A' && is_name(greek[i] + 1, name + 1, n - 1))
      return 0x391 + (uint32_t)i;
  }
  return 0;
}

/* "#233" or "#xE9"; 0: not a letter of Unicode. */
static uint32_t numbered(const unsigned char *text, size_t n) {
  bool hex = n > 1 && (text[1] == 'x' || text[1] == 'X');
  uint32_t code = 0;
  for (size_t i = hex ? 2 : 1; i < n; i++) {
    unsigned char c = text[i] | 0x20;
    uint32_t digit = text[i] >= '0' && text[i] <= '9' ? (uint32_t)text[i] - '0'
                     : hex && c >= 'a' && c <= 'f'    ? (uint32_t)c - 'a' + 10
                                                      : 99;
    if (digit == 99 || code > 0x10ffff) return 0;
    code = code * (hex ? 16 : 10) + digit;
  }
  return code > 0x10ffff || (code >= 0xd800 && code < 0xe000) ? 0 : code;
}

static size_t encode_utf8(uint32_t code, unsigned char bytes[4]) {
  if (code < 0x80) {
    bytes[0] = (unsigned char)code;
    return 1;
  }
  size_t n = code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
  for (size_t i = n - 1; i > 0; i--, code >>= 6) bytes[i] = (unsigned char)(0x80 | (code & 0x3f));
  bytes[0] = (unsigned char)((0xf00 >> n & 0xff) | code);
  return n;
}

enum { LONGEST_ENTITY = 12 };

/* At '&'. */
static void take_entity(stripper *s) {
  const unsigned char *name = s->text + s->at + 1;
  size_t left = s->size - s->at - 1, n = 0;
  while (n < left && n < LONGEST_ENTITY && name[n] != ';' && name[n] > ' ' && name[n] < 0x7f) n++;
  uint32_t code = 0;
  if (n > 0 && n < left && name[n] == ';') code = name[0] == '#' ? numbered(name, n) : named(name, n);
  s->at += code ? n + 2 : 1;
  unsigned char bytes[4];
  if (code == 0)
    put(s, "&", 1);
  else if (code == 0xa0 || code == ' ')
    put_blank(s, ' ');
  else if (code != 0xad) /* a place to divide a word */
    put(s, bytes, encode_utf8(code, bytes));
}

/* ---- tags ---- */

static const char one_break[] =
    " address article aside br caption dd details div dt fieldset figcaption figure footer "
    "form header li main nav option section summary tbody thead tr ";
static const char two_breaks[] = " blockquote body dl h1 h2 h3 h4 h5 h6 head hr ol p pre table title ul ";

enum { LONGEST_NAME = 16, LONGEST_TAG = 4096 };

static bool is_letter(unsigned char c) {
  return (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
}

/* Behind the '>' of a tag that begins at `at`, which does not stand in quotes unless these are never closed; 0: none.
 */
static size_t tag_end(const stripper *s, size_t at) {
  unsigned char quote = 0;
  for (size_t i = at; i < s->size && i - at < LONGEST_TAG; i++) {
    unsigned char c = s->text[i];
    if (quote)
      quote = c == quote ? 0 : quote;
    else if (c == '"' || c == '\'')
      quote = c;
    else if (c == '>')
      return i + 1;
  }
  const unsigned char *found = memchr(s->text + at, '>', s->size - at);
  return found ? (size_t)(found - s->text) + 1 : 0;
}

/* Behind the next `text`, upper case or lower; the end when there is none. */
static size_t behind(const stripper *s, size_t at, const char *text) {
  size_t n = strlen(text);
  for (; at + n <= s->size; at++)
    if (strncasecmp((const char *)s->text + at, text, n) == 0) return at + n;
  return s->size;
}

static bool is_in(const char *list, const char *name) {
  char padded[LONGEST_NAME + 3];
  snprintf(padded, sizeof padded, " %s ", name);
  return strstr(list, padded) != NULL;
}

static void apply_tag(stripper *s, const char *name, bool closes) {
  if (is_in(two_breaks, name))
    put_break(s, 2);
  else if (is_in(one_break, name))
    put_break(s, 1);
  else if (strcmp(name, "td") == 0 || strcmp(name, "th") == 0)
    s->blank = true;
  if (strcmp(name, "pre") == 0) s->preformatted = !closes;
  if (closes || (strcmp(name, "script") != 0 && strcmp(name, "style") != 0)) return;
  s->at = behind(s, s->at, name[1] == 'c' ? "</script" : "</style");
  size_t end = tag_end(s, s->at);
  s->at = end ? end : s->size;
}

/* At '<'. */
static void take_tag(stripper *s) {
  size_t at = s->at + 1, left = s->size - at, n = 0;
  bool closes = left > 0 && s->text[at] == '/';
  if (left >= 3 && memcmp(s->text + at, "!--", 3) == 0) {
    s->at = behind(s, at + 3, "-->");
    return;
  }
  bool declares = left > 0 && (s->text[at] == '!' || s->text[at] == '?');
  at += closes;
  size_t end = declares || (at < s->size && is_letter(s->text[at])) ? tag_end(s, at) : 0;
  if (end == 0) {
    s->at++;
    put(s, "<", 1);
    return;
  }
  char name[LONGEST_NAME + 1];
  for (; n < LONGEST_NAME && at + n < end; n++) {
    unsigned char c = s->text[at + n];
    if (!is_letter(c) && !(c >= '0' && c <= '9')) break;
    name[n] = (char)(c >= 'A' && c <= 'Z' ? c | 0x20 : c);
  }
  name[n] = '\0';
  s->at = end;
  if (!declares) apply_tag(s, name, closes);
}

size_t ock_markup_strip(unsigned char *text, size_t size) {
  stripper s = {.text = text, .size = size};
  if (size >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) s.at = 3;
  while (s.at < size) {
    unsigned char c = text[s.at];
    if (c == '<') {
      take_tag(&s);
    } else if (c == '&') {
      take_entity(&s);
    } else {
      s.at++;
      if (c == ' ' || (c >= '\t' && c <= '\r'))
        put_blank(&s, c);
      else
        put(&s, &c, 1);
    }
  }
  return s.out;
}
