#include "engine/eval/range_call.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/sample.h"
#include "base/text.h"
#include "engine/eval/metadata_labels.h"

namespace tocsin {
namespace {

// Remarks that a series does not look like a counter, for the rows where that is so.
class CounterDoubts {
public:
    CounterDoubts(Notes& notes, bool type_labels) : notes_(notes), type_labels_(type_labels) {}

    void update(const RowSource& input) {
        const std::vector<RowId>& ids = input.rows()->ids;
        if (known_.crowded(ids.size())) known_.clear();
        doubts_.clear();
        for (std::size_t i = 0; i < ids.size(); ++i) {
            Note* note = known_.get(ids[i], [&] { return doubt(input.labels(i)); });
            if (note != nullptr) doubts_.push_back({i, note});
        }
    }

    void raise(Evaluation& evaluation, const std::uint8_t* present) const {
        for (const auto& [row, note] : doubts_) {
            if (present[row] != 0) evaluation.raise(*note);
        }
    }

private:
    Note* doubt(const LabelSet& labels) {
        const std::string_view name = labels.metric_name();
        if (name.empty()) return nullptr;
        if (type_labels_) {
            const std::string_view type = labels.get(kTypeLabel);
            if (type == "counter" || type == "histogram") return nullptr;
            return &notes_.info(fmt::format("metric might not be a counter, __type__ label is not set to \"counter\" or \"histogram\", "
                                         "got {}: {}",
                                         go_quote(type), go_quote(name)));
        }
        for (const std::string_view suffix : {"_total", "_sum", "_count", "_bucket"}) {
            if (name.ends_with(suffix)) return nullptr;
        }
        return &notes_.info(fmt::format("metric might not be a counter, name does not end in _total/_sum/_count/_bucket: {}",
                                     go_quote(name)));
    }

    Notes& notes_;
    bool type_labels_;
    RowCache<Note*> known_;
    std::vector<std::pair<std::size_t, Note*>> doubts_;
};

class RangeCall final : public Operator {
public:
    explicit RangeCall(RangeCallSetup setup)
        : setup_(std::move(setup)),
          over_(std::get<OverRange>(setup_.function->kernel)),
          names_(over_.keeps_name ? NameDrop::Mode::Keep : setup_.names),
          doubts_(notes_, setup_.type_labels) {}

    LabelSet labels(std::size_t row) const override { return names_.labels(*setup_.range, row); }
    bool drops_name(std::size_t row) const override { return names_.drops_name(*setup_.range, row); }
    bool distinct_without_name() const override { return names_.distinct_without_name(*setup_.range); }
    const Notes* notes() const override { return &notes_; }
    RangeSource* range_read() const override { return setup_.range.get(); }
    std::string kept() const override { return names_.kept(); }

protected:
    Status compute(Evaluation& evaluation, std::int64_t at_ms) override {
        if (Status status = read_arguments(evaluation, at_ms); !status) return status;
        if (Status status = setup_.range->open(evaluation, at_ms); !status) return status;
        if (names_.update(*setup_.range)) {
            rows_ = names_.rows();
            if (over_.for_counters) doubts_.update(*setup_.range);
        }
        Column& column = names_.in_place() ? own_column() : scattered_;
        column.resize(setup_.range->size());
        overlaps_.clear();
        const std::size_t samples = read_range(at_ms, column);
        if (samples > 0) warn(evaluation);
        for (Note* note : overlaps_) evaluation.raise(*note);
        doubts_.raise(evaluation, column.present.data());
        if (Status status = evaluation.hold_samples(setup_.range->size()); !status) return status;
        return names_.in_place() ? Status{} : names_.apply(column.values.data(), column.present.data(), own_column());
    }

private:
    Status read_arguments(Evaluation& evaluation, std::int64_t at_ms) {
        arguments_.clear();
        for (const OperatorPtr& argument : setup_.arguments) {
            if (Status status = argument->evaluate(evaluation, at_ms); !status) return status;
            arguments_.push_back(argument->scalar());
        }
        return over_.check != nullptr ? over_.check(arguments_) : Status{};
    }

    void warn(Evaluation& evaluation) {
        if (over_.warn == nullptr) return;
        if (const auto text = over_.warn(arguments_)) evaluation.raise(notes_.warning(*text));
    }

    // How many series have samples.
    std::size_t read_range(std::int64_t at_ms, Column& out) {
        std::size_t samples = 0;
        RangeSource::Block block;
        while (setup_.range->next(block)) {
            if (block.rows.empty()) {
                std::fill_n(out.present.begin() + static_cast<std::ptrdiff_t>(block.first_row), block.columns, std::uint8_t{0});
                continue;
            }
            for (std::size_t first = 0; first < block.columns; first += kBlockColumns) {
                RangeSource::Block tile = block;
                tile.first_column += first;
                tile.first_row += first;
                tile.columns = std::min(kBlockColumns, block.columns - first);
                samples += read_tile(tile, at_ms, out);
            }
        }
        return samples;
    }

    std::size_t read_tile(const RangeSource::Block& tile, std::int64_t at_ms, Column& out) {
        double* values = out.values.data() + tile.first_row;
        std::uint8_t* present = out.present.data() + tile.first_row;
        std::array<double, kBlockColumns> suspect;
        bool computed = false;
        if (over_.block != nullptr && setup_.range->extension() == Extension::None && !setup_.range->has_start_times()) {
            const RangeBlock block{tile.rows,
                                   tile.first_column,
                                   tile.columns,
                                   tile.times_ms,
                                   setup_.range->start_ms(),
                                   setup_.range->end_ms(),
                                   at_ms,
                                   arguments_};
            computed = over_.block(block, values, suspect.data());
        }
        std::size_t samples = 0;
        for (std::size_t i = 0; i < tile.columns; ++i) {
            if (computed && !std::isnan(suspect[i])) {
                present[i] = 1;
                ++samples;
                continue;
            }
            samples += read_series(tile, i, at_ms, values[i], present[i]) ? 1 : 0;
        }
        return samples;
    }

    bool read_series(const RangeSource::Block& tile, std::size_t column, std::int64_t at_ms, double& value,
                     std::uint8_t& present) {
        gather(tile, column, gathered_, gathered_times_);
        present = 0;
        if (gathered_.empty()) return false;
        setup_.range->gather_start_times(tile, column, start_times_);
        if (over_.for_counters && !start_times_.empty()) look_for_overlaps(tile.first_row + column);
        const auto result = over_.kernel({gathered_, gathered_times_, setup_.range->start_ms(), setup_.range->end_ms(), at_ms,
                                          setup_.range->extension(), arguments_, &scratch_, start_times_});
        if (result) {
            value = *result;
            present = 1;
        }
        return true;
    }

    // A counter cannot have begun before its last sample unless it began when that one says.
    void look_for_overlaps(std::size_t row) {
        for (std::size_t i = 1; i < start_times_.size(); ++i) {
            if (start_times_[i] == 0 || start_times_[i] >= gathered_times_[i - 1] || start_times_[i] == start_times_[i - 1]) continue;
            overlaps_.push_back(&notes_.warning(
                fmt::format("sample has start time that overlaps with previous sample timestamp for metric {}",
                            go_quote(setup_.range->labels(row).metric_name()))));
            return;
        }
    }

    RangeCallSetup setup_;
    const OverRange& over_;
    NameDrop names_;
    Notes notes_;
    CounterDoubts doubts_;
    std::vector<double> arguments_;
    Column scattered_;  // before rows are merged
    std::vector<double> gathered_;
    std::vector<std::int64_t> gathered_times_;
    std::vector<std::int64_t> start_times_;
    std::vector<Note*> overlaps_;
    std::vector<double> scratch_;
};

class AbsentOverTime final : public Operator {
public:
    AbsentOverTime(RangeSourcePtr range, LabelSet labels, bool drops_name)
        : range_(std::move(range)), labels_(std::move(labels)), drops_name_(drops_name) {
        rows_ = scalar_rows();
    }

    LabelSet labels(std::size_t) const override { return labels_; }
    bool drops_name(std::size_t) const override { return drops_name_; }
    bool distinct_without_name() const override { return true; }
    RangeSource* range_read() const override { return range_.get(); }

protected:
    Status compute(Evaluation& evaluation, std::int64_t at_ms) override {
        if (Status status = range_->open(evaluation, at_ms); !status) return status;
        bool found = false;
        RangeSource::Block block;
        while (!found && range_->next(block)) found = has_sample(block);
        Column& column = own_column();
        column.values[0] = 1;
        column.present[0] = found ? 0 : 1;
        return {};
    }

private:
    static bool has_sample(const RangeSource::Block& block) {
        return std::ranges::any_of(block.rows, [&](const double* row) {
            const double* cells = row + block.first_column;
            return std::any_of(cells, cells + block.columns, [](double cell) { return !is_missing(cell); });
        });
    }

    RangeSourcePtr range_;
    LabelSet labels_;
    bool drops_name_;
};

}  // namespace

OperatorPtr make_range_call(RangeCallSetup setup) { return std::make_shared<RangeCall>(std::move(setup)); }

OperatorPtr make_absent_over_time(RangeSourcePtr range, LabelSet labels, bool drops_name) {
    return std::make_shared<AbsentOverTime>(std::move(range), std::move(labels), drops_name);
}

}  // namespace tocsin
