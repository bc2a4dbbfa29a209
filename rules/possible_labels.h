#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "parser/ast.h"

namespace tocsin {

/// The label names that the result of an expression can have, as far as its text tells: either some names and no
/// others, or all names but some. A name that is not possible is never there, whatever the data are; one that is
/// possible need not be there.
class PossibleLabels {
public:
    static PossibleLabels all() { return PossibleLabels(false, {}); }
    static PossibleLabels only(std::set<std::string, std::less<>> names) {
        return PossibleLabels(true, std::move(names));
    }

    bool has(std::string_view name) const { return names_.contains(name) == listed_; }
    /// The names, when there are no others.
    const std::set<std::string, std::less<>>* listed() const { return listed_ ? &names_ : nullptr; }

    /// The names that are not possible.
    PossibleLabels complement() const { return PossibleLabels(!listed_, names_); }
    friend PossibleLabels operator&(const PossibleLabels& a, const PossibleLabels& b);
    friend PossibleLabels operator|(const PossibleLabels& a, const PossibleLabels& b);

private:
    PossibleLabels(bool listed, std::set<std::string, std::less<>> names) : listed_(listed), names_(std::move(names)) {}

    bool listed_;
    std::set<std::string, std::less<>> names_;
};

/// For an expression that binds. Never says that a label is impossible where it might not be: what is too deep or about
/// data that the text does not show (`info`) can have any label. The metric name is always possible.
PossibleLabels possible_labels(const Expr& expr);

}  // namespace tocsin
