#include "parser/template/rule_types.h"

#include <array>

#include "parser/template/rule_template.h"
#include "parser/template/types.h"

namespace tocsin::templates::types {
namespace {

const RuleTemplateData& rule_data_of(const void* object) {
    return *static_cast<const RuleTemplateData*>(object);
}
const RuleTemplateSample& sample_of(const void* object) {
    return *static_cast<const RuleTemplateSample*>(object);
}

Value rule_labels_of(const TextMap& labels, Arena& arena) {
    return Value::map(arena.make_map(labels), string_map);
}

const std::array<Field, 7> kRuleFields = {{
    {"Labels", "Labels", &string_map,
     [](const void* d, Arena& arena) { return rule_labels_of(rule_data_of(d).labels, arena); }},
    {"ExternalLabels", "ExternalLabels", &string_map,
     [](const void* d, Arena& arena) { return rule_labels_of(rule_data_of(d).external_labels, arena); }},
    {"ExternalURL", "ExternalURL", &string,
     [](const void* d, Arena&) { return Value::text(rule_data_of(d).external_url); }},
    {"Value", "Value", &float64, [](const void* d, Arena&) { return Value::number(rule_data_of(d).value); }},
    {"ActiveAt", "ActiveAt", &time,
     [](const void* d, Arena& arena) { return Value::time(arena.keep(GoTime(rule_data_of(d).active_at))); }},
    {"For", "For", &duration,
     [](const void* d, Arena&) {
         return Value::integer(std::chrono::nanoseconds(rule_data_of(d).for_duration).count(), duration);
     }},
    {"Expr", "Expr", &string, [](const void* d, Arena&) { return Value::text(rule_data_of(d).expr); }},
}};

const std::array<Field, 2> kSampleFields = {{
    {"Labels", "Labels", &string_map,
     [](const void* s, Arena& arena) { return rule_labels_of(sample_of(s).labels, arena); }},
    {"Value", "Value", &float64, [](const void* s, Arena&) { return Value::number(sample_of(s).value); }},
}};

}  // namespace

const Type rule_data{
    .name =
        "struct { Labels map[string]string; ExternalLabels map[string]string; ExternalURL string; Value "
        "interface {}; ActiveAt time.Time; For time.Duration; Expr string }",
    .kind = Kind::Struct,
    .fields = kRuleFields};
const Type query_sample{.name = "*template.sample", .kind = Kind::Struct, .is_pointer = true, .fields = kSampleFields};
const Type query_result{.name = "template.queryResult", .kind = Kind::List, .element = &query_sample};

}  // namespace tocsin::templates::types
