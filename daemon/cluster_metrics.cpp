#include "daemon/cluster_metrics.h"

namespace tocsin {

void add_cluster_metrics(SelfMetrics& metrics, const ClusterOfOne& cluster) {
    const bool enabled = !cluster.address.empty();
    metrics.gauge("alertmanager_cluster_enabled", "Indicates whether the clustering is enabled or not.")
        .set(enabled ? 1 : 0);
    if (!enabled) return;
    metrics.gauge("alertmanager_cluster_members", "Number indicating current number of members in cluster.").set(1);
    metrics.gauge("alertmanager_cluster_failed_peers",
                  "Number indicating the current number of failed peers in the cluster.");
    metrics.gauge("alertmanager_cluster_health_score",
                  "Health score of the cluster. Lower values are better and zero means 'totally healthy'.");
    metrics
        .gauge("alertmanager_cluster_peer_info", "A metric with a constant '1' value labeled by peer name.",
               {{"peer", cluster.name}})
        .set(1);
    metrics.counter("alertmanager_cluster_peers_joined_total", "A counter of the number of peers that have joined.")
        .set(1);
    metrics.counter("alertmanager_cluster_peers_left_total", "A counter of the number of peers that have left.");
    metrics.counter("alertmanager_cluster_reconnections_total",
                    "A counter of the number of cluster peer reconnections.");
    metrics.counter("alertmanager_cluster_reconnections_failed_total",
                    "A counter of the number of failed cluster peer reconnection attempts.");
    metrics.gauge("alertmanager_cluster_messages_queued", "Number of cluster messages which are queued.");
    metrics.gauge("alertmanager_peer_position",
                  "Position the Alertmanager instance believes it's in. The position determines a peer's behavior in "
                  "the cluster.");
}

}  // namespace tocsin
