#include "engine/scrape/scrape_cache.h"

#include <algorithm>
#include <array>
#include <optional>

#include <boost/unordered/unordered_flat_map.hpp>
#include <fmt/format.h>

#include "base/hash.h"
#include "base/sample.h"
#include "base/text.h"
#include "engine/scrape/series_labels.h"

namespace tocsin {
namespace {

using Entry = ExpositionParser::Entry;
using Kind = ScrapeLine::Kind;

// How far ahead a line is looked for one by one: enough for the lines of a few series that vanished. Beyond, an index
// is made.
constexpr std::size_t kLookAhead = 32;

// Of a first scrape. A guess that costs little when it is wrong.
constexpr std::size_t kBytesPerLine = 80;
constexpr std::size_t kNewLinesExpected = 100'000;

// Suffixes of the series of a family, for which its metadata are kept.
constexpr std::string_view kFamilySuffixes[] = {"", "_total", "_bucket", "_sum", "_count", "_created", "_info"};

constexpr auto kNameByte = [] {
    std::array<bool, 256> table{};
    for (std::size_t c = 0; c < 256; ++c) {
        table[c] = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == ':';
    }
    return table;
}();

bool is_blank(char c) {
    return c == ' ' || c == '\t';
}

class Reader {
public:
    explicit Reader(const ScrapeSource& source)
        : source_(source),
          parser_(source.body, source.format),
          series_labels_(*source.config, *source.target, source.limits),
          known_(source.known->lines) {
        const bool renames = std::ranges::any_of(source.config->metric_relabel_configs,
                                                 [](const RelabelConfig& c) { return c.may_change_metric_name(); });
        const bool counts = !source.config->metric_relabel_configs.empty() &&
                            (source.count_relabelled || source.limits.samples_configured > 0);
        may_skip_names_ = !renames && !counts && !source.count_added && !source.wanted->everything();
        reading_.values.assign(source.known->slots, kAbsentMarker);
        index_given_up();
        if (known_.empty()) {
            const std::size_t expected = std::min(source.body.size() / kBytesPerLine, kNewLinesExpected);
            new_lines_.reserve(expected);
            reading_.born.reserve(expected);
            reading_.from.reserve(expected);
            reading_.values.reserve(expected);
        }
    }

    ScrapeReading read() {
        while (goes_on() && read_line()) {
        }
        if (reading_.over_sample_limit) count_rest();
        if (reading_.error.empty()) finish();
        return std::move(reading_);
    }

    std::optional<ScrapeReading> read_known() {
        while (goes_on() && !reading_.changed && read_line()) {
        }
        if (!goes_on()) return std::nullopt;
        finish();
        if (reading_.changed) return std::nullopt;
        return std::move(reading_);
    }

private:
    bool goes_on() const { return reading_.error.empty() && !reading_.over_sample_limit; }

    // False at the end.
    bool read_line() {
        pass_blank_lines();
        if (next_ < known_.size() && parser_.between_lines()) {
            switch (read_expected()) {
                case Match::Taken:
                    return true;
                case Match::TryNext:
                    ++next_;
                    return true;
                case Match::None:
                    break;
            }
        }
        return read_unexpected();
    }

    void pass_blank_lines() {
        if (source_.format != ExpositionFormat::PrometheusText || !parser_.between_lines()) return;
        while (parser_.position() < source_.body.size() && source_.body[parser_.position()] == '\n') {
            parser_.skip_to(parser_.position() + 1);
        }
    }

    // ---- lines that are where they were

    enum class Match { None, Taken, TryNext };

    std::uint64_t hash(Kind kind, std::string_view bytes) const {
        // `1` and `1.0` are the same bucket of a histogram and two values of a label otherwise, so the last TYPE
        // counts.
        const auto rules = kind == Kind::Comment ? 0U : static_cast<unsigned>(parser_.label_rules());
        const unsigned type = kind == Kind::Comment ? 1U : kind == Kind::SkippedName ? 2U : 0U;
        return hash_bytes(bytes, source_.hash_seed + type * 4 + rules);
    }

    Match read_expected() {
        const ScrapeLine& line = known_[next_];
        const std::size_t at = parser_.position();
        if (source_.body.size() - std::min(at, source_.body.size()) <= line.bytes()) return leave_run();
        const char behind = source_.body[at + line.bytes()];
        switch (line.kind()) {
            case Kind::SkippedName:
                if (!is_blank(behind) && behind != '{') return leave_run();
                break;
            case Kind::Comment:
                if (behind != '\n') return Match::None;
                break;
            default:
                if (!is_blank(behind)) return Match::None;
        }
        if (hash(line.kind(), source_.body.substr(at, line.bytes())) != line.hash()) return leave_run();
        take_expected(line, at);
        return Match::Taken;
    }

    // Behind the last line of a run the line after it is expected.
    Match leave_run() {
        if (!in_run_) return Match::None;
        in_run_ = false;
        return Match::TryNext;
    }

    void take_expected(const ScrapeLine& line, std::size_t at) {
        switch (line.kind()) {
            case Kind::SkippedName:
                if (!in_run_) remember(line);
                in_run_ = true;
                skip_unread();
                return;
            case Kind::Comment:
                pass_comment(line, at);
                break;
            case Kind::Sample:
                if (parser_.resume(line.bytes()) == Entry::Error) return fail_parse();
                ++reading_.prefix_hits;
                take_sample(line);
                break;
            default:
                parser_.skip_line();
                ++reading_.prefix_hits;
                count_sample(line.kind());
                remember(line);
                break;
        }
        ++next_;
    }

    void pass_comment(const ScrapeLine& line, std::size_t at) {
        const std::size_t behind = at + line.bytes() + 1;
        if (line.detail() == 0) {
            parser_.skip_to(behind);
        } else {
            parser_.skip_type(behind, static_cast<MetricType>(line.detail() - 1));
        }
        remember(line);
    }

    void skip_unread() {
        parser_.skip_line();
        ++reading_.lines_skipped;
        count_sample(Kind::SkippedName);
    }

    void count_sample(Kind kind) {
        ++reading_.samples;
        if (kind != Kind::Dropped) ++reading_.samples_relabelled;
        if (source_.limits.samples_configured > 0 && reading_.samples_relabelled > source_.limits.samples_configured) {
            reading_.over_sample_limit = true;
        }
        if (source_.limits.samples > 0 && reading_.samples > source_.limits.samples) {
            reading_.error = fmt::format("more than {} samples", source_.limits.samples);
        }
    }

    // How far beyond its limit a body is, the reports tell as Prometheus' do; nothing of it is kept.
    void count_rest() {
        for (Entry entry = parser_.next(); reading_.error.empty() && entry != Entry::End; entry = parser_.next()) {
            if (entry == Entry::Error) return fail_parse();
            if (entry == Entry::Sample) count_unkept();
        }
        if (reading_.error.empty()) reading_.error = "sample limit exceeded";
    }

    void count_unkept() {
        const SeriesLabels::Verdict verdict = series_labels_.judge(parser_.labels());
        if (verdict == SeriesLabels::Verdict::Invalid) return refuse_sample();
        count_sample(verdict == SeriesLabels::Verdict::Drop ? Kind::Dropped : Kind::Unwanted);
    }

    // It was read, and relabelling has left nothing that counts.
    void refuse_sample() {
        ++reading_.samples;
        reading_.error = series_labels_.problem();
    }

    // A known line of a series that is kept. The parser has its value.
    void take_sample(const ScrapeLine& line) {
        SeriesSlot slot = line.detail();
        if (!reading_.changed) {
            slots_seen_ = std::max(slots_seen_, slot + 1);
        } else {
            SeriesSlot& now = slot_now_[slot];
            if (now == kNoSlot) now = add_slot(slot);
            slot = now;
            ScrapeLine moved = line;
            moved.set_detail(slot);
            remember(moved);
        }
        count_sample(Kind::Sample);
        store_value(slot);
    }

    void store_value(SeriesSlot slot) {
        if (parser_.has_timestamp() && source_.config->honor_timestamps) {
            reading_.timed.push_back({slot, from_unix_ms(parser_.timestamp_ms()), parser_.value()});
        } else if (is_absent(reading_.values[slot])) {
            reading_.values[slot] = parser_.value();
        } else {
            ++reading_.duplicates;
        }
    }

    // ---- lines that are not

    bool read_unexpected() {
        if (may_skip_names_ && parser_.between_lines() && skip_by_name()) return true;
        switch (parser_.next()) {
            case Entry::End:
                return false;
            case Entry::Error:
                fail_parse();
                return true;
            case Entry::Sample:
                read_unexpected_sample();
                return true;
            default:
                read_unexpected_comment();
                return true;
        }
    }

    // Whether the line begins with the name of a metric that nobody wants. Then it is not read any further.
    bool skip_by_name() {
        const std::string_view rest = source_.body.substr(std::min(parser_.position(), source_.body.size()));
        std::size_t bytes = 0;
        while (bytes < rest.size() && kNameByte[static_cast<unsigned char>(rest[bytes])]) ++bytes;
        if (bytes == 0 || bytes == rest.size() || (!is_blank(rest[bytes]) && rest[bytes] != '{')) return false;
        const std::string_view name = rest.substr(0, bytes);
        if (name == wanted_name_) return false;
        if (name != unwanted_name_) {
            if (is_digit(rest[0])) return false;
            const bool is_wanted = source_.wanted->name(name);
            (is_wanted ? wanted_name_ : unwanted_name_) = name;
            if (is_wanted) return false;
        }
        const std::uint64_t hashed = hash(Kind::SkippedName, name);
        if (const auto found = find(Kind::SkippedName, hashed, bytes)) {
            go_on_at(*found);
            in_run_ = *found >= next_;
            next_ = std::max(next_, *found);
        } else {
            begin_change();
        }
        const ScrapeLine line(Kind::SkippedName, hashed, bytes);
        if (!is_last(line)) remember(line);
        skip_unread();
        return true;
    }

    void read_unexpected_sample() {
        const std::string_view prefix = parser_.prefix();
        if (source_.limits.line_bytes > 0 && parser_.position() - parser_.entry_begin() > source_.limits.line_bytes) {
            reading_.error = fmt::format("line longer than {} bytes", source_.limits.line_bytes);
            return;
        }
        const std::uint64_t hashed = hash(Kind::Sample, prefix);
        const auto found = find(Kind::Sample, hashed, prefix.size());
        if (!found) return read_new_sample(hashed, prefix.size());
        ++reading_.prefix_hits;
        go_on_at(*found);
        const ScrapeLine& line = known_[*found];
        if (line.kind() == Kind::Sample) {
            take_sample(line);
        } else {
            count_sample(line.kind());
            remember(line);
        }
        next_ = std::max(next_, *found + 1);
    }

    void read_new_sample(std::uint64_t hashed, std::size_t bytes) {
        ++reading_.prefix_misses;
        begin_change();
        const auto [seen, is_first] = new_lines_.try_emplace(hashed, reading_.lines.lines.size());
        if (!is_first && reading_.lines.lines[seen->second].bytes() == bytes) {
            return take_again(reading_.lines.lines[seen->second]);
        }
        const Kind kind = judge_new_sample();
        if (!reading_.error.empty()) return;
        const SeriesSlot slot = kind == Kind::Sample ? add_slot(kNoSlot) : 0;
        remember(ScrapeLine(kind, hashed, bytes, slot));
        count_sample(kind);
        note_added(kind, hashed);
        if (kind == Kind::Sample) store_value(slot);
    }

    void note_added(Kind kind, std::uint64_t hashed) {
        if (kind == Kind::Dropped || reading_.over_sample_limit) return;
        const bool was_told = source_.told != nullptr && source_.told->contains(hashed);
        if (!was_told && !given_up_.contains(hashed)) reading_.added.push_back(hashed);
    }

    void index_given_up() {
        if (source_.given_up == nullptr) return;
        given_up_.reserve(source_.given_up->lines.size());
        for (const ScrapeLine& line : source_.given_up->lines) {
            if (line.kind() == Kind::Sample || line.kind() == Kind::Unwanted) given_up_.insert(line.hash());
        }
    }

    // A new line that comes twice in this body: the first one counts.
    void take_again(const ScrapeLine line) {
        remember(line);
        count_sample(line.kind());
        if (line.kind() == Kind::Sample) store_value(line.detail());
    }

    Kind judge_new_sample() {
        switch (series_labels_.judge(parser_.labels())) {
            case SeriesLabels::Verdict::Keep:
                break;
            case SeriesLabels::Verdict::Drop:
                return Kind::Dropped;
            case SeriesLabels::Verdict::Invalid:
                refuse_sample();
                return Kind::Dropped;
        }
        LabelSet set = LabelSet::from_sorted(series_labels_.labels());
        const auto reach = source_.wanted->reach(set);
        if (!reach) return Kind::Unwanted;
        reading_.born.push_back({std::move(set), *reach});
        return Kind::Sample;
    }

    void read_unexpected_comment() {
        const std::size_t begin = parser_.entry_begin();
        const std::string_view text = source_.body.substr(begin, parser_.position() - begin);
        // A comment of several lines, or one that the body ends with, is read each time.
        const std::size_t bytes = text.empty() ? 0 : text.size() - 1;
        const bool one_line = !text.empty() && text.find('\n') == bytes;
        const std::uint64_t hashed = hash(Kind::Comment, text.substr(0, bytes));
        const auto found = one_line ? find(Kind::Comment, hashed, bytes) : std::nullopt;
        if (found) {
            go_on_at(*found);
            remember(known_[*found]);
            next_ = std::max(next_, *found + 1);
            return;
        }
        keep_metadata();
        if (!one_line) return;
        begin_change();
        const bool is_type = parser_.last_entry() == Entry::Type;
        remember(
            ScrapeLine(Kind::Comment, hashed, bytes, is_type ? static_cast<std::uint32_t>(parser_.type()) + 1 : 0));
    }

    void keep_metadata() {
        const Entry entry = parser_.last_entry();
        if (entry == Entry::Comment || !family_wanted(parser_.metric())) return;
        MetadataLine line{.metric = std::string(parser_.metric()), .field = MetadataLine::Field::Type, .text = {}};
        if (entry == Entry::Type) {
            line.text = std::string(to_string(parser_.type()));
        } else {
            line.field = entry == Entry::Help ? MetadataLine::Field::Help : MetadataLine::Field::Unit;
            line.text = std::string(parser_.text());
        }
        reading_.metadata.push_back(std::move(line));
    }

    bool family_wanted(std::string_view metric) const {
        return std::ranges::any_of(kFamilySuffixes, [&](std::string_view suffix) {
            return source_.wanted->name(fmt::format("{}{}", metric, suffix));
        });
    }

    void fail_parse() {
        reading_.error = parser_.error();
        reading_.error_line = parser_.error_line();
    }

    // ---- the lines of before, and those of now

    static bool same_sort(Kind a, Kind b) {
        const auto sort = [](Kind kind) { return kind == Kind::Comment ? 1 : kind == Kind::SkippedName ? 2 : 0; };
        return sort(a) == sort(b);
    }

    bool is_at(std::size_t index, Kind kind, std::uint64_t hashed, std::size_t bytes) const {
        return known_[index].hash() == hashed && known_[index].bytes() == bytes &&
               same_sort(known_[index].kind(), kind);
    }

    std::optional<std::size_t> find(Kind kind, std::uint64_t hashed, std::size_t bytes) {
        const std::size_t near = std::min(known_.size(), next_ + kLookAhead);
        for (std::size_t i = next_; i < near; ++i) {
            if (is_at(i, kind, hashed, bytes)) return i;
        }
        if (known_.size() <= kLookAhead && next_ == 0) return std::nullopt;
        if (index_.empty()) {
            index_.reserve(known_.size());
            for (std::size_t i = 0; i < known_.size(); ++i) index_.emplace(known_[i].hash(), i);
        }
        const auto it = index_.find(hashed);
        if (it == index_.end() || !is_at(it->second, kind, hashed, bytes)) return std::nullopt;
        return it->second;
    }

    // The line at `found` comes now; it is another sequence unless that was its turn.
    void go_on_at(std::size_t found) {
        if (found != next_) begin_change();
    }

    // From the first deviation on a new sequence is put together. Up to there it is the same, slots included: they are
    // numbered in the order of their first lines.
    void begin_change() {
        if (reading_.changed) return;
        reading_.changed = true;
        const auto same = static_cast<std::ptrdiff_t>(next_);
        reading_.lines.lines.reserve(known_.size() + known_.size() / 8 + 16);
        reading_.lines.lines.assign(known_.begin(), known_.begin() + same);
        reading_.values.resize(slots_seen_);
        slot_now_.assign(source_.known->slots, kNoSlot);
        for (SeriesSlot slot = 0; slot < slots_seen_; ++slot) {
            slot_now_[slot] = slot;
            reading_.from.push_back(slot);
        }
    }

    SeriesSlot add_slot(SeriesSlot from) {
        reading_.from.push_back(from);
        reading_.values.push_back(kAbsentMarker);
        return static_cast<SeriesSlot>(reading_.from.size() - 1);
    }

    void remember(const ScrapeLine& line) {
        if (reading_.changed) reading_.lines.lines.push_back(line);
    }

    bool is_last(const ScrapeLine& line) const {
        if (reading_.lines.lines.empty()) return false;
        const ScrapeLine& last = reading_.lines.lines.back();
        return last.kind() == line.kind() && last.hash() == line.hash() && last.bytes() == line.bytes();
    }

    void finish() {
        if (in_run_) ++next_;
        in_run_ = false;
        if (next_ < known_.size()) begin_change();
        if (!reading_.changed) return;
        reading_.lines.slots = static_cast<SeriesSlot>(reading_.from.size());
        reading_.lines.lines.shrink_to_fit();
    }

    const ScrapeSource& source_;
    ExpositionParser parser_;
    SeriesLabels series_labels_;
    const std::vector<ScrapeLine>& known_;
    std::size_t next_ = 0;  // the line of before that is expected
    bool in_run_ = false;   // known_[next_] is a run and has begun
    bool may_skip_names_ = false;
    SeriesSlot slots_seen_ = 0;                                        // while nothing has changed
    std::string_view unwanted_name_, wanted_name_;                     // the last of each kind
    std::vector<SeriesSlot> slot_now_;                                 // by the slot of before
    boost::unordered_flat_map<std::uint64_t, std::size_t> index_;      // hash -> known_
    boost::unordered_flat_map<std::uint64_t, std::size_t> new_lines_;  // hash -> reading_.lines
    LineHashes given_up_;
    ScrapeReading reading_;
};

}  // namespace

ScrapeReading read_scrape(const ScrapeSource& source) {
    return Reader(source).read();
}

std::optional<ScrapeReading> read_known_scrape(const ScrapeSource& source) {
    return Reader(source).read_known();
}

}  // namespace tocsin
