/* SPDX-License-Identifier: Apache-2.0 */
/* Configuration files: YAML into ockham_serve_options by one table of keys, which the reader, the checks and
 *   docs/serve.md share. libyaml gives a document whose nodes know their lines; the table says what each may hold. (A
 *   library that maps YAML onto structs stops at the first mistake, knows one form for each key, and forgets the lines
 *   that checks need.)
 * Invariants: every key that is read leaves its path and its line, so that a check of values can tell where they stand;
 *   one mistake does not hide the next; aliases cannot make more work than MOST_NODES.
 * Source: YAML 1.1 as libyaml reads it; merge keys: yaml.org/type/merge.html. */
#ifndef OCK_SERVE_CONFIG_H
#define OCK_SERVE_CONFIG_H

#include <ockham/serve.h>

#include "core/internal.h"
#include "wire/internal.h"

/* ---- the table of keys ---- */

typedef enum ock_config_kind {
  OCK_CONFIG_TEXT,
  OCK_CONFIG_PATH,    /* text; relative to the file's folder */
  OCK_CONFIG_ADDRESS, /* text; a path when it has a slash */
  OCK_CONFIG_OUTPUT,  /* a path, or "-" */
  OCK_CONFIG_YES,     /* bool */
  OCK_CONFIG_NO,      /* bool: true when the file says no */
  OCK_CONFIG_COUNT,   /* unsigned */
  OCK_CONFIG_SIZE,    /* uint64_t, bytes */
  OCK_CONFIG_MS,      /* unsigned, of milliseconds; a duration */
  OCK_CONFIG_SECONDS, /* unsigned, of seconds; a duration */
  OCK_CONFIG_REAL,    /* double */
  OCK_CONFIG_SHARE,   /* double; 0 in the file is -1, since 0 is the default */
  OCK_CONFIG_WORDS,   /* const char ** and, at `more`, unsigned: a list, or a text that is split as a shell does */
  OCK_CONFIG_LIST,    /* likewise: a list of texts */
  OCK_CONFIG_PAIRS,   /* likewise, "NAME=value": a mapping */
  OCK_CONFIG_GROUP,   /* a mapping of `inner` keys, whose fields are in the same struct, or in the one at `more` */
  OCK_CONFIG_SWITCH,  /* a GROUP, or no: then the bool at `offset` is true */
  OCK_CONFIG_MODELS,  /* a list of mappings, or a mapping of mappings by name */
} ock_config_kind;

typedef struct ock_config_key {
  const char *name;
  ock_config_kind kind;
  size_t offset, more;
  double least, most; /* of numbers that are not 0, or 0 for the default */
  const struct ock_config_key *inner;
  const char *otherwise; /* what holds without it, for people */
  const char *help;
} ock_config_key;

extern const ock_config_key ock_config_keys[], ock_config_model_keys[]; /* each ended by a key without a name */
/* "a size such as 512M" */
const char *ock_config_expected(ock_config_kind kind);
/* "from 1ms to 1h" */
void ock_config_range(const ock_config_key *key, char *text, size_t size);
/* The reference in docs/serve.md: a table of Markdown. */
void ock_config_describe(ock_buffer *out);

/* ---- problems, told one by one ---- */

typedef struct ock_problems {
  ockham_serve_problem *tell; /* may be NULL */
  void *user;
  ockham_error *first;  /* may be NULL */
  ockham_status status; /* of the first */
  size_t n;
} ock_problems;
/* "FILE:LINE: WHERE: ..."; file NULL, line 0 and where NULL leave that out. Returns OK: the search goes on. */
OCK_PRINTF(6, 7)
ockham_status ock_problem(ock_problems *problems, ockham_status status, const char *file, size_t line,
                          const char *where, const char *format, ...);

/* ---- values ---- */

/* Split a command like a shell that expands nothing: blanks, '...', "...", \. False when a quote is not closed; NULL
 * words: no memory. */
bool ock_config_split(ock_arena *arena, const char *text, const char ***words, size_t *n);
/* ${NAME} and ${NAME:-otherwise} of the environment; $${ is ${. *value is NULL after a problem, which *missing names:
 * the variable that is not set, or NULL when the text itself is wrong. NO_MEMORY. */
ockham_status ock_config_substitute(ock_arena *arena, const char *text, const char **value, const char **missing);
/* A script in Python that cannot be run itself is run by python3. False: no memory. */
bool ock_config_interpret(ock_arena *arena, ockham_serve_model *model);

/* ---- a file that was read ---- */

typedef struct ock_config_line {
  const char *where;
  size_t line;
} ock_config_line;

struct ockham_serve_file {
  ock_arena arena;
  const char *name, *folder; /* folder NULL: that of the process */
  ockham_serve_options options;
  const char **model_where; /* "models[1]" or "models.price" */
  size_t n_read;            /* of the models; the others were added, and have no line */
  ock_config_line *lines;
  size_t n_lines, room_for_lines;
};

/* Read from memory; BAD_DATA, NO_MEMORY. */
ockham_status ock_config_parse(const char *name, const char *text, size_t size, ock_problems *problems,
                               ockham_serve_file **file);
ockham_status ock_config_note_line(ockham_serve_file *file, const char *where, size_t line);
/* 0 when neither `where` nor anything it is part of is known. */
size_t ock_config_find_line(const ockham_serve_file *file, const char *where);

/* ---- addresses ---- */

typedef struct ock_address {
  bool none;        /* "none" */
  const char *path; /* of a Unix socket: the text itself; NULL: none */
  char host[256];   /* "" for every address of the machine */
  unsigned port;
} ock_address;
/* BAD_ARGUMENT says what was expected. */
ockham_status ock_address_parse(const char *text, ock_address *address, ockham_error *err);
bool ock_address_is_local(const ock_address *address); /* a loopback address, a Unix socket, or none */

#endif
