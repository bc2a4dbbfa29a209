#include "engine/eval/info_call.h"

#include <fmt/format.h>

#include <algorithm>

namespace tocsin {
namespace {

constexpr std::uint32_t kNone = 0xffff'ffff;

const std::vector<std::string>& identifying_labels() {
    static const std::vector<std::string> names{"instance", "job"};
    return names;
}

class InfoCall final : public Operator {
public:
    explicit InfoCall(InfoSetup setup) : setup_(std::move(setup)) {}

    LabelSet labels(std::size_t row) const override { return table_.labels(rows_->ids[row]); }
    bool drops_name(std::size_t row) const override { return table_.drops_name(rows_->ids[row]); }
    std::string kept() const override { return fmt::format("{} groups of info series", groups_.size()); }

protected:
    Status compute(Evaluation& evaluation, std::int64_t at_ms) override {
        if (Status status = base().evaluate(evaluation, at_ms); !status) return status;
        if (Status status = infos().evaluate(evaluation, at_ms); !status) return status;
        if (base_rows_ != base().rows() || info_rows_ != infos().rows()) match_rows();
        if (Status status = choose_infos(); !status) return status;
        results_.clear();
        for (std::uint32_t row = 0; row < base().size(); ++row) {
            if (!base().is_present(row)) continue;
            auto out = out_row(row);
            if (!out) return tl::unexpected(std::move(out).error());
            if (*out != kNone) results_.push_back({*out, base().values()[row]});
        }
        return publish();
    }

private:
    // The info series of one metric with one instance and job: one of them is in force at a time.
    struct InfoGroup {
        std::vector<std::uint32_t> rows;
        std::uint32_t chosen = kNone;
    };
    struct BaseRow {
        bool is_info = false;
        std::vector<std::uint32_t> groups;  // by name of the metric
        std::vector<std::uint32_t> with;    // the info rows that `out` was made with
        std::uint32_t out = kNone;
        bool is_known = false;
    };

    Operator& base() const { return *setup_.base; }
    Operator& infos() const { return *setup_.infos; }

    void match_rows() {
        base_rows_ = base().rows();
        info_rows_ = infos().rows();
        groups_.clear();
        std::map<std::pair<std::string, LabelSet>, std::uint32_t> group_of;
        for (std::uint32_t row = 0; row < infos().size(); ++row) {
            const LabelSet labels = infos().labels(row);
            const auto [place, is_new] = group_of.try_emplace(
                {std::string(labels.metric_name()), labels.only(identifying_labels())}, static_cast<std::uint32_t>(groups_.size()));
            if (is_new) groups_.emplace_back();
            groups_[place->second].rows.push_back(row);
        }
        std::map<LabelSet, std::vector<std::uint32_t>> groups_of_identity;
        for (const auto& [key, group] : group_of) groups_of_identity[key.second].push_back(group);

        base_.assign(base().size(), BaseRow{});
        for (std::uint32_t row = 0; row < base().size(); ++row) {
            const LabelSet labels = base().labels(row);
            base_[row].is_info = is_info(labels.metric_name());
            const auto found = groups_of_identity.find(labels.only(identifying_labels()));
            // Without instance and job there is nothing to match by.
            if (found != groups_of_identity.end() && !found->first.empty()) base_[row].groups = found->second;
        }
        if (table_.crowded(2 * base().size())) forget_rows();
    }

    bool is_info(std::string_view name) const {
        return !setup_.name_matchers.empty() &&
               std::ranges::all_of(setup_.name_matchers, [&](const Matcher& matcher) { return matcher.matches(name); });
    }

    void forget_rows() {
        table_.clear();
        row_of_.clear();
        new_ids_.clear();
        rows_ = std::make_shared<const Rows>();
    }

    // Of several info series the one with the newest sample is in force.
    Status choose_infos() {
        for (InfoGroup& group : groups_) {
            group.chosen = kNone;
            for (const std::uint32_t row : group.rows) {
                if (!infos().is_present(row)) continue;
                if (group.chosen != kNone && infos().values()[group.chosen] == infos().values()[row]) {
                    return fail_with_duplicate_infos(group.chosen, row);
                }
                if (group.chosen == kNone || infos().values()[group.chosen] < infos().values()[row]) group.chosen = row;
            }
        }
        return {};
    }

    Status fail_with_duplicate_infos(std::uint32_t first, std::uint32_t second) const {
        const auto time_of = [&](std::uint32_t row) { return static_cast<std::int64_t>(infos().values()[row] * 1000); };
        return fail(Error::Kind::InvalidInput,
                    fmt::format("found duplicate series for info metric: existing {} @ {}, new {} @ {}",
                                to_string_of_labels(infos().labels(first)), time_of(first),
                                to_string_of_labels(infos().labels(second)), time_of(second)));
    }

    // kNone: no info series has what the selector demands, so the base series is left out.
    Result<std::uint32_t> out_row(std::uint32_t row) {
        BaseRow& base_row = base_[row];
        with_.clear();
        if (!base_row.is_info) {
            for (const std::uint32_t group : base_row.groups) {
                if (groups_[group].chosen != kNone) with_.push_back(groups_[group].chosen);
            }
        }
        if (base_row.is_known && base_row.with == with_) return base_row.out;
        TOCSIN_TRY(base_row.out, make_out_row(row));
        base_row.with = with_;
        base_row.is_known = true;
        return base_row.out;
    }

    Result<std::uint32_t> make_out_row(std::uint32_t row) {
        const LabelSet labels = base().labels(row);
        if (with_.empty() && !base_[row].is_info && demands_something()) return kNone;
        LabelBuilder added;
        for (const std::uint32_t info : with_) {
            for (const Label& label : infos().labels(info)) {
                if (label.name == kMetricNameLabel || !is_wanted(label.name)) continue;
                if (added.has(label.name) && added.get(label.name) != label.value) {
                    return fail(Error::Kind::InvalidInput, fmt::format("conflicting label: {}", label.name));
                }
                if (!labels.has(label.name)) added.set(label.name, label.value);
            }
        }
        LabelBuilder result(labels);
        for (const auto& [name, value] : added.labels()) result.set(name, value);
        return intern(result.build(), base().drops_name(row));
    }

    bool demands_something() const {
        return std::ranges::any_of(setup_.data_matchers, [](const Matcher& matcher) { return !matcher.matches_empty(); });
    }

    bool is_wanted(std::string_view label) const {
        return setup_.data_matchers.empty() ||
               std::ranges::any_of(setup_.data_matchers, [&](const Matcher& matcher) { return matcher.name() == label; });
    }

    std::uint32_t intern(const LabelSet& labels, bool drops_name) {
        const RowId id = table_.intern(labels, drops_name);
        const auto [place, is_new] = row_of_.try_emplace(id, static_cast<std::uint32_t>(new_ids_.size()));
        if (is_new) new_ids_.push_back(id);
        return place->second;
    }

    Status publish() {
        if (rows_->ids.size() != new_ids_.size()) rows_ = std::make_shared<const Rows>(Rows{new_ids_});
        Column& out = own_column();
        std::ranges::fill(out.present, std::uint8_t{0});
        for (const auto& [row, value] : results_) {
            if (out.present[row] != 0) return fail_with_duplicate_labels();
            out.present[row] = 1;
            out.values[row] = value;
        }
        return {};
    }

    InfoSetup setup_;
    RowsPtr base_rows_, info_rows_;
    std::vector<InfoGroup> groups_;
    std::vector<BaseRow> base_;
    std::vector<std::uint32_t> with_;
    LabelTable table_;
    boost::unordered_flat_map<RowId, std::uint32_t> row_of_;
    std::vector<RowId> new_ids_;
    std::vector<std::pair<std::uint32_t, double>> results_;
};

bool is_positive(const Matcher& matcher) { return matcher.op() == MatchOp::Equal || matcher.op() == MatchOp::Regex; }

}  // namespace

InfoSetup info_setup(const Matchers* labels) {
    InfoSetup setup;
    if (labels != nullptr) {
        for (const Matcher& matcher : *labels) {
            (matcher.name() == kMetricNameLabel ? setup.name_matchers : setup.data_matchers).push_back(matcher);
        }
    }
    if (setup.name_matchers.empty()) {
        setup.name_matchers.push_back(Matcher::equal(std::string(kMetricNameLabel), "target_info"));
    } else if (std::ranges::none_of(setup.name_matchers, is_positive)) {
        // Metrics that are only told what they are not called are at least to be called as info metrics are.
        setup.name_matchers.push_back(*Matcher::create(std::string(kMetricNameLabel), MatchOp::Regex, ".+_info"));
    }
    setup.series_matchers = setup.name_matchers;
    setup.series_matchers.insert(setup.series_matchers.end(), setup.data_matchers.begin(), setup.data_matchers.end());
    return setup;
}

OperatorPtr make_info_call(InfoSetup setup) { return std::make_shared<InfoCall>(std::move(setup)); }

}  // namespace tocsin
