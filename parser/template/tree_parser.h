#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "parser/template/template_problem.h"
#include "parser/template/tree.h"

namespace tocsin::templates {

/// Functions by name.
using FunctionTable = std::map<std::string_view, const Function*>;

struct TreeParserOptions {
    const FunctionTable* functions = nullptr;
    /// Variables which the text may use as if it had declared them, with their `$`.
    std::vector<std::string> variables;
    std::size_t column_offset = 0;
    TemplateLimits limits;
};

/// Reads a text as Go's text/template/parse does: the trees of its definitions by name, and its own under `name`.
///
/// Reports the first mistake of the syntax, and of what stands before it every function that is not known.
TemplateParsed<std::map<std::string, Tree>> parse_trees(std::string_view name, std::string_view text,
                                                        const TreeParserOptions& options);

}  // namespace tocsin::templates
