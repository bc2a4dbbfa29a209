#include <algorithm>
#include <array>
#include <cmath>
#include <memory>
#include <optional>

#include <fmt/format.h>

#include "base/duration.h"
#include "base/url.h"
#include "parser/template/functions.h"
#include "parser/template/humanize.h"
#include "parser/template/rule_template.h"
#include "parser/template/rule_types.h"
#include "parser/template/text_functions.h"
#include "parser/template/types.h"

namespace tocsin::templates {
namespace {

// What an answer counts as at least, so that a text asks no more than about a thousand times.
constexpr std::size_t kAnswerBytesMin = 64 * 1024;

const RuleTemplateSample* sample_at(const Call& call, std::size_t i) {
    return static_cast<const RuleTemplateSample*>(call.arguments[i].as_object());
}

tl::unexpected<Error> nil_sample() {
    return fail_call("runtime error: invalid memory address or nil pointer dereference");
}

Result<Value> call_query(Call& call) {
    const RuleTemplateData* rule = call.environment.rule;
    if (rule == nullptr || rule->query == nullptr || !*rule->query) return fail_call("queries cannot be answered here");
    TOCSIN_TRY(auto answer, (*rule->query)(call.text(0)));
    const auto samples = std::make_shared<const std::vector<RuleTemplateSample>>(std::move(answer));
    std::size_t bytes = kAnswerBytesMin;
    for (const RuleTemplateSample& sample : *samples) bytes += sizeof sample + sample.labels.packed_bytes();
    call.arena.own(samples, bytes);
    const auto items = call.arena.make_list(samples->size());
    std::ranges::transform(*samples, items.begin(), [](const RuleTemplateSample& sample) {
        return Value::object(&sample, types::query_sample);
    });
    return Value::list(items, types::query_result);
}

Result<Value> call_first(Call& call) {
    const auto items = call.arguments[0].as_list();
    if (items.empty()) return fail_call("first() called on vector with no elements");
    return items[0];
}

Result<Value> call_label(Call& call) {
    const RuleTemplateSample* sample = sample_at(call, 1);
    if (sample == nullptr) return nil_sample();
    return Value::text(sample->labels.get(call.text(0)));
}

Result<Value> call_value(Call& call) {
    const RuleTemplateSample* sample = sample_at(call, 0);
    if (sample == nullptr) return nil_sample();
    return Value::number(sample->value);
}

Result<Value> call_strvalue(Call& call) {
    const RuleTemplateSample* sample = sample_at(call, 0);
    if (sample == nullptr) return nil_sample();
    return Value::text(sample->labels.get("__value__"));
}

Result<Value> call_sort_by_label(Call& call) {
    const std::string_view label = call.text(0);
    const auto given = call.arguments[1].as_list();
    const auto items = call.arena.make_list(given.size());
    std::ranges::copy(given, items.begin());
    std::ranges::stable_sort(items, {}, [&](const Value& item) {
        return static_cast<const RuleTemplateSample*>(item.as_object())->labels.get(label);
    });
    return Value::list(items, types::query_result);
}

Result<Value> call_args(Call& call) {
    std::vector<Map::Entry> entries;
    for (std::size_t i = 0; i < call.arguments.size(); ++i) {
        entries.push_back({call.arena.keep(fmt::format("arg{}", i)), call.arguments[i]});
    }
    return Value::map(call.arena.make_map(std::move(entries)), types::any_map);
}

Result<Value> humanized(Call& call, std::string (*humanize_number)(double)) {
    TOCSIN_TRY(const double value, to_float(call.arguments[0]));
    return call.keep_text(humanize_number(value));
}

Result<Value> call_humanize(Call& call) {
    return humanized(call, humanize);
}
Result<Value> call_humanize1024(Call& call) {
    return humanized(call, humanize1024);
}
Result<Value> call_humanize_percentage(Call& call) {
    return humanized(call, humanize_percentage);
}

Result<Value> call_to_time(Call& call) {
    TOCSIN_TRY(const double seconds, to_float(call.arguments[0]));
    TOCSIN_TRY(GoTime time, to_go_time(seconds));
    return Value::time(call.arena.keep(std::move(time)));
}

Result<Value> call_humanize_timestamp(Call& call) {
    TOCSIN_TRY(const double seconds, to_float(call.arguments[0]));
    if (!std::isfinite(seconds)) return call.keep_text(humanize(seconds));
    TOCSIN_TRY(const GoTime time, to_go_time(seconds));
    return call.keep_text(time.to_string());
}

Result<Value> call_to_duration(Call& call) {
    TOCSIN_TRY(const double seconds, to_float(call.arguments[0]));
    const double nanoseconds = seconds * 1e9;
    if (!std::isfinite(seconds)) return fail_call("value is NaN or Inf");
    if (!(nanoseconds > -0x1p63 && nanoseconds < 0x1p63)) {
        return fail_call(
            fmt::format("{} cannot be represented as a nanoseconds duration since it overflows int64", seconds));
    }
    return Value::integer(static_cast<std::int64_t>(nanoseconds), types::duration);
}

Result<Value> call_parse_duration(Call& call) {
    TOCSIN_TRY(const Duration duration, parse_duration(call.text(0)));
    return Value::number(static_cast<double>(duration.count()) / 1000);
}

Result<Value> call_now(Call& call) {
    return Value::number(static_cast<double>(to_unix_ms(call.environment.now)) / 1000);
}

struct HostPort {
    std::string_view host;
    std::string_view port;
};

// Go's net.SplitHostPort: nothing when there is no port or too many colons.
std::optional<HostPort> split_host_port(std::string_view text) {
    const std::size_t colon = text.rfind(':');
    if (colon == std::string_view::npos) return std::nullopt;
    std::string_view host = text.substr(0, colon);
    const std::string_view port = text.substr(colon + 1);
    if (text[0] == '[') {
        const std::size_t close = text.find(']');
        if (close == std::string_view::npos || close + 1 != colon) return std::nullopt;
        host = text.substr(1, close - 1);
    } else if (host.find(':') != std::string_view::npos) {
        return std::nullopt;
    }
    const bool stray_bracket =
        host.find_first_of("[]") != std::string_view::npos || port.find_first_of("[]") != std::string_view::npos;
    return stray_bracket ? std::nullopt : std::optional(HostPort{host, port});
}

bool is_ipv4(std::string_view text) {
    int groups = 0;
    while (groups < 4) {
        const std::size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
        if (digits == 0 || digits > 3 || (digits > 1 && text[0] == '0')) return false;
        int value = 0;
        for (const char c : text.substr(0, digits)) value = value * 10 + (c - '0');
        if (value > 255) return false;
        text.remove_prefix(digits);
        if (++groups == 4) break;
        if (!text.starts_with('.')) return false;
        text.remove_prefix(1);
    }
    return text.empty();
}

// Groups of hexadecimal digits with at most one gap, an IPv4 address in place of the last two if there is one.
bool is_ipv6(std::string_view text) {
    int groups = 0;
    bool gap = text.starts_with("::");
    if (gap) text.remove_prefix(2);
    while (!text.empty()) {
        if (groups <= 6 && is_ipv4(text)) {
            groups += 2;
            text = {};
            break;
        }
        const std::size_t digits = std::min(text.find_first_not_of("0123456789abcdefABCDEF"), text.size());
        if (digits == 0 || digits > 4 || ++groups > 8) return false;
        text.remove_prefix(digits);
        if (text.empty()) break;
        if (text.starts_with("::")) {
            if (gap) return false;
            gap = true;
            text.remove_prefix(2);
        } else if (text.starts_with(':') && text.size() > 1) {
            text.remove_prefix(1);
        } else {
            return false;
        }
    }
    return gap ? groups < 8 : groups == 8;
}

Result<Value> call_strip_port(Call& call) {
    const auto split = split_host_port(call.text(0));
    return Value::text(split ? split->host : call.text(0));
}

Result<Value> call_strip_domain(Call& call) {
    const auto split = split_host_port(call.text(0));
    const std::string_view host = split ? split->host : call.text(0);
    if (is_ipv4(host) || is_ipv6(host)) return Value::text(call.text(0));
    const std::string_view name = host.substr(0, host.find('.'));
    if (!split || split->port.empty()) return Value::text(name);
    const bool brackets = name.find(':') != std::string_view::npos;
    return call.keep_text(fmt::format("{}{}{}:{}", brackets ? "[" : "", name, brackets ? "]" : "", split->port));
}

Result<Value> call_graph_link(Call& call) {
    return call.keep_text(fmt::format("/graph?g0.expr={}&g0.tab=0", query_escape(call.text(0))));
}

Result<Value> call_table_link(Call& call) {
    return call.keep_text(fmt::format("/graph?g0.expr={}&g0.tab=1", query_escape(call.text(0))));
}

std::string_view external_url(const Call& call) {
    return call.environment.rule == nullptr ? std::string_view() : call.environment.rule->external_url;
}

Result<Value> call_external_url(Call& call) {
    return Value::text(external_url(call));
}

Result<Value> call_path_prefix(Call& call) {
    std::string_view url = external_url(call);
    const std::size_t scheme = url.find("://");
    if (scheme != std::string_view::npos) url.remove_prefix(scheme + 3);
    const std::size_t path = url.find('/');
    if (path == std::string_view::npos) return Value::text("");
    url.remove_prefix(path);
    return call.keep_text(percent_decode(url.substr(0, url.find_first_of("?#"))));
}

Result<Value> call_url_query_escape(Call& call) {
    return call.keep_text(query_escape(call.text(0)));
}

const std::array<Function, 29> kPrometheusFunctions = {{
    {"args", {&types::any}, true, &types::any_map, call_args},
    {"externalURL", {}, false, &types::string, call_external_url},
    {"first", {&types::query_result}, false, &types::query_sample, call_first},
    {"graphLink", {&types::string}, false, &types::string, call_graph_link},
    {"humanize", {&types::any}, false, &types::string, call_humanize},
    {"humanize1024", {&types::any}, false, &types::string, call_humanize1024},
    {"humanizeDuration", {&types::any}, false, &types::string, call_humanize_duration},
    {"humanizePercentage", {&types::any}, false, &types::string, call_humanize_percentage},
    {"humanizeTimestamp", {&types::any}, false, &types::string, call_humanize_timestamp},
    {"label", {&types::string, &types::query_sample}, false, &types::string, call_label},
    {"match", {&types::string, &types::string}, false, &types::boolean, call_match},
    {"now", {}, false, &types::float64, call_now},
    {"parseDuration", {&types::string}, false, &types::float64, call_parse_duration},
    {"pathPrefix", {}, false, &types::string, call_path_prefix},
    {"query", {&types::string}, false, &types::query_result, call_query},
    {"reReplaceAll", {&types::string, &types::string, &types::string}, false, &types::string, call_re_replace_all},
    {"safeHtml", {&types::string}, false, &types::html, call_safe_html},
    {"sortByLabel", {&types::string, &types::query_result}, false, &types::query_result, call_sort_by_label},
    {"stripDomain", {&types::string}, false, &types::string, call_strip_domain},
    {"stripPort", {&types::string}, false, &types::string, call_strip_port},
    {"strvalue", {&types::query_sample}, false, &types::string, call_strvalue},
    {"tableLink", {&types::string}, false, &types::string, call_table_link},
    {"title", {&types::string}, false, &types::string, call_title_keep},
    {"toDuration", {&types::any}, false, &types::duration, call_to_duration},
    {"toLower", {&types::string}, false, &types::string, call_to_lower},
    {"toTime", {&types::any}, false, &types::time, call_to_time},
    {"toUpper", {&types::string}, false, &types::string, call_to_upper},
    {"urlQueryEscape", {&types::string}, false, &types::string, call_url_query_escape},
    {"value", {&types::query_sample}, false, &types::float64, call_value},
}};

}  // namespace

const FunctionTable& rule_functions() {
    static const FunctionTable table = [] {
        FunctionTable made = builtin_functions();
        for (const Function& function : kPrometheusFunctions) made.emplace(function.name, &function);
        return made;
    }();
    return table;
}

}  // namespace tocsin::templates
