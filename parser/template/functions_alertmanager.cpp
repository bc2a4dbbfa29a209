#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "base/digest.h"
#include "base/time_zone.h"
#include "base/url.h"
#include "parser/template/functions.h"
#include "parser/template/notification_template.h"
#include "parser/template/notification_types.h"
#include "parser/template/text_functions.h"
#include "parser/template/to_json.h"
#include "parser/template/types.h"
#include "parser/template/unicode.h"

namespace tocsin::templates {
namespace {

tl::unexpected<Error> too_large() {
    return fail(Error::Kind::LimitExceeded, "text is larger than the limit");
}

Result<Value> call_trim_space(Call& call) {
    return Value::text(trim_space(call.text(0)));
}

Result<Value> call_join(Call& call) {
    const std::string_view separator = call.text(0);
    std::string out;
    bool first = true;
    for (const Value& item : call.arguments[1].as_list()) {
        if (!first) out += separator;
        first = false;
        out += item.as_text();
        if (out.size() > call.environment.limits.value_bytes) return too_large();
    }
    return call.keep_text(out);
}

bool is_hex_digit(char c) {
    return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f');
}

Result<Value> call_url_unescape(Call& call) {
    const std::string_view text = call.text(0);
    for (std::size_t at = text.find('%'); at != std::string_view::npos; at = text.find('%', at + 1)) {
        const std::string_view escape = text.substr(at, 3);
        if (escape.size() == 3 && is_hex_digit(escape[1]) && is_hex_digit(escape[2])) continue;
        return fail_call(fmt::format("invalid URL escape \"{}\"", escape));
    }
    return call.keep_text(percent_decode(text, true));
}

std::span<const Value> keep_list(Call& call, std::span<const Value> items) {
    const auto kept = call.arena.make_list(items.size());
    std::ranges::copy(items, kept.begin());
    return kept;
}

Result<Value> call_string_slice(Call& call) {
    return Value::list(keep_list(call, call.arguments), types::string_list);
}

Result<Value> call_list(Call& call) {
    return Value::list(keep_list(call, call.arguments), types::any_list);
}

Result<Value> call_append(Call& call) {
    const auto before = call.arguments[0].as_list();
    const auto added = call.arguments.subspan(1);
    const auto items = call.arena.make_list(before.size() + added.size());
    std::ranges::copy(added, std::ranges::copy(before, items.begin()).out);
    return Value::list(items, types::any_list);
}

Result<Value> call_dict(Call& call) {
    if (call.arguments.size() % 2 != 0) return fail_call("dict requires an even number of arguments");
    std::vector<Map::Entry> entries;
    for (std::size_t i = 0; i < call.arguments.size(); i += 2) {
        if (call.arguments[i].kind() != Kind::String) return fail_call("dict keys must be strings");
        entries.push_back({call.text(i), call.arguments[i + 1]});
    }
    return Value::map(call.arena.make_map(std::move(entries)), types::any_map);
}

Result<Value> call_date(Call& call) {
    return call.keep_text(call.arguments[1].as_time().format(call.text(0)));
}

// The database is looked into by name, so a name must not lead out of it.
bool is_safe_zone_name(std::string_view name) {
    return !name.empty() && name[0] != '/' && name[0] != '\\' && name.find("..") == std::string_view::npos &&
           name.size() <= 64;
}

Result<Value> call_tz(Call& call) {
    const std::string name(call.text(0));
    GoTime time = call.arguments[1].as_time();
    time.zone = {};
    // The machine's own zone is not for templates to know.
    if (name != "UTC" && name != "Local" && !name.empty()) {
        if (!is_safe_zone_name(name)) return fail_call("unknown time zone " + name);
        TOCSIN_TRY(time.zone.place, TimeZone::find(name));
    }
    return Value::time(call.arena.keep(std::move(time)));
}

Result<Value> call_alertmanager_now(Call& call) {
    return Value::time(call.arena.keep(GoTime::from_timestamp(call.environment.now)));
}

Result<Value> call_since(Call& call) {
    const GoTime now = GoTime::from_timestamp(call.environment.now);
    return Value::integer(now.minus(call.arguments[0].as_time()), types::duration);
}

Result<Value> call_must_to_date(Call& call) {
    TOCSIN_TRY(GoTime time, parse_go_time(call.text(0), call.text(1)));
    return Value::time(call.arena.keep(std::move(time)));
}

Result<Value> call_to_date(Call& call) {
    auto time = parse_go_time(call.text(0), call.text(1));
    return Value::time(call.arena.keep(time ? *std::move(time) : GoTime()));
}

Result<Value> call_to_json(Call& call) {
    TOCSIN_TRY(const std::string json, to_json(call.arguments[0], call.environment.limits.value_bytes));
    return call.keep_text(json);
}

// Of a label that the route does not have, nothing.
Result<Value> call_route_labels(Call& call) {
    const NotificationData* data = call.environment.notification;
    return Value::text(data == nullptr ? std::string_view() : data->route_labels.get(call.text(0)));
}

Result<Value> call_base64_encode(Call& call) {
    std::string encoded = base64_encode(call.text(0));
    std::ranges::replace(encoded, '+', '-');
    std::ranges::replace(encoded, '/', '_');
    return call.keep_text(encoded);
}

int base64_value(char c) {
    if (c >= 'A' && c <= 'Z') return c - 'A';
    if (c >= 'a' && c <= 'z') return c - 'a' + 26;
    if (c >= '0' && c <= '9') return c - '0' + 52;
    return c == '-' ? 62 : c == '_' ? 63 : -1;
}

// The alphabet for URLs, padded with `=`; line feeds are passed over, as in Go.
Result<Value> call_base64_decode(Call& call) {
    std::string out;
    std::uint32_t bits = 0;
    std::size_t digits = 0, padding = 0;
    for (std::size_t i = 0; i < call.text(0).size(); ++i) {
        const char c = call.text(0)[i];
        if (c == '\n' || c == '\r') continue;
        const int value = base64_value(c);
        const bool pads = c == '=' && digits % 4 >= 2;
        if ((value < 0 && !pads) || (padding > 0 && !pads)) {
            return fail_call(fmt::format("illegal base64 data at input byte {}", i));
        }
        if (pads) ++padding;
        bits = bits << 6 | static_cast<std::uint32_t>(pads ? 0 : value);
        if (++digits % 4 != 0) continue;
        for (std::size_t byte = 0; byte < 3 - padding; ++byte)
            out += static_cast<char>((bits >> (16 - 8 * byte)) & 0xFF);
    }
    if (digits % 4 != 0) return fail_call(fmt::format("illegal base64 data at input byte {}", call.text(0).size()));
    return call.keep_text(out);
}

const std::array<Function, 25> kAlertmanagerFunctions = {{
    {"append", {&types::any_list, &types::any}, true, &types::any_list, call_append},
    {"base64decode", {&types::string}, false, &types::string, call_base64_decode},
    {"base64encode", {&types::string}, false, &types::string, call_base64_encode},
    {"date", {&types::string, &types::time}, false, &types::string, call_date},
    {"dict", {&types::any}, true, &types::any_map, call_dict},
    {"humanizeDuration", {&types::any}, false, &types::string, call_humanize_duration},
    {"join", {&types::string, &types::string_list}, false, &types::string, call_join},
    {"list", {&types::any}, true, &types::any_list, call_list},
    {"match", {&types::string, &types::string}, false, &types::boolean, call_match},
    {"mustToDate", {&types::string, &types::string}, false, &types::time, call_must_to_date},
    {"now", {}, false, &types::time, call_alertmanager_now},
    {"reReplaceAll", {&types::string, &types::string, &types::string}, false, &types::string, call_re_replace_all},
    {"routeLabels", {&types::string}, false, &types::string, call_route_labels},
    {"safeHtml", {&types::string}, false, &types::html, call_safe_html},
    {"safeUrl", {&types::string}, false, &types::url, call_safe_url},
    {"since", {&types::time}, false, &types::duration, call_since},
    {"stringSlice", {&types::string}, true, &types::string_list, call_string_slice},
    {"title", {&types::string}, false, &types::string, call_title_lower},
    {"toDate", {&types::string, &types::string}, false, &types::time, call_to_date},
    {"toJson", {&types::any}, false, &types::string, call_to_json},
    {"toLower", {&types::string}, false, &types::string, call_to_lower},
    {"toUpper", {&types::string}, false, &types::string, call_to_upper},
    {"trimSpace", {&types::string}, false, &types::string, call_trim_space},
    {"tz", {&types::string, &types::time}, false, &types::time, call_tz},
    {"urlUnescape", {&types::string}, false, &types::string, call_url_unescape},
}};

}  // namespace

const FunctionTable& notification_functions() {
    static const FunctionTable table = [] {
        FunctionTable made = builtin_functions();
        for (const Function& function : kAlertmanagerFunctions) made.emplace(function.name, &function);
        return made;
    }();
    return table;
}

}  // namespace tocsin::templates
