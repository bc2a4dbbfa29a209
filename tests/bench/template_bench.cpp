// What rendering costs: annotation texts as rules have them, and the default messages. The budget is 2 us for a short
// text.
#include <string>

#include <benchmark/benchmark.h>

#include "parser/template/notification_template.h"
#include "parser/template/rule_template.h"

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
