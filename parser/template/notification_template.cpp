#include "parser/template/notification_template.h"

#include <utility>

#include "base/assert.h"
#include "parser/template/default_templates.h"
#include "parser/template/facts.h"
#include "parser/template/functions.h"
#include "parser/template/notification_types.h"
#include "parser/template/template.h"

namespace tocsin::templates {
namespace {

TemplateSet make_default_set(const TemplateLimits& limits) {
    TemplateSet set(notification_functions(), limits);
    for (const DefaultTemplateFile& file : default_template_files()) {
        const auto problems = set.add(file.name, file.text);
        TOCSIN_ASSERT(problems.empty());
    }
    return set;
}

std::shared_ptr<const TemplateSet> default_set() {
    static const auto set = std::make_shared<const TemplateSet>(make_default_set({}));
    return set;
}

std::string_view last_part(std::string_view path) {
    return path.substr(path.rfind('/') + 1);
}

TemplateParsed<std::shared_ptr<const Template>> parse_field(const TemplateSet& set, std::string_view text,
                                                            Template::Output output) {
    Template::Options options;
    options.output = output;
    return Template::parse("", text, set, options);
}

}  // namespace

Result<std::string> NotificationTemplate::expand(const NotificationData& data, Timestamp now) const {
    if (compiled_->plain()) return *compiled_->plain();
    Arena arena;
    Environment environment;
    environment.notification = &data;
    environment.now = now;
    return compiled_->execute(Value::object(&data, types::notification_data), environment, arena);
}

bool NotificationTemplate::is_plain() const {
    return compiled_->plain().has_value();
}

TemplateFacts NotificationTemplate::facts() const {
    return find_facts(*compiled_, types::notification_data, {});
}

NotificationTemplates::NotificationTemplates() : set_(default_set()) {}

TemplateParsed<NotificationTemplates> NotificationTemplates::create(const std::vector<TemplateFile>& files,
                                                                    const TemplateLimits& limits) {
    TemplateSet set = make_default_set(limits);
    TemplateProblems problems;
    for (const TemplateFile& file : files) {
        for (TemplateProblem& problem : set.add(last_part(file.name), file.text)) {
            problem.name = file.name;
            problems.push_back(std::move(problem));
        }
    }
    if (!problems.empty()) return tl::unexpected<TemplateProblems>(std::move(problems));
    return NotificationTemplates(std::make_shared<const TemplateSet>(std::move(set)));
}

TemplateParsed<NotificationTemplate> NotificationTemplates::parse_text(std::string_view text) const {
    auto compiled = parse_field(*set_, text, Template::Output::Text);
    if (!compiled) return tl::unexpected<TemplateProblems>(std::move(compiled).error());
    return NotificationTemplate(*std::move(compiled));
}

TemplateParsed<NotificationTemplate> NotificationTemplates::parse_html(std::string_view text) const {
    auto compiled = parse_field(*set_, text, Template::Output::Html);
    if (!compiled) return tl::unexpected<TemplateProblems>(std::move(compiled).error());
    return NotificationTemplate(*std::move(compiled));
}

}  // namespace tocsin::templates
