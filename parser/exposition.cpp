#include "parser/exposition.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstring>
#include <limits>

#include <fmt/format.h>

#include "base/sample.h"
#include "base/text.h"

namespace tocsin {
namespace {

using Token = ExpositionLexer::Token;

// ---- bytes

enum : std::uint8_t { kNameStart = 1, kNamePart = 2, kColon = 4, kStopsValue = 8 };

constexpr std::array<std::uint8_t, 256> make_classes() {
    std::array<std::uint8_t, 256> classes{};
    for (std::size_t c = 0; c < 256; ++c) {
        const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
        if (letter) classes[c] |= kNameStart | kNamePart;
        if (c >= '0' && c <= '9') classes[c] |= kNamePart;
        if (c == '"' || c == '\\' || c == '\n' || c == 0) classes[c] |= kStopsValue;
    }
    classes[':'] = kColon;
    return classes;
}
constexpr std::array<std::uint8_t, 256> kClasses = make_classes();

bool is(char c, int classes) {
    return (kClasses[static_cast<unsigned char>(c)] & classes) != 0;
}

// ---- numbers

constexpr double kPowersOfTen[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                   1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

// Most values are short decimals. Digits below 2^53 divided by a power of ten that a double holds exactly give the
// nearest double, as there is one rounding. Stops at the first byte that does not belong; null when the value needs a
// closer look.
const char* read_short_decimal(const char* at, const char* end, double& value) {
    const bool negative = at != end && *at == '-';
    if (negative) ++at;
    const char* const first = at;
    std::uint64_t digits = 0;
    while (at != end && is_digit(*at)) digits = digits * 10 + static_cast<std::uint64_t>(*at++ - '0');
    std::ptrdiff_t count = at - first;
    std::ptrdiff_t decimals = 0;
    if (at != end && *at == '.') {
        const char* const point = at++;
        while (at != end && is_digit(*at)) digits = digits * 10 + static_cast<std::uint64_t>(*at++ - '0');
        decimals = at - point - 1;
        count += decimals;
    }
    if (count == 0 || count > 18 || digits >= (std::uint64_t{1} << 53)) return nullptr;
    value = static_cast<double>(digits);
    if (decimals > 0) value /= kPowersOfTen[decimals];
    if (negative) value = -value;
    return at;
}

enum class NumberProblem { None, Syntax, Range, Unsupported };

// Go's strconv.ParseFloat without what newer versions added to it.
NumberProblem parse_number(std::string_view text, double& value) {
    if (read_short_decimal(text.data(), text.data() + text.size(), value) == text.data() + text.size()) {
        return NumberProblem::None;
    }
    if (text.find_first_of("pP_") != std::string_view::npos) return NumberProblem::Unsupported;
    if (!text.empty() && is_digit(text[text[0] == '-' && text.size() > 1 ? 1 : 0])) {
        const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
        if (problem == std::errc{} && end == text.data() + text.size()) return NumberProblem::None;
    }
    const auto parsed = parse_float(text);
    if (!parsed) return NumberProblem::Syntax;
    value = std::isnan(*parsed) ? kNormalNan : *parsed;
    const bool spelled = text.find_first_of("iI") != std::string_view::npos;
    return std::isinf(value) && !spelled ? NumberProblem::Range : NumberProblem::None;
}

// What Go's conversion gives on the machines in question for what does not fit.
std::int64_t to_milliseconds(double seconds) {
    const double ms = seconds * 1000;
    if (!(ms >= -0x1p63 && ms < 0x1p63)) return std::numeric_limits<std::int64_t>::min();
    return static_cast<std::int64_t>(ms);
}

// Go's FormatFloat 'g' -1 with `.0` for whole numbers: how OpenMetrics writes a float.
std::string open_metrics_float(double value) {
    if (std::isnan(value)) return "NaN";
    if (std::isinf(value)) return value > 0 ? "+Inf" : "-Inf";
    std::array<char, 32> buffer{};
    const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value, std::chars_format::general).ptr;
    std::string text(buffer.data(), end);
    if (text.find_first_of("e.") == std::string::npos) text += ".0";
    return text;
}

// Whether a text is what open_metrics_float() writes, as far as that is easy to see: few digits, an exponent out of the
// question.
bool is_open_metrics_float(std::string_view text) {
    const std::size_t point = text.find_first_not_of("0123456789");
    if (point == std::string_view::npos || text[point] != '.') return text == "+Inf";
    const std::string_view whole = text.substr(0, point);
    const std::string_view decimals = text.substr(point + 1);
    if (whole.empty() || whole.size() > 6 || (whole[0] == '0' && whole.size() > 1)) return false;
    if (decimals == "0") return true;
    if (decimals.empty() || decimals.size() > 9 || decimals.back() == '0') return false;
    if (decimals.find_first_not_of("0123456789") != std::string_view::npos) return false;
    return whole != "0" || decimals.find_first_not_of('0') < 4;
}

std::string without_escapes(std::string_view text, bool quotes) {
    std::string plain;
    plain.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char next = text[i] == '\\' && i + 1 < text.size() ? text[i + 1] : '\0';
        if (next == 'n') {
            plain += '\n';
        } else if (next == '\\' || (next == '"' && quotes)) {
            plain += next;
        } else {
            plain += text[i];
            continue;
        }
        ++i;
    }
    return plain;
}

// Mostly the first byte decides.
bool less(std::string_view a, std::string_view b) {
    if (a.empty() || b.empty() || a[0] == b[0]) return a < b;
    return static_cast<unsigned char>(a[0]) < static_cast<unsigned char>(b[0]);
}

// There are few of them, mostly in order already.
void sort_by_name(std::vector<Label>& labels) {
    for (std::size_t i = 1; i < labels.size(); ++i) {
        for (std::size_t j = i; j > 0 && less(labels[j].name, labels[j - 1].name); --j) {
            std::swap(labels[j], labels[j - 1]);
        }
    }
}

}  // namespace

std::string_view to_string(MetricType type) {
    switch (type) {
        case MetricType::Unknown:
            return "unknown";
        case MetricType::Counter:
            return "counter";
        case MetricType::Gauge:
            return "gauge";
        case MetricType::Histogram:
            return "histogram";
        case MetricType::GaugeHistogram:
            return "gaugehistogram";
        case MetricType::Summary:
            return "summary";
        case MetricType::Info:
            return "info";
        case MetricType::Stateset:
            return "stateset";
    }
    return "";
}

std::optional<ExpositionFormat> exposition_format(std::string_view content_type) {
    const std::string media_type = to_lower(trim(content_type.substr(0, content_type.find(';'))));
    if (media_type == "application/openmetrics-text") return ExpositionFormat::OpenMetrics;
    if (media_type == "text/plain") return ExpositionFormat::PrometheusText;
    return std::nullopt;
}

ExpositionParser::ExpositionParser(std::string_view body, ExpositionFormat format, Pace pace)
    : body_(body), format_(format), pace_(pace), lexer_(body, format) {}

ExpositionParser::Entry ExpositionParser::next() {
    if (is_over_) return entry_;
    start_ = lexer_.token_end();
    has_timestamp_ = false;
    const bool usual = pace_ == Pace::Fast && lexer_.at_line_start() && read_usual_sample();
    entry_ = usual ? Entry::Sample : read_entry();
    is_over_ = entry_ == Entry::End || entry_ == Entry::Error;
    return entry_;
}

ExpositionParser::Entry ExpositionParser::resume(std::size_t prefix_bytes) {
    start_ = lexer_.token_end();
    prefix_end_ = start_ + prefix_bytes;
    has_timestamp_ = false;
    raw_labels_.clear();
    name_.reset();
    entry_ = Entry::Sample;
    if (read_usual_suffix(body_.data() + prefix_end_)) return entry_;
    lexer_.seek_value(prefix_end_);
    entry_ = read_suffix(lexer_.next());
    is_over_ = entry_ == Entry::Error;
    return entry_;
}

void ExpositionParser::skip_line() {
    const std::size_t at = lexer_.token_end();
    const void* end = at < body_.size() ? std::memchr(body_.data() + at, '\n', body_.size() - at) : nullptr;
    lexer_.seek(end == nullptr ? body_.size()
                               : static_cast<std::size_t>(static_cast<const char*>(end) - body_.data()) + 1);
}

std::size_t ExpositionParser::error_line() const {
    const std::size_t at = std::min(start_, body_.size());
    return static_cast<std::size_t>(std::count(body_.begin(), body_.begin() + static_cast<std::ptrdiff_t>(at), '\n')) +
           1;
}

// ---- the usual line
//
// `name{label="value",…} number` and a line feed, without anything special: read in one go, without tokens. Each step
// gives up at the first byte that is not usual, and the line is read again by the book.

bool ExpositionParser::read_usual_sample() {
    const char* at = body_.data() + start_;
    const char* const end = body_.data() + body_.size();
    if (at >= end || !is(*at, kNameStart | kColon)) return false;
    raw_labels_.clear();
    do ++at;
    while (at != end && is(*at, kNamePart | kColon));
    name_ = Piece{static_cast<std::uint32_t>(start_), static_cast<std::uint32_t>(at - body_.data())};
    may_have_escapes_ = false;
    if (at != end && *at == '{' && !read_usual_labels(at)) return false;
    prefix_end_ = static_cast<std::size_t>(at - body_.data());
    return read_usual_suffix(at);
}

bool ExpositionParser::read_usual_labels(const char*& at) {
    const char* const end = body_.data() + body_.size();
    const auto offset = [&] { return static_cast<std::uint32_t>(at - body_.data()); };
    ++at;
    while (at != end && *at != '}') {
        if (!is(*at, kNameStart)) return false;
        RawLabel& label = raw_labels_.emplace_back();
        label.name.begin = offset();
        do ++at;
        while (at != end && is(*at, kNamePart));
        label.name.end = offset();
        if (end - at < 2 || at[0] != '=' || at[1] != '"') return false;
        at += 2;
        label.value.begin = offset();
        signed char seen = 0;
        for (; at != end && *at != '"'; ++at) {
            if (is(*at, kStopsValue)) {
                if (*at != '\\' || end - at < 2 || at[1] == '\n' || at[1] == '\0') return false;
                ++at;
                may_have_escapes_ = true;
            }
            seen = static_cast<signed char>(seen | *at);
        }
        if (at == end) return false;
        label.value.end = offset();
        if (seen < 0 && !is_valid_utf8(view(label.value))) return false;
        ++at;
        if (at != end && *at == ',') {
            ++at;
        } else if (at == end || *at != '}') {
            return false;
        }
    }
    if (at == end) return false;
    ++at;
    return true;
}

bool ExpositionParser::read_usual_suffix(const char* at) {
    const char* const end = body_.data() + body_.size();
    if (at >= end || *at != ' ') return false;
    ++at;
    const char* stop = read_short_decimal(at, end, value_);
    if (stop == nullptr || stop == end || (*stop != '\n' && *stop != ' ')) {
        if (at == end || !(is_digit(*at) || (*at == '-' && end - at > 1 && is_digit(at[1])))) return false;
        const auto [parsed_end, problem] = std::from_chars(at, end, value_);
        if (problem != std::errc{}) return false;
        stop = parsed_end;
    }
    if (stop != end && *stop == ' ' && format_ == ExpositionFormat::PrometheusText) {
        std::int64_t ms = 0;
        const char* const first = stop + 1;
        if (first == end || !is_digit(*first)) return false;
        const auto [parsed_end, problem] = std::from_chars(first, end, ms);
        if (problem != std::errc{}) return false;
        stop = parsed_end;
        timestamp_ms_ = ms;
        has_timestamp_ = true;
    }
    if (stop == end || *stop != '\n') {
        has_timestamp_ = false;
        return false;
    }
    lexer_.seek(static_cast<std::size_t>(stop + 1 - body_.data()));
    return true;
}

// ---- any line, by the book

ExpositionParser::Entry ExpositionParser::fail(std::string message) {
    error_ = std::move(message);
    is_over_ = true;
    return Entry::Error;
}

ExpositionParser::Entry ExpositionParser::fail_expected(std::string_view expected, Token got) {
    return fail(fmt::format("{}, got {} ({}) while parsing: {}", expected,
                            go_quote(lexer_.text_from(lexer_.token_begin())), go_quote(to_string(got)),
                            go_quote(lexer_.text_from(start_))));
}

ExpositionParser::Entry ExpositionParser::read_entry() {
    may_have_escapes_ = true;
    for (;;) {
        start_ = lexer_.token_end();
        const Token token = lexer_.next();
        switch (token) {
            case Token::Linebreak:
                // Of OpenMetrics only behind a line that ended too early.
                if (format_ == ExpositionFormat::OpenMetrics)
                    return fail_expected("expected a valid start token", token);
                continue;
            case Token::Eof:
                return format_ == ExpositionFormat::PrometheusText ? Entry::End : fail("data does not end with # EOF");
            case Token::EofWord:
                return lexer_.next() == Token::Eof ? Entry::End : fail("unexpected data after # EOF");
            case Token::Help:
            case Token::Type:
            case Token::Unit:
                return read_metadata(token);
            case Token::Comment:
                if (format_ == ExpositionFormat::OpenMetrics)
                    return fail_expected("expected a valid start token", token);
                if (const Token end = lexer_.next(); end != Token::Linebreak) {
                    return fail_expected("linebreak expected after comment", end);
                }
                return Entry::Comment;
            case Token::BraceOpen:
            case Token::MetricName:
                return read_sample(token);
            default:
                return fail_expected("expected a valid start token", token);
        }
    }
}

ExpositionParser::Entry ExpositionParser::read_metadata(Token kind) {
    const Token name = lexer_.next();
    if (name != Token::MetricName) {
        return fail_expected(fmt::format("expected metric name after {}", to_string(kind)), name);
    }
    const std::string_view written = lexer_.token();
    const auto quote = static_cast<std::uint32_t>(written.size() > 1 && written.front() == '"' ? 1 : 0);
    name_ = Piece{static_cast<std::uint32_t>(lexer_.token_begin()) + quote,
                  static_cast<std::uint32_t>(lexer_.token_end()) - quote};
    if (const Token text = lexer_.next(); text != Token::Text) {
        return fail(fmt::format("expected text in {}", to_string(kind)));
    }
    // Without the blank before it, and without the line feed that OpenMetrics counts in.
    text_ = {static_cast<std::uint32_t>(lexer_.token_begin() + (lexer_.token().empty() ? 0 : 1)),
             static_cast<std::uint32_t>(lexer_.token_end() - (format_ == ExpositionFormat::OpenMetrics ? 1 : 0))};
    text_is_help_ = kind == Token::Help;
    const std::string_view text = view(text_);
    if (kind == Token::Type && !read_type(text)) return fail(fmt::format("invalid metric type {}", go_quote(text)));
    if (kind == Token::Help && !is_valid_utf8(text)) {
        return fail(fmt::format("help text {} is not a valid utf8 string", go_quote(text)));
    }
    if (kind == Token::Unit && !unit_fits(text)) {
        return fail(fmt::format("unit {} not a suffix of metric {}", go_quote(text), go_quote(metric())));
    }
    if (format_ == ExpositionFormat::PrometheusText) {
        if (const Token end = lexer_.next(); end != Token::Linebreak) {
            return fail_expected("linebreak expected after metadata", end);
        }
    }
    return kind == Token::Help ? Entry::Help : kind == Token::Type ? Entry::Type : Entry::Unit;
}

bool ExpositionParser::read_type(std::string_view text) {
    const bool open_metrics = format_ == ExpositionFormat::OpenMetrics;
    if (text == (open_metrics ? "unknown" : "untyped")) {
        type_ = MetricType::Unknown;
        return true;
    }
    for (const MetricType type : {MetricType::Counter, MetricType::Gauge, MetricType::Histogram, MetricType::Summary,
                                  MetricType::GaugeHistogram, MetricType::Info, MetricType::Stateset}) {
        if (text != to_string(type)) continue;
        if (!open_metrics && type >= MetricType::Info) return false;
        if (!open_metrics && type == MetricType::GaugeHistogram) return false;
        type_ = type;
        return true;
    }
    return false;
}

bool ExpositionParser::unit_fits(std::string_view unit) {
    const std::string_view name = metric();
    return unit.empty() ||
           (name.size() > unit.size() && name.ends_with(unit) && name[name.size() - unit.size() - 1] == '_');
}

ExpositionParser::Entry ExpositionParser::read_sample(Token first) {
    raw_labels_.clear();
    name_.reset();
    Token token = first;
    if (first == Token::MetricName) {
        // Blanks before the name belong to it, as in the original.
        name_ = Piece{static_cast<std::uint32_t>(start_), static_cast<std::uint32_t>(lexer_.token_end())};
        prefix_end_ = lexer_.token_end();
        token = lexer_.next();
    }
    if (token == Token::BraceOpen) {
        if (!read_labels(false)) return Entry::Error;
        prefix_end_ = lexer_.token_end();
        token = lexer_.next();
    }
    if (!name_)
        return fail(fmt::format("metric name not set while parsing: {}", go_quote(lexer_.text_to_here(start_))));
    return read_suffix(token);
}

// Ends behind the closing brace. Of exemplars only the syntax counts.
bool ExpositionParser::read_labels(bool exemplar) {
    const bool open_metrics = format_ == ExpositionFormat::OpenMetrics;
    Token token = lexer_.next();
    while (token != Token::BraceClose) {
        const bool quoted = token == Token::QuotedString;
        if (token != Token::LabelName && !quoted) return fail_expected("expected label name", token), false;
        const auto quote = static_cast<std::uint32_t>(quoted ? 1 : 0);
        RawLabel label;
        label.name = {static_cast<std::uint32_t>(lexer_.token_begin()) + quote,
                      static_cast<std::uint32_t>(lexer_.token_end()) - quote};
        token = lexer_.next();
        if (token == Token::Comma || token == Token::BraceClose) {
            if (!read_name_in_braces(label.name, quoted, exemplar, token)) return false;
            if (token == Token::Comma) token = lexer_.next();
            continue;
        }
        if (token != Token::Equal) return fail_expected("expected equal", token), false;
        if (token = lexer_.next(); token != Token::LabelValue)
            return fail_expected("expected label value", token), false;
        label.value = {static_cast<std::uint32_t>(lexer_.token_begin()) + 1,
                       static_cast<std::uint32_t>(lexer_.token_end()) - 1};
        if (!is_valid_utf8(view(label.value))) {
            return fail(fmt::format("invalid UTF-8 label value: {}", go_quote(lexer_.token()))), false;
        }
        if (!exemplar) raw_labels_.push_back(label);
        token = lexer_.next();
        if (token == Token::Comma) {
            token = lexer_.next();
        } else if (open_metrics && token != Token::BraceClose) {
            return fail_expected("expected comma or brace close", token), false;
        }
    }
    return true;
}

// `{"name", …}`: a quoted string without a value is the name of the metric.
bool ExpositionParser::read_name_in_braces(Piece name, bool quoted, bool exemplar, Token after) {
    if (exemplar) return fail_expected("expected label name", after), false;
    if (name_) {
        return fail(fmt::format("metric name already set while parsing: {}", go_quote(lexer_.text_to_here(start_)))),
               false;
    }
    if (!quoted) return fail_expected("expected equal", after), false;
    name_ = name;
    return true;
}

ExpositionParser::Entry ExpositionParser::read_suffix(Token token) {
    if (token != Token::Value) return fail_expected("expected value after metric", token);
    const bool open_metrics = format_ == ExpositionFormat::OpenMetrics;
    if (!read_number(lexer_.token().substr(open_metrics ? 1 : 0), value_)) return Entry::Error;
    return open_metrics ? read_open_metrics_suffix() : read_text_suffix();
}

ExpositionParser::Entry ExpositionParser::read_text_suffix() {
    const Token token = lexer_.next();
    if (token == Token::Linebreak) return Entry::Sample;
    if (token != Token::Time) return fail_expected("expected timestamp or new record", token);
    const std::string_view text = lexer_.token();
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), timestamp_ms_);
    if (problem != std::errc{}) {
        return fail(fmt::format("strconv.ParseInt: parsing {}: value out of range while parsing: {}", go_quote(text),
                                go_quote(lexer_.text_to_here(start_))));
    }
    has_timestamp_ = true;
    if (const Token after = lexer_.next(); after != Token::Linebreak) {
        return fail_expected("expected next entry after timestamp", after);
    }
    return Entry::Sample;
}

ExpositionParser::Entry ExpositionParser::read_open_metrics_suffix() {
    const Token token = lexer_.next();
    if (token == Token::Eof) return fail("data does not end with # EOF");
    if (token == Token::Comment) return read_exemplar() ? Entry::Sample : Entry::Error;
    // Whatever else comes is looked at as the beginning of the next entry.
    if (token != Token::Time) return Entry::Sample;
    if (!read_seconds("timestamp")) return Entry::Error;
    has_timestamp_ = true;
    const Token after = lexer_.next();
    if (after == Token::Linebreak) return Entry::Sample;
    if (after == Token::Comment) return read_exemplar() ? Entry::Sample : Entry::Error;
    return fail_expected("expected next entry after timestamp", after);
}

bool ExpositionParser::read_exemplar() {
    if (!read_labels(true)) return false;
    const Token token = lexer_.next();
    if (token != Token::Value) return fail_expected("expected value after exemplar labels", token), false;
    double value = 0;
    if (!read_number(lexer_.token().substr(1), value)) return false;
    const Token after = lexer_.next();
    if (after == Token::Linebreak) return true;
    if (after == Token::Eof) return fail("data does not end with # EOF"), false;
    if (after != Token::Time) return fail_expected("expected timestamp or comment", after), false;
    const std::int64_t sample_time = timestamp_ms_;
    if (!read_seconds("exemplar timestamp")) return false;
    timestamp_ms_ = sample_time;
    if (const Token end = lexer_.next(); end != Token::Linebreak) {
        return fail_expected("expected next entry after exemplar timestamp", end), false;
    }
    return true;
}

bool ExpositionParser::read_number(std::string_view text, double& into) {
    switch (parse_number(text, into)) {
        case NumberProblem::None:
            return true;
        case NumberProblem::Unsupported:
            fail(
                fmt::format("unsupported character in float while parsing: {}", go_quote(lexer_.text_to_here(start_))));
            return false;
        case NumberProblem::Syntax:
        case NumberProblem::Range:
            break;
    }
    const bool range = parse_float(text).has_value();
    fail(fmt::format("strconv.ParseFloat: parsing {}: {} while parsing: {}", go_quote(text),
                     range ? "value out of range" : "invalid syntax", go_quote(lexer_.text_to_here(start_))));
    return false;
}

bool ExpositionParser::read_seconds(std::string_view what) {
    double seconds = 0;
    if (!read_number(lexer_.token().substr(1), seconds)) return false;
    if (std::isnan(seconds) || std::isinf(seconds)) {
        return fail(fmt::format("invalid {} {}", what, format_value(seconds))), false;
    }
    timestamp_ms_ = to_milliseconds(seconds);
    return true;
}

// ---- texts

std::string_view ExpositionParser::keep(std::string text) {
    return rewritten_.emplace_back(std::move(text));
}

std::string_view ExpositionParser::raw_metric_name() const {
    return name_ ? view(*name_) : std::string_view{};
}

std::string_view ExpositionParser::text() {
    rewritten_.clear();
    const std::string_view written = view(text_);
    if (!text_is_help_ || written.find('\\') == std::string_view::npos) return written;
    return keep(without_escapes(written, format_ == ExpositionFormat::OpenMetrics));
}

std::string_view ExpositionParser::unescaped(Piece piece) {
    const std::string_view written = view(piece);
    if (!may_have_escapes_ || written.find('\\') == std::string_view::npos) return written;
    return keep(without_escapes(written, true));
}

// Clients write the same bound as `1` and as `1.0`; Prometheus stores one of them.
std::string_view ExpositionParser::canonical(std::string_view name, std::string_view value) {
    if (label_rules() == LabelRules::AsWritten) return value;
    if (name != (label_rules() == LabelRules::Histogram ? kBucketLabel : std::string_view("quantile"))) return value;
    if (is_open_metrics_float(value)) return value;
    const auto number = parse_float(value);
    if (!number) return value;
    std::string text = open_metrics_float(*number);
    return text == value ? value : keep(std::move(text));
}

// The usual case.
const std::vector<Label>& ExpositionParser::plain_labels() {
    labels_.resize(raw_labels_.size() + 1);
    labels_[0] = {kMetricNameLabel, raw_metric_name()};
    for (std::size_t i = 0; i < raw_labels_.size(); ++i) {
        labels_[i + 1] = {view(raw_labels_[i].name), view(raw_labels_[i].value)};
    }
    sort_by_name(labels_);
    return labels_;
}

const std::vector<Label>& ExpositionParser::labels() {
    rewritten_.clear();
    if (!may_have_escapes_ && label_rules() == LabelRules::AsWritten) return plain_labels();
    labels_.clear();
    labels_.push_back({kMetricNameLabel, unescaped(name_.value_or(Piece{}))});
    for (const RawLabel& raw : raw_labels_) {
        const std::string_view name = unescaped(raw.name);
        labels_.push_back({name, canonical(name, unescaped(raw.value))});
    }
    sort_by_name(labels_);
    return labels_;
}

}  // namespace tocsin
