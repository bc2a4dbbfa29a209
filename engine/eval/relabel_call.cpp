#include "engine/eval/relabel_call.h"

#include "engine/eval/metadata_labels.h"
#include "engine/eval/row_mapping.h"

namespace tocsin {
namespace {

class Relabelled : public Operator {
public:
    explicit Relabelled(OperatorPtr vector) : vector_(std::move(vector)) {}

    LabelSet labels(std::size_t row) const final { return mapping_.labels(row); }
    bool drops_name(std::size_t row) const final { return mapping_.drops_name(row); }
    std::string kept() const final { return mapping_.kept(); }
    bool result_order(std::vector<std::uint32_t>& order) const final {
        return mapping_.in_place() && vector_->result_order(order);
    }

protected:
    Status relabel(Evaluation& evaluation, std::int64_t at_ms, const RowMapping::Transform& transform) {
        if (Status status = vector_->evaluate(evaluation, at_ms); !status) return status;
        if (seen_ != vector_->rows()) {
            seen_ = vector_->rows();
            mapping_.update(*vector_, transform);
            rows_ = mapping_.rows();
        }
        if (!mapping_.in_place()) return mapping_.apply(vector_->values(), vector_->present(), own_column());
        show(vector_->values(), vector_->present());
        return {};
    }

private:
    OperatorPtr vector_;
    RowsPtr seen_;
    RowMapping mapping_;
};

class RelabelCall final : public Relabelled {
public:
    RelabelCall(const FunctionDef& function, OperatorPtr vector, const std::vector<std::string>& strings)
        : Relabelled(std::move(vector)), created_(std::get<OverLabels>(function.kernel).create(strings)) {
        if (!created_) return;
        transform_ = [this](const LabelSet& labels, bool drops_name) -> RowMapping::Target {
            auto changed = created_->relabel(labels);
            if (!changed) return {labels, drops_name};
            // A name that was set on purpose stays.
            return {std::move(*changed), drops_name && created_->destination != kMetricNameLabel};
        };
    }

protected:
    Status compute(Evaluation& evaluation, std::int64_t at_ms) override {
        if (!created_) return tl::unexpected(created_.error());
        return relabel(evaluation, at_ms, transform_);
    }

private:
    Result<OverLabels::Created> created_;
    RowMapping::Transform transform_;
};

class DelayedNameRemoval final : public Relabelled {
public:
    using Relabelled::Relabelled;

protected:
    Status compute(Evaluation& evaluation, std::int64_t at_ms) override {
        static const RowMapping::Transform transform = [](const LabelSet& labels, bool drops_name) {
            return RowMapping::Target{drops_name ? without_metadata(labels) : labels, false};
        };
        return relabel(evaluation, at_ms, transform);
    }
};

}  // namespace

OperatorPtr make_relabel_call(const FunctionDef& function, OperatorPtr vector, std::vector<std::string> strings) {
    return std::make_shared<RelabelCall>(function, std::move(vector), strings);
}

OperatorPtr make_delayed_name_removal(OperatorPtr vector) { return std::make_shared<DelayedNameRemoval>(std::move(vector)); }

}  // namespace tocsin
