#include "daemon/api/posted_alerts.h"

#include <chrono>
#include <utility>

#include "base/duration.h"
#include "base/text.h"

namespace tocsin::api {
namespace {

constexpr std::size_t kLabelsMax = 128;

std::vector<Label> label_views(const Json& object) {
    std::vector<Label> labels;
    for (const auto& [name, value] : object.members()) labels.push_back({name, value.as_string()});
    return labels;
}

/// Clients written in Go sort what they post.
LabelSet label_set(const std::vector<Label>& labels) {
    const auto before = [](const Label& a, const Label& b) { return a.name < b.name; };
    for (std::size_t i = 1; i < labels.size(); ++i) {
        if (!before(labels[i - 1], labels[i])) return LabelSet::from(labels);
    }
    return LabelSet::from_sorted(labels);
}

/// An alert that was posted, or why it is not taken. `url` is the address of the one before it.
Result<Alert> read_alert(const PostedAlert& posted, MatchersSyntax syntax, const SharedText& url) {
    Alert alert;
    for (const Label label : posted.labels) {
        if (!is_label_name(label.name, syntax)) {
            return fail(Error::Kind::InvalidInput, "invalid label set: invalid name " + go_quote(label.name));
        }
    }
    if (posted.labels.size() > kLabelsMax) return fail(Error::Kind::LimitExceeded, "more than 128 labels");
    alert.labels = label_set(posted.labels);
    if (alert.labels.empty()) return fail(Error::Kind::InvalidInput, "at least one label pair required");
    alert.annotations = label_set(posted.annotations);
    TOCSIN_TRY(alert.starts_at, read_posted_time(posted.starts_at));
    TOCSIN_TRY(alert.ends_at, read_posted_time(posted.ends_at));
    if (alert.ends_at != Timestamp{} && alert.ends_at < alert.starts_at) {
        return fail(Error::Kind::InvalidInput, "start time must be before end time");
    }
    // Neighbours mostly come from one rule: its address is held once.
    alert.generator_url = posted.generator_url == url.view() ? url : SharedText::of(posted.generator_url);
    return alert;
}

/// Each step answers whether all was usual so far.
class UsualBody final : public JsonListener {
public:
    UsualBody(std::string_view body, MatchersSyntax syntax) : syntax_(syntax) { texts_.reserve(body.size()); }

    std::optional<PostedAlerts> take() && {
        if (place_ != Place::End) return std::nullopt;
        return std::move(posted_);
    }

    bool open_array() override { return move(Place::Start, Place::List); }
    bool close_array() override { return move(Place::List, Place::End); }
    bool open_object() override {
        if (move(Place::LabelsValue, Place::Labels)) return true;
        begin_alert();
        return move(Place::List, Place::Alert);
    }
    bool close_object() override {
        if (move(Place::Labels, Place::Alert)) return true;
        if (!seen_.labels || posted_.alerts.size() + posted_.refused.size() == kPostedAlertsMax) return false;
        posted_.add(alert_, syntax_);
        texts_.clear();
        return move(Place::Alert, Place::List);
    }
    bool name(std::string_view text) override {
        if (place_ == Place::Labels) return add_label(text);
        if (text == "labels") return expect(seen_.labels, alert_.labels);
        if (text == "annotations") return expect(seen_.annotations, alert_.annotations);
        if (text == "startsAt") return expect(seen_.starts_at, alert_.starts_at);
        if (text == "endsAt") return expect(seen_.ends_at, alert_.ends_at);
        return text == "generatorURL" && expect(seen_.generator_url, alert_.generator_url);
    }
    bool text(std::string_view value) override {
        if (place_ != Place::Labels && place_ != Place::Text) return false;
        *value_ = keep(value);
        return place_ == Place::Labels || move(Place::Text, Place::Alert);
    }
    bool other() override { return false; }

private:
    enum class Place { Start, List, Alert, Text, LabelsValue, Labels, End };
    struct Seen {
        bool labels = false, annotations = false, starts_at = false, ends_at = false, generator_url = false;
    };

    // The lists keep their room.
    void begin_alert() {
        alert_.labels.clear();
        alert_.annotations.clear();
        alert_.starts_at = alert_.ends_at = alert_.generator_url = {};
        seen_ = {};
    }

    bool move(Place from, Place to) {
        if (place_ != from) return false;
        place_ = to;
        return true;
    }

    bool expect(bool& seen, std::string_view& into) {
        value_ = &into;
        return !std::exchange(seen, true) && move(Place::Alert, Place::Text);
    }

    bool expect(bool& seen, std::vector<Label>& into) {
        labels_ = &into;
        return !std::exchange(seen, true) && move(Place::Alert, Place::LabelsValue);
    }

    /// Names that are given twice count twice here, so that too many of them are not usual.
    bool add_label(std::string_view name) {
        if (labels_->size() == kLabelsMax) return false;
        labels_->push_back({keep(name), {}});
        value_ = &labels_->back().value;
        return true;
    }

    /// All texts of an alert together are no longer than the body, so none moves.
    std::string_view keep(std::string_view text) {
        const std::size_t begin = texts_.size();
        texts_.append(text);
        return std::string_view(texts_).substr(begin);
    }

    MatchersSyntax syntax_;
    Place place_ = Place::Start;
    PostedAlerts posted_;
    PostedAlert alert_;
    Seen seen_;
    std::string texts_;
    std::vector<Label>* labels_ = nullptr;
    std::string_view* value_ = nullptr;
};

}  // namespace

void PostedAlerts::add(const PostedAlert& posted, MatchersSyntax syntax) {
    auto alert = read_alert(posted, syntax, alerts.empty() ? SharedText() : alerts.back().generator_url);
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
    UsualBody usual(body, syntax);
    if (!walk_json(body, usual)) return std::nullopt;
    return std::move(usual).take();
}

Result<Timestamp> read_posted_time(std::string_view text) {
    constexpr Timestamp kZeroOfGo{std::chrono::sys_days(std::chrono::year(1) / 1 / 1)};
    if (text.empty()) return Timestamp{};
    TOCSIN_TRY(const Timestamp time, parse_rfc3339(text));
    return time == kZeroOfGo ? Timestamp{} : time;
}

}  // namespace tocsin::api
