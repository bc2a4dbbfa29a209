#include "tests/scenario/scenario_facts.h"

#include <algorithm>
#include <map>
#include <optional>
#include <vector>

#include <fmt/format.h>

#include "base/duration.h"
#include "base/json.h"
#include "base/text.h"
#include "base/url.h"
#include "parser/promql_parser.h"
#include "tests/scenario/scenario_text.h"

namespace tocsin::tests {
namespace {

constexpr std::string_view kArrow = "=>";

struct Fact {
    std::string question, answer;
};

Fact fact_of(std::string_view line) {
    const std::size_t arrow = line.find(kArrow);
    return {std::string(trim(line.substr(0, arrow))), std::string(trim(line.substr(arrow + kArrow.size())))};
}

std::string fact_text(const Fact& fact) {
    return fmt::format("{} {} {}", fact.question, kArrow, fact.answer);
}

Result<Json> ask(SimulatedDaemon& daemon, const std::string& target) {
    const auto answer = daemon.server.get(target);
    if (!answer) return fail(Error::Kind::Unavailable, "no answer: " + target);
    return parse_json(answer->body);
}

LabelSet labels_of(const Json& json) {
    std::vector<std::pair<std::string, std::string>> pairs;
    for (const auto& [name, value] : json.members()) pairs.emplace_back(name, value.as_string());
    return LabelSet::from(std::move(pairs));
}

// `rule NAME`, or `rule GROUP/NAME`: state, health and, where there is one, the error.
Result<std::string> about_rule(SimulatedDaemon& daemon, const std::string& name) {
    TOCSIN_TRY(const Json body, ask(daemon, "/api/v1/rules"));
    for (const Json& group : body.at("data").at("groups").items()) {
        for (const Json& rule : group.at("rules").items()) {
            const std::string& own = rule.at("name").as_string();
            if (own != name && group.at("name").as_string() + "/" + own != name) continue;
            std::string text = rule.at("health").as_string();
            if (const Json* state = rule.find("state")) text = state->as_string() + ", " + text;
            if (const Json* error = rule.find("lastError")) text += ": " + error->as_string();
            return text;
        }
    }
    return std::string("nothing");
}

// `evaluated NAME`: when its rule was evaluated last, since the beginning.
Result<std::string> when_evaluated(SimulatedDaemon& daemon, const std::string& name) {
    TOCSIN_TRY(const Json body, ask(daemon, "/api/v1/rules?rule_name%5B%5D=" + query_escape(name)));
    const auto& groups = body.at("data").at("groups").items();
    if (groups.empty()) return std::string("nothing");
    const std::string& last = groups.front().at("rules").items().front().at("lastEvaluation").as_string();
    TOCSIN_TRY(const Timestamp at, parse_rfc3339(last));
    return at < SimulatedDaemon::kStart ? std::string("never") : to_string(at - SimulatedDaemon::kStart);
}

// `metric NAME{…}`, as /metrics writes it.
Result<std::string> about_metric(SimulatedDaemon& daemon, const std::string& series) {
    const auto answer = daemon.server.get("/metrics");
    if (!answer) return fail(Error::Kind::Unavailable, "no metrics");
    for (const std::string_view line : split(answer->body, '\n')) {
        if (line.starts_with(series + " ")) return std::string(line.substr(series.size() + 1));
    }
    return std::string("nothing");
}

// `query EXPR`: `{a="b"} 1; {a="c"} 2`, or the number.
Result<std::string> about_query(SimulatedDaemon& daemon, const std::string& expr) {
    const std::string now = to_rfc3339(daemon.scheduler.now());
    TOCSIN_TRY(const Json body,
               ask(daemon, fmt::format("/api/v1/query?query={}&time={}", query_escape(expr), query_escape(now))));
    if (body.at("status").as_string() != "success") return fail(Error::Kind::InvalidInput, body.at("error").as_string());
    const Json& data = body.at("data");
    if (data.at("resultType").as_string() != "vector") return data.at("result").items().at(1).as_string();
    std::vector<std::string> samples;
    for (const Json& sample : data.at("result").items()) {
        samples.push_back(to_string(labels_of(sample.at("metric"))) + " " +
                          sample.at("value").items().at(1).as_string());
    }
    std::sort(samples.begin(), samples.end());
    return samples.empty() ? std::string("nothing") : fmt::format("{}", fmt::join(samples, "; "));
}

// `annotation NAME of ALERT{…}`: what an alert that is pending or firing says.
Result<std::string> about_annotation(SimulatedDaemon& daemon, const std::string& what) {
    const std::size_t of = what.find(" of ");
    if (of == what.npos) return fail(Error::Kind::InvalidInput, "expected `annotation NAME of ALERT`");
    TOCSIN_TRY(const ScenarioAlert wanted, read_scenario_alert(what.substr(of + 4) + " any"));
    TOCSIN_TRY(const Json body, ask(daemon, "/api/v1/alerts"));
    for (const Json& alert : body.at("data").at("alerts").items()) {
        if (alert_title(labels_of(alert.at("labels"))) != wanted.name) continue;
        const Json* text = alert.at("annotations").find(what.substr(0, of));
        return text == nullptr ? std::string("nothing") : text->as_string();
    }
    return std::string("no such alert");
}

using Asked = Result<std::string> (*)(SimulatedDaemon&, const std::string&);
const std::map<std::string, Asked, std::less<>> kQuestions{{"rule", about_rule},
                                                           {"evaluated", when_evaluated},
                                                           {"metric", about_metric},
                                                           {"query", about_query},
                                                           {"annotation", about_annotation}};

}  // namespace

bool is_scenario_fact(std::string_view line) {
    return line.find(kArrow) != line.npos;
}

std::string expected_fact(std::string_view line) {
    return fact_text(fact_of(line));
}

Result<std::string> seen_fact(SimulatedDaemon& daemon, std::string_view line) {
    if (!daemon.app) return fail(Error::Kind::Unavailable, "it does not run, so there is nobody to ask");
    Fact fact = fact_of(line);
    const std::size_t blank = std::min(fact.question.find(' '), fact.question.size());
    const auto asked = kQuestions.find(fact.question.substr(0, blank));
    if (asked == kQuestions.end()) return fail(Error::Kind::InvalidInput, "unknown question: " + fact.question);
    const std::string about(trim(std::string_view(fact.question).substr(blank)));
    TOCSIN_TRY(fact.answer, asked->second(daemon, about));
    return fact_text(fact);
}

}  // namespace tocsin::tests
