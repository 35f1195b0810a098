/* SPDX-License-Identifier: Apache-2.0 */
/* Alarms that are posted to a URL: by one thread, one after the other, so that nobody waits for a server elsewhere. A
 * URL may hold a secret: what is said of one names its host alone. */
#include <curl/curl.h>
#include <signal.h>
#include <string.h>

#include "serve/internal.h"

enum { MOST_WAITING = 64, TRIES = 3, TIMEOUT_MS = 5000, PAUSE_MS = 1000, PAUSE_FACTOR = 5 };

typedef struct post {
  struct post *next;
  char *url, *json;
} post;

struct ock_webhooks {
  ockham_server *server;
  pthread_t thread;
  pthread_mutex_t lock;
  pthread_cond_t changed;
  post *first, **end;
  size_t n_waiting;
  atomic_bool ending;
  bool runs;
};

static void free_post(post *p) {
  if (!p) return;
  ock_free(p->url);
  ock_free(p->json);
  ock_free(p);
}

/* ---- one of them ---- */

static size_t ignore_body(char *bytes, size_t size, size_t n, void *user) {
  (void)bytes, (void)user;
  return size * n;
}

static int give_up(void *webhooks, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t e) {
  (void)a, (void)b, (void)c, (void)e;
  return atomic_load(&((ock_webhooks *)webhooks)->ending);
}

static bool set_up(CURL *easy, ock_webhooks *w, const post *p, struct curl_slist *headers) {
  return curl_easy_setopt(easy, CURLOPT_URL, p->url) == CURLE_OK &&
         curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https") == CURLE_OK &&
         curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers) == CURLE_OK &&
         curl_easy_setopt(easy, CURLOPT_POSTFIELDS, p->json) == CURLE_OK &&
         curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, ignore_body) == CURLE_OK &&
         curl_easy_setopt(easy, CURLOPT_USERAGENT, "ockham/" OCKHAM_VERSION) == CURLE_OK &&
         curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
         curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L) == CURLE_OK &&
         curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)TIMEOUT_MS) == CURLE_OK &&
         curl_easy_setopt(easy, CURLOPT_NOPROGRESS, 0L) == CURLE_OK &&
         curl_easy_setopt(easy, CURLOPT_XFERINFOFUNCTION, give_up) == CURLE_OK &&
         curl_easy_setopt(easy, CURLOPT_XFERINFODATA, w) == CURLE_OK;
}

/* NULL, or why it was not taken. */
static const char *try_once(ock_webhooks *w, const post *p, char why[64]) {
  CURL *easy = curl_easy_init();
  struct curl_slist *headers = curl_slist_append(NULL, "Content-Type: application/json");
  long status = 0;
  const char *problem = "no memory";
  if (easy && headers && set_up(easy, w, p, headers)) {
    CURLcode code = curl_easy_perform(easy);
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    problem = code == CURLE_OK ? NULL : curl_easy_strerror(code);
  }
  if (!problem && (status < 200 || status >= 300)) {
    snprintf(why, 64, "it answered %ld", status);
    problem = why;
  }
  curl_slist_free_all(headers);
  curl_easy_cleanup(easy);
  return problem;
}

/* False: all of it ends. */
static bool rest(ock_webhooks *w, uint64_t ms) {
  uint64_t until = ock_clock_ns() + ms * 1000000;
  pthread_mutex_lock(&w->lock);
  while (!w->ending && ock_condition_wait(&w->changed, &w->lock, until)) continue;
  pthread_mutex_unlock(&w->lock);
  return !w->ending;
}

static void deliver(ock_webhooks *w, const post *p) {
  const char *problem = NULL, *host = strstr(p->url, "://");
  char why[64];
  uint64_t pause_ms = PAUSE_MS;
  for (int i = 0; i < TRIES; i++, pause_ms *= PAUSE_FACTOR) {
    if (i && !rest(w, pause_ms)) break;
    problem = try_once(w, p, why);
    if (!problem) return;
  }
  host = host ? host + 3 : p->url;
  const char *user = strchr(host, '@');
  if (user && user < host + strcspn(host, "/?")) host = user + 1;
  ock_server_log(w->server, "the webhook at %.*s was not told of an alarm: %s", (int)strcspn(host, "/?"), host,
                 problem ? problem : "the server ends");
}

/* ---- the thread ---- */

static post *take_first(ock_webhooks *w) {
  pthread_mutex_lock(&w->lock);
  while (!w->first && !w->ending) pthread_cond_wait(&w->changed, &w->lock);
  post *p = w->first;
  if (p) {
    w->first = p->next;
    if (!w->first) w->end = &w->first;
    w->n_waiting--;
  }
  pthread_mutex_unlock(&w->lock);
  return p;
}

static void *run(void *arg) {
  ock_webhooks *w = arg;
  while (!w->ending) {
    post *p = take_first(w);
    if (p) deliver(w, p);
    free_post(p);
  }
  return NULL;
}

/* The lock is held. Signals are for other threads. */
static bool start_thread(ock_webhooks *w) {
  sigset_t all, before;
  if (w->runs) return true;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  w->runs = pthread_create(&w->thread, NULL, run, w) == 0;
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  return w->runs;
}

void ock_webhooks_send(ock_webhooks *w, const char *url, const char *json) {
  post *p = ock_alloc_zeroed(1, sizeof *p);
  bool whole = p && (p->url = ock_string_copy(url)) && (p->json = ock_string_copy(json));
  pthread_mutex_lock(&w->lock);
  bool taken = whole && w->n_waiting < MOST_WAITING && start_thread(w);
  if (taken) {
    *w->end = p;
    w->end = &p->next;
    w->n_waiting++;
    pthread_cond_broadcast(&w->changed);
  }
  pthread_mutex_unlock(&w->lock);
  if (taken) return;
  ock_server_log(w->server, "a webhook was not told of an alarm: too many wait");
  free_post(p);
}

/* ---- life ---- */

static pthread_once_t curl_once = PTHREAD_ONCE_INIT;

static void start_curl(void) {
  (void)curl_global_init(CURL_GLOBAL_DEFAULT);
}

ockham_status ock_webhooks_new(ockham_server *server, ock_webhooks **webhooks, ockham_error *err) {
  ock_webhooks *w = ock_alloc_zeroed(1, sizeof *w);
  *webhooks = NULL;
  if (!w) return ock_fail_memory(err, "webhooks", sizeof *w);
  pthread_once(&curl_once, start_curl);
  w->server = server;
  w->end = &w->first;
  pthread_mutex_init(&w->lock, NULL);
  ock_condition_init(&w->changed);
  *webhooks = w;
  return OCKHAM_OK;
}

void ock_webhooks_free(ock_webhooks *w) {
  if (!w) return;
  pthread_mutex_lock(&w->lock);
  w->ending = true;
  pthread_cond_broadcast(&w->changed);
  pthread_mutex_unlock(&w->lock);
  if (w->runs) pthread_join(w->thread, NULL);
  while (w->first) {
    post *p = w->first;
    w->first = p->next;
    free_post(p);
  }
  pthread_cond_destroy(&w->changed);
  pthread_mutex_destroy(&w->lock);
  ock_free(w);
}
