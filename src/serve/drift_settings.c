/* SPDX-License-Identifier: Apache-2.0 */
/* How drift is to be watched: settings, their checks, and profiles in files. */
#include <string.h>

#include <sys/stat.h>

#include "profile/internal.h"
#include "serve/config_check.h"
#include "serve/drift_watch.h"

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

/* ---- profiles ---- */

ockham_status ock_profile_open(const char *path, ockham_profile **profile, ockham_error *err) {
  ockham_model *model;
  *profile = NULL;
  OCK_TRY(ockham_model_load(path, &model, err));
  const ockham_profile *inside = ockham_model_look(model)->profile;
  ockham_status status = inside ? ock_profile_copy(inside, profile, err) : OCKHAM_OK;
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
  if (!word) return;
  if (!ockham_detector_find(word, &detector))
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

/* What a program takes and gives, it says when it runs; of a fitted model it is known. */
static void check_columns(ock_check *check, const char *where, const char *path, const ockham_profile *profile,
                          const char *file) {
  ockham_model *model;
  ock_schema schema = {0};
  ockham_error err = {0};
  if (ockham_model_load(file, &model, NULL)) return; /* that is told of the file */
  ock_drift_source *sources = ock_alloc_zeroed(ockham_profile_look(profile)->n_columns, sizeof *sources);
  ockham_status status = sources ? ock_fitted_schema(ockham_model_look(model), &schema, &err)
                                 : ock_fail_memory(&err, "the columns of a profile", sizeof *sources);
  if (!status) status = ock_drift_find_sources(profile, &schema, sources, &err);
  if (status) ock_check_tell(check, where, "%s: %s", ock_show(path).text, err.message);
  ock_free(sources);
  ock_schema_clear(&schema);
  ockham_model_free(model);
}

void ock_check_profile(ock_check *check, const char *where, const char *path, const char *file) {
  ockham_profile *profile = NULL;
  ockham_error err;
  if (ock_profile_open(path, &profile, &err))
    ock_check_tell(check, where, "%s", err.message);
  else if (!profile)
    ock_check_tell(check, where, "expected a profile, found a model without one in %s (ockham profile --model)",
                   ock_show(path).text);
  else if (file)
    check_columns(check, where, path, profile, file);
  ockham_profile_free(profile);
}
