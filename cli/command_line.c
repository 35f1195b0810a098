/* SPDX-License-Identifier: Apache-2.0 */
/* A command line as a shell reads it again. */
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "outputs.h"

/* Whether a shell takes the word as it stands. */
static bool is_plain(const char *word) {
  static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./:=,@%+-";
  return *word && word[strspn(word, plain)] == '\0';
}

/* Whether all of the word can be shown and copied: no control characters, and nothing that is not of the character
 * set. */
static bool is_printable(const char *word) {
  for (const char *c = word; *c; c++)
    if ((unsigned char)*c < ' ' || *c == 0x7f) return false;
  return mbstowcs(NULL, word, 0) != (size_t)-1;
}

/* 'it'\''s' */
static void put_single_quoted(const char *word, FILE *out) {
  fputc('\'', out);
  for (; *word; word++)
    if (*word == '\'')
      fputs("'\\''", out);
    else
      fputc(*word, out);
  fputc('\'', out);
}

/* $'\012', as bash and its like read it. */
static void put_escaped(const char *word, FILE *out) {
  fputs("$'", out);
  for (; *word; word++) {
    unsigned char byte = (unsigned char)*word;
    if (byte < ' ' || byte >= 0x7f)
      fprintf(out, "\\%03o", byte);
    else if (byte == '\'' || byte == '\\')
      fprintf(out, "\\%c", byte);
    else
      fputc(byte, out);
  }
  fputc('\'', out);
}

char *cli_command_line(const char *command, int n_words, char *const *words) {
  char *line = NULL;
  size_t size;
  FILE *out = open_memstream(&line, &size);
  if (!out) return NULL;
  fprintf(out, "ockham %s", command);
  for (int i = 0; i < n_words; i++) {
    fputc(' ', out);
    if (is_plain(words[i]))
      fputs(words[i], out);
    else if (is_printable(words[i]))
      put_single_quoted(words[i], out);
    else
      put_escaped(words[i], out);
  }
  bool whole = !ferror(out);
  if (fclose(out) == 0 && whole) return line;
  free(line);
  return NULL;
}
