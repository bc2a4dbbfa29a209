#include "daemon/api/posted_alerts.h"

#include <chrono>
#include <utility>

#include "base/duration.h"
#include "base/json_scanner.h"
#include "base/text.h"

namespace tocsin::api {
namespace {

constexpr std::size_t kLabelsMax = 128;
constexpr std::size_t kLabelsExpected = 12;

std::vector<Label> label_views(const Json& object) {
    std::vector<Label> labels;
    for (const auto& [name, value] : object.members()) labels.push_back({name, value.as_string()});
    return labels;
}

/// An alert that was posted, or why it is not taken.
Result<Alert> read_alert(PostedAlert posted, MatchersSyntax syntax) {
    Alert alert;
    for (const Label label : posted.labels) {
        if (!is_label_name(label.name, syntax)) {
            return fail(Error::Kind::InvalidInput, "invalid label set: invalid name " + go_quote(label.name));
        }
    }
    if (posted.labels.size() > kLabelsMax) return fail(Error::Kind::LimitExceeded, "more than 128 labels");
    alert.labels = LabelSet::from(std::move(posted.labels));
    if (alert.labels.empty()) return fail(Error::Kind::InvalidInput, "at least one label pair required");
    alert.annotations = LabelSet::from(std::move(posted.annotations));
    TOCSIN_TRY(alert.starts_at, read_posted_time(posted.starts_at));
    TOCSIN_TRY(alert.ends_at, read_posted_time(posted.ends_at));
    if (alert.ends_at != Timestamp{} && alert.ends_at < alert.starts_at) {
        return fail(Error::Kind::InvalidInput, "start time must be before end time");
    }
    alert.generator_url = posted.generator_url;
    return alert;
}

/// Each step answers whether all was usual so far.
class UsualBody {
public:
    UsualBody(std::string_view body, MatchersSyntax syntax) : scanner_(body), syntax_(syntax) {}

    std::optional<PostedAlerts> read() {
        if (!scanner_.take('[')) return std::nullopt;
        if (!scanner_.take(']')) {
            do {
                if (posted_.alerts.size() + posted_.refused.size() == kPostedAlertsMax || !read_one()) return std::nullopt;
            } while (scanner_.take(','));
            if (!scanner_.take(']')) return std::nullopt;
        }
        if (!scanner_.at_end() || values_ > JsonLimits{}.values) return std::nullopt;
        return std::move(posted_);
    }

private:
    struct Seen {
        bool labels = false, annotations = false, starts_at = false, ends_at = false, generator_url = false;
    };

    bool read_one() {
        PostedAlert alert;
        Seen seen;
        if (!scanner_.take('{')) return false;
        do {
            const auto name = scanner_.string();
            if (!name || !scanner_.take(':') || !read_member(*name, alert, seen)) return false;
        } while (scanner_.take(','));
        if (!scanner_.take('}') || !seen.labels) return false;
        ++values_;
        posted_.add(std::move(alert), syntax_);
        return true;
    }

    bool read_member(std::string_view name, PostedAlert& alert, Seen& seen) {
        if (name == "labels") return !std::exchange(seen.labels, true) && read_labels(alert.labels);
        if (name == "annotations") return !std::exchange(seen.annotations, true) && read_labels(alert.annotations);
        if (name == "startsAt") return !std::exchange(seen.starts_at, true) && read_text(alert.starts_at);
        if (name == "endsAt") return !std::exchange(seen.ends_at, true) && read_text(alert.ends_at);
        if (name == "generatorURL") return !std::exchange(seen.generator_url, true) && read_text(alert.generator_url);
        return false;
    }

    bool read_text(std::string_view& into) {
        const auto text = scanner_.string();
        if (text) into = *text;
        ++values_;
        return text.has_value();
    }

    /// Names that are given twice count twice here, so that too many of them are not usual.
    bool read_labels(std::vector<Label>& into) {
        if (!scanner_.take('{')) return false;
        ++values_;
        if (scanner_.take('}')) return true;
        into.reserve(kLabelsExpected);
        do {
            const auto name = scanner_.string();
            std::string_view value;
            if (!name || into.size() == kLabelsMax || !scanner_.take(':') || !read_text(value)) return false;
            into.push_back({*name, value});
        } while (scanner_.take(','));
        return scanner_.take('}');
    }

    JsonScanner scanner_;
    MatchersSyntax syntax_;
    PostedAlerts posted_;
    std::size_t values_ = 1;  // as parse_json() counts them
};

}  // namespace

void PostedAlerts::add(PostedAlert posted, MatchersSyntax syntax) {
    auto alert = read_alert(std::move(posted), syntax);
    if (alert) {
        alerts.push_back(*std::move(alert));
    } else {
        refused.push_back(alert.error().message);
    }
}

PostedAlert posted_alert(const Json& json) {
    return {label_views(json.at("labels")), label_views(json.at("annotations")), json.at("startsAt").as_string(),
            json.at("endsAt").as_string(), json.at("generatorURL").as_string()};
}

std::optional<PostedAlerts> read_usual_alerts(std::string_view body, MatchersSyntax syntax) {
    return UsualBody(body, syntax).read();
}

Result<Timestamp> read_posted_time(std::string_view text) {
    constexpr Timestamp kZeroOfGo{std::chrono::sys_days(std::chrono::year(1) / 1 / 1)};
    if (text.empty()) return Timestamp{};
    TOCSIN_TRY(const Timestamp time, parse_rfc3339(text));
    return time == kZeroOfGo ? Timestamp{} : time;
}

}  // namespace tocsin::api
