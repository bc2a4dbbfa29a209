#include "engine/eval/map_call.h"

#include <algorithm>

#include "engine/eval/arithmetic.h"

namespace tocsin {
namespace {

// Computes values in place of a vector's, whose presence stays as it is unless names that fall away make rows one.
class Map : public Operator {
public:
    Map(OperatorPtr vector, NameDrop::Mode names) : vector_(std::move(vector)), names_(names) {}

    LabelSet labels(std::size_t row) const final { return names_.labels(*vector_, row); }
    bool drops_name(std::size_t row) const final { return names_.drops_name(*vector_, row); }
    bool distinct_without_name() const final { return names_.distinct_without_name(*vector_); }
    std::string kept() const final { return names_.kept(); }

protected:
    Status compute(Evaluation& evaluation, std::int64_t at_ms) final {
        if (Status status = vector_->evaluate(evaluation, at_ms); !status) return status;
        if (names_.update(*vector_)) rows_ = names_.rows();
        Column& out = own_column();
        mapped_.resize(vector_->size());
        Result<bool> any = map(evaluation, at_ms, *vector_, mapped_);
        if (!any) return tl::unexpected(std::move(any).error());
        if (!*any) {
            std::ranges::fill(out.present, std::uint8_t{0});
            return {};
        }
        if (!names_.in_place()) return names_.apply(mapped_.data(), vector_->present(), out);
        show(mapped_.data(), vector_->present());
        return {};
    }

    /// Fills `out` with a value for each row of `vector`; false for no result at all.
    virtual Result<bool> map(Evaluation& evaluation, std::int64_t at_ms, const Operator& vector, std::vector<double>& out) = 0;

private:
    OperatorPtr vector_;
    NameDrop names_;
    std::vector<double> mapped_;
};

class MapCall final : public Map {
public:
    MapCall(const FunctionDef& function, OperatorPtr vector, std::vector<OperatorPtr> arguments, NameDrop::Mode names)
        : Map(std::move(vector), names),
          kernel_(std::get<OverValues>(function.kernel)),
          arguments_(std::move(arguments)) {}

protected:
    Result<bool> map(Evaluation& evaluation, std::int64_t at_ms, const Operator& vector, std::vector<double>& out) override {
        scalars_.clear();
        for (const OperatorPtr& argument : arguments_) {
            if (Status status = argument->evaluate(evaluation, at_ms); !status) return tl::unexpected(status.error());
            scalars_.push_back(argument->scalar());
        }
        std::copy_n(vector.values(), vector.size(), out.begin());
        return kernel_.kernel(out, scalars_);
    }

private:
    const OverValues& kernel_;
    std::vector<OperatorPtr> arguments_;
    std::vector<double> scalars_;
};

class Negation final : public Map {
public:
    using Map::Map;

protected:
    Result<bool> map(Evaluation&, std::int64_t, const Operator& vector, std::vector<double>& out) override {
        std::transform(vector.values(), vector.values() + vector.size(), out.begin(), std::negate<>());
        return true;
    }
};

class EvaluationTimes final : public Map {
public:
    using Map::Map;

protected:
    Result<bool> map(Evaluation&, std::int64_t at_ms, const Operator&, std::vector<double>& out) override {
        std::ranges::fill(out, static_cast<double>(at_ms) / 1000);
        return true;
    }
};

class Renamed final : public Map {
public:
    using Map::Map;

protected:
    Result<bool> map(Evaluation&, std::int64_t, const Operator& vector, std::vector<double>& out) override {
        std::copy_n(vector.values(), vector.size(), out.begin());
        return true;
    }
};

class VectorScalar final : public Map {
public:
    VectorScalar(BinaryOp op, const ScalarSide& operands, NameDrop::Mode names)
        : Map(operands.vector, names), op_(op), scalar_(operands.scalar), scalar_is_left_(operands.scalar_is_left) {}

protected:
    Result<bool> map(Evaluation& evaluation, std::int64_t at_ms, const Operator& vector, std::vector<double>& out) override {
        if (Status status = scalar_->evaluate(evaluation, at_ms); !status) return tl::unexpected(status.error());
        const Operand number{.values = scalar_->values(), .is_scalar = true};
        const Operand column{.values = vector.values()};
        apply(op_, scalar_is_left_ ? number : column, scalar_is_left_ ? column : number, vector.size(), out.data());
        return true;
    }

private:
    BinaryOp op_;
    OperatorPtr scalar_;
    bool scalar_is_left_;
};

class VectorScalarFilter final : public Operator {
public:
    VectorScalarFilter(BinaryOp op, ScalarSide operands) : op_(op), operands_(std::move(operands)) {}

    LabelSet labels(std::size_t row) const override { return operands_.vector->labels(row); }
    bool drops_name(std::size_t row) const override { return operands_.vector->drops_name(row); }
    bool distinct_without_name() const override { return operands_.vector->distinct_without_name(); }

protected:
    Status compute(Evaluation& evaluation, std::int64_t at_ms) override {
        const Operator& vector = *operands_.vector;
        if (Status status = operands_.vector->evaluate(evaluation, at_ms); !status) return status;
        if (Status status = operands_.scalar->evaluate(evaluation, at_ms); !status) return status;
        rows_ = vector.rows();
        keep_.resize(size());
        const Operand number{.values = operands_.scalar->values(), .is_scalar = true};
        const Operand column{.values = vector.values()};
        const bool left = operands_.scalar_is_left;
        compare(op_, left ? number : column, left ? column : number, size(), keep_.data());
        const std::uint8_t* present = vector.present();
        for (std::size_t i = 0; i < keep_.size(); ++i) keep_[i] = static_cast<std::uint8_t>(keep_[i] & present[i]);
        show(vector.values(), keep_.data());
        return {};
    }

private:
    BinaryOp op_;
    ScalarSide operands_;
    std::vector<std::uint8_t> keep_;
};

bool has_value(const Operator& vector) {
    return std::any_of(vector.present(), vector.present() + vector.size(), [](std::uint8_t present) { return present != 0; });
}

class Nothing final : public Operator {
public:
    Nothing(OperatorPtr vector, Remark remark, std::string_view text) : vector_(std::move(vector)) {
        if (!text.empty()) note_ = remark == Remark::Warning ? &notes_.warning(text) : &notes_.info(text);
    }

    LabelSet labels(std::size_t) const override { return {}; }
    const Notes* notes() const override { return &notes_; }

protected:
    Status compute(Evaluation& evaluation, std::int64_t at_ms) override {
        if (Status status = vector_->evaluate(evaluation, at_ms); !status) return status;
        if (note_ != nullptr && has_value(*vector_)) evaluation.raise(*note_);
        own_column();
        return {};
    }

private:
    OperatorPtr vector_;
    Notes notes_;
    Note* note_ = nullptr;
};

}  // namespace

OperatorPtr make_map_call(const FunctionDef& function, OperatorPtr vector, std::vector<OperatorPtr> arguments, NameDrop::Mode names) {
    return std::make_shared<MapCall>(function, std::move(vector), std::move(arguments), names);
}

OperatorPtr make_negation(OperatorPtr vector, NameDrop::Mode names) {
    return std::make_shared<Negation>(std::move(vector), names);
}

OperatorPtr make_evaluation_times(OperatorPtr vector, NameDrop::Mode names) {
    return std::make_shared<EvaluationTimes>(std::move(vector), names);
}

OperatorPtr make_renamed(OperatorPtr vector, NameDrop::Mode names) {
    return std::make_shared<Renamed>(std::move(vector), names);
}

OperatorPtr make_vector_scalar(BinaryOp op, ScalarSide operands, NameDrop::Mode names) {
    return std::make_shared<VectorScalar>(op, operands, names);
}

OperatorPtr make_vector_scalar_filter(BinaryOp op, ScalarSide operands) {
    return std::make_shared<VectorScalarFilter>(op, std::move(operands));
}

OperatorPtr make_nothing(OperatorPtr vector, Remark remark, std::string_view text) {
    return std::make_shared<Nothing>(std::move(vector), remark, text);
}

}  // namespace tocsin
