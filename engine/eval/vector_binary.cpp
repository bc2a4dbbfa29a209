#include <fmt/format.h>

#include <algorithm>

#include "engine/eval/arithmetic.h"
#include "engine/eval/metadata_labels.h"
#include "engine/eval/vector_matching.h"

namespace tocsin {
namespace {

constexpr std::uint32_t kNoRow = 0xffff'ffff;

// The side of which several series may match one of the other is called `many` here, whichever side it was written on; with one-to-one
// matching it is the left one.
//
// When every series of a frame has at most one partner there, the pairs are found once (straight_) and an evaluation is one loop.
// Otherwise partners depend on which of them are present, and are found each time.
class VectorBinary final : public Operator {
public:
    explicit VectorBinary(VectorBinarySetup setup)
        : setup_(std::move(setup)),
          swapped_(setup_.matching.cardinality == VectorMatching::Cardinality::OneToMany),
          one_to_one_(setup_.matching.cardinality == VectorMatching::Cardinality::OneToOne),
          many_(swapped_ ? *setup_.right : *setup_.left),
          one_(swapped_ ? *setup_.left : *setup_.right),
          // As upstream, these are not swapped with the sides.
          fill_many_(setup_.matching.fill_left),
          fill_one_(setup_.matching.fill_right),
          signatures_(setup_.matching) {}

    LabelSet labels(std::size_t row) const override { return table_.labels(rows_->ids[row]); }
    bool drops_name(std::size_t row) const override { return table_.drops_name(rows_->ids[row]); }
    bool distinct_without_name() const override { return !setup_.delays_names && drops_metadata(); }
    const Notes* notes() const override { return &notes_; }
    std::string kept() const override {
        if (straight_) return fmt::format("{} pairs", many_index_.size());
        return fmt::format("{} match groups, partners found each time", signatures_.count());
    }

protected:
    Status compute(Evaluation& evaluation, std::int64_t at_ms) override {
        if (Status status = setup_.left->evaluate(evaluation, at_ms); !status) return status;
        if (Status status = setup_.right->evaluate(evaluation, at_ms); !status) return status;
        if (needs_histograms(setup_.op)) return compute_nothing(evaluation);
        if (signatures_.update(many_, one_)) match_rows();
        Status status = straight_ ? compute_straight() : compute_searching();
        if (!status) return status;
        return evaluation.hold_samples(size());
    }

private:
    bool drops_metadata() const { return changes_meaning(setup_.op) || setup_.return_bool; }
    bool fills() const { return fill_many_ || fill_one_; }
    const std::vector<std::uint32_t>& many_signatures() const { return signatures_.of_left(); }
    const std::vector<std::uint32_t>& one_signatures() const { return signatures_.of_right(); }

    // Native histograms are what these work on, and there are none.
    Status compute_nothing(Evaluation& evaluation) {
        const auto any = [](const Operator& side) {
            return std::any_of(side.present(), side.present() + side.size(), [](std::uint8_t present) { return present != 0; });
        };
        if (any(*setup_.left) && any(*setup_.right)) evaluation.raise(notes_.info(remark_on_floats(setup_.op)));
        own_column();
        return {};
    }

    // ---- labels, when rows changed

    void match_rows() {
        const std::size_t rows = many_.size() + one_.size();
        if (table_.crowded(rows)) table_.clear();
        new_rows_ = std::make_shared<Rows>();
        row_of_.clear();
        pairs_of_many_.assign(many_.size(), Pair{});
        fills_of_one_.assign(fill_many_ ? one_.size() : 0, kNoRow);

        // The number of rows of each side with one signature: two in one of them, and partners have to be searched.
        std::vector<std::uint32_t> one_with(signatures_.count(), kNoRow);
        bool several_ones = false;
        for (std::uint32_t row = 0; row < one_.size(); ++row) {
            std::uint32_t& first = one_with[one_signatures()[row]];
            several_ones = several_ones || first != kNoRow;
            first = row;
        }
        bool several_manys = false;
        std::vector<std::uint8_t> many_with(signatures_.count(), 0);
        if (one_to_one_) {
            for (const std::uint32_t signature : many_signatures()) {
                several_manys = several_manys || many_with[signature] != 0;
                many_with[signature] = 1;
            }
        }
        straight_ = !several_ones && !several_manys && !fills();
        if (straight_) straight_ = pair_rows(one_with);
        if (straight_) find_identity();
        rows_ = new_rows_;
        one_of_signature_.resize(signatures_.count());
        matched_.resize(signatures_.count());
    }

    // False when two pairs have the same labels.
    bool pair_rows(const std::vector<std::uint32_t>& one_with) {
        many_index_.clear();
        one_index_.clear();
        for (std::uint32_t row = 0; row < many_.size(); ++row) {
            const std::uint32_t partner = one_with[many_signatures()[row]];
            if (partner == kNoRow) continue;
            const std::uint32_t out = out_row(row, partner);
            if (out != many_index_.size()) return false;
            many_index_.push_back(row);
            one_index_.push_back(partner);
        }
        return true;
    }

    void find_identity() {
        identity_ = many_index_.size() == many_.size() && many_index_.size() == one_.size();
        for (std::uint32_t i = 0; identity_ && i < many_index_.size(); ++i) identity_ = many_index_[i] == i && one_index_[i] == i;
    }

    // The row of the result for a pair; kNoRow stands for a side that is filled in. Makes it if it is new.
    std::uint32_t out_row(std::uint32_t many_row, std::uint32_t one_row) {
        if (many_row != kNoRow) {
            Pair& pair = pairs_of_many_[many_row];
            if (pair.out != kNoRow && pair.one == one_row) return pair.out;
            pair = {one_row, intern(result_labels(many_labels(many_row, one_row), one_labels(many_row, one_row)),
                                    drops_name_of(many_row))};
            return pair.out;
        }
        std::uint32_t& out = fills_of_one_[one_row];
        if (out == kNoRow) {
            out = intern(result_labels(many_labels(many_row, one_row), one_labels(many_row, one_row)), false);
        }
        return out;
    }

    LabelSet many_labels(std::uint32_t many_row, std::uint32_t one_row) const {
        return many_row != kNoRow ? many_.labels(many_row)
                                 : match_labels(setup_.matching, one_.labels(one_row));
    }

    LabelSet one_labels(std::uint32_t many_row, std::uint32_t one_row) const {
        return one_row != kNoRow ? one_.labels(one_row)
                                : match_labels(setup_.matching, many_.labels(many_row));
    }

    bool drops_name_of(std::uint32_t many_row) const {
        return setup_.delays_names && (drops_metadata() || many_.drops_name(many_row));
    }

    LabelSet result_labels(const LabelSet& many, const LabelSet& one) const {
        const VectorMatching& matching = setup_.matching;
        LabelSet labels = drops_metadata() && !setup_.delays_names ? without_metadata(many) : many;
        if (one_to_one_) labels = matching.on ? labels.only(names_kept()) : labels.without(matching.labels);
        if (matching.include.empty()) return labels;
        LabelBuilder builder(labels);
        for (const std::string& name : matching.include) builder.set(name, one.get(name));
        return builder.build();
    }

    // A name that is to be dropped at the end has to be there until then.
    const std::vector<std::string>& names_kept() const { return setup_.matching.labels; }

    std::uint32_t intern(const LabelSet& labels, bool drops_name) {
        const RowId id = table_.intern(labels, drops_name);
        const auto [place, is_new] = row_of_.try_emplace(id, static_cast<std::uint32_t>(new_rows_->ids.size()));
        if (is_new) {
            // Rows that were shown are not changed any more.
            if (rows_ == new_rows_) new_rows_ = std::make_shared<Rows>(*new_rows_);
            new_rows_->ids.push_back(id);
        }
        return place->second;
    }

    // ---- numbers

    Status compute_straight() {
        const std::size_t rows = many_index_.size();
        Column& out = own_column();
        const Operand many{.values = many_.values(), .index = identity_ ? nullptr : many_index_.data()};
        const Operand one{.values = one_.values(), .index = identity_ ? nullptr : one_index_.data()};
        const Operand& left = swapped_ ? one : many;
        const Operand& right = swapped_ ? many : one;
        if (is_comparison(setup_.op) && !setup_.return_bool) {
            compare(setup_.op, left, right, rows, out.present.data());
            for (std::size_t i = 0; i < rows; ++i) out.values[i] = left.at(i);
        } else {
            apply(setup_.op, left, right, rows, out.values.data());
            std::ranges::fill(out.present, std::uint8_t{1});
        }
        const std::uint8_t* many_present = many_.present();
        const std::uint8_t* one_present = one_.present();
        if (identity_) {
            for (std::size_t i = 0; i < rows; ++i) {
                out.present[i] = static_cast<std::uint8_t>(out.present[i] & many_present[i] & one_present[i]);
            }
        } else {
            for (std::size_t i = 0; i < rows; ++i) {
                out.present[i] =
                    static_cast<std::uint8_t>(out.present[i] & many_present[many_index_[i]] & one_present[one_index_[i]]);
            }
        }
        return {};
    }

    Status compute_searching() {
        results_.clear();
        const bool any_many = any_present(many_);
        const bool any_one = any_present(one_);
        if ((!any_many && !any_one) || ((!any_many || !any_one) && !fills())) return publish();
        if (Status status = find_ones(); !status) return status;
        std::ranges::fill(matched_, std::uint8_t{0});
        for (std::uint32_t row = 0; row < many_.size(); ++row) {
            if (!many_.is_present(row)) continue;
            const std::uint32_t signature = many_signatures()[row];
            const std::uint32_t partner = one_of_signature_[signature];
            if (partner == kNoRow && !fill_one_) continue;
            if (one_to_one_ && matched_[signature] != 0) return fail_with_several_matches();
            matched_[signature] = 1;
            add_result(row, partner, signature);
        }
        if (fill_many_) fill_manys();
        return publish();
    }

    static bool any_present(const Operator& side) {
        return std::any_of(side.present(), side.present() + side.size(), [](std::uint8_t present) { return present != 0; });
    }

    Status find_ones() {
        std::ranges::fill(one_of_signature_, kNoRow);
        for (std::uint32_t row = 0; row < one_.size(); ++row) {
            if (!one_.is_present(row)) continue;
            std::uint32_t& place = one_of_signature_[one_signatures()[row]];
            if (place != kNoRow) return fail_with_duplicates(place, row);
            place = row;
        }
        return {};
    }

    Status fail_with_duplicates(std::uint32_t first, std::uint32_t second) const {
        const LabelSet first_labels = one_.labels(first);
        const LabelSet second_labels = one_.labels(second);
        return fail(Error::Kind::InvalidInput,
                    fmt::format("found duplicate series for the match group {} on the {} hand-side of the operation: [{}, {}];"
                                "many-to-many matching not allowed: matching labels must be unique on one side",
                                to_string(match_labels(setup_.matching, second_labels)),
                                swapped_ ? "left" : "right", to_string_of_labels(second_labels),
                                to_string_of_labels(first_labels)));
    }

    // Told even when a comparison lets none of them through.
    static Status fail_with_several_matches() {
        return fail(Error::Kind::InvalidInput,
                    "multiple matches for labels: many-to-one matching must be explicit (group_left/group_right)");
    }

    void fill_manys() {
        for (std::uint32_t row = 0; row < one_.size(); ++row) {
            if (one_.is_present(row) && matched_[one_signatures()[row]] == 0) add_result(kNoRow, row, one_signatures()[row]);
        }
    }

    void add_result(std::uint32_t many_row, std::uint32_t one_row, std::uint32_t signature) {
        const double many = many_row != kNoRow ? many_.values()[many_row] : *fill_many_;
        const double one = one_row != kNoRow ? one_.values()[one_row] : *fill_one_;
        const double left = swapped_ ? one : many;
        const double right = swapped_ ? many : one;
        double value = 0;
        apply(setup_.op, {.values = &left}, {.values = &right}, 1, &value);
        const bool filters = is_comparison(setup_.op) && !setup_.return_bool;
        const bool is_kept = !filters || value != 0;
        results_.push_back({out_row(many_row, one_row), signature, filters ? left : value, is_kept});
    }

    Status publish() {
        rows_ = new_rows_;
        Column& out = own_column();
        std::ranges::fill(out.present, std::uint8_t{0});
        signature_of_result_.assign(size(), kNoRow);
        for (const auto& [row, signature, value, is_kept] : results_) {
            // Told even when a comparison lets none of them through.
            if (signature_of_result_[row] == signature) {
                return fail(Error::Kind::InvalidInput,
                            "multiple matches for labels: grouping labels must ensure unique matches");
            }
            signature_of_result_[row] = signature;
            if (!is_kept) continue;
            if (out.present[row] != 0) return fail_with_duplicate_labels();
            out.present[row] = 1;
            out.values[row] = value;
        }
        return {};
    }

    struct Pair {
        std::uint32_t one = kNoRow;
        std::uint32_t out = kNoRow;
    };
    struct ResultCell {
        std::uint32_t row;
        std::uint32_t signature;
        double value;
        bool is_kept;
    };
    VectorBinarySetup setup_;
    bool swapped_;
    bool one_to_one_;
    Operator& many_;
    Operator& one_;
    std::optional<double> fill_many_, fill_one_;
    Signatures signatures_;
    Notes notes_;

    LabelTable table_;
    std::shared_ptr<Rows> new_rows_ = std::make_shared<Rows>();
    boost::unordered_flat_map<RowId, std::uint32_t> row_of_;
    std::vector<Pair> pairs_of_many_;
    std::vector<std::uint32_t> fills_of_one_;

    bool straight_ = false;
    bool identity_ = false;
    std::vector<std::uint32_t> many_index_, one_index_;  // by row of the result

    std::vector<std::uint32_t> one_of_signature_;
    std::vector<std::uint8_t> matched_;  // signatures that a row of the many side had
    std::vector<ResultCell> results_;
    std::vector<std::uint32_t> signature_of_result_;
};

}  // namespace

OperatorPtr make_vector_binary(VectorBinarySetup setup) { return std::make_shared<VectorBinary>(std::move(setup)); }

}  // namespace tocsin
