#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/labels.h"

namespace tocsin {

/// tocsin's own figures, as `/metrics` shows them.
///
/// A family is made once, with name, help and type; its children are found by their labels and live as long as the registry, unless
/// removed. Names are the field's (`prometheus_…`, `alertmanager_…`) where those exist, else `tocsin_…`. No text of users
/// is ever a label, except configured names. Scheduler's thread only.
class SelfMetrics {
public:
    enum class Type { Counter, Gauge, Histogram, Summary };

    class Value {  // of a counter or gauge
    public:
        void add(double by = 1) { value_ += by; }
        void set(double to) { value_ = to; }
        double get() const { return value_; }

    private:
        double value_ = 0;
    };

    /// Of a histogram: counts by upper bound. Of a summary: sum, count, and quantiles over the last 512 values: 0.5,
    /// 0.9, 0.99, and of the families for which Prometheus has them 0.01 and 0.05 too.
    class Distribution {
    public:
        explicit Distribution(std::vector<double> bounds) : bounds_(std::move(bounds)), counts_(bounds_.size()) {}
        void observe(double value);
        double sum() const { return sum_; }
        std::uint64_t count() const { return count_; }
        const std::vector<double>& bounds() const { return bounds_; }
        const std::vector<std::uint64_t>& counts() const { return counts_; }
        double quantile(double q) const;

    private:
        std::vector<double> bounds_;
        std::vector<std::uint64_t> counts_;  // not cumulative
        std::vector<double> recent_;
        std::size_t next_ = 0;
        double sum_ = 0;
        std::uint64_t count_ = 0;
    };

    Value& counter(std::string_view name, std::string_view help, const LabelSet& labels = {});
    Value& gauge(std::string_view name, std::string_view help, const LabelSet& labels = {});
    Distribution& histogram(std::string_view name, std::string_view help, std::vector<double> bounds,
                            const LabelSet& labels = {});
    Distribution& summary(std::string_view name, std::string_view help, const LabelSet& labels = {});

    /// Forgets a child, for things that went away with a reload.
    void remove(std::string_view name, const LabelSet& labels);
    /// All children of a family for which `gone` is true; the family may not be there.
    void remove_if(std::string_view name, const std::function<bool(const LabelSet&)>& gone);

    /// `refresh` runs before each render, to set gauges that are counted only when somebody looks.
    void on_render(std::function<void()> refresh) { refreshers_.push_back(std::move(refresh)); }

    /// Text format 0.0.4; families by name, children by label set.
    std::string render();

private:
    struct Child {
        Value value;
        std::unique_ptr<Distribution> distribution;
    };
    struct Family {
        std::string help;
        Type type;
        std::map<LabelSet, Child> children;
    };
    Child& child(std::string_view name, std::string_view help, Type type, const LabelSet& labels);

    std::map<std::string, Family, std::less<>> families_;
    std::vector<std::function<void()>> refreshers_;
};

}  // namespace tocsin
