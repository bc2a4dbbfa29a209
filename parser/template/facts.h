#pragma once

#include <string_view>
#include <vector>

#include "parser/template/template.h"
#include "parser/template/template_problem.h"

namespace tocsin::templates {

/// A variable that stands for a field of the data.
struct PresetType {
    std::string_view variable;
    const Field* field;
};

/// Follows the types through a template as far as they are known without executing it, also into the templates that it
/// calls.
TemplateFacts find_facts(const Template& compiled, const Type& data, const std::vector<PresetType>& variables);

}  // namespace tocsin::templates
