/* SPDX-License-Identifier: Apache-2.0 */
/* The keys of a configuration file, and what is said of them. */
#include <math.h>

#include "serve/config.h"

#define S(field) offsetof(ockham_serve_options, field)
#define M(field) offsetof(ockham_serve_model, field)
#define D(field) offsetof(ockham_serve_drift, field)

enum { KIB = 1 << 10, MIB = 1 << 20, MOST_MS = 86400000, DAY = 86400 };
#define TIB (1024.0 * 1024 * MIB)

static const ock_config_key tls_keys[] = {
    {"certificate", OCK_CONFIG_PATH, S(certificate), 0, 0, 0, NULL, "no TLS",
     "PEM file with the certificate's chain; for `listen`, and for `admin` unless that is local"},
    {"key", OCK_CONFIG_PATH, S(key), 0, 0, 0, NULL, "no TLS", "PEM file with its private key"},
    {0},
};

static const ock_config_key record_keys[] = {
    {"sample", OCK_CONFIG_SHARE, S(sample), 0, 0, 1, NULL, "0.01",
     "share of the requests whose bodies are kept, besides those that failed, were slow or far"},
    {"keep", OCK_CONFIG_SIZE, S(record_bytes), 0, MIB, 1024 * TIB, NULL, "1G", "disk space that it may take"},
    {"days", OCK_CONFIG_COUNT, S(record_days), 0, 1, 36500, NULL, "14", "how far it goes back"},
    {"flush", OCK_CONFIG_MS, S(flush_ms), 0, 1, 60000, NULL, "100ms",
     "at most so much of it is lost when the machine dies"},
    {"body", OCK_CONFIG_SIZE, S(record_body_bytes), 0, 1, 1024.0 * MIB, NULL, "1M", "longer bodies are cut here"},
    {"redact", OCK_CONFIG_LIST, S(redact), S(n_redact), 0, 0, NULL, "none", "columns whose values are never kept"},
    {0},
};

static const ock_config_key share_keys[] = {
    {"inputs", OCK_CONFIG_SHARE, D(shares[OCKHAM_GROUP_INPUTS]), 0, 0, 1, NULL, "0.5", "for what is asked"},
    {"outputs", OCK_CONFIG_SHARE, D(shares[OCKHAM_GROUP_OUTPUTS]), 0, 0, 1, NULL, "0.15", "for what is answered"},
    {"missing", OCK_CONFIG_SHARE, D(shares[OCKHAM_GROUP_MISSING]), 0, 0, 1, NULL, "0.15", "for missing inputs"},
    {"latency", OCK_CONFIG_SHARE, D(shares[OCKHAM_GROUP_LATENCY]), 0, 0, 1, NULL, "0.1",
     "for how long the model takes"},
    {"errors", OCK_CONFIG_SHARE, D(shares[OCKHAM_GROUP_ERRORS]), 0, 0, 1, NULL, "0.1",
     "for failures, and for answers that turned out wrong"},
    {0},
};

static const ock_config_key drift_keys[] = {
    {"false_alarms", OCK_CONFIG_TEXT, D(false_alarms), 0, 0, 0, NULL, "1 per 30d",
     "how many alarms there may be without drift: `1 per 30d`, `1 per 100000 rows`"},
    {"shares", OCK_CONFIG_GROUP, 0, 0, 0, 0, share_keys, "", ""},
    {"min_effect", OCK_CONFIG_SHARE, D(min_effect), 0, 0, 10, NULL, "0.005",
     "a smaller change (population stability index) is no alarm"},
    {"by_hour", OCK_CONFIG_NO, D(any_hour), 0, 0, 0, NULL, "yes",
     "compare with the same hour of the week, where the profile spans two weeks"},
    {"detector", OCK_CONFIG_TEXT, D(detector), 0, 0, 0, NULL, "ewma", "how it is noticed (docs/drift.md lists them)"},
    {"webhook", OCK_CONFIG_TEXT, D(webhook), 0, 0, 0, NULL, "none", "a URL that each alarm is sent to"},
    {0},
};

const ock_config_key ock_config_keys[] = {
    {"listen", OCK_CONFIG_ADDRESS, S(listen), 0, 0, 0, NULL, "127.0.0.1:8080",
     "where requests come in; `:8080` is every address of the machine"},
    {"admin", OCK_CONFIG_ADDRESS, S(admin), 0, 0, 0, NULL, "127.0.0.1:8081",
     "console, metrics and control: an address, the path of a Unix socket, or `none`"},
    {"token_file", OCK_CONFIG_PATH, S(token_file), 0, 0, 0, NULL, "none",
     "its first line must come with every request to admin; needed unless that is local"},
    {"tls", OCK_CONFIG_GROUP, 0, 0, 0, 0, tls_keys, "", ""},
    {"folder", OCK_CONFIG_PATH, S(folder), 0, 0, 0, NULL, "ockham-data", "where the recording and the rest is kept"},
    {"access_log", OCK_CONFIG_OUTPUT, S(access_log), 0, 0, 0, NULL, "none",
     "a line of JSON for each request into this file; `-` is standard output"},
    {"threads", OCK_CONFIG_COUNT, S(threads), 0, 1, 1024, NULL, "one a core, at most 16",
     "that read requests and send answers"},
    {"connections", OCK_CONFIG_COUNT, S(connections), 0, 1, 1e6, NULL, "16384, or what open files allow", "at once"},
    {"body", OCK_CONFIG_SIZE, S(body_bytes), 0, KIB, 4096.0 * MIB, NULL, "64M", "the longest body of a request"},
    {"request_timeout", OCK_CONFIG_SECONDS, S(request_seconds), 0, 1, DAY, NULL, "30s",
     "until a request must have arrived"},
    {"idle_timeout", OCK_CONFIG_SECONDS, S(idle_seconds), 0, 1, DAY, NULL, "75s", "that a connection may be idle"},
    {"record", OCK_CONFIG_SWITCH, S(no_record), 0, 0, 0, record_keys, "yes", "`no`: nothing is recorded"},
    {"drift", OCK_CONFIG_SWITCH, S(drift.off), S(drift), 0, 0, drift_keys, "yes",
     "`no`: models with a profile are not watched either; of all models, unless they say otherwise"},
    {"models", OCK_CONFIG_MODELS, 0, 0, 0, 0, ock_config_model_keys, "", "a list of models, or a mapping by name"},
    {0},
};

static const ock_config_key limit_keys[] = {
    {"memory", OCK_CONFIG_SIZE, M(memory_bytes), 0, MIB, 1024 * TIB, NULL, "no limit", "of each process"},
    {"cpus", OCK_CONFIG_REAL, M(cpus), 0, 0.01, 4096, NULL, "no limit", "CPU seconds a second of each process"},
    {"processes", OCK_CONFIG_COUNT, M(processes), 0, 1, 1e6, NULL, "64", "that it may have, threads counted"},
    {"files", OCK_CONFIG_COUNT, M(files), 0, 8, 1e6, NULL, "256", "that it may have open"},
    {"network", OCK_CONFIG_NO, M(no_network), 0, 0, 0, NULL, "yes", "`no`: it may not use the network"},
    {"sandbox", OCK_CONFIG_NO, M(no_sandbox), 0, 0, 0, NULL, "yes",
     "`no`: also system calls that only administrators need are let through"},
    {0},
};

const ock_config_key ock_config_model_keys[] = {
    {"name", OCK_CONFIG_TEXT, M(name), 0, 0, 0, NULL, "", "letters, digits, `_`, `-` and `.`; needed in a list"},
    {"version", OCK_CONFIG_TEXT, M(version), 0, 0, 0, NULL, "1", "likewise"},
    {"file", OCK_CONFIG_PATH, M(file), 0, 0, 0, NULL, "", "a fitted model; or"},
    {"command", OCK_CONFIG_WORDS, M(command), M(n_command), 0, 0, NULL, "",
     "a program that answers on its standard input and output; or"},
    {"upstream", OCK_CONFIG_TEXT, M(upstream), 0, 0, 0, NULL, "",
     "`http://host:port/v2/models/name`: a server that answers"},
    {"upstream_json", OCK_CONFIG_YES, M(upstream_json), 0, 0, 0, NULL, "no", "that server takes no binary tensors"},
    {"folder", OCK_CONFIG_PATH, M(folder), 0, 0, 0, NULL, "that of this file", "the program's working folder"},
    {"environment", OCK_CONFIG_PAIRS, M(environment), M(n_environment), 0, 0, NULL, "", "set for the program"},
    {"workers", OCK_CONFIG_COUNT, M(workers), 0, 1, 1024, NULL, "1; of a server 8",
     "processes, or connections to the server"},
    {"queue", OCK_CONFIG_COUNT, M(queue), 0, 1, 1e6, NULL, "64", "requests that may wait"},
    {"timeout", OCK_CONFIG_MS, M(timeout_ms), 0, 1, MOST_MS, NULL, "10s", "for one request"},
    {"startup", OCK_CONFIG_MS, M(startup_ms), 0, 1, MOST_MS, NULL, "30s", "until a process has said what it takes"},
    {"limits", OCK_CONFIG_GROUP, 0, 0, 0, 0, limit_keys, "", ""},
    {"weight", OCK_CONFIG_REAL, M(weight), 0, 0, 1e9, NULL, "the last version has all",
     "its share of the requests that name no version"},
    {"shadow", OCK_CONFIG_YES, M(shadow), 0, 0, 0, NULL, "no",
     "it gets copies of requests; its answers are compared, and seen by no client"},
    {"tolerance", OCK_CONFIG_REAL, M(tolerance), 0, 1e-300, 1e6, NULL, "1e-6",
     "relative, within which a shadow's numbers are the same"},
    {"slow", OCK_CONFIG_MS, M(slow_ms), 0, 1, MOST_MS, NULL, "4 times the 99th percentile",
     "a request is slow from here on"},
    {"budget", OCK_CONFIG_PATH, M(budget), 0, 0, 0, NULL, "none", "a file by `ockham certify`: what it may use"},
    {"profile", OCK_CONFIG_PATH, M(profile), 0, 0, 0, NULL, "that of `file`, if it has one",
     "a file by `ockham profile`: what its rows should look like"},
    {"drift", OCK_CONFIG_SWITCH, M(drift.off), M(drift), 0, 0, drift_keys, "that of the server",
     "likewise, of this model"},
    {0},
};

/* ---- what is said of them ---- */

static const char *const expected[] = {
    [OCK_CONFIG_TEXT] = "a text",
    [OCK_CONFIG_PATH] = "a path",
    [OCK_CONFIG_ADDRESS] = "an address such as 127.0.0.1:8080",
    [OCK_CONFIG_OUTPUT] = "a path or '-'",
    [OCK_CONFIG_YES] = "yes or no",
    [OCK_CONFIG_NO] = "yes or no",
    [OCK_CONFIG_COUNT] = "a whole number",
    [OCK_CONFIG_SIZE] = "a size such as 512M",
    [OCK_CONFIG_MS] = "a duration such as 500ms or 10s",
    [OCK_CONFIG_SECONDS] = "a duration such as 30s or 5m",
    [OCK_CONFIG_REAL] = "a number",
    [OCK_CONFIG_SHARE] = "a number",
    [OCK_CONFIG_WORDS] = "a command such as [python3, predict.py]",
    [OCK_CONFIG_LIST] = "a list such as [a, b]",
    [OCK_CONFIG_PAIRS] = "a mapping of names to values",
    [OCK_CONFIG_GROUP] = "a mapping",
    [OCK_CONFIG_SWITCH] = "a mapping, yes or no",
    [OCK_CONFIG_MODELS] = "a list of models",
};

const char *ock_config_expected(ock_config_kind kind) {
  return expected[kind];
}

typedef struct unit {
  double factor;
  const char *name;
} unit;

static void print_amount(double value, const unit *units, char *text, size_t size) {
  while (units[1].name && (value < units->factor || fmod(value, units->factor) != 0)) units++;
  snprintf(text, size, "%.15g%s", value / units->factor, units->name);
}

static void print_value(ock_config_kind kind, double value, char *text, size_t size) {
  static const unit bytes[] = {{TIB, "T"}, {TIB / KIB, "G"}, {MIB, "M"}, {KIB, "K"}, {1, ""}, {0, NULL}};
  static const unit ms[] = {{DAY * 1000.0, "d"}, {3600e3, "h"}, {60e3, "m"}, {1e3, "s"}, {1, "ms"}, {0, NULL}};
  static const unit seconds[] = {{DAY, "d"}, {3600, "h"}, {60, "m"}, {1, "s"}, {0, NULL}};
  static const unit plain[] = {{1, ""}, {0, NULL}};
  const unit *units = kind == OCK_CONFIG_SIZE      ? bytes
                      : kind == OCK_CONFIG_MS      ? ms
                      : kind == OCK_CONFIG_SECONDS ? seconds
                                                   : plain;
  print_amount(value, units, text, size);
}

void ock_config_range(const ock_config_key *key, char *text, size_t size) {
  char least[32], most[32];
  print_value(key->kind, key->least, least, sizeof least);
  print_value(key->kind, key->most, most, sizeof most);
  snprintf(text, size, "from %s to %s", least, most);
}

/* ---- the reference ---- */

static void describe_key(const ock_config_key *key, const char *group, ock_buffer *out) {
  char range[80] = "";
  if (key->most > 0) {
    range[0] = ',';
    range[1] = ' ';
    ock_config_range(key, range + 2, sizeof range - 2);
  }
  ock_buffer_print(out, "| `%s%s` | %s%s | %s | %s |\n", group, key->name, expected[key->kind], range, key->otherwise,
                   key->help);
}

static void describe_keys(const ock_config_key *keys, const char *group, ock_buffer *out) {
  for (; keys->name; keys++) {
    if (keys->kind != OCK_CONFIG_GROUP) describe_key(keys, group, out);
    if (keys->kind != OCK_CONFIG_GROUP && keys->kind != OCK_CONFIG_SWITCH) continue;
    char inner[64];
    snprintf(inner, sizeof inner, "%s%s.", group, keys->name);
    describe_keys(keys->inner, inner, out);
  }
}

void ock_config_describe(ock_buffer *out) {
  static const char head[] = "| Key | Value | Without it | What it says |\n|---|---|---|---|\n";
  ock_buffer_text(out, head);
  describe_keys(ock_config_keys, "", out);
  ock_buffer_print(out, "\nOf each model:\n\n%s", head);
  describe_keys(ock_config_model_keys, "", out);
}
