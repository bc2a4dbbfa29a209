#pragma once

#include "base/self_metrics.h"
#include "daemon/options.h"

namespace tocsin {

/// `alertmanager_cluster_…` as a node says it that is alone: what dashboards and alerts about clusters ask for is
/// there. Without a cluster only that there is none.
void add_cluster_metrics(SelfMetrics& metrics, const ClusterOfOne& cluster);

}  // namespace tocsin
