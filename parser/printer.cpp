#include "parser/printer.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>

#include <fmt/format.h>

#include "base/duration.h"
#include "base/text.h"
#include "parser/printer_parts.h"

namespace tocsin {

namespace {

class Printer {
public:
    void print(const Expr& expr) { std::visit(*this, expr.node); }
    std::string take() { return std::move(out_); }

    void operator()(const Aggregate& node) {
        out_ += head_text(node);
        out_ += '(';
        if (node.parameter) {
            print(*node.parameter);
            out_ += ", ";
        }
        print(*node.operand);
        out_ += ')';
    }

    void operator()(const Binary& node) {
        // Down the left side and up again, since a chain of operators may be long.
        std::vector<const Binary*> chain{&node};
        while (const auto* left = chain.back()->left->as<Binary>()) chain.push_back(left);
        if (has_bare_infinity(*chain.back())) {
            out_ += "Inf";
        } else {
            print(*chain.back()->left);
        }
        for (; !chain.empty(); chain.pop_back()) {
            out_ += fmt::format(" {} ", head_text(*chain.back()));
            print(*chain.back()->right);
        }
    }

    void operator()(const Call& node) {
        out_ += node.function;
        out_ += '(';
        for (std::size_t i = 0; i < node.arguments.size(); ++i) {
            if (i > 0) out_ += ", ";
            print(*node.arguments[i]);
        }
        out_ += ')';
    }

    void operator()(const MatrixSelector& node) {
        const auto& selector = *node.selector->as<VectorSelector>();
        print_series(selector);
        out_ += '[';
        print(node.range);
        out_ += ']';
        print_extension(selector.extension);
        print_at(selector.at);
        print_offset(selector.offset);
    }

    void operator()(const NumberLiteral& node) {
        if (!node.is_duration) {
            out_ += format_value(node.value);
            return;
        }
        const Duration duration{static_cast<std::int64_t>(std::round(std::abs(node.value) * 1e3))};
        out_ += (node.value < 0 ? "-" : "") + tocsin::to_string(duration);
    }

    void operator()(const Paren& node) {
        out_ += '(';
        print(*node.inner);
        out_ += ')';
    }

    void operator()(const StringLiteral& node) { out_ += go_quote(node.value); }

    void operator()(const Subquery& node) {
        print(*node.operand);
        print_suffix(node);
    }

    void operator()(const Unary& node) {
        out_ += node.negative ? '-' : '+';
        print(*node.operand);
    }

    void operator()(const VectorSelector& node) {
        print_series(node);
        print_at(node.at);
        print_extension(node.extension);
        print_offset(node.offset);
    }

    void print_suffix(const Subquery& node) {
        out_ += '[';
        print(node.range);
        out_ += ':';
        if (node.step) print(*node.step);
        out_ += ']';
        print_at(node.at);
        print_offset(node.offset);
    }

private:
    void print(const DurationExpr& duration) {
        if (duration.expr || duration.written) return print(duration.expr ? *duration.expr : *duration.written);
        out_ += tocsin::to_string(duration.value);
    }

    void print_offset(const DurationExpr& offset) {
        const bool is_literal = !offset.expr && !offset.written;
        if (is_literal && offset.value == Duration{0}) return;
        out_ += " offset ";
        print(offset);
    }

    void print_at(const std::optional<AtModifier>& at) {
        if (!at) return;
        switch (at->kind) {
            case AtModifier::Kind::Time:
                out_ += fmt::format(" @ {:.3f}", static_cast<double>(to_unix_ms(at->time)) / 1e3);
                break;
            case AtModifier::Kind::Start: out_ += " @ start()"; break;
            case AtModifier::Kind::End: out_ += " @ end()"; break;
        }
    }

    void print_extension(Extension extension) {
        switch (extension) {
            case Extension::None: break;
            case Extension::Anchored: out_ += " anchored"; break;
            case Extension::Smoothed: out_ += " smoothed"; break;
        }
    }

    /// The name and the matchers, sorted by their text; the matcher made from the name is not shown again.
    void print_series(const VectorSelector& selector) {
        out_ += selector.name;
        std::vector<std::string> matchers;
        for (const Matcher& matcher : selector.matchers) {
            const bool is_name = matcher.name() == kMetricNameLabel && matcher.op() == MatchOp::Equal;
            if (is_name && !matcher.value().empty() && matcher.value() == selector.name) continue;
            matchers.push_back(tocsin::to_string(matcher));
        }
        if (matchers.empty() && !selector.name.empty()) return;
        std::sort(matchers.begin(), matchers.end());
        out_ += '{' + join(matchers, ",") + '}';
    }

    std::string out_;
};

std::string label_list(const std::vector<std::string>& labels) {
    std::vector<std::string> out;
    out.reserve(labels.size());
    for (const std::string& label : labels) out.push_back(is_legacy_label_name(label) ? label : go_quote(label));
    return join(out, ", ");
}

std::string fill_text(const VectorMatching& matching) {
    const auto& left = matching.fill_left;
    const auto& right = matching.fill_right;
    if (left && right && std::bit_cast<std::uint64_t>(*left) == std::bit_cast<std::uint64_t>(*right)) {
        return fmt::format(" fill ({})", format_go_float(*left));
    }
    std::string out;
    if (left) out += fmt::format(" fill_left ({})", format_go_float(*left));
    if (right) out += fmt::format(" fill_right ({})", format_go_float(*right));
    return out;
}

std::string matching_text(const VectorMatching& matching) {
    using Cardinality = VectorMatching::Cardinality;
    const bool grouped =
        matching.cardinality == Cardinality::ManyToOne || matching.cardinality == Cardinality::OneToMany;
    std::string out;
    if (!matching.labels.empty() || matching.on || grouped) {
        out += fmt::format(" {} ({})", matching.on ? "on" : "ignoring", label_list(matching.labels));
    }
    if (grouped) {
        const std::string_view side = matching.cardinality == Cardinality::ManyToOne ? "left" : "right";
        out += fmt::format(" group_{} ({})", side, label_list(matching.include));
    }
    return out + fill_text(matching);
}

}  // namespace

std::string head_text(const Aggregate& node) {
    std::string out(to_string(node.op));
    if (node.without) {
        out += fmt::format(" without ({}) ", label_list(node.grouping));
    } else if (!node.grouping.empty()) {
        out += fmt::format(" by ({}) ", label_list(node.grouping));
    }
    return out;
}

std::string head_text(const Binary& node) {
    std::string out(to_string(node.op));
    if (node.return_bool) out += " bool";
    if (node.matching) out += matching_text(*node.matching);
    return out;
}

bool has_bare_infinity(const Binary& node) {
    const auto* number = node.left->as<NumberLiteral>();
    return node.op == BinaryOp::Pow && number && number->value == INFINITY;
}

std::string suffix_text(const Subquery& node) {
    Printer printer;
    printer.print_suffix(node);
    return printer.take();
}

std::string to_string(const Expr& expr) {
    Printer printer;
    printer.print(expr);
    return printer.take();
}

}  // namespace tocsin
