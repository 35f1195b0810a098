/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes that came from anywhere, as text that may stand in a page. */
#include <string.h>

#include "report/page.h"

/* How many bytes the UTF-8 character at `text` has; 0 where there is none (an overlong form, a surrogate, beyond
 * U+10FFFF, cut short). */
static size_t character_bytes(const unsigned char *text) {
  static const struct {
    unsigned char mask, lead;
    uint32_t least;
  } forms[] = {{0x80, 0x00, 0}, {0xe0, 0xc0, 0x80}, {0xf0, 0xe0, 0x800}, {0xf8, 0xf0, 0x10000}};
  size_t n = 0;
  while (n < 4 && (text[0] & forms[n].mask) != forms[n].lead) n++;
  if (n == 4) return 0;
  uint32_t code = text[0] & (unsigned char)~forms[n].mask;
  for (size_t i = 1; i <= n; i++) {
    if ((text[i] & 0xc0) != 0x80) return 0;
    code = code << 6 | (text[i] & 0x3f);
  }
  bool surrogate = code >= 0xd800 && code < 0xe000;
  return code < forms[n].least || code > 0x10ffff || surrogate ? 0 : n + 1;
}

char *ock_text_clean(const char *text, size_t most_characters) {
  static const char unknown[] = "\xef\xbf\xbd", cut[] = "\xe2\x80\xa6";
  size_t length = strnlen(text, 4 * most_characters + 4), used = 0;
  char *clean = ock_alloc_array(length + 2, sizeof unknown - 1);
  if (!clean) return NULL;
  for (size_t n = 0; *text; n++) {
    if (n == most_characters) {
      memcpy(clean + used, cut, sizeof cut - 1);
      used += sizeof cut - 1;
      break;
    }
    size_t size = character_bytes((const unsigned char *)text);
    memcpy(clean + used, size ? text : unknown, size ? size : sizeof unknown - 1);
    used += size ? size : sizeof unknown - 1;
    text += size ? size : 1;
  }
  clean[used] = '\0';
  return clean;
}

void ock_text_escape(const char *text, FILE *out) {
  for (; *text; text++) switch (*text) {
      case '&':
        fputs("&amp;", out);
        break;
      case '<':
        fputs("&lt;", out);
        break;
      case '>':
        fputs("&gt;", out);
        break;
      case '"':
        fputs("&quot;", out);
        break;
      default:
        fputc(*text, out);
    }
}
