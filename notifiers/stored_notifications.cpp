#include "notifiers/stored_notifications.h"

#include <algorithm>
#include <charconv>
#include <iterator>

#include <fmt/format.h>

#include "base/json.h"
#include "base/labels.h"
#include "parser/matchers_parser.h"

namespace tocsin {
namespace {

using Pairs = std::vector<std::pair<std::string, std::string>>;

// What the record of an alert has beside labels and annotations, and what JSON adds to these.
constexpr std::size_t kAlertTextExpected = 320;

template <class Container>
Json pairs_json(const Container& pairs) {
    Json json = Json::object();
    for (const auto& [name, value] : pairs) json.add(std::string(name), value);
    return json;
}

void append_labels_json(std::string& out, const LabelSet& labels) {
    out += '{';
    bool first = true;
    for (const Label label : labels) {
        if (!first) out += ',';
        first = false;
        append_json_string(out, label.name, JsonStyle::Plain);
        out += ':';
        append_json_string(out, label.value, JsonStyle::Plain);
    }
    out += '}';
}

Pairs read_pairs(const Json& json) {
    Pairs pairs;
    for (const auto& [name, value] : json.members()) pairs.emplace_back(name, value.as_string());
    return pairs;
}

LabelSet read_labels(const Json& json) {
    return LabelSet::from(read_pairs(json));
}

Timestamp read_time(const Json& json) {
    return from_unix_ms(json.as_integer());
}

/// JSON's numbers are not exact with 64 bits.
std::string hash_text(std::uint64_t hash) {
    return fmt::format("{:x}", hash);
}

/// 0 when it is none.
std::uint64_t read_hash(const std::string& text) {
    std::uint64_t hash = 0;
    std::from_chars(text.data(), text.data() + text.size(), hash, 16);
    return hash;
}

Json hashes_json(const AlertHashes& hashes) {
    Json json = Json::array();
    for (const std::uint64_t hash : hashes) json.push(hash_text(hash));
    return json;
}

AlertHashes read_hashes(const Json& json) {
    std::vector<std::uint64_t> hashes;
    for (const Json& item : json.items()) hashes.push_back(read_hash(item.as_string()));
    return {hashes.begin(), hashes.end()};
}

Json matcher_json(const Matcher& matcher) {
    Json json = Json::object();
    json.add("name", matcher.name()).add("op", static_cast<int>(matcher.op())).add("value", matcher.value());
    return json;
}

Result<Matcher> read_matcher(const Json& json) {
    const std::int64_t op = json.at("op").as_integer();
    if (op < 0 || op > static_cast<int>(MatchOp::NotRegex)) {
        return fail(Error::Kind::InvalidInput, "stored silence: unknown operator");
    }
    return Matcher::create(json.at("name").as_string(), static_cast<MatchOp>(op), json.at("value").as_string(),
                           Regex::Anchoring::FullNoDot);
}

Error senseless(std::string_view what) {
    return {Error::Kind::InvalidInput, fmt::format("stored {}: expected other members", what)};
}

std::size_t count_of(const Json& json) {
    return static_cast<std::size_t>(std::max<std::int64_t>(json.as_integer(), 0));
}

/// 0 when it is none.
std::uint64_t read_number(std::string_view digits) {
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
    return error == std::errc{} && end == digits.data() + digits.size() ? number : 0;
}

AlertRenewal renewal_of(const StoredAlert& alert) {
    return {alert.number, 0, alert.alert.ends_at, alert.alert.updated_at, alert.alert.ends_by_timeout};
}

bool goes_on_with(const AlertRenewal& run, const StoredAlert& next) {
    return next.number == run.first + run.count && next.alert.ends_at == run.ends_at &&
           next.alert.updated_at == run.updated_at && next.alert.ends_by_timeout == run.ends_by_timeout;
}

void renew_alert(Alert& alert, const AlertRenewal& by) {
    alert.ends_at = by.ends_at;
    alert.updated_at = by.updated_at;
    alert.ends_by_timeout = by.ends_by_timeout;
}

std::string plain(const Json& json) {
    return dump(json, JsonStyle::Plain);
}

}  // namespace

std::string stored_key(const LogKey& key) {
    return fmt::format("{} {} {} {}", key.receiver, key.integration, key.index, key.group_key);
}

std::string stored_key(const GroupState& group) {
    return fmt::format("{} {}", group.route_identity, to_string(group.labels));
}

std::string stored_key(const StoredAlert& alert) {
    return fmt::format("{:012}", alert.number);
}

std::string renewal_key(std::uint64_t number) {
    return fmt::format("{:012}", number);
}

std::string stored_value(const Silence& silence) {
    Json matchers = Json::array();
    for (const Matcher& matcher : silence.matchers) matchers.push(matcher_json(matcher));
    Json json = Json::object();
    json.add("id", silence.id).add("matchers", std::move(matchers));
    json.add("starts_at", to_unix_ms(silence.starts_at)).add("ends_at", to_unix_ms(silence.ends_at));
    json.add("updated_at", to_unix_ms(silence.updated_at));
    json.add("created_by", silence.created_by).add("comment", silence.comment);
    json.add("annotations", pairs_json(silence.annotations));
    return plain(json);
}

Result<Silence> read_stored_silence(const StateRecord& record) {
    TOCSIN_TRY(const Json json, parse_json(record.value));
    Silence silence;
    silence.id = json.at("id").as_string();
    for (const Json& item : json.at("matchers").items()) {
        TOCSIN_TRY(Matcher matcher, read_matcher(item));
        silence.matchers.push_back(std::move(matcher));
    }
    if (silence.id.empty() || silence.matchers.empty()) return tl::unexpected(senseless("silence"));
    silence.starts_at = read_time(json.at("starts_at"));
    silence.ends_at = read_time(json.at("ends_at"));
    silence.updated_at = read_time(json.at("updated_at"));
    silence.created_by = json.at("created_by").as_string();
    silence.comment = json.at("comment").as_string();
    silence.annotations = read_pairs(json.at("annotations"));
    return silence;
}

std::string stored_value(const LogKey& key, const LogEntry& entry) {
    Json json = Json::object();
    json.add("group", key.group_key).add("receiver", key.receiver).add("integration", key.integration);
    json.add("index", static_cast<std::uint64_t>(key.index));
    json.add("sent_at", to_unix_ms(entry.sent_at)).add("expires_at", to_unix_ms(entry.expires_at));
    json.add("firing", hashes_json(entry.firing)).add("resolved", hashes_json(entry.resolved));
    json.add("unheard", hashes_json(entry.unheard)).add("muted", hashes_json(entry.muted));
    json.add("notes", pairs_json(entry.notes));
    return plain(json);
}

Result<std::pair<LogKey, LogEntry>> read_stored_entry(const StateRecord& record) {
    TOCSIN_TRY(const Json json, parse_json(record.value));
    LogKey key;
    key.group_key = json.at("group").as_string();
    key.receiver = json.at("receiver").as_string();
    key.integration = json.at("integration").as_string();
    key.index = static_cast<std::size_t>(json.at("index").as_integer());
    if (key.group_key.empty() || key.integration.empty()) return tl::unexpected(senseless("log entry"));
    LogEntry entry;
    entry.sent_at = read_time(json.at("sent_at"));
    entry.expires_at = read_time(json.at("expires_at"));
    entry.firing = read_hashes(json.at("firing"));
    entry.resolved = read_hashes(json.at("resolved"));
    entry.unheard = read_hashes(json.at("unheard"));
    entry.muted = read_hashes(json.at("muted"));
    for (auto& [name, value] : read_pairs(json.at("notes"))) entry.notes.emplace(name, value);
    return std::pair(std::move(key), std::move(entry));
}

// Of all records the most and the most often written ones: without a tree of values in between.
std::string stored_value(const Alert& alert, std::uint64_t last_renewal) {
    std::string out;
    out.reserve(kAlertTextExpected + alert.labels.packed_bytes() + alert.annotations.packed_bytes());
    out += "{\"labels\":";
    append_labels_json(out, alert.labels);
    out += ",\"annotations\":";
    append_labels_json(out, alert.annotations);
    fmt::format_to(std::back_inserter(out),
                   R"(,"starts_at":{},"ends_at":{},"updated_at":{},"renewal":{},"generator_url":)",
                   to_unix_ms(alert.starts_at), to_unix_ms(alert.ends_at), to_unix_ms(alert.updated_at), last_renewal);
    append_json_string(out, alert.generator_url.view(), JsonStyle::Plain);
    out += alert.ends_by_timeout ? ",\"by_timeout\":true}" : ",\"by_timeout\":false}";
    return out;
}

Result<ReceivedAlert> read_received_alert(const StateRecord& record) {
    TOCSIN_TRY(const Json json, parse_json(record.value));
    ReceivedAlert received;
    Alert& alert = received.alert;
    alert.labels = read_labels(json.at("labels"));
    received.number = read_number(record.key);
    if (alert.labels.empty() || received.number == 0) return tl::unexpected(senseless("alert"));
    received.last_renewal = count_of(json.at("renewal"));
    alert.annotations = read_labels(json.at("annotations"));
    alert.starts_at = read_time(json.at("starts_at"));
    alert.ends_at = read_time(json.at("ends_at"));
    alert.updated_at = read_time(json.at("updated_at"));
    alert.generator_url = SharedText::of(json.at("generator_url").as_string());
    alert.ends_by_timeout = json.at("by_timeout").as_bool();
    return received;
}

std::string stored_value(const std::vector<AlertPtr>& renewed) {
    std::vector<AlertRenewal> runs;
    for (const AlertPtr& alert : renewed) {
        if (runs.empty() || !goes_on_with(runs.back(), *alert)) runs.push_back(renewal_of(*alert));
        ++runs.back().count;
    }
    std::string out = "[";
    for (const AlertRenewal& run : runs) {
        if (out.size() > 1) out += ',';
        fmt::format_to(std::back_inserter(out), "[{},{},{},{},{}]", run.first, run.count, to_unix_ms(run.ends_at),
                       to_unix_ms(run.updated_at), run.ends_by_timeout);
    }
    return out + "]";
}

Result<AlertRenewals> read_renewals(const StateRecord& record) {
    TOCSIN_TRY(const Json json, parse_json(record.value));
    AlertRenewals renewals{read_number(record.key), {}};
    for (const Json& run : json.items()) {
        renewals.runs.push_back({count_of(run.at(0)), count_of(run.at(1)), read_time(run.at(2)), read_time(run.at(3)),
                                 run.at(4).as_bool()});
    }
    if (renewals.number == 0 || renewals.runs.empty()) return tl::unexpected(senseless("renewal of alerts"));
    return renewals;
}

std::vector<Alert> renew(std::vector<ReceivedAlert> alerts, const std::vector<AlertRenewals>& renewals) {
    const auto by_number = [](const ReceivedAlert& a, const ReceivedAlert& b) { return a.number < b.number; };
    std::sort(alerts.begin(), alerts.end(), by_number);
    for (const AlertRenewals& record : renewals) {
        for (const AlertRenewal& run : record.runs) {
            auto at = std::lower_bound(alerts.begin(), alerts.end(), run.first,
                                       [](const auto& alert, std::uint64_t number) { return alert.number < number; });
            for (; at != alerts.end() && at->number - run.first < run.count; ++at) {
                if (at->last_renewal < record.number) renew_alert(at->alert, run);
            }
        }
    }
    std::vector<Alert> renewed;
    renewed.reserve(alerts.size());
    for (ReceivedAlert& alert : alerts) renewed.push_back(std::move(alert.alert));
    return renewed;
}

std::string stored_value(const GroupState& group) {
    Json json = Json::object();
    json.add("route", group.route_identity).add("labels", pairs_json(group.labels)).add("key", group.key);
    json.add("next_flush", to_unix_ms(group.next_flush));
    return plain(json);
}

Result<GroupState> read_stored_group(const StateRecord& record) {
    TOCSIN_TRY(const Json json, parse_json(record.value));
    GroupState group;
    group.route_identity = json.at("route").as_string();
    group.labels = read_labels(json.at("labels"));
    group.key = json.at("key").as_string();
    group.next_flush = read_time(json.at("next_flush"));
    if (group.key.empty()) return tl::unexpected(senseless("group"));
    return group;
}

std::string stored_value(const ToldMessage& message) {
    Json alerts = Json::array();
    for (const auto& about : message.alerts) {
        alerts.push(Json::Object{{"labels", pairs_json(about.labels)}, {"firing", about.firing}});
    }
    Json json = Json::object();
    json.add("first_attempt", to_unix_ms(message.first_attempt)).add("last_attempt", to_unix_ms(message.last_attempt));
    json.add("attempts", static_cast<std::uint64_t>(message.attempts)).add("result", to_string(message.result));
    json.add("error", message.error).add("receiver", message.receiver).add("integration", message.integration);
    json.add("index", static_cast<std::uint64_t>(message.index)).add("group_key", message.group_key);
    json.add("group_labels", pairs_json(message.group_labels));
    json.add("status", message.status).add("reason", message.reason);
    json.add("firing", static_cast<std::uint64_t>(message.firing));
    json.add("resolved", static_cast<std::uint64_t>(message.resolved)).add("alerts", std::move(alerts));
    return plain(json);
}

Result<ToldMessage> read_told_message(const StateRecord& record) {
    TOCSIN_TRY(const Json json, parse_json(record.value));
    ToldMessage message;
    message.first_attempt = read_time(json.at("first_attempt"));
    message.last_attempt = read_time(json.at("last_attempt"));
    message.attempts = count_of(json.at("attempts"));
    for (const auto result :
         {ToldMessage::Result::Delivered, ToldMessage::Result::Waiting, ToldMessage::Result::Failed}) {
        if (to_string(result) == json.at("result").as_string()) message.result = result;
    }
    message.error = json.at("error").as_string();
    message.receiver = json.at("receiver").as_string();
    message.integration = json.at("integration").as_string();
    message.index = count_of(json.at("index"));
    message.group_key = json.at("group_key").as_string();
    message.group_labels = read_labels(json.at("group_labels"));
    message.status = json.at("status").as_string();
    message.reason = json.at("reason").as_string();
    message.firing = count_of(json.at("firing"));
    message.resolved = count_of(json.at("resolved"));
    for (const Json& about : json.at("alerts").items()) {
        message.alerts.push_back({read_labels(about.at("labels")), about.at("firing").as_bool()});
    }
    if (message.integration.empty()) return tl::unexpected(senseless("message"));
    return message;
}

std::string stored_value(const UntoldAlert& alert) {
    Json by = Json::array();
    for (const std::string& one : alert.by) by.push(one);
    Json json = Json::object();
    json.add("labels", pairs_json(alert.labels));
    json.add("starts_at", to_unix_ms(alert.starts_at)).add("ends_at", to_unix_ms(alert.ends_at));
    json.add("noted_at", to_unix_ms(alert.noted_at)).add("receiver", alert.receiver);
    json.add("group_key", alert.group_key).add("why", alert.why).add("by", std::move(by));
    json.add("error", alert.error).add("told_others", alert.told_others);
    return plain(json);
}

Result<UntoldAlert> read_untold_alert(const StateRecord& record) {
    TOCSIN_TRY(const Json json, parse_json(record.value));
    UntoldAlert alert;
    alert.labels = read_labels(json.at("labels"));
    alert.starts_at = read_time(json.at("starts_at"));
    alert.ends_at = read_time(json.at("ends_at"));
    alert.noted_at = read_time(json.at("noted_at"));
    alert.receiver = json.at("receiver").as_string();
    alert.group_key = json.at("group_key").as_string();
    alert.why = json.at("why").as_string();
    for (const Json& one : json.at("by").items()) alert.by.push_back(one.as_string());
    alert.error = json.at("error").as_string();
    alert.told_others = json.at("told_others").as_bool();
    if (alert.labels.empty() || alert.why.empty()) return tl::unexpected(senseless("untold alert"));
    return alert;
}

std::string stored_value(const ToldIncident& incident) {
    Json json = Json::object();
    json.add("alert", hash_text(incident.alert)).add("starts_at", to_unix_ms(incident.starts_at));
    return plain(json.add("receiver", incident.receiver));
}

Result<ToldIncident> read_told_incident(const StateRecord& record) {
    TOCSIN_TRY(const Json json, parse_json(record.value));
    ToldIncident incident;
    incident.alert = read_hash(json.at("alert").as_string());
    incident.starts_at = read_time(json.at("starts_at"));
    incident.receiver = json.at("receiver").as_string();
    if (incident.alert == 0) return tl::unexpected(senseless("told incident"));
    return incident;
}

}  // namespace tocsin
