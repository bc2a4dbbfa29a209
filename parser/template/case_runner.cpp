#include "parser/template/case_runner.h"

#include <algorithm>
#include <map>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"
#include "parser/template/notification_json.h"
#include "parser/template/notification_template.h"
#include "parser/template/rule_template.h"

namespace tocsin::templates {
namespace {

using Pairs = std::vector<TextMap::Pair>;

Pairs case_pairs(const Json& object) {
    Pairs pairs;
    for (const auto& [name, value] : object.members()) pairs.emplace_back(name, value.as_string());
    std::ranges::sort(pairs);
    return pairs;
}

LabelSet case_labels(const Json& object) {
    return LabelSet::from(case_pairs(object));
}

double number_of(const Json& text) {
    return parse_float(text.as_string()).value_or(0);
}

using Queries = std::map<std::string, std::vector<RuleTemplateSample>, std::less<>>;

Queries queries_of(const Json& object) {
    Queries queries;
    for (const auto& [expr, samples] : object.members()) {
        auto& answer = queries[expr];
        for (const Json& sample : samples.items()) {
            answer.push_back({case_labels(sample.at("labels")), number_of(sample.at("value"))});
        }
    }
    return queries;
}

std::string problems_text(const TemplateProblems& problems) {
    return problems.empty() ? "" : problems.front().message;
}

Result<std::string> expand_rule(const std::string& text, const Json& data) {
    const auto compiled = RuleTemplate::parse("test", text);
    if (!compiled) return fail(Error::Kind::InvalidInput, problems_text(compiled.error()));
    const Pairs labels = case_pairs(data.at("labels")), external_labels = case_pairs(data.at("externalLabels"));
    const Queries queries = queries_of(data.at("queries"));
    const RuleTemplateQuery query = [&](std::string_view expr) -> Result<std::vector<RuleTemplateSample>> {
        const auto found = queries.find(expr);
        if (found == queries.end()) return fail(Error::Kind::NotFound, "unknown query in test data");
        return found->second;
    };
    RuleTemplateData rule;
    rule.labels = std::span(labels);
    rule.external_labels = std::span(external_labels);
    rule.external_url = data.at("externalURL").as_string();
    rule.value = number_of(data.at("value"));
    rule.evaluated_at = from_unix_ms(data.at("timestampMs").as_integer());
    rule.query = &query;
    return compiled->expand(rule);
}

Result<std::string> expand_notification(const NotificationTemplates& templates, const std::string& text, bool html,
                                        const Json& json) {
    TOCSIN_TRY(const NotificationData data, read_notification(json));
    const auto compiled = html ? templates.parse_html(text) : templates.parse_text(text);
    if (!compiled) return fail(Error::Kind::InvalidInput, problems_text(compiled.error()));
    return compiled->expand(data, Timestamp{});
}

// Every `0x` with at least nine digits is an address of the memory of the program that printed it.
std::string without_addresses(std::string_view text) {
    constexpr std::size_t kDigitsMin = 9;
    std::string out;
    while (!text.empty()) {
        const std::size_t at = std::min(text.find("0x"), text.size());
        out += text.substr(0, at);
        text.remove_prefix(at);
        if (text.empty()) break;
        const std::size_t end = std::min(text.find_first_not_of("0123456789abcdef", 2), text.size());
        out += end - 2 >= kDigitsMin ? std::string_view("0x…") : text.substr(0, end);
        text.remove_prefix(end);
    }
    return out;
}

}  // namespace

Result<std::vector<TemplateCaseResult>> run_template_cases(const Json& file) {
    const Json* cases = file.find("cases");
    if (cases == nullptr || !cases->is_array()) {
        return fail(Error::Kind::InvalidInput, "expected an object with a list `cases`");
    }
    const NotificationTemplates templates;
    std::vector<TemplateCaseResult> results;
    for (const Json& item : cases->items()) {
        const std::string& engine = item.at("engine").as_string();
        const std::string& text = item.at("template").as_string();
        const bool rule = engine == "prometheus";
        if (!rule && engine != "alertmanager" && engine != "alertmanager-html") {
            return fail(Error::Kind::InvalidInput,
                        fmt::format("case {}: unknown engine {}", item.at("id").as_string(), engine));
        }
        const Json& data = file.at(rule ? "prometheus_data" : "alertmanager_data").at(item.at("data").as_string());
        const auto expanded =
            rule ? expand_rule(text, data) : expand_notification(templates, text, engine == "alertmanager-html", data);
        TemplateCaseResult& result = results.emplace_back();
        result.id = item.at("id").as_string();
        result.got = expanded ? *expanded : "error: " + expanded.error().message;
        const Json* error = item.find("error");
        if (error != nullptr) {
            result.expected = "error: " + error->as_string();
            result.passed = !expanded;
        } else {
            result.expected = item.at("expected").as_string();
            result.passed = expanded && without_addresses(*expanded) == without_addresses(result.expected);
        }
    }
    return results;
}

}  // namespace tocsin::templates
