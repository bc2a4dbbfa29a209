#include "tests/reference/random_expression.h"

#include <vector>

namespace tocsin::reference {
namespace {

using Names = std::vector<std::string>;

class Writer {
public:
    Writer(Chance& chance, bool bounded) : chance_(chance), bounded_(bounded) {}

    std::string vector(std::size_t depth) {
        if (depth == 0) return selector();
        switch (chance_.below(14)) {
            case 0:
                return selector();
            case 1:
            case 2:
                return over_range(depth);
            case 3:
            case 4:
                return aggregation(depth);
            case 5:
                return with_number(depth);
            case 6:
                return matching(depth);
            case 7:
                return grouped_matching(depth);
            case 8:
                return set_operation(depth);
            case 9:
                return over_values(depth);
            case 10:
                return relabelled(depth);
            case 11:
                return histogram(depth);
            case 12:
                return whole_vector(depth);
            default:
                return chance_.one_in(3) ? "-" + operand(depth - 1) : "(" + vector(depth - 1) + ")";
        }
    }

    std::string scalar(std::size_t depth) {
        switch (chance_.below(depth == 0 ? 4 : 7)) {
            case 0:
                return chance_.any_of({"0", "0.5", "1", "2", "-1", "3", "1e3"});
            case 1:
                return chance_.any_of({"10", "NaN", "Inf", "-Inf", "0.99", "5m", "100"});
            case 2:
                return "time()";
            case 3:
                return chance_.any_of(
                    {"pi()", "min_of(2, 1)", "max_of(time(), 7)", "start()", "end()", "step()", "range()", "1"});
            case 4:
                return "scalar(" + vector(depth - 1) + ")";
            case 5:
                return "(" + scalar(depth - 1) + " " + arithmetic() + " " + scalar(depth - 1) + ")";
            default:
                return "(" + scalar(depth - 1) + " " + comparison() + " bool " + scalar(depth - 1) + ")";
        }
    }

private:
    std::string arithmetic() { return chance_.any_of({"+", "-", "*", "/", "%", "^", "atan2", "+", "-", "*", "/"}); }
    std::string comparison() { return chance_.any_of({"==", "!=", "<", "<=", ">", ">="}); }
    std::string duration() { return chance_.any_of({"30s", "1m", "2m", "5m", "10m", "90s", "17s", "1m30s"}); }

    std::string operand(std::size_t depth) { return "(" + vector(depth) + ")"; }

    // ---- selectors

    std::string shift() {
        std::string text;
        if (!bounded_ && chance_.one_in(6)) text += chance_.any_of({" @ 600", " @ start()", " @ end()", " @ 1234.5"});
        if (chance_.one_in(5)) text += chance_.any_of({" offset 1m", " offset 90s", " offset 3m"});
        if (!bounded_ && chance_.one_in(12) && text.find("offset") == std::string::npos) text += " offset -1m";
        return text;
    }

    std::string metric() {
        return chance_.any_of({"requests_total", "requests_total", "errors_total", "temperature", "temperature",
                               "queue_length", "odd", "up", "latency_bucket", "build_info"});
    }

    std::string series() {
        if (chance_.one_in(12)) {
            return chance_.any_of({R"({__name__=~"errors_total|queue_length"})", R"({job="db", __name__!="odd"})",
                                   R"({room="east"})", "nothing", R"({__name__=~".+_total", instance="a"})"});
        }
        std::string text = metric();
        if (chance_.one_in(2)) {
            text += chance_.any_of({R"({job="api"})", R"({job!="api"})", R"({instance=~"a|b"})",
                                    R"({instance!~"a.*", job="db"})", R"({job="db", instance="b"})", R"({code="500"})",
                                    R"({code=""})", R"({instance="a"})"});
        }
        return text;
    }

    std::string selector() { return series() + shift(); }

    std::string range(std::size_t depth) {
        if (depth > 0 && chance_.one_in(4)) {
            const std::string step = chance_.any_of({"30s", "1m", "15s", "", "45s"});
            return "(" + vector(depth - 1) + ")[" + duration() + ":" + step + "]" + shift();
            shift();
        }
        return series() + "[" + duration() + "]" + shift();
    }

    // ---- functions

    std::string over_range(std::size_t depth) {
        switch (chance_.below(8)) {
            case 0:
                return "quantile_over_time(" + scalar(0) + ", " + range(depth - 1) + ")";
            case 1:
                return "predict_linear(" + range(depth - 1) + ", " + scalar(0) + ")";
            case 2:
                return "double_exponential_smoothing(" + range(depth - 1) + ", 0.3, 0.6)";
            default:
                break;
        }
        return chance_.any_of({"rate",
                               "rate",
                               "increase",
                               "delta",
                               "irate",
                               "idelta",
                               "deriv",
                               "changes",
                               "resets",
                               "avg_over_time",
                               "sum_over_time",
                               "min_over_time",
                               "max_over_time",
                               "count_over_time",
                               "stddev_over_time",
                               "stdvar_over_time",
                               "last_over_time",
                               "first_over_time",
                               "present_over_time",
                               "mad_over_time",
                               "absent_over_time",
                               "ts_of_first_over_time",
                               "ts_of_last_over_time",
                               "ts_of_max_over_time",
                               "ts_of_min_over_time"}) +
               "(" + range(depth - 1) + ")";
    }

    std::string over_values(std::size_t depth) {
        const std::string inner = vector(depth - 1);
        switch (chance_.below(8)) {
            case 0:
                return "clamp(" + inner + ", " + scalar(0) + ", " + scalar(0) + ")";
            case 1:
                return chance_.any_of({"clamp_min", "clamp_max"}) + "(" + inner + ", " + scalar(0) + ")";
            case 2:
                return "round(" + inner + (chance_.one_in(2) ? ", 0.5)" : ")");
            case 3:
                return chance_.any_of({"hour", "minute", "month", "year", "day_of_month", "day_of_week", "day_of_year",
                                       "days_in_month"}) +
                       (chance_.one_in(3) ? "()" : "(" + inner + " * 86399)");
            default:
                break;
        }
        return chance_.any_of({"abs",  "ceil", "floor", "exp",   "ln",    "log2", "log10", "sqrt",
                               "sgn",  "sin",  "cos",   "tan",   "asin",  "acos", "atan",  "sinh",
                               "cosh", "tanh", "asinh", "acosh", "atanh", "deg",  "rad"}) +
               "(" + inner + ")";
    }

    std::string relabelled(std::size_t depth) {
        const std::string inner = vector(depth - 1);
        return chance_.any_of({"label_replace(" + inner + R"x(, "copy", "$1-x", "instance", "(.)"))x",
                               "label_replace(" + inner + R"(, "instance", "all", "instance", "[ab]"))",
                               "label_replace(" + inner + R"(, "__name__", "renamed", "job", "api"))",
                               "label_replace(" + inner + R"(, "code", "", "code", ".*"))",
                               "label_join(" + inner + R"(, "both", "/", "job", "instance"))",
                               "label_join(" + inner + R"(, "job", "-", "instance", "nothing", "job"))"});
    }

    std::string histogram(std::size_t depth) {
        const std::string buckets =
            chance_.any_of({"latency_bucket", "rate(latency_bucket[5m])", "sum by (le, job) (rate(latency_bucket[2m]))",
                            "sum without (instance) (latency_bucket)", vector(depth - 1)});
        if (chance_.one_in(3)) return "histogram_fraction(" + scalar(0) + ", " + scalar(0) + ", " + buckets + ")";
        return "histogram_quantile(" + chance_.any_of({"0.9", "0.5", "0", "1", scalar(0)}) + ", " + buckets + ")";
    }

    std::string whole_vector(std::size_t depth) {
        switch (chance_.below(5)) {
            case 0:
                return "vector(" + scalar(depth - 1) + ")";
            case 1:
                return "absent(" + vector(depth - 1) + ")";
            case 2:
                return chance_.any_of({"sort", "sort_desc"}) + "(" + vector(depth - 1) + ")";
            default:
                return "timestamp(" + vector(depth - 1) + ")";
        }
    }

    // ---- aggregations

    std::string grouping() {
        return chance_.any_of({"", " by (job)", " by (instance)", " by (job, instance)", " without (instance)",
                               " without (code, room)", " by (__name__, job)", " by ()", " without ()",
                               " by (nothing)"});
    }

    std::string aggregation(std::size_t depth) {
        const std::string inner = " (" + vector(depth - 1) + ")";
        const std::string groups = grouping();
        switch (chance_.below(9)) {
            case 0:
                return chance_.any_of({"topk", "bottomk"}) + groups + " (" +
                       chance_.any_of({"1", "2", "3", "0", "100"}) + "," + inner + ")";
            case 1:
                return "quantile" + groups + " (" + scalar(0) + "," + inner + ")";
            case 2:
                return "count_values" + groups + " (" + chance_.any_of({"\"value\"", "\"value\"", "\"job\""}) + "," +
                       inner + ")";
            default:
                return chance_.any_of({"sum", "sum", "avg", "min", "max", "count", "group", "stddev", "stdvar"}) +
                       groups + inner;
        }
    }

    // ---- binary operators

    // Arithmetic, or a comparison that filters or gives a number.
    std::string op() {
        if (chance_.one_in(2)) return arithmetic();
        return comparison() + (chance_.one_in(3) ? " bool" : "");
    }

    std::string with_number(std::size_t depth) {
        const std::string number = scalar(depth - 1);
        const std::string inner = operand(depth - 1);
        return chance_.one_in(3) ? number + " " + op() + " " + inner : inner + " " + op() + " " + number;
    }

    std::string fill() {
        if (!chance_.one_in(6)) return "";
        return chance_.any_of({" fill (0)", " fill_left (1)", " fill_right (2)", " fill_left (3) fill_right (4)"});
    }

    std::string matching(std::size_t depth) {
        const std::string on = chance_.any_of(
            {"", "", " on (job, instance)", " ignoring (code)", " ignoring (room, le)", " on (instance)"});
        return operand(depth - 1) + " " + op() + on + fill() + " " + operand(depth - 1);
    }

    std::string one_of_each() {
        return chance_.any_of({"queue_length", "errors_total", "build_info", "up", "rate(errors_total[5m])",
                               "sum by (job, instance) (odd)", "max without (code) (requests_total)"});
    }

    std::string grouped_matching(std::size_t depth) {
        const std::string on =
            chance_.any_of({" on (job, instance)", " on (job, instance)", " ignoring (code, version, room, le, kind)"});
        const std::string include = chance_.any_of({" ()", " (version)", " ()", " (code)"});
        if (chance_.one_in(2))
            return operand(depth - 1) + " " + op() + on + " group_left" + include + fill() + " " + one_of_each();
        return one_of_each() + " " + op() + on + " group_right" + include + fill() + " " + operand(depth - 1);
    }

    std::string set_operation(std::size_t depth) {
        const std::string on = chance_.any_of({"", " on (job)", " on (job, instance)", " ignoring (code)", " on ()"});
        return operand(depth - 1) + " " + chance_.any_of({"and", "or", "unless"}) + on + " " + operand(depth - 1);
    }

    Chance& chance_;
    bool bounded_;
};

}  // namespace

std::string random_expression(Chance& chance, bool bounded) {
    Writer writer(chance, bounded);
    const std::size_t depth = 1 + chance.below(4);
    return chance.one_in(20) ? writer.scalar(depth) : writer.vector(depth);
}

}  // namespace tocsin::reference
