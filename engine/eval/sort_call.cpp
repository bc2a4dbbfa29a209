#include "engine/eval/sort_call.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace tocsin {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// The first stretch of only digits, or of none.
std::string_view first_part(std::string_view text) {
    std::size_t end = 1;
    while (end < text.size() && is_digit(text[end]) == is_digit(text[0])) ++end;
    return text.substr(0, end);
}

int compare_numbers(std::string_view a, std::string_view b) {
    a.remove_prefix(std::min(a.find_first_not_of('0'), a.size()));
    b.remove_prefix(std::min(b.find_first_not_of('0'), b.size()));
    if (a.size() != b.size()) return a.size() < b.size() ? -1 : 1;
    return a.compare(b);
}

class Sort final : public Operator {
public:
    Sort(Builtin kind, OperatorPtr vector, std::vector<std::string> labels)
        : kind_(kind), vector_(std::move(vector)), labels_(std::move(labels)) {}

    LabelSet labels(std::size_t row) const override { return vector_->labels(row); }
    bool drops_name(std::size_t row) const override { return vector_->drops_name(row); }
    bool distinct_without_name() const override { return vector_->distinct_without_name(); }
    const Notes* notes() const override { return &notes_; }

    bool result_order(std::vector<std::uint32_t>& order) const override {
        order.resize(size());
        std::iota(order.begin(), order.end(), 0U);
        std::erase_if(order, [&](std::uint32_t row) { return !is_present(row); });
        if (kind_ == Builtin::Sort || kind_ == Builtin::SortDesc) {
            sort_by_value(order);
        } else {
            sort_by_labels(order);
        }
        return true;
    }

protected:
    Status compute(Evaluation& evaluation, std::int64_t at_ms) override {
        if (Status status = vector_->evaluate(evaluation, at_ms); !status) return status;
        if (evaluation.step_ms() != 0) {
            evaluation.raise(
                notes_.warning("sort is ineffective for range queries since results are always ordered by labels"));
        }
        rows_ = vector_->rows();
        show(vector_->values(), vector_->present());
        return {};
    }

private:
    // NaN comes last either way.
    void sort_by_value(std::vector<std::uint32_t>& order) const {
        const bool descending = kind_ == Builtin::SortDesc;
        std::ranges::stable_sort(order, [&](std::uint32_t a, std::uint32_t b) {
            const double x = values()[a];
            const double y = values()[b];
            if (std::isnan(x) || std::isnan(y)) return !std::isnan(x) && std::isnan(y);
            return descending ? x > y : x < y;
        });
    }

    void sort_by_labels(std::vector<std::uint32_t>& order) const {
        std::vector<LabelSet> label_sets(size());
        for (const std::uint32_t row : order) label_sets[row] = labels(row);
        const auto before = [&](std::uint32_t a, std::uint32_t b) {
            for (const std::string& label : labels_) {
                const std::string_view x = label_sets[a].get(label);
                const std::string_view y = label_sets[b].get(label);
                if (x != y) return natural_less(x, y);
            }
            return label_sets[a] < label_sets[b];
        };
        std::ranges::sort(order, [&](std::uint32_t a, std::uint32_t b) {
            return kind_ == Builtin::SortByLabelDesc ? before(b, a) : before(a, b);
        });
    }

    Builtin kind_;
    OperatorPtr vector_;
    std::vector<std::string> labels_;
    Notes notes_;
};

}  // namespace

bool natural_less(std::string_view a, std::string_view b) {
    while (!a.empty() && !b.empty()) {
        const std::string_view x = first_part(a);
        const std::string_view y = first_part(b);
        const int order = is_digit(x[0]) && is_digit(y[0]) ? compare_numbers(x, y) : x.compare(y);
        if (order != 0) return order < 0;
        // `01` before `1`: numbers that are the same but for zeros in front.
        if (x != y) return x.size() > y.size();
        a.remove_prefix(x.size());
        b.remove_prefix(y.size());
    }
    return a.empty() && !b.empty();
}

OperatorPtr make_sort(Builtin kind, OperatorPtr vector, std::vector<std::string> labels) {
    return std::make_shared<Sort>(kind, std::move(vector), std::move(labels));
}

}  // namespace tocsin
