#include "notifiers/notification_data.h"

#include <vector>

#include "notifiers/integrations/templated_text.h"

namespace tocsin {
namespace {

/// The pairs that all have.
LabelSet common_pairs(const std::vector<FlushAlert>& alerts, LabelSet Alert::*which) {
    if (alerts.empty()) return {};
    const LabelSet& first = alerts.front().alert->alert.*which;
    std::vector<Label> common(first.begin(), first.end());
    for (const FlushAlert& alert : alerts) {
        const LabelSet& others = alert.alert->alert.*which;
        std::erase_if(common, [&](const Label label) { return others.get(label.name) != label.value; });
    }
    return LabelSet::from_sorted(common);
}

templates::NotificationAlert make_alert(const FlushAlert& flushed) {
    const Alert& alert = flushed.alert->alert;
    templates::NotificationAlert out;
    out.status = flushed.firing ? "firing" : "resolved";
    out.labels = alert.labels;
    out.annotations = alert.annotations;
    out.starts_at = templates::GoTime(alert.starts_at);
    if (!flushed.firing) out.ends_at = templates::GoTime(alert.ends_at);
    out.generator_url = alert.generator_url.view();
    out.fingerprint = to_string_fingerprint(flushed.alert->fingerprint);
    return out;
}

}  // namespace

std::string quote_meta(std::string_view text) {
    std::string out;
    for (const char c : text) {
        if (std::string_view(R"(\.+*?()|[]{}^$)").find(c) != std::string_view::npos) out += '\\';
        out += c;
    }
    return out;
}

templates::NotificationData make_notification_data(const std::vector<FlushAlert>& alerts, NotifyReason reason,
                                                   bool group_fires, const Route& route, const LabelSet& group_labels,
                                                   const std::string& external_url) {
    templates::NotificationData data;
    data.receiver = quote_meta(route.options.receiver);
    data.status = group_fires ? "firing" : "resolved";
    data.alerts.reserve(alerts.size());
    for (const FlushAlert& alert : alerts) data.alerts.push_back(make_alert(alert));
    data.notification_reason = to_string(reason);
    data.group_labels = group_labels;
    data.common_labels = common_pairs(alerts, &Alert::labels);
    data.common_annotations = common_pairs(alerts, &Alert::annotations);
    data.external_url = external_url;
    return data;
}

LabelSet expand_route_labels(const Route& route, const templates::NotificationTemplates& templates,
                             const templates::NotificationData& data, Timestamp now) {
    LabelBuilder labels;
    for (const auto& [name, field] : route.options.labels) {
        auto value = TemplatedText(templates, field.text).expand(data, now);
        labels.set(name, value ? *value : field.text);
    }
    return labels.build();
}

}  // namespace tocsin
