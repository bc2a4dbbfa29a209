#include "daemon/api/posted_alerts.h"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include "base/go_url.h"
#include "base/text.h"
#include "daemon/api/alertmanager_error.h"
#include "daemon/api/posted_form.h"
#include "daemon/api/posted_time.h"

namespace tocsin::api {
namespace {

constexpr std::size_t kLabelsMax = 128;
constexpr std::size_t kNameBytesMax = 1024;
constexpr std::size_t kAlertBytesExpected = 256;  // a guess that costs little when it is wrong
constexpr std::size_t kTextBytesMax = 64 * 1024;  // of a label's value, or of an annotation's

using Type = MemberForm::Type;

// In the order in which the original looks for what is missing.
constexpr std::array kAlertForm = {
    MemberForm{"annotations", Type::Texts, ".annotations", "models.LabelSet"},
    MemberForm{"endsAt", Type::Time, ".endsAt"},
    MemberForm{"startsAt", Type::Time, ".startsAt"},
    MemberForm{"generatorURL", Type::Text, "Alert.generatorURL"},
    MemberForm{"labels", Type::Texts, "Alert.labels", "models.LabelSet", true},
};

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

/// `what` is `label` or `annotation`, `whole` the set of them.
Status check_pairs(const std::vector<Label>& pairs, std::string_view what, std::string_view whole,
                   MatchersSyntax syntax) {
    for (const Label pair : pairs) {
        if (!is_label_name(pair.name, syntax)) {
            return fail(Error::Kind::InvalidInput,
                        fmt::format("invalid {}: invalid name {}", whole, go_quote(pair.name)));
        }
        if (pair.name.size() > kNameBytesMax) {
            return fail(Error::Kind::LimitExceeded,
                        fmt::format("name of {} longer than {} bytes", what, kNameBytesMax));
        }
        if (pair.value.size() > kTextBytesMax) {
            return fail(Error::Kind::LimitExceeded,
                        fmt::format("{} {} longer than {} bytes", what, go_quote(pair.name), kTextBytesMax));
        }
    }
    return {};
}

/// An alert that was posted, or why it is not taken. `url` is the address of the one before it.
Result<Alert> read_alert(const PostedAlert& posted, MatchersSyntax syntax, const SharedText& url) {
    Alert alert;
    if (auto checked = check_pairs(posted.labels, "label", "label set", syntax); !checked) {
        return tl::unexpected(std::move(checked).error());
    }
    if (auto checked = check_pairs(posted.annotations, "annotation", "annotations", syntax); !checked) {
        return tl::unexpected(std::move(checked).error());
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

bool is_link(std::string_view text) {
    return text.empty() || is_request_uri(text);
}

/// Of one that has the form of an alert, and outlives it.
PostedAlert posted_alert(const Json& json) {
    return {label_views(json.at("labels")), label_views(json.at("annotations")), json.at("startsAt").as_string(),
            json.at("endsAt").as_string(), json.at("generatorURL").as_string()};
}

std::optional<ServerResponse> check_alert_form(const Json& alert, std::size_t index) {
    const auto unread = [](const std::string& why) {
        return form_error(400, "parsing alerts body from \"\" failed, because " + why);
    };
    if (!alert.is_object() && !alert.is_null()) {
        return unread(wrong_type_message(alert, "value of type models.PostableAlert"));
    }
    if (const auto wrong = find_wrong_type(alert, kAlertForm)) return unread(*wrong);
    if (const std::string& url = alert.at("generatorURL").as_string(); !is_link(url)) {
        return form_error(601, fmt::format("{}.generatorURL in body must be of type uri: {}", index, go_quote(url)));
    }
    const auto missing = find_missing(alert, kAlertForm);
    if (!missing) return std::nullopt;
    return form_error(602, fmt::format("{}.{} in body is required", index, *missing));
}

/// Each step answers whether all was usual so far.
class UsualBody final : public JsonListener {
public:
    UsualBody(std::string_view body, MatchersSyntax syntax) : syntax_(syntax) {
        texts_.reserve(body.size());
        posted_.alerts.reserve(std::min(body.size() / kAlertBytesExpected, kPostedAlertsMax));
    }

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
        if (!seen_.labels || !take_alert()) return false;
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

    bool take_alert() {
        if (posted_.alerts.size() == kPostedAlertsMax) return ++posted_.excess > 0;
        const bool is_link_of_last = !posted_.alerts.empty() && alert_.generator_url == last_link();
        return (is_link_of_last || is_link(alert_.generator_url)) && posted_.add(alert_, syntax_);
    }
    std::string_view last_link() const { return posted_.alerts.back().generator_url.view(); }

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

bool PostedAlerts::add(const PostedAlert& posted, MatchersSyntax syntax) {
    auto alert = read_alert(posted, syntax, alerts.empty() ? SharedText() : alerts.back().generator_url);
    if (alert) {
        alerts.push_back(*std::move(alert));
    } else {
        refused.push_back(alert.error().message);
    }
    return alert.has_value();
}

PostedAlerts read_alerts(const Json& list, MatchersSyntax syntax) {
    PostedAlerts posted;
    const auto& items = list.items();
    const std::size_t looked_at = std::min(items.size(), kPostedAlertsMax);
    posted.excess = items.size() - looked_at;
    for (std::size_t i = 0; i < looked_at; ++i) {
        const Json item = items[i].is_object() ? with_known_names(items[i], kAlertForm) : items[i];
        auto refusal = check_alert_form(item, i);
        if (!refusal) {
            posted.add(posted_alert(item), syntax);
        } else if (++posted.malformed == 1) {
            posted.first_malformed = std::move(refusal);
        }
    }
    return posted;
}

std::optional<PostedAlerts> read_usual_alerts(std::string_view body, MatchersSyntax syntax) {
    UsualBody usual(body, syntax);
    if (!walk_json(body, usual)) return std::nullopt;
    return std::move(usual).take();
}

}  // namespace tocsin::api
