#include "notifiers/sample_notification.h"

#include <string>
#include <string_view>

#include <fmt/format.h>

namespace tocsin {
namespace {

using std::chrono::minutes;

const LabelSet& group_labels() {
    static const LabelSet labels = {{"alertname", "HighErrorRate"}, {"cluster", "eu-1"}};
    return labels;
}

LabelSet common_labels() {
    LabelBuilder labels(group_labels());
    labels.set("job", "api");
    labels.set("severity", "critical");
    return labels.build();
}

const LabelSet& common_annotations() {
    static const LabelSet annotations = {{"runbook_url", "https://runbooks.example.org/HighErrorRate"}};
    return annotations;
}

templates::NotificationAlert alert(std::string_view instance, std::string_view rate, std::string_view fingerprint) {
    LabelBuilder labels(common_labels());
    labels.set("instance", instance);
    LabelBuilder annotations(common_annotations());
    annotations.set("summary", fmt::format("{} % of the requests to {} fail", rate, instance));
    templates::NotificationAlert made;
    made.status = "firing";
    made.labels = labels.build();
    made.annotations = annotations.build();
    made.generator_url = "http://localhost:9099/graph?g0.expr=job%3Aerrors%3Arate5m+%3E+0.05&g0.tab=1";
    made.fingerprint = fingerprint;
    return made;
}

}  // namespace

templates::NotificationData sample_notification(Timestamp now) {
    templates::NotificationData data;
    data.receiver = "sample";
    data.status = "firing";
    data.notification_reason = "new alerts added to group";
    data.group_labels = group_labels();
    data.common_labels = common_labels();
    data.common_annotations = common_annotations();
    data.external_url = "http://localhost:9099";
    data.alerts = {alert("10.0.0.7:8080", "12.5", "0d5a6c1f3b7e9284"),
                   alert("10.0.0.8:8080", "7.1", "5f2e8c7a1b3d9046"),
                   alert("10.0.0.9:8080", "6.4", "9b1c3d5e7f8a2046")};
    data.alerts[0].starts_at = templates::GoTime(now - minutes(12));
    data.alerts[1].starts_at = templates::GoTime(now - minutes(5));
    data.alerts[2].starts_at = templates::GoTime(now - minutes(30));
    data.alerts[2].ends_at = templates::GoTime(now - minutes(2));
    data.alerts[2].status = "resolved";
    return data;
}

}  // namespace tocsin
