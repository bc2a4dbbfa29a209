#include "tests/reference/evaluator.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <map>
#include <numbers>
#include <set>

#include "base/matcher.h"
#include "base/sample.h"
#include "tests/reference/over_range.h"
#include "tests/reference/over_values.h"

namespace tocsin::reference {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

const Expr& inside(const Expr& expr) {
    const auto* paren = expr.as<Paren>();
    return paren != nullptr ? inside(*paren->inner) : expr;
}

bool is_scalar(const Expr& expr) {
    static const std::set<std::string_view> calls{"end",    "max_of", "min_of", "pi",  "range",
                                                  "scalar", "start",  "step",   "time"};
    if (expr.as<NumberLiteral>() != nullptr) return true;
    if (const auto* paren = expr.as<Paren>()) return is_scalar(*paren->inner);
    if (const auto* unary = expr.as<Unary>()) return is_scalar(*unary->operand);
    if (const auto* binary = expr.as<Binary>()) return is_scalar(*binary->left) && is_scalar(*binary->right);
    if (const auto* call = expr.as<Call>()) return calls.contains(call->function);
    return false;
}

LabelSet without_name(const LabelSet& labels) {
    return LabelBuilder(labels).remove("__name__").remove("__type__").remove("__unit__").build();
}

LabelSet keep(const LabelSet& labels, const std::vector<std::string>& names) {
    LabelBuilder kept;
    for (const std::string& name : names) kept.set(name, labels.get(name));
    return kept.build();
}

LabelSet drop(const LabelSet& labels, const std::vector<std::string>& names) {
    LabelBuilder kept(labels);
    for (const std::string& name : names) kept.remove(name);
    return kept.build();
}

double compute(BinaryOp op, double a, double b) {
    switch (op) {
        case BinaryOp::Add:
            return a + b;
        case BinaryOp::Sub:
            return a - b;
        case BinaryOp::Mul:
            return a * b;
        case BinaryOp::Div:
            return a / b;
        case BinaryOp::Mod:
            return std::fmod(a, b);
        case BinaryOp::Pow:
            return std::pow(a, b);
        case BinaryOp::Atan2:
            return std::atan2(a, b);
        case BinaryOp::Equal:
            return a == b;
        case BinaryOp::NotEqual:
            return a != b;
        case BinaryOp::Less:
            return a < b;
        case BinaryOp::LessOrEqual:
            return a <= b;
        case BinaryOp::Greater:
            return a > b;
        case BinaryOp::GreaterOrEqual:
            return a >= b;
        default:
            return kNan;
    }
}

std::string text_of(double value) {
    if (std::isnan(value)) return "NaN";
    if (std::isinf(value)) return value > 0 ? "+Inf" : "-Inf";
    char text[400];
    const auto end = std::to_chars(text, text + sizeof text, value, std::chars_format::fixed).ptr;
    return {text, end};
}

class Evaluator {
public:
    Evaluator(const std::vector<Series>& data, const Settings& settings) : data_(data), settings_(settings) {}

    Answer answer(const Expr& expr, const Moment& moment) {
        Answer answer;
        answer.rows = is_scalar(expr) ? Rows{{{}, scalar(expr, moment)}} : vector(expr, moment);
        answer.failure = failure_;
        answer.is_open = is_open_;
        return answer;
    }

private:
    void fail_with(std::string why) {
        if (!failure_) failure_ = std::move(why);
    }

    // See Settings::nudged.
    double rounded(double value) {
        if (!settings_.nudged) return value;
        const std::uint64_t mixed = ++numbers_rounded_ * 0x9e37'79b9'7f4a'7c15;
        return value * (1 + (static_cast<double>(mixed >> 61) - 3) * 1e-12);
    }

    Rows rounded(Rows rows) {
        for (Row& row : rows) row.value = rounded(row.value);
        return rows;
    }

    Rows each_once(Rows rows) {
        std::set<LabelSet> seen;
        for (const Row& row : rows) {
            if (!seen.insert(row.labels).second) fail_with("vector cannot contain metrics with the same labelset");
        }
        return rows;
    }

    Rows nameless(Rows rows) {
        for (Row& row : rows) row.labels = without_name(row.labels);
        return each_once(std::move(rows));
    }

    // ---- scalars

    double scalar(const Expr& expr, const Moment& moment) {
        if (const auto* number = expr.as<NumberLiteral>()) return number->value;
        if (const auto* paren = expr.as<Paren>()) return scalar(*paren->inner, moment);
        if (const auto* unary = expr.as<Unary>()) {
            const double value = scalar(*unary->operand, moment);
            return unary->negative ? -value : value;
        }
        if (const auto* binary = expr.as<Binary>()) {
            return rounded(compute(binary->op, scalar(*binary->left, moment), scalar(*binary->right, moment)));
        }
        return scalar_call(*expr.as<Call>(), moment);
    }

    double scalar_call(const Call& call, const Moment& moment) {
        const std::string& name = call.function;
        const auto argument = [&](std::size_t i) { return scalar(*call.arguments[i], moment); };
        if (name == "time") return static_cast<double>(moment.at_ms) / 1000;
        if (name == "start") return static_cast<double>(moment.start_ms) / 1000;
        if (name == "end") return static_cast<double>(moment.end_ms) / 1000;
        if (name == "range") return static_cast<double>(moment.end_ms - moment.start_ms) / 1000;
        if (name == "step") return static_cast<double>(moment.step_ms) / 1000;
        if (name == "pi") return std::numbers::pi;
        if (name == "min_of") return smaller(argument(0), argument(1));
        if (name == "max_of") return larger(argument(0), argument(1));
        const Rows rows = vector(*call.arguments[0], moment);
        return rows.size() == 1 ? rows[0].value : kNan;
    }

    static double smaller(double a, double b) { return std::isnan(a) || std::isnan(b) ? kNan : std::min(a, b); }
    static double larger(double a, double b) { return std::isnan(a) || std::isnan(b) ? kNan : std::max(a, b); }

    // ---- vectors

    Rows vector(const Expr& expr, const Moment& moment) {
        if (const auto* paren = expr.as<Paren>()) return vector(*paren->inner, moment);
        if (const auto* selector = expr.as<VectorSelector>()) return select(*selector, moment, false);
        if (const auto* unary = expr.as<Unary>()) return negate(*unary, moment);
        if (const auto* aggregate = expr.as<Aggregate>()) return aggregated(*aggregate, moment);
        if (const auto* binary = expr.as<Binary>()) return combined(*binary, moment);
        if (const auto* call = expr.as<Call>()) return called(*call, moment);
        fail_with("not a vector");
        return {};
    }

    static std::int64_t seen_from(const DurationExpr& offset, const std::optional<AtModifier>& at,
                                  const Moment& moment) {
        std::int64_t time_ms = moment.at_ms;
        if (at && at->kind == AtModifier::Kind::Time) time_ms = to_unix_ms(at->time);
        if (at && at->kind == AtModifier::Kind::Start) time_ms = moment.start_ms;
        if (at && at->kind == AtModifier::Kind::End) time_ms = moment.end_ms;
        return time_ms - offset.value.count();
    }

    // The newest sample that is younger than the lookback delta, unless it says that the series ended.
    Rows select(const VectorSelector& selector, const Moment& moment, bool times) {
        const std::int64_t time_ms = seen_from(selector.offset, selector.at, moment);
        Rows rows;
        for (const Series& series : data_) {
            if (!all_match(selector.matchers, series.labels)) continue;
            const Point* newest = nullptr;
            for (const Point& point : series.points) {
                if (point.time_ms > time_ms - settings_.lookback_ms && point.time_ms <= time_ms) newest = &point;
            }
            if (newest == nullptr || is_stale(newest->value)) continue;
            rows.push_back({series.labels, times ? static_cast<double>(newest->time_ms) / 1000 : newest->value});
        }
        return rows;
    }

    Rows negate(const Unary& unary, const Moment& moment) {
        Rows rows = vector(*unary.operand, moment);
        if (!unary.negative) return rows;
        for (Row& row : rows) row.value = -row.value;
        return nameless(std::move(rows));
    }

    // ---- ranges

    struct Range {
        std::int64_t start_ms = 0;  // exclusive
        std::int64_t end_ms = 0;
        std::vector<Series> series;  // those with any point, no stale ones
    };

    Range range(const Expr& expr, const Moment& moment) {
        if (const auto* paren = expr.as<Paren>()) return range(*paren->inner, moment);
        if (const auto* subquery = expr.as<Subquery>()) return stepped(*subquery, moment);
        const auto& matrix = *expr.as<MatrixSelector>();
        const auto& selector = *matrix.selector->as<VectorSelector>();
        Range range;
        range.end_ms = seen_from(selector.offset, selector.at, moment);
        range.start_ms = range.end_ms - matrix.range.value.count();
        for (const Series& series : data_) {
            if (!all_match(selector.matchers, series.labels)) continue;
            Series within{series.labels, {}};
            for (const Point& point : series.points) {
                if (point.time_ms > range.start_ms && point.time_ms <= range.end_ms && !is_stale(point.value)) {
                    within.points.push_back(point);
                }
            }
            if (!within.points.empty()) range.series.push_back(std::move(within));
        }
        return range;
    }

    // The operand at all multiples of the step within the range.
    Range stepped(const Subquery& subquery, const Moment& moment) {
        Range range;
        range.end_ms = seen_from(subquery.offset, subquery.at, moment);
        range.start_ms = range.end_ms - subquery.range.value.count();
        const std::int64_t step_ms = subquery.step ? subquery.step->value.count() : settings_.subquery_step_ms;
        std::int64_t time_ms = range.start_ms / step_ms * step_ms;
        while (time_ms <= range.start_ms) time_ms += step_ms;
        std::map<LabelSet, Series> found;
        for (; time_ms <= range.end_ms; time_ms += step_ms) {
            Moment step = moment;
            step.at_ms = time_ms;
            const Rows rows = is_scalar(*subquery.operand) ? Rows{{{}, scalar(*subquery.operand, step)}}
                                                           : vector(*subquery.operand, step);
            for (const Row& row : rows) {
                Series& series = found[row.labels];
                series.labels = row.labels;
                series.points.push_back({time_ms, row.value});
            }
        }
        for (auto& [labels, series] : found) range.series.push_back(std::move(series));
        return range;
    }

    // ---- calls

    Rows called(const Call& call, const Moment& moment) {
        const std::string& name = call.function;
        if (const OverRange over_range = find_over_range(name)) return call_over_range(call, over_range, moment);
        if (const OverValue over_value = find_over_value(name)) return call_over_value(call, over_value, moment);
        if (name == "vector") return {{{}, scalar(*call.arguments[0], moment)}};
        if (name == "absent") return absent(*call.arguments[0], vector(*call.arguments[0], moment).empty());
        if (name == "absent_over_time")
            return absent(*call.arguments[0], range(*call.arguments[0], moment).series.empty());
        if (name == "clamp" || name == "clamp_max" || name == "clamp_min") return clamp(call, moment);
        if (name == "round") return round(call, moment);
        if (name == "label_replace") return label_replace(call, moment);
        if (name == "label_join") return label_join(call, moment);
        if (name == "sort" || name == "sort_desc")
            return sorted(vector(*call.arguments[0], moment), name == "sort_desc");
        if (name == "timestamp") return timestamp(*call.arguments[0], moment);
        if (name == "histogram_quantile" || name == "histogram_fraction") return over_buckets(call, moment);
        fail_with("no such function here: " + name);
        return {};
    }

    Rows call_over_range(const Call& call, OverRange function, const Moment& moment) {
        std::vector<double> arguments;
        Range window;
        for (const ExprPtr& argument : call.arguments) {
            if (is_scalar(*argument)) {
                arguments.push_back(scalar(*argument, moment));
            } else {
                window = range(*argument, moment);
            }
        }
        Rows rows;
        for (const Series& series : window.series) {
            const auto value = function({series.points, window.start_ms, window.end_ms, moment.at_ms}, arguments);
            if (value) rows.push_back({series.labels, rounded(*value)});
        }
        return keeps_name(call.function) ? rows : nameless(std::move(rows));
    }

    Rows call_over_value(const Call& call, OverValue function, const Moment& moment) {
        Rows rows{{{}, static_cast<double>(moment.at_ms) / 1000}};
        if (!call.arguments.empty()) rows = vector(*call.arguments[0], moment);
        for (Row& row : rows) {
            // No calendar goes there, and upstream's answer depends on the processor.
            if (is_calendar(call.function) && !(std::fabs(row.value) < 1e11)) is_open_ = true;
            row.value = is_open_ ? 0 : function(row.value);
        }
        return nameless(rounded(std::move(rows)));
    }

    // One row whose labels are what the selector demands of them.
    static Rows absent(const Expr& argument, bool is_absent) {
        if (!is_absent) return {};
        const Expr& expr = inside(argument);
        const auto* matrix = expr.as<MatrixSelector>();
        const auto* selector = (matrix != nullptr ? *matrix->selector : expr).as<VectorSelector>();
        LabelBuilder labels;
        std::set<std::string> seen;
        for (const Matcher& matcher : selector != nullptr ? selector->matchers : Matchers{}) {
            if (matcher.name() == "__name__") continue;
            if (matcher.op() == MatchOp::Equal && !seen.contains(matcher.name())) {
                labels.set(matcher.name(), matcher.value());
                seen.insert(matcher.name());
            } else {
                labels.remove(matcher.name());
            }
        }
        return {{labels.build(), 1}};
    }

    Rows clamp(const Call& call, const Moment& moment) {
        Rows rows = vector(*call.arguments[0], moment);
        constexpr double kInfinity = std::numeric_limits<double>::infinity();
        const bool only_max = call.function == "clamp_max";
        const bool only_min = call.function == "clamp_min";
        const double low = only_max ? -kInfinity : scalar(*call.arguments[1], moment);
        const double high = only_max   ? scalar(*call.arguments[1], moment)
                            : only_min ? kInfinity
                                       : scalar(*call.arguments[2], moment);
        if (low > high) return {};
        for (Row& row : rows) row.value = larger(low, smaller(high, row.value));
        return nameless(std::move(rows));
    }

    Rows round(const Call& call, const Moment& moment) {
        Rows rows = vector(*call.arguments[0], moment);
        const double step = call.arguments.size() > 1 ? scalar(*call.arguments[1], moment) : 1;
        for (Row& row : rows) row.value = std::floor(row.value * (1 / step) + 0.5) / (1 / step);
        return nameless(rounded(std::move(rows)));
    }

    static const std::string& string(const Expr& expr) { return inside(expr).as<StringLiteral>()->value; }

    Rows label_replace(const Call& call, const Moment& moment) {
        Rows rows = vector(*call.arguments[0], moment);
        const auto regex = Regex::compile(string(*call.arguments[4]));
        for (Row& row : rows) {
            std::string value;
            if (!regex->expand(row.labels.get(string(*call.arguments[3])), string(*call.arguments[2]), value)) continue;
            row.labels = LabelBuilder(row.labels).set(string(*call.arguments[1]), value).build();
        }
        return each_once(std::move(rows));
    }

    Rows label_join(const Call& call, const Moment& moment) {
        Rows rows = vector(*call.arguments[0], moment);
        for (Row& row : rows) {
            std::string value;
            for (std::size_t i = 3; i < call.arguments.size(); ++i) {
                if (i > 3) value += string(*call.arguments[2]);
                value += row.labels.get(string(*call.arguments[i]));
            }
            row.labels = LabelBuilder(row.labels).set(string(*call.arguments[1]), value).build();
        }
        return each_once(std::move(rows));
    }

    // NaN comes last, whichever way.
    static Rows sorted(Rows rows, bool descending) {
        std::ranges::stable_sort(rows, [&](const Row& a, const Row& b) {
            if (std::isnan(a.value) || std::isnan(b.value)) return !std::isnan(a.value) && std::isnan(b.value);
            return descending ? a.value > b.value : a.value < b.value;
        });
        return rows;
    }

    Rows timestamp(const Expr& argument, const Moment& moment) {
        if (const auto* selector = inside(argument).as<VectorSelector>())
            return nameless(select(*selector, moment, true));
        Rows rows = vector(argument, moment);
        for (Row& row : rows) row.value = static_cast<double>(moment.at_ms) / 1000;
        return nameless(std::move(rows));
    }

    Rows over_buckets(const Call& call, const Moment& moment) {
        std::vector<double> arguments;
        for (std::size_t i = 0; i + 1 < call.arguments.size(); ++i)
            arguments.push_back(scalar(*call.arguments[i], moment));
        std::map<LabelSet, std::vector<Bucket>> histograms;
        for (const Row& row : vector(*call.arguments.back(), moment)) {
            const std::string bound(row.labels.get("le"));
            char* end = nullptr;
            const double upper_bound = std::strtod(bound.c_str(), &end);
            if (bound.empty() || *end != '\0' || std::isnan(upper_bound)) continue;
            histograms[drop(row.labels, {"le"})].push_back({upper_bound, row.value});
        }
        Rows rows;
        for (const auto& [labels, buckets] : histograms) {
            const double value = arguments.size() == 1 ? bucket_quantile(arguments[0], buckets)
                                                       : bucket_fraction(arguments[0], arguments[1], buckets);
            rows.push_back({labels, rounded(value)});
        }
        return nameless(std::move(rows));
    }

    // ---- aggregations

    Rows aggregated(const Aggregate& node, const Moment& moment) {
        const bool has_number = node.parameter != nullptr && node.op != AggregateOp::CountValues;
        const double parameter = has_number ? scalar(*node.parameter, moment) : 0;
        const Rows operand = vector(*node.operand, moment);
        if (node.op == AggregateOp::CountValues) return counted(node, operand);
        std::map<LabelSet, Rows> groups;
        for (const Row& row : operand) groups[group_of(node, row.labels)].push_back(row);
        Rows rows;
        for (const auto& [labels, members] : groups) {
            for (Row& row : of_group(node, parameter, labels, members)) rows.push_back(std::move(row));
        }
        return rows;
    }

    static LabelSet group_of(const Aggregate& node, const LabelSet& labels) {
        return node.without ? without_name(drop(labels, node.grouping)) : keep(labels, node.grouping);
    }

    Rows of_group(const Aggregate& node, double parameter, const LabelSet& labels, const Rows& members) {
        std::vector<double> values;
        for (const Row& row : members) values.push_back(row.value);
        switch (node.op) {
            case AggregateOp::Sum:
                return {{labels, rounded(sum_of(values))}};
            case AggregateOp::Avg:
                return {{labels, rounded(mean_of(values))}};
            case AggregateOp::Count:
                return {{labels, static_cast<double>(values.size())}};
            case AggregateOp::Group:
                return {{labels, 1}};
            case AggregateOp::Stdvar:
                return {{labels, rounded(variance_of(values))}};
            case AggregateOp::Stddev:
                return {{labels, rounded(std::sqrt(variance_of(values)))}};
            case AggregateOp::Quantile:
                return {{labels, rounded(quantile_of(parameter, values))}};
            case AggregateOp::Max:
                return {{labels, sorted(members, true).front().value}};
            case AggregateOp::Min:
                return {{labels, sorted(members, false).front().value}};
            case AggregateOp::Topk:
                return first_of(sorted(members, true), parameter);
            case AggregateOp::Bottomk:
                return first_of(sorted(members, false), parameter);
            default:
                fail_with("no such aggregation here");
                return {};
        }
    }

    Rows first_of(Rows members, double count) {
        if (std::isnan(count)) fail_with("Parameter value is NaN");
        if (!(count >= 1)) return {};
        if (count >= static_cast<double>(members.size())) return members;
        const auto kept = static_cast<std::size_t>(count);
        const double last = members[kept - 1].value;
        const double next = members[kept].value;
        if (last == next || (std::isnan(last) && std::isnan(next))) is_open_ = true;
        members.resize(kept);
        return members;
    }

    // The value becomes a label before groups are made.
    Rows counted(const Aggregate& node, const Rows& rows) {
        const std::string& label = string(*node.parameter);
        std::map<LabelSet, double> counts;
        for (const Row& row : rows)
            ++counts[LabelBuilder(group_of(node, row.labels)).set(label, text_of(row.value)).build()];
        Rows results;
        for (const auto& [labels, count] : counts) results.push_back({labels, count});
        return results;
    }

    // ---- two operands

    Rows combined(const Binary& node, const Moment& moment) {
        if (is_scalar(*node.left)) {
            const double left = scalar(*node.left, moment);
            return with_number(node, vector(*node.right, moment), left, true);
        }
        if (is_scalar(*node.right)) {
            const Rows left = vector(*node.left, moment);
            return with_number(node, left, scalar(*node.right, moment), false);
        }
        const Rows left = vector(*node.left, moment);
        const Rows right = vector(*node.right, moment);
        return is_set_operator(node.op) ? set_of(node, left, right) : matched(node, left, right);
    }

    static bool loses_name(const Binary& node) { return !is_comparison(node.op) || node.return_bool; }

    Rows with_number(const Binary& node, const Rows& rows, double number, bool number_is_left) {
        Rows results;
        for (const Row& row : rows) {
            const double value =
                number_is_left ? compute(node.op, number, row.value) : compute(node.op, row.value, number);
            if (loses_name(node)) {
                results.push_back({row.labels, is_comparison(node.op) ? value : rounded(value)});
            } else if (value != 0) {
                results.push_back(row);
            }
        }
        return loses_name(node) ? nameless(std::move(results)) : results;
    }

    static LabelSet signature(const Binary& node, const LabelSet& labels) {
        const VectorMatching matching = node.matching.value_or(VectorMatching{});
        return matching.on ? keep(labels, matching.labels) : without_name(drop(labels, matching.labels));
    }

    Rows set_of(const Binary& node, const Rows& left, const Rows& right) {
        std::set<LabelSet> in_left, in_right;
        for (const Row& row : left) in_left.insert(signature(node, row.labels));
        for (const Row& row : right) in_right.insert(signature(node, row.labels));
        Rows rows;
        for (const Row& row : left) {
            const bool there = in_right.contains(signature(node, row.labels));
            if (node.op == BinaryOp::Or || there == (node.op == BinaryOp::And)) rows.push_back(row);
        }
        if (node.op != BinaryOp::Or) return rows;
        for (const Row& row : right) {
            if (!in_left.contains(signature(node, row.labels))) rows.push_back(row);
        }
        return each_once(std::move(rows));
    }

    // With group_right the sides change places, but for what fills them.
    Rows matched(const Binary& node, const Rows& left, const Rows& right) {
        const VectorMatching matching = node.matching.value_or(VectorMatching{});
        const bool swapped = matching.cardinality == VectorMatching::Cardinality::OneToMany;
        const bool one_to_one = matching.cardinality == VectorMatching::Cardinality::OneToOne;
        const Rows& many = swapped ? right : left;
        const Rows& one = swapped ? left : right;
        const bool fills = matching.fill_left || matching.fill_right;
        if ((many.empty() && one.empty()) || ((many.empty() || one.empty()) && !fills)) return {};

        std::map<LabelSet, Row> partners;
        for (const Row& row : one) {
            if (!partners.emplace(signature(node, row.labels), row).second) {
                fail_with("found duplicate series for the match group");
                return {};
            }
        }
        Rows results;
        std::map<LabelSet, std::set<LabelSet>> results_of;
        const auto add = [&](const LabelSet& group, const Row& a, const Row& b) {
            const double x = swapped ? b.value : a.value;
            const double y = swapped ? a.value : b.value;
            double value = compute(node.op, x, y);
            const bool filters = is_comparison(node.op) && !node.return_bool;
            const bool kept = !filters || value != 0;
            if (filters) value = x;
            if (!is_comparison(node.op)) value = rounded(value);
            const LabelSet labels = result_labels(node, matching, a.labels, b.labels);
            // Told of results that a comparison leaves out as well.
            if (one_to_one && results_of.contains(group)) {
                fail_with(
                    "multiple matches for labels: many-to-one matching must be explicit (group_left/group_right)");
            }
            if (!results_of[group].insert(labels).second) {
                fail_with("multiple matches for labels: grouping labels must ensure unique matches");
            }
            if (kept) results.push_back({labels, value});
        };
        std::set<LabelSet> taken;
        for (const Row& row : many) {
            const LabelSet group = signature(node, row.labels);
            taken.insert(group);
            if (const auto partner = partners.find(group); partner != partners.end()) {
                add(group, row, partner->second);
            } else if (matching.fill_right) {
                add(group, row, {group, *matching.fill_right});
            }
        }
        for (const auto& [group, row] : partners) {
            if (matching.fill_left && !taken.contains(group)) add(group, {group, *matching.fill_left}, row);
        }
        return each_once(std::move(results));
    }

    static LabelSet result_labels(const Binary& node, const VectorMatching& matching, const LabelSet& many,
                                  const LabelSet& one) {
        LabelSet labels = loses_name(node) ? without_name(many) : many;
        if (matching.cardinality == VectorMatching::Cardinality::OneToOne) {
            return matching.on ? keep(labels, matching.labels) : drop(labels, matching.labels);
        }
        LabelBuilder with_included(labels);
        for (const std::string& name : matching.include) with_included.set(name, one.get(name));
        return with_included.build();
    }

    const std::vector<Series>& data_;
    Settings settings_;
    std::optional<std::string> failure_;
    bool is_open_ = false;
    std::uint64_t numbers_rounded_ = 0;
};

}  // namespace

Answer evaluate(const Expr& expr, const std::vector<Series>& data, const Moment& moment, const Settings& settings) {
    return Evaluator(data, settings).answer(expr, moment);
}

}  // namespace tocsin::reference
