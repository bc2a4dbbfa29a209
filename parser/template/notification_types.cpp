#include "parser/template/notification_types.h"

#include <algorithm>
#include <array>
#include <vector>

#include "parser/template/notification_template.h"
#include "parser/template/types.h"

namespace tocsin::templates::types {
namespace {

/// What the elements of Pairs point to.
struct Pair {
    std::string_view name;
    std::string_view value;
};

const NotificationData& data_of(const void* object) {
    return *static_cast<const NotificationData*>(object);
}
const NotificationAlert& alert_of(const void* object) {
    return *static_cast<const NotificationAlert*>(object);
}
const Pair& pair_of(const Value& value) {
    return *static_cast<const Pair*>(value.as_object());
}

Value labels_of(const LabelSet& labels, Arena& arena) {
    return Value::map(arena.make_map(labels), key_values);
}

Value all_alerts(const void* object, Arena& arena) {
    const auto& from = data_of(object).alerts;
    const auto items = arena.list_of(object, from.size(), "all", [&] {
        const auto made = arena.make_list(from.size());
        std::ranges::transform(from, made.begin(), [](const NotificationAlert& a) { return Value::object(&a, alert); });
        return made;
    });
    return Value::list(items, alerts);
}

Result<Value> alerts_of_status(Call& call, std::string_view status) {
    const auto all = call.self.as_list();
    const auto items = call.arena.list_of(all.data(), all.size(), status, [&] {
        std::vector<Value> chosen;
        std::ranges::copy_if(all, std::back_inserter(chosen),
                             [&](const Value& a) { return alert_of(a.as_object()).status == status; });
        const auto made = call.arena.make_list(chosen.size());
        std::ranges::copy(chosen, made.begin());
        return made;
    });
    return Value::list(items, alert_list);
}

// Sorted by name, but alertname comes first.
std::vector<Pair> sorted_pairs(const Value& map) {
    std::vector<Pair> made;
    map.as_map().for_each([&](std::string_view name, const Value& value) { made.push_back({name, value.as_text()}); });
    std::stable_partition(made.begin(), made.end(), [](const Pair& p) { return p.name == kAlertNameLabel; });
    return made;
}

Value make_pairs(Arena& arena, const std::vector<Pair>& from) {
    const auto items = arena.make_list(from.size());
    std::ranges::transform(from, items.begin(),
                           [&](const Pair& p) { return Value::object(&arena.keep_plain(p), pair); });
    return Value::list(items, pairs);
}

Value make_strings(Arena& arena, const std::vector<Pair>& from, std::string_view Pair::*member) {
    const auto items = arena.make_list(from.size());
    std::ranges::transform(from, items.begin(), [&](const Pair& p) { return Value::text(p.*member); });
    return Value::list(items, strings);
}

std::vector<Pair> pairs_of(const Value& list) {
    std::vector<Pair> made;
    for (const Value& item : list.as_list()) made.push_back(pair_of(item));
    return made;
}

Result<Value> call_remove(Call& call) {
    const auto removed = call.arguments[0].as_list();
    std::vector<Map::Entry> kept;
    call.self.as_map().for_each([&](std::string_view name, const Value& value) {
        const bool is_removed = std::ranges::any_of(removed, [&](const Value& r) { return r.as_text() == name; });
        if (!is_removed) kept.push_back({name, value});
    });
    return Value::map(call.arena.make_map(std::move(kept)), key_values);
}

Result<Value> call_join_self(Call& call) {
    std::string out;
    bool first = true;
    for (const Value& item : call.self.as_list()) {
        if (!first) out += call.text(0);
        first = false;
        out += item.as_text();
        if (out.size() > call.environment.limits.value_bytes) {
            return fail(Error::Kind::LimitExceeded, "text is larger than the limit");
        }
    }
    return call.keep_text(out);
}

void append_pairs(const std::vector<Pair>& from, std::string& out) {
    for (std::size_t i = 0; i < from.size(); ++i) {
        if (i > 0) out += ", ";
        out += from[i].name;
        out += '=';
        out += from[i].value;
    }
}

void append_key_values(const Value& value, std::string& out) {
    append_pairs(sorted_pairs(value), out);
}
void append_pair_list(const Value& value, std::string& out) {
    append_pairs(pairs_of(value), out);
}

Result<Value> text_of_self(Call& call) {
    std::string out;
    call.self.type()->append_text(call.self, out);
    return call.keep_text(out);
}

const std::array<Field, 9> kDataFields = {{
    {"Receiver", "receiver", &string, [](const void* d, Arena&) { return Value::text(data_of(d).receiver); }},
    {"Status", "status", &string, [](const void* d, Arena&) { return Value::text(data_of(d).status); }},
    {"Alerts", "alerts", &alerts, all_alerts},
    {"NotificationReason", "notification_reason", &string,
     [](const void* d, Arena&) { return Value::text(data_of(d).notification_reason); }},
    {"GroupLabels", "groupLabels", &key_values,
     [](const void* d, Arena& arena) { return labels_of(data_of(d).group_labels, arena); }},
    {"CommonLabels", "commonLabels", &key_values,
     [](const void* d, Arena& arena) { return labels_of(data_of(d).common_labels, arena); }},
    {"CommonAnnotations", "commonAnnotations", &key_values,
     [](const void* d, Arena& arena) { return labels_of(data_of(d).common_annotations, arena); }},
    {"RouteLabels", "routeLabels", &key_values,
     [](const void* d, Arena& arena) { return labels_of(data_of(d).route_labels, arena); }, true},
    {"ExternalURL", "externalURL", &string, [](const void* d, Arena&) { return Value::text(data_of(d).external_url); }},
}};

const std::array<Field, 7> kAlertFields = {{
    {"Status", "status", &string, [](const void* a, Arena&) { return Value::text(alert_of(a).status); }},
    {"Labels", "labels", &key_values, [](const void* a, Arena& arena) { return labels_of(alert_of(a).labels, arena); }},
    {"Annotations", "annotations", &key_values,
     [](const void* a, Arena& arena) { return labels_of(alert_of(a).annotations, arena); }},
    {"StartsAt", "startsAt", &time, [](const void* a, Arena&) { return Value::time(alert_of(a).starts_at); }},
    {"EndsAt", "endsAt", &time, [](const void* a, Arena&) { return Value::time(alert_of(a).ends_at); }},
    {"GeneratorURL", "generatorURL", &string,
     [](const void* a, Arena&) { return Value::text(alert_of(a).generator_url); }},
    {"Fingerprint", "fingerprint", &string, [](const void* a, Arena&) { return Value::text(alert_of(a).fingerprint); }},
}};

const std::array<Field, 2> kPairFields = {{
    {"Name", "Name", &string, [](const void* p, Arena&) { return Value::text(static_cast<const Pair*>(p)->name); }},
    {"Value", "Value", &string, [](const void* p, Arena&) { return Value::text(static_cast<const Pair*>(p)->value); }},
}};

const std::array<Function, 2> kAlertsMethods = {{
    {"Firing", {}, false, &alert_list, [](Call& call) { return alerts_of_status(call, "firing"); }},
    {"Resolved", {}, false, &alert_list, [](Call& call) { return alerts_of_status(call, "resolved"); }},
}};

const std::array<Function, 5> kKeyValuesMethods = {{
    {"Names",
     {},
     false,
     &strings,
     [](Call& call) -> Result<Value> { return make_strings(call.arena, sorted_pairs(call.self), &Pair::name); }},
    {"Remove", {&string_list}, false, &key_values, call_remove},
    {"SortedPairs",
     {},
     false,
     &pairs,
     [](Call& call) -> Result<Value> { return make_pairs(call.arena, sorted_pairs(call.self)); }},
    {"String", {}, false, &string, text_of_self},
    {"Values",
     {},
     false,
     &strings,
     [](Call& call) -> Result<Value> { return make_strings(call.arena, sorted_pairs(call.self), &Pair::value); }},
}};

const std::array<Function, 3> kPairsMethods = {{
    {"Names",
     {},
     false,
     &strings,
     [](Call& call) -> Result<Value> { return make_strings(call.arena, pairs_of(call.self), &Pair::name); }},
    {"String", {}, false, &string, text_of_self},
    {"Values",
     {},
     false,
     &strings,
     [](Call& call) -> Result<Value> { return make_strings(call.arena, pairs_of(call.self), &Pair::value); }},
}};

const std::array<Function, 1> kStringsMethods = {{{"Join", {&string}, false, &string, call_join_self}}};

}  // namespace

const Type notification_data{.name = "*template.Data", .kind = Kind::Struct, .is_pointer = true, .fields = kDataFields};
const Type alert{.name = "template.Alert", .kind = Kind::Struct, .fields = kAlertFields};
const Type alert_list{.name = "[]template.Alert", .kind = Kind::List, .element = &alert};
const Type alerts{.name = "template.Alerts",
                  .kind = Kind::List,
                  .element = &alert,
                  .underlying = &alert_list,
                  .methods = kAlertsMethods};
const Type key_values{.name = "template.KV",
                      .kind = Kind::Map,
                      .element = &string,
                      .underlying = &string_map,
                      .methods = kKeyValuesMethods,
                      .append_text = append_key_values};
const Type pair{.name = "template.Pair", .kind = Kind::Struct, .fields = kPairFields};
const Type pairs{.name = "template.Pairs",
                 .kind = Kind::List,
                 .element = &pair,
                 .methods = kPairsMethods,
                 .append_text = append_pair_list};
const Type strings{.name = "template.Strings",
                   .kind = Kind::List,
                   .element = &string,
                   .underlying = &string_list,
                   .methods = kStringsMethods};

}  // namespace tocsin::templates::types
