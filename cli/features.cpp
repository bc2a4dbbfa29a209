#include "cli/features.h"

#include "base/text.h"

namespace tocsin::cli {
namespace {

struct Feature {
    std::string_view name;
    bool QueryFeatures::*flag;
    /// Whether `all` means it too: not what changes the meaning of expressions that are good as they are over series without
    /// such labels.
    bool is_in_all = true;
};

constexpr Feature kFeatures[] = {
    {"promql-experimental-functions", &QueryFeatures::experimental_functions},
    {"promql-duration-expr", &QueryFeatures::duration_expressions},
    {"promql-extended-range-selectors", &QueryFeatures::extended_range_selectors},
    {"promql-delayed-name-removal", &QueryFeatures::delayed_name_removal},
    {"promql-binop-fill-modifiers", &QueryFeatures::binop_fill_modifiers},
    {"type-and-unit-labels", &QueryFeatures::type_and_unit_labels, false},
    {"use-start-timestamps", &QueryFeatures::start_timestamps},
};

std::vector<std::string_view> names_of_all() {
    std::vector<std::string_view> names;
    for (const Feature& feature : kFeatures) names.push_back(feature.name);
    return names;
}

}  // namespace

Result<QueryFeatures> parse_features(std::string_view names) {
    QueryFeatures features;
    for (const std::string_view name : split(names, ',')) {
        bool known = name.empty();
        for (const Feature& feature : kFeatures) {
            if (name != feature.name && !(name == "all" && feature.is_in_all)) continue;
            features.*feature.flag = true;
            known = true;
        }
        if (known) continue;
        const auto meant = nearest(name, names_of_all());
        return fail(Error::Kind::InvalidInput, "unknown feature " + std::string(name) +
                                                   (meant.empty() ? "" : "; did you mean " + std::string(meant) + "?"));
    }
    return features;
}

}  // namespace tocsin::cli
