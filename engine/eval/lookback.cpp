#include "engine/eval/lookback.h"

#include <utility>

namespace tocsin {
namespace {

class Walk {
public:
    Walk(const QueryOptions& options, const StepSpan& steps) : lookback_(options.lookback_delta), steps_(steps) {}

    // `first` to `last`: when the node is evaluated.
    void visit(const PlanPtr& node, Timestamp first, Timestamp last) {
        if (node) visit(*node, first, last);
    }

    void visit(const PlanNode& node, Timestamp first, Timestamp last) {
        std::visit([&](const auto& what) { read(what, first, last); }, node.node);
    }

    std::vector<TimeSpan> take() { return merged(std::move(spans_)); }

private:
    void read(const PlanAggregate& aggregate, Timestamp first, Timestamp last) {
        visit(aggregate.parameter, first, last);
        visit(aggregate.operand, first, last);
    }

    void read(const PlanBinary& binary, Timestamp first, Timestamp last) {
        visit(binary.left, first, last);
        visit(binary.right, first, last);
    }

    void read(const PlanCall& call, Timestamp first, Timestamp last) {
        // info() joins series that stand in no argument, as an instant selector would read them.
        if (call.function->name == "info") spans_.push_back({first - lookback_, last});
        for (const PlanPtr& argument : call.arguments) visit(argument, first, last);
    }

    void read(const PlanNegate& negate, Timestamp first, Timestamp last) { visit(negate.operand, first, last); }
    void read(const PlanNumber&, Timestamp, Timestamp) {}
    void read(const PlanString&, Timestamp, Timestamp) {}

    void read(const PlanSelector& selector, Timestamp first, Timestamp last) {
        add_range(selector, lookback_, first, last);
    }

    void read(const PlanWindow& window, Timestamp first, Timestamp last) {
        const bool extended = window.selector.extension != Extension::None;
        add_range(window.selector, window.range + (extended ? lookback_ : Duration{0}), first, last);
    }

    void read(const PlanSubquery& subquery, Timestamp first, Timestamp last) {
        const auto [from, to] = shift(subquery.shift, first, last);
        visit(subquery.operand, from - subquery.range, to);
    }

    void add_range(const PlanSelector& selector, Duration back, Timestamp first, Timestamp last) {
        const auto [from, to] = shift(selector.shift, first, last);
        spans_.push_back({from - back, selector.extension == Extension::Smoothed ? to + lookback_ : to});
    }

    std::pair<Timestamp, Timestamp> shift(const TimeShift& by, Timestamp first, Timestamp last) const {
        if (by.at) first = last = moment_of(*by.at);
        return {first - by.offset, last - by.offset};
    }

    Timestamp moment_of(const AtModifier& at) const {
        switch (at.kind) {
            case AtModifier::Kind::Time:
                return at.time;
            case AtModifier::Kind::Start:
                return steps_.start;
            case AtModifier::Kind::End:
                return steps_.end;
        }
        return at.time;
    }

    Duration lookback_;
    StepSpan steps_;
    std::vector<TimeSpan> spans_;
};

}  // namespace

std::vector<TimeSpan> looks_at(const PlanNode& plan, const QueryOptions& options, const StepSpan& steps) {
    Walk walk(options, steps);
    walk.visit(plan, steps.first, steps.last);
    return walk.take();
}

}  // namespace tocsin
