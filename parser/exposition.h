#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/labels.h"
#include "parser/exposition_lexer.h"

namespace tocsin {

enum class MetricType { Unknown, Counter, Gauge, Histogram, GaugeHistogram, Summary, Info, Stateset };

/// As Prometheus' API has it: `counter`, `gauge`, …, `unknown`.
std::string_view to_string(MetricType type);

/// Which format a Content-Type announces; nothing for one that the scraper does not know, or for none at all (the
/// fallback of the job decides then).
std::optional<ExpositionFormat> exposition_format(std::string_view content_type);

/// Reads a scrape body entry by entry, with the verdicts of Prometheus' scraper (prometheus/prometheus
/// model/textparse): the same documents are accepted, with the same samples, and the same words say why one is not.
/// Exemplars are checked and skipped.
///
/// Views point into the body or into the parser and are good until the next call. The body must outlive the parser.
///
/// Somebody who knows most lines from the last scrape compares them at position() himself and calls resume(),
/// skip_line() or skip_to() instead of next(); see engine/scrape/scrape_cache.
class ExpositionParser {
public:
    enum class Entry { Sample, Type, Help, Unit, Comment, End, Error };

    /// Lines without anything special are read in one go. ByTheBook reads these token by token, too, so that tests can
    /// compare.
    enum class Pace { Fast, ByTheBook };

    ExpositionParser(std::string_view body, ExpositionFormat format, Pace pace = Pace::Fast);

    /// After End or Error there is nothing more.
    Entry next();
    Entry last_entry() const { return entry_; }

    // ---- of a Sample

    /// The bytes before the value, `name{labels}` as written. Equal bytes under the same label_rules() mean equal
    /// labels.
    std::string_view prefix() const { return body_.substr(start_, prefix_end_ - start_); }
    double value() const { return value_; }
    bool has_timestamp() const { return has_timestamp_; }
    std::int64_t timestamp_ms() const { return timestamp_ms_; }
    /// As written, without quotes; escapes are still in it. Empty when resume() gave the sample.
    std::string_view raw_metric_name() const;
    /// Name and labels, sorted by name. A name may be there twice: then the sample is invalid. Not after resume().
    const std::vector<Label>& labels();

    // ---- of Type, Help and Unit

    std::string_view metric() const { return raw_metric_name(); }
    MetricType type() const { return type_; }
    /// Of Help and Unit, unescaped.
    std::string_view text();

    // ---- of an Error

    /// Prometheus' words.
    const std::string& error() const { return error_; }
    /// Counted from 1.
    std::size_t error_line() const;

    // ---- for lines that are known

    /// Where the next entry begins. Only then is it compared with something: between_lines() is false in the middle of
    /// a line that OpenMetrics lets end early.
    std::size_t position() const { return lexer_.token_end(); }
    /// Where the last entry began.
    std::size_t entry_begin() const { return start_; }
    bool between_lines() const { return lexer_.at_line_start(); }
    /// The last TYPE decides how the values of `le` and `quantile` are written in a label set (`1` becomes `1.0`).
    enum class LabelRules : std::uint8_t { AsWritten, Histogram, Summary };
    LabelRules label_rules() const {
        return type_ == MetricType::Histogram ? LabelRules::Histogram
               : type_ == MetricType::Summary ? LabelRules::Summary
                                              : LabelRules::AsWritten;
    }
    /// The `prefix_bytes` bytes from position() on are what prefix() said once: reads the rest of the line. Sample or
    /// Error.
    Entry resume(std::size_t prefix_bytes);
    /// Goes on behind the next line feed, whatever the line is.
    void skip_line();
    /// Goes on at `position`, a start of a line.
    void skip_to(std::size_t position) { lexer_.seek(position); }
    /// The same behind a TYPE line.
    void skip_type(std::size_t position, MetricType type) {
        lexer_.seek(position);
        type_ = type;
    }

private:
    using Token = ExpositionLexer::Token;
    struct Piece {  // of the body
        std::uint32_t begin = 0;
        std::uint32_t end = 0;
    };
    struct RawLabel {
        Piece name;
        Piece value;
    };

    bool read_usual_sample();
    bool read_usual_labels(const char*& at);
    bool read_usual_suffix(const char* at);
    Entry read_entry();
    Entry read_metadata(Token kind);
    bool read_type(std::string_view text);
    bool unit_fits(std::string_view unit);
    Entry read_sample(Token first);
    bool read_labels(bool exemplar);
    bool read_name_in_braces(Piece name, bool quoted, bool exemplar, Token after);
    Entry read_suffix(Token token);
    Entry read_text_suffix();
    Entry read_open_metrics_suffix();
    bool read_exemplar();
    bool read_number(std::string_view text, double& into);
    bool read_seconds(std::string_view what);

    Entry fail(std::string message);
    Entry fail_expected(std::string_view expected, Token got);
    std::string_view view(Piece piece) const { return {body_.data() + piece.begin, piece.end - piece.begin}; }
    const std::vector<Label>& plain_labels();
    std::string_view unescaped(Piece piece);
    std::string_view canonical(std::string_view name, std::string_view value);
    std::string_view keep(std::string text);

    std::string_view body_;
    ExpositionFormat format_;
    Pace pace_;
    ExpositionLexer lexer_;
    Entry entry_ = Entry::Comment;
    bool is_over_ = false;

    std::size_t start_ = 0;  // of the entry
    std::size_t prefix_end_ = 0;
    std::optional<Piece> name_;
    std::vector<RawLabel> raw_labels_;
    bool may_have_escapes_ = false;  // in the line
    double value_ = 0;
    bool has_timestamp_ = false;
    std::int64_t timestamp_ms_ = 0;
    MetricType type_ = MetricType::Unknown;
    Piece text_;
    bool text_is_help_ = false;
    std::string error_;

    std::vector<Label> labels_;
    std::deque<std::string> rewritten_;  // texts that differ from what the body has
};

}  // namespace tocsin
