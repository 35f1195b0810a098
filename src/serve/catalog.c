/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "serve/internal.h"

/* In [0, 1), from a key: the same key always goes the same way of a model, and of another one independently of that.
 * Without a key the draw is as good as random. */
static double draw(const char *name, const char *key) {
  static atomic_ullong counter;
  uint64_t x = key ? ock_hash(key, strlen(key)) : atomic_fetch_add(&counter, 1);
  ock_rng rng = ock_rng_make(x, key ? ock_hash(name, strlen(name)) : 0);
  return ock_rng_uniform(&rng);
}

/* One that failed to start goes on trying. */
static bool takes_traffic(ock_version *v) {
  return !v->settings.shadow && (v->state != OCK_VERSION_FAILED || ock_version_ready(v));
}

/* By the weights; where all are 0 the last one, which is the newest. Those that cannot answer are left out. */
static ock_version *draw_version(const ock_catalog *catalog, const char *name, const char *key) {
  double total = 0;
  ock_version *last = NULL;
  for (size_t i = 0; i < catalog->n_versions; i++) {
    ock_version *v = catalog->versions[i];
    if (strcmp(v->settings.name, name) != 0) continue;
    if (!last || takes_traffic(v) || (last->settings.shadow && !v->settings.shadow)) last = v;
    if (takes_traffic(v)) total += v->weight;
  }
  if (total <= 0) return last;
  double at = draw(name, key) * total;
  for (size_t i = 0; i < catalog->n_versions; i++) {
    ock_version *v = catalog->versions[i];
    if (strcmp(v->settings.name, name) != 0 || !takes_traffic(v) || v->weight <= 0) continue;
    last = v;
    if ((at -= v->weight) < 0) break;
  }
  return last;
}

ock_version *ock_catalog_find(ock_catalog *catalog, const char *name, const char *version, const char *key,
                              bool *known) {
  ock_version *found = NULL;
  *known = false;
  pthread_rwlock_rdlock(&catalog->lock);
  for (size_t i = 0; i < catalog->n_versions && !found; i++) {
    ock_version *v = catalog->versions[i];
    if (strcmp(v->settings.name, name) != 0) continue;
    *known = true;
    if (version && strcmp(v->settings.version, version) == 0) found = v;
  }
  if (*known && !version) found = draw_version(catalog, name, key);
  if (found) ock_version_hold(found);
  pthread_rwlock_unlock(&catalog->lock);
  return found;
}

ock_version *ock_catalog_get(ock_catalog *catalog, size_t n) {
  pthread_rwlock_rdlock(&catalog->lock);
  ock_version *version = n < catalog->n_versions ? catalog->versions[n] : NULL;
  if (version) ock_version_hold(version);
  pthread_rwlock_unlock(&catalog->lock);
  return version;
}

static void forget_unloaded(ock_catalog *catalog, const char *name) {
  for (size_t i = 0; i < catalog->n_unloaded; i++) {
    if (strcmp(catalog->unloaded[i], name) != 0) continue;
    ock_free(catalog->unloaded[i]);
    catalog->unloaded[i] = catalog->unloaded[--catalog->n_unloaded];
    return;
  }
}

/* Unless another version is there. Once no memory is left the name is missing from the index, nothing more. */
static void remember_unloaded(ock_catalog *catalog, const char *name) {
  for (size_t i = 0; i < catalog->n_versions; i++)
    if (strcmp(catalog->versions[i]->settings.name, name) == 0) return;
  forget_unloaded(catalog, name);
  char **grown = ock_realloc_array(catalog->unloaded, catalog->n_unloaded + 1, sizeof *grown);
  if (!grown) return;
  catalog->unloaded = grown;
  if ((grown[catalog->n_unloaded] = ock_string_copy(name))) catalog->n_unloaded++;
}

static bool same_version(const ock_version *a, const ock_version *b) {
  return strcmp(a->settings.name, b->settings.name) == 0 && strcmp(a->settings.version, b->settings.version) == 0;
}

ockham_status ock_catalog_put(ock_catalog *catalog, ock_version *version, ockham_error *err) {
  ock_version *old = NULL;
  ockham_status status = OCKHAM_OK;
  pthread_rwlock_wrlock(&catalog->lock);
  size_t at = 0;
  while (at < catalog->n_versions && !same_version(catalog->versions[at], version)) at++;
  if (at == catalog->capacity) {
    size_t capacity = catalog->capacity ? 2 * catalog->capacity : 8;
    ock_version **grown = ock_realloc_array(catalog->versions, capacity, sizeof *grown);
    if (!grown) {
      status = ock_fail_memory(err, "the list of models", capacity * sizeof *grown);
    } else {
      catalog->versions = grown;
      catalog->capacity = capacity;
    }
  }
  if (!status) {
    if (at < catalog->n_versions)
      old = catalog->versions[at];
    else
      catalog->n_versions++;
    catalog->versions[at] = version;
    forget_unloaded(catalog, version->settings.name);
  }
  pthread_rwlock_unlock(&catalog->lock);
  if (old) ock_version_release(old);
  return status;
}

/* Take out the first that is meant; NULL when there is none. */
static ock_version *remove_one(ock_catalog *catalog, const char *name, const char *version) {
  ock_version *removed = NULL;
  pthread_rwlock_wrlock(&catalog->lock);
  for (size_t i = 0; i < catalog->n_versions && !removed; i++) {
    ock_version *v = catalog->versions[i];
    if (strcmp(v->settings.name, name) != 0 || (version && strcmp(v->settings.version, version) != 0)) continue;
    removed = v;
    memmove(catalog->versions + i, catalog->versions + i + 1, (--catalog->n_versions - i) * sizeof(ock_version *));
    remember_unloaded(catalog, name);
  }
  pthread_rwlock_unlock(&catalog->lock);
  return removed;
}

size_t ock_catalog_remove(ock_catalog *catalog, const char *name, const char *version) {
  size_t n = 0;
  for (ock_version *removed; (removed = remove_one(catalog, name, version)); n++) ock_version_release(removed);
  return n;
}

void ock_catalog_clear(ock_catalog *catalog) {
  for (size_t i = 0; i < catalog->n_versions; i++) ock_version_release(catalog->versions[i]);
  for (size_t i = 0; i < catalog->n_unloaded; i++) ock_free(catalog->unloaded[i]);
  ock_free(catalog->versions);
  ock_free(catalog->unloaded);
  pthread_rwlock_destroy(&catalog->lock);
  *catalog = (ock_catalog){0};
}
