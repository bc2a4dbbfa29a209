#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace tocsin {

/// How a scrape body is written: `text/plain` 0.0.4 and 1.0.0, or `application/openmetrics-text` 0.0.1 and 1.0.0.
enum class ExpositionFormat { PrometheusText, OpenMetrics };

/// Cuts a scrape body into tokens exactly where Prometheus' scraper does (prometheus/prometheus model/textparse,
/// promlex.l and openmetricslex.l): its verdicts, and the text quoted in its messages, follow from where a token ends
/// and where one cannot go on.
///
/// Which token may come depends on a state, which tokens change. The text format may have blanks between tokens,
/// OpenMetrics has one space at the start of some. Of the text format a line feed is read at the end of the body in any
/// case.
class ExpositionLexer {
public:
    enum class Token {
        Invalid,
        Eof,
        Linebreak,
        Whitespace,
        Help,
        Type,
        Unit,
        EofWord,
        Text,
        Comment,
        MetricName,
        QuotedString,
        BraceOpen,
        BraceClose,
        LabelName,
        LabelValue,
        Comma,
        Equal,
        Time,
        Value,
    };

    ExpositionLexer(std::string_view body, ExpositionFormat format) : body_(body), format_(format) {}

    /// The next token; of the text format never Whitespace.
    Token next();

    /// The bytes [token_begin(), token_end()) are the last token. One that is Invalid ends before the byte that did not
    /// fit.
    std::size_t token_begin() const { return begin_; }
    std::size_t token_end() const { return at_; }
    std::string_view token() const { return body_.substr(begin_, at_ - begin_); }

    /// Whether the next token begins a line.
    bool at_line_start() const { return state_ == State::Init; }
    /// Goes on at the start of a line.
    void seek(std::size_t offset) {
        at_ = offset;
        state_ = State::Init;
    }

    /// Goes on where the value of a sample, or the blank before it, begins.
    void seek_value(std::size_t offset) {
        at_ = offset;
        state_ = State::Value;
    }

    /// What a message quotes: from `from` to one byte behind the last token.
    std::string text_from(std::size_t from) const;
    /// From `from` to the end of the last token.
    std::string text_to_here(std::size_t from) const { return text(from, at_); }

private:
    enum class State {
        Init,
        Comment,
        MetaName,
        MetaText,
        Labels,
        LabelValue,
        Value,
        Suffix,  // behind the value
        ExemplarLabels,
        ExemplarValue,  // a label's value or the exemplar's own
        ExemplarSuffix,
    };

    Token text_token();
    Token text_init();
    Token text_comment();
    Token text_meta();
    Token text_value();
    Token text_timestamp();
    Token open_metrics_token();
    Token open_metrics_init();
    Token open_metrics_comment();
    Token open_metrics_text();
    Token open_metrics_timestamp();
    Token open_metrics_exemplar_value();
    Token open_metrics_exemplar_timestamp();

    Token label_token(State after_brace);
    Token quoted(Token token, State next, bool line_feeds);
    Token name(Token token, State next, bool colons);
    Token rest_of_comment();
    Token after_space(Token token, State next);
    bool word(std::string_view text);
    Token become(State state, Token token) {
        state_ = state;
        return token;
    }

    std::size_t size() const { return body_.size() + (format_ == ExpositionFormat::PrometheusText ? 1 : 0); }
    // The byte at the current position; 0 behind the end.
    char here() const { return at_ < body_.size() ? body_[at_] : at_ < size() ? '\n' : '\0'; }
    std::string text(std::size_t from, std::size_t to) const;

    std::string_view body_;
    ExpositionFormat format_;
    std::size_t at_ = 0;
    std::size_t begin_ = 0;
    State state_ = State::Init;
};

/// As messages name it: `INVALID`, `LNAME`, …
std::string_view to_string(ExpositionLexer::Token token);

}  // namespace tocsin
