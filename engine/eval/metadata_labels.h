#pragma once

#include "base/labels.h"

namespace tocsin {

inline constexpr std::string_view kTypeLabel = "__type__";
inline constexpr std::string_view kUnitLabel = "__unit__";

/// `__name__`, `__type__`, `__unit__`: what describes the metric and not the thing measured, and falls away when values are computed
/// with.
bool is_metadata_label(std::string_view name);

LabelSet without_metadata(const LabelSet& labels);

/// Whether there is a type or a unit.
bool has_type_or_unit(const LabelSet& labels);

}  // namespace tocsin
