#include "engine/eval/query.h"

#include <algorithm>

#include "base/assert.h"
#include "engine/eval/compiler.h"
#include "engine/eval/operator_pool.h"
#include "engine/eval/stepped_query.h"
#include "engine/eval/told.h"
#include "engine/plan/binder.h"

namespace tocsin {
namespace {

class StandingAccess final : public SeriesAccess {
public:
    explicit StandingAccess(Store& store) : store_(store) {}
    Store::SelectionHandle select(const Matchers& matchers, Duration reach) override { return store_.select(matchers, reach); }

private:
    Store& store_;
};

tl::unexpected<Error> fail_with(const Diagnostics& findings) {
    return fail(Error::Kind::InvalidInput, to_string(findings.front()));
}

class CompiledQuery final : public StandingQuery {
public:
    CompiledQuery(ValueType type, std::string_view text, const QueryOptions& options, std::shared_ptr<OperatorPool> shared)
        : type_(type),
          text_(text),
          options_(options),
          evaluation_(options_),
          is_shared_(shared != nullptr),
          pool_(is_shared_ ? std::move(shared) : std::make_shared<OperatorPool>()),
          told_(compiled_.speakers) {}

    void compile_with(const PlanPtr& plan, Store& store) {
        StandingAccess access(store);
        compiled_ = compile(plan, text_, access, options_, *pool_);
        for (const CompiledSelector& selector : compiled_.selectors) {
            handles_.push_back(store.select(selector.matchers, Duration{0}));
        }
    }

    ValueType type() const override { return type_; }

    Result<const InstantVector*> evaluate(Timestamp at) override {
        if (type_ != ValueType::Scalar && type_ != ValueType::Vector) {
            return fail(Error::Kind::InvalidInput, "rule result is not a vector or scalar");
        }
        if (!is_shared_) pool_->forget_values();
        const std::int64_t at_ms = to_unix_ms(at);
        evaluation_.begin(pool_->run(), at_ms, at_ms, 0);
        const Status status = compiled_.root->evaluate(evaluation_, at_ms);
        if (told_.update(pool_->run())) annotations_ = told_.annotations(pool_->run());
        if (!status) return tl::unexpected(status.error());
        publish();
        return &result_;
    }

    const Annotations& annotations() const override { return annotations_; }

    std::vector<SelectorUse> selectors() const override {
        std::vector<SelectorUse> uses;
        for (std::size_t i = 0; i < handles_.size(); ++i) {
            const TextSpan span = compiled_.selectors[i].span;
            uses.push_back({text_.substr(span.begin, span.end - span.begin), handles_[i].get().size()});
        }
        return uses;
    }

    std::size_t series_matched() const override {
        std::size_t series = 0;
        for (const auto& handle : handles_) series += handle.get().size();
        return series;
    }

    std::vector<Matchers> selector_matchers() const override {
        std::vector<Matchers> matchers;
        for (const CompiledSelector& selector : compiled_.selectors) matchers.push_back(selector.matchers);
        return matchers;
    }

private:
    void publish() {
        const Operator& root = *compiled_.root;
        if (rows_ != root.rows()) {
            rows_ = root.rows();
            auto frame = std::make_shared<Frame>();
            frame->labels.reserve(root.size());
            for (std::size_t row = 0; row < root.size(); ++row) frame->labels.push_back(root.labels(row));
            result_.frame = std::move(frame);
        }
        result_.is_scalar = type_ == ValueType::Scalar;
        result_.values.assign(root.values(), root.values() + root.size());
        result_.present.assign(root.present(), root.present() + root.size());
    }

    ValueType type_;
    std::string text_;
    QueryOptions options_;
    Evaluation evaluation_;
    bool is_shared_;
    std::shared_ptr<OperatorPool> pool_;
    Compiled compiled_;
    std::vector<Store::SelectionHandle> handles_;
    RowsPtr rows_;
    InstantVector result_;
    Told told_;
    Annotations annotations_;
};

}  // namespace

Diagnostics check_expression(const Expr& expr, std::string_view text, const QueryOptions& options, ValueType* type) {
    const auto plan = make_plan(expr, text, options, std::nullopt);
    if (!plan) return plan.error();
    if (type != nullptr) *type = (*plan)->type;
    return {};
}

Result<std::unique_ptr<StandingQuery>> StandingQuery::create(const Expr& expr, std::string_view text, Store& store,
                                                             const QueryOptions& options) {
    return create(expr, text, store, options, nullptr);
}

Result<std::unique_ptr<StandingQuery>> StandingQuery::create(const Expr& expr, std::string_view text, Store& store,
                                                             const QueryOptions& options,
                                                             const std::shared_ptr<SharedQueries>& shared) {
    const auto plan = make_plan(expr, text, options, QueryRange{});
    if (!plan) return fail_with(plan.error());
    auto query = std::make_unique<CompiledQuery>((*plan)->type, text, options, std::static_pointer_cast<OperatorPool>(shared));
    query->compile_with(*plan, store);
    return query;
}

Result<QueryResult> run_instant_query(const Expr& expr, std::string_view text, Store& store, const QueryOptions& options,
                                      Timestamp at) {
    TOCSIN_TRY(const auto query, SteppedQuery::create(expr, text, options, {at, at, Duration{0}}));
    query->open(store);
    if (const Status status = query->evaluate(at, at); !status) return tl::unexpected(status.error());
    return query->take();
}

Result<QueryResult> run_range_query(const Expr& expr, std::string_view text, Store& store, const QueryOptions& options,
                                    Timestamp start, Timestamp end, Duration step) {
    if (step <= Duration{0}) return fail(Error::Kind::InvalidInput, "zero or negative query resolution step widths are not accepted");
    TOCSIN_TRY(const auto query, SteppedQuery::create(expr, text, options, {start, end, step}));
    query->open(store);
    if (const Status status = query->evaluate(start, end); !status) return tl::unexpected(status.error());
    return query->take();
}

}  // namespace tocsin
