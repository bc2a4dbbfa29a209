#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/hash.h"
#include "base/text.h"
#include "engine/eval/aggregate.h"

namespace tocsin {
namespace {

// Keeps rows of its input. Which ones is decided group by group.
class Pick : public Operator {
public:
    explicit Pick(AggregateSetup setup) : setup_(std::move(setup)), grouping_(setup_.grouping) {}

    LabelSet labels(std::size_t row) const override { return setup_.operand->labels(row); }
    bool drops_name(std::size_t row) const override { return setup_.operand->drops_name(row); }
    bool distinct_without_name() const override { return setup_.operand->distinct_without_name(); }
    std::string kept() const override { return grouping_.kept(); }
    const Notes* notes() const override { return &notes_; }

protected:
    Status compute(Evaluation& evaluation, std::int64_t at_ms) final {
        if (Status status = setup_.parameter->evaluate(evaluation, at_ms); !status) return status;
        if (Status status = take_parameter(evaluation, setup_.parameter->scalar()); !status) return status;
        if (Status status = setup_.operand->evaluate(evaluation, at_ms); !status) return status;
        const Operator& input = *setup_.operand;
        if (grouping_.update(input)) rows_changed(input);
        rows_ = input.rows();
        keep_.assign(size(), 0);
        for (std::size_t group = 0; group < grouping_.rows()->ids.size(); ++group) {
            present_members_.clear();
            for (std::size_t i = grouping_.begin(group); i < grouping_.begin(group + 1); ++i) {
                const std::uint32_t row = grouping_.members()[i];
                if (input.is_present(row)) present_members_.push_back(row);
            }
            pick(input, present_members_, keep_);
        }
        show(input.values(), keep_.data());
        return {};
    }

    virtual Status take_parameter(Evaluation& evaluation, double value) = 0;
    virtual void rows_changed(const Operator&) {}
    /// Marks those of `rows`, the rows of one group that are present, which are kept; may reorder them.
    virtual void pick(const Operator& input, std::vector<std::uint32_t>& rows, std::vector<std::uint8_t>& keep) = 0;

    const AggregateSetup& setup() const { return setup_; }
    const Grouping& grouping() const { return grouping_; }
    Notes& own_notes() { return notes_; }

private:
    AggregateSetup setup_;
    Grouping grouping_;
    Notes notes_;
    std::vector<std::uint32_t> present_members_;
    std::vector<std::uint8_t> keep_;
};

// The `k` of topk and its like: at least 1 to keep anything.
Result<std::size_t> count_of(double k) {
    if (std::isnan(k)) return fail(Error::Kind::InvalidInput, "Parameter value is NaN");
    constexpr double kMax = 9.2e18;
    if (k >= kMax) return fail(Error::Kind::InvalidInput, fmt::format("Scalar value {} overflows int64", format_go_float(k)));
    if (k <= -kMax) return fail(Error::Kind::InvalidInput, fmt::format("Scalar value {} underflows int64", format_go_float(k)));
    return k < 1 ? 0 : static_cast<std::size_t>(k);
}

class Best final : public Pick {
public:
    using Pick::Pick;

    bool result_order(std::vector<std::uint32_t>& order) const override {
        order.clear();
        for (std::size_t group = 0; group < grouping().rows()->ids.size(); ++group) {
            const auto first = order.size();
            for (std::size_t i = grouping().begin(group); i < grouping().begin(group + 1); ++i) {
                const std::uint32_t row = grouping().members()[i];
                if (present()[row] != 0) order.push_back(row);
            }
            sort_best_first(values(), std::span(order).subspan(first));
        }
        return true;
    }

protected:
    Status take_parameter(Evaluation&, double value) override {
        TOCSIN_TRY(k_, count_of(value));
        return {};
    }

    void pick(const Operator& input, std::vector<std::uint32_t>& rows, std::vector<std::uint8_t>& keep) override {
        const double* values = input.values();
        const std::size_t count = std::min(k_, rows.size());
        if (count < rows.size()) {
            std::nth_element(rows.begin(), rows.begin() + static_cast<std::ptrdiff_t>(count), rows.end(),
                             [&](std::uint32_t a, std::uint32_t b) { return better(values, a, b); });
        }
        for (std::size_t i = 0; i < count; ++i) keep[rows[i]] = 1;
    }

private:
    // A NaN is worse than any number; of equals the earlier row is better.
    bool better(const double* values, std::uint32_t a, std::uint32_t b) const {
        const double x = values[a];
        const double y = values[b];
        if (std::isnan(x) || std::isnan(y)) return std::isnan(x) == std::isnan(y) ? a < b : std::isnan(y);
        if (x == y) return a < b;
        return (setup().op == AggregateOp::Topk) == (x > y);
    }

    void sort_best_first(const double* values, std::span<std::uint32_t> rows) const {
        std::ranges::sort(rows, [&](std::uint32_t a, std::uint32_t b) { return better(values, a, b); });
    }

    std::size_t k_ = 0;
};

class First final : public Pick {
public:
    using Pick::Pick;

protected:
    Status take_parameter(Evaluation&, double value) override {
        TOCSIN_TRY(k_, count_of(value));
        return {};
    }

    void pick(const Operator&, std::vector<std::uint32_t>& rows, std::vector<std::uint8_t>& keep) override {
        for (std::size_t i = 0; i < std::min(k_, rows.size()); ++i) keep[rows[i]] = 1;
    }

private:
    std::size_t k_ = 0;
};

// limit_ratio keeps a series by a hash of its labels, so that the same ones are kept each time, and r and r-1 keep all between them.
class Ratio final : public Pick {
public:
    using Pick::Pick;

protected:
    Status take_parameter(Evaluation& evaluation, double value) override {
        if (std::isnan(value)) return fail(Error::Kind::InvalidInput, "Ratio value is NaN");
        ratio_ = std::clamp(value, -1.0, 1.0);
        if (ratio_ != value) {
            evaluation.raise(own_notes().warning(fmt::format("ratio value should be between -1 and 1, got {}, capping to {}",
                                                         format_go_float(value), format_go_float(ratio_))));
        }
        return {};
    }

    void rows_changed(const Operator& input) override {
        if (known_.crowded(input.size())) known_.clear();
        positions_.resize(input.size());
        for (std::size_t row = 0; row < input.size(); ++row) {
            positions_[row] = known_.get(input.rows()->ids[row], [&] { return position_of(input.labels(row)); });
        }
    }

    void pick(const Operator&, std::vector<std::uint32_t>& rows, std::vector<std::uint8_t>& keep) override {
        for (const std::uint32_t row : rows) {
            const double position = positions_[row];
            if (ratio_ >= 0 ? position < ratio_ : position >= 1 + ratio_) keep[row] = 1;
        }
    }

private:
    // Prometheus' own hash, so that both keep the same series: names and values, each behind its length.
    static double position_of(const LabelSet& labels) {
        std::string bytes;
        for (const Label& label : labels) {
            for (const std::string_view text : {label.name, label.value}) {
                append_length(bytes, text.size());
                bytes += text;
            }
        }
        return static_cast<double>(xxhash64(bytes)) / static_cast<double>(std::numeric_limits<std::uint64_t>::max());
    }

    static void append_length(std::string& bytes, std::size_t length) {
        constexpr std::size_t kLongFrom = 255;
        if (length < kLongFrom) {
            bytes += static_cast<char>(length);
            return;
        }
        bytes += static_cast<char>(kLongFrom);
        for (int shift = 0; shift < 24; shift += 8) bytes += static_cast<char>(length >> shift);
    }

    double ratio_ = 0;
    RowCache<double> known_;
    std::vector<double> positions_;
};

}  // namespace

OperatorPtr make_pick(AggregateSetup setup) {
    switch (setup.op) {
        case AggregateOp::Limitk: return std::make_shared<First>(std::move(setup));
        case AggregateOp::LimitRatio: return std::make_shared<Ratio>(std::move(setup));
        default: return std::make_shared<Best>(std::move(setup));
    }
}

}  // namespace tocsin
