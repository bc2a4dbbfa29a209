#pragma once

#include <string>
#include <string_view>

#include "parser/template/notification_template.h"
#include "parser/template/rule_template.h"

namespace tocsin::templates {

/// One line of a table: a template and what it renders, or `error: ` and the message without its position.
struct RenderCase {
    std::string_view text;
    std::string_view expected;
};

/// Two alerts, one of them over, grouped by alertname.
inline NotificationData example_notification() {
    NotificationData data;
    data.receiver = "team";
    data.status = "firing";
    data.group_labels = {{"alertname", "DiskFull"}};
    data.common_labels = {{"alertname", "DiskFull"}, {"team", "storage"}};
    data.common_annotations = {{"summary", "it's <full>"}};
    data.external_url = "http://am.example.org";
    NotificationAlert& firing = data.alerts.emplace_back();
    firing.status = "firing";
    firing.labels = {{"alertname", "DiskFull"}, {"instance", "a:1"}, {"team", "storage"}};
    firing.annotations = {{"summary", "it's <full>"}};
    firing.starts_at = GoTime(from_unix_ms(1'710'035'970'500));  // 2024-03-10T01:59:30.5Z
    firing.generator_url = "http://prom/g?a=1&b=2";
    firing.fingerprint = "0a1b2c3d4e5f6071";
    NotificationAlert& resolved = data.alerts.emplace_back(firing);
    resolved.status = "resolved";
    resolved.labels = {{"alertname", "DiskFull"}, {"instance", "b:2"}, {"team", "storage"}};
    resolved.ends_at = GoTime(from_unix_ms(1'710'039'600'000));
    return data;
}

/// What is left of a message behind `executing "…" at <…>: ` or `template: NAME:LINE: `.
inline std::string without_position(std::string_view message) {
    if (const auto at = message.find(">: "); at != std::string_view::npos && message.find("executing") < at) {
        return std::string(message.substr(at + 3));
    }
    for (int colons = 0; colons < 3; ++colons) {
        const auto colon = message.find(':');
        if (colon == std::string_view::npos) break;
        message.remove_prefix(colon + 1);
    }
    return std::string(message.substr(message.starts_with(' ') ? 1 : 0));
}

inline std::string outcome(const Result<std::string>& rendered) {
    return rendered ? *rendered : "error: " + without_position(rendered.error().message);
}

/// Renders a field of a receiver on example_notification(); `now` is an hour after its first alert began.
inline std::string render(std::string_view text, const NotificationTemplates& templates = {}) {
    const auto compiled = templates.parse_text(text);
    if (!compiled) return "error: " + compiled.error().front().reason;
    return outcome(compiled->expand(example_notification(), from_unix_ms(1'710'039'570'500)));
}

inline std::string render_html(std::string_view text, const NotificationTemplates& templates = {}) {
    const auto compiled = templates.parse_html(text);
    if (!compiled) return "error: " + compiled.error().front().reason;
    return outcome(compiled->expand(example_notification(), from_unix_ms(1'710'039'570'500)));
}

/// Renders an annotation. The query `up` has three samples, `none` has none.
inline std::string render_rule(std::string_view text) {
    static const LabelSet labels = {{"instance", "web-1.example.org:9100"}, {"job", "node"}};
    static const LabelSet external = {{"cluster", "eu-1"}};
    static const RuleTemplateQuery query = [](std::string_view expr) -> Result<std::vector<RuleTemplateSample>> {
        if (expr == "none") return std::vector<RuleTemplateSample>{};
        if (expr != "up") return fail(Error::Kind::InvalidInput, "no such query");
        return std::vector<RuleTemplateSample>{{{{"__name__", "up"}, {"i", "b"}}, 1},
                                               {{{"__name__", "up"}, {"__value__", "v"}, {"i", "a"}}, 0},
                                               {{{"__name__", "up"}}, 2.5}};
    };
    const auto compiled = RuleTemplate::parse("X", text);
    if (!compiled) return "error: " + compiled.error().front().reason;
    RuleTemplateData data;
    data.labels = labels;
    data.external_labels = external;
    data.external_url = "http://prom.example.org:9090/pre%20fix";
    data.value = 1234.5;
    data.active_at = from_unix_ms(1'710'035'970'500);
    data.for_duration = Duration{300'000};
    data.expr = "up == 0";
    data.evaluated_at = from_unix_ms(1'710'036'000'000);
    data.query = &query;
    return outcome(compiled->expand(data));
}

}  // namespace tocsin::templates
