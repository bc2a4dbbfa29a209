#include "parser/template/notification_json.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

namespace tocsin::templates {
namespace {

/// Reads the members of one object. The first that is wrong is remembered with its path; what is read after it does not
/// matter.
class MemberReader {
public:
    MemberReader(const Json& object, std::string path) : object_(object), path_(std::move(path)) {
        if (!object.is_object()) refuse({}, "an object");
    }

    std::string text(const char* name) {
        const Json& member = object_.at(name);
        if (!member.is_null() && !member.is_string()) refuse(name, "a text");
        return member.as_string();
    }

    LabelSet labels(const char* name) {
        const Json& member = object_.at(name);
        if (!member.is_null() && !member.is_object()) refuse(name, "an object of texts");
        LabelBuilder labels;
        for (const auto& [label, value] : member.members()) {
            if (!value.is_string()) refuse(fmt::format("{}.{}", name, label), "a text");
            labels.set(label, value.as_string());
        }
        return labels.build();
    }

    GoTime time(const char* name) {
        const std::string written = text(name);
        if (written.empty()) return {};
        const auto read = parse_go_time("2006-01-02T15:04:05Z07:00", written);
        if (!read) refuse(name, "a time like 2026-03-01T10:00:00Z");
        return read.value_or(GoTime());
    }

    const Json::Array& items(const char* name) {
        const Json& member = object_.at(name);
        if (!member.is_null() && !member.is_array()) refuse(name, "a list");
        return member.items();
    }

    void refuse(const std::string& name, const char* expected) {
        if (!problem_.empty()) return;
        problem_ = fmt::format("{}{}{}: expected {}", path_, path_.empty() || name.empty() ? "" : ".",
                               path_.empty() && name.empty() ? "data" : name, expected);
    }
    const std::string& problem() const { return problem_; }

private:
    const Json& object_;
    std::string path_;
    std::string problem_;
};

Result<NotificationAlert> read_alert(const Json& json, std::size_t index) {
    MemberReader reader(json, fmt::format("alerts[{}]", index));
    NotificationAlert alert;
    alert.status = reader.text("status");
    alert.labels = reader.labels("labels");
    alert.annotations = reader.labels("annotations");
    alert.starts_at = reader.time("startsAt");
    alert.ends_at = reader.time("endsAt");
    alert.generator_url = reader.text("generatorURL");
    alert.fingerprint = reader.text("fingerprint");
    if (!reader.problem().empty()) return fail(Error::Kind::InvalidInput, reader.problem());
    return alert;
}

}  // namespace

Result<NotificationData> read_notification(const Json& json) {
    MemberReader reader(json, {});
    NotificationData data;
    data.receiver = reader.text("receiver");
    data.status = reader.text("status");
    data.notification_reason = reader.text("notification_reason");
    data.group_labels = reader.labels("groupLabels");
    data.common_labels = reader.labels("commonLabels");
    data.common_annotations = reader.labels("commonAnnotations");
    data.route_labels = reader.labels("routeLabels");
    data.external_url = reader.text("externalURL");
    for (const Json& item : reader.items("alerts")) {
        TOCSIN_TRY(auto alert, read_alert(item, data.alerts.size()));
        data.alerts.push_back(std::move(alert));
    }
    if (!reader.problem().empty()) return fail(Error::Kind::InvalidInput, reader.problem());
    return data;
}

}  // namespace tocsin::templates
