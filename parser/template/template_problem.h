#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include <tl/expected.hpp>

#include "base/diagnostic.h"

namespace tocsin::templates {

/// What a template may cost. What exceeds one of them fails with an error that names it.
struct TemplateLimits {
    std::size_t text_bytes = 1024 * 1024;         // of a text to be parsed
    std::size_t nesting = 100;                    // of actions and parentheses in a text
    std::size_t output_bytes = 1024 * 1024;       // of one execution
    std::size_t value_bytes = 4 * 1024 * 1024;    // of one text made on the way
    std::size_t memory_bytes = 64 * 1024 * 1024;  // of all values made on the way
    std::size_t steps = 1'000'000;                // nodes visited
    std::size_t depth = 100;                      // of templates that call templates; Go allows 100,000
    int printf_width = 1000;                      // of a field, in characters, and digits of a precision
};

/// A mistake in a template, found without executing it.
struct TemplateProblem {
    std::string name;     // of the template it was found in
    TextSpan where;       // bytes of the text that was parsed
    std::string reason;   // `function "nofunc" not defined`
    std::string message;  // the same behind Go's position: `template: NAME:LINE: function "nofunc" not defined`
};

using TemplateProblems = std::vector<TemplateProblem>;

/// A value, or why the text is not a template. There is at least one problem then; the first is the one that Go
/// reports.
template <class T>
using TemplateParsed = tl::expected<T, TemplateProblems>;

/// A name that a template looks up in one of the maps of its data: `$labels.job`, `index .CommonLabels "team"`.
struct TemplateKeyUse {
    std::string map;  // the field that is the map: `Labels`, `ExternalLabels`, `CommonAnnotations`, …
    std::string key;
    TextSpan where;
};

/// A constant text given to the function `query`.
struct TemplateQueryUse {
    std::string expr;
    TextSpan where;  // of the string constant with its quotes
};

/// What can be said about a template from its text and the types of its data, for those who warn.
struct TemplateFacts {
    /// What fails whenever it is reached: fields that do not exist, templates that are not defined.
    TemplateProblems problems;
    std::vector<TemplateKeyUse> keys;
    std::vector<TemplateQueryUse> queries;
    bool uses_value = false;  // of a rule: the text changes with each evaluation
    bool uses_query = false;
};

}  // namespace tocsin::templates
