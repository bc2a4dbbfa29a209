#include "notifiers/alert_news.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include <boost/unordered/unordered_flat_map.hpp>
#include <fmt/format.h>

#include "base/hash.h"
#include "base/json.h"
#include "base/labels.h"

namespace tocsin {
namespace {

using Renewal = AlertNews::Renewal;

// More are another record: readers of JSON have limits.
constexpr std::size_t kEntriesMax = 1'000;
// What an alert adds to a record when it has few texts of its own.
constexpr std::size_t kAlertBytesExpected = 256;

// ---- writing

/// Texts in the order in which they first came. Views must outlive it.
class TextTable {
public:
    std::int64_t place_of(std::string_view text) {
        const auto [known, is_new] = places_.try_emplace(text, static_cast<std::int64_t>(texts_.size()));
        if (is_new) texts_.push_back(text);
        return known->second;
    }
    const std::vector<std::string_view>& texts() const { return texts_; }

private:
    struct Hash {
        using is_avalanching = void;
        std::size_t operator()(std::string_view text) const { return hash_bytes(text, 0); }
    };
    boost::unordered_flat_map<std::string_view, std::int64_t, Hash> places_;
    std::vector<std::string_view> texts_;
};

void write_places(JsonWriter& json, const LabelSet& labels, TextTable& texts) {
    json.open_array();
    for (const Label label : labels) json.number(texts.place_of(label.name)).number(texts.place_of(label.value));
    json.close_array();
}

void write_news(JsonWriter& json, const StoredAlert& stored, TextTable& texts) {
    const Alert& alert = stored.alert;
    json.open_array().number(static_cast<std::int64_t>(stored.number)).number(to_unix_ms(alert.starts_at));
    json.number(to_unix_ms(alert.ends_at)).number(to_unix_ms(alert.updated_at)).boolean(alert.ends_by_timeout);
    json.number(texts.place_of(alert.generator_url.view()));
    write_places(json, alert.labels, texts);
    write_places(json, alert.annotations, texts);
    json.close_array();
}

std::string whole_text(const std::vector<AlertPtr>& alerts) {
    std::string text;
    text.reserve(alerts.size() * kAlertBytesExpected);
    JsonWriter json(text, JsonStyle::Plain);
    TextTable texts;
    json.open_object().name("alerts").open_array();
    for (const AlertPtr& alert : alerts) write_news(json, *alert, texts);
    json.close_array().name("texts").open_array();
    for (const std::string_view its_text : texts.texts()) json.text(its_text);
    json.close_array().close_object();
    return text;
}

std::string renewed_text(const std::vector<Renewal>& renewed) {
    std::string text;
    JsonWriter json(text, JsonStyle::Plain);
    json.open_object().name("renewed").open_array();
    for (const Renewal& run : renewed) {
        json.open_array().number(static_cast<std::int64_t>(run.first)).number(static_cast<std::int64_t>(run.count));
        json.number(to_unix_ms(run.ends_at)).number(to_unix_ms(run.updated_at)).boolean(run.ends_by_timeout);
        json.close_array();
    }
    json.close_array().close_object();
    return text;
}

bool goes_on(const Renewal& run, const StoredAlert& next) {
    return next.number == run.first + run.count && next.alert.ends_at == run.ends_at &&
           next.alert.updated_at == run.updated_at && next.alert.ends_by_timeout == run.ends_by_timeout;
}

// ---- reading

Error foreign_record() {
    return {Error::Kind::InvalidInput, "stored alerts: expected other members"};
}

/// 0 when it is none.
std::uint64_t read_count(const Json& json) {
    return static_cast<std::uint64_t>(std::max<std::int64_t>(json.as_integer(), 0));
}

Timestamp read_moment(const Json& json) {
    return from_unix_ms(json.as_integer());
}

Result<std::string_view> text_at(const Json& texts, const Json& place) {
    const Json& text = texts.at(static_cast<std::size_t>(read_count(place)));
    if (!place.is_integer() || !text.is_string()) return tl::unexpected(foreign_record());
    return std::string_view(text.as_string());
}

Result<LabelSet> read_places(const Json& places, const Json& texts) {
    std::vector<Label> labels;
    for (std::size_t i = 0; i < places.items().size(); i += 2) {
        TOCSIN_TRY(const std::string_view name, text_at(texts, places.at(i)));
        TOCSIN_TRY(const std::string_view value, text_at(texts, places.at(i + 1)));
        labels.push_back({name, value});
    }
    return LabelSet::from(std::move(labels));
}

Result<std::pair<std::uint64_t, Alert>> read_whole(const Json& entry, const Json& texts) {
    Alert alert;
    alert.starts_at = read_moment(entry.at(1));
    alert.ends_at = read_moment(entry.at(2));
    alert.updated_at = read_moment(entry.at(3));
    alert.ends_by_timeout = entry.at(4).as_bool();
    TOCSIN_TRY(const std::string_view url, text_at(texts, entry.at(5)));
    alert.generator_url = SharedText::of(url);
    TOCSIN_TRY(alert.labels, read_places(entry.at(6), texts));
    TOCSIN_TRY(alert.annotations, read_places(entry.at(7), texts));
    const std::uint64_t number = read_count(entry.at(0));
    if (number == 0 || alert.labels.empty()) return tl::unexpected(foreign_record());
    return std::pair(number, std::move(alert));
}

Renewal read_renewal(const Json& entry) {
    return {read_count(entry.at(0)), read_count(entry.at(1)), read_moment(entry.at(2)), read_moment(entry.at(3)),
            entry.at(4).as_bool()};
}

}  // namespace

void AlertNews::add(const AlertPtr& alert) {
    if (!alert->only_renews) return add_whole(alert);
    if (parts_.empty() || !parts_.back().whole.empty() || parts_.back().renewed.size() == kEntriesMax) {
        parts_.emplace_back();
    }
    auto& runs = parts_.back().renewed;
    if (runs.empty() || !goes_on(runs.back(), *alert)) {
        const Alert& news = alert->alert;
        runs.push_back({alert->number, 0, news.ends_at, news.updated_at, news.ends_by_timeout});
    }
    ++runs.back().count;
}

void AlertNews::add_whole(const AlertPtr& alert) {
    if (parts_.empty() || !parts_.back().renewed.empty() || parts_.back().whole.size() == kEntriesMax) {
        parts_.emplace_back();
    }
    parts_.back().whole.push_back(alert);
}

std::size_t AlertNews::weight() const {
    std::size_t weight = 0;
    for (const Part& part : parts_) weight += part.whole.size() + part.renewed.size();
    return weight;
}

void AlertNews::put_into(StateWriter& writer, std::uint64_t number) const {
    for (const Part& part : parts_) {
        const std::string value = part.whole.empty() ? renewed_text(part.renewed) : whole_text(part.whole);
        writer.put(kAlertNewsTable, fmt::format("{:016}", number++), value);
    }
}

Status KeptAlerts::take(const StateRecord& record) {
    TOCSIN_TRY(const Json json, parse_json(record.value));
    std::vector<std::pair<std::uint64_t, Alert>> whole;
    for (const Json& entry : json.at("alerts").items()) {
        TOCSIN_TRY(auto read, read_whole(entry, json.at("texts")));
        whole.push_back(std::move(read));
    }
    const auto& renewed = json.at("renewed").items();
    if (whole.empty() == renewed.empty()) return tl::unexpected(foreign_record());
    for (auto& [number, alert] : whole) alerts_.insert_or_assign(number, std::move(alert));
    for (const Json& entry : renewed) renew(read_renewal(entry));
    return {};
}

void KeptAlerts::renew(const Renewal& by) {
    for (auto at = alerts_.lower_bound(by.first); at != alerts_.end() && at->first - by.first < by.count; ++at) {
        at->second.ends_at = by.ends_at;
        at->second.updated_at = by.updated_at;
        at->second.ends_by_timeout = by.ends_by_timeout;
    }
}

std::vector<Alert> KeptAlerts::alerts() && {
    std::vector<Alert> alerts;
    alerts.reserve(alerts_.size());
    for (auto& [number, alert] : alerts_) alerts.push_back(std::move(alert));
    return alerts;
}

}  // namespace tocsin
