#include "engine/eval/operator.h"

#include "engine/eval/stopwatch.h"

namespace tocsin {

Status Operator::evaluate(Evaluation& evaluation, std::int64_t at_ms) {
    if (run_ == evaluation.run() && at_ms_ == at_ms) return {};
    run_ = 0;
    Stopwatch* const stopwatch = evaluation.stopwatch();
    Status status = stopwatch == nullptr ? compute(evaluation, at_ms)
                                         : stopwatch->measure(*this, [&] { return compute(evaluation, at_ms); });
    if (!status) return status;
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
