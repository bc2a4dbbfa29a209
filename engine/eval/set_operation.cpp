#include <fmt/format.h>

#include <algorithm>

#include "engine/eval/vector_matching.h"

namespace tocsin {
namespace {

class SetOperation : public Operator {
public:
    explicit SetOperation(VectorBinarySetup setup)
        : setup_(std::move(setup)), signatures_(setup_.matching) {}

    std::string kept() const final { return fmt::format("{} match groups", signatures_.count()); }

protected:
    Status evaluate_sides(Evaluation& evaluation, std::int64_t at_ms) {
        if (Status status = left().evaluate(evaluation, at_ms); !status) return status;
        return right().evaluate(evaluation, at_ms);
    }

    // Which signatures are there on a side.
    void find_present(const Operator& side, const std::vector<std::uint32_t>& signatures) {
        there_.assign(signatures_.count(), 0);
        const std::uint8_t* present = side.present();
        for (std::size_t i = 0; i < signatures.size(); ++i) {
            if (present[i] != 0) there_[signatures[i]] = 1;
        }
    }

    Operator& left() const { return *setup_.left; }
    Operator& right() const { return *setup_.right; }
    BinaryOp op() const { return setup_.op; }
    Signatures& signatures() { return signatures_; }
    bool is_there(std::uint32_t signature) const { return there_[signature] != 0; }

private:
    VectorBinarySetup setup_;
    Signatures signatures_;
    std::vector<std::uint8_t> there_;
};

class AndUnless final : public SetOperation {
public:
    using SetOperation::SetOperation;

    LabelSet labels(std::size_t row) const override { return left().labels(row); }
    bool drops_name(std::size_t row) const override { return left().drops_name(row); }
    bool distinct_without_name() const override { return left().distinct_without_name(); }

protected:
    Status compute(Evaluation& evaluation, std::int64_t at_ms) override {
        if (Status status = evaluate_sides(evaluation, at_ms); !status) return status;
        signatures().update(left(), right());
        rows_ = left().rows();
        find_present(right(), signatures().of_right());
        keep_.resize(size());
        const bool keeps_matched = op() == BinaryOp::And;
        const std::vector<std::uint32_t>& of_left = signatures().of_left();
        for (std::size_t i = 0; i < keep_.size(); ++i) {
            keep_[i] = left().is_present(i) && is_there(of_left[i]) == keeps_matched ? 1 : 0;
        }
        show(left().values(), keep_.data());
        return {};
    }

private:
    std::vector<std::uint8_t> keep_;
};

class Or final : public SetOperation {
public:
    using SetOperation::SetOperation;

    LabelSet labels(std::size_t row) const override { return table_.labels(rows_->ids[row]); }
    bool drops_name(std::size_t row) const override { return table_.drops_name(rows_->ids[row]); }

protected:
    Status compute(Evaluation& evaluation, std::int64_t at_ms) override {
        if (Status status = evaluate_sides(evaluation, at_ms); !status) return status;
        if (signatures().update(left(), right())) unite_rows();
        find_present(left(), signatures().of_left());
        Column& out = own_column();
        std::ranges::fill(out.present, std::uint8_t{0});
        for (std::size_t i = 0; i < left().size(); ++i) {
            if (left().is_present(i)) put(out, left_target_[i], left().values()[i]);
        }
        const std::vector<std::uint32_t>& of_right = signatures().of_right();
        for (std::size_t i = 0; i < right().size(); ++i) {
            if (!right().is_present(i) || is_there(of_right[i])) continue;
            // on(…) may let series with the same labels pass that differ in name only.
            if (out.present[right_target_[i]] != 0) return fail_with_duplicate_labels();
            put(out, right_target_[i], right().values()[i]);
        }
        return {};
    }

private:
    static void put(Column& out, std::uint32_t row, double value) {
        out.present[row] = 1;
        out.values[row] = value;
    }

    void unite_rows() {
        const std::size_t count = left().size() + right().size();
        if (table_.crowded(count) || left_ids_.crowded(count) || right_ids_.crowded(count)) {
            table_.clear();
            left_ids_.clear();
            right_ids_.clear();
        }
        auto rows = std::make_shared<Rows>();
        boost::unordered_flat_map<RowId, std::uint32_t> row_of;
        const auto add = [&](const Operator& side, RowCache<RowId>& known, std::vector<std::uint32_t>& targets) {
            targets.resize(side.size());
            for (std::size_t i = 0; i < side.size(); ++i) {
                const RowId id =
                    known.get(side.rows()->ids[i], [&] { return table_.intern(side.labels(i), side.drops_name(i)); });
                const auto [place, is_new] = row_of.try_emplace(id, static_cast<std::uint32_t>(rows->ids.size()));
                if (is_new) rows->ids.push_back(id);
                targets[i] = place->second;
            }
        };
        add(left(), left_ids_, left_target_);
        add(right(), right_ids_, right_target_);
        rows_ = std::move(rows);
    }

    LabelTable table_;
    RowCache<RowId> left_ids_, right_ids_;
    std::vector<std::uint32_t> left_target_, right_target_;
};

}  // namespace

OperatorPtr make_set_operation(VectorBinarySetup setup) {
    if (setup.op == BinaryOp::Or) return std::make_shared<Or>(std::move(setup));
    return std::make_shared<AndUnless>(std::move(setup));
}

}  // namespace tocsin
