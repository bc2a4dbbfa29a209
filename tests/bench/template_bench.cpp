// What rendering costs: annotation texts as rules have them, and the default messages. The budget is 2 us for a short
// text.
#include <algorithm>
#include <iterator>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>

#include "base/posix_disk.h"
#include "parser/template/notification_template.h"
#include "parser/template/rule_template.h"
#include "rules/rule_file.h"
#include "rules/template_expander.h"

namespace tocsin::templates {
namespace {

const LabelSet& labels() {
    static const LabelSet made = {
        {"alertname", "HighLatency"}, {"env", "prod"},    {"instance", "web-1.example.org:9100"}, {"job", "node"},
        {"severity", "page"},         {"team", "storage"}};
    return made;
}

RuleTemplateData rule_data() {
    static const LabelSet external = {{"cluster", "eu-1"}, {"replica", "a"}};
    RuleTemplateData data;
    data.labels = labels();
    data.external_labels = external;
    data.external_url = "http://localhost:9090";
    data.value = 1234.5678;
    data.active_at = from_unix_ms(1'700'000'000'000);
    data.expr = "up == 0";
    return data;
}

void expand(benchmark::State& state, const char* text) {
    const auto compiled = RuleTemplate::parse("HighLatency", text);
    const RuleTemplateData data = rule_data();
    for (auto _ : state) benchmark::DoNotOptimize(compiled->expand(data));
}
BENCHMARK_CAPTURE(expand, plain, "The service is down for five minutes and nobody knows why.");
BENCHMARK_CAPTURE(expand, label, "Instance {{ $labels.instance }} down");
BENCHMARK_CAPTURE(
    expand, labels_and_value,
    "{{ $labels.job }} on {{ $labels.instance }} is slow: {{ $value | humanizeDuration }} (team {{ $labels.team }})");
BENCHMARK_CAPTURE(expand, printf, "{{ printf \"%.2f\" $value }}% of {{ $externalLabels.cluster }}/{{ $labels.job }}");
BENCHMARK_CAPTURE(
    expand, branch,
    "{{ if gt $value 1000.0 }}critical{{ else }}warning{{ end }}: {{ with $labels.env }}{{ . }}{{ end }}");
BENCHMARK_CAPTURE(expand, regex, "{{ reReplaceAll \"(.*):.*\" \"$1\" $labels.instance }}");

void parse(benchmark::State& state) {
    for (auto _ : state) {
        benchmark::DoNotOptimize(
            RuleTemplate::parse("HighLatency", "Instance {{ $labels.instance }} is at {{ $value | humanize }}"));
    }
}
BENCHMARK(parse);

std::vector<RuleDefinition> alerting_rules(const char* path) {
    PosixDisk disk;
    const auto text = read_file(disk, std::string(TOCSIN_SOURCE_DIR) + path);
    const auto file = text ? parse_rule_file(*text, path, {}) : Parsed<RuleFile>(RuleFile{});
    std::vector<RuleDefinition> rules;
    for (const RuleGroupDefinition& group : file.value().groups) {
        std::ranges::copy_if(group.rules, std::back_inserter(rules),
                             [](const RuleDefinition& rule) { return rule.kind == RuleDefinition::Kind::Alerting; });
    }
    return rules;
}

// All annotations of 10,000 alerts, of the rules turn by turn; the budget is 20 ms. Those of ironforge are plain texts.
void annotations(benchmark::State& state, const char* path) {
    constexpr std::size_t kAlerts = 10'000;
    const std::vector<RuleDefinition> rules = alerting_rules(path);
    std::vector<TemplateExpander> expanders;
    expanders.reserve(rules.size());
    for (const RuleDefinition& rule : rules) expanders.emplace_back(rule);
    const LabelSet external;
    const std::string url = "http://localhost:9099";
    const RuleTemplateQuery query;
    const ExpansionContext context{from_unix_ms(1'700'000'000'000), external, url, query};
    for (auto _ : state) {
        for (std::size_t i = 0; i < kAlerts; ++i) {
            const auto value = static_cast<double>(i) / 7;
            benchmark::DoNotOptimize(expanders[i % expanders.size()].annotations(labels(), value, context.at, context));
        }
    }
    state.SetItemsProcessed(static_cast<std::int64_t>(kAlerts) * state.iterations());
}
BENCHMARK_CAPTURE(annotations, ironforge, "/examples/ironforge/alerts.yml")->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(annotations, node, "/examples/node/node.yml")->Unit(benchmark::kMillisecond);

NotificationData notification(int alerts) {
    NotificationData data;
    data.receiver = "team";
    data.status = "firing";
    data.group_labels = {{"alertname", "HighLatency"}};
    data.common_labels = labels();
    data.external_url = "http://localhost:9093";
    for (int i = 0; i < alerts; ++i) {
        NotificationAlert& alert = data.alerts.emplace_back();
        alert.status = "firing";
        alert.labels = labels();
        alert.annotations = {{"summary", "it is slow"}};
        alert.starts_at = GoTime(from_unix_ms(1'700'000'000'123));
        alert.generator_url = "http://localhost:9090/graph?g0.expr=up&g0.tab=1";
        alert.fingerprint = "0123456789abcdef";
    }
    return data;
}

void subject(benchmark::State& state) {
    const auto compiled = NotificationTemplates().parse_text("{{ template \"slack.default.title\" . }}");
    const NotificationData data = notification(10);
    for (auto _ : state) benchmark::DoNotOptimize(compiled->expand(data, {}));
}
BENCHMARK(subject);

void mail(benchmark::State& state) {
    const auto compiled = NotificationTemplates().parse_html("{{ template \"email.default.html\" . }}");
    const NotificationData data = notification(static_cast<int>(state.range(0)));
    for (auto _ : state) benchmark::DoNotOptimize(compiled->expand(data, {}));
}
BENCHMARK(mail)->Arg(1)->Arg(100);

}  // namespace
}  // namespace tocsin::templates
