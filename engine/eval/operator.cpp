#include "engine/eval/operator.h"

namespace tocsin {

Status Operator::evaluate(Evaluation& evaluation, std::int64_t at_ms) {
    if (run_ == evaluation.run() && at_ms_ == at_ms) return {};
    run_ = 0;
    if (Status status = compute(evaluation, at_ms); !status) return status;
    run_ = evaluation.run();
    at_ms_ = at_ms;
    return {};
}

Column& Operator::own_column() {
    column_.resize(size());
    show(column_.values.data(), column_.present.data());
    return column_;
}

}  // namespace tocsin
