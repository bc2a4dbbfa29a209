#include "tests/reference/random_data.h"

#include <cmath>
#include <limits>

#include "base/sample.h"

namespace tocsin::reference {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

std::vector<std::int64_t> random_times(Chance& chance) {
    constexpr std::int64_t kIntervalsMs[] = {10'000, 15'000, 30'000, 60'000, 7'000};
    const std::int64_t interval_ms = kIntervalsMs[chance.below(5)];
    // Some targets are on the grid on which expressions are evaluated, others beside it.
    std::int64_t time_ms =
        chance.one_in(2) ? 0 : static_cast<std::int64_t>(chance.below(static_cast<std::size_t>(interval_ms)));
    std::vector<std::int64_t> times_ms;
    for (; time_ms < kDataEndMs; time_ms += interval_ms) {
        if (chance.one_in(400)) time_ms += interval_ms * static_cast<std::int64_t>(chance.below(30));
        if (time_ms < kDataEndMs && !chance.one_in(25)) times_ms.push_back(time_ms);
    }
    return times_ms;
}

class Shape {
public:
    virtual ~Shape() = default;
    virtual double next(Chance& chance) = 0;
};

class Counter final : public Shape {
public:
    double next(Chance& chance) override {
        if (chance.one_in(60)) value_ = static_cast<double>(chance.below(3));
        if (!chance.one_in(4)) value_ += static_cast<double>(chance.below(50));
        return value_;
    }

private:
    double value_ = 17;
};

class Gauge final : public Shape {
public:
    double next(Chance& chance) override {
        if (!chance.one_in(3)) value_ += (static_cast<double>(chance.below(2001)) - 1000) / 64;
        return value_;
    }

private:
    double value_ = 20;
};

class Odd final : public Shape {
public:
    double next(Chance& chance) override {
        switch (chance.below(8)) {
            case 0:
                return kNormalNan;
            case 1:
                return kInfinity;
            case 2:
                return -kInfinity;
            case 3:
                return 0;
            case 4:
                return -1;
            default:
                return static_cast<double>(chance.below(1000)) / 8;
        }
    }
};

class Constant final : public Shape {
public:
    explicit Constant(double value) : value_(value) {}
    double next(Chance&) override { return value_; }

private:
    double value_;
};

// Some of the times are left out; the series may begin late, and end early with a stale marker.
Series sampled(LabelSet labels, Shape& shape, const std::vector<std::int64_t>& times_ms, Chance& chance) {
    Series series{std::move(labels), {}};
    std::size_t begin = chance.one_in(4) ? chance.below(times_ms.size()) : 0;
    std::size_t end = chance.one_in(4) ? chance.below(times_ms.size()) : times_ms.size();
    const bool has_holes = chance.one_in(3);
    for (std::size_t i = begin; i < end; ++i) {
        const double value = shape.next(chance);
        if (has_holes && chance.one_in(6)) continue;
        series.points.push_back({times_ms[i], has_holes && chance.one_in(20) ? kStaleMarker : value});
    }
    if (begin < end && end < times_ms.size()) series.points.push_back({times_ms[end], kStaleMarker});
    return series;
}

class TargetBuilder {
public:
    TargetBuilder(std::string job, std::string instance, Chance& chance)
        : job_(std::move(job)), instance_(std::move(instance)), chance_(chance) {
        target_.times_ms = random_times(chance);
    }

    Target build() {
        Constant up(1), info(1);
        add({{"__name__", "up"}}, up);
        add({{"__name__", "build_info"}, {"version", instance_ == "a" ? "1" : "2"}}, info);
        for (const char* code : {"200", "404", "500"})
            add_of<Counter>({{"__name__", "requests_total"}, {"code", code}});
        add_of<Counter>({{"__name__", "errors_total"}});
        for (const char* room : {"east", "west"}) add_of<Gauge>({{"__name__", "temperature"}, {"room", room}});
        add_of<Gauge>({{"__name__", "queue_length"}});
        for (const char* kind : {"x", "y"}) add_of<Odd>({{"__name__", "odd"}, {"kind", kind}});
        for (const char* bound : {"0.1", "0.5", "1", "+Inf"})
            add_of<Counter>({{"__name__", "latency_bucket"}, {"le", bound}});
        return std::move(target_);
    }

private:
    void add(std::vector<std::pair<std::string, std::string>> labels, Shape& shape) {
        labels.emplace_back("job", job_);
        labels.emplace_back("instance", instance_);
        target_.series.push_back(sampled(LabelSet::from(std::move(labels)), shape, target_.times_ms, chance_));
    }

    template <class Kind>
    void add_of(std::vector<std::pair<std::string, std::string>> labels) {
        Kind shape;
        add(std::move(labels), shape);
    }

    std::string job_, instance_;
    Chance& chance_;
    Target target_;
};

}  // namespace

std::vector<Target> random_targets(Chance& chance) {
    std::vector<Target> targets;
    for (const char* job : {"api", "db"}) {
        for (const char* instance : {"a", "b", "c"}) targets.push_back(TargetBuilder(job, instance, chance).build());
    }
    return targets;
}

std::vector<Series> series_of(const std::vector<Target>& targets) {
    std::vector<Series> all;
    for (const Target& target : targets) all.insert(all.end(), target.series.begin(), target.series.end());
    return all;
}

}  // namespace tocsin::reference
