/* SPDX-License-Identifier: Apache-2.0 */
/* How drift is to be watched: settings, their checks, and profiles in files. */
#include <string.h>

#include <sys/stat.h>

#include "serve/config_check.h"
#include "serve/drift.h"

#include <ockham/model.h>

ockham_serve_drift ock_drift_settings(const ockham_serve_drift *m, const ockham_serve_drift *s) {
  ockham_serve_drift all = *m;
  bool own_shares = false;
  for (size_t i = 0; i < OCKHAM_N_SIGNAL_GROUPS; i++) own_shares = own_shares || m->shares[i] != 0;
  all.off = m->off || s->off;
  all.any_hour = m->any_hour || s->any_hour;
  if (!all.false_alarms) all.false_alarms = s->false_alarms;
  if (!own_shares) memcpy(all.shares, s->shares, sizeof all.shares);
  if (all.min_effect == 0) all.min_effect = s->min_effect;
  if (!all.detector) all.detector = s->detector;
  if (!all.webhook) all.webhook = s->webhook;
  return all;
}

bool ock_detector_find(const char *word, ockham_detector *detector) {
  static const char *const words[] = {
#define WORD(name, word, statistic, source) word,
      OCKHAM_DETECTOR_LIST(WORD)
#undef WORD
  };
  *detector = OCKHAM_DETECTOR_EWMA;
  if (!word) return true;
  for (size_t i = 0; i < OCKHAM_N_DETECTORS; i++) {
    *detector = (ockham_detector)i;
    if (strcmp(word, words[i]) == 0) return true;
  }
  return false;
}

/* ---- profiles ---- */

static ockham_status copy_profile(const ockham_profile *from, const char *where, ockham_profile **profile,
                                  ockham_error *err) {
  unsigned char *bytes;
  size_t size;
  OCK_TRY(ockham_profile_encode(from, &bytes, &size, err));
  ockham_status status = ockham_profile_decode(bytes, size, where, profile, err);
  ockham_bytes_free(bytes);
  return status;
}

ockham_status ock_profile_open(const char *path, ockham_profile **profile, ockham_error *err) {
  ockham_model *model;
  *profile = NULL;
  OCK_TRY(ockham_model_load(path, &model, err));
  const ockham_profile *inside = ockham_model_look(model)->profile;
  ockham_status status = inside ? copy_profile(inside, path, profile, err) : OCKHAM_OK;
  ockham_model_free(model);
  return status;
}

/* ---- checks ---- */

static void check_webhook(ock_check *check, const char *where, const char *url) {
  const char *host = strncmp(url, "http://", 7) == 0 ? url + 7 : strncmp(url, "https://", 8) == 0 ? url + 8 : "";
  if (!*host || strchr("/:?#", *host) || url[strcspn(url, " \t\r\n\\\"<>")])
    ock_check_tell(check, where, "expected a URL such as https://example.org/alarms, found another text");
}

static void check_detector(ock_check *check, const char *where, const char *word) {
  ockham_detector detector;
  if (!ock_detector_find(word, &detector))
    ock_check_tell(check, where, "expected a detector such as ewma or chi2, found '%s'", ock_show(word).text);
  else if (detector == OCKHAM_DETECTOR_MMD)
    ock_check_tell(check, where, "expected a detector that needs no rows of the reference, found '%s'", word);
}

static void check_shares(ock_check *check, const char *where, const double shares[OCKHAM_N_SIGNAL_GROUPS]) {
  bool given = false, any = false;
  for (size_t i = 0; i < OCKHAM_N_SIGNAL_GROUPS; i++) {
    given = given || shares[i] != 0;
    any = any || shares[i] > 0;
  }
  if (given && !any) ock_check_tell(check, where, "expected a share above 0, found none");
}

void ock_check_drift(ock_check *check, const char *before, const ockham_serve_drift *drift) {
  char where[224];
  ock_alarm_budget budget;
  ockham_error err;
  snprintf(where, sizeof where, "%s.false_alarms", before);
  if (drift->false_alarms && ock_alarm_budget_parse(drift->false_alarms, &budget, &err))
    ock_check_tell(check, where, "%s", err.message);
  snprintf(where, sizeof where, "%s.shares", before);
  check_shares(check, where, drift->shares);
  snprintf(where, sizeof where, "%s.detector", before);
  check_detector(check, where, drift->detector);
  snprintf(where, sizeof where, "%s.webhook", before);
  if (drift->webhook) check_webhook(check, where, drift->webhook);
}

void ock_check_profile(ock_check *check, const char *where, const char *path) {
  ockham_profile *profile;
  ockham_error err;
  if (ock_profile_open(path, &profile, &err))
    ock_check_tell(check, where, "%s", err.message);
  else if (!profile)
    ock_check_tell(check, where, "expected a profile, found a model without one in %s (ockham profile --model)",
                   ock_show(path).text);
  else
    ockham_profile_free(profile);
}
