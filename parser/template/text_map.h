#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "base/labels.h"

namespace tocsin::templates {

/// A map from names to texts as templates see it (labels, annotations), sorted by name. A view: what it was made from
/// must outlive it. A list of pairs, unlike a LabelSet, may hold empty values; it must come sorted by name, each name
/// once.
class TextMap {
public:
    using Pair = std::pair<std::string, std::string>;

    TextMap() = default;
    TextMap(const LabelSet& labels) : labels_(&labels) {}
    TextMap(LabelSet&&) = delete;
    TextMap(std::span<const Pair> pairs) : pairs_(pairs) {}

    std::size_t size() const { return labels_ != nullptr ? labels_->size() : pairs_.size(); }

    /// The value, or an empty view: templates do not tell an absent name from an empty value.
    std::string_view get(std::string_view name) const;

    /// Calls `visit(name, value)` in the order of the names.
    template <class Visit>
    void for_each(Visit&& visit) const {
        if (labels_ != nullptr) {
            for (const Label label : *labels_) visit(label.name, label.value);
        } else {
            for (const auto& [name, value] : pairs_) visit(std::string_view(name), std::string_view(value));
        }
    }

private:
    const LabelSet* labels_ = nullptr;
    std::span<const Pair> pairs_;
};

}  // namespace tocsin::templates
