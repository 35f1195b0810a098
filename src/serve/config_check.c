/* SPDX-License-Identifier: Apache-2.0 */
/* Options as a whole: what can be said of them without starting anything. */
#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "serve/config_check.h"

/* ---- places ---- */

/* *at: where its field is. */
static const ock_config_key *find_key(const ock_config_key *keys, const char *where, size_t *at) {
  size_t length = strcspn(where, ".");
  for (; keys->name; keys++) {
    if (strncmp(keys->name, where, length) != 0 || keys->name[length]) continue;
    bool inside = where[length] && keys->inner;
    *at += inside ? keys->more : keys->offset;
    return inside ? find_key(keys->inner, where + length + 1, at) : keys;
  }
  return NULL;
}

/* The server's key has another value than the file gave it: then the file's line is not where it stands. Texts that
 * came from the file are its own. */
static bool is_overridden(const ock_check *check, const char *where) {
  size_t at = 0;
  const ock_config_key *key = find_key(ock_config_keys, where, &at);
  if (!key) return false;
  const char *ours = (const char *)check->options + at, *its = (const char *)&check->file->options + at;
  size_t size = sizeof(unsigned);
  if (key->kind == OCK_CONFIG_YES || key->kind == OCK_CONFIG_NO || key->kind == OCK_CONFIG_SWITCH) size = sizeof(bool);
  if (key->kind == OCK_CONFIG_SIZE || key->kind == OCK_CONFIG_REAL || key->kind == OCK_CONFIG_SHARE)
    size = sizeof(double);
  if (key->kind <= OCK_CONFIG_OUTPUT) size = sizeof(char *);
  return memcmp(ours, its, size) != 0;
}

ockham_status ock_check_tell(ock_check *check, const char *where, const char *format, ...) {
  char text[sizeof((ockham_error *)0)->message];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  bool in_file = check->file && check->in_file && (strncmp(where, "models", 6) == 0 || !is_overridden(check, where));
  size_t line = in_file ? ock_config_find_line(check->file, where) : 0;
  bool is_file = in_file && check->file->name; /* as what reading it finds */
  ockham_status status = is_file ? OCKHAM_BAD_DATA : OCKHAM_BAD_ARGUMENT;
  return ock_problem(check->problems, status, line ? check->file->name : NULL, line, where, "%s", text);
}

/* ---- ranges: the table has them ---- */

static double amount(const ock_config_key *key, const void *base) {
  const void *field = (const char *)base + key->offset;
  if (key->kind == OCK_CONFIG_SIZE) return (double)*(const uint64_t *)field;
  if (key->kind == OCK_CONFIG_REAL || key->kind == OCK_CONFIG_SHARE) return *(const double *)field;
  return *(const unsigned *)field;
}

static void check_amount(ock_check *check, const ock_config_key *key, const char *where, const void *base) {
  if (key->most == 0) return; /* not a number */
  double value = amount(key, base);
  bool none = value == 0 || (key->kind == OCK_CONFIG_SHARE && value < 0);
  if (none || (value >= key->least && value <= key->most)) return;
  char range[80];
  ock_config_range(key, range, sizeof range);
  ock_check_tell(check, where, "expected %s %s, found %.15g", ock_config_expected(key->kind), range, value);
}

static void check_ranges(ock_check *check, const ock_config_key *keys, const char *before, const void *base) {
  for (; keys->name; keys++) {
    char where[128];
    snprintf(where, sizeof where, "%s%s%s", before, *before ? "." : "", keys->name);
    if (keys->inner && keys->kind != OCK_CONFIG_MODELS)
      check_ranges(check, keys->inner, where, (const char *)base + keys->more);
    else
      check_amount(check, keys, where, base);
  }
}

/* ---- files ---- */

bool ock_check_readable(ock_check *check, const char *where, const char *path) {
  struct stat info;
  if (stat(path, &info) != 0 || access(path, R_OK) != 0)
    ock_check_tell(check, where, "%s: %s", ock_show(path).text, strerror(errno));
  else if (S_ISDIR(info.st_mode))
    ock_check_tell(check, where, "%s: expected a file, found a folder", ock_show(path).text);
  else
    return true;
  return false;
}

/* A folder that is there and can be written, or can be made. */
static void check_makeable(ock_check *check, const char *where, const char *path) {
  char folder[4096];
  struct stat info;
  int n = snprintf(folder, sizeof folder, "%s", path);
  if (n < 0 || (size_t)n >= sizeof folder) {
    ock_check_tell(check, where, "expected a path of at most 4,095 bytes, found %zu", strlen(path));
    return;
  }
  while (stat(folder, &info) != 0) {
    char *slash = strrchr(folder, '/');
    if (errno != ENOENT) {
      ock_check_tell(check, where, "%s: %s", ock_show(path).text, strerror(errno));
      return;
    }
    if (!slash)
      strcpy(folder, ".");
    else
      slash[slash == folder] = '\0';
  }
  if (!S_ISDIR(info.st_mode))
    ock_check_tell(check, where, "expected a folder, found that %s is a file", ock_show(folder).text);
  else if (access(folder, W_OK | X_OK) != 0)
    ock_check_tell(check, where, "%s: %s", ock_show(folder).text, strerror(errno));
}

/* A file that can be appended to, or made. */
static void check_appendable(ock_check *check, const char *where, const char *path) {
  char folder[4096];
  struct stat info;
  if (stat(path, &info) == 0) {
    if (S_ISDIR(info.st_mode))
      ock_check_tell(check, where, "%s: expected a file, found a folder", ock_show(path).text);
    else if (access(path, W_OK) != 0)
      ock_check_tell(check, where, "%s: %s", ock_show(path).text, strerror(errno));
    return;
  }
  const char *slash = strrchr(path, '/');
  snprintf(folder, sizeof folder, "%.*s", slash ? (int)(slash - path + 1) : 1, slash ? path : ".");
  if (access(folder, W_OK | X_OK) != 0) ock_check_tell(check, where, "%s: %s", ock_show(folder).text, strerror(errno));
}

static void check_token(ock_check *check, const char *path) {
  struct stat info;
  if (!ock_check_readable(check, "token_file", path)) return;
  FILE *stream = fopen(path, "rbe");
  int first = stream ? fgetc(stream) : EOF;
  if (first == EOF || isspace(first))
    ock_check_tell(check, "token_file", "expected a token in the first line of %s, found none", ock_show(path).text);
  if (stream && fstat(fileno(stream), &info) == 0 && (info.st_mode & (S_IROTH | S_IWOTH)))
    ock_check_tell(check, "token_file",
                   "expected a file that others cannot read or change, found %s with mode %04o (chmod 600)",
                   ock_show(path).text, (unsigned)info.st_mode & 07777);
  if (stream) fclose(stream);
}

static void check_pem(ock_check *check, const char *where, const char *path, const char *what) {
  enum { MOST = 1 << 16 };
  if (!ock_check_readable(check, where, path)) return;
  FILE *stream = fopen(path, "rbe");
  char line[256];
  bool found = false;
  for (size_t n = 0; stream && !found && n < MOST && fgets(line, sizeof line, stream); n += strlen(line))
    found = strncmp(line, "-----BEGIN ", 11) == 0 && strstr(line, what);
  if (!found)
    ock_check_tell(check, where, "expected a PEM file with a %s, found none in %s", what, ock_show(path).text);
  if (stream) fclose(stream);
}

/* ---- the server ---- */

static bool parse_address(ock_check *check, const char *where, const char *text, ock_address *address) {
  ockham_error err;
  bool may_be_path = strcmp(where, "admin") == 0;
  if (ock_address_parse(text, address, &err)) {
    ock_check_tell(check, where, "%s%s", err.message, may_be_path ? " (the path of a socket has a '/')" : "");
    return false;
  }
  return true;
}

static void check_addresses(ock_check *check, const ockham_serve_options *o) {
  ock_address listen, admin;
  const char *listen_text = o->listen ? o->listen : "127.0.0.1:8080";
  const char *admin_text = o->admin ? o->admin : "127.0.0.1:8081";
  bool good = parse_address(check, "listen", listen_text, &listen);
  if (good && (listen.none || listen.path))
    ock_check_tell(check, "listen", "expected an address such as 127.0.0.1:8080, found '%s'",
                   ock_show(listen_text).text);
  if (!parse_address(check, "admin", admin_text, &admin)) return;
  bool same = good && !admin.none && !admin.path && admin.port && admin.port == listen.port;
  if (same && (!*admin.host || !*listen.host || strcmp(admin.host, listen.host) == 0))
    ock_check_tell(check, "admin", "expected another port than that of listen, found %u for both", admin.port);
  if (admin.path) check_appendable(check, "admin", admin.path);
  if (!ock_address_is_local(&admin) && !o->token_file)
    ock_check_tell(check, "admin", "expected a token_file, since %s can be reached from other machines",
                   ock_show(admin_text).text);
}

static void check_server(ock_check *check, const ockham_serve_options *o) {
  check_ranges(check, ock_config_keys, "", o);
  check_addresses(check, o);
  if (o->token_file) check_token(check, o->token_file);
  if (o->certificate && !o->key) ock_check_tell(check, "tls.certificate", "expected a key with it, found none");
  if (o->key && !o->certificate) ock_check_tell(check, "tls.key", "expected a certificate with it, found none");
  if (o->certificate) check_pem(check, "tls.certificate", o->certificate, "CERTIFICATE");
  if (o->key) check_pem(check, "tls.key", o->key, "PRIVATE KEY");
  check_makeable(check, "folder", o->folder ? o->folder : "ockham-data");
  if (o->access_log && strcmp(o->access_log, "-") != 0) check_appendable(check, "access_log", o->access_log);
  ock_check_drift(check, "drift", &o->drift);
  if (o->n_models == 0) ock_check_tell(check, "models", "expected at least one model, found none");
}

/* ---- all of it ---- */

static void place_of_model(const ock_check *check, size_t i, char *where, size_t size) {
  if (check->file && i < check->file->options.n_models)
    snprintf(where, size, "%s", check->file->model_where[i]);
  else
    snprintf(where, size, "models[%zu]", i);
}

ockham_status ockham_serve_check_each(const ockham_serve_options *options, const ockham_serve_file *file,
                                      ockham_serve_problem *tell, void *user, ockham_error *err) {
  ock_problems problems = {.tell = tell, .user = user, .first = err};
  ock_check check = {.problems = &problems, .file = file, .in_file = file != NULL, .options = options};
  check_server(&check, options);
  for (size_t i = 0; i < options->n_models; i++) {
    char where[160];
    place_of_model(&check, i, where, sizeof where);
    check.in_file = file && i < file->n_read;
    check_ranges(&check, ock_config_model_keys, where, &options->models[i]);
    ock_check_model(&check, i, where);
  }
  return problems.n ? problems.status : OCKHAM_OK;
}

ockham_status ockham_serve_check(const ockham_serve_options *options, const ockham_serve_file *file,
                                 ockham_error *err) {
  return ockham_serve_check_each(options, file, NULL, NULL, err);
}
