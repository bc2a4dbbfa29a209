#include <charconv>
#include <optional>
#include <set>

#include "base/text.h"
#include "daemon/api/api.h"
#include "daemon/api/query_parameters.h"
#include "daemon/query_service.h"

namespace tocsin::api {
namespace {

constexpr std::string_view kSeriesTruncated = "results truncated due to limit";

// The name of a label with other characters than `[a-zA-Z0-9_]` may be given in this notation: `U__a_2e_b` is `a.b`.
constexpr std::string_view kEscapedName = "U__";

/// What the endpoints for series, label names and label values have in common.
struct Listing {
    SeriesRequest series;
    std::size_t limit = 0;
};

// Of the parameters that are wrong, the series endpoint tells another one first, and it names `match[]`.
enum class Endpoint { Series, Labels };

Read<Listing> read_listing(const Parameters& parameters, Endpoint endpoint) {
    if (endpoint == Endpoint::Series && parameters.all("match[]").empty()) {
        return tl::unexpected(api_error("bad_data", "no match[] parameter provided"));
    }
    const auto limit = read_limit(parameters);
    if (!limit) return tl::unexpected(limit.error());
    const auto start = read_time_or(parameters, "start", kTimeMin);
    if (!start) return tl::unexpected(start.error());
    const auto end = read_time_or(parameters, "end", kTimeMax);
    if (!end) return tl::unexpected(end.error());
    auto selectors = parse_match_parameters(parameters);
    if (!selectors) {
        const std::string& message = selectors.error().message;
        return tl::unexpected(endpoint == Endpoint::Series ? invalid_parameter("match[]", message)
                                                           : api_error("bad_data", message));
    }
    if (selectors->empty()) selectors->push_back({});  // which everything matches
    return Listing{{*std::move(selectors), {*start - Duration{1}, *end}}, *limit};
}

/// A list that is cut where it is too long, with a warning then.
ServerResponse list_answer(Json::Array list, std::size_t limit) {
    const bool too_long = limit > 0 && list.size() > limit;
    if (too_long) list.resize(limit);
    Json body = Json::object();
    body.add("status", "success");
    body.add("data", std::move(list));
    if (too_long) body.add("warnings", Json::Array{std::string(kSeriesTruncated)});
    return api_response(200, body);
}

ServerResponse write_series(const std::vector<LabelSet>& series, std::size_t limit) {
    Json::Array list;
    for (const LabelSet& labels : series) {
        list.push_back(labels_json(labels));
        if (limit > 0 && list.size() > limit) break;
    }
    return list_answer(std::move(list), limit);
}

ServerResponse write_texts(const std::set<std::string, std::less<>>& texts, std::size_t limit) {
    Json::Array list;
    for (const std::string& text : texts) list.emplace_back(text);
    return list_answer(std::move(list), limit);
}

ServerResponse write_names(const std::vector<LabelSet>& series, std::size_t limit) {
    std::set<std::string, std::less<>> names;
    for (const LabelSet& labels : series) {
        for (const Label& label : labels) {
            if (!names.contains(label.name)) names.emplace(label.name);
        }
    }
    return write_texts(names, limit);
}

ServerResponse write_values(const std::vector<LabelSet>& series, std::string_view name, std::size_t limit) {
    std::set<std::string, std::less<>> values;
    for (const LabelSet& labels : series) {
        const std::string_view value = labels.get(name);
        if (!value.empty() && !values.contains(value)) values.emplace(value);
    }
    return write_texts(values, limit);
}

void list_matching(Context& context, Router::Call call, Endpoint endpoint,
                   std::function<ServerResponse(const std::vector<LabelSet>&, std::size_t limit)> write) {
    auto listing = read_listing(Parameters(call.request), endpoint);
    if (!listing) return call.respond(std::move(listing.error()));
    context.queries.list(
        std::move(listing->series),
        [write = std::move(write), limit = listing->limit](const std::vector<LabelSet>& series) {
            return write(series, limit);
        },
        std::move(call.respond));
}

std::optional<char32_t> parse_hex(std::string_view digits) {
    std::uint32_t code = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), code, 16);
    if (digits.empty() || digits.size() > 6 || error != std::errc{} || end != digits.data() + digits.size())
        return std::nullopt;
    return static_cast<char32_t>(code);
}

// `_HEX_` stands for a character, `__` for an underscore. What is not in this notation stays as it is.
std::string unescape_name(std::string_view name) {
    std::string out;
    std::string_view rest = name.substr(kEscapedName.size());
    while (!rest.empty()) {
        if (rest.front() != '_') {
            out += rest.front();
            rest.remove_prefix(1);
        } else if (rest.starts_with("__")) {
            out += '_';
            rest.remove_prefix(2);
        } else {
            const std::size_t end = rest.find('_', 1);
            const auto code = end == rest.npos ? std::nullopt : parse_hex(rest.substr(1, end - 1));
            if (!code) return std::string(name);
            append_utf8(out, *code);
            rest.remove_prefix(end + 1);
        }
    }
    return out;
}

void list_values(Context& context, Router::Call call) {
    std::string name = call.captured.front();
    if (name.starts_with(kEscapedName)) name = unescape_name(name);
    if (name.empty() || !is_valid_utf8(name)) {
        return call.respond(api_error("bad_data", "invalid label name: " + go_quote(name)));
    }
    list_matching(
        context, std::move(call), Endpoint::Labels,
        [name = std::move(name)](const auto& series, std::size_t limit) { return write_values(series, name, limit); });
}

}  // namespace

void add_series(Router& router, Context& context) {
    for (const char* method : {"GET", "POST"}) {
        router.on(method, "/api/v1/series", [&context](Router::Call call) {
            list_matching(context, std::move(call), Endpoint::Series, write_series);
        });
        router.on(method, "/api/v1/labels", [&context](Router::Call call) {
            list_matching(context, std::move(call), Endpoint::Labels, write_names);
        });
    }
    router.answer("DELETE", "/api/v1/series",
                  [](const Router::Call&) { return api_error("internal", "not implemented"); });
    router.on("GET", "/api/v1/label/{}/values",
              [&context](Router::Call call) { list_values(context, std::move(call)); });
}

}  // namespace tocsin::api
