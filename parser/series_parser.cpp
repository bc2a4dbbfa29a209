#include <algorithm>
#include <charconv>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>

#include <fmt/format.h>
#include <tao/pegtl.hpp>

#include "base/sample.h"
#include "base/text.h"
#include "parser/native_histogram.h"
#include "parser/promql_literals.h"
#include "parser/promql_parser.h"
#include "parser/promql_refusal.h"
#include "parser/series_grammar.h"

namespace tocsin {

namespace {

namespace grammar = promql_grammar;

/// A text with more mistakes than this is no series.
constexpr std::size_t kSeriesDiagnosticsMax = 50;
/// Schemas and indices of buckets are integers of 32 bits.
constexpr double kWholeMax = 2147483647;

/// Collects the labels and the values as the grammar reads them.
class SeriesReader {
public:
    SeriesReader(std::string_view text, std::size_t values_max) : text_(text), values_max_(values_max) {}

    std::string_view text() const { return text_; }

    void refuse(const PromqlMessage& message, std::size_t offset) {
        diagnostics_.push_back(refusal(text_, offset, message, open_));
    }

    void left_brace(TextSpan) { open_.braces = true; }
    void right_brace(TextSpan) { open_.braces = false; }
    void metric_name(TextSpan span) { labels_.emplace_back(kMetricNameLabel, in(span)); }
    void label(TextSpan span) { label_ = in(span); }
    void quoted_label(TextSpan span) { label_ = unquoted(span); }
    void quoted_metric_name(TextSpan) { labels_.emplace_back(kMetricNameLabel, std::move(label_)); }
    void label_value(TextSpan span) { labels_.emplace_back(std::move(label_), unquoted(span)); }

    void start_timestamps(TextSpan) { start_timestamps_ = true; }

    void omitted(TextSpan) { item_.value.omitted = true; }
    void stale(TextSpan) { item_.value.value = kStaleMarker; }
    void histogram_key(TextSpan span) {
        key_ = in(span);
        numbers_.clear();
    }
    void histogram_number(TextSpan span) { numbers_.push_back(number(span)); }
    void reset_hint(TextSpan span) {
        using Reset = NativeHistogram::Reset;
        const std::string_view word = in(span);
        histogram_.reset_hint = word == "reset"       ? Reset::Reset
                                : word == "not_reset" ? Reset::NotReset
                                : word == "gauge"     ? Reset::Gauge
                                                      : Reset::Unknown;
    }
    void histogram_item(TextSpan) {
        if (numbers_.empty()) return;
        const double first = numbers_.front();
        const auto whole = static_cast<std::int64_t>(std::clamp(first, -kWholeMax, kWholeMax));
        if (key_ == "schema") histogram_.schema = whole;
        if (key_ == "offset") histogram_.positive.offset = whole;
        if (key_ == "n_offset") histogram_.negative.offset = whole;
        if (key_ == "sum") histogram_.sum = first;
        if (key_ == "count") histogram_.count = first;
        if (key_ == "z_bucket") histogram_.zero_count = first;
        if (key_ == "z_bucket_w") histogram_.zero_width = first;
        if (key_ == "buckets") histogram_.positive.counts = std::move(numbers_);
        if (key_ == "n_buckets") histogram_.negative.counts = std::move(numbers_);
        if (key_ == "custom_values") histogram_.custom_values = std::move(numbers_);
        numbers_.clear();
    }
    /// The first one of an item is its value, a second one what is added again and again.
    void histogram(TextSpan span) {
        auto read = std::make_shared<const NativeHistogram>(std::exchange(histogram_, {}));
        if (item_.value.histogram == nullptr) {
            item_.value.histogram = std::move(read);
        } else {
            item_.histogram_step = std::move(read);
            item_.increment = text_[span.begin - 1] == '-' ? -1 : 1;
        }
        item_.span = span;
    }
    void first_value(TextSpan span) { item_.value.value = number(span); }
    void increment(TextSpan span) { item_.increment = number(span); }

    void count(TextSpan span) {
        std::uint64_t count = 0;
        const auto [end, error] = std::from_chars(text_.data() + span.begin, text_.data() + span.end, count);
        if (error != std::errc{}) note(span, "invalid repetition in series values: value out of range");
        item_.repetitions = count;
    }

    /// `vxN` is v and N more of it; only gaps are counted as they are.
    void item(TextSpan span) {
        Item item = std::exchange(item_, {});
        const std::uint64_t repetitions = item.repetitions.value_or(item.value.omitted ? 1 : 0);
        const std::uint64_t room = values_max_ - values_.size();
        if (repetitions > room || repetitions + (item.value.omitted ? 0 : 1) > room) {
            if (!full_) note(span, fmt::format("series has more than {} values", values_max_));
            full_ = true;
            return;
        }
        if (!item.value.omitted) append(item);
        for (std::uint64_t i = 0; i < repetitions; ++i) append(item);
    }

    Parsed<SeriesDescription> take() {
        if (!diagnostics_.empty()) return tl::unexpected(std::move(diagnostics_));
        return SeriesDescription{LabelSet::from(std::move(labels_)), std::move(values_), start_timestamps_};
    }

private:
    struct Item {
        SequenceValue value;
        double increment = 0;  // of histograms: how many steps
        std::shared_ptr<const NativeHistogram> histogram_step;
        TextSpan span;
        std::optional<std::uint64_t> repetitions;
    };

    std::string_view in(TextSpan span) const { return text_.substr(span.begin, span.end - span.begin); }

    void note(TextSpan span, std::string message) {
        if (diagnostics_.size() >= kSeriesDiagnosticsMax) return;
        diagnostics_.push_back({.where = range_at(text_, span), .message = std::move(message)});
    }

    std::string unquoted(TextSpan span) {
        Result<std::string> text = unquote(in(span));
        if (text) return *std::move(text);
        note(span, std::move(text).error().message);
        return {};
    }

    double number(TextSpan span) {
        std::string_view digits = in(span);
        const bool negative = digits.front() == '-';
        if (negative || digits.front() == '+') digits.remove_prefix(1);
        const bool is_duration = std::string_view("smhdwy").find(digits.back()) != std::string_view::npos;
        if (is_duration && !start_timestamps_) {
            note(span, "unexpected duration " + go_quote(digits) + " in series values, expected number or \"stale\"");
            return 0;
        }
        const Result<double> value = is_duration ? read_duration_seconds(digits) : read_number(digits);
        if (!value) note(span, value.error().message);
        return negative ? -value.value_or(0) : value.value_or(0);
    }

    void append(Item& item) {
        values_.push_back(item.value);
        if (item.histogram_step) {
            auto next = added(*item.value.histogram, *item.histogram_step, item.increment);
            if (next) item.value.histogram = std::make_shared<const NativeHistogram>(*std::move(next));
            if (!next) note(item.span, std::move(next).error().message);
            if (!next) item.histogram_step.reset();  // told once is enough
            return;
        }
        // Even a zero would change the bits of a stale marker.
        if (item.increment != 0) item.value.value += item.increment;
    }

    std::string_view text_;
    std::size_t values_max_;
    Diagnostics diagnostics_;
    PromqlOpen open_;
    bool full_ = false;  // noted once is enough

    std::vector<std::pair<std::string, std::string>> labels_;
    std::string label_;
    std::string_view key_;  // of a field of a histogram
    std::vector<double> numbers_;
    NativeHistogram histogram_;
    bool start_timestamps_ = false;
    Item item_;
    std::vector<SequenceValue> values_;
};

template <void (SeriesReader::*method)(TextSpan)>
struct Tell {
    template <typename ActionInput>
    static void apply(const ActionInput& in, SeriesReader& reader) {
        const auto begin = static_cast<std::size_t>(in.begin() - reader.text().data());
        (reader.*method)({begin, begin + in.size()});
    }
};

template <typename Rule>
struct SeriesAction : tao::pegtl::nothing<Rule> {};

// clang-format off

template <> struct SeriesAction<grammar::left_brace>         : Tell<&SeriesReader::left_brace> {};
template <> struct SeriesAction<grammar::right_brace>        : Tell<&SeriesReader::right_brace> {};
template <> struct SeriesAction<grammar::label_set_end>      : Tell<&SeriesReader::right_brace> {};
template <> struct SeriesAction<grammar::metric_name>        : Tell<&SeriesReader::metric_name> {};
template <> struct SeriesAction<grammar::label_text>         : Tell<&SeriesReader::label> {};
template <> struct SeriesAction<grammar::quoted_label>       : Tell<&SeriesReader::quoted_label> {};
template <> struct SeriesAction<grammar::quoted_metric_name> : Tell<&SeriesReader::quoted_metric_name> {};
template <> struct SeriesAction<grammar::label_value_text>   : Tell<&SeriesReader::label_value> {};

template <> struct SeriesAction<grammar::start_timestamps>   : Tell<&SeriesReader::start_timestamps> {};

template <> struct SeriesAction<grammar::omitted>            : Tell<&SeriesReader::omitted> {};
template <> struct SeriesAction<grammar::stale>              : Tell<&SeriesReader::stale> {};
template <> struct SeriesAction<grammar::integer_key>        : Tell<&SeriesReader::histogram_key> {};
template <> struct SeriesAction<grammar::number_key>         : Tell<&SeriesReader::histogram_key> {};
template <> struct SeriesAction<grammar::buckets_key>        : Tell<&SeriesReader::histogram_key> {};
template <> struct SeriesAction<grammar::integer>            : Tell<&SeriesReader::histogram_number> {};
template <> struct SeriesAction<grammar::bucket>             : Tell<&SeriesReader::histogram_number> {};
template <> struct SeriesAction<grammar::reset_hint>         : Tell<&SeriesReader::reset_hint> {};
template <> struct SeriesAction<grammar::histogram_item>     : Tell<&SeriesReader::histogram_item> {};
template <> struct SeriesAction<grammar::histogram>          : Tell<&SeriesReader::histogram> {};
template <> struct SeriesAction<grammar::first_value>        : Tell<&SeriesReader::first_value> {};
template <> struct SeriesAction<grammar::increment>          : Tell<&SeriesReader::increment> {};
template <> struct SeriesAction<grammar::repetitions>        : Tell<&SeriesReader::count> {};
template <> struct SeriesAction<grammar::series_item>        : Tell<&SeriesReader::item> {};

// clang-format on

template <typename Rule>
struct SeriesControl : tao::pegtl::normal<Rule> {
    template <typename Input>
    [[noreturn]] static void raise(const Input& in, SeriesReader& reader) {
        static_assert(grammar::message<Rule>.written, "a rule inside must<> without a message");
        reader.refuse(grammar::message<Rule>, static_cast<std::size_t>(in.current() - reader.text().data()));
        throw tao::pegtl::parse_error("refused", in);
    }
};

template <typename Rule>
Parsed<SeriesDescription> read_series(std::string_view text, std::size_t values_max) {
    SeriesReader reader(text, values_max);
    tao::pegtl::memory_input<tao::pegtl::tracking_mode::lazy, tao::pegtl::eol::lf, const char*> input(
        text.data(), text.data() + text.size(), "");
    try {
        static_cast<void>(tao::pegtl::parse<Rule, SeriesAction, SeriesControl>(input, reader));
    } catch (const tao::pegtl::parse_error&) {
        // The reader has noted what is wrong.
    }
    return reader.take();
}

}  // namespace

Parsed<SeriesDescription> parse_series_description(std::string_view text, std::size_t values_max) {
    return read_series<grammar::series_description>(text, values_max);
}

Parsed<std::vector<SequenceValue>> parse_series_values(std::string_view text, std::size_t values_max) {
    Parsed<SeriesDescription> series = read_series<grammar::series_values>(text, values_max);
    if (!series) return tl::unexpected(std::move(series).error());
    return std::move(series->values);
}

}  // namespace tocsin
