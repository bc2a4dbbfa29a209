#include "notifiers/stored_notifications.h"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "base/json.h"
#include "base/labels.h"
#include "parser/matchers_parser.h"

namespace tocsin {
namespace {

using Pairs = std::vector<std::pair<std::string, std::string>>;

template <class Container>
Json pairs_json(const Container& pairs) {
    Json json = Json::object();
    for (const auto& [name, value] : pairs) json.add(std::string(name), value);
    return json;
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

// With its quotes and a comma.
constexpr std::size_t kHashBytes = 19;
// Of a log entry, beside its hashes.
constexpr std::size_t kEntryBytesExpected = 512;

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

void write_hashes(JsonWriter& json, std::string_view name, const AlertHashes& hashes) {
    json.name(name).open_array();
    for (const std::uint64_t hash : hashes) json.text(hash_text(hash));
    json.close_array();
}

void write_time(JsonWriter& json, std::string_view name, Timestamp time) {
    json.name(name).number(to_unix_ms(time));
}

void write_count(JsonWriter& json, std::string_view name, std::size_t count) {
    json.name(name).number(static_cast<std::int64_t>(count));
}

template <class Container>
void write_pairs(JsonWriter& json, std::string_view name, const Container& pairs) {
    json.name(name).open_object();
    for (const auto& [first, second] : pairs) json.name(first).text(second);
    json.close_object();
}

/// Nothing where there are none.
void write_names(JsonWriter& json, std::string_view name, const std::vector<std::string>& names) {
    if (names.empty()) return;
    json.name(name).open_array();
    for (const std::string& one : names) json.text(one);
    json.close_array();
}

std::vector<std::string> read_names(const Json& json) {
    std::vector<std::string> names;
    for (const Json& item : json.items()) names.push_back(item.as_string());
    return names;
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

std::string plain(const Json& json) {
    return dump(json, JsonStyle::Plain);
}

}  // namespace

std::string stored_key(const LogKey& key) {
    return fmt::format("{} {} {} {}", key.receiver, key.integration, key.index, key.group_key);
}

std::string stored_key(const GroupState& group) {
    std::string key = fmt::format("{} {}", group.route_identity, to_string(group.labels));
    // Another group may have its place now.
    return group.retired ? fmt::format("{} {} {}", key, group.receiver, group.key) : key;
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

// Records of which many or large ones are written, without a tree of values in between.

std::string stored_value(const LogKey& key, const LogEntry& entry) {
    std::string text;
    text.reserve(kEntryBytesExpected + kHashBytes * (entry.firing.size() + entry.resolved.size() +
                                                     entry.unheard.size() + entry.muted.size()));
    JsonWriter json(text, JsonStyle::Plain);
    json.open_object().name("group").text(key.group_key).name("receiver").text(key.receiver);
    json.name("integration").text(key.integration);
    write_count(json, "index", key.index);
    write_time(json, "sent_at", entry.sent_at);
    write_time(json, "expires_at", entry.expires_at);
    if (entry.waiting_since != Timestamp{}) write_time(json, "waiting_since", entry.waiting_since);
    write_hashes(json, "firing", entry.firing);
    write_hashes(json, "resolved", entry.resolved);
    write_hashes(json, "unheard", entry.unheard);
    write_hashes(json, "muted", entry.muted);
    write_pairs(json, "notes", entry.notes);
    write_names(json, "still_to_tell", entry.still_to_tell);
    json.close_object();
    return text;
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
    entry.waiting_since = read_time(json.at("waiting_since"));
    entry.firing = read_hashes(json.at("firing"));
    entry.resolved = read_hashes(json.at("resolved"));
    entry.unheard = read_hashes(json.at("unheard"));
    entry.muted = read_hashes(json.at("muted"));
    for (auto& [name, value] : read_pairs(json.at("notes"))) entry.notes.emplace(name, value);
    entry.still_to_tell = read_names(json.at("still_to_tell"));
    return std::pair(std::move(key), std::move(entry));
}

std::string stored_value(const GroupState& group) {
    std::string text;
    JsonWriter json(text, JsonStyle::Plain);
    json.open_object().name("route").text(group.route_identity);
    write_pairs(json, "labels", group.labels);
    json.name("key").text(group.key);
    write_time(json, "next_flush", group.next_flush);
    if (group.timer_began != Timestamp{}) write_time(json, "timer_began", group.timer_began);
    if (group.has_flushed) json.name("has_flushed").boolean(true);
    json.name("receiver").text(group.receiver);
    json.name("group_interval").number(std::int64_t{group.group_interval.count()});
    json.name("repeat_interval").number(std::int64_t{group.repeat_interval.count()});
    write_names(json, "mute_time_intervals", group.mute_time_intervals);
    write_names(json, "active_time_intervals", group.active_time_intervals);
    if (!group.route_labels.empty()) write_pairs(json, "route_labels", group.route_labels);
    if (group.retired) json.name("retired").boolean(true);
    json.close_object();
    return text;
}

Result<GroupState> read_stored_group(const StateRecord& record) {
    TOCSIN_TRY(const Json json, parse_json(record.value));
    GroupState group;
    group.route_identity = json.at("route").as_string();
    group.labels = read_labels(json.at("labels"));
    group.key = json.at("key").as_string();
    group.next_flush = read_time(json.at("next_flush"));
    group.timer_began = read_time(json.at("timer_began"));
    group.has_flushed = json.at("has_flushed").as_bool();
    group.receiver = json.at("receiver").as_string();
    group.group_interval = Duration(json.at("group_interval").as_integer());
    group.repeat_interval = Duration(json.at("repeat_interval").as_integer());
    group.mute_time_intervals = read_names(json.at("mute_time_intervals"));
    group.active_time_intervals = read_names(json.at("active_time_intervals"));
    group.route_labels = read_pairs(json.at("route_labels"));
    group.retired = json.at("retired").as_bool();
    if (group.key.empty()) return tl::unexpected(senseless("group"));
    return group;
}

std::string stored_value(const ToldMessage& message) {
    std::string text;
    JsonWriter json(text, JsonStyle::Plain);
    json.open_object();
    write_time(json, "first_attempt", message.first_attempt);
    write_time(json, "last_attempt", message.last_attempt);
    write_count(json, "attempts", message.attempts);
    json.name("result").text(to_string(message.result)).name("error").text(message.error);
    json.name("receiver").text(message.receiver).name("integration").text(message.integration);
    write_count(json, "index", message.index);
    json.name("group_key").text(message.group_key);
    write_pairs(json, "group_labels", message.group_labels);
    json.name("status").text(message.status).name("reason").text(message.reason);
    write_count(json, "firing", message.firing);
    write_count(json, "resolved", message.resolved);
    json.name("alerts").open_array();
    for (const auto& about : message.alerts) {
        json.open_object();
        write_pairs(json, "labels", about.labels);
        json.name("firing").boolean(about.firing).close_object();
    }
    json.close_array().close_object();
    return text;
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
