#include "engine/eval/scalar.h"

#include <fmt/format.h>

#include "base/sample.h"
#include "engine/eval/arithmetic.h"
#include "engine/plan/simplify.h"

namespace tocsin {
namespace {

class ScalarOperator : public Operator {
public:
    ScalarOperator() {
        rows_ = scalar_rows();
        own_column().present[0] = 1;
    }

    LabelSet labels(std::size_t) const final { return {}; }
    bool distinct_without_name() const final { return true; }

protected:
    void set(double value) { column_.values[0] = value; }
};

class Number final : public ScalarOperator {
public:
    explicit Number(double value) { set(value); }

protected:
    Status compute(Evaluation&, std::int64_t) override { return {}; }
};

class ScalarCall final : public ScalarOperator {
public:
    ScalarCall(const FunctionDef& function, std::vector<OperatorPtr> arguments)
        : kernel_(std::get<OverScalars>(function.kernel)), arguments_(std::move(arguments)) {}

protected:
    Status compute(Evaluation& evaluation, std::int64_t at_ms) override {
        values_of_arguments_.clear();
        for (const OperatorPtr& argument : arguments_) {
            if (Status status = argument->evaluate(evaluation, at_ms); !status) return status;
            values_of_arguments_.push_back(argument->scalar());
        }
        const QueryMoment moment{at_ms, evaluation.start_ms(), evaluation.end_ms(), evaluation.step_ms()};
        set(kernel_.kernel(moment, values_of_arguments_));
        return {};
    }

private:
    const OverScalars& kernel_;
    std::vector<OperatorPtr> arguments_;
    std::vector<double> values_of_arguments_;
};

class ScalarBinary final : public ScalarOperator {
public:
    ScalarBinary(BinaryOp op, OperatorPtr left, OperatorPtr right)
        : op_(op), left_(std::move(left)), right_(std::move(right)) {}

protected:
    Status compute(Evaluation& evaluation, std::int64_t at_ms) override {
        if (needs_histograms(op_)) {
            return fail(Error::Kind::InvalidInput, fmt::format("operator \"{}\" not allowed for Scalar operations", to_string(op_)));
        }
        if (Status status = left_->evaluate(evaluation, at_ms); !status) return status;
        if (Status status = right_->evaluate(evaluation, at_ms); !status) return status;
        set(apply_to_scalars(op_, left_->scalar(), right_->scalar()));
        return {};
    }

private:
    BinaryOp op_;
    OperatorPtr left_, right_;
};

class ScalarOf final : public ScalarOperator {
public:
    explicit ScalarOf(OperatorPtr vector) : vector_(std::move(vector)) {}

protected:
    Status compute(Evaluation& evaluation, std::int64_t at_ms) override {
        if (Status status = vector_->evaluate(evaluation, at_ms); !status) return status;
        std::size_t found = 0;
        double value = kNormalNan;
        for (std::size_t i = 0; i < vector_->size() && found < 2; ++i) {
            if (!vector_->is_present(i)) continue;
            value = vector_->values()[i];
            ++found;
        }
        set(found == 1 ? value : kNormalNan);
        return {};
    }

private:
    OperatorPtr vector_;
};

class VectorOf final : public ScalarOperator {
public:
    explicit VectorOf(OperatorPtr scalar) : scalar_(std::move(scalar)) {}

protected:
    Status compute(Evaluation& evaluation, std::int64_t at_ms) override {
        if (Status status = scalar_->evaluate(evaluation, at_ms); !status) return status;
        set(scalar_->scalar());
        return {};
    }

private:
    OperatorPtr scalar_;
};

}  // namespace

OperatorPtr make_number(double value) { return std::make_shared<Number>(value); }

OperatorPtr make_scalar_call(const FunctionDef& function, std::vector<OperatorPtr> arguments) {
    return std::make_shared<ScalarCall>(function, std::move(arguments));
}

OperatorPtr make_scalar_binary(BinaryOp op, OperatorPtr left, OperatorPtr right) {
    return std::make_shared<ScalarBinary>(op, std::move(left), std::move(right));
}

OperatorPtr make_scalar_of(OperatorPtr vector) { return std::make_shared<ScalarOf>(std::move(vector)); }

OperatorPtr make_vector_of(OperatorPtr scalar) { return std::make_shared<VectorOf>(std::move(scalar)); }

}  // namespace tocsin
