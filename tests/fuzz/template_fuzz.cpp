// Parses and executes any text as each kind of template. The first byte picks the kind.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/assert.h"
#include "parser/template/notification_template.h"
#include "parser/template/rule_template.h"

namespace tocsin::templates {
namespace {

// Small enough that an input which costs all of it is still answered at once.
TemplateLimits small_limits() {
    TemplateLimits limits;
    limits.output_bytes = 64 * 1024;
    limits.value_bytes = 128 * 1024;
    limits.memory_bytes = 1024 * 1024;
    limits.steps = 20'000;
    return limits;
}

void check_problems(const TemplateProblems& problems, std::string_view text) {
    TOCSIN_ASSERT(!problems.empty());
    for (const TemplateProblem& problem : problems) {
        TOCSIN_ASSERT(problem.where.begin <= problem.where.end && problem.where.end <= text.size());
    }
}

void expand_rule(std::string_view text) {
    const auto compiled = RuleTemplate::parse("Fuzz", text, small_limits());
    if (!compiled) return check_problems(compiled.error(), text);
    static_cast<void>(compiled->facts());
    const LabelSet labels = {{"alertname", "Fuzz"}, {"instance", "web-1:9100"}, {"job", "node"}};
    const RuleTemplateQuery query = [&](std::string_view) -> Result<std::vector<RuleTemplateSample>> {
        return std::vector<RuleTemplateSample>{{labels, 1.5}, {{{"job", "b"}}, -2}};
    };
    RuleTemplateData data;
    data.labels = labels;
    data.external_labels = labels;
    data.external_url = "http://localhost:9090/prefix";
    data.value = 1234.5;
    data.active_at = from_unix_ms(1'700'000'000'000);
    data.for_duration = Duration{300'000};
    data.expr = "up == 0";
    data.evaluated_at = from_unix_ms(1'700'000'060'000);
    data.query = &query;
    const auto once = compiled->expand_or_error(data);
    TOCSIN_ASSERT(once == compiled->expand_or_error(data));
}

NotificationData notification() {
    NotificationData data;
    data.receiver = "team";
    data.status = "firing";
    data.group_labels = {{"alertname", "Fuzz"}};
    data.common_labels = {{"alertname", "Fuzz"}, {"job", "node"}};
    data.common_annotations = {{"summary", "<b>'it' & \"that\"</b>"}};
    data.external_url = "http://localhost:9093";
    for (const char* status : {"firing", "resolved"}) {
        NotificationAlert& alert = data.alerts.emplace_back();
        alert.status = status;
        alert.labels = data.common_labels;
        alert.annotations = data.common_annotations;
        alert.starts_at = GoTime(from_unix_ms(1'700'000'000'123));
        alert.generator_url = "http://localhost:9090/graph?g0.expr=up&g0.tab=1";
        alert.fingerprint = "0123456789abcdef";
    }
    return data;
}

void expand_notification(std::string_view text, bool html) {
    static const NotificationTemplates templates = *NotificationTemplates::create({}, small_limits());
    static const NotificationData data = notification();
    const auto compiled = html ? templates.parse_html(text) : templates.parse_text(text);
    if (!compiled) return check_problems(compiled.error(), text);
    static_cast<void>(compiled->facts());
    static_cast<void>(compiled->expand(data, from_unix_ms(1'700'000'060'000)));
}

}  // namespace
}  // namespace tocsin::templates

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    if (size == 0) return 0;
    const std::string_view text(reinterpret_cast<const char*>(bytes) + 1, size - 1);
    switch (bytes[0] % 3) {
        case 0:
            tocsin::templates::expand_rule(text);
            break;
        case 1:
            tocsin::templates::expand_notification(text, false);
            break;
        default:
            tocsin::templates::expand_notification(text, true);
    }
    return 0;
}
