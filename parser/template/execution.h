#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "parser/template/evaluator.h"
#include "parser/template/execution_state.h"
#include "parser/template/tree.h"
#include "parser/template/value.h"

namespace tocsin::templates {

/// Templates by name.
using TreeMap = std::map<std::string, std::shared_ptr<const Tree>, std::less<>>;

/// A variable with the value that it has before the template begins.
using PresetVariable = std::pair<std::string_view, Value>;

/// One run of a template: what Go's text/template/exec.go does. Used once.
///
/// Every step is counted, so that a run ends, and the depth of the recursion is
/// bounded whatever the template does.
class Execution {
public:
    /// All must outlive the execution; values of `presets` may lie in the arena.
    Execution(const TreeMap& trees, const Environment& environment, Arena& arena);

    Result<std::string> run(const Tree& root, const Value& data, const std::vector<PresetVariable>& presets);

private:
    enum class Flow { Next, Break, Continue };

    Result<Flow> walk(const Value& dot, const NodeList& list);
    Result<Flow> walk(const Value& dot, const Node& node);
    Result<Flow> walk_branch(const Value& dot, const Node& node);
    Result<Flow> walk_range(const Value& dot, const Node& node);
    Result<Flow> range_over(const Value& dot, const Node& node, const Value& over);
    Result<bool> iterate(const Node& node, const Value& index, const Value& element);
    Status walk_template(const Value& dot, const Node& node);
    Status write_text(std::string_view text);
    Status write_value(const Pipeline& pipeline, Value value);

    const TreeMap& trees_;
    const TemplateLimits& limits_;
    Arena& arena_;
    ExecutionState state_;
    Evaluator evaluator_;
    std::string out_;
    std::size_t depth_ = 0;  // of templates that call templates
};

}  // namespace tocsin::templates
