/* SPDX-License-Identifier: Apache-2.0 */
/** Everything public. Read in this order: core (errors, views), data (files), cluster and mixture (one fit), criteria
 * and select (how many clusters), splits (X-means, G-means), profile (what rows looked like), model (keep and apply a
 * fit), report (show it), stats (compare labels); and ablate (studies of changes to models that somebody trains), lm (a
 * trainer of small language models, which such studies have built in). */
#ifndef OCKHAM_H
#define OCKHAM_H

#include <ockham/ablate.h>
#include <ockham/cluster.h>
#include <ockham/core.h>
#include <ockham/criteria.h>
#include <ockham/data.h>
#include <ockham/lm.h>
#include <ockham/mixture.h>
#include <ockham/model.h>
#include <ockham/profile.h>
#include <ockham/report.h>
#include <ockham/select.h>
#include <ockham/splits.h>
#include <ockham/stats.h>

#endif
