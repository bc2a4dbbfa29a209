#include "base/log.h"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include <stdlib.h>

#include "base/json.h"
#include "base/virtual_scheduler.h"
#include "tests/catch.h"

using namespace tocsin;
using namespace std::chrono_literals;

namespace {

// 2025-11-24T10:30:00.123Z
constexpr Timestamp kTime = from_unix_ms(1'763'980'200'123);

std::string line(LogFormat format, std::string_view message, const std::vector<LogField>& fields = {}) {
    return format_log_line(format, kTime, LogLevel::Info, "rules::group", message, fields);
}

/// A log into a file of a temporary folder, on virtual time.
struct FileLog {
    FileLog() : clock(kTime) {
        std::string pattern = (std::filesystem::temp_directory_path() / "tocsin-test-XXXXXX").string();
        REQUIRE(::mkdtemp(pattern.data()) != nullptr);
        folder = pattern;
        options.file = pattern + "/t.log";
        options.format = LogFormat::Compact;
    }
    ~FileLog() {
        log.reset();
        std::filesystem::remove_all(folder);
    }
    Log& open() {
        auto opened = open_log(options, clock);
        REQUIRE(opened.has_value());
        log = *std::move(opened);
        return *log;
    }
    std::vector<std::string> lines() const {
        std::ifstream in(options.file);
        std::vector<std::string> found;
        for (std::string text; std::getline(in, text);) found.push_back(text);
        return found;
    }

    VirtualScheduler clock;
    std::filesystem::path folder;
    LogOptions options;
    std::unique_ptr<Log> log;
};

}  // namespace

TEST_CASE("a JSON line has the fields in a fixed order", "[base][log]") {
    CHECK(line(LogFormat::Json, "group evaluated", {{"group", "node"}, {"rules", "12"}}) ==
          "{\"timestamp\":\"2025-11-24T10:30:00.123Z\",\"level\":\"INFO\",\"target\":\"rules::group\","
          "\"message\":\"group evaluated\",\"group\":\"node\",\"rules\":\"12\"}\n");
}

TEST_CASE("a pretty message has its fields below it", "[base][log]") {
    CHECK(line(LogFormat::Pretty, "group evaluated", {{"group", "node"}, {"rules", "12"}}) ==
          "2025-11-24 10:30:00.123  INFO rules::group: group evaluated\n    group: node\n    rules: 12\n");
    CHECK(format_log_line(LogFormat::Pretty, kTime, LogLevel::Error, "a", "b", {}) ==
          "2025-11-24 10:30:00.123 ERROR a: b\n");
}

TEST_CASE("a compact message is one line of key=value", "[base][log]") {
    CHECK(line(LogFormat::Compact, "it went", {{"a", "1"}, {"b", "x y"}, {"c", ""}, {"d", "\"q\""}, {"e", "k=v"}}) ==
          "2025-11-24T10:30:00.123Z INFO rules::group it went a=1 b=\"x y\" c=\"\" d=\"\\\"q\\\"\" e=\"k=v\"\n");
}

TEST_CASE("a logfmt message is what collectors of Prometheus' logs read", "[base][log]") {
    CHECK(line(LogFormat::Logfmt, "Listening on", {{"address", "127.0.0.1:9093"}, {"b", "x y"}}) ==
          "time=2025-11-24T10:30:00.123Z level=INFO component=rules::group msg=\"Listening on\" address=127.0.0.1:9093 "
          "b=\"x y\"\n");
}

TEST_CASE("text of others cannot break a line or colour a terminal", "[base][log]") {
    const auto format = GENERATE(LogFormat::Json, LogFormat::Compact, LogFormat::Logfmt, LogFormat::Pretty);
    const std::string text = line(format, "a\nb\x1b[31m", {{"k", "v\r\nINFO forged\x07"}});
    CHECK(std::count(text.begin(), text.end(), '\n') == (format == LogFormat::Pretty ? 2 : 1));
    CHECK(text.find('\x1b') == std::string::npos);
    CHECK(text.find('\x07') == std::string::npos);
    CHECK(text.find('\r') == std::string::npos);
}

TEST_CASE("a JSON line is JSON whatever is in it", "[base][log]") {
    const auto value = parse_json(line(LogFormat::Json, "say \"x\"\n\xFF", {{"message", "mine"}, {"k", "\\"}}));
    REQUIRE(value.has_value());
    CHECK(value->at("message").as_string() == "say \"x\"\n\xEF\xBF\xBD");
    CHECK(value->at("message_").as_string() == "mine");
    CHECK(value->at("k").as_string() == "\\");
}

TEST_CASE("colours surround the level only when they are asked for", "[base][log]") {
    const std::string coloured = format_log_line(LogFormat::Pretty, kTime, LogLevel::Warn, "a", "b", {}, true);
    CHECK(coloured.find("\x1b[33m WARN\x1b[0m") != std::string::npos);
}

TEST_CASE("levels and formats are read by name", "[base][log]") {
    CHECK(parse_log_level("trace") == LogLevel::Trace);
    CHECK(parse_log_level("error") == LogLevel::Error);
    CHECK(parse_log_level("off") == LogLevel::Off);
    CHECK(parse_log_level("loud").error().message ==
          "unknown log level \"loud\": expected trace, debug, info, warn, error or off");
    CHECK(parse_log_format("json") == LogFormat::Json);
    CHECK(!parse_log_format("xml").has_value());
}

TEST_CASE("messages below the level are not written", "[base][log]") {
    FileLog file;
    file.options.level = LogLevel::Warn;
    Log& log = file.open();
    log.info("a", "quiet");
    log.write(LogLevel::Info, "a", "quiet", {});
    log.warn("a", "loud");
    CHECK(file.lines() == std::vector<std::string>{"2025-11-24T10:30:00.123Z WARN a loud"});
    CHECK(!log.enabled(LogLevel::Info));
    CHECK(!log.enabled(LogLevel::Off));
}

TEST_CASE("a kind of message is written ten times a second, then counted", "[base][log]") {
    FileLog file;
    Log& log = file.open();
    for (int i = 0; i < 25; ++i) log.info("a", "again");
    log.info("a", "another");
    log.info("b", "again");
    CHECK(file.lines().size() == 12);
    file.clock.advance(999ms);
    log.info("a", "again");
    CHECK(file.lines().size() == 12);
    file.clock.advance(1ms);
    log.info("a", "again");
    const auto lines = file.lines();
    REQUIRE(lines.size() == 14);
    CHECK(lines[12] == "2025-11-24T10:30:01.123Z INFO a again left_out=16");
    CHECK(lines[13] == "2025-11-24T10:30:01.123Z INFO a again");
}

TEST_CASE("what was left out is told at the end at the latest", "[base][log]") {
    FileLog file;
    Log& log = file.open();
    for (int i = 0; i < 12; ++i) log.warn("a", "again");
    file.log.reset();
    CHECK(file.lines().back() == "2025-11-24T10:30:00.123Z WARN a again left_out=2");
}

TEST_CASE("messages that all differ are limited together", "[base][log]") {
    FileLog file;
    Log& log = file.open();
    for (int i = 0; i < 3000; ++i) log.info("a", "message " + std::to_string(i));
    CHECK(file.lines().size() == 1010);
    file.log.reset();
    CHECK(file.lines().back() == "2025-11-24T10:30:00.123Z INFO a messages of many kinds left_out=1990");
}

TEST_CASE("a log file is rotated by size and old ones are dropped", "[base][log]") {
    FileLog file;
    file.options.file_bytes_max = 1000;
    file.options.backup_files_max = 2;
    Log& log = file.open();
    for (int i = 0; i < 100; ++i) log.info("a", "message number " + std::to_string(i));
    std::size_t files = 0;
    for (const auto& entry : std::filesystem::directory_iterator(file.folder)) {
        ++files;
        CHECK(entry.file_size() <= 1000);
    }
    CHECK(files == 3);
}

TEST_CASE("a log file that cannot be opened is an error", "[base][log]") {
    const VirtualScheduler clock;
    LogOptions options;
    options.file = "/proc/none/t.log";
    const auto log = open_log(options, clock);
    REQUIRE(!log);
    CHECK(log.error().message.find("log file /proc/none/t.log: failed opening file") == 0);
}
