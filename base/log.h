#pragma once

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace tocsin {

enum class LogLevel { Trace, Debug, Info, Warn, Error, Off };
enum class LogFormat { Pretty, Json, Compact, Logfmt };

Result<LogLevel> parse_log_level(std::string_view text);
Result<LogFormat> parse_log_format(std::string_view text);

/// A fact beside a message. Values are shown escaped; secrets do not belong here.
struct LogField {
    std::string_view name;
    std::string value;
};

/// Where messages go. `target` is the module, `rules::group` style. A kind of message (target and text) is written at most ten
/// times a second; what was left out is counted and told. Usable from any thread.
class Log {
public:
    virtual ~Log() = default;
    virtual bool enabled(LogLevel level) const = 0;
    virtual void write(LogLevel level, std::string_view target, std::string_view message,
                       std::vector<LogField> fields) = 0;

    void debug(std::string_view target, std::string_view message, std::vector<LogField> fields = {}) {
        if (enabled(LogLevel::Debug)) write(LogLevel::Debug, target, message, std::move(fields));
    }
    void info(std::string_view target, std::string_view message, std::vector<LogField> fields = {}) {
        if (enabled(LogLevel::Info)) write(LogLevel::Info, target, message, std::move(fields));
    }
    void warn(std::string_view target, std::string_view message, std::vector<LogField> fields = {}) {
        if (enabled(LogLevel::Warn)) write(LogLevel::Warn, target, message, std::move(fields));
    }
    void error(std::string_view target, std::string_view message, std::vector<LogField> fields = {}) {
        if (enabled(LogLevel::Error)) write(LogLevel::Error, target, message, std::move(fields));
    }
};

struct LogOptions {
    LogLevel level = LogLevel::Info;
    LogFormat format = LogFormat::Pretty;
    std::string file;  // empty: stderr
    std::uint64_t file_bytes_max = 100 * 1024 * 1024;
    std::size_t backup_files_max = 10;
    bool colour = false;
};

/// One line (or, pretty, one paragraph) a message:
///
///     json     {"timestamp":"2025-11-24T10:30:00.123Z","level":"INFO","target":"module::path","message":"…", …fields…}
///     pretty   2025-11-24 10:30:00.123  INFO target: message        and below it, indented, one `key: value` a line
///     compact  2025-11-24T10:30:00.123Z INFO target message key=value …
///     logfmt   time=2025-11-24T10:30:00.123Z level=INFO component=target msg="…" key=value …     as Prometheus' programs
///
/// The time is the scheduler's. `clock` must outlive the log.
Result<std::unique_ptr<Log>> open_log(const LogOptions& options, const Scheduler& clock);

/// The text of one message as it would be written, with its line feed.
std::string format_log_line(LogFormat format, Timestamp time, LogLevel level, std::string_view target,
                            std::string_view message, const std::vector<LogField>& fields, bool colour = false);

}  // namespace tocsin
