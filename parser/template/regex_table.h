#pragma once

#include <map>
#include <string>
#include <string_view>

#include "base/regex.h"
#include "parser/template/tree.h"

namespace tocsin::templates {

/// The patterns that templates give as constants to `match` and `reReplaceAll`, compiled once. Immutable after it was
/// filled.
class RegexTable {
public:
    /// Patterns that do not compile are left out: the call reports them.
    void add_constants(const NodeList& list);

    /// Null when the pattern is not among them.
    const Regex* find(std::string_view pattern) const;

private:
    void add_constants(const Pipeline& pipeline);
    void add_constants(const Operand& operand);
    void add(const std::string& pattern);

    std::map<std::string, Regex, std::less<>> compiled_;
};

}  // namespace tocsin::templates
