/* SPDX-License-Identifier: Apache-2.0 */
/* Where to listen. */
#include <arpa/inet.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

#include "serve/config.h"

static bool parse_port(const char *text, unsigned *port) {
  char *end;
  unsigned long value = strtoul(text, &end, 10);
  *port = (unsigned)value;
  return isdigit((unsigned char)*text) && !*end && value <= 65535;
}

static bool is_host(const char *host) {
  struct in6_addr six;
  if (strchr(host, ':')) return inet_pton(AF_INET6, host, &six) == 1;
  if (host[strspn(host, "0123456789.")] == '\0' && *host) return inet_pton(AF_INET, host, &six) == 1;
  for (const char *c = host; *c; c++)
    if (!isalnum((unsigned char)*c) && !strchr("-._", *c)) return false;
  return true;
}

ockham_status ock_address_parse(const char *text, ock_address *address, ockham_error *err) {
  static const struct sockaddr_un unix_address;
  *address = (ock_address){0};
  if (strcmp(text, "none") == 0) {
    address->none = true;
    return OCKHAM_OK;
  }
  if (strchr(text, '/')) {
    address->path = text;
    if (strlen(text) < sizeof unix_address.sun_path) return OCKHAM_OK;
    return ock_fail(err, OCKHAM_BAD_ARGUMENT, "expected the path of a socket of at most %zu bytes, found '%s'",
                    sizeof unix_address.sun_path - 1, ock_show(text).text);
  }
  const char *colon = strrchr(text, ':');
  size_t length = colon ? (size_t)(colon - text) : 0;
  bool bracketed = length > 2 && text[0] == '[' && text[length - 1] == ']';
  size_t skip = bracketed ? 1 : 0;
  if (colon && length < sizeof address->host && parse_port(colon + 1, &address->port)) {
    memcpy(address->host, text + skip, length - 2 * skip);
    address->host[length - 2 * skip] = '\0';
    if ((strchr(address->host, ':') != NULL) == bracketed && is_host(address->host)) return OCKHAM_OK;
  }
  return ock_fail(err, OCKHAM_BAD_ARGUMENT,
                  "expected an address such as 127.0.0.1:8080, [::1]:8080 or :8080, found '%s'", ock_show(text).text);
}

bool ock_address_is_local(const ock_address *address) {
  struct in_addr four;
  struct in6_addr six;
  if (address->none || address->path || strcmp(address->host, "localhost") == 0) return true;
  if (inet_pton(AF_INET, address->host, &four) == 1) return ntohl(four.s_addr) >> 24 == 127;
  return inet_pton(AF_INET6, address->host, &six) == 1 && IN6_IS_ADDR_LOOPBACK(&six);
}
