#include "engine/eval/histogram_call.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/unordered/unordered_flat_map.hpp>
#include <cmath>
#include <map>

#include "base/text.h"
#include "engine/eval/metadata_labels.h"

namespace tocsin {
namespace {

class HistogramCall final : public Operator {
public:
    explicit HistogramCall(HistogramCallSetup setup)
        : setup_(std::move(setup)),
          over_(std::get<OverBuckets>(setup_.function->kernel)) {
        results_ = over_.for_each_argument ? setup_.arguments.size() : 1;
        labels_of_arguments_.resize(results_);
    }

    LabelSet labels(std::size_t row) const override { return out_.labels(rows_->ids[row]); }
    bool drops_name(std::size_t row) const override { return out_.drops_name(rows_->ids[row]); }
    bool distinct_without_name() const override { return setup_.names == NameDrop::Mode::Drop && setup_.label.empty(); }
    const Notes* notes() const override { return &notes_; }
    std::string kept() const override {
        return fmt::format("{} histograms, {} buckets in order", histogram_ids_.size(), members_.size());
    }

protected:
    Status compute(Evaluation& evaluation, std::int64_t at_ms) override {
        if (Status status = read_arguments(evaluation, at_ms); !status) return status;
        if (Status status = setup_.buckets->evaluate(evaluation, at_ms); !status) return status;
        const bool rows_changed = seen_ != setup_.buckets->rows();
        if (rows_changed) find_histograms();
        if (rows_changed || name_results()) name_rows();
        raise_bad_bounds(evaluation);

        Column& out = own_column();
        std::ranges::fill(out.present, std::uint8_t{0});
        for (std::size_t histogram = 0; histogram + 1 < begins_.size(); ++histogram) {
            if (Status status = compute_histogram(evaluation, at_ms, histogram, out); !status) return status;
        }
        return {};
    }

private:
    struct Member {
        std::uint32_t row;
        double upper_bound;
    };

    // What the labels of a bucket say: its histogram, and its bound unless that cannot be read.
    struct Place {
        RowId histogram = 0;
        std::optional<double> upper_bound;
        Note* bad_bound = nullptr;
    };

    Status read_arguments(Evaluation& evaluation, std::int64_t at_ms) {
        arguments_.clear();
        for (std::size_t i = 0; i < setup_.arguments.size(); ++i) {
            if (Status status = setup_.arguments[i]->evaluate(evaluation, at_ms); !status) return status;
            arguments_.push_back(setup_.arguments[i]->scalar());
            if (over_.warn == nullptr) continue;
            if (const auto text = over_.warn(arguments_.back())) evaluation.raise(notes_.warning(*text, i + 1));
        }
        return {};
    }

    void find_histograms() {
        seen_ = setup_.buckets->rows();
        const std::vector<RowId>& ids = seen_->ids;
        if (places_.crowded(ids.size())) {
            places_.clear();
            histograms_.clear();
        }
        members_.clear();
        bad_.clear();
        boost::unordered_flat_map<RowId, std::uint32_t> index_of;
        std::vector<std::pair<std::uint32_t, Member>> found;
        histogram_ids_.clear();
        for (std::uint32_t row = 0; row < ids.size(); ++row) {
            const Place& place = places_.get(ids[row], [&] { return place_of(row); });
            if (!place.upper_bound) {
                bad_.push_back({row, place.bad_bound});
                continue;
            }
            const auto [index, is_new] =
                index_of.try_emplace(place.histogram, static_cast<std::uint32_t>(histogram_ids_.size()));
            if (is_new) histogram_ids_.push_back(place.histogram);
            found.push_back({index->second, {row, *place.upper_bound}});
        }
        std::ranges::stable_sort(found, [](const auto& a, const auto& b) {
            return a.first != b.first ? a.first < b.first : a.second.upper_bound < b.second.upper_bound;
        });
        begins_.assign(1, 0);
        for (const auto& [histogram, member] : found) {
            if (histogram + 1 > begins_.size()) begins_.push_back(members_.size());
            members_.push_back(member);
        }
        if (!found.empty()) begins_.push_back(members_.size());
    }

    Place place_of(std::uint32_t row) {
        const LabelSet labels = setup_.buckets->labels(row);
        const auto upper_bound = parse_float(labels.get(kBucketLabel));
        if (!upper_bound || std::isnan(*upper_bound)) return {0, std::nullopt, bad_bound(labels)};
        static const std::vector<std::string> without_bound{std::string(kBucketLabel)};
        return {histograms_.intern(labels.without(without_bound), setup_.buckets->drops_name(row)), upper_bound, nullptr};
    }

    Note* bad_bound(const LabelSet& labels) {
        std::string text = fmt::format("bucket label \"le\" is missing or has a malformed value of {}",
                                       go_quote(labels.get(kBucketLabel)));
        const std::string_view name = labels.metric_name();
        if (!name.empty() && setup_.names == NameDrop::Mode::Delay) {
            text += fmt::format(" for metric name {}", go_quote(name));
        }
        return &notes_.warning(text);
    }

    void raise_bad_bounds(Evaluation& evaluation) {
        for (const auto& [row, note] : bad_) {
            if (setup_.buckets->is_present(row)) evaluation.raise(*note);
        }
    }

    // The labels that tell the results of one histogram apart; true when one is another than last time.
    bool name_results() {
        if (setup_.label.empty()) return false;
        bool changed = false;
        for (std::size_t i = 0; i < results_; ++i) {
            const double q = arguments_[i];
            auto& [named, text] = labels_of_arguments_[i];
            if (!text.empty() && (named == q || (std::isnan(named) && std::isnan(q)))) continue;
            named = q;
            text = open_metrics_float(q);
            changed = true;
        }
        return changed;
    }

    // Whole numbers have a `.0`, so that 1 and 1.0 are one label value.
    static std::string open_metrics_float(double value) {
        std::string text = format_go_float(value);
        const bool is_whole = std::isfinite(value) && text.find_first_of(".e") == std::string::npos;
        return is_whole ? text + ".0" : text;
    }

    void name_rows() {
        name_results();
        if (out_.crowded(histogram_ids_.size() * results_)) out_.clear();
        auto rows = std::make_shared<Rows>();
        boost::unordered_flat_map<RowId, std::uint32_t> row_of;
        row_of_result_.clear();
        for (const RowId histogram : histogram_ids_) {
            for (std::size_t i = 0; i < results_; ++i) {
                const RowId id = out_.intern(labels_of(histogram, i), drops_name_of(histogram));
                const auto [place, is_new] = row_of.try_emplace(id, static_cast<std::uint32_t>(rows->ids.size()));
                if (is_new) rows->ids.push_back(id);
                row_of_result_.push_back(place->second);
            }
        }
        rows_ = std::move(rows);
    }

    LabelSet labels_of(RowId histogram, std::size_t result) const {
        const LabelSet& labels = histograms_.labels(histogram);
        const LabelSet kept = setup_.names == NameDrop::Mode::Drop ? without_metadata(labels) : labels;
        if (setup_.label.empty()) return kept;
        return LabelBuilder(kept).set(setup_.label, labels_of_arguments_[result].second).build();
    }

    bool drops_name_of(RowId histogram) const {
        return setup_.names == NameDrop::Mode::Delay || histograms_.drops_name(histogram);
    }

    Status compute_histogram(Evaluation& evaluation, std::int64_t at_ms, std::size_t histogram, Column& out) {
        for (std::size_t result = 0; result < results_; ++result) {
            buckets_.clear();
            for (std::size_t i = begins_[histogram]; i < begins_[histogram + 1]; ++i) {
                const Member& member = members_[i];
                if (!setup_.buckets->is_present(member.row)) continue;
                buckets_.push_back({member.upper_bound, setup_.buckets->values()[member.row]});
            }
            if (buckets_.empty()) return {};
            MonotonicityFix fix;
            const std::span<const double> arguments(arguments_);
            const double value =
                over_.kernel(buckets_, over_.for_each_argument ? arguments.subspan(result, 1) : arguments, fix);
            if (fix.forced) evaluation.raise(monotonicity_note(histogram), fix, at_ms);
            const std::uint32_t row = row_of_result_[histogram * results_ + result];
            if (out.present[row] != 0) return fail_with_duplicate_labels();
            out.present[row] = 1;
            out.values[row] = value;
        }
        return {};
    }

    Note& monotonicity_note(std::size_t histogram) {
        std::string text =
            "input to histogram_quantile needed to be fixed for monotonicity (see "
            "https://prometheus.io/docs/prometheus/latest/querying/functions/#histogram_quantile)";
        const std::string_view name = histograms_.labels(histogram_ids_[histogram]).metric_name();
        if (setup_.names == NameDrop::Mode::Delay && !name.empty()) text += fmt::format(" for metric name {}", go_quote(name));
        return notes_.info(text);
    }

    HistogramCallSetup setup_;
    const OverBuckets& over_;
    Notes notes_;
    std::size_t results_;  // a histogram

    RowsPtr seen_;
    RowCache<Place> places_;
    LabelTable histograms_;
    std::vector<RowId> histogram_ids_;
    std::vector<Member> members_;  // histogram by histogram, by bound
    std::vector<std::size_t> begins_{0};
    std::vector<std::pair<std::uint32_t, Note*>> bad_;  // rows without a bound

    std::vector<std::pair<double, std::string>> labels_of_arguments_;
    LabelTable out_;
    std::vector<std::uint32_t> row_of_result_;

    std::vector<double> arguments_;
    std::vector<Bucket> buckets_;
};

}  // namespace

OperatorPtr make_histogram_call(HistogramCallSetup setup) { return std::make_shared<HistogramCall>(std::move(setup)); }

}  // namespace tocsin
