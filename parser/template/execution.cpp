#include "parser/template/execution.h"

#include <utility>

#include <fmt/format.h>

#include "base/text.h"
#include "parser/template/html_escaper.h"
#include "parser/template/printf.h"

namespace tocsin::templates {

Execution::Execution(const TreeMap& trees, const Environment& environment, Arena& arena)
    : trees_(trees),
      limits_(environment.limits),
      arena_(arena),
      state_(environment.limits),
      evaluator_(state_, environment, arena) {}

Result<std::string> Execution::run(const Tree& root, const Value& data, const std::vector<PresetVariable>& presets) {
    state_.tree = &root;
    state_.variables.push_back({"$", data});
    for (const auto& [name, value] : presets) state_.variables.push_back({name, value});
    TOCSIN_CHECK(walk(data, root.root));
    return std::move(out_);
}

Result<Execution::Flow> Execution::walk(const Value& dot, const NodeList& list) {
    const ExecutionState::Level level(state_);
    TOCSIN_CHECK(level.check());
    for (const Node& node : list) {
        TOCSIN_TRY(const Flow flow, walk(dot, node));
        if (flow != Flow::Next) return flow;
    }
    return Flow::Next;
}

Result<Execution::Flow> Execution::walk(const Value& dot, const Node& node) {
    state_.at(node);
    TOCSIN_CHECK(state_.step());
    switch (node.kind) {
        case Node::Kind::Text:
            TOCSIN_CHECK(write_text(node.text));
            return Flow::Next;
        case Node::Kind::Action: {
            TOCSIN_TRY(const Value value, evaluator_.evaluate(dot, *node.pipeline));
            // What declares a variable prints nothing.
            if (!node.pipeline->variables.empty()) return Flow::Next;
            state_.at(node);
            TOCSIN_CHECK(write_value(*node.pipeline, value));
            return Flow::Next;
        }
        case Node::Kind::If:
        case Node::Kind::With:
            return walk_branch(dot, node);
        case Node::Kind::Range:
            return walk_range(dot, node);
        case Node::Kind::Template:
            TOCSIN_CHECK(walk_template(dot, node));
            return Flow::Next;
        case Node::Kind::Break:
            return Flow::Break;
        case Node::Kind::Continue:
            return Flow::Continue;
    }
    return Flow::Next;
}

Status Execution::write_text(std::string_view text) {
    if (out_.size() + text.size() > limits_.output_bytes) {
        return state_.exceeded("output is larger than {} bytes", limits_.output_bytes);
    }
    out_ += text;
    return {};
}

Status Execution::write_value(const Pipeline& pipeline, Value value) {
    for (const Escaper escaper : pipeline.escapers) {
        std::string escaped = escape(escaper, value);
        value = Value::text(arena_.keep(escaped));
    }
    if (value.kind() == Kind::String) return write_text(value.as_text());
    const auto printed = append_printable(out_, {&value, 1}, limits_.output_bytes - out_.size());
    if (!printed) return state_.exceeded("output is larger than {} bytes", limits_.output_bytes);
    return {};
}

Result<Execution::Flow> Execution::walk_branch(const Value& dot, const Node& node) {
    const std::size_t variables_outside = state_.variables.size();
    TOCSIN_TRY(const Value value, evaluator_.evaluate(dot, *node.pipeline));
    Flow flow = Flow::Next;
    if (is_true(value)) {
        TOCSIN_TRY(flow, walk(node.kind == Node::Kind::With ? value : dot, node.list));
    } else if (node.has_else) {
        TOCSIN_TRY(flow, walk(dot, node.else_list));
    }
    state_.variables.resize(variables_outside);
    return flow;
}

Result<Execution::Flow> Execution::walk_range(const Value& dot, const Node& node) {
    const std::size_t variables_outside = state_.variables.size();
    TOCSIN_TRY(const Value over, evaluator_.evaluate(dot, *node.pipeline));
    TOCSIN_TRY(const Flow flow, range_over(dot, node, over));
    state_.variables.resize(variables_outside);
    return flow;
}

Result<Execution::Flow> Execution::range_over(const Value& dot, const Node& node, const Value& over) {
    bool ran = false;
    TOCSIN_CHECK(state_.step(steps_for(over)));
    switch (over.kind()) {
        case Kind::Nil:
        case Kind::Interface:
            break;
        case Kind::List: {
            std::int64_t index = 0;
            for (const Value& element : over.as_list()) {
                ran = true;
                TOCSIN_TRY(const bool go_on, iterate(node, Value::integer(index++), element));
                if (!go_on) break;
            }
            break;
        }
        case Kind::Int:
        case Kind::Uint: {
            if (node.pipeline->variables.size() > 1) {
                return state_.error(fmt::format("can't use {} to iterate over more than one variable", text_of(over)));
            }
            const bool is_signed = over.kind() == Kind::Int;
            const std::int64_t end = is_signed ? over.as_int() : static_cast<std::int64_t>(over.as_uint());
            for (std::int64_t i = 0; i < end; ++i) {
                ran = true;
                const Value element = is_signed ? Value::integer(i, *over.type())
                                                : Value::unsigned_integer(static_cast<std::uint64_t>(i), *over.type());
                TOCSIN_TRY(const bool go_on, iterate(node, Value(), element));
                if (!go_on) break;
            }
            break;
        }
        case Kind::Map: {
            // Collected first: a visit cannot be left early, a range can.
            std::vector<Map::Entry> entries;
            over.as_map().for_each([&](std::string_view key, const Value& value) { entries.push_back({key, value}); });
            for (const auto& [key, element] : entries) {
                ran = true;
                TOCSIN_TRY(const bool go_on, iterate(node, Value::text(key), element));
                if (!go_on) break;
            }
            break;
        }
        case Kind::Bool:
        case Kind::Float:
        case Kind::Complex:
        case Kind::String:
        case Kind::Struct:
        case Kind::Time:
        case Kind::Location:
            return state_.error(fmt::format("range can't iterate over {}", text_of(over)));
    }
    if (ran || !node.has_else) return Flow::Next;
    return walk(dot, node.else_list);
}

// Whether the range goes on. With one variable that is the element, with two
// the index comes first.
Result<bool> Execution::iterate(const Node& node, const Value& index, const Value& element) {
    TOCSIN_CHECK(state_.step());
    const std::size_t variables_outside = state_.variables.size();
    const auto& names = node.pipeline->variables;
    if (node.pipeline->assigns) {
        if (!names.empty()) TOCSIN_CHECK(state_.assign(names[0], names.size() > 1 ? index : element));
        if (names.size() > 1) TOCSIN_CHECK(state_.assign(names[1], element));
    } else {
        // The pipeline has declared them with the value of the whole.
        if (!names.empty()) state_.variables[state_.variables.size() - 1].value = element;
        if (names.size() > 1) state_.variables[state_.variables.size() - 2].value = index;
    }
    TOCSIN_TRY(const Flow flow, walk(element, node.list));
    state_.variables.resize(variables_outside);
    return flow != Flow::Break;
}

Status Execution::walk_template(const Value& dot, const Node& node) {
    const auto found = trees_.find(node.text);
    if (found == trees_.end()) return state_.error(fmt::format("template {} not defined", go_quote(node.text)));
    if (depth_ >= limits_.depth) {
        return state_.exceeded("exceeded maximum template depth ({})", limits_.depth);
    }
    Value argument;
    if (node.pipeline) {
        TOCSIN_TRY(argument, evaluator_.evaluate(dot, *node.pipeline));
    }
    const ExecutionState::Level level(state_);
    TOCSIN_CHECK(level.check());
    const Tree* const caller = std::exchange(state_.tree, found->second.get());
    // A template sees no variables of its caller.
    std::vector<Variable> outer = std::exchange(state_.variables, {{"$", argument}});
    ++depth_;
    auto walked = walk(argument, state_.tree->root);
    --depth_;
    if (!walked) return tl::unexpected<Error>(std::move(walked).error());
    state_.variables = std::move(outer);
    state_.tree = caller;
    return {};
}

}  // namespace tocsin::templates
