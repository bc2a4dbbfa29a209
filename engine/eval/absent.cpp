#include "engine/eval/absent.h"

#include <algorithm>
#include <set>

namespace tocsin {
namespace {

class Absent final : public Operator {
public:
    Absent(OperatorPtr vector, LabelSet labels, bool drops_name)
        : vector_(std::move(vector)), labels_(std::move(labels)), drops_name_(drops_name) {
        rows_ = scalar_rows();
    }

    LabelSet labels(std::size_t) const override { return labels_; }
    bool drops_name(std::size_t) const override { return drops_name_; }
    bool distinct_without_name() const override { return true; }

protected:
    Status compute(Evaluation& evaluation, std::int64_t at_ms) override {
        if (Status status = vector_->evaluate(evaluation, at_ms); !status) return status;
        const std::uint8_t* present = vector_->present();
        const bool any = std::any_of(present, present + vector_->size(), [](std::uint8_t cell) { return cell != 0; });
        Column& out = own_column();
        out.values[0] = 1;
        out.present[0] = any ? 0 : 1;
        return {};
    }

private:
    OperatorPtr vector_;
    LabelSet labels_;
    bool drops_name_;
};

}  // namespace

OperatorPtr make_absent(OperatorPtr vector, LabelSet labels, bool drops_name) {
    return std::make_shared<Absent>(std::move(vector), std::move(labels), drops_name);
}

// A label that is matched more than once is left out, even if both matchers demand the same.
LabelSet labels_demanded(const Matchers& matchers) {
    LabelBuilder labels;
    std::set<std::string_view> seen;
    for (const Matcher& matcher : matchers) {
        if (matcher.name() == kMetricNameLabel) continue;
        if (matcher.op() == MatchOp::Equal && seen.insert(matcher.name()).second) {
            labels.set(matcher.name(), matcher.value());
        } else {
            labels.remove(matcher.name());
        }
    }
    return labels.build();
}

}  // namespace tocsin
