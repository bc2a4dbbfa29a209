#include "base/log.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <map>
#include <mutex>
#include <optional>
#include <utility>

#include <fmt/format.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/rotating_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>

#include "base/duration.h"
#include "base/json.h"
#include "base/text.h"

namespace tocsin {
namespace {

struct LevelName {
    LogLevel level;
    std::string_view word;    // on the command line
    std::string_view shown;   // in a line
    std::string_view colour;  // terminal sequence
};

constexpr std::array<LevelName, 6> kLevels{{
    {LogLevel::Trace, "trace", "TRACE", "\x1b[35m"},
    {LogLevel::Debug, "debug", "DEBUG", "\x1b[34m"},
    {LogLevel::Info, "info", "INFO", "\x1b[32m"},
    {LogLevel::Warn, "warn", "WARN", "\x1b[33m"},
    {LogLevel::Error, "error", "ERROR", "\x1b[31m"},
    {LogLevel::Off, "off", "OFF", ""},
}};
constexpr std::string_view kDim = "\x1b[2m";
constexpr std::string_view kPlain = "\x1b[0m";

const LevelName& name_of(LogLevel level) {
    return kLevels[static_cast<std::size_t>(level)];
}

std::string format_json(Timestamp time, LogLevel level, std::string_view target, std::string_view message,
                        const std::vector<LogField>& fields) {
    std::string line = "{";
    const auto add = [&](std::string_view name, std::string_view value) {
        if (line.size() > 1) line += ',';
        append_json_string(line, name, JsonStyle::Plain);
        line += ':';
        append_json_string(line, value, JsonStyle::Plain);
    };
    add("timestamp", to_rfc3339_ms(time));
    add("level", name_of(level).shown);
    add("target", target);
    add("message", message);
    for (const auto& [name, value] : fields) {
        const bool taken = name == "timestamp" || name == "level" || name == "target" || name == "message";
        add(taken ? fmt::format("{}_", name) : std::string(name), value);
    }
    return line + "}\n";
}

std::string format_pretty(Timestamp time, LogLevel level, std::string_view target, std::string_view message,
                          const std::vector<LogField>& fields, bool colour) {
    const auto painted = [&](std::string_view sequence, const std::string& text) {
        return colour ? fmt::format("{}{}{}", sequence, text, kPlain) : text;
    };
    std::string moment = to_rfc3339_ms(time);  // 2025-11-24T10:30:00.123Z
    moment.pop_back();
    moment[moment.find('T')] = ' ';
    std::string line = fmt::format("{} {} {}: {}\n", painted(kDim, moment),
                                   painted(name_of(level).colour, fmt::format("{:>5}", name_of(level).shown)),
                                   escape_control_characters(target), escape_control_characters(message));
    for (const auto& [name, value] : fields) {
        line += fmt::format("    {}: {}\n", painted(kDim, escape_control_characters(name)),
                            escape_control_characters(value));
    }
    return line;
}

/// A value of a key=value line: in quotes when it would not end where it ends.
std::string compact_value(std::string_view value) {
    const bool bare = !value.empty() && value.find_first_of(" \"=\\") == std::string_view::npos &&
                      escape_control_characters(value) == value;
    return bare ? std::string(value) : go_quote(value);
}

std::string compact_fields(const std::vector<LogField>& fields) {
    std::string text;
    for (const auto& [name, value] : fields) {
        text += fmt::format(" {}={}", escape_control_characters(name), compact_value(value));
    }
    return text;
}

std::string format_compact(Timestamp time, LogLevel level, std::string_view target, std::string_view message,
                           const std::vector<LogField>& fields) {
    const std::string line = fmt::format("{} {} {} {}", to_rfc3339_ms(time), name_of(level).shown,
                                   escape_control_characters(target), escape_control_characters(message));
    return line + compact_fields(fields) + "\n";
}

std::string format_logfmt(Timestamp time, LogLevel level, std::string_view target, std::string_view message,
                          const std::vector<LogField>& fields) {
    const std::string line = fmt::format("time={} level={} component={} msg={}", to_rfc3339_ms(time), name_of(level).shown,
                                   compact_value(target), compact_value(message));
    return line + compact_fields(fields) + "\n";
}

/// Others begin their messages with a capital.
std::string to_lower_first(std::string text) {
    return to_lower(text.substr(0, 1)) + text.substr(std::min<std::size_t>(1, text.size()));
}

/// Lets a kind of message through ten times a second and counts the rest.
class RateLimit {
public:
    struct LeftOut {
        LogLevel level;
        std::string target;
        std::string message;
        std::uint64_t count;
    };

    bool admit(LogLevel level, std::string_view target, std::string_view message, MonotonicTime now) {
        Kind& kind = kind_of({std::string(target), std::string(message)});
        if (kind.written == 0) kind = {level, now, 0, 0};
        if (kind.written < kMostPerWindow) {
            ++kind.written;
            return true;
        }
        ++kind.left_out;
        return false;
    }

    /// What was left out of windows that are over at `now`. Forgets these, so it is to be asked before admit().
    std::vector<LeftOut> take_left_out(MonotonicTime now) {
        std::vector<LeftOut> found;
        for (auto at = kinds_.begin(); at != kinds_.end();) {
            const auto& [name, kind] = *at;
            const bool over = now - kind.since >= kWindow;
            if (over && kind.left_out > 0) found.push_back({kind.level, name.first, name.second, kind.left_out});
            at = over ? kinds_.erase(at) : std::next(at);
        }
        return found;
    }

private:
    static constexpr std::chrono::seconds kWindow{1};
    static constexpr std::uint64_t kMostPerWindow = 10;
    static constexpr std::size_t kMostKinds = 1000;

    using Name = std::pair<std::string, std::string>;
    struct Kind {
        LogLevel level = LogLevel::Info;
        MonotonicTime since{};  // the beginning of its window
        std::uint64_t written = 0;
        std::uint64_t left_out = 0;
    };

    /// When too many differ, as when a message has somebody's text in it, the rest count as one kind.
    Kind& kind_of(Name name) {
        if (kinds_.size() >= kMostKinds && kinds_.count(name) == 0) name = {name.first, "messages of many kinds"};
        return kinds_[std::move(name)];
    }

    std::map<Name, Kind> kinds_;
};

class SinkLog final : public Log {
public:
    SinkLog(const LogOptions& options, const Scheduler& clock, std::shared_ptr<spdlog::sinks::sink> sink)
        : options_(options), clock_(clock), sink_(std::move(sink)) {
        sink_->set_formatter(std::make_unique<spdlog::pattern_formatter>("%v", spdlog::pattern_time_type::utc, ""));
    }

    ~SinkLog() override {
        const std::lock_guard lock(mutex_);
        tell_left_out(MonotonicTime::max());
    }

    bool enabled(LogLevel level) const override { return level >= options_.level && level != LogLevel::Off; }

    void write(LogLevel level, std::string_view target, std::string_view message,
               std::vector<LogField> fields) override {
        if (!enabled(level)) return;
        const std::lock_guard lock(mutex_);
        const MonotonicTime now = clock_.monotonic();
        tell_left_out(now);
        if (limit_.admit(level, target, message, now)) put(level, target, message, fields);
    }

private:
    void tell_left_out(MonotonicTime now) {
        for (const auto& [level, target, message, count] : limit_.take_left_out(now)) {
            put(level, target, message, {{"left_out", std::to_string(count)}});
        }
    }

    void put(LogLevel level, std::string_view target, std::string_view message, const std::vector<LogField>& fields) {
        const std::string line =
            format_log_line(options_.format, clock_.now(), level, target, message, fields, options_.colour);
        try {
            sink_->log(spdlog::details::log_msg({}, spdlog::source_loc{}, {}, spdlog::level::info, line));
            sink_->flush();
        } catch (const std::exception&) {
            // The file cannot be written, its disk may be full: somebody may still see the message here.
            (void)std::fwrite(line.data(), 1, line.size(), stderr);
        }
    }

    const LogOptions options_;
    const Scheduler& clock_;
    std::shared_ptr<spdlog::sinks::sink> sink_;
    std::mutex mutex_;
    RateLimit limit_;
};

}  // namespace

Result<LogLevel> parse_log_level(std::string_view text) {
    for (const auto& level : kLevels) {
        if (level.word == text) return level.level;
    }
    return fail(Error::Kind::InvalidInput,
                fmt::format("unknown log level {}: expected trace, debug, info, warn, error or off", go_quote(text)));
}

Result<LogFormat> parse_log_format(std::string_view text) {
    if (text == "pretty") return LogFormat::Pretty;
    if (text == "json") return LogFormat::Json;
    if (text == "compact") return LogFormat::Compact;
    if (text == "logfmt") return LogFormat::Logfmt;
    return fail(Error::Kind::InvalidInput,
                fmt::format("unknown log format {}: expected pretty, json, compact or logfmt", go_quote(text)));
}

Result<std::unique_ptr<Log>> open_log(const LogOptions& options, const Scheduler& clock) {
    try {
        std::shared_ptr<spdlog::sinks::sink> sink;
        if (options.file.empty()) {
            sink = std::make_shared<spdlog::sinks::stderr_sink_st>();
        } else {
            sink = std::make_shared<spdlog::sinks::rotating_file_sink_st>(options.file, options.file_bytes_max,
                                                                          options.backup_files_max);
        }
        return std::make_unique<SinkLog>(options, clock, std::move(sink));
    } catch (const std::exception& exception) {
        return fail(Error::Kind::Unavailable,
                    fmt::format("log file {}: {}", options.file, to_lower_first(exception.what())));
    }
}

std::string format_log_line(LogFormat format, Timestamp time, LogLevel level, std::string_view target,
                            std::string_view message, const std::vector<LogField>& fields, bool colour) {
    switch (format) {
        case LogFormat::Json:
            return format_json(time, level, target, message, fields);
        case LogFormat::Compact:
            return format_compact(time, level, target, message, fields);
        case LogFormat::Logfmt:
            return format_logfmt(time, level, target, message, fields);
        case LogFormat::Pretty:
            break;
    }
    return format_pretty(time, level, target, message, fields, colour);
}

}  // namespace tocsin
