#pragma once

#include "parser/template/value.h"

namespace tocsin::templates::types {

extern const Type rule_data;     // of RuleTemplateData
extern const Type query_sample;  // *template.sample, of RuleTemplateSample
extern const Type query_result;  // template.queryResult

}  // namespace tocsin::templates::types
