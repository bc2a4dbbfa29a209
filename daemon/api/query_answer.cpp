#include "daemon/api/query_answer.h"

#include <cmath>
#include <vector>

#include <fmt/format.h>

#include "base/json.h"
#include "base/text.h"
#include "daemon/api/expression_json.h"
#include "daemon/router.h"

namespace tocsin::api {
namespace {

// As many remarks of each kind are told; of the others only how many they are.
constexpr std::size_t kAnnotationsMax = 10;

constexpr std::string_view kTruncated = "results truncated due to limit";

// Seconds, with three digits behind the point or none.
void append_time(std::string& out, Timestamp t) {
    std::int64_t ms = to_unix_ms(t);
    if (ms < 0) {
        out += '-';
        ms = -ms;
    }
    fmt::format_to(std::back_inserter(out), "{}", ms / 1000);
    if (ms % 1000 != 0) fmt::format_to(std::back_inserter(out), ".{:03}", ms % 1000);
}

// Scalars and strings have their time as any number in JSON: without zeros at the end.
void append_short_time(std::string& out, Timestamp t) {
    append_time(out, t);
    if (to_unix_ms(t) % 1000 == 0) return;
    while (out.back() == '0') out.pop_back();
}

// Samples are written with an exponent where Go's `f` would be long; scalars never.
void append_value(std::string& out, double value) {
    const double size = std::abs(value);
    const bool is_long = std::isfinite(value) && size != 0 && (size < 1e-6 || size >= 1e21);
    out += '"';
    out += is_long ? format_go_float(value) : format_value(value);
    out += '"';
}

void append_labels(std::string& out, const LabelSet& labels) {
    out += '{';
    for (const Label& label : labels) {
        if (out.back() != '{') out += ',';
        append_json_string(out, label.name);
        out += ':';
        append_json_string(out, label.value);
    }
    out += '}';
}

void append_point(std::string& out, Timestamp time, double value) {
    out += '[';
    append_time(out, time);
    out += ',';
    append_value(out, value);
    out += ']';
}

void append_texts(std::string& out, std::string_view name, std::string_view kind,
                  const std::vector<std::string>& texts) {
    if (texts.empty()) return;
    out += fmt::format(",\"{}\":[", name);
    for (std::size_t i = 0; i < std::min(texts.size(), kAnnotationsMax); ++i) {
        if (i > 0) out += ',';
        append_json_string(out, texts[i]);
    }
    if (texts.size() > kAnnotationsMax) {
        out += ',';
        append_json_string(out, fmt::format("{} more {} annotations omitted", texts.size() - kAnnotationsMax, kind));
    }
    out += ']';
}

class Writer {
public:
    Writer(const QueryResult& result, const AnswerOptions& options) : result_(result), options_(options) {}

    ServerResponse write(const std::optional<QueryStatistics>& statistics) {
        if (series() > options_.series_max && (options_.limit == 0 || options_.limit > options_.series_max)) {
            return api_error("execution",
                             fmt::format("the result has {} series, more than {}; aggregate, or set a limit", series(),
                                         options_.series_max));
        }
        out_ = fmt::format("{{\"status\":\"success\",\"data\":{{\"resultType\":\"{}\",\"result\":",
                           type_name(result_.type));
        if (!write_result()) {
            return api_error("execution", fmt::format("the answer would have more than {} bytes", options_.bytes_max));
        }
        if (statistics) write_statistics(*statistics);
        out_ += '}';
        write_annotations();
        out_ += '}';
        ServerResponse response;
        response.content_type = "application/json";
        response.body = std::move(out_);
        return response;
    }

private:
    std::size_t series() const {
        return result_.type == ValueType::Matrix ? result_.matrix.size() : result_.vector.size();
    }
    bool is_truncated() const { return options_.limit > 0 && series() > options_.limit; }
    std::size_t shown() const { return is_truncated() ? options_.limit : series(); }

    bool write_result() {
        switch (result_.type) {
            case ValueType::Scalar:
                write_pair(format_value(result_.scalar));
                return true;
            case ValueType::String:
                write_pair(result_.string);
                return true;
            case ValueType::Vector:
                return write_list([&](std::size_t i) { write_sample(result_.vector[i]); });
            case ValueType::Matrix:
                return write_list([&](std::size_t i) { write_series(result_.matrix[i]); });
        }
        return true;
    }

    void write_pair(std::string_view text) {
        out_ += '[';
        append_short_time(out_, options_.at);
        out_ += ',';
        append_json_string(out_, text);
        out_ += ']';
    }

    template <class Write>
    bool write_list(Write&& write) {
        out_ += '[';
        for (std::size_t i = 0; i < shown(); ++i) {
            if (i > 0) out_ += ',';
            write(i);
            if (out_.size() > options_.bytes_max) return false;
        }
        out_ += ']';
        return true;
    }

    void write_sample(const std::pair<LabelSet, double>& sample) {
        out_ += "{\"metric\":";
        append_labels(out_, sample.first);
        out_ += ",\"value\":";
        append_point(out_, options_.at, sample.second);
        out_ += '}';
    }

    void write_series(const RangeSeries& series) {
        out_ += "{\"metric\":";
        append_labels(out_, series.labels);
        out_ += ",\"values\":[";
        for (std::size_t i = 0; i < series.points.size(); ++i) {
            if (i > 0) out_ += ',';
            append_point(out_, series.points[i].first, series.points[i].second);
        }
        out_ += "]}";
    }

    void write_statistics(const QueryStatistics& s) {
        const double all = s.queue_seconds + s.prepare_seconds + s.evaluate_seconds;
        const Json timings(Json::Object{{"evalTotalTime", s.prepare_seconds + s.evaluate_seconds},
                                        {"resultSortTime", 0},
                                        {"queryPreparationTime", s.prepare_seconds},
                                        {"innerEvalTime", s.evaluate_seconds},
                                        {"execQueueTime", s.queue_seconds},
                                        {"execTotalTime", all}});
        const Json samples(Json::Object{{"peakSamples", static_cast<std::uint64_t>(s.peak_samples)}});
        out_ += ",\"stats\":" + dump(Json(Json::Object{{"timings", timings}, {"samples", samples}}));
    }

    void write_annotations() {
        std::vector<std::string> warnings = result_.annotations.warnings;
        if (is_truncated()) warnings.insert(warnings.begin(), std::string(kTruncated));
        append_texts(out_, "warnings", "warning", warnings);
        append_texts(out_, "infos", "info", result_.annotations.infos);
    }

    const QueryResult& result_;
    const AnswerOptions& options_;
    std::string out_;
};

}  // namespace

ServerResponse query_answer(const QueryResult& result, const AnswerOptions& options,
                            const std::optional<QueryStatistics>& statistics) {
    return Writer(result, options).write(statistics);
}

ServerResponse query_failure(const Error& error) {
    switch (error.kind) {
        case Error::Kind::Timeout:
            return api_error("timeout", error.message);
        case Error::Kind::Unavailable:
            return api_error("unavailable", error.message);
        case Error::Kind::Cancelled:
            return api_error("canceled", error.message);
        default:
            return api_error("execution", error.message);
    }
}

}  // namespace tocsin::api
