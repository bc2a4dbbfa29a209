#include "engine/eval/metadata_labels.h"

#include <string>
#include <vector>

namespace tocsin {

bool is_metadata_label(std::string_view name) {
    return name == kMetricNameLabel || name == kTypeLabel || name == kUnitLabel;
}

LabelSet without_metadata(const LabelSet& labels) {
    static const std::vector<std::string> names{std::string(kMetricNameLabel), std::string(kTypeLabel), std::string(kUnitLabel)};
    return labels.without(names);
}

bool has_type_or_unit(const LabelSet& labels) { return labels.has(kTypeLabel) || labels.has(kUnitLabel); }

}  // namespace tocsin
